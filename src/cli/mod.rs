//! The command-line tool: arguments, files, progress, exit codes.
//!
//! What this is: the edge of the program, the only place that reads files and the real clock and
//! starts threads. What it is not: how a test is run ([`crate::scenario`]) or how its outcome is
//! told (`report`).
//!
//! What always holds: stdout carries what was asked for, stderr progress and diagnostics; a closed
//! stream is no error; a panic is our bug and ends with 101; nothing is read or opened before the
//! command line is understood. Start at [`run`].

#[cfg(feature = "kafka")]
mod again;
mod args;
mod breaking;
mod bug;
#[cfg(feature = "kafka")]
mod capture;
mod check;
mod check_notes;
mod clock;
mod compare;
mod completions;
mod contracts;
mod contracts_check;
mod contracts_show;
mod coverage;
mod documents;
mod drift;
mod exit;
mod explain;
mod explore;
#[cfg(feature = "kafka")]
mod external;
mod files;
mod fmt;
mod futile;
mod git;
mod judged;
mod last_failed;
mod link;
mod list;
#[cfg(feature = "kafka")]
mod live;
mod load;
mod matrix;
#[cfg(feature = "kafka")]
mod monitor;
mod mutants;
mod needs;
mod outputs;
mod part;
mod progress;
#[cfg(feature = "kafka")]
mod reader;
mod replay;
mod run;
mod schema;
mod selected;
#[cfg(feature = "kafka")]
mod serve;
mod terminal;
#[cfg(feature = "kafka")]
mod topics;
mod twin;
mod variables;
#[cfg(feature = "kafka")]
mod verify;
mod versions;
mod workers;

pub use exit::{EXITS, Exit, ExitInfo};

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::pack::Packs;
use args::{Command, CommandLine};
use terminal::Terminal;

/// Does what the command line of this process asks for, with these packs: all of a program that has
/// services of its own.
#[must_use]
pub fn run(packs: &Packs) -> ExitCode {
    bug::caught(|| {
        let matches = args::with_rules(CommandLine::command(), packs).try_get_matches();
        match matches.and_then(|matches| CommandLine::from_arg_matches(&matches)) {
            Ok(line) => {
                let mut terminal = Terminal::of_process();
                carry_out(&line.command, packs, &mut terminal).and(terminal.close())
            }
            Err(answer) => answered(&answer),
        }
    })
    .into()
}

fn carry_out(command: &Command, packs: &Packs, terminal: &mut Terminal) -> Exit {
    match command {
        Command::Run(args) => run::run(args, packs, terminal),
        Command::Explore(args) => explore::explore(args, packs, terminal),
        Command::Replay(args) => replay::replay(args, packs, terminal),
        Command::Check(args) => check::check(args, packs, terminal),
        Command::List(args) => list::list(args, packs, terminal),
        Command::Lint(args) => list::lint(args, packs, terminal),
        Command::Explain(args) => explain::explain(args, packs, terminal),
        Command::Contracts(args) => contracts::contracts(args, packs, terminal),
        Command::Mutants(args) => mutants::mutants(args, packs, terminal),
        Command::Fmt(args) => fmt::fmt(args, terminal),
        Command::Schema(args) => schema::schema(args, packs, terminal),
        Command::Completions(args) => {
            completions::completions(args, CommandLine::command(), terminal)
        }
        Command::Man(args) => completions::man(args, CommandLine::command(), terminal),
        #[cfg(feature = "kafka")]
        Command::Serve(args) => serve::serve(args, packs, terminal),
        #[cfg(feature = "kafka")]
        Command::Topics(args) => topics::topics(args, packs, terminal),
        #[cfg(feature = "kafka")]
        Command::Verify(args) => verify::verify(args, packs, terminal),
        #[cfg(not(feature = "kafka"))]
        Command::Serve(_)
        | Command::Topics(_)
        | Command::Verify(_)
        | Command::Capture(_)
        | Command::Monitor(_) => link::absent(terminal),
        #[cfg(feature = "kafka")]
        Command::Capture(args) => capture::capture(args, packs, terminal),
        #[cfg(feature = "kafka")]
        Command::Monitor(args) => monitor::monitor(args, packs, terminal),
    }
}

/// Help and version are answers too; anything else says how the command line is wrong.
fn answered(answer: &clap::Error) -> Exit {
    // A closed stream is no error.
    let _ = answer.print();
    if answer.use_stderr() { Exit::Unusable } else { Exit::Holds }
}
