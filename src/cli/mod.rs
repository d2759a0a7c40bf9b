//! The command-line tool: arguments, files, progress, exit codes.
//!
//! What this is: the edge of the program, the only place that reads files and the real clock and
//! starts threads. What it is not: how a test is run ([`crate::scenario`]) or how its outcome is
//! told (`report`).
//!
//! What always holds: stdout carries what was asked for, stderr progress and diagnostics; a closed
//! stream is no error; a panic is our bug and ends with 101; nothing is read or opened before the
//! command line is understood. Start at [`main`].

#[cfg(feature = "kafka")]
mod again;
mod args;
mod bug;
#[cfg(feature = "kafka")]
mod capture;
mod check;
mod clock;
mod contracts;
mod exit;
mod explain;
mod files;
mod futile;
mod judged;
mod link;
mod list;
#[cfg(feature = "kafka")]
mod live;
mod load;
#[cfg(feature = "kafka")]
mod monitor;
mod outputs;
mod progress;
#[cfg(feature = "kafka")]
mod reader;
mod replay;
mod run;
#[cfg(feature = "kafka")]
mod serve;
mod terminal;
#[cfg(feature = "kafka")]
mod topics;
mod twin;
#[cfg(feature = "kafka")]
mod verify;
mod workers;

pub use exit::{EXITS, Exit, ExitInfo};

use std::process::ExitCode;

use clap::Parser;

use args::{Command, CommandLine};
use terminal::Terminal;

/// Does what the command line of this process asks for.
#[must_use]
pub fn main() -> ExitCode {
    bug::caught(|| match CommandLine::try_parse() {
        Ok(line) => {
            let mut terminal = Terminal::of_process();
            carry_out(&line.command, &mut terminal).and(terminal.close())
        }
        Err(answer) => answered(&answer),
    })
    .into()
}

fn carry_out(command: &Command, terminal: &mut Terminal) -> Exit {
    match command {
        Command::Run(args) => run::run(args, terminal),
        Command::Replay(args) => replay::replay(args, terminal),
        Command::Check(args) => check::check(args, terminal),
        Command::List(args) => list::list(args, terminal),
        Command::Lint(args) => list::lint(args, terminal),
        Command::Explain(args) => explain::explain(args, terminal),
        Command::Contracts(args) => contracts::contracts(args, terminal),
        #[cfg(feature = "kafka")]
        Command::Serve(args) => serve::serve(args, terminal),
        #[cfg(feature = "kafka")]
        Command::Topics(args) => topics::topics(args, terminal),
        #[cfg(feature = "kafka")]
        Command::Verify(args) => verify::verify(args, terminal),
        #[cfg(not(feature = "kafka"))]
        Command::Serve(_)
        | Command::Topics(_)
        | Command::Verify(_)
        | Command::Capture(_)
        | Command::Monitor(_) => link::absent(terminal),
        #[cfg(feature = "kafka")]
        Command::Capture(args) => capture::capture(args, terminal),
        #[cfg(feature = "kafka")]
        Command::Monitor(args) => monitor::monitor(args, terminal),
    }
}

/// Help and version are answers too; anything else says how the command line is wrong.
fn answered(answer: &clap::Error) -> Exit {
    // A closed stream is no error.
    let _ = answer.print();
    if answer.use_stderr() { Exit::Unusable } else { Exit::Holds }
}
