//! Reading files of properties.

mod word;

use std::sync::Arc;

use super::vocabulary::{WORDS, Word};
use super::{Kind, Properties, Property, Side, Tenants};
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::rule::{Basis, Rule, RuleId, rule};
use crate::yaml::{self, Meaning, Node, Scalar};

/// The version of the file's form.
const FORMAT: &str = "1";
const TOP: [&str; 2] = ["format", "properties"];
/// The fields of a property besides its word.
const OWN: [&str; 5] = ["name", "says", "per_tenant", "emitted_only", "all_of"];
/// What stands for records of which each has a tenant.
const REQUIRED: &str = "required";

impl Properties {
    /// Reads a file. `None` where it cannot be used; all that is wrong with it is in `diagnostics`.
    /// What is `taken` is no name for a property. Rules live as long as the program: a file is
    /// read once in it.
    pub fn read(
        file: &Arc<SourceFile>,
        contracts: &Contracts,
        taken: &dyn Fn(&str) -> bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        Self::read_with((file, Some(contracts)), (taken, &[]), diagnostics)
    }

    /// As [`Properties::read`], of a file whose properties have the names of rules that exist, and
    /// are those. Nobody looks whether its messages and fields exist.
    pub(crate) fn read_of(
        file: &Arc<SourceFile>,
        rules: &[RuleId],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        Self::read_with((file, None), (&|_| false, rules), diagnostics)
    }

