//! Names of breaches: which rule it is that an event, a missing event or an answer breaks, and how
//! that is said.

use super::case::Act;
use super::node::Node;
use super::run::Outcome;
use super::search::Search;
use super::shape::Shape;
use super::words::integer;
use crate::message::{Json, RecordId};
use crate::rule::{RuleId, id};
use crate::service::Asked;

/// What is wrong with the events of an input.
pub(super) enum Wrong<'a> {
    /// An output says something else: fields with the expected and the seen value.
    Differs(&'a Shape, usize, Vec<(String, Json, Json)>),
    Missing(&'a Shape),
    /// The same event more often than it must be.
    Twice(usize),
    Extra(usize),
}

/// A breach in words.
pub(super) struct Named {
    pub(super) rule: RuleId,
    pub(super) message: String,
    pub(super) relaxation: String,
}

/// Where a breach was found: an input, before it takes effect, and what the model does.
pub(super) struct Blame<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) node: &'a Node,
    pub(super) at: usize,
    pub(super) outcome: &'a Outcome,
}

/// The rules that speak of an event, in the order in which they claim it, where their premise held.
fn rules_of(channel: &str, kind: &str) -> &'static [RuleId] {
    match (channel, kind) {
        ("ban.status", "CREATED") => &[id::BAN_TWICE, id::BAN_2, id::BAN_1],
        ("ban.status", _) => &[id::BAN_3, id::BAN_4],
        ("invite.status", "CREATED") => &[id::INV_TWICE, id::INV_3, id::INV_2, id::INV_1],
        ("invite.status", "ACCEPTED") => &[id::INV_4, id::INV_6],
        ("invite.status", _) => &[id::INV_5, id::INV_9, id::INV_10, id::INV_6],
        ("account.session.status", "STATE_CHANGED") => &[id::ACC_7, id::ACC_8, id::ACC_9],
        ("account.session.status", _) => &[id::ACC_9, id::ACC_3],
        ("account.status", "CREATED") => &[id::ACC_1, id::ACC_4, id::ACC_2],
        ("account.status", "LOGGED_IN") => &[id::ACC_5, id::ACC_8],
        ("account.status", _) => &[id::ACC_13, id::ACC_8, id::ACC_10, id::ACC_11],
        ("account.session.command", "CREATE") => &[id::LOG_1],
        ("account.session.command", "PROGRESS_STATE") => &[id::LOG_8],
        ("account.session.command", _) => &[id::LOG_9],
        ("session.status", "CREATED") => &[id::LOG_2, id::LOG_3],
        ("session.status", _) => &[id::LOG_9],
        _ => &[],
    }
}

/// The rule on which an event rests that no step explains.
fn rule_of(channel: &str, kind: &str) -> RuleId {
    match (channel, kind) {
        ("ban.status", "CREATED") => id::BAN_1,
        ("ban.status", _) => id::BAN_4,
        ("invite.status", "CREATED") => id::INV_1,
        ("invite.status", _) => id::INV_6,
        ("account.session.status", _) => id::ACC_3,
        ("account.status", "CREATED") => id::ACC_1,
        ("account.status", "LOGGED_IN") => id::ACC_5,
        ("account.status", _) => id::ACC_10,
        ("account.session.command", "CREATE") => id::LOG_1,
        ("account.session.command", "PROGRESS_STATE") => id::LOG_8,
        ("account.session.command", _) => id::LOG_9,
        ("session.status", "CREATED") => id::LOG_2,
        ("session.status", _) => id::LOG_9,
        _ => id::EFF_7,
    }
}

