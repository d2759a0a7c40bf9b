//! Reads what flows, until it is told to end: by a signal, or after a while.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::args::Start;
use super::exit::Exit;
use super::link::Linked;
use super::terminal::Terminal;
use crate::kafka::{Deadline, From, Tap, TapError, Tapped};

/// So many records at most are handed over at once.
const MOST_RECORDS: usize = 1024;
/// How long it takes at most until a signal is seen.
const LOOK: Duration = Duration::from_millis(50);

/// What was read.
#[derive(Debug)]
pub(super) enum Batch {
    /// Records, in the order in which they came.
    Records(Vec<Tapped>),
    /// For a moment nothing came.
    Quiet,
    /// Nothing more can be read.
    Failed(TapError),
}

/// Reads until a signal comes or the time is over. librdkafka fetches ahead on threads of its own,
/// so nothing is gained by reading on one of ours while another is at work on what was read.
pub(super) struct Reader {
    tap: Tap,
    deadline: Option<Deadline>,
    stop: Arc<AtomicBool>,
}

impl Reader {
    /// Begins to read from the tap.
    ///
    /// # Errors
    /// Where the system gives no signals.
    pub(super) fn start(tap: Tap, time: Option<Duration>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        at_a_signal(Arc::clone(&stop))?;
        Ok(Self { tap, deadline: time.map(Deadline::after), stop })
    }

    /// What is read.
    pub(super) fn tap(&mut self) -> &mut Tap {
        &mut self.tap
    }

    /// What comes next; `Some(Quiet)` where nothing came for a moment, `None` at the end.
    pub(super) fn next(&mut self) -> Option<Batch> {
        let over = self.deadline.as_ref().is_some_and(Deadline::is_over);
        if over || self.stop.load(Ordering::Relaxed) {
            return None;
        }
        let wait = self.deadline.as_ref().map_or(LOOK, |deadline| deadline.slice(LOOK));
        Some(batch(&mut self.tap, wait))
    }
}

/// A tap on all topics, from where the command line says; trouble is told.
pub(super) fn tap(linked: &Linked, from: Start, terminal: &mut Terminal) -> Result<Tap, Exit> {
    let from = match from {
        Start::End => From::End,
        Start::Beginning => From::Beginning,
    };
    let opened = Tap::open(&linked.connection, &linked.topics, from);
    opened.map_err(|error| {
        terminal.error(&error.to_string());
        Exit::Unchecked
    })
}

/// What is there, as far as it comes without waiting once the first is there.
fn batch(tap: &mut Tap, wait: Duration) -> Batch {
    let mut records = Vec::new();
    let mut wait = wait;
    while records.len() < MOST_RECORDS {
        match tap.poll(wait) {
            Ok(Some(tapped)) => records.push(tapped),
            Ok(None) => break,
            // What was read before it is handed over first; the next call says it again.
            Err(_) if !records.is_empty() => break,
            Err(error) => return Batch::Failed(error),
        }
        wait = Duration::ZERO;
    }
    if records.is_empty() { Batch::Quiet } else { Batch::Records(records) }
}

/// Sets the flag when SIGTERM or SIGINT comes.
fn at_a_signal(stop: Arc<AtomicBool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _within = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let builder = std::thread::Builder::new().name("signals".to_owned());
    builder.spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = signals.0.recv() => {}
                _ = signals.1.recv() => {}
            }
        });
        stop.store(true, Ordering::Relaxed);
    })?;
    Ok(())
}
