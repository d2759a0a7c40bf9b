//! Names of breaches: which rule it is that an event, a missing event or an answer breaks, and how
//! that is said.

use std::time::Duration;

use super::case::Act;
use super::node::Node;
use super::run::Outcome;
use super::search::Search;
use super::shape::Shape;
use super::words::integer;
use crate::message::{Json, RecordId};
use crate::rule::RuleId;
use crate::service::Asked;
use crate::services::id;

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

/// What is emitted together is seen within this time.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Whether a rule says what an input does, not how all events look.
fn speaks(rule: RuleId) -> bool {
    let looks = [id::EFF_7, id::INV_11, id::LOG_10];
    !rule.as_str().starts_with("COM") && !looks.contains(&rule)
}

/// Whether a rule speaks of what comes twice.
fn is_twice(rule: RuleId) -> bool {
    rule.as_str().ends_with("-TWICE")
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

    /// The rule that speaks of an event: by what the input is, else by what the event is.
    fn any_applied(&self, shape: &Shape) -> RuleId {
        let channel = self.search.scene.contracts.channel_name(shape.channel);
        let kind = shape.kind.as_deref().unwrap_or_default();
        self.applied(shape).unwrap_or_else(|| rule_of(channel, kind))
    }

    /// The rule that says that an input has no effect, where the model says so.
    fn silent(&self) -> Option<RuleId> {
        let outcome = self.outcome;
        if outcome.reject.is_none() && !outcome.emits.is_empty() {
            return None;
        }
        let twice = self.again().is_some();
        let own = |rule: &&RuleId| speaks(**rule) && (twice || !is_twice(**rule));
        outcome.applied.iter().rev().find(own).copied()
    }

    /// The rule for what comes again, byte for byte, where it was answered the first time.
    fn again(&self) -> Option<RuleId> {
        let record = self.record()?;
        let scene = self.search.scene;
        let placed = scene.seen.history.record(record);
        let value = placed.record.value_bytes()?;
        let first = self.search.case.inputs.iter().find_map(|input| match input.act {
            Act::Record(earlier) if input.start <= placed.at && earlier != record => {
                let earlier = scene.seen.history.record(earlier);
                let same = earlier.channel == placed.channel
                    && earlier.record.value_bytes() == Some(value)
                    && scene.is_answered(earlier.id);
                same.then_some(earlier)
            }
            _ => None,
        });
        first?;
        let applied = self.outcome.applied.iter().copied();
        Some(applied.into_iter().find(|rule| is_twice(*rule)).unwrap_or(id::COM_8))
    }

    /// Whether events of a kind come at all.
    fn comes_at_all(&self, shape: &Shape) -> bool {
        let scene = self.search.scene;
        let name = shape.kind.as_deref();
        scene.outputs().any(|record| {
            let placed = scene.seen.history.record(record);
            let of =
                Shape::of(scene.contracts, &scene.seen.subject, placed.channel, &placed.record);
            of.channel == shape.channel && of.kind.as_deref() == name
        })
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
        let named = self.names_another(&seen.shape).then_some(id::BAN_5);
        let rule = named.or_else(|| self.of_another(output));
        let rule = rule.or_else(|| search.sequence(self.node, output));
        let rule = rule.or_else(|| self.again());
        let rule = rule.unwrap_or_else(|| {
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
        let other_kind = kind != expected.kind.as_deref();
        let answer = named == id::ACC_3 && session;
        let moved = named == id::ACC_9 && kind == Some("STATE_CHANGED");
        let narrower = [
            (answer && codes("TOO_MANY_ATTEMPTS"), id::ACC_6),
            (answer && (field("body.code") || other_kind), id::ACC_4),
            (named == id::ACC_7 && other_kind || moved, id::ACC_8),
            (named == id::BAN_3 && field("banId"), id::BAN_5),
            (named == id::INV_5 && field("referenceId"), id::INV_12),
            (named == id::INV_4 && field("referenceId"), id::INV_7),
        ];
        narrower.into_iter().find(|(fits, _)| *fits).map_or(named, |(_, rule)| rule)
    }

    fn missing(&self, expected: &Shape) -> Named {
        let search = self.search;
        // Where such an event never comes, it is not the circumstances that are to blame.
        let rule = match self.comes_at_all(expected) {
            true => {
                let circumstance = search.blames(self.node, self.at).or_else(|| self.again());
                circumstance.unwrap_or_else(|| self.lost(expected))
            }
            false => self.any_applied(expected),
        };
        let words = search.tell_shape(expected);
        Named {
            rule,
            message: format!("{} must cause {words}, and none was seen", self.input()),
            relaxation: format!("as if {words} had been seen"),
        }
    }

    /// The rule by which an event is missing whose like comes.
    fn lost(&self, expected: &Shape) -> RuleId {
        let rule = self.any_applied(expected);
        if rule == id::BAN_3 && self.ended_another(expected) {
            return id::BAN_5;
        }
        let ends = [id::INV_4, id::INV_5].contains(&rule);
        let lost = ends.then(|| self.search.invite_lost(self.node, &expected.value)).flatten();
        lost.unwrap_or(rule)
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

    /// LOGGED_OUT, where a session of the account in state 1 remains after the input.
    fn still_active(&self, output: usize) -> Option<RuleId> {
        let account = self.logged_out(output)?;
        let seen = self.search.case.outputs[output].seen;
        let active = self.search.sessions(&*self.outcome.model, account, seen, Some(1)) > 0;
        active.then_some(id::ACC_12)
    }

    /// Whether the input ends a session of the account that LOGGED_OUT is about.
    fn ends_a_session(&self, output: usize) -> bool {
        let Some(account) = self.logged_out(output) else { return false };
        let seen = self.search.case.outputs[output].seen;
        let sessions = |model| self.search.sessions(model, account, seen, None);
        sessions(&*self.outcome.model) < sessions(&*self.node.model)
    }

    /// The account that an output tells to be logged out.
    fn logged_out(&self, output: usize) -> Option<i128> {
        let shape = &self.search.case.outputs[output].shape;
        let is_it = shape.kind.as_deref() == Some("LOGGED_OUT");
        integer(&shape.value, "/account_id").filter(|_| is_it)
    }

    /// An event of invite that answers something else than its cause.
    fn of_another(&self, output: usize) -> Option<RuleId> {
        if self.search.is_about_another_tenant(output) {
            return Some(id::COM_6);
        }
        self.search.answers_another(output, self.record()?)
    }

    /// What an event is about was gone before.
    fn kept(&self, shape: &Shape) -> Option<RuleId> {
        let refused = self.outcome.applied.contains(&id::INV_6);
        let kept = || self.search.invite_kept(self.node, &shape.value);
        refused.then(kept).flatten()
    }

    /// The rule of what ends by time, for an event that came long after what its input caused.
    fn by_time(&self, output: usize) -> Option<RuleId> {
        let output = &self.search.case.outputs[output];
        let outputs = self.search.case.outputs.iter();
        let first =
            outputs.filter(|other| other.causes.contains(&self.at)).map(|one| one.seen).min();
        let rule = self.search.ends_by_time(&output.shape).map(|(rule, _)| rule);
        rule.filter(|_| first.is_some_and(|first| first.after(AT_ONCE) < output.seen))
    }

    fn extra(&self, output: usize, twice: bool) -> Named {
        let search = self.search;
        let shape = &search.case.outputs[output].shape;
        let poison = self.outcome.applied.contains(&id::COM_5);
        let rule = if poison {
            id::COM_5
        } else if self.names_another(shape) {
            id::BAN_5
        } else if let Some(rule) = self.of_another(output) {
            rule
        } else {
            let by_cause = || self.still_active(output).or_else(|| self.kept(shape));
            let by_cause = by_cause().or_else(|| self.silent()).or_else(|| self.by_time(output));
            let rule = by_cause.or_else(|| search.sequence(self.node, output));
            match rule {
                Some(rule) if rule == id::SEQ_2 && self.ends_a_session(output) => id::ACC_5,
                Some(rule) => rule,
                None if self.outcome.applied.contains(&id::INV_12) => id::INV_12,
                None => self.any_applied(shape),
            }
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
    let rule = super::state_rule::of(search, node, asked, &expected);
    let rule = rule.or_else(|| last_applied(node)).unwrap_or(id::COM_9);
    Named {
        rule,
        message: format!(
            "{subject}.{} of {} must be {expected} at {}, and is {}",
            asked.name,
            asked.args,
            asked.from.to_rfc3339(),
            asked.answer
        ),
        relaxation: "as if it had not been asked".to_owned(),
    }
}

/// The last rule of the subject's own whose premise held.
fn last_applied(node: &Node) -> Option<RuleId> {
    let steps = node.steps();
    let rules = steps.iter().rev().flat_map(|step| step.applied.iter().rev().copied());
    rules.into_iter().find(|rule| speaks(*rule))
}

/// An output that no input and no timer explains.
pub(super) fn unexpected(search: &Search<'_>, node: &Node, output: usize) -> Named {
    let shape = &search.case.outputs[output].shape;
    let channel = search.scene.contracts.channel_name(shape.channel);
    let by_time = !node.timers.is_empty();
    let ends = search.ends_by_time(shape).map(|(rule, _)| rule).filter(|_| by_time);
    let rule = search
        .is_about_another_tenant(output)
        .then_some(id::COM_6)
        .or_else(|| search.sequence(node, output))
        .or(ends)
        .unwrap_or_else(|| rule_of(channel, shape.kind.as_deref().unwrap_or_default()));
    let told = search.tell_output(output);
    Named {
        rule,
        message: format!("{told} is explained by nothing that was sent before it"),
        relaxation: format!("as if {told} had not been seen"),
    }
}
