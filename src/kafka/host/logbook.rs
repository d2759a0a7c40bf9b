//! A line for each record, without what is sensitive in it.

use std::sync::Arc;

use super::options::Log;
use super::witness::{Happened, Outlet, Spot, Witness};
use crate::contract::Contracts;
use crate::kafka::{SendError, Sender};
use crate::message::{Outgoing, Record, VirtualTime};

/// Sends what services emit, and says what they read and send.
pub(super) struct Logbook {
    pub(super) contracts: Arc<Contracts>,
    pub(super) sender: Sender,
    /// None where nothing is to be said.
    pub(super) log: Option<Log>,
}

impl Logbook {
    fn record(&self, spot: Spot, record: &Record) -> String {
        let name = self.contracts.message_name(spot.channel, record.value_bytes());
        let whose = record.headers.tenant();
        let whose = whose.map_or_else(|_| "no tenant".to_owned(), ToString::to_string);
        let value = self.contracts.show_value(spot.channel, record.value_bytes());
        format!("{name} {}/{} of {whose}: {value}", spot.partition.0, spot.offset.0)
    }

    fn place(&self, spot: Spot) -> String {
        let channel = self.contracts.channel_name(spot.channel);
        format!("{channel} {}/{}", spot.partition.0, spot.offset.0)
    }
}

impl Witness for Logbook {
    fn happened(&self, service: &str, _: VirtualTime, what: &Happened<'_>) {
        let Some(log) = &self.log else { return };
        match what {
            Happened::Delivered { spot, record } => {
                log(&format!("{service} reads {}", self.record(*spot, record)));
            }
            Happened::Recognised { spot } => {
                log(&format!("{service} has handled {} before", self.place(*spot)));
            }
            Happened::Rejected { spot, reject } => {
                let place = spot.map_or_else(|| "a timer".to_owned(), |spot| self.place(spot));
                log(&format!("{service} does nothing about {place}: {}", reject.shown()));
            }
            Happened::Fired { timer } => log(&format!("{service}: its timer {timer} is due")),
            Happened::Stimulus { name } => log(&format!("{service} is told: {name}")),
            _ => {}
        }
    }
}

impl Outlet for Logbook {
    fn emit(
        &self,
        service: &str,
        cause: Option<Spot>,
        outgoing: &Outgoing,
    ) -> Result<Spot, SendError> {
        let spot = self.sender.emit(service, cause, outgoing)?;
        if let Some(log) = &self.log {
            log(&format!("{service} sends {}", self.record(spot, &outgoing.record)));
        }
        Ok(spot)
    }
}