    fn read_with(
        (file, contracts): (&Arc<SourceFile>, Option<&Contracts>),
        (taken, rules): (Taken<'_>, &[RuleId]),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let before = diagnostics.len();
        let node = yaml::read(file, diagnostics)?;
        let mut reader = Reader { file, contracts, taken, rules, names: Vec::new(), diagnostics };
        let all = reader.file(&node);
        let bad = diagnostics[before..].iter().any(Diagnostic::is_error);
        (!bad).then_some(Self { all })
    }
}

/// Whether a name is another property's.
type Taken<'a> = &'a dyn Fn(&str) -> bool;

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    /// Where there are none, names are taken as they are.
    contracts: Option<&'a Contracts>,
    taken: &'a dyn Fn(&str) -> bool,
    /// The rules that the properties are.
    rules: &'a [RuleId],
    names: Vec<(String, Span)>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// What becomes a rule once all of a property is read.
struct Named {
    name: String,
    says: Option<String>,
}

/// A word and its fields.
struct Demand {
    word: &'static Word,
    kind: Kind,
    first: Side,
    then: Side,
    excuse: Option<Side>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, message: String, span: Span) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(code, message, self.file, span));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    fn wrong_type(&mut self, what: &str, must_be: &str, node: &Node) {
        let message = format!("{what} must be {must_be}, and is {}", node.describe());
        self.error("property::wrong-type", message, node.span);
    }

    fn file(&mut self, node: &Node) -> Vec<Property> {
        if node.mapping().is_none() {
            self.wrong_type("the file", "a mapping with `format` and `properties`", node);
            return Vec::new();
        }
        self.known(node, &TOP);
        match self.needed(node, "format") {
            Some(format) if format.text() != Some(FORMAT) => {
                let message = format!("this version reads format {FORMAT}");
                self.error("property::unknown-format", message, format.span);
            }
            _ => {}
        }
        let Some(list) = self.needed(node, "properties") else { return Vec::new() };
        let Some(items) = list.sequence() else {
            self.wrong_type("`properties`", "a list", list);
            return Vec::new();
        };
        items.iter().flat_map(|item| self.property(item).unwrap_or_default()).collect()
    }

    /// One property, or those that are one rule together.
    fn property(&mut self, node: &Node) -> Option<Vec<Property>> {
        if node.mapping().is_none() {
            self.wrong_type("a property", "a mapping with `name` and a word", node);
            return None;
        }
        let name = self.needed(node, "name").and_then(|name| self.name(name));
        let says = node.get("says").map(|says| self.text("`says`", says));
        let tenants = node.get("per_tenant").map(|is| self.tenants(is));
        let emitted = node.get("emitted_only").map(|is| self.truth("`emitted_only`", is));
        let own = self.demand(node, &OWN);
        let parts = match node.get("all_of") {
            None => vec![own?],
            Some(_) if own.is_some() => {
                let message = "a property has one word, or `all_of` with several".to_owned();
                self.error("property::two-words", message, node.span);
                return None;
            }
            Some(all) => self.all_of(all)?,
        };
        let named = Named { name: name?, says: says.map_or(Some(None), |says| says.map(Some))? };
        let tenants = tenants.unwrap_or(Some(Tenants::default()))?;
        let emitted_only = emitted.unwrap_or(Some(false))?;
        let rule = self.rule(named, &parts, node.span);
        let property = |Demand { kind, first, then, excuse, .. }| Property {
            rule,
            kind,
            first,
            then,
            excuse,
            tenants,
            emitted_only,
        };
        Some(parts.into_iter().map(property).collect())
    }

    fn all_of(&mut self, node: &Node) -> Option<Vec<Demand>> {
        let Some(items) = node.sequence().filter(|items| !items.is_empty()) else {
            self.wrong_type("`all_of`", "a list of words with their fields", node);
            return None;
        };
        let mut all = Vec::new();
        for item in items {
            if item.mapping().is_none() {
                self.wrong_type("one of `all_of`", "a mapping with a word", item);
            }
            all.push(self.demand(item, &[]));
        }
        all.into_iter().collect()
    }

    /// The word of a mapping that may have these fields as well; `None` where there is none.
    fn demand(&mut self, node: &Node, own: &[&'static str]) -> Option<Demand> {
        let fields = node.mapping()?;
        let (mut words, mut is_wrong) = (Vec::new(), false);
        for (key, value) in fields {
            let text = key.text().unwrap_or_default();
            match WORDS.iter().find(|word| word.name == text) {
                Some(word) => words.push((word, key, value)),
                None if own.contains(&text) => {}
                None => {
                    is_wrong = true;
                    let known = WORDS.iter().map(|word| word.name).chain(own.iter().copied());
                    let list: Vec<_> = WORDS.iter().map(|word| word.name).collect();
                    let help = format!("the words are {}", list.join(", "));
                    let message = format!("there is no word `{text}`");
                    let error =
                        Diagnostic::error("property::unknown-word", message, self.file, key.span);
                    self.diagnostics.push(error.did_you_mean(text, known, Some(help)));
                }
            }
        }
        match words[..] {
            [(word, _, value)] => self.word(word, value),
            [] => {
                if !is_wrong && node.get("all_of").is_none() {
                    let message = "it says nothing that must hold".to_owned();
                    self.error("property::missing-field", message, node.span);
                }
                None
            }
            [_, (_, key, _), ..] => {
                let message = "a property says one thing: make two of it".to_owned();
                self.error("property::two-words", message, key.span);
                None
            }
        }
    }

    fn tenants(&mut self, node: &Node) -> Option<Tenants> {
        match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Bool(true)) => Some(Tenants::Apart),
            Some(Meaning::Bool(false)) => Some(Tenants::Together),
            Some(Meaning::Text(REQUIRED)) => Some(Tenants::Required),
            _ => {
                self.wrong_type("`per_tenant`", "true, false or required", node);
                None
            }
        }
    }

    fn name(&mut self, node: &Node) -> Option<String> {
        let name = self.text("`name`", node)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(fits) || name.len() > 60 {
            let message = "a name is made of up to 60 letters, digits and `-`, `_`, `.`".to_owned();
            self.error("property::bad-name", message, node.span);
            return None;
        }
        if (self.taken)(&name) {
            let message = format!("`{name}` is the name of a rule or of another property");
            self.error("property::name-is-taken", message, node.span);
            return None;
        }
        let before = self.names.iter().find(|(known, _)| *known == name).map(|(_, span)| *span);
        if let Some(first) = before {
            let message = format!("`{name}` is the name of two properties");
            let error = Diagnostic::error("property::name-is-taken", message, self.file, node.span);
            self.diagnostics.push(error.related(self.file, first, "the first is here"));
            return None;
        }
        self.names.push((name.clone(), node.span));
        Some(name)
    }

    fn known(&mut self, node: &Node, names: &[&'static str]) {
        for (key, _) in node.mapping().unwrap_or_default() {
            let name = key.scalar().map_or("", |scalar| scalar.text.as_str());
            if !names.contains(&name) {
                let message = format!("unknown field `{name}`");
                let help = format!("the fields are {}", names.join(", "));
                let error =
                    Diagnostic::error("property::unknown-field", message, self.file, key.span);
                let known = names.iter().copied();
                self.diagnostics.push(error.did_you_mean(name, known, Some(help)));
            }
        }
    }

    fn needed<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n Node> {
        let found = node.get(name);
        if found.is_none() {
            let message = format!("`{name}` is missing");
            self.error("property::missing-field", message, node.span);
        }
        found
    }

    fn text(&mut self, what: &str, node: &Node) -> Option<String> {
        match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Text(text)) if !text.trim().is_empty() => Some(text.to_owned()),
            _ => {
                self.wrong_type(what, "a text that is not empty", node);
                None
            }
        }
    }

    fn truth(&mut self, what: &str, node: &Node) -> Option<bool> {
        match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Bool(is)) => Some(is),
            _ => {
                self.wrong_type(what, "true or false", node);
                None
            }
        }
    }

    /// Makes a rule of it, which stays for as long as the program runs.
    fn rule(&self, named: Named, parts: &[Demand], at: Span) -> RuleId {
        if let Some(known) = self.rules.iter().find(|rule| rule.as_str() == named.name) {
            return *known;
        }
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let says = named.says.unwrap_or_else(|| {
            let parts: Vec<_> = parts.iter().map(Demand::told).collect();
            parts.join("; ")
        });
        let line = self.file.position(at.start).0;
        let place = (leak(self.file.path.clone()), leak(format!("line {line}")));
        let made = rule(leak(named.name), Basis::Documented, place, leak(says));
        let made: &'static Rule = Box::leak(Box::new(made));
        made.id()
    }
}

impl Demand {
    fn told(&self) -> String {
        let of = [&self.first, &self.then].into_iter().filter(|side| !side.name.is_empty());
        let of: Vec<_> = of.map(|side| side.name.as_str()).collect();
        let word = self.word;
        format!("{}, of {} by {}: {}", word.name, of.join(" and "), self.then.fields(), word.doc)
    }
}
