//! The two streams: what was asked for goes to stdout, progress and diagnostics go to stderr.
//!
//! What always holds: a stream that nobody reads any more is no error; what would be written to it
//! is dropped, and the command still ends with the code of what it found. One that cannot be
//! written for another reason, such as a full disk, is told. Colour appears only where a terminal
//! shows it.

use std::io::{self, Write};

use anstream::AutoStream;

use super::exit::Exit;
use crate::report::style::{BAD, paint};

/// stdout and stderr of a command. Neither is locked: a thread with a bug still has to say so.
pub(super) struct Terminal {
    out: io::BufWriter<AutoStream<io::Stdout>>,
    err: AutoStream<io::Stderr>,
    /// Why stdout could not be written, if it is not that nobody reads it.
    lost: Option<io::Error>,
    #[cfg(feature = "kafka")]
    last_error: String,
}

impl Terminal {
    /// The streams of this process.
    pub(super) fn of_process() -> Self {
        Self {
            out: io::BufWriter::new(AutoStream::auto(io::stdout())),
            err: AutoStream::auto(io::stderr()),
            lost: None,
            #[cfg(feature = "kafka")]
            last_error: String::new(),
        }
    }

    /// Writes a line of what was asked for.
    pub(super) fn line(&mut self, text: &str) {
        let out = &mut self.out;
        let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
        self.note(written);
    }

    /// Shows the lines so far.
    pub(super) fn flush(&mut self) {
        let flushed = self.out.flush();
        self.note(flushed);
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.lost.get_or_insert(error);
        }
    }

    /// Writes what is left; a report that could not be written is worth nothing.
    pub(super) fn close(mut self) -> Exit {
        self.flush();
        match self.lost.take() {
            None => Exit::Holds,
            Some(error) => {
                self.error(&format!("cannot write what was asked for: {error}"));
                Exit::Unusable
            }
        }
    }

    /// Tells of trouble, after what was written before it.
    pub(super) fn trouble(&mut self, text: &str) {
        self.flush();
        let _ = writeln!(self.err, "{text}");
    }

    /// Tells of something in the environment or on the command line that cannot be used.
    pub(super) fn error(&mut self, text: &str) {
        #[cfg(feature = "kafka")]
        text.clone_into(&mut self.last_error);
        self.trouble(&format!("{}: {text}", paint(BAD, "error")));
    }

    /// What could not be used, as it was told last.
    #[cfg(feature = "kafka")]
    pub(super) fn last_error(&self) -> &str {
        &self.last_error
    }
}
