//! A thread that reads what flows, until it is told to end: by a signal, or after a while.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::args::Start;
use super::exit::Exit;
use super::link::Linked;
use super::terminal::Terminal;
use crate::kafka::{Deadline, From, Tap, TapError, Tapped};

/// So many records at most are handed over at once, and so many times without being taken.
const MOST_RECORDS: usize = 1024;
const MOST_BATCHES: usize = 16;
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

/// The thread.
pub(super) struct Reader {
    batches: Receiver<Batch>,
    thread: JoinHandle<()>,
}

impl Reader {
    /// Begins to read from the tap, until a signal comes or the time is over.
    ///
    /// # Errors
    /// Where the system gives no thread or no signals.
    pub(super) fn start(tap: Tap, time: Option<Duration>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        at_a_signal(Arc::clone(&stop))?;
        let (sender, batches) = sync_channel(MOST_BATCHES);
        let builder = std::thread::Builder::new().name("reader".to_owned());
        let thread = builder.spawn(move || read(tap, time, &stop, &sender))?;
        Ok(Self { batches, thread })
    }

    /// What was read next; `Some(Quiet)` where nothing came for a moment, `None` at the end.
    pub(super) fn next(&self) -> Option<Batch> {
        match self.batches.recv_timeout(LOOK) {
            Ok(batch) => Some(batch),
            Err(RecvTimeoutError::Timeout) => Some(Batch::Quiet),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Waits for the thread, which has ended.
    pub(super) fn end(self) -> Exit {
        drop(self.batches);
        if self.thread.join().is_ok() { Exit::Holds } else { Exit::Bug }
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

fn read(mut tap: Tap, time: Option<Duration>, stop: &AtomicBool, to: &SyncSender<Batch>) {
    let deadline = time.map(Deadline::after);
    loop {
        let over = deadline.as_ref().is_some_and(Deadline::is_over);
        if over || stop.load(Ordering::Relaxed) {
            return;
        }
        let wait = deadline.as_ref().map_or(LOOK, |deadline| deadline.slice(LOOK));
        let batch = batch(&mut tap, wait);
        let failed = matches!(batch, Batch::Failed(_));
        if to.send(batch).is_err() || failed {
            return;
        }
    }
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
