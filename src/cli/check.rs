//! `check`: captured records, judged offline.

use std::io::{self, BufRead as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Check;
use super::check_notes::notes;
use super::exit::Exit;
use super::futile;
use super::judged::{Known, exit_of, report};
use super::load;
use super::outputs::Outputs;
use super::terminal::Terminal;
use crate::capture::{Form, MAX_LINE_BYTES, Read, Reading, unpacked};
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile, Span, suggest};
use crate::input;
use crate::pack::Packs;
use crate::report::style::{count, one_line};
use crate::report::verdicts::Verdicts;
use crate::rule::RuleId;
use crate::topics::Topics;
use crate::verify::traffic::{self, Gathered, gather_some};
use crate::verify::{Judgement, Persistence, judge};

/// Judges the files.
pub(super) fn check(args: &Check, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let (from, named) = ((&args.contracts, packs), args.service.as_deref());
    let Some(packs) = &load::with_properties_of(&args.properties, named, from, terminal) else {
        return Exit::Unusable;
    };
    let Some(contracts) = load::contracts_of(&args.contracts, named, packs, terminal) else {
        return Exit::Unusable;
    };
    if let Some(service) = &args.service
        && !(is_known(service, &contracts, terminal) && concern(args, (service, packs), terminal))
    {
        return Exit::Unusable;
    }
    let Some(mut known) = Known::read(&args.accepting, &contracts, terminal) else {
        return Exit::Unusable;
    };
    let Some(mut read) = read((&args.files, args.skip_damaged), terminal) else {
        return Exit::Unusable;
    };
    let seen = read.records.iter().map(|one| &*one.topic);
    let contracts = contracts.with_topics(seen).map_or(contracts, Arc::new);
    let topics = match Topics::resolve(&contracts, args.topics.as_deref()) {
        Ok(topics) => topics,
        Err(error) => {
            terminal.error(&error.to_string());
            return Exit::Unusable;
        }
    };
    let Some(mut outputs) = Outputs::open(&args.forms, terminal) else {
        return Exit::Unusable;
    };
    let mut records = std::mem::take(&mut read.records);
    let read_of_all = records.len();
    args.part.cut(&mut records);
    let channel_of = |topic: &str| topics.channel(topic);
    let clock_skew = args.judged.clocks.clock_skew;
    let subject = args.service.as_deref();
    let keep = |record: &crate::message::Record| args.part.admits(record);
    let gathered = gather_some(records, &contracts, channel_of, (subject, clock_skew), &keep);
    let mut verdicts = Verdicts::on_traffic(args.service.as_deref());
    verdicts.count_messages(&gathered.history);
    verdicts.notes = contracts.not_checked();
    verdicts.notes.extend(args.part.note(read_of_all, gathered.history.records().len()));
    verdicts.notes.extend(notes(&read, &gathered, args));
    let (history, judgement) = judgement(args, gathered);
    verdicts.add(&history, &judgement);
    known.mark_all(&mut verdicts);
    let exit = exit_of(&verdicts);
    report(&verdicts, ("check", exit), &mut outputs, terminal);
    exit.and(outputs.close(terminal))
}

/// Whether all rules that are asked for concern the service; if not, that is told.
fn concern(args: &Check, (service, packs): (&str, &Packs), terminal: &mut Terminal) -> bool {
    let beside = futile::beside(&args.judged.rules, (service, packs));
    beside.iter().for_each(|why| terminal.error(why));
    beside.is_none()
}

/// Whether there is a contract of a service; if not, that is told.
pub(super) fn is_known(service: &str, contracts: &Contracts, terminal: &mut Terminal) -> bool {
    let names = || contracts.contracts().iter().map(|one| one.service.as_str());
    let known = names().any(|name| name == service);
    if !known {
        let near = suggest(service, names()).map(|near| format!("; did you mean `{near}`?"));
        let all = || format!("; there is {}", names().collect::<Vec<_>>().join(", "));
        let service = one_line(service);
        let help = near.unwrap_or_else(all);
        terminal.error(&format!("no contract is of a service `{service}`{help}"));
    }
    known
}

