//! `fmt`: scenario and fragment files in one layout.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::files::{self, FRAGMENT, SCENARIO};
use super::load;
use super::terminal::Terminal;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::input::is_stdin;
use crate::report::style::{count, one_line};
use crate::yaml;

/// `fmt`
#[derive(Debug, Args)]
pub(super) struct Fmt {
    /// Files, or folders with *.scenario.yaml and *.fragment.yaml files; `-` is standard input, and
    /// goes to standard output
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,

    /// Change nothing: name the files that would change, and end with 1 if there are any
    #[arg(long)]
    check: bool,
}

/// Formats the files, or says which would change.
pub(super) fn fmt(args: &Fmt, terminal: &mut Terminal) -> Exit {
    let (found, errors) = files::find(&args.paths, &[SCENARIO, FRAGMENT]);
    let mut exit = Exit::Holds;
    for error in errors {
        terminal.error(&error.to_string());
        exit = Exit::Unusable;
    }
    let mut changed = 0;
    for path in &found {
        let shown = load::shown(path);
        let done = match one(path, terminal) {
            Some((_, formatted)) if is_stdin(path) && !args.check => {
                terminal.line(formatted.trim_end_matches('\n'));
                continue;
            }
            Some((text, formatted)) if text == formatted => continue,
            Some(_) if args.check => {
                terminal.line(&one_line(&shown));
                exit = exit.and(Exit::Violation);
                Ok(())
            }
            Some((_, formatted)) => replace(path, &formatted),
            None => {
                exit = Exit::Unusable;
                continue;
            }
        };
        changed += 1;
        if let Err(error) = done {
            terminal.error(&format!("cannot write {shown}: {error}"));
            exit = Exit::Unusable;
        }
    }
    if found.is_empty() && exit == Exit::Holds {
        terminal.error("there is no *.scenario.yaml or *.fragment.yaml file there");
        return Exit::Inconclusive;
    }
    if !found.iter().any(|path| is_stdin(path)) {
        let of = count(found.len(), "file", "files");
        let would = if args.check { "would be changed" } else { "changed" };
        terminal.line(&format!("{changed} of {of} {would}"));
    }
    exit
}

/// A file's text as it is and as it should be; what is wrong with it is told.
fn one(path: &Path, terminal: &mut Terminal) -> Option<(String, String)> {
    let shown = load::shown(path);
    let bytes = match load::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            terminal.error(&format!("cannot read {shown}: {error}"));
            return None;
        }
    };
    let mut diagnostics = Vec::new();
    let file = SourceFile::from_bytes(&shown, &bytes, &mut diagnostics);
    let read = file.and_then(|file| Some((yaml::read(&file, &mut diagnostics)?, file)));
    if diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.iter().for_each(|one| terminal.trouble(&format!("{}\n", load::told(one))));
        return None;
    }
    let (before, file) = read?;
    let formatted = yaml::format(&file.text);
    // A layout that means something else would be a bug, and no file is to suffer from it.
    let again = SourceFile::new(&*shown, &*formatted);
    let after = yaml::read(&again, &mut diagnostics);
    if !after.is_some_and(|after| after.means(&before)) {
        terminal.error(&format!(
            "{shown} is left as it is: its layout cannot be kept apart from \
                                 what it means"
        ));
        return None;
    }
    Some((String::from_utf8(bytes).ok()?, formatted))
}

/// Puts a text in place of a file at once.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let path = std::fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    std::fs::write(&beside, text)?;
    let permissions = std::fs::metadata(&path)?.permissions();
    std::fs::set_permissions(&beside, permissions)?;
    std::fs::rename(&beside, path)
}
