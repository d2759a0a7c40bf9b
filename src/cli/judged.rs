//! What commands that judge an implementation have in common: accepted violations, the report in
//! all its forms, the exit code.

use super::args::{Accepting, Format};
use super::clock;
use super::exit::Exit;
use super::load;
use super::outputs::Outputs;
use super::terminal::Terminal;
use crate::accepted::{Accepted, Date};
use crate::contract::Contracts;
use crate::report::junit::document;
use crate::report::verdicts::{Acceptance, Reported, Verdicts, github, json, junit, text};
use crate::rule::Severity;

/// The violations that are accepted, and the day on which that is asked.
pub(super) struct Known {
    accepted: Accepted,
    today: Date,
    /// Which entries spoke of a finding.
    used: Vec<bool>,
}

impl Known {
    /// Reads the file, if there is one; `None` where it cannot be used, which is told.
    pub(super) fn read(
        from: &Accepting,
        contracts: &Contracts,
        terminal: &mut Terminal,
    ) -> Option<Self> {
        let today = from.today.unwrap_or_else(clock::today);
        let Some(path) = &from.file else {
            return Some(Self { accepted: Accepted::default(), today, used: Vec::new() });
        };
        let accepted = load::reading(path, terminal, |file, diagnostics| {
            Accepted::read(file, contracts, diagnostics)
        })?;
        let used = vec![false; accepted.entries.len()];
        Some(Self { accepted, today, used })
    }

    /// Marks a finding on a service that an entry speaks of.
    pub(super) fn mark(&mut self, finding: &mut Reported, service: Option<&str>) {
        if finding.severity != Severity::Violation {
            return;
        }
        let Some(at) = self.accepted.of(finding.rule, &finding.message, service, self.today) else {
            return;
        };
        let entry = &self.accepted.entries[at];
        self.used[at] = true;
        finding.acceptance = Some(Acceptance {
            reason: entry.reason.clone(),
            until: entry.until.to_string(),
            place: entry.place(),
            expired: entry.is_over(self.today),
        });
    }

    /// Marks all findings, and notes which entries spoke of none.
    pub(super) fn mark_all(&mut self, verdicts: &mut Verdicts) {
        let subject = verdicts.subject.clone();
        for finding in &mut verdicts.findings {
            self.mark(finding, subject.as_deref());
        }
        self.note_unused(verdicts);
    }

    /// Notes which entries spoke of no finding.
    pub(super) fn note_unused(&self, verdicts: &mut Verdicts) {
        let entries = self.accepted.entries.iter().zip(&self.used);
        verdicts.notes.extend(entries.filter(|(_, used)| !**used).map(|(entry, _)| {
            let (place, rule) = (entry.place(), entry.rule);
            format!("{place} accepts violations of {rule}, and none of that kind was seen")
        }));
    }
}

/// How a command ends with these verdicts.
pub(super) fn exit_of(verdicts: &Verdicts) -> Exit {
    let counts = verdicts.counts();
    if counts.violations > 0 {
        Exit::Violation
    } else if counts.inconclusive > 0 || !verdicts.exercised_any() {
        Exit::Inconclusive
    } else {
        Exit::Holds
    }
}

/// Writes the verdicts in every form that is asked for.
pub(super) fn report(
    verdicts: &Verdicts,
    (command, exit): (&str, Exit),
    outputs: &mut Outputs,
    terminal: &mut Terminal,
) {
    begin(command, verdicts.subject.as_deref(), outputs, terminal);
    for finding in verdicts.listed() {
        outputs.line(Format::Json, &json::finding(finding), terminal);
    }
    if verdicts.error.is_none() && outputs.wants(Format::Text) {
        outputs.line(Format::Text, &text::all(verdicts), terminal);
    }
    end(verdicts, (command, exit), outputs, terminal);
}

/// Ends a command that could judge nothing, for the reason that was told last: reports for programs
/// say so.
#[cfg(feature = "kafka")]
pub(super) fn unjudged(
    (command, exit): (&str, Exit),
    service: Option<&str>,
    mut outputs: Outputs,
    terminal: &mut Terminal,
) -> Exit {
    let mut verdicts = Verdicts::on(service);
    verdicts.error = Some(terminal.last_error().to_owned());
    report(&verdicts, (command, exit), &mut outputs, terminal);
    exit.and(outputs.close(terminal))
}

/// Writes what stands before the first finding.
pub(super) fn begin(
    command: &str,
    service: Option<&str>,
    outputs: &mut Outputs,
    terminal: &mut Terminal,
) {
    outputs.line(Format::Json, &json::head(command, service), terminal);
}

/// Writes what stands after the last finding, but for the text.
pub(super) fn end(
    verdicts: &Verdicts,
    (command, exit): (&str, Exit),
    outputs: &mut Outputs,
    terminal: &mut Terminal,
) {
    for line in json::end(verdicts, exit.info().code) {
        outputs.line(Format::Json, &line, terminal);
    }
    if outputs.wants(Format::Junit) {
        let suite = format!("quintet {command} {}", verdicts.whose());
        outputs.line(Format::Junit, document(&suite, junit::cases(verdicts)).trim_end(), terminal);
    }
    for line in github::lines(verdicts) {
        outputs.line(Format::Github, &line, terminal);
    }
}