/// What the records say of the service, or of all channels.
fn judgement(args: &Check, gathered: Gathered) -> (crate::history::History, Judgement) {
    let rules = &args.judged.rules;
    let is_open = |service: &String| {
        let contract = gathered.history.contracts().contract(service);
        contract.is_some_and(|contract| contract.open.is_some())
    };
    let Some(subject) = args.service.as_ref().filter(|service| !is_open(service)) else {
        let of = (args.judged.clocks.clock_skew, args.settle);
        let mut judgement = traffic::judge(&gathered, gathered.late.is_empty(), of);
        if !rules.is_empty() {
            let packs = gathered.history.contracts().packs();
            let asked = |rule: &RuleId| rules.contains(rule) || packs.is_property(*rule);
            judgement.findings.retain(|found| asked(&found.rule));
            judgement.rules.retain(|rule, _| asked(rule));
        }
        return (gathered.history, judgement);
    };
    let observation = gathered.observation(subject, args.settle);
    let judging = args.judged.judging(Persistence::Kept);
    let judgement = judge(&observation, &judging);
    (observation.history, judgement)
}

/// The lines of all files; `None` where they cannot be used, which is told.
pub(super) fn read(
    (files, skips_damaged): (&[PathBuf], bool),
    terminal: &mut Terminal,
) -> Option<Read> {
    let mut reading = Reading::new();
    let mut is_known = true;
    for path in files {
        match read_file(path, &mut reading) {
            Ok(None) => {}
            Ok(Some(unknown)) => {
                terminal.trouble(&format!("{}\n", load::told(&unknown)));
                is_known = false;
            }
            Err(error) => {
                terminal.error(&format!("cannot read {}: {error}", load::shown(path)));
                return None;
            }
        }
    }
    let read = reading.end();
    if read.damaged.is_empty() || skips_damaged {
        return is_known.then_some(read);
    }
    for diagnostic in &read.diagnostics {
        terminal.trouble(&format!("{}\n", load::told(diagnostic)));
    }
    let lines = count(read.damaged.len(), "line is", "lines are");
    terminal.error(&format!("{lines} damaged; --skip-damaged leaves such lines out"));
    None
}

/// Reads the lines of a file; what is wrong where no known program wrote it, and nothing more of it
/// is read.
fn read_file(path: &Path, reading: &mut Reading) -> io::Result<Option<Diagnostic>> {
    let shown: Arc<str> = load::shown(path).into();
    let mut file = unpacked(input::open(path)?)?;
    let mut line = Vec::new();
    let mut form = None;
    for number in 1.. {
        line.clear();
        // Of a line that is too long, only so much that this is seen.
        let limit = MAX_LINE_BYTES as u64 + 2;
        if file.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let ended = line.last() == Some(&b'\n');
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if form.is_none() && !text.trim_ascii().is_empty() && text.len() <= MAX_LINE_BYTES {
            form = Form::of(text);
            match form {
                Some(form) => reading.begin(form),
                None => return Ok(Some(unknown_form(&shown, number))),
            }
        }
        reading.line(&shown, number, text, ended || line.len() as u64 == limit);
        if !ended {
            file.skip_until(b'\n')?;
        }
    }
    Ok(None)
}

/// Nothing of the line is shown: nobody knows where a secret may stand in it.
fn unknown_form(path: &str, number: usize) -> Diagnostic {
    let file = SourceFile::of_line(path, number, "");
    let message = "this line begins no form of records that is known";
    Diagnostic::error("capture::unknown-form", message, &file, Span::default())
        .note("known are JSON lines as `quintet capture` writes them, and as `kcat -J` does")
        .note("each may be packed with gzip or zstd")
}
