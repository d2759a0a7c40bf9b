//! `check`: captured records, judged offline.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
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
use crate::capture::{MAX_LINE_BYTES, Read, Reading};
use crate::contract::Contracts;
use crate::diagnostic::suggest;
use crate::pack::Packs;
use crate::report::style::{count, one_line};
use crate::report::verdicts::Verdicts;
use crate::rule::RuleId;
use crate::topics::Topics;
use crate::verify::traffic::{self, Gathered, gather};
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
    let records = std::mem::take(&mut read.records);
    let channel_of = |topic: &str| topics.channel(topic);
    let clock_skew = args.judged.clocks.clock_skew;
    let gathered = gather(records, &contracts, channel_of, args.service.as_deref(), clock_skew);
    let mut verdicts = Verdicts::on_traffic(args.service.as_deref());
    verdicts.count_messages(&gathered.history);
    verdicts.notes = contracts.not_checked();
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
    for path in files {
        if let Err(error) = read_file(path, &mut reading) {
            terminal.error(&format!("cannot read {}: {error}", load::shown(path)));
            return None;
        }
    }
    let read = reading.end();
    if read.damaged.is_empty() || skips_damaged {
        return Some(read);
    }
    for diagnostic in &read.diagnostics {
        terminal.trouble(&format!("{}\n", load::told(diagnostic)));
    }
    let lines = count(read.damaged.len(), "line is", "lines are");
    terminal.error(&format!("{lines} damaged; --skip-damaged leaves such lines out"));
    None
}

fn read_file(path: &Path, reading: &mut Reading) -> io::Result<()> {
    let shown: Arc<str> = load::shown(path).into();
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        // Of a line that is too long, only so much that this is seen.
        let limit = MAX_LINE_BYTES as u64 + 2;
        if file.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let ended = line.last() == Some(&b'\n');
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        reading.line(&shown, number, text, ended || line.len() as u64 == limit);
        if !ended {
            file.skip_until(b'\n')?;
        }
    }
    Ok(())
}
