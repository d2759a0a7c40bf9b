//! Inputs of one kind at a time, each for a fresh tenant, and an input that nobody minds.
//!
//! What this is: [`sweeps`], made from contracts alone, and [`harmless`]. What always holds: an
//! input stands for itself, in a tenant in which nothing has happened; each kind is in one sweep.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::made::{Made, made};
use super::random::{self, Abilities};
use super::rehearsal::Became;
use super::{InputKind, Message, Phase};
use crate::contract::Contracts;
use crate::message::Seed;

/// Inputs of one kind, the most telling ones first.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Their kind.
    pub kind: InputKind,
    /// The inputs; each stands for itself, in a tenant in which nothing has happened.
    pub inputs: Vec<Message>,
}

/// A sweep has no more inputs: an implementation may tell of each only seconds later. What does
/// not fit comes with random scripts.
const MOST: usize = 36;
/// So many random scripts show which kinds there are.
const SHOWING: u64 = 40;

/// The sweeps of a phase, by kind: none for a service that has no reference.
#[must_use]
pub fn sweeps(service: &str, contracts: &Arc<Contracts>, phase: Phase) -> Vec<Sweep> {
    let made = made(service, contracts);
    let mut by_kind: BTreeMap<&InputKind, Vec<&Made>> = BTreeMap::new();
    for one in made.iter().filter(|one| one.kind.phase == phase) {
        by_kind.entry(&one.kind).or_default().push(one);
    }
    let sweep = |(kind, made): (&InputKind, Vec<&Made>)| {
        let inputs = most_telling(made).into_iter().map(|one| one.message.clone());
        Sweep { kind: kind.clone(), inputs: inputs.collect() }
    };
    by_kind.into_iter().map(sweep).collect()
}

/// The most telling inputs of a kind: of each field and reason the most telling first, then the
/// next ones, those of different channels by turns.
fn most_telling(made: Vec<&Made>) -> Vec<&Made> {
    let mut places: BTreeMap<_, Vec<&Made>> = BTreeMap::new();
    for one in made {
        let why = match &one.became {
            Became::Refused { why, .. } => why.as_str(),
            _ => "",
        };
        places.entry((&one.of, &one.place, why)).or_default().push(one);
    }
    let mut turns: Vec<(usize, bool, usize, &Made)> = Vec::new();
    let mut of_channel: BTreeMap<&str, usize> = BTreeMap::new();
    for inputs in places.values_mut() {
        inputs.sort_by_key(|one| one.variation);
        let place = of_channel.entry(inputs[0].message.channel.as_str()).or_default();
        let rest = inputs.iter().enumerate();
        turns.extend(rest.map(|(turn, one)| (turn, !one.tells, *place, *one)));
        *place += 1;
    }
    turns.sort_by_key(|(turn, silent, place, _)| (*turn, *silent, *place));
    turns.into_iter().take(MOST).map(|(.., one)| one).collect()
}

/// An input on this channel that the service handles in a tenant in which nothing has happened:
/// with an event where one can come of it; where nothing can come of any, a well-formed one.
/// `None` for a channel that the service does not read.
#[must_use]
pub fn harmless(service: &str, contracts: &Arc<Contracts>, channel: &str) -> Option<Message> {
    let made = made(service, contracts);
    let usual = made.iter().filter(|one| one.message.channel == channel);
    let usual = usual.filter(|one| one.variation.is_none() && one.place.is_empty());
    let best = usual.min_by_key(|one| match one.became {
        Became::Answered => 0,
        Became::Handled => 1,
        Became::Refused { .. } => 2,
        Became::Unreadable => 3,
    })?;
    Some(best.message.clone())
}

