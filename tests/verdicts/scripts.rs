//! The scripts that a verification plays: those of the scenarios, and random ones.

use std::sync::LazyLock;

use quintet::contract::Contracts;
use quintet::message::Seed;
use quintet::scenario::run::Setup;
use quintet::scenario::{Known, TestPlan, suite, words_of};
use quintet::service::{Vocabulary, reference};
use quintet::verify::script::random::{self, Abilities};
use quintet::verify::script::{Script, scenario};

/// The scenarios that the program carries.
static SUITE: LazyLock<Vec<TestPlan>> = LazyLock::new(|| {
    let words = words_of(&reference());
    suite(&Known { contracts: &Contracts::builtin(), words: &words })
});

/// Everything that a service can be told and asked.
pub(crate) fn abilities(service: &str) -> Abilities {
    let mut all = reference().into_iter();
    let one = all.find(|one| one.name() == service).expect("one of the five");
    let Vocabulary { stimuli, queries, data, .. } = one.vocabulary();
    let name = |(name, _): &(&str, &[&str])| (*name).to_owned();
    let is_looked_up = |name: &str| Abilities::DATA.contains(&name);
    Abilities {
        stimuli: stimuli.iter().map(name).collect(),
        queries: queries.iter().map(name).collect(),
        data: data.iter().map(name).filter(|name| is_looked_up(name)).collect(),
    }
}

/// The scripts of the scenarios whose names begin so.
pub(crate) fn of_scenarios(service: &str, named: &str) -> Vec<Script> {
    let setup = Setup::reference(Contracts::builtin());
    let abilities = abilities(service);
    let plans = SUITE.iter().filter(|plan| plan.name.starts_with(named));
    plans.filter_map(|plan| scenario::script(plan, &setup, (service, &abilities)).ok()).collect()
}

/// So many random scripts.
pub(crate) fn random(service: &str, seed: u64, many: u64) -> Vec<Script> {
    let abilities = abilities(service);
    (0..many).map(|number| random::script(service, &abilities, (Seed(seed), number))).collect()
}
