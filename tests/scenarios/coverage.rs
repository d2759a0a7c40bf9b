//! Nothing is left out: messages, rules, faults and bad input, counted from what tests really did.

use std::collections::BTreeSet;

use quintet::contract::{Action, Format, MessageKind, Problem, ProblemKind, Types};
use quintet::driver::FaultKind;
use quintet::history::{Event, History, Placed};
use quintet::message::{ChannelIx, HeaderProblem, Json, RecordId};
use quintet::rule::Rule;
use quintet::scenario::run::Outcome;
use quintet::services::rules;

use super::support::{OUTCOMES, SETUP};

/// Everything that happened in any test.
fn events() -> impl Iterator<Item = (&'static Outcome, &'static Event)> {
    let of = |outcome: &'static Outcome| {
        let entries = outcome.history.entries().iter();
        entries.map(move |entry| (outcome, &entry.event))
    };
    OUTCOMES.iter().flat_map(of)
}

fn name(history: &History, record: RecordId) -> String {
    history.message_name(history.record(record))
}

#[test]
fn there_are_many() {
    assert!(OUTCOMES.len() >= 60, "only {} tests", OUTCOMES.len());
}

#[test]
fn each_message_is_sent_and_read_by_all_who_do() {
    let mut seen = BTreeSet::new();
    for (Outcome { history, .. }, event) in events() {
        match event {
            Event::Emitted { service, record, .. } => {
                seen.insert((history.service(*service), Action::Send, name(history, *record)));
            }
            Event::Delivered { service, record, .. } => {
                seen.insert((history.service(*service), Action::Receive, name(history, *record)));
            }
            _ => {}
        }
    }
    let contracts = &SETUP.contracts;
    let mut never = Vec::new();
    for kind in contracts.all_messages() {
        for contract in contracts.contracts() {
            for action in [Action::Send, Action::Receive] {
                let channel = contracts.channel_name(kind.channel);
                let does = contract.messages(action, channel).any(|one| one.name == kind.name);
                let direction = (contract.service.as_str(), action, kind.label.clone());
                if does && !seen.contains(&direction) {
                    never.push(direction);
                }
            }
        }
    }
    assert!(never.is_empty(), "never: {never:#?}");
}

#[test]
fn each_rule_is_exercised() {
    let held: BTreeSet<_> = OUTCOMES.iter().flat_map(|outcome| outcome.rules.keys()).collect();
    let never: Vec<_> = rules().into_iter().map(Rule::id).filter(|id| !held.contains(id)).collect();
    assert!(never.is_empty(), "never: {never:?}");
}

#[test]
fn each_fault_strikes() {
    let struck: BTreeSet<_> = events()
        .filter_map(|(outcome, event)| match event {
            Event::Struck { fault, .. } => {
                let (name, _) = outcome.faults.get(fault.0 as usize)?;
                Some(*name)
            }
            _ => None,
        })
        .collect();
    let never: Vec<_> = FaultKind::ALL
        .iter()
        .map(|kind| kind.name())
        .filter(|name| !struck.contains(name))
        .collect();
    assert!(never.is_empty(), "never: {never:?}");
}

/// What can be wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bad {
    NotJson,
    Tombstone,
    NoBytes,
    WrongType,
    OutOfRange,
    Fraction,
    NoUuid,
    UnknownType,
    MissingTenant,
    MalformedTenant,
}

/// What can be wrong with the records of a channel.
fn possible(channel: ChannelIx) -> BTreeSet<Bad> {
    let mut possible = BTreeSet::from([
        Bad::NotJson,
        Bad::Tombstone,
        Bad::NoBytes,
        Bad::WrongType,
        Bad::MissingTenant,
        Bad::MalformedTenant,
    ]);
    let contracts = &SETUP.contracts;
    let has_types = contracts.channel(channel).and_then(|one| one.discriminator.as_ref());
    if has_types.is_some() {
        possible.insert(Bad::UnknownType);
    }
    for field in contracts.messages(channel).flat_map(MessageKind::fields) {
        if field.schema.format == Some(Format::Uuid) {
            possible.insert(Bad::NoUuid);
        }
        if field.schema.types.admits(Types::INTEGER) && !field.schema.types.is_any() {
            possible.extend([Bad::OutOfRange, Bad::Fraction]);
        }
    }
    possible
}

