//! The engine: step by step, until one does not hold.

use std::sync::Arc;
use std::time::Duration;

use super::make::Maker;
use super::matching::{Context, Matched, compare};
use super::outcome::{Claim, Place, Trouble};
use super::scope::{Bound, Scope};
use super::shown::show_duration;
use super::state::State;
use crate::diagnostic::Span;
use crate::driver::{Driver, DriverError, Ended, Until};
use crate::history::FaultId;
use crate::message::{Json, RecordId, Seed, Stream, VirtualTime};
use crate::scenario::{
    DurationSpec, ExpectMany, Expectation, Fault, Let, NameAt, Never, Query, Repeat, Step,
    Stimulus, Target, Template, Use, Verb,
};

/// A test stops at the first step that does not hold.
pub(super) type Stopped = Box<Trouble>;

pub(super) struct Engine<'a> {
    pub(super) driver: &'a mut dyn Driver,
    pub(super) state: State,
    pub(super) faults: Vec<(FaultId, Place, &'static str)>,
    /// How many entries the history had when the setup was done.
    pub(super) set_up: usize,
    pub(super) seed: Seed,
    /// The test's name: part of the place of each draw.
    pub(super) test: String,
    /// How many values were drawn, so that each has a stream of its own.
    draws: u64,
}

impl<'a> Engine<'a> {
    pub(super) fn new(
        driver: &'a mut dyn Driver,
        state: State,
        (seed, test): (Seed, &str),
    ) -> Self {
        Self { driver, state, faults: Vec::new(), set_up: 0, seed, test: test.to_owned(), draws: 0 }
    }

