//! What of a test can be had only in the simulator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::contract::Contracts;
use crate::diagnostic::{SourceFile, Span};
use crate::driver::FaultKind;
use crate::message::Json;
use crate::scenario::run::{NOT_OUTSIDE, Place, Trouble};
use crate::scenario::{
    DurationSpec, Field, Repeat, Step, Target, TemplateKind, TestPlan, Verb, parse_duration,
};
use crate::verify::script::random::Abilities;

/// What can be had of implementations.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// For how long a test may wait in all, in real time.
    pub(crate) max_wait: Duration,
    /// The services that are implementations.
    pub(crate) services: BTreeMap<String, Reach>,
}

/// What can be done to one implementation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// What its probe can ask and tell.
    pub(crate) abilities: Abilities,
    /// Whether it was started by a command, and so can be killed.
    pub(crate) is_ours: bool,
}

/// Why a test cannot be run with these implementations: the first step that needs the simulator.
pub(crate) fn possible(
    plan: &TestPlan,
    limits: &Limits,
    contracts: &Contracts,
) -> Result<(), Box<Trouble>> {
    let mut looking = Looking {
        plan,
        limits,
        contracts,
        file: Arc::clone(&plan.scenario.file),
        through: Vec::new(),
        waits: Duration::ZERO,
    };
    looking.world()?;
    looking.steps(&plan.scenario.setup, 1)?;
    looking.steps(&plan.scenario.steps, 1)
}

fn cannot_ask(service: &str, asked: &str) -> String {
    format!("{service} asks {asked}, and what runs elsewhere cannot ask our {asked}")
}

/// Whether one of these steps, or of those within them, is such a one.
fn any(steps: &[Step], is_it: &dyn Fn(&Step) -> bool) -> bool {
    steps.iter().any(|step| match &step.verb {
        Verb::Repeat(repeat) => any(&repeat.steps, is_it),
        Verb::Use(used) => any(&used.fragment.steps, is_it),
        _ => is_it(step),
    })
}

struct Looking<'a> {
    plan: &'a TestPlan,
    limits: &'a Limits,
    contracts: &'a Contracts,
    file: Arc<SourceFile>,
    through: Vec<(Arc<SourceFile>, Span)>,
    /// For how long the test waits whatever happens.
    waits: Duration,
}

