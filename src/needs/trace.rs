//! What a service did in a run, and how it differs from what it did in another one.

use crate::contract::Contracts;
use crate::history::Event;
use crate::message::{ChannelIx, Json, Record};
use crate::scenario::run::{Outcome, Verdict};
use crate::service::Reject;

/// What a probe does to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// The changed value is passed on, and nothing else is other than before.
    Copied,
    /// The record cannot be read any more.
    Refused,
    /// The service does something else.
    Changes,
}

impl Effect {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Copied => "copied",
            Self::Refused => "refused",
            Self::Changes => "changes",
        }
    }
}

/// What was seen of a probe.
pub(super) struct Seen {
    pub(super) effect: Effect,
    /// How it shows, in words; no values.
    pub(super) text: Option<String>,
}

/// One thing that a service did.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Emitted(ChannelIx, Record),
    Rejected(Reject),
    Decided(String),
    Asked(String),
    Fired(String),
}

/// What a service did in a test, and how the test came out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trace {
    steps: Vec<Step>,
    verdict: Verdict,
    troubles: Vec<&'static str>,
}

impl Trace {
    /// What the service did.
    pub(super) fn of(outcome: &Outcome, service: &str) -> Self {
        let history = &outcome.history;
        let steps = history.entries().iter().filter_map(|entry| {
            let (who, step) = match &entry.event {
                Event::Emitted { service, record, .. } => {
                    let placed = history.record(*record);
                    (service, Step::Emitted(placed.channel, placed.record.clone()))
                }
                Event::Rejected { service, reject, .. } => {
                    (service, Step::Rejected(reject.clone()))
                }
                Event::Decided { service, rule, option } => {
                    (service, Step::Decided(format!("{rule} {option}")))
                }
                Event::Asked { service, query } => (service, Step::Asked(query.clone())),
                Event::Fired { service, timer } => (service, Step::Fired(timer.clone())),
                _ => return None,
            };
            (history.service(*who) == service).then_some(step)
        });
        Self {
            steps: steps.collect(),
            verdict: outcome.verdict,
            troubles: outcome.troubles.iter().map(|trouble| trouble.code).collect(),
        }
    }

    /// What a probe that `changed` values did: this is the run without it, `probed` that with it.
    pub(super) fn against(
        &self,
        probed: &Self,
        changed: &[(Json, Option<Json>)],
        contracts: &Contracts,
    ) -> Seen {
        if self == probed {
            return Seen { effect: Effect::Nothing, text: None };
        }
        let mut copies = 0;
        for (own, other) in self.steps.iter().zip(&probed.steps) {
            match alike(own, other, changed, contracts) {
                Some(more) => copies += more,
                None if other.is_unreadable() => return Seen::refused(),
                None => {
                    let text = differs(own, other, contracts);
                    return Seen { effect: Effect::Changes, text: Some(text) };
                }
            }
        }
        let at = self.steps.len().min(probed.steps.len());
        if probed.steps.get(at).is_some_and(Step::is_unreadable) {
            return Seen::refused();
        }
        // A test ends where it sees what it does not expect: what came before counts.
        let is_cut = probed.steps.len() < self.steps.len() && probed.verdict != Verdict::Passed;
        if copies > 0 && (is_cut || probed.steps.len() == self.steps.len()) {
            let text = "what it says is passed on".to_owned();
            return Seen { effect: Effect::Copied, text: Some(text) };
        }
        let text = match (self.steps.get(at), probed.steps.get(at), probed.troubles.first()) {
            // What no longer comes may be missing because the test ended before it.
            (Some(_), None, Some(code)) => format!("the test fails: {code}"),
            (Some(step), ..) => format!("{} no longer comes", step.shown(contracts)),
            (None, Some(step), _) => format!("{} comes besides", step.shown(contracts)),
            (None, None, Some(code)) => format!("the test fails: {code}"),
            (None, None, None) => "the test comes out differently".to_owned(),
        };
        Seen { effect: Effect::Changes, text: Some(text) }
    }
}

impl Seen {
    fn refused() -> Self {
        Self { effect: Effect::Refused, text: Some("the record cannot be read".to_owned()) }
    }
}

impl Step {
    fn is_unreadable(&self) -> bool {
        matches!(self, Self::Rejected(why) if why.is_unreadable())
    }

    /// What was done, without values.
    fn shown(&self, contracts: &Contracts) -> String {
        match self {
            Self::Emitted(channel, record) => {
                contracts.message_name(*channel, record.value_bytes())
            }
            Self::Rejected(_) => "a rejection".to_owned(),
            Self::Decided(what) => format!("the decision {what}"),
            Self::Asked(query) => format!("the query {query}"),
            Self::Fired(timer) => format!("the timer {timer}"),
        }
    }
}

fn differs(own: &Step, other: &Step, contracts: &Contracts) -> String {
    let (own_shown, other_shown) = (own.shown(contracts), other.shown(contracts));
    match own_shown == other_shown {
        true => format!("{own_shown} is another"),
        false => format!("{other_shown} comes in place of {own_shown}"),
    }
}

/// How many values two steps differ in, if all of them are such that were changed by the probe.
fn alike(
    own: &Step,
    other: &Step,
    changed: &[(Json, Option<Json>)],
    contracts: &Contracts,
) -> Option<usize> {
    if own == other {
        return Some(0);
    }
    let (Step::Emitted(channel, own), Step::Emitted(another, other)) = (own, other) else {
        return None;
    };
    let json = |record: &Record| Json::parse(record.value_bytes()?).ok();
    let (before, after) = (json(own)?, json(other)?);
    let follows = |record: &Record, value: &Json| record.key == contracts.key_for(*channel, value);
    let is_key_made = own.key == other.key || follows(own, &before) && follows(other, &after);
    if channel != another || !is_key_made || own.headers != other.headers {
        return None;
    }
    copies(&before, &after, changed)
}

fn copies(own: &Json, other: &Json, changed: &[(Json, Option<Json>)]) -> Option<usize> {
    if own == other {
        return Some(0);
    }
    let is_passed_on = |to: &Option<Json>| match to {
        // Readers take what is not there, and null, for zero.
        None | Some(Json::Null) => *other == Json::Null || is_zero(other),
        Some(to) => to == other,
    };
    if changed.iter().any(|(from, to)| from == own && is_passed_on(to)) {
        return Some(1);
    }
    match (own, other) {
        (Json::Object(own), Json::Object(other)) if own.len() == other.len() => {
            let mut all = own.iter();
            all.try_fold(0, |sum, (name, own)| Some(sum + copies(own, other.get(name)?, changed)?))
        }
        (Json::Array(own), Json::Array(other)) if own.len() == other.len() => {
            let mut all = own.iter().zip(other);
            all.try_fold(0, |sum, (own, other)| Some(sum + copies(own, other, changed)?))
        }
        _ => None,
    }
}

/// Whether a value is what readers take for one that is not there.
fn is_zero(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::Bool(true) => false,
        Json::Number(_) => value.as_integer() == Some(0),
        Json::String(text) => text.bytes().all(|byte| matches!(byte, b'0' | b'-')),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.values().all(is_zero),
    }
}
