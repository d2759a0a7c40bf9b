//! From a path or text to test plans: files, fragments, rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile, Span, sort};
use crate::message::Json;
use crate::service::{Service, Vocabulary};
use crate::yaml;

use super::plan::{Fragment, Scenario, Step, TestPlan, Verb};
use super::read::{Table, read_fragment, read_scenario};
use super::resolve::{
    BUILTIN_FRAGMENTS, BUILTIN_PREFIX, FRAGMENT_ENDING, Resolver, candidates, is_fragment_path,
    test_name,
};
use super::template::TemplateKind;

/// After so many problems nothing more is reported.
const MAX_PROBLEMS: usize = 300;
/// Fragments may use fragments this deep.
const MAX_FRAGMENT_DEPTH: usize = 32;
/// A test may have so many steps, each counted as often as it runs.
const MAX_STEPS: u64 = 100_000;

/// What scenarios can speak of.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Channels, messages, fields and services.
    pub contracts: &'a Contracts,
    /// Stimuli and queries by service; of a service that is not here they are not checked.
    pub words: &'a [(String, Vocabulary)],
}

/// The stimuli and queries of services, for [`Known::words`].
pub fn words_of(services: &[Box<dyn Service>]) -> Vec<(String, Vocabulary)> {
    let words = services.iter().map(|one| (one.name().to_owned(), one.vocabulary()));
    words.collect()
}

/// What came of loading a file.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The file, if it could be read as text.
    pub file: Option<Arc<SourceFile>>,
    /// Whether it is a fragment, which has no tests of its own.
    pub is_fragment: bool,
    /// One plan a test; none where there is an error.
    pub plans: Vec<TestPlan>,
    /// All problems, of the fragments it uses too.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads the scenario or fragment file at a path.
pub fn load(path: &str, known: &Known<'_>, resolver: &dyn Resolver) -> Loaded {
    let problem = match resolver.read(path) {
        Ok(Some(bytes)) => return load_bytes(path, &bytes, known, resolver),
        Ok(None) => "there is no such file".to_owned(),
        Err(problem) => problem,
    };
    let file = SourceFile::new(path, "");
    let message = format!("the file cannot be read: {problem}");
    let diagnostic = Diagnostic::error("scenario::unreadable", message, &file, Span::default());
    Loaded { diagnostics: vec![diagnostic], ..Loaded::default() }
}

/// Reads a scenario or fragment file of these bytes.
///
/// The path names the tests and tells where fragments are looked for; it is not opened.
pub fn load_bytes(path: &str, bytes: &[u8], known: &Known<'_>, resolver: &dyn Resolver) -> Loaded {
    load_bytes_with(path, bytes, (known, &BTreeMap::new()), resolver)
}

/// As [`load_bytes`]; `variables` take the place of values that the file declares.
pub fn load_bytes_with(
    path: &str,
    bytes: &[u8],
    (known, variables): (&Known<'_>, &BTreeMap<String, Json>),
    resolver: &dyn Resolver,
) -> Loaded {
    let mut diagnostics = Vec::new();
    let Some(file) = SourceFile::from_bytes(path, bytes, &mut diagnostics) else {
        return Loaded { diagnostics, ..Loaded::default() };
    };
    let node = yaml::read(&file, &mut diagnostics);
    let mut loader = Loader {
        known,
        variables,
        resolver,
        diagnostics,
        fragments: BTreeMap::new(),
        open: vec![path.to_owned()],
        checks_left: MAX_CHECKS,
    };
    let mut loaded = Loaded { file: Some(Arc::clone(&file)), ..Loaded::default() };
    if let Some(node) = node {
        loaded.is_fragment = node.get("scenario").is_none()
            && (node.get("fragment").is_some() || path.ends_with(FRAGMENT_ENDING));
        if loaded.is_fragment {
            read_fragment(&file, &node, &mut loader);
        } else if let Some((scenario, table)) = read_scenario(&file, &node, &mut loader) {
            loader.check_size(&scenario, table.as_ref());
            loaded.plans = plans(path, scenario, table);
        }
    }
    loaded.diagnostics = loader.diagnostics;
    sort(&mut loaded.diagnostics);
    if loaded.has_errors() {
        loaded.plans.clear();
    }
    loaded
}

fn plans(path: &str, scenario: Scenario, table: Option<Table>) -> Vec<TestPlan> {
    let name = test_name(path);
    let scenario = Arc::new(scenario);
    let Some(table) = table else {
        return vec![TestPlan { name, scenario, row: indexmap::IndexMap::new() }];
    };
    let plan = |row: super::read::Row| TestPlan {
        name: match &row.name {
            Some(row) => format!("{name}::{row}"),
            None => name.clone(),
        },
        scenario: Arc::clone(&scenario),
        row: row.cells,
    };
    table.rows.into_iter().map(plan).collect()
}

/// How many sends are checked against the contracts, each row of a table counted.
const MAX_CHECKS: usize = 100_000;

/// What is shared while a file and the fragments it uses are read.
pub(crate) struct Loader<'w> {
    pub(crate) known: &'w Known<'w>,
    /// Values that were given for the run.
    pub(crate) variables: &'w BTreeMap<String, Json>,
    resolver: &'w dyn Resolver,
    diagnostics: Vec<Diagnostic>,
    /// Fragments by the path they were found at; `None` where it could not be read.
    fragments: BTreeMap<String, Option<Arc<Fragment>>>,
    /// The files that are being read, each used by the one before it.
    open: Vec<String>,
    /// How many checks against the contracts are still made.
    pub(crate) checks_left: usize,
}

