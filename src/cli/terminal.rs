//! The two streams: what was asked for goes to stdout, progress and diagnostics go to stderr.
//!
//! What always holds: a stream that nobody reads any more is no error; what would be written to it
//! is dropped, and the command still ends with the code of what it found. Colour appears only where
//! a terminal shows it.

use std::io::{self, Write};

use anstream::AutoStream;

/// stdout and stderr of a command. Neither is locked: a thread with a bug still has to say so.
pub(super) struct Terminal {
    out: io::BufWriter<AutoStream<io::Stdout>>,
    err: AutoStream<io::Stderr>,
}

impl Terminal {
    /// The streams of this process.
    pub(super) fn of_process() -> Self {
        Self {
            out: io::BufWriter::new(AutoStream::auto(io::stdout())),
            err: AutoStream::auto(io::stderr()),
        }
    }

    /// Writes a line of what was asked for.
    pub(super) fn line(&mut self, text: &str) {
        // There is nobody left to tell: see the head of this file.
        let _ = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.write_all(b"\n"));
    }

    /// Shows the lines so far.
    pub(super) fn flush(&mut self) {
        let _ = self.out.flush();
    }

    /// Tells of trouble, after what was written before it.
    pub(super) fn trouble(&mut self, text: &str) {
        self.flush();
        let _ = writeln!(self.err, "{text}");
    }

    /// Tells of something in the environment or on the command line that cannot be used.
    pub(super) fn error(&mut self, text: &str) {
        use crate::report::style::{BAD, paint};
        self.trouble(&format!("{}: {text}", paint(BAD, "error")));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.flush();
    }
}