impl Looking<'_> {
    fn not(&self, why: String, span: Span, label: &str) -> Box<Trouble> {
        let place = Place {
            file: Arc::clone(&self.file),
            span,
            label: label.to_owned(),
            through: self.through.iter().rev().cloned().collect(),
        };
        Box::new(Trouble {
            code: NOT_OUTSIDE,
            message: why,
            place: Some(place),
            nearest: None,
            records: Vec::new(),
            notes: Vec::new(),
            finding: None,
        })
    }

    /// Schedules, and what is given.
    fn world(&self) -> Result<(), Box<Trouble>> {
        let scenario = &self.plan.scenario;
        if scenario.schedules > 1 {
            let why =
                format!("it asks for {} schedules, and a broker has one order", scenario.schedules);
            return Err(self.not(why, scenario.title_span, "asked for in this file"));
        }
        let is_of = |field: &&Field| self.limits.services.contains_key(&field.name);
        if let Some(settings) = scenario.given.settings.iter().find(is_of) {
            let why = format!("{} runs elsewhere, where nothing sets it", settings.name);
            return Err(self.not(why, settings.span, "given here"));
        }
        for (service, reach) in &self.limits.services {
            let model = self.contracts.packs().model(service);
            let takes = model.map(|model| model.vocabulary().data).unwrap_or_default();
            let lacks = |field: &&Field| {
                takes.iter().any(|(data, _)| *data == field.name)
                    && !reach.abilities.data.contains(&field.name)
            };
            let Some(data) = scenario.given.data.iter().find(lacks) else { continue };
            let is_looked_up = self.contracts.packs().looked_up(service).contains(&&*data.name);
            let why = match is_looked_up {
                true => format!(
                    "{service} runs elsewhere, and no probe makes {:?} known to it",
                    data.name
                ),
                false => format!(
                    "{:?} are state of {service}, which runs elsewhere: only messages bring them \
                     about",
                    data.name
                ),
            };
            return Err(self.not(why, data.span, "given here"));
        }
        for (service, asked) in self.unreachable() {
            let model = self.contracts.packs().model(asked);
            let takes = model.map(|model| model.vocabulary().data).unwrap_or_default();
            let is_of = |field: &&Field| takes.iter().any(|(data, _)| *data == field.name);
            if let Some(data) = scenario.given.data.iter().find(is_of) {
                return Err(self.not(cannot_ask(service, asked), data.span, "given here"));
            }
        }
        Ok(())
    }

    /// The implementations that ask a service which is ours, each with that service.
    fn unreachable(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let packs = self.contracts.packs();
        let of = move |service| packs.pack(service).map_or(&[][..], |pack| pack.asks);
        let asks = self.limits.services.keys().flat_map(move |service| {
            of(service).iter().map(move |asked| (service.as_str(), *asked))
        });
        asks.filter(|(_, asked)| !self.limits.services.contains_key(*asked))
    }

    fn reads(&self, service: &str, target: &Target) -> bool {
        let channel = self.contracts.channel_ix(&target.channel);
        let read = self.contracts.consumed_by(service).unwrap_or_default();
        channel.is_some_and(|channel| read.contains(&channel))
    }

    /// Whether a test sends something to a service.
    fn concerns(&self, service: &str) -> bool {
        let reaches = |step: &Step| match &step.verb {
            Verb::Send(send) => self.reads(service, &send.target),
            Verb::Stimulus(stimulus) => stimulus.service == service,
            _ => false,
        };
        let scenario = &self.plan.scenario;
        any(&scenario.setup, &reaches) || any(&scenario.steps, &reaches)
    }

    /// What changes a service that an implementation would ask.
    fn sent(&self, target: &Target) -> Result<(), Box<Trouble>> {
        let hides = |(service, asked): &(&str, &str)| {
            self.reads(asked, target) && !self.reads(service, target) && self.concerns(service)
        };
        match self.unreachable().find(hides) {
            Some((service, asked)) => {
                Err(self.not(cannot_ask(service, asked), target.span, "sent here"))
            }
            None => Ok(()),
        }
    }

    fn steps(&mut self, steps: &[Step], times: u32) -> Result<(), Box<Trouble>> {
        steps.iter().try_for_each(|step| self.step(step, times))
    }

    fn step(&mut self, step: &Step, times: u32) -> Result<(), Box<Trouble>> {
        match &step.verb {
            Verb::Advance(wait) => self.wait(wait, step.verb_span, times),
            Verb::Never(never) => self.wait(&never.wait, step.verb_span, times),
            Verb::Expect(expect) => self.wait_at_most(&expect.within, step.verb_span),
            Verb::ExpectAll(many) | Verb::ExpectInOrder(many) => {
                self.wait_at_most(&many.within, step.verb_span)
            }
            Verb::Fault(fault) => self.fault(fault),
            Verb::Stimulus(stimulus) => {
                let knows = |reach: &Reach| reach.abilities.stimuli.contains(&stimulus.name);
                self.asked(("stimulus", &stimulus.service, &stimulus.name), stimulus.span, knows)
            }
            Verb::Query(query) => {
                let knows = |reach: &Reach| reach.abilities.queries.contains(&query.name);
                self.asked(("query", &query.service, &query.name), query.span, knows)?;
                self.wait_at_most(&query.within, step.verb_span)
            }
            Verb::Repeat(repeat) => self.steps(&repeat.steps, times * self.times(repeat)),
            Verb::Use(used) => {
                self.through.push((Arc::clone(&self.file), used.span));
                let outer = std::mem::replace(&mut self.file, Arc::clone(&used.fragment.file));
                self.steps(&used.fragment.steps, times)?;
                self.file = outer;
                self.through.pop();
                Ok(())
            }
            Verb::Send(send) => self.sent(&send.target),
            Verb::Allow(_) | Verb::Let(_) => Ok(()),
        }
    }

    /// How often steps are repeated, as far as the file says; once where only a run can know.
    fn times(&self, repeat: &Repeat) -> u32 {
        let value = match &repeat.times.kind {
            TemplateKind::Literal(value) => Some(value),
            TemplateKind::Var(name) => self.plan.row.get(name).map(|cell| &cell.value),
            _ => None,
        };
        value.and_then(Json::as_integer).and_then(|times| u32::try_from(times).ok()).unwrap_or(1)
    }

    fn duration(&self, spec: &DurationSpec) -> Duration {
        match spec {
            DurationSpec::Fixed(duration) => *duration,
            DurationSpec::Var(name) => {
                match self.plan.row.get(&name.name).map(|cell| &cell.value) {
                    Some(Json::String(text)) => parse_duration(text).unwrap_or_default(),
                    Some(value) => {
                        let seconds = value.as_integer().and_then(|s| u64::try_from(s).ok());
                        seconds.map(Duration::from_secs).unwrap_or_default()
                    }
                    None => Duration::ZERO,
                }
            }
        }
    }

    fn wait(&mut self, spec: &DurationSpec, span: Span, times: u32) -> Result<(), Box<Trouble>> {
        self.waits = self.waits.saturating_add(self.duration(spec) * times);
        self.may_wait(self.waits, span)
    }

    /// What is expected at the end of a long time comes by a timer, most of the time.
    fn wait_at_most(&self, spec: &DurationSpec, span: Span) -> Result<(), Box<Trouble>> {
        self.may_wait(self.duration(spec), span)
    }

    fn may_wait(&self, waits: Duration, span: Span) -> Result<(), Box<Trouble>> {
        let most = self.limits.max_wait;
        if waits <= most {
            return Ok(());
        }
        let why = format!(
            "it waits for {} s by then, and time is real: --max-wait allows {} s",
            waits.as_secs_f64(),
            most.as_secs_f64()
        );
        Err(self.not(why, span, "waits here"))
    }

    fn fault(&self, fault: &crate::scenario::Fault) -> Result<(), Box<Trouble>> {
        let Some(reach) = self.limits.services.get(&fault.service) else { return Ok(()) };
        let (kind, service) = (fault.kind.name(), &fault.service);
        let why = match fault.kind {
            FaultKind::CrashBeforeHandling if reach.is_ours => return Ok(()),
            FaultKind::CrashBeforeHandling => {
                format!("{service} runs elsewhere: only what --command starts can be killed")
            }
            _ => format!("{kind} happens inside {service}, which runs elsewhere"),
        };
        Err(self.not(why, fault.span, "armed here"))
    }

    fn asked(
        &self,
        (what, service, name): (&str, &str, &str),
        span: Span,
        knows: impl Fn(&Reach) -> bool,
    ) -> Result<(), Box<Trouble>> {
        match self.limits.services.get(service) {
            Some(reach) if !knows(reach) => {
                let why = format!(
                    "{service} runs elsewhere, and no probe has a command for the {what} {name:?}"
                );
                Err(self.not(why, span, "needed here"))
            }
            _ => Ok(()),
        }
    }
}