impl Loader<'_> {
    /// Whether enough is reported.
    pub(crate) fn is_full(&self) -> bool {
        self.diagnostics.len() >= MAX_PROBLEMS
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The fragment that a file names; what is wrong with it is reported.
    pub(crate) fn fragment(
        &mut self,
        file: &Arc<SourceFile>,
        path: &str,
        span: Span,
    ) -> Option<Arc<Fragment>> {
        if !is_fragment_path(path) || path.ends_with(".yaml") {
            let message = "this is not the path of a fragment";
            let help = "write a path like `fixtures/registered-account`, without its ending";
            let code = "scenario::bad-fragment-path";
            self.push(Diagnostic::error(code, message, file, span).help(help));
            return None;
        }
        let found = self.find_fragment(file, path, span)?;
        if let Some(at) = self.open.iter().position(|open| *open == found.path) {
            let chain = self.open[at..].iter().chain([&found.path]).map(|path| format!("`{path}`"));
            let chain = chain.collect::<Vec<_>>().join(" uses ");
            let message = "a fragment cannot use itself";
            let code = "scenario::fragment-cycle";
            self.push(Diagnostic::error(code, message, file, span).note(chain));
            return None;
        }
        if let Some(known) = self.fragments.get(&found.path) {
            return known.clone();
        }
        if self.open.len() > MAX_FRAGMENT_DEPTH {
            let message = format!("fragments use each other more than {MAX_FRAGMENT_DEPTH} deep");
            self.push(Diagnostic::error("scenario::too-large", message, file, span));
            return None;
        }
        self.open.push(found.path.clone());
        let fragment = self.read_fragment(&found).map(Arc::new);
        self.open.pop();
        self.fragments.insert(found.path, fragment.clone());
        fragment
    }

    fn read_fragment(&mut self, found: &Found) -> Option<Fragment> {
        let mut diagnostics = Vec::new();
        let file = SourceFile::from_bytes(&found.path, &found.bytes, &mut diagnostics);
        let node = file.as_ref().and_then(|file| yaml::read(file, &mut diagnostics));
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
        read_fragment(&file?, &node?, self)
    }

    fn find_fragment(&mut self, file: &Arc<SourceFile>, path: &str, span: Span) -> Option<Found> {
        let mut looked = Vec::new();
        // A built-in fragment knows no folders.
        if !file.path.starts_with(BUILTIN_PREFIX) {
            looked = candidates(&file.path, path);
        }
        for candidate in &looked {
            match self.resolver.read(candidate) {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    return Some(Found { path: candidate.clone(), bytes });
                }
                Err(problem) => {
                    let message = format!("the fragment `{candidate}` cannot be read: {problem}");
                    let code = "scenario::unreadable";
                    self.push(Diagnostic::error(code, message, file, span));
                    return None;
                }
            }
        }
        if let Some((_, text)) = BUILTIN_FRAGMENTS.iter().find(|(name, _)| *name == path) {
            let path = format!("{BUILTIN_PREFIX}{path}{FRAGMENT_ENDING}");
            return Some(Found { path, bytes: text.as_bytes().to_vec() });
        }
        let message = format!("there is no fragment `{path}`");
        let mut diagnostic = Diagnostic::error("scenario::fragment-not-found", message, file, span)
            .did_you_mean(path, BUILTIN_FRAGMENTS.iter().map(|(name, _)| *name), None);
        for candidate in looked {
            diagnostic = diagnostic.note(format!("there is no file {candidate}"));
        }
        let builtin = super::read::list(BUILTIN_FRAGMENTS.iter().map(|(name, _)| *name));
        self.push(diagnostic.note(format!("the built-in fragments are {builtin}")));
        None
    }

    fn check_size(&mut self, scenario: &Scenario, table: Option<&Table>) {
        let steps = weight(&scenario.setup, table).saturating_add(weight(&scenario.steps, table));
        if steps > MAX_STEPS {
            let message = format!("the test has {steps} steps; at most {MAX_STEPS} are run");
            let code = "scenario::too-large";
            let span = scenario.title_span;
            self.push(Diagnostic::error(code, message, &scenario.file, span));
        }
    }
}

struct Found {
    path: String,
    bytes: Vec<u8>,
}

/// How many steps are run, at most.
fn weight(steps: &[Step], table: Option<&Table>) -> u64 {
    let mut cache = BTreeMap::new();
    weight_of(steps, table, &mut cache)
}

fn weight_of(
    steps: &[Step],
    table: Option<&Table>,
    fragments: &mut BTreeMap<*const Fragment, u64>,
) -> u64 {
    let mut total = 0u64;
    for step in steps {
        let inner = match &step.verb {
            Verb::Repeat(repeat) => {
                let times = match &repeat.times.kind {
                    TemplateKind::Literal(json) => json.as_integer(),
                    TemplateKind::Var(name) => {
                        let cells = table.into_iter().flat_map(|table| &table.rows);
                        cells.filter_map(|row| row.cells.get(name)?.value.as_integer()).max()
                    }
                    _ => None,
                };
                let times = times.and_then(|times| u64::try_from(times).ok()).unwrap_or(1);
                weight_of(&repeat.steps, table, fragments).saturating_mul(times)
            }
            Verb::Use(used) => {
                // A fragment that is used again and again is counted out once.
                let key = Arc::as_ptr(&used.fragment);
                match fragments.get(&key) {
                    Some(weight) => *weight,
                    None => {
                        let weight = weight_of(&used.fragment.steps, None, fragments);
                        fragments.insert(key, weight);
                        weight
                    }
                }
            }
            _ => 0,
        };
        total = total.saturating_add(1).saturating_add(inner);
    }
    total
}