impl Blame<'_> {
    /// The input's record.
    pub(super) fn record(&self) -> Option<RecordId> {
        match self.search.case.inputs[self.at].act {
            Act::Record(record) => Some(record),
            _ => None,
        }
    }

    fn input(&self) -> String {
        self.search.tell_input(self.at)
    }

    pub(super) fn name(&self, wrong: &Wrong<'_>) -> Named {
        match wrong {
            Wrong::Differs(expected, output, differences) => {
                self.differs(expected, *output, differences)
            }
            Wrong::Missing(expected) => self.missing(expected),
            Wrong::Twice(output) | Wrong::Extra(output) => {
                self.extra(*output, matches!(wrong, Wrong::Twice(_)))
            }
        }
    }

    /// The first of the rules that speak of an event whose premise held.
    fn applied(&self, shape: &Shape) -> Option<RuleId> {
        let channel = self.search.scene.contracts.channel_name(shape.channel);
        let rules = rules_of(channel, shape.kind.as_deref().unwrap_or_default());
        rules.iter().copied().find(|rule| self.outcome.applied.contains(rule))
    }

    fn any_applied(&self, shape: &Shape) -> RuleId {
        let named = self.applied(shape);
        named.or_else(|| self.outcome.applied.last().copied()).unwrap_or(id::COM_1)
    }

    fn differs(
        &self,
        expected: &Shape,
        output: usize,
        differences: &[(String, Json, Json)],
    ) -> Named {
        let search = self.search;
        let seen = &search.case.outputs[output];
        let shown: Vec<_> = differences
            .iter()
            .map(|(field, expected, got)| {
                let secret = search.is_secret(&seen.shape, field);
                let shown = |value: &Json| {
                    if secret { "***".to_owned() } else { value.to_string() }
                };
                format!("{field} must be {} and is {}", shown(expected), shown(got))
            })
            .collect();
        let field = |name: &str| differences.iter().any(|(field, _, _)| field == name);
        let rule = search.sequence(self.node, output).unwrap_or_else(|| {
            self.rule_of_fields(expected, seen.shape.kind.as_deref(), &field, differences)
        });
        let words = search.tell_shape(expected);
        Named {
            rule,
            message: format!(
                "{} must cause {words}, and caused {}: {}",
                self.input(),
                search.tell_output(output),
                shown.join("; ")
            ),
            relaxation: format!("as if {} had said so", search.tell_output(output)),
        }
    }

    fn rule_of_fields(
        &self,
        expected: &Shape,
        kind: Option<&str>,
        field: &dyn Fn(&str) -> bool,
        differences: &[(String, Json, Json)],
    ) -> RuleId {
        let named = self.any_applied(expected);
        let reused = |name: &str| field(name) && self.outcome.guessed;
        if reused("banId") {
            return id::BAN_1;
        }
        if reused("account_id") {
            return id::ACC_1;
        }
        let codes = |code: &str| {
            differences.iter().any(|(_, a, b)| [a, b].iter().any(|one| one.as_str() == Some(code)))
        };
        let session = self.outcome.applied.contains(&id::ACC_4);
        match named {
            id::ACC_3 if session && codes("TOO_MANY_ATTEMPTS") => id::ACC_6,
            id::ACC_3 if session && (field("body.code") || kind != expected.kind.as_deref()) => {
                id::ACC_4
            }
            id::ACC_7 if kind != expected.kind.as_deref() => id::ACC_8,
            id::ACC_9 if kind == Some("STATE_CHANGED") => id::ACC_8,
            id::BAN_3 if field("banId") => id::BAN_5,
            id::INV_5 if field("referenceId") => id::INV_12,
            id::INV_4 | id::INV_5 if field("referenceId") => id::INV_7,
            other => other,
        }
    }

    fn missing(&self, expected: &Shape) -> Named {
        let search = self.search;
        let rule = search.blames(self.node, self.at).unwrap_or_else(|| self.any_applied(expected));
        let rule = match rule {
            id::BAN_3 if self.ended_another(expected) => id::BAN_5,
            id::INV_4 | id::INV_5 if self.ended_another(expected) => id::INV_7,
            other => other,
        };
        let words = search.tell_shape(expected);
        Named {
            rule,
            message: format!("{} must cause {words}, and none was seen", self.input()),
            relaxation: format!("as if {words} had been seen"),
        }
    }

    /// Whether another command came before that may have removed what this one names as well.
    fn ended_another(&self, expected: &Shape) -> bool {
        let outputs = &self.search.case.outputs;
        if !outputs.iter().any(|output| output.shape.kind == expected.kind) {
            return false;
        }
        let same_end = |at: &usize| {
            let shape = &self.search.case.outputs[*at].shape;
            let ended = ["DELETED", "ACCEPTED", "REJECTED"];
            shape.channel == expected.channel
                && shape.kind.as_deref().is_some_and(|kind| ended.contains(&kind))
        };
        let silent_end = |applied: &[RuleId]| applied.contains(&id::BAN_5);
        self.node
            .steps()
            .iter()
            .any(|step| step.outputs.iter().any(same_end) || silent_end(&step.applied))
    }

    /// Whether a ban is said to be gone that the command does not name.
    fn names_another(&self, shape: &Shape) -> bool {
        let of =
            integer(&shape.value, "/banId").filter(|_| shape.kind.as_deref() == Some("DELETED"));
        let placed = self.record().map(|record| self.search.scene.seen.history.record(record));
        let value = placed.and_then(|placed| Json::parse(placed.record.value_bytes()?).ok());
        let named = value.and_then(|value| integer(&value, "/body/banId"));
        of.is_some() && named.is_some() && of != named
    }

    fn extra(&self, output: usize, twice: bool) -> Named {
        let search = self.search;
        let shape = &search.case.outputs[output].shape;
        let poison = self.outcome.applied.contains(&id::COM_5);
        let sequence = search.sequence(self.node, output);
        let rule = if poison {
            id::COM_5
        } else if let Some(rule) = sequence {
            rule
        } else if self.names_another(shape) {
            id::BAN_5
        } else if self.outcome.is_refusal() {
            self.outcome.applied.last().copied().unwrap_or(id::COM_1)
        } else {
            self.applied(shape).unwrap_or_else(|| {
                let first = self.outcome.emits.first().map(|emit| self.any_applied(emit));
                first.or_else(|| self.outcome.applied.last().copied()).unwrap_or(id::COM_1)
            })
        };
        let told = search.tell_output(output);
        let message = match (poison, twice) {
            (true, _) => {
                format!("{} says nothing that may be acted on, and caused {told}", self.input())
            }
            (_, true) => format!("{} caused {told}, once too often", self.input()),
            _ => format!("{} caused {told}, and must not", self.input()),
        };
        Named { rule, message, relaxation: format!("as if {told} had not been seen") }
    }
}

