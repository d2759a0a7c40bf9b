//! The packs that there are.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::{Checks, HistoryChecker, Pack, Roles, Shared};
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::message::Json;
use crate::property::{self, Evidence, Properties};
use crate::rule::{OWN, Rule, RuleId};
use crate::service::{Model, Service};
use crate::verify::attribution::{Attribution, Nothing};
use crate::verify::script::Made;

/// A list of packs, in order, and what they share.
#[derive(Clone, Debug, Default)]
pub struct Packs {
    shared: Option<&'static Shared>,
    known: Arc<[Known]>,
    /// What is demanded besides their rules.
    properties: Arc<Properties>,
}

#[derive(Debug)]
struct Known {
    pack: Pack,
    /// The inputs that are made from the contracts to which the list belongs.
    made: OnceLock<Arc<Vec<Made>>>,
}

impl Packs {
    /// Packs that have the rules and checkers of `shared` in common. Of two with one name the first
    /// counts.
    #[must_use]
    pub fn new(shared: &'static Shared, packs: impl IntoIterator<Item = Pack>) -> Self {
        let mut known: Vec<Known> = Vec::new();
        for pack in packs {
            if known.iter().all(|one| one.pack.name != pack.name) {
                known.push(Known { pack, made: OnceLock::new() });
            }
        }
        Self { shared: Some(shared), known: known.into(), properties: Arc::default() }
    }

    /// The same packs, and properties that are demanded besides their rules.
    #[must_use]
    pub fn with_properties(&self, properties: Properties) -> Self {
        let (shared, known) = (self.shared, Arc::clone(&self.known));
        Self { shared, known, properties: Arc::new(properties) }
    }

    /// No packs, and the same properties.
    pub(crate) fn only_properties(&self) -> Self {
        Self { properties: Arc::clone(&self.properties), ..Self::default() }
    }

    /// What is demanded besides the rules of packs.
    #[must_use]
    pub fn properties(&self) -> &Arc<Properties> {
        &self.properties
    }

    /// The packs, in order.
    pub fn all(&self) -> impl Iterator<Item = &Pack> {
        self.known.iter().map(|known| &known.pack)
    }

    /// The pack of a service.
    #[must_use]
    pub fn pack(&self, service: &str) -> Option<&Pack> {
        self.all().find(|pack| pack.name == service)
    }

