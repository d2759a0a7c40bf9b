//! The scripts that a verification plays: those of the scenarios, and random ones.

use std::sync::LazyLock;

use quintet::contract::Contracts;
use quintet::message::Seed;
use quintet::scenario::run::Setup;
use quintet::scenario::{Known, TenantSpec, TestPlan, suite, words_of};
use quintet::services::reference;
use quintet::verify::script::random::{self, Abilities};
use quintet::verify::script::{Act, Phase, Script, Step, Sweep, scenario, sweeps};

/// The scenarios that the program carries.
static SUITE: LazyLock<Vec<TestPlan>> = LazyLock::new(|| {
    let words = words_of(&reference());
    suite(&Known { contracts: &Contracts::builtin(), words: &words })
});

/// Everything that a service can be told and asked.
pub(crate) fn abilities(service: &str) -> Abilities {
    Abilities::all(service, Contracts::builtin().packs())
}

/// The scripts of the scenarios whose names begin so.
pub(crate) fn of_scenarios(service: &str, named: &str) -> Vec<Script> {
    let setup = Setup::reference(Contracts::builtin());
    let abilities = abilities(service);
    let plans = SUITE.iter().filter(|plan| plan.name.starts_with(named));
    plans
        .filter_map(|plan| {
            scenario::script(plan, &setup, (service, &abilities), scenario::LONGEST_PAUSE).ok()
        })
        .collect()
}

/// Each input that is made for a service in a tenant of its own, by phase and kind.
pub(crate) fn of_sweeps(service: &str, phase: Phase) -> Vec<Script> {
    let alone = |sweep: Sweep| {
        let name = sweep.kind.name;
        sweep.inputs.into_iter().map(move |message| {
            let steps = vec![Step::new(0, 0, Act::Send(message))];
            Script::new(name.clone(), vec![TenantSpec::default()], steps)
        })
    };
    sweeps(service, &Contracts::builtin(), phase).into_iter().flat_map(alone).collect()
}

/// So many random scripts.
pub(crate) fn random(service: &str, seed: u64, many: u64) -> Vec<Script> {
    let (abilities, contracts) = (abilities(service), Contracts::builtin());
    let of = (service, &contracts);
    (0..many).map(|number| random::script(of, &abilities, (Seed(seed), number))).collect()
}
