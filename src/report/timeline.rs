//! The timeline of a test: what happened, in the words of a report.
//!
//! It is the history without what only checkers need (commits, premises, what is kept). Values are
//! not in it.

use crate::driver::FaultKind;
use crate::history::{Entry, Event, FaultId, History, Placed, ServiceIx};
use crate::message::{RecordId, VirtualTime};
use crate::scenario::run::{Claim, Outcome};

use super::Told;

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// When.
    pub(crate) at: VirtualTime,
    /// Who: a service, `test`, `time`.
    pub(crate) who: String,
    /// What is done: `emits`.
    pub(crate) does: &'static str,
    /// What it is done to: `#5 account.session.status/ERROR`.
    pub(crate) what: String,
    /// What else is to be said.
    pub(crate) note: String,
    /// The record that it is about.
    pub(crate) record: Option<RecordId>,
    /// Whether it happened in the setup.
    pub(crate) in_setup: bool,
}

/// All rows of a test, in the order in which things happened.
pub(crate) fn rows(told: &Told<'_>) -> Vec<Row> {
    let outcome = told.outcome;
    let mut teller = Teller {
        outcome,
        path: told.path(),
        history: &outcome.history,
        rows: Vec::new(),
        twice: None,
    };
    for (at, entry) in outcome.history.entries().iter().enumerate() {
        teller.tell(entry, at < outcome.set_up);
    }
    teller.rows
}

/// Who, does what, to what, and what else is to be said.
type Said = (String, &'static str, String, String);

struct Teller<'a> {
    outcome: &'a Outcome,
    /// The scenario's file.
    path: &'a str,
    history: &'a History,
    rows: Vec<Row>,
    /// A record that is delivered once more, and the fault by which it is.
    twice: Option<(RecordId, String)>,
}

