//! `completions` and `man`: made from the definitions of the command line.

use clap::{Args, Command};
use clap_complete::Shell;

use super::exit::Exit;
use super::terminal::Terminal;
use crate::diagnostic::suggest;

/// `completions`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// `man`
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command, as in `contracts drift`; the page of quintet itself if not given
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// Prints what a shell needs to complete words.
pub(super) fn completions(
    args: &Completions,
    mut command: Command,
    terminal: &mut Terminal,
) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "quintet", &mut script);
    terminal.line(String::from_utf8_lossy(&script).trim_end());
    Exit::Holds
}

/// Prints a page of the manual.
pub(super) fn man(args: &Man, mut command: Command, terminal: &mut Terminal) -> Exit {
    command.build();
    for word in &args.command {
        let names: Vec<_> =
            command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
        let Some(inner) = command.find_subcommand(word).cloned() else {
            let near = suggest(word, names.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            terminal.error(&format!("there is no command `{word}`{near}"));
            return Exit::Unusable;
        };
        command = inner;
    }
    let mut page = Vec::new();
    if let Err(error) = clap_mangen::Man::new(command).render(&mut page) {
        terminal.error(&format!("the page cannot be made: {error}"));
        return Exit::Bug;
    }
    terminal.line(String::from_utf8_lossy(&page).trim_end());
    Exit::Holds
}
