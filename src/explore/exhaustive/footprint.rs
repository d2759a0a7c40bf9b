//! What a step read and wrote, and whether two steps can change places.
//!
//! Kafka's own rules: an append moves the end of one partition and nothing else, so appends to
//! different partitions commute, and an append commutes with the delivery of a record that is
//! there. Whatever a service does (read, keep, emit, commit, crash, restart, be rebalanced) is a
//! step of that service, and its steps do not commute. A question reads the state of who is asked.
//! Time moves only when nothing else can happen, and commutes with nothing.

use crate::bus::Choice;
use crate::driver::FaultKind;
use crate::history::{Entry, Event, History, ServiceIx};
use crate::message::{ChannelIx, Partition};

/// Something that steps read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Object {
    /// State, group and plans of a service.
    Service(ServiceIx),
    /// The end of a partition.
    End(ChannelIx, Partition),
    /// What the test does next.
    Test,
    /// How many faults are left.
    Faults,
}

/// What a step read and wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    reads: Vec<Object>,
    writes: Vec<Object>,
    /// It commutes with nothing.
    is_barrier: bool,
}

impl Footprint {
    /// What commutes with nothing.
    pub(super) const BARRIER: &'static Self =
        &Self { reads: Vec::new(), writes: Vec::new(), is_barrier: true };

    /// The footprint of a step that caused these entries. While the test may still act, whatever
    /// it sees may make it do so.
    pub(super) fn of(
        choice: Choice,
        (history, caused): (&History, &[Entry]),
        test_acts: bool,
    ) -> Self {
        let mut footprint = Self::default();
        if let Some(service) = service_of(choice) {
            footprint.write(Object::Service(service));
        }
        for entry in caused {
            footprint.add(&entry.event, history, test_acts);
        }
        footprint
    }

    fn add(&mut self, event: &Event, history: &History, test_acts: bool) {
        match event {
            Event::Sent { record } => {
                self.append(history, *record);
                self.write(Object::Test);
            }
            Event::Emitted { service, record, .. } => {
                self.write(Object::Service(*service));
                self.append(history, *record);
                if test_acts {
                    self.write(Object::Test);
                }
            }
            Event::Asked { service, query } => {
                self.write(Object::Service(*service));
                let asked = query.split('.').next().unwrap_or_default();
                let at = history.services().iter().position(|name| name == asked);
                let asked = at.and_then(|at| u16::try_from(at).ok()).map(ServiceIx);
                self.reads.extend(asked.map(Object::Service));
            }
            Event::Stimulus { service, .. } => {
                self.write(Object::Service(*service));
                self.write(Object::Test);
            }
            Event::Struck { fault, .. } => match FaultKind::of_injected(*fault) {
                Some(_) => self.write(Object::Faults),
                None => self.is_barrier = true,
            },
            Event::Time { .. }
            | Event::Armed { .. }
            | Event::Given { .. }
            | Event::Observed { .. } => self.is_barrier = true,
            Event::Delivered { service, .. }
            | Event::Recognised { service, .. }
            | Event::Rejected { service, .. }
            | Event::Applied { service, .. }
            | Event::Decided { service, .. }
            | Event::Kept { service, .. }
            | Event::Committed { service, .. }
            | Event::Fired { service, .. }
            | Event::Crashed { service }
            | Event::Restarted { service }
            | Event::Rebalanced { service, .. } => self.write(Object::Service(*service)),
        }
    }

    fn append(&mut self, history: &History, record: crate::message::RecordId) {
        let placed = history.record(record);
        self.write(Object::End(placed.channel, placed.partition));
    }

    fn write(&mut self, object: Object) {
        if !self.writes.contains(&object) {
            self.writes.push(object);
        }
    }

    /// Whether two steps can change places wherever both are possible.
    pub(super) fn is_independent(&self, other: &Self) -> bool {
        let meets = |writes: &[Object], of: &Self| {
            writes.iter().any(|object| of.writes.contains(object) || of.reads.contains(object))
        };
        !self.is_barrier
            && !other.is_barrier
            && !meets(&self.writes, other)
            && !meets(&other.writes, self)
    }

    /// Whether nothing but the state of one service was touched.
    pub(super) fn is_of_one_service(&self) -> bool {
        !self.is_barrier && self.reads.is_empty() && matches!(self.writes[..], [Object::Service(_)])
    }
}

fn service_of(choice: Choice) -> Option<ServiceIx> {
    match choice {
        Choice::Step { service }
        | Choice::Deliver { service, .. }
        | Choice::Timer { service, .. }
        | Choice::Restart { service } => Some(service),
        Choice::Fault(delivery, _) => Some(delivery.service),
    }
}