/// The kinds of input that can be left out, by phase and name.
#[must_use]
pub fn kinds(service: &str, contracts: &Arc<Contracts>) -> Vec<InputKind> {
    let made = made(service, contracts);
    let mut kinds: BTreeSet<InputKind> = made.iter().map(|one| one.kind.clone()).collect();
    for abilities in [Abilities::default(), Abilities::all(service, contracts.packs())] {
        for number in 0..SHOWING {
            let script = random::script((service, contracts), &abilities, (Seed(0), number));
            kinds.extend(script.steps.into_iter().filter_map(|step| step.kind));
        }
    }
    kinds.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MOST, harmless, kinds, sweeps};
    use crate::contract::Contracts;
    use crate::pack::Pack;
    use crate::verify::script::{InputKind, Message, Phase, Value};

    fn field<'a>(message: &'a Message, pointer: &str) -> Option<&'a crate::message::Json> {
        match &message.value {
            Value::Json(value) => value.pointer(pointer),
            Value::Bytes(_) => None,
        }
    }

    #[test]
    fn each_phase_has_sweeps_for_each_service() {
        let contracts = Contracts::builtin();
        for service in Contracts::builtin().packs().all().map(Pack::name) {
            for phase in Phase::ALL {
                let sweeps = sweeps(service, &contracts, phase);
                let kinds: BTreeSet<_> = sweeps.iter().map(|sweep| &sweep.kind).collect();
                assert_eq!(kinds.len(), sweeps.len(), "{service} {phase}");
                assert!(!sweeps.is_empty(), "{service} {phase}");
                for sweep in &sweeps {
                    assert_eq!(sweep.kind.phase, phase);
                    assert!((1..=MOST).contains(&sweep.inputs.len()), "{service} {}", sweep.kind);
                }
            }
        }
    }

    #[test]
    fn a_sweep_of_bad_input_concerns_each_channel() {
        let contracts = Contracts::builtin();
        let whole = ["no-value", "empty-value", "not-json", "not-an-object", "deeply-nested"];
        let fields = ["unknown-type", "wrong-type", "out-of-range", "null-field", "missing-field"];
        let headers = ["tenant-header-missing", "tenant-header-damaged", "trace-header-damaged"];
        for service in Contracts::builtin().packs().all().map(Pack::name) {
            let sweeps = sweeps(service, &contracts, Phase::Undecodable);
            for name in whole.iter().chain(&fields).chain(&headers) {
                let sweep = sweeps.iter().find(|sweep| sweep.kind.name == *name).expect(name);
                for channel in contracts.consumed_by(service).unwrap() {
                    let without_type = contracts.channel(channel).unwrap().discriminator.is_none();
                    let without_number = without_type && *name == "out-of-range";
                    let channel = contracts.channel_name(channel);
                    let has = sweep.inputs.iter().any(|input| input.channel == channel);
                    let none = without_number || (without_type && *name == "unknown-type");
                    assert!(has || none, "{service} {name} {channel}");
                }
            }
        }
    }

    #[test]
    fn what_wraps_comes_first() {
        let sweeps = sweeps("ban", &Contracts::builtin(), Phase::Undecodable);
        let sweep = sweeps.iter().find(|sweep| sweep.kind.name == "out-of-range").unwrap();
        let first: Vec<_> = sweep.inputs.iter().take(8).collect();
        let is_256 = |input: &&&Message| {
            field(input, "/body/banType").and_then(crate::message::Json::as_integer) == Some(256)
        };
        assert!(first.iter().any(|input| is_256(&input)), "{first:#?}");
    }

    #[test]
    fn what_is_refused_in_a_fresh_tenant_is_swept_for_each_reason() {
        let sweeps = sweeps("invite", &Contracts::builtin(), Phase::Refused);
        let names: Vec<_> = sweeps.iter().map(|sweep| sweep.kind.name.as_str()).collect();
        let wanted = [
            "character.status/DELETED:no-effect",
            "invite.command/ACCEPT:INV-6",
            "invite.command/CREATE:INV-2",
            "invite.command/REJECT:INV-6",
        ];
        assert_eq!(names, wanted);
        let create = &sweeps[2].inputs;
        let is = |pointer: &str, value: serde_json::Value| {
            let value = crate::message::Json::from(value);
            create.iter().take(8).any(|input| field(input, pointer) == Some(&value))
        };
        assert!(is("/body/originatorId", 0.into()) && is("/body/targetId", 0.into()));
        assert!(is("/inviteType", "".into()) && is("/inviteType", "NO_SUCH_VALUE".into()));
    }

    #[test]
    fn each_channel_has_a_harmless_input() {
        let contracts = Contracts::builtin();
        for service in Contracts::builtin().packs().all().map(Pack::name) {
            let expected = sweeps(service, &contracts, Phase::Expected);
            for channel in contracts.consumed_by(service).unwrap() {
                let name = contracts.channel_name(channel);
                let message = harmless(service, &contracts, name).expect(name);
                assert_eq!(message.channel, name);
                let mut known = expected.iter().filter(|sweep| sweep.kind.name.starts_with(name));
                let shown = format!("{message:?}");
                let is_expected = known
                    .any(|sweep| sweep.inputs.iter().any(|input| format!("{input:?}") == shown));
                // Of these nothing can come where nobody is connected or nothing is pending.
                let idle = ["account.session.status", "seed.status", "character.status"];
                let is_idle = service != "ban" && idle.contains(&name);
                assert!(is_expected != is_idle, "{service} {name}: {shown}");
            }
            assert!(harmless(service, &contracts, "no.such").is_none());
        }
    }

    #[test]
    fn kinds_have_names_that_can_be_typed() {
        let contracts = Contracts::builtin();
        for service in Contracts::builtin().packs().all().map(Pack::name) {
            let kinds = kinds(service, &contracts);
            assert!(kinds.is_sorted(), "{service}");
            let names: BTreeSet<_> = kinds.iter().map(|kind| &kind.name).collect();
            assert_eq!(names.len(), kinds.len(), "{service}: a name is of one phase");
            assert!(names.iter().all(|name| !name.contains([' ', ','])), "{names:?}");
            assert!(InputKind::named("empty-value", &kinds).is_ok());
        }
    }
}
