//! Where reports go: text, and what has no file, to stdout; the others to files.
//!
//! What always holds: a file is opened before anything is done, so that one that cannot be written
//! is no late surprise; stdout carries text, or one report for programs, never both. GitHub's
//! annotations stand beside text, for GitHub looks for them there.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::args::{Format, Forms};
use super::exit::Exit;
use super::terminal::Terminal;

/// The reports of a command.
pub(super) struct Outputs {
    /// What stdout carries.
    stdout: Format,
    github: bool,
    files: Vec<(Format, PathBuf, BufWriter<File>)>,
    lost: Option<(PathBuf, io::Error)>,
}

/// Why forms and files do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Misfit {
    #[error("--format {0} is there twice")]
    Twice(&'static str),
    #[error(
        "--out names the file of a report in JSON or JUnit, and there are more files than such"
    )]
    TooManyFiles,
    #[error(
        "of several reports in JSON and JUnit each needs a file: --out once for each, in order"
    )]
    TooFewFiles,
    #[error("stdout cannot carry {0} and something else: name its file with --out")]
    Crowded(&'static str),
}

impl Outputs {
    /// Opens what is asked for; `None` where that cannot be, which is told.
    pub(super) fn open(forms: &Forms, terminal: &mut Terminal) -> Option<Self> {
        let (stdout, with_files) = match fit(&forms.format, forms.out.len()) {
            Ok(fit) => fit,
            Err(misfit) => {
                terminal.error(&misfit.to_string());
                return None;
            }
        };
        let github = forms.format.contains(&Format::Github);
        let mut files = Vec::new();
        for (format, path) in with_files.into_iter().zip(&forms.out) {
            match File::create(path) {
                Ok(file) => files.push((format, path.clone(), BufWriter::new(file))),
                Err(error) => {
                    terminal.error(&format!("cannot write {}: {error}", path.display()));
                    return None;
                }
            }
        }
        Some(Self { stdout, github, files, lost: None })
    }

    /// What stdout carries.
    pub(super) fn stdout(&self) -> Format {
        self.stdout
    }

    /// Whether there is a report in this form.
    pub(super) fn wants(&self, format: Format) -> bool {
        let in_file = self.files.iter().any(|(own, ..)| *own == format);
        self.stdout == format || in_file || (format == Format::Github && self.github)
    }

    /// Adds a line to the report in this form, if there is one.
    pub(super) fn line(&mut self, format: Format, text: &str, terminal: &mut Terminal) {
        if let Some((_, path, file)) = self.files.iter_mut().find(|(own, ..)| *own == format) {
            let written = file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n"));
            if let Err(error) = written {
                self.lost.get_or_insert((path.clone(), error));
            }
        } else if self.wants(format) {
            terminal.line(text);
        }
    }

    /// Writes what is left; a report that could not be written is worth nothing.
    pub(super) fn close(mut self, terminal: &mut Terminal) -> Exit {
        for (_, path, file) in &mut self.files {
            if let Err(error) = file.flush() {
                self.lost.get_or_insert((path.clone(), error));
            }
        }
        match self.lost {
            None => Exit::Holds,
            Some((path, error)) => {
                terminal.error(&format!("cannot write {}: {error}", path.display()));
                Exit::Unusable
            }
        }
    }
}

/// What stdout carries, and which forms go to files, in order.
fn fit(formats: &[Format], files: usize) -> Result<(Format, Vec<Format>), Misfit> {
    let name = |format: Format| match format {
        Format::Text => "text",
        Format::Json => "json",
        Format::Junit => "junit",
        Format::Github => "github",
    };
    for (at, format) in formats.iter().enumerate() {
        if formats[..at].contains(format) {
            return Err(Misfit::Twice(name(*format)));
        }
    }
    let for_programs = |format: &Format| matches!(format, Format::Json | Format::Junit);
    let data: Vec<_> = formats.iter().copied().filter(for_programs).collect();
    if files > data.len() {
        return Err(Misfit::TooManyFiles);
    }
    if files == data.len() {
        return Ok((Format::Text, data));
    }
    let alone = formats.len() == 1;
    match data[..] {
        [only] if alone => Ok((only, Vec::new())),
        [only] => Err(Misfit::Crowded(name(only))),
        _ => Err(Misfit::TooFewFiles),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::args::Format::{self, Github, Json, Junit, Text};
    use super::{Misfit, fit};

    #[rstest]
    #[case::default(&[], 0, Ok((Text, vec![])))]
    #[case::alone(&[Json], 0, Ok((Json, vec![])))]
    #[case::with_a_file(&[Json], 1, Ok((Text, vec![Json])))]
    #[case::beside_text(&[Text, Junit], 1, Ok((Text, vec![Junit])))]
    #[case::in_order(&[Junit, Github, Json], 2, Ok((Text, vec![Junit, Json])))]
    #[case::annotations(&[Github], 0, Ok((Text, vec![])))]
    #[case::two(&[Json, Junit], 1, Err(Misfit::TooFewFiles))]
    #[case::both(&[Text, Json], 0, Err(Misfit::Crowded("json")))]
    #[case::annotations_within(&[Github, Junit], 0, Err(Misfit::Crowded("junit")))]
    #[case::no_report_for_it(&[Text], 1, Err(Misfit::TooManyFiles))]
    #[case::again(&[Json, Json], 2, Err(Misfit::Twice("json")))]
    fn forms_have_places(
        #[case] formats: &[Format],
        #[case] files: usize,
        #[case] expected: Result<(Format, Vec<Format>), Misfit>,
    ) {
        assert_eq!(fit(formats, files), expected);
    }
}
