//! Names of breaches: which rule it is that an event, a missing event or an answer breaks, and how
//! that is said.

use std::time::Duration;

use super::case::Act;
use super::node::Node;
use super::run::Outcome;
use super::search::Search;
use super::shape::Shape;
use crate::message::{Json, RecordId};
use crate::rule::RuleId;
use crate::service::Asked;

/// What is wrong with the events of an input.
pub(crate) enum Wrong<'a> {
    /// An output says something else: fields with the expected and the seen value.
    Differs(&'a Shape, usize, Vec<(String, Json, Json)>),
    Missing(&'a Shape),
    /// The same event more often than it must be.
    Twice(usize),
    Extra(usize),
}

/// A breach in words.
pub(crate) struct Named {
    pub(crate) rule: RuleId,
    pub(crate) message: String,
    pub(crate) relaxation: String,
}

/// Where a breach was found: an input, before it takes effect, and what the model does.
pub(crate) struct Blame<'a> {
    pub(crate) search: &'a Search<'a>,
    pub(crate) node: &'a Node,
    pub(crate) at: usize,
    pub(crate) outcome: &'a Outcome,
}

/// What is emitted together is seen within this time.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Whether a rule says what an input does, not how all events look.
fn speaks(search: &Search<'_>, rule: RuleId) -> bool {
    let attribution = search.scene.attribution();
    let looks = [attribution.keys(), attribution.silent()];
    let is_shared = search.scene.contracts.packs().shared_rules().contains(&rule);
    !is_shared && !looks.contains(&Some(rule))
}

/// The rule on which an event rests that no step explains.
fn origin(search: &Search<'_>, shape: &Shape) -> RuleId {
    let channel = search.scene.contracts.channel_name(shape.channel);
    let kind = shape.kind.as_deref().unwrap_or_default();
    let origin = search.scene.attribution().origin(channel, kind);
    origin.unwrap_or(search.scene.roles().held_back)
}