    /// Every rule: those of all services first, and properties last.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        let own = self.all().flat_map(|pack| pack.rules);
        let rules = self.shared_rules().iter().chain(own).map(|rule| rule.rule());
        rules.chain(self.properties.rules())
    }

    /// Whether a rule is the property of a file.
    pub(crate) fn is_property(&self, rule: RuleId) -> bool {
        self.properties.all.iter().any(|one| one.rule == rule)
    }

    /// The rule of that name, if there is one.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&'static Rule> {
        let own = OWN.iter().map(|rule| rule.rule());
        self.rules().chain(own).find(|rule| rule.name == name)
    }

    /// The rules for every service.
    #[must_use]
    pub fn shared_rules(&self) -> &'static [RuleId] {
        self.shared.map_or(&[], |shared| shared.rules)
    }

    /// Whether a rule concerns a service: its own ones do, and those for all.
    pub(crate) fn concerns(&self, rule: RuleId, service: &str) -> bool {
        let own = self.pack(service).map_or(&[][..], |pack| pack.rules);
        own.contains(&rule) || self.shared_rules().contains(&rule) || OWN.contains(&rule)
    }

    /// The disagreements of the documents that are accepted: the path of the file, and its text.
    pub(crate) fn accepted_disagreements(&self) -> Option<(&'static str, &'static str)> {
        self.shared.and_then(|shared| shared.accepted_disagreements)
    }

    /// The rules that the product itself acts on.
    pub(crate) fn roles(&self) -> &'static Roles {
        self.shared.map_or(&Roles::UNNAMED, |shared| &shared.roles)
    }

    /// The rules that records alone can show broken.
    pub(crate) fn rules_of_records(&self) -> Vec<RuleId> {
        let own = self.all().flat_map(|pack| pack.of_records);
        let of_order = self.shared.map_or(&[][..], |shared| shared.of_order);
        let contract = self.roles().contract;
        let rules = std::iter::once(&contract).chain(own).chain(of_order).copied();
        rules.chain(self.properties.all.iter().map(|one| one.rule)).collect()
    }

    /// Whether a rule speaks of what comes before what.
    pub(crate) fn is_of_order(&self, rule: RuleId) -> bool {
        self.shared.is_some_and(|shared| shared.of_order.contains(&rule)) || self.is_property(rule)
    }

    /// What is known of a service so that a breach is called by the right rule.
    pub(crate) fn attribution(&self, service: &str) -> &'static dyn Attribution {
        self.pack(service).map_or(&Nothing, |pack| pack.attribution)
    }

    /// The document that describes a service.
    pub(crate) fn document(&self, service: &str) -> Option<&'static str> {
        self.pack(service).map(|pack| pack.document).filter(|document| !document.is_empty())
    }

    /// The services, as they start.
    #[must_use]
    pub fn services(&self) -> Vec<Box<dyn Service>> {
        self.all().map(|pack| -> Box<dyn Service> { (pack.service)() }).collect()
    }

    /// The services, as they start, whose states can be copied.
    #[must_use]
    pub fn models(&self) -> Vec<Box<dyn Model>> {
        self.all().map(|pack| (pack.service)()).collect()
    }

    /// A service as it starts, whose state can be copied.
    pub(crate) fn model(&self, service: &str) -> Option<Box<dyn Model>> {
        self.pack(service).map(|pack| (pack.service)())
    }

    /// What is taken for the answers of services that are asked and do not run, by query: `a.b`.
    #[must_use]
    pub fn absent(&self, runs: impl Fn(&str) -> bool) -> BTreeMap<String, Json> {
        let missing = self.all().filter(|pack| !runs(pack.name));
        let answers = missing.flat_map(|pack| {
            pack.absent.iter().filter_map(|absent| {
                let answer = Json::parse(absent.answer.as_bytes()).ok()?;
                Some((format!("{}.{}", pack.name, absent.query), answer))
            })
        });
        answers.collect()
    }

    /// The kinds of data that a service looks up elsewhere.
    pub(crate) fn looked_up(&self, service: &str) -> &'static [&'static str] {
        self.pack(service).map_or(&[], |pack| pack.looked_up)
    }

    /// The checkers of a history.
    #[must_use]
    pub fn checks(&self, from_midstream: bool) -> Checks {
        let shared = self.shared.map(|shared| (shared.checks)());
        let own = self.all().flat_map(|pack| pack.checkers).map(|make| make());
        let shared_properties = self.shared.and_then(|shared| shared.properties);
        // A simulated crash shows which events it doubled, and rules of packs count those once.
        let of_packs = shared_properties.map(|properties| (properties(), false));
        let of_files = (Arc::clone(&self.properties), true);
        let properties = of_packs.into_iter().chain([of_files]);
        let properties = properties.filter(|(properties, _)| !properties.all.is_empty());
        let properties = properties.map(|(properties, again_after_crash)| {
            let amid = from_midstream;
            let evidence = Evidence { amid, again_after_crash, ..Evidence::default() };
            Box::new(property::Checker::new(properties, evidence)) as Box<dyn HistoryChecker>
        });
        Checks::of(shared.into_iter().chain(own).chain(properties).collect())
    }

    /// Their contracts, as the packs carry them. `None` if one of them is wrong; what is wrong is
    /// in `diagnostics`.
    pub fn contracts(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Contracts> {
        let files = self.all().map(|pack| SourceFile::new(pack.contract.0, pack.contract.1));
        let files: Vec<_> = files.collect();
        let set = Contracts::read(&files, diagnostics)?;
        Some(set.with_packs(self))
    }

    /// The same list, of which nothing was made yet.
    pub(crate) fn fresh(&self) -> Self {
        let known = self.all().map(|pack| Known { pack: pack.clone(), made: OnceLock::new() });
        Self {
            shared: self.shared,
            known: known.collect(),
            properties: Arc::clone(&self.properties),
        }
    }

    /// The inputs that are made for a service, which are made once.
    pub(crate) fn made(&self, service: &str, make: impl FnOnce() -> Vec<Made>) -> Arc<Vec<Made>> {
        let known = self.known.iter().find(|known| known.pack.name == service);
        known.map_or_else(Arc::default, |known| {
            Arc::clone(known.made.get_or_init(|| Arc::new(make())))
        })
    }
}
