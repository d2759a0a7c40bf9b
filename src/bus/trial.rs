//! Two deliveries tried out on copies of their service, to see whether their order matters.

use super::Choice;
use super::deliver::Place;
use super::slot::{Reader, Slot};
use crate::history::{History, ServiceIx};
use crate::message::{Json, Offset, RecordId, Seed, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::{AskError, Cx, Effects, Host, Incoming, Model, Reject, TimerChange};

/// What is needed to try deliveries out.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) logs: &'a [Vec<Vec<RecordId>>],
    pub(super) now: VirtualTime,
    pub(super) seed: Seed,
}

/// What handling a record came to.
#[derive(PartialEq)]
struct Tried {
    result: Result<(), Reject>,
    timers: Vec<TimerChange>,
    noted: Vec<(RuleId, &'static str)>,
}

impl Trial<'_> {
    /// Whether both orders of two deliveries to one service have the same effect.
    pub(super) fn commute(&self, history: &History, one: Choice, other: Choice) -> bool {
        let (Some((service, one)), Some((same, other))) = (self.reader(one), self.reader(other))
        else {
            return false;
        };
        let slot = &self.slots[service.at()];
        // Behind a plan in hand nothing is handled at once.
        if service != same || !slot.plans.is_empty() {
            return false;
        }
        let both = |first: &Reader, second: &Reader| {
            let mut model = slot.service.as_ref()?.fork()?;
            let first = self.handle(history, slot, (&mut *model, first))?;
            let second = self.handle(history, slot, (&mut *model, second))?;
            Some((first, second, model.fingerprint()))
        };
        let (forth, back) = (both(one, other), both(other, one));
        let (Some(forth), Some(back)) = (forth, back) else {
            return false;
        };
        (forth.0, forth.1, forth.2) == (back.1, back.0, back.2)
    }

    fn reader(&self, choice: Choice) -> Option<(ServiceIx, &Reader)> {
        let Choice::Deliver { service, channel, partition } = choice else {
            return None;
        };
        let mut readers = self.slots[service.at()].readers.iter();
        let reader = readers.find(|one| (one.channel, one.partition) == (channel, partition))?;
        Some((service, reader))
    }

    /// Handles the next record of a reader; `None` where more happens than a change of state.
    fn handle(
        &self,
        history: &History,
        slot: &Slot,
        (model, reader): (&mut dyn Model, &Reader),
    ) -> Option<Tried> {
        if reader.position < reader.kept || reader.again.is_some() {
            return None;
        }
        let offset = usize::try_from(reader.position).ok()?;
        let log = &self.logs[reader.channel.at()][reader.partition.0 as usize];
        let placed = history.record(*log.get(offset)?);
        let tenant = placed.record.headers.tenant().ok()?;
        let attempt = reader.next_attempt();
        let place = Place::Record {
            channel: reader.channel.0,
            partition: reader.partition.0,
            offset: reader.position,
            attempt,
        };
        let incoming = Incoming {
            channel: history.contracts().channel_name(reader.channel),
            tenant,
            key: placed.record.key.as_deref(),
            value: placed.record.value_bytes(),
            record: placed.id,
            partition: reader.partition,
            offset: Offset(reader.position),
            attempt,
        };
        let (mut host, mut effects) = (Alone::default(), Effects::default());
        let mut cx = Cx::new(
            history.contracts(),
            (&mut host, &mut effects),
            (tenant, &placed.record.headers),
            self.now,
            (self.seed, &(slot.name.as_str(), &place)),
        );
        let result = model.handle(&incoming, &mut cx);
        let is_quiet = effects.emits.is_empty() || result.is_err();
        let timers = if result.is_ok() { effects.timers } else { Vec::new() };
        (is_quiet && !host.asked).then_some(Tried { result, timers, noted: host.noted })
    }
}

/// Answers nothing, and notes what it was told.
#[derive(Default)]
struct Alone {
    asked: bool,
    noted: Vec<(RuleId, &'static str)>,
}

impl Host for Alone {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        self.noted.extend(options.first().map(|option| (rule, *option)));
        0
    }

    fn applies(&mut self, rule: RuleId) {
        self.noted.push((rule, ""));
    }

    fn ask(&mut self, service: &str, _: &str, _: &Json, _: &Tenant) -> Result<Json, AskError> {
        self.asked = true;
        Err(AskError::Unreachable(service.to_owned()))
    }
}
