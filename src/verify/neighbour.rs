//! Neighbouring mistakes: what an implementation does that is nearly right.
//!
//! What this is: [`Neighbour`], a mistake that a pack declares beside its rules, and [`Does`], what
//! an implementation that makes it does at an input. What it is not: a second model. Whoever makes
//! a mistake is the reference that was told something else, or that says something more.
//!
//! What always holds: a neighbour explains nothing that the reference explains; the search looks
//! for one only where no accepted behaviour does. Start at [`Neighbour`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::words::{integer, text};
use crate::message::{ChannelIx, Json, RecordId, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::{Asked, Cx, Forbidden, Incoming, Model, Mutation, Reject};

/// A mistake, and the rule that it breaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbour {
    pub(crate) rule: RuleId,
    /// What the implementation does, as in "explained if CLOSE of 0 closes every order".
    pub(crate) words: &'static str,
    /// What it may do at an input, each a list in order; none where the mistake is not made.
    pub(crate) ways: fn(&Told<'_>) -> Vec<Vec<Does>>,
}

impl Neighbour {
    pub(crate) const fn new(
        rule: RuleId,
        words: &'static str,
        ways: fn(&Told<'_>) -> Vec<Vec<Does>>,
    ) -> Self {
        Self { rule, words, ways }
    }
}

/// One thing that a mistaken implementation does.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// What it was told.
    AsTold,
    /// What this value would tell it.
    AsIf(Json),
    /// The same, and it says nothing of it.
    Silently(Json),
    /// It says this on a channel.
    Says(&'static str, Json),
}

/// What was sent and said in a tenant.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(super) sent: BTreeMap<RecordId, (VirtualTime, Json)>,
    pub(super) said: Vec<Json>,
}

/// An input at which a mistake may be made, and what is known there.
pub(crate) struct Told<'a> {
    pub(super) value: &'a Json,
    pub(super) start: VirtualTime,
    pub(super) facts: &'a Facts,
    pub(super) model: &'a dyn Model,
    pub(super) tenant: &'a Tenant,
    pub(super) now: VirtualTime,
}

impl Told<'_> {
    /// What the input says.
    pub(crate) fn value(&self) -> &Json {
        self.value
    }

    /// Whether the input is of a type.
    pub(crate) fn is(&self, kind: &str) -> bool {
        text(self.value, "/type") == Some(kind)
    }

    /// An integer field of the input.
    pub(crate) fn integer(&self, pointer: &str) -> Option<i128> {
        integer(self.value, pointer)
    }

    /// What was sent before, or may have been.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &Json> {
        let before = self.facts.sent.values().filter(|(start, _)| *start <= self.start);
        before.map(|(_, value)| value)
    }

    /// What was said in the tenant at any time.
    pub(crate) fn said(&self) -> impl Iterator<Item = &Json> {
        self.facts.said.iter()
    }

    /// The state in which the input is told, by a query.
    pub(crate) fn asks(&self, name: &str, args: &Json) -> Json {
        let asked = Asked::new(self.tenant, self.now);
        self.model.query(name, args, &asked).unwrap_or_default()
    }
}

/// The value with one field set, by its pointer; as it is where there is no object to hold it.
pub(crate) fn with(value: &Json, pointer: &str, new: impl Into<Json>) -> Json {
    let mut changed = value.clone();
    let mut at = &mut changed;
    let mut names = pointer.split('/').skip(1).peekable();
    while let Some(name) = names.next() {
        let Json::Object(fields) = at else { return changed };
        if names.peek().is_none() {
            fields.insert(name.to_owned(), new.into());
            return changed;
        }
        let Some(field) = fields.get_mut(name) else { return changed };
        at = field;
    }
    changed
}

/// Lets a model do these things at a record; it is refused where none of them has an effect.
pub(super) fn act(
    model: &mut dyn Model,
    incoming: &Incoming<'_>,
    plan: &[Does],
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let mut result = Err(Reject::Refused("it is not heard".to_owned()));
    for does in plan {
        let (events, timers) = (cx.effects().emits.len(), cx.effects().timers.len());
        let done = match does {
            Does::AsTold => model.handle(incoming, cx),
            Does::AsIf(value) | Does::Silently(value) => {
                let bytes = value.to_bytes();
                model.handle(&Incoming { value: Some(&bytes), ..*incoming }, cx)
            }
            Does::Says(channel, value) => cx.say(channel, value),
        };
        if done.is_err() {
            cx.effects().timers.truncate(timers);
        }
        if done.is_err() || matches!(does, Does::Silently(_)) {
            cx.withdraw(events);
        }
        result = result.or(done);
    }
    result
}

/// A mistake that a search takes for granted wherever it can be made, or only for possible.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(super) of: Mistaken,
    pub(super) always: bool,
    pub(super) facts: std::rc::Rc<Facts>,
}

/// What is mistaken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistaken {
    /// What the pack at this place of its list says.
    Neighbour(usize),
    /// What a rule forbids and its handlers can be made to do.
    Forbidden(Forbidden),
    /// Each event of a kind comes twice, or not at all.
    Events(Events),
}

/// Events of a kind that come more or less often than they must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Events {
    pub(super) channel: ChannelIx,
    pub(super) kind: Option<String>,
    pub(super) often: Often,
    /// Those of inputs of this name only.
    pub(super) of: Option<String>,
}

/// How often an event comes that must come once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Often {
    Never,
    Twice,
}

/// A forbidden option, and whether a handler was asked for it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) forbidden: Forbidden,
    taken: AtomicBool,
}

impl Taken {
    pub(super) fn new(forbidden: Forbidden) -> Self {
        Self { forbidden, taken: AtomicBool::new(false) }
    }

    /// The rule that was broken, if it was.
    pub(super) fn rule(&self) -> Option<RuleId> {
        self.taken.load(Ordering::Relaxed).then_some(self.forbidden.rule)
    }
}

impl Mutation for Taken {
    fn takes(&self, rule: RuleId, option: &str) -> bool {
        let takes = self.forbidden.takes(rule, option);
        self.taken.fetch_or(takes, Ordering::Relaxed);
        takes
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::with;
    use crate::message::Json;

    #[rstest]
    #[case::set(json!({ "a": { "b": 1 } }), "/a/b", json!({ "a": { "b": true } }))]
    #[case::added(json!({ "a": {} }), "/a/b", json!({ "a": { "b": true } }))]
    #[case::nowhere(json!({ "a": 1 }), "/a/b", json!({ "a": 1 }))]
    #[case::no_parent(json!({}), "/a/b", json!({}))]
    fn one_field_is_set(#[case] value: Value, #[case] pointer: &str, #[case] expected: Value) {
        assert_eq!(with(&Json::from(value), pointer, true), Json::from(expected));
    }
}