/// What is wrong with a record, by the contracts of those who read it.
fn wrong(placed: &Placed) -> BTreeSet<Bad> {
    let Some(bytes) = placed.record.value_bytes() else {
        return BTreeSet::from([Bad::Tombstone]);
    };
    if bytes.is_empty() {
        return BTreeSet::from([Bad::NoBytes]);
    }
    let Ok(json) = Json::parse(bytes) else {
        return BTreeSet::from([Bad::NotJson]);
    };
    let problems = SETUP.contracts.check_sent(placed.channel, &placed.record).into_iter();
    let of_headers = match placed.record.headers.tenant() {
        Ok(_) => None,
        Err(HeaderProblem::Missing(_)) => Some(Bad::MissingTenant),
        Err(_) => Some(Bad::MalformedTenant),
    };
    let of_value = problems.filter_map(|problem| sort(&problem, placed, &json));
    of_value.chain(of_headers).collect()
}

fn sort(problem: &Problem, placed: &Placed, json: &Json) -> Option<Bad> {
    let field = || {
        let mut kinds = SETUP.contracts.messages(placed.channel);
        kinds.find_map(|kind| kind.field(&problem.path))
    };
    Some(match problem.kind {
        ProblemKind::UnknownType => Bad::UnknownType,
        ProblemKind::OutOfRange => Bad::OutOfRange,
        ProblemKind::BadFormat if field()?.schema.format == Some(Format::Uuid) => Bad::NoUuid,
        ProblemKind::WrongType => match json.pointer(&problem.path) {
            Some(Json::Number(number)) if number.as_integer().is_none() => Bad::Fraction,
            _ => Bad::WrongType,
        },
        _ => return None,
    })
}

#[test]
fn each_topic_gets_bad_input_of_every_kind_and_reads_on() {
    let contracts = &SETUP.contracts;
    let mut seen = BTreeSet::new();
    for outcome in OUTCOMES.iter() {
        for placed in refused_and_survived(&outcome.history) {
            seen.extend(wrong(placed).into_iter().map(|bad| (placed.channel, bad)));
        }
    }
    let mut never = Vec::new();
    for channel in contracts.channels() {
        if contracts.consumers(channel.index).is_empty() {
            continue;
        }
        for bad in possible(channel.index) {
            if !seen.contains(&(channel.index, bad)) {
                never.push((&channel.name, bad));
            }
        }
    }
    assert!(never.is_empty(), "never: {never:#?}");
}

/// The records that each of their readers refused, to handle a later one of the same partition.
fn refused_and_survived(history: &History) -> Vec<&Placed> {
    let mut refused = BTreeSet::new();
    for entry in history.entries() {
        if let Event::Rejected { service, record: Some(record), .. } = &entry.event {
            refused.insert((*service, *record));
        }
    }
    let mut survived: BTreeSet<(RecordId, bool)> = BTreeSet::new();
    for (service, record) in &refused {
        let bad = history.record(*record);
        let later = history.entries().iter().any(|entry| match &entry.event {
            Event::Delivered { service: reader, record: other, .. } => {
                let other = history.record(*other);
                reader == service
                    && !refused.contains(&(*reader, other.id))
                    && (other.channel, other.partition) == (bad.channel, bad.partition)
                    && other.offset > bad.offset
            }
            _ => false,
        });
        survived.insert((*record, later));
    }
    let all = |record: &RecordId| !survived.contains(&(*record, false));
    let found = survived.iter().filter(|(record, _)| all(record));
    found.map(|(record, _)| history.record(*record)).collect()
}