/// A question has another answer than the model's.
pub(super) fn answer(search: &Search<'_>, node: &Node, number: usize) -> Named {
    let asked = &search.scene.seen.asked[number];
    let question = Asked { tenant: &search.case.tenant, now: asked.from };
    let expected = node.model.query(&asked.name, &asked.args, &question).unwrap_or_default();
    let subject = &search.scene.seen.subject;
    let last = super::state_rule::of(subject, &asked.name, &expected, &asked.answer);
    let rule = last.or_else(|| last_applied(node)).unwrap_or(id::COM_9);
    Named {
        rule,
        message: format!(
            "{subject}.{} of {} must be {expected} at {}, and is {}",
            asked.name, asked.args, asked.from, asked.answer
        ),
        relaxation: "as if it had not been asked".to_owned(),
    }
}

/// The last rule of the subject's own whose premise held.
fn last_applied(node: &Node) -> Option<RuleId> {
    let steps = node.steps();
    let rules = steps.iter().rev().flat_map(|step| step.applied.iter().rev().copied());
    let mut own = rules.filter(|rule| !rule.as_str().starts_with("COM") && *rule != id::EFF_7);
    own.next()
}

/// An output that no input and no timer explains.
pub(super) fn unexpected(search: &Search<'_>, node: &Node, output: usize) -> Named {
    let shape = &search.case.outputs[output].shape;
    let channel = search.scene.contracts.channel_name(shape.channel);
    let by_time = !node.timers.is_empty();
    let rule = search.sequence(node, output).unwrap_or_else(|| match (by_time, channel) {
        (true, "invite.status") => id::INV_10,
        (true, "account.status") => id::ACC_13,
        _ => rule_of(channel, shape.kind.as_deref().unwrap_or_default()),
    });
    let told = search.tell_output(output);
    Named {
        rule,
        message: format!("{told} is explained by nothing that was sent before it"),
        relaxation: format!("as if {told} had not been seen"),
    }
}
