//! What an outsider sees of a run on the bus: records with the times at which they were sent and
//! seen, and kills. Who caused what, what was delivered and what was decided stays inside.

use std::time::Duration;

use quintet::history::{Event, History, Producer};
use quintet::message::{Seed, Stream, VirtualTime};
use quintet::verify::Observation;

/// How long after an input an answer may come.
pub(crate) const SETTLE: Duration = Duration::from_secs(1);

/// How events travel to the outsider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Each event is seen so many ms later at most.
    pub(crate) delay_ms: usize,
    pub(crate) seed: u64,
}

/// What is seen of `subject`.
pub(crate) fn observe(history: &History, subject: &str, view: View) -> Observation {
    let mut delays = Stream::keyed(Seed(view.seed), &"delays");
    let mut entries = Vec::new();
    let mut ended = VirtualTime::ZERO;
    for entry in history.entries() {
        ended = ended.max(entry.at);
        let mut at = entry.at;
        let kept = match &entry.event {
            Event::Sent { .. } => true,
            Event::Emitted { service, .. } => {
                if history.service(*service) == subject {
                    let ms = delays.below(view.delay_ms + 1);
                    at = at.after(Duration::from_millis(ms as u64));
                }
                true
            }
            Event::Crashed { service } | Event::Restarted { service } => {
                history.service(*service) == subject
            }
            _ => false,
        };
        if kept {
            entries.push((at, &entry.event));
        }
    }
    entries.sort_by_key(|(at, _)| *at);
    let contracts = quintet::contract::Contracts::builtin();
    let mut seen = History::new(contracts, history.services().to_vec());
    for (at, event) in entries {
        match event {
            Event::Sent { record } | Event::Emitted { record, .. } => {
                let placed = history.record(*record);
                let producer = match placed.producer {
                    Producer::Test => Producer::Test,
                    Producer::Service { service, .. } => Producer::Service { service, cause: None },
                };
                let place = (placed.channel, placed.partition, placed.offset);
                seen.append(at, place, placed.record.clone(), producer);
            }
            other => seen.push(at, other.clone()),
        }
    }
    let ended = ended.after(Duration::from_millis(view.delay_ms as u64)).after(SETTLE * 2);
    Observation::new(seen, subject, ended, SETTLE)
}