impl Blame<'_> {
    /// The input's record.
    pub(crate) fn record(&self) -> Option<RecordId> {
        match self.search.case.inputs[self.at].act {
            Act::Record(record) => Some(record),
            _ => None,
        }
    }

    fn input(&self) -> String {
        self.search.tell_input(self.at)
    }

    pub(crate) fn name(&self, wrong: &Wrong<'_>) -> Named {
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
        let kind = shape.kind.as_deref().unwrap_or_default();
        let rules = self.search.scene.attribution().claims(channel, kind);
        rules.iter().copied().find(|rule| self.outcome.applied.contains(rule))
    }

    /// The rule that speaks of an event: by what the input is, else by what the event is.
    fn any_applied(&self, shape: &Shape) -> RuleId {
        self.applied(shape).unwrap_or_else(|| origin(self.search, shape))
    }

    /// The rule that says that an input has no effect, where the model says so.
    fn silent(&self) -> Option<RuleId> {
        let outcome = self.outcome;
        if outcome.reject.is_none() && !outcome.emits.is_empty() {
            return None;
        }
        let twice = self.again().is_some();
        let own_twice = self.search.scene.attribution().twice();
        let speaks = |rule: RuleId| speaks(self.search, rule);
        let own = |rule: &&RuleId| speaks(**rule) && (twice || own_twice != Some(**rule));
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
        let own = scene.attribution().twice();
        let applied = own.filter(|rule| self.outcome.applied.contains(rule));
        Some(applied.unwrap_or(scene.roles().again))
    }

    /// Whether every input such as this one came without a trace, or behind what says nothing: then
    /// that is to blame, and not the input.
    fn is_always(&self, rule: RuleId) -> bool {
        let (search, roles) = (self.search, self.search.scene.roles());
        let Some(own) = self.record() else { return false };
        let name = search.scene.name(own);
        let is_so = |record: RecordId| match rule {
            _ if rule == roles.no_trace => search.scene.trace(record).is_none(),
            _ => rule == roles.unreadable && search.is_after_poison(record),
        };
        let records = search.scene.seen.history.records().iter().map(|placed| placed.id);
        let mut same = records
            .filter(|one| search.scene.is_input(*one) && search.scene.name(*one) == name)
            .filter(|one| !search.scene.poison.contains(one));
        same.all(is_so)
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
        let attribution = search.scene.attribution();
        let rule = attribution.beside_cause(self, &seen.shape);
        let rule = rule.or_else(|| self.of_another(output));
        // Where the event that must come does, only what it says can be out of order.
        let (same, known_id) = (seen.shape.kind == expected.kind, search.scene.roles().known_id);
        let in_order = |rule: &RuleId| !same || *rule == known_id;
        let rule =
            rule.or_else(|| attribution.sequence(search, self.node, output).filter(in_order));
        let rule = rule.or_else(|| self.again());
        let rule = rule.unwrap_or_else(|| {
            let kinds = (expected, seen.shape.kind.as_deref());
            attribution.narrower(self, kinds, differences, self.any_applied(expected))
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

    fn missing(&self, expected: &Shape) -> Named {
        let search = self.search;
        // Where such an event never comes, it is not the circumstances that are to blame.
        let rule = match self.comes_at_all(expected) {
            true => {
                let circumstance = search.blames(self.node, self.at).or_else(|| self.again());
                circumstance.unwrap_or_else(|| {
                    let attribution = search.scene.attribution();
                    attribution.missing(self, expected, self.any_applied(expected))
                })
            }
            false => {
                let circumstance = search.blames(self.node, self.at);
                let always = circumstance.filter(|rule| self.is_always(*rule));
                always.unwrap_or_else(|| self.any_applied(expected))
            }
        };
        let words = search.tell_shape(expected);
        Named {
            rule,
            message: format!("{} must cause {words}, and none was seen", self.input()),
            relaxation: format!("as if {words} had been seen"),
        }
    }

    /// The rule of an event that answers something else than its cause.
    fn of_another(&self, output: usize) -> Option<RuleId> {
        let attribution = self.search.scene.attribution();
        if attribution.is_of_another_tenant(self.search, output) {
            return Some(self.search.scene.roles().isolation);
        }
        attribution.answers_another(self.search, output, self.record()?)
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
        let (roles, attribution) = (search.scene.roles(), search.scene.attribution());
        let poison = self.outcome.applied.contains(&roles.unreadable);
        let rule = if poison {
            roles.unreadable
        } else if let Some(rule) = attribution.beside_cause(self, shape) {
            rule
        } else if let Some(rule) = self.of_another(output) {
            rule
        } else {
            let by_cause = attribution.contradicted(self, output).or_else(|| self.silent());
            let by_cause = by_cause.or_else(|| self.by_time(output));
            let named = by_cause.or_else(|| attribution.sequence(search, self.node, output));
            let rule = attribution.unwanted(self, output, named);
            rule.unwrap_or_else(|| self.any_applied(shape))
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
pub(crate) fn answer(search: &Search<'_>, node: &Node, number: usize) -> Named {
    let asked = &search.scene.seen.asked[number];
    let question = Asked::new(&search.case.tenant, asked.from);
    let expected = node.model.query(&asked.name, &asked.args, &question).unwrap_or_default();
    let (subject, attribution) = (&search.scene.seen.subject, search.scene.attribution());
    let rule = attribution.answer(search, node, asked, &expected);
    let rule = rule.or_else(|| last_applied(search, node));
    let rule = rule.unwrap_or(search.scene.roles().restart);
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
fn last_applied(search: &Search<'_>, node: &Node) -> Option<RuleId> {
    let steps = node.steps();
    let rules = steps.iter().rev().flat_map(|step| step.applied.iter().rev().copied());
    rules.into_iter().find(|rule| speaks(search, *rule))
}

/// An output that no input and no timer explains.
pub(crate) fn unexpected(search: &Search<'_>, node: &Node, output: usize) -> Named {
    let shape = &search.case.outputs[output].shape;
    let attribution = search.scene.attribution();
    let by_time = !node.timers.is_empty();
    let ends = search.ends_by_time(shape).map(|(rule, _)| rule).filter(|_| by_time);
    let rule = attribution
        .is_of_another_tenant(search, output)
        .then_some(search.scene.roles().isolation)
        .or_else(|| attribution.sequence(search, node, output))
        .or(ends)
        .unwrap_or_else(|| origin(search, shape));
    let told = search.tell_output(output);
    Named {
        rule,
        message: format!("{told} is explained by nothing that was sent before it"),
        relaxation: format!("as if {told} had not been seen"),
    }
}
