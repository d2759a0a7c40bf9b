//! One service of a host: its state, and what it still has to do.

use std::collections::{BTreeMap, VecDeque};

use super::journal::{Entry, Input, Unsent};
use super::lanes::Lane;
use super::perform::{Around, Refusal, perform};
use super::store::{Kept, Store, StoreError};
use super::timers::Timers;
use super::window::Window;
use super::witness::Spot;
use crate::contract::Contracts;
use crate::driver::FaultKind;
use crate::history::FaultId;
use crate::message::{ChannelIx, Json, Outgoing, Partition, Seed, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::{AskError, Effects, Host, Service};

/// A partition that a service reads.
pub(super) type Part = (ChannelIx, Partition);

pub(super) struct Slot {
    pub(super) name: String,
    /// `None` while one of its own handlers runs, and while it is down.
    pub(super) service: Option<Box<dyn Service>>,
    pub(super) store: Box<dyn Store>,
    pub(super) seed: Seed,
    pub(super) timers: Timers,
    /// Which records are handled, and their effects kept.
    pub(super) handled: BTreeMap<Part, Window>,
    /// Which records are done with: their events sent, so that they can be committed.
    pub(super) done: BTreeMap<Part, Window>,
    /// The offsets that were committed, as far as this process knows.
    pub(super) committed: BTreeMap<Part, u64>,
    /// Until when records of a partition are held back.
    pub(super) held: BTreeMap<Part, VirtualTime>,
    /// What is kept and not yet sent, in the order in which state changed.
    pub(super) plans: VecDeque<Plan>,
    pub(super) next_event: u64,
    pub(super) stimuli: u64,
    /// When it starts again, while it is down.
    pub(super) down_until: Option<VirtualTime>,
    /// Whether it has stopped with events that the broker did not take, or offsets.
    pub(super) is_cut_off: bool,
    /// The memory of the last handler's effects, for the next.
    pub(super) spare: Effects,
}

/// What a handled input still has to do.
#[derive(Debug)]
pub(super) struct Plan {
    /// Events that are not known to be sent, with their numbers.
    pub(super) events: VecDeque<(u64, Outgoing)>,
    /// How many have been sent and marked.
    pub(super) marked: usize,
    pub(super) cause: Option<Spot>,
    /// The record that is done with once all events are sent.
    pub(super) finishes: Option<Spot>,
    /// Where its record stood among others; events of one lane leave in order.
    pub(super) lane: Option<Lane>,
    /// Before this moment the next event is not sent.
    pub(super) not_before: VirtualTime,
    /// A fault that strikes within this plan.
    pub(super) fault: Option<(FaultId, FaultKind)>,
}

impl Plan {
    pub(super) fn of(events: &[(u64, Unsent)], cause: Option<Spot>) -> Self {
        let event = |(number, unsent): &(u64, Unsent)| (*number, unsent.outgoing.clone());
        Self {
            events: events.iter().map(event).collect(),
            marked: 0,
            cause,
            finishes: None,
            lane: None,
            not_before: VirtualTime::ZERO,
            fault: None,
        }
    }
}

impl Slot {
    pub(super) fn new(name: &str, store: Box<dyn Store>, seed: Seed) -> Self {
        Self {
            name: name.to_owned(),
            service: None,
            store,
            seed,
            timers: Timers::default(),
            handled: BTreeMap::new(),
            done: BTreeMap::new(),
            committed: BTreeMap::new(),
            held: BTreeMap::new(),
            plans: VecDeque::new(),
            next_event: 0,
            stimuli: 0,
            down_until: None,
            is_cut_off: false,
            spare: Effects::default(),
        }
    }

    /// Brings a service that has just been made into the state that was kept, by replay. Returns
    /// whether there was any.
    pub(super) fn wake(
        &mut self,
        mut service: Box<dyn Service>,
        contracts: &Contracts,
        now: VirtualTime,
    ) -> Result<bool, StoreError> {
        let Kept { journal, unsent, positions } = self.store.load()?;
        self.timers = Timers::default();
        self.stimuli = 0;
        for (number, entry) in journal.iter().enumerate() {
            self.replay(&mut *service, entry, contracts).map_err(|why| {
                let why = format!("input {number}: {why}");
                StoreError::Replay { path: self.store.shown(), why }
            })?;
        }
        self.next_event = unsent.last_key_value().map_or(0, |(number, _)| number + 1);
        let unsent: Vec<_> = unsent.into_iter().collect();
        let same_cause = |a: &(u64, Unsent), b: &(u64, Unsent)| a.1.cause == b.1.cause;
        let plans = unsent.chunk_by(same_cause).map(|events| Plan::of(events, events[0].1.cause));
        self.plans = plans.collect();
        let committed = |(part, low): (&Part, &u64)| (*part, Window::kept(*low, [].into()));
        self.done = self.committed.iter().map(committed).collect();
        self.handled = positions;
        let was_there = !journal.is_empty();
        if was_there {
            service.restarted();
            let (decided, answers) = (Vec::new(), Vec::new());
            let entry = Entry { at: now, input: Input::Restarted, decided, answers };
            let keep = super::store::Keep { entry: Some(&entry), ..Default::default() };
            self.store.keep(&keep)?;
        }
        self.service = Some(service);
        self.down_until = None;
        Ok(was_there)
    }

    /// Does one kept input again; its events are sent or kept already.
    fn replay(
        &mut self,
        service: &mut dyn Service,
        entry: &Entry,
        contracts: &Contracts,
    ) -> Result<(), String> {
        let mut told = Told { entry, decided: 0, answered: 0, wrong: None };
        let timer = match &entry.input {
            Input::Timer { tenant, name } => {
                let armed = self.timers.take(tenant, name);
                Some(armed.ok_or_else(|| format!("no timer {name} is armed"))?)
            }
            Input::Stimulus { count, .. } => {
                self.stimuli = count + 1;
                None
            }
            _ => None,
        };
        let mut effects = std::mem::take(&mut self.spare);
        let around = Around {
            contracts,
            host: &mut told,
            effects: &mut effects,
            now: entry.at,
            seed: self.seed,
        };
        let done = perform(service, (&entry.input, timer.as_ref()), around);
        effects.emits.clear();
        if let Some(wrong) = told.wrong {
            return Err(wrong);
        }
        let done = done.map_err(|refusal| refusal.told())?;
        if let Some((tenant, headers)) = &done.cause {
            for change in effects.timers.drain(..) {
                self.timers.change(tenant, change, (entry.at, headers));
            }
        }
        self.spare = effects;
        Ok(())
    }

    /// All that a killed process loses is gone.
    pub(super) fn fall(&mut self, until: VirtualTime) {
        self.service = None;
        self.plans.clear();
        self.handled.clear();
        self.down_until = Some(until);
        let committed = |(part, low): (&Part, &u64)| (*part, Window::kept(*low, [].into()));
        self.done = self.committed.iter().map(committed).collect();
    }
}

impl Refusal {
    /// Why, as people read it.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Record(reject) => reject.shown(),
            Self::Stimulus(error) => error.to_string(),
            Self::Given(why) => why.clone(),
            Self::Panicked(why) => format!("it panicked: {why}"),
        }
    }
}

/// Tells a handler again what it was told when its input was kept.
struct Told<'a> {
    entry: &'a Entry,
    decided: usize,
    answered: usize,
    wrong: Option<String>,
}

impl Host for Told<'_> {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        let kept = self.entry.decided.get(self.decided);
        self.decided += 1;
        let at = kept.and_then(|kept| options.iter().position(|option| option == kept));
        if at.is_none() {
            let kept = kept.map_or("nothing", String::as_str);
            self.wrong = Some(format!("{rule} was decided as {kept}, which is no option now"));
        }
        at.unwrap_or(0)
    }

    fn applies(&mut self, _: RuleId) {}

    fn ask(&mut self, service: &str, query: &str, _: &Json, _: &Tenant) -> Result<Json, AskError> {
        let kept = self.entry.answers.get(self.answered).cloned();
        self.answered += 1;
        kept.unwrap_or_else(|| {
            self.wrong = Some(format!("{service}.{query} was not asked when it was kept"));
            Err(AskError::Unreachable(service.to_owned()))
        })
    }
}