impl Teller<'_> {
    fn tell(&mut self, entry: &Entry, in_setup: bool) {
        let (at, record) = (entry.at, record_of(&entry.event));
        if let (Event::Struck { fault, .. }, Some(record)) = (&entry.event, record)
            && self.is_beside_a_row(fault.0, (at, record))
        {
            return;
        }
        let Some((who, does, what, mut note)) = self.said(&entry.event) else {
            return;
        };
        if does == "reads" && self.twice.as_ref().is_some_and(|(id, _)| Some(*id) == record) {
            note = self.twice.take().map_or(note, |(_, fault)| fault);
        }
        let at = self.outcome.since_began(at);
        let row = Row { at, who, does, what, note, record, in_setup };
        match self.rows.last_mut() {
            // A query is asked again and again; time moves in many small steps.
            Some(last) if row.does == "moves" && last.does == "moves" => *last = row,
            Some(last) if row.does == "asks" && same(last, &row) => {}
            _ => self.rows.push(row),
        }
    }

    /// Puts a fault that strikes a record beside the row in which the record is read: the one just
    /// told or, of a duplicate delivery, the next one.
    fn is_beside_a_row(&mut self, fault: u32, (at, record): (VirtualTime, RecordId)) -> bool {
        let note = format!("fault {}", self.named_fault(fault));
        let armed = self.outcome.faults.get(fault as usize).map(|(name, _)| *name);
        let injected = FaultKind::of_injected(FaultId(fault)).map(FaultKind::name);
        if armed.or(injected) == Some(FaultKind::DuplicateDelivery.name()) {
            self.twice = Some((record, note));
            return true;
        }
        match self.rows.last_mut() {
            Some(row)
                if (row.does, row.record, row.at)
                    == ("reads", Some(record), self.outcome.since_began(at)) =>
            {
                row.note = note;
                true
            }
            _ => false,
        }
    }

    /// Who does what to what, and what else is to be said; `None` for what is not told.
    fn said(&self, event: &Event) -> Option<Said> {
        if let Some((service, does, what, note)) = self.service_did(event) {
            let who = self.history.service(service).to_owned();
            return Some((who, does, what, note));
        }
        let asked = |service: &ServiceIx, name: &str| {
            let service = self.history.service(*service);
            format!("{service}.{name}")
        };
        let nothing = String::new;
        let (who, does, what, note) = match event {
            Event::Sent { record } => {
                let placed = self.history.record(*record);
                ("test", "sends", self.named(placed), self.key(placed))
            }
            Event::Stimulus { service, name } => ("test", "does", asked(service, name), nothing()),
            Event::Armed { fault } => ("test", "arms", self.named_fault(fault.0), nothing()),
            Event::Struck { fault, record } => {
                let at = record.map_or_else(nothing, |record| format!("at {record}"));
                ("fault", "strikes", self.named_fault(fault.0), at)
            }
            Event::Time { .. } => ("time", "moves", nothing(), nothing()),
            _ => return None,
        };
        Some((who.to_owned(), does, what, note))
    }

    /// What a service did; `None` for what it did not, and for what only checkers need.
    fn service_did(&self, event: &Event) -> Option<(ServiceIx, &'static str, String, String)> {
        let nothing = String::new;
        Some(match event {
            Event::Delivered { service, record, attempt } => {
                let again = if *attempt > 1 { " again" } else { "" };
                (*service, "reads", format!("{record}{again}"), nothing())
            }
            Event::Recognised { service, record } => {
                let note = "nothing is done twice".to_owned();
                (*service, "knows", record.to_string(), note)
            }
            Event::Rejected { service, record, reject } => {
                let what = record.map_or_else(nothing, |record| record.to_string());
                (*service, "ignores", what, reject.shown())
            }
            Event::Emitted { service, record, .. } => {
                let placed = self.history.record(*record);
                (*service, "emits", self.named(placed), self.claim(*record))
            }
            Event::Observed { service, what } => (*service, "is seen", nothing(), what.to_string()),
            Event::Fired { service, timer } => {
                (*service, "wakes", format!("timer {timer}"), nothing())
            }
            Event::Asked { service, query } => (*service, "asks", query.clone(), nothing()),
            Event::Crashed { service } => (*service, "crashes", nothing(), nothing()),
            Event::Restarted { service } => (*service, "restarts", nothing(), nothing()),
            Event::Rebalanced { service, generation } => {
                let note = format!("generation {generation}");
                (*service, "rebalances", nothing(), note)
            }
            _ => return None,
        })
    }

    fn named(&self, placed: &Placed) -> String {
        format!("{} {}", placed.id, self.history.message_name(placed))
    }

    fn key(&self, placed: &Placed) -> String {
        let Some(bytes) = placed.record.key.as_deref() else {
            return "no key".to_owned();
        };
        let channel = self.history.contracts().channel(placed.channel);
        match channel.and_then(|channel| channel.encoding.decode(bytes)) {
            Some(id) => format!("key {id}"),
            None => format!("key of {} bytes", bytes.len()),
        }
    }

    /// A fault as the file names it, with its line.
    fn named_fault(&self, number: u32) -> String {
        let Some((name, place)) = self.outcome.faults.get(number as usize) else {
            let injected = FaultKind::of_injected(FaultId(number)).map(FaultKind::name);
            return injected.map_or_else(|| format!("fault {number}"), str::to_owned);
        };
        let (line, _) = place.file.position(place.span.start);
        if place.file.path == self.path {
            format!("{name} (line {line})")
        } else {
            format!("{name} ({}:{line})", short(&place.file.path))
        }
    }

    fn claim(&self, record: RecordId) -> String {
        let mut troubles = self.outcome.troubles.iter();
        if troubles.any(|trouble| trouble.nearest.as_ref().is_some_and(|n| n.record == record)) {
            return "nearest".to_owned();
        }
        match self.outcome.claimed.get(&record) {
            Some(Claim::Sent) => String::new(),
            Some(Claim::Allowed) => "allowed".to_owned(),
            Some(Claim::Line { path, line }) if path == self.path => {
                format!("claimed by line {line}")
            }
            Some(Claim::Line { path, line }) => format!("claimed by {}:{line}", short(path)),
            None => "not claimed".to_owned(),
        }
    }
}

/// The path of a fragment as scenarios write it, where it is one.
pub(crate) fn short(path: &str) -> &str {
    let name = path.strip_suffix(crate::scenario::FRAGMENT_ENDING).unwrap_or(path);
    let below = name.rfind("scenarios/").map(|at| &name[at + "scenarios/".len()..]);
    below.unwrap_or_else(|| name.rsplit_once(':').map_or(name, |(_, path)| path))
}

fn record_of(event: &Event) -> Option<RecordId> {
    match event {
        Event::Sent { record }
        | Event::Delivered { record, .. }
        | Event::Recognised { record, .. }
        | Event::Emitted { record, .. } => Some(*record),
        Event::Rejected { record, .. } | Event::Struck { record, .. } => *record,
        _ => None,
    }
}

fn same(last: &Row, row: &Row) -> bool {
    (&last.who, last.does, &last.what) == (&row.who, row.does, &row.what)
}