    pub(super) fn steps(&mut self, steps: &[Step]) -> Result<(), Stopped> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), Stopped> {
        match &step.verb {
            Verb::Send(send) => self.send(send),
            Verb::Expect(expect) => self.expect_all(
                std::slice::from_ref(&expect.expectation),
                &expect.within,
                step.verb_span,
            ),
            Verb::ExpectAll(ExpectMany { expectations, within }) => {
                self.expect_all(expectations, within, step.verb_span)
            }
            Verb::ExpectInOrder(many) => self.expect_in_order(many, step.verb_span),
            Verb::Never(never) => self.never(never),
            Verb::Allow(_) => Ok(()),
            Verb::Advance(duration) => {
                let wait = self.duration(duration)?;
                self.run(self.until(wait), step.verb_span, &mut |_, _| false).map(|_| ())
            }
            Verb::Fault(fault) => self.fault(fault),
            Verb::Repeat(repeat) => self.repeat(repeat),
            Verb::Use(used) => self.fragment(used),
            Verb::Let(lets) => lets.iter().try_for_each(|binding| self.bind_let(binding)),
            Verb::Stimulus(stimulus) => self.stimulus(stimulus),
            Verb::Query(query) => self.query(query),
        }
    }

    pub(super) fn trouble(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Trouble {
        Trouble {
            code,
            message: message.into(),
            place: Some(self.state.place(span, label)),
            nearest: None,
            records: Vec::new(),
            notes: Vec::new(),
            finding: None,
        }
    }

    /// `looked from 0.000 s to 1.000 s`
    pub(super) fn span_of(&self, verb: &str, (from, wait): (VirtualTime, Duration)) -> String {
        let from = VirtualTime::ZERO.after(from.since(self.driver.began()));
        format!("{verb} from {from} to {}", from.after(wait))
    }

    fn until(&self, wait: Duration) -> Until {
        Until::after(self.driver.now(), wait)
    }

    /// Lets the world go on until `seen` answers true.
    fn run(
        &mut self,
        until: Until,
        span: Span,
        seen: &mut dyn FnMut(&mut State, (VirtualTime, &crate::history::History)) -> bool,
    ) -> Result<Ended, Stopped> {
        let now = self.driver.now();
        let state = &mut self.state;
        let mut known = usize::MAX;
        let ended = self.driver.run(until, &mut |history| {
            if history.records().len() == known {
                return false;
            }
            known = history.records().len();
            state.look(history);
            seen(state, (now, history))
        });
        ended.map_err(|error| self.world_failed(&error, span))
    }

    fn world_failed(&self, error: &DriverError, span: Span) -> Stopped {
        Box::new(self.trouble(code_of(error), error.to_string(), span, "while this step ran"))
    }

    pub(super) fn duration(&self, spec: &DurationSpec) -> Result<Duration, Stopped> {
        let name = match spec {
            DurationSpec::Fixed(duration) => return Ok(*duration),
            DurationSpec::Var(name) => name,
        };
        let value = self.state.scope.get(&name.name).map(|bound| &bound.value);
        let read = match value {
            Some(Json::String(text)) => crate::scenario::parse_duration(text),
            Some(Json::Number(number)) => {
                number.as_integer().and_then(|s| u64::try_from(s).ok()).map(Duration::from_secs)
            }
            _ => None,
        };
        read.ok_or_else(|| {
            let message = format!("${} is not a duration", name.name);
            Box::new(self.trouble("value::not-a-duration", message, name.span, "used here"))
        })
    }

    /// The stream for the values of one step.
    pub(super) fn next_stream(&mut self) -> Stream {
        self.draws += 1;
        Stream::keyed(self.seed, &("test", self.test.as_str(), self.draws))
    }

    /// The value of a template where something is made; `None` for `<absent>`.
    pub(super) fn make(
        &mut self,
        template: &Template,
        zero: Option<&Json>,
        field: &str,
    ) -> Result<Option<Json>, Stopped> {
        let ids = self.next_stream();
        let contracts = self.driver.contracts();
        let is_sensitive = |field: &str| contracts.is_sensitive(field);
        let place = |span: Span| self.state.line_of(span);
        let mut maker = Maker {
            scope: &self.state.scope,
            now: self.driver.now(),
            ids,
            is_sensitive: &is_sensitive,
            place: &place,
            bindings: Vec::new(),
        };
        let made = maker.make(template, zero, field);
        let bindings = maker.bindings;
        let made = made.map_err(|(message, span)| {
            Box::new(self.trouble("value::not-made", message, span, "used here"))
        })?;
        for (name, bound) in bindings {
            self.state.scope.bind(name, bound);
        }
        Ok(made)
    }

    fn expect_all(
        &mut self,
        expectations: &[Expectation],
        within: &DurationSpec,
        span: Span,
    ) -> Result<(), Stopped> {
        self.expect(expectations, (within, false), span)
    }

    fn expect_in_order(&mut self, many: &ExpectMany, span: Span) -> Result<(), Stopped> {
        self.expect(&many.expectations, (&many.within, true), span)
    }

    fn expect(
        &mut self,
        expectations: &[Expectation],
        (within, in_order): (&DurationSpec, bool),
        span: Span,
    ) -> Result<(), Stopped> {
        let wait = self.duration(within)?;
        let from = self.driver.now();
        let mut found = None;
        self.run(self.until(wait), span, &mut |state, seen| {
            found = state.find_all(expectations, in_order, seen);
            found.is_some()
        })?;
        if let Some(found) = found {
            for ((record, matched), expectation) in found.into_iter().zip(expectations) {
                self.state.claim(record, matched, expectation.target.span);
            }
            return Ok(());
        }
        Err(self.not_seen(expectations, in_order, (from, wait)))
    }

    fn never(&mut self, never: &Never) -> Result<(), Stopped> {
        let wait = self.duration(&never.wait)?;
        let from = self.driver.now();
        // Where handling takes time, the world goes on a little longer.
        let end = from.after(wait);
        let expectation = &never.expectation;
        let span = expectation.target.span;
        let mut found = None;
        self.run(self.until(wait), span, &mut |state, seen| {
            let in_time = |record: &RecordId| seen.1.record(*record).at <= end;
            found = state.find(expectation, seen).map(|(record, _)| record).filter(in_time);
            found.is_some()
        })?;
        let Some(record) = found else { return Ok(()) };
        let name = target_name(&expectation.target);
        let message = format!("{name} was seen, as {record}, though it must not be");
        let label = self.span_of("looked", (from, wait));
        let mut trouble = self.trouble("never::seen", message, span, label);
        trouble.records.push(record);
        Err(Box::new(trouble))
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), Stopped> {
        let channel = self.driver.contracts().channel_ix(&fault.target.channel);
        let armed = self.driver.arm(crate::driver::Fault {
            kind: fault.kind,
            service: fault.service.clone(),
            channel,
            message: fault.target.message.clone(),
            restart_after: fault.restart_after,
            by: fault.by.unwrap_or(Duration::from_secs(1)),
            header: fault.header.clone(),
        });
        let id = armed.map_err(|error| self.world_failed(&error, fault.span))?;
        let place = self.state.place(fault.span, "armed here");
        self.faults.push((id, place, fault.kind.name()));
        Ok(())
    }

    fn repeat(&mut self, repeat: &Repeat) -> Result<(), Stopped> {
        let times = self.make(&repeat.times, None, "")?.unwrap_or_default();
        let count = times.as_integer().and_then(|times| u32::try_from(times).ok());
        let Some(count) = count else {
            let message = format!("{times} is not how often something can be repeated");
            let span = repeat.times.span;
            return Err(Box::new(self.trouble("value::not-a-count", message, span, "used here")));
        };
        (0..count).try_for_each(|_| self.steps(&repeat.steps))
    }

    /// A fragment runs in a scope of its own; only what it returns leaves it.
    fn fragment(&mut self, used: &Use) -> Result<(), Stopped> {
        let mut inner = Scope::hiding(&used.fragment.secrets);
        for argument in &used.arguments {
            let value = self.make(&argument.value, None, &argument.name)?.unwrap_or_default();
            let secret = self.driver.contracts().is_sensitive(&argument.name);
            let at = self.state.line_of(argument.span);
            inner.bind(argument.name.as_str().into(), Bound { value, at, secret });
        }
        let outer = std::mem::replace(&mut self.state.scope, inner);
        let file = std::mem::replace(&mut self.state.file, Arc::clone(&used.fragment.file));
        self.state.through.push((Arc::clone(&file), used.span));
        self.steps(&used.fragment.steps)?;
        self.state.through.pop();
        self.state.file = file;
        let inner = std::mem::replace(&mut self.state.scope, outer);
        for returned in &used.returns {
            if let Some(bound) = inner.get(&returned.inner) {
                self.state.scope.bind(returned.outer.name.clone(), bound.clone());
            }
        }
        Ok(())
    }

    fn bind_let(&mut self, binding: &Let) -> Result<(), Stopped> {
        let value = self.make(&binding.value, None, &binding.name.name)?.unwrap_or_default();
        self.bind(&binding.name, value);
        Ok(())
    }

    fn bind(&mut self, name: &NameAt, value: Json) {
        let at = self.state.line_of(name.span);
        let secret = self.driver.contracts().is_sensitive(&name.name);
        self.state.scope.bind(name.name.clone(), Bound { value, at, secret });
    }

    fn arguments(&mut self, template: Option<&Template>) -> Result<Json, Stopped> {
        let empty = || Json::Object(indexmap::IndexMap::new());
        let Some(template) = template else {
            return Ok(empty());
        };
        Ok(self.make(template, None, "")?.unwrap_or_else(empty))
    }

    fn stimulus(&mut self, stimulus: &Stimulus) -> Result<(), Stopped> {
        let args = self.arguments(stimulus.arguments.as_ref())?;
        let Stimulus { service, name, .. } = stimulus;
        let answer = self.driver.stimulus(service, name, &self.state.tenant, &args);
        let answer = answer.map_err(|error| self.world_failed(&error, stimulus.span))?;
        if let Some(bind) = &stimulus.bind {
            self.bind(bind, answer);
        }
        Ok(())
    }

    /// Asks again after each thing that happens, until the answer fits or the time is over.
    fn query(&mut self, query: &Query) -> Result<(), Stopped> {
        let wait = self.duration(&query.within)?;
        let args = self.arguments(query.arguments.as_ref())?;
        let (from, until) = (self.driver.now(), self.until(wait));
        loop {
            let answer = self.driver.query(&query.service, &query.name, &self.state.tenant, &args);
            let down = matches!(answer, Err(DriverError::Down(_)));
            let answer = match answer {
                Ok(answer) => answer,
                Err(_) if down => Json::Null,
                Err(error) => return Err(self.world_failed(&error, query.span)),
            };
            let matched = {
                let contracts = self.driver.contracts();
                let is_sensitive = |field: &str| contracts.is_sensitive(field);
                let place = |span: Span| self.state.line_of(span);
                let context = Context {
                    scope: &self.state.scope,
                    now: from,
                    is_sensitive: &is_sensitive,
                    place: &place,
                };
                compare(&query.expect, Some(&answer), context)
            };
            if matched.holds() && !down {
                for (name, bound) in matched.bindings {
                    self.state.scope.bind(name, bound);
                }
                return Ok(());
            }
            let steps = self.driver.history().entries().len();
            let ended = self.driver.run_on(until, steps);
            if ended.map_err(|error| self.world_failed(&error, query.span))? == Ended::Seen {
                continue;
            }
            let answer = (!down).then_some((&answer, &matched));
            return Err(self.not_answered(query, answer, (from, wait)));
        }
    }

    /// Says how the last answer differs, or that there was none.
    fn not_answered(
        &self,
        query: &Query,
        answer: Option<(&Json, &Matched)>,
        (from, wait): (VirtualTime, Duration),
    ) -> Stopped {
        let Query { service, name, .. } = query;
        let label = self.span_of("asked", (from, wait));
        let Some((answer, matched)) = answer else {
            let message = format!("{service}.{name} cannot be asked: {service} is down");
            return Box::new(self.trouble("query::differs", message, query.span, label));
        };
        let wait = show_duration(wait);
        let message = format!("{service}.{name} does not answer as expected within {wait}");
        let mut trouble = self.trouble("query::differs", message, query.span, label);
        let told = |one: &super::Difference| {
            format!("{}: expected {}, got {}", one.path, one.expected, one.got)
        };
        trouble.notes.extend(matched.differences.iter().map(told));
        // Of a field that is not there the name may be wrong.
        let absent = matched.differences.iter().any(|one| one.got == "nothing");
        if let (Json::Object(fields), true) = (answer, absent) {
            let fields: Vec<_> = fields.keys().map(String::as_str).collect();
            let fields = fields.join(", ");
            trouble.notes.push(format!("the answer has {fields}"));
        }
        Box::new(trouble)
    }

    /// Notes that a record was sent by the test.
    pub(super) fn claim_sent(&mut self, record: crate::message::RecordId) {
        self.state.claimed.insert(record, Claim::Sent);
    }
}

/// The code for what a world answers.
pub(super) fn code_of(error: &DriverError) -> &'static str {
    match error {
        DriverError::NoEnd { .. } => "run::no-end",
        DriverError::Fault { .. } => "fault::not-here",
        DriverError::Stimulus(_) => "stimulus::refused",
        DriverError::Query(_) => "query::refused",
        DriverError::Replay { .. } => "replay::not-possible",
        DriverError::NotHere { .. } => "run::not-here",
        DriverError::TimedOut { .. } => "run::timed-out",
        DriverError::Lost(_) => "run::lost",
        _ => "run::stopped",
    }
}

/// `account.status/LOGGED_IN`, or the channel alone.
pub(super) fn target_name(target: &Target) -> String {
    match &target.message {
        Some(message) => format!("{}/{message}", target.channel),
        None => target.channel.clone(),
    }
}
