//! `monitor`: what flows, judged as it flows.
//!
//! What always holds: nothing is produced; memory is bounded, however long it runs
//! ([`crate::verify::traffic`]): of findings the first of each rule are kept, the others counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Format, Monitor};
use super::clock::Clock;
use super::exit::Exit;
use super::judged::{self, Known, exit_of};
use super::load;
use super::outputs::Outputs;
use super::reader::{Batch, Reader, tap};
use super::terminal::Terminal;
use crate::contract::Contracts;
use crate::history::History;
use crate::kafka::{Deadline, Tap, Tapped, wall_ms};
use crate::message::Offset;
use crate::pack::Packs;
use crate::report::style::count;
use crate::report::verdicts::{Verdicts, json, text};
use crate::rule::RuleId;
use crate::verify::Found;
use crate::verify::traffic::{Flow, Passing, Sluice, skew_note};

/// Of each rule so many findings are shown, of those that count and of those that do not.
const MOST_TOLD: usize = 50;
/// When nothing came for so long, all records are read that are there.
const SILENCE: Duration = Duration::from_secs(2);

/// Judges what flows until the end.
pub(super) fn monitor(args: &Monitor, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let from = (&args.contracts, packs);
    let Some(packs) = &load::with_properties(&args.properties, from, terminal) else {
        return Exit::Unusable;
    };
    let Some(mut contracts) = load::contracts(&args.contracts, packs, terminal) else {
        return Exit::Unusable;
    };
    let Some(known) = Known::read(&args.accepting, &contracts, terminal) else {
        return Exit::Unusable;
    };
    let Some(mut outputs) = Outputs::open(&args.forms, terminal) else {
        return Exit::Unusable;
    };
    let linked = match args.link.look_on(&mut contracts, terminal) {
        Ok(linked) => linked,
        Err(exit) => return judged::unjudged(("monitor", exit), None, outputs, terminal),
    };
    let tap = match tap(&linked, args.from, terminal) {
        Ok(tap) => tap,
        Err(exit) => return judged::unjudged(("monitor", exit), None, outputs, terminal),
    };
    let partitions = count(tap.starts().len(), "partition", "partitions");
    let mut watching = Watching::new(args, known, &contracts, &tap);
    let mut reader = match Reader::start(tap, args.time) {
        Ok(reader) => reader,
        Err(error) => {
            terminal.error(&format!("cannot begin to read: {error}"));
            return Exit::Unchecked;
        }
    };
    terminal.trouble(&format!("ready: {partitions} on {}", linked.broker.bootstrap()));
    judged::begin("monitor", None, &mut outputs, terminal);
    let mut to = To { outputs: &mut outputs, terminal };
    let mut clock = Clock::start();
    let read = loop {
        match reader.next() {
            None => break Exit::Holds,
            Some(Batch::Records(records)) => watching.take(records, &mut to),
            Some(Batch::Quiet) => watching.quiet(reader.tap().is_in_trouble(), &mut to),
            Some(Batch::Failed(error)) => {
                to.terminal.error(&error.to_string());
                break Exit::Unchecked;
            }
        }
        if let Err(error) = reader.tap().pause(watching.sluice.paused()) {
            to.terminal.error(&error.to_string());
            break Exit::Unchecked;
        }
        if args.every.is_some_and(|every| clock.elapsed() >= every) {
            clock = Clock::start();
            to.terminal.trouble(&watching.counts());
        }
    };
    let mut verdicts = watching.end(&mut to);
    verdicts.notes.extend(contracts.not_checked());
    let exit = exit_of(&verdicts).and(read);
    if outputs.wants(Format::Text) {
        outputs.line(Format::Text, &text::end(&verdicts), terminal);
    }
    judged::end(&verdicts, ("monitor", exit), &mut outputs, terminal);
    exit.and(outputs.close(terminal))
}

/// Where findings go as they come.
struct To<'a> {
    outputs: &'a mut Outputs,
    terminal: &'a mut Terminal,
}

/// A monitor at work.
struct Watching {
    known: Known,
    rules: Vec<RuleId>,
    sluice: Sluice,
    /// When nothing has come for long enough, if nothing comes.
    silence: Option<Deadline>,
    flow: Flow,
    told: Verdicts,
    /// How many findings of each rule there were: those that count, and others.
    found: BTreeMap<(RuleId, bool), usize>,
}

impl Watching {
    fn new(args: &Monitor, known: Known, contracts: &Arc<Contracts>, tap: &Tap) -> Self {
        let starts = tap.starts();
        let begun = |(place, end): (&_, &i64)| {
            let start = starts.get(place).copied().unwrap_or(0);
            (start < *end).then(|| (*place, Offset(end.unsigned_abs())))
        };
        let whole = starts.values().all(|start| *start == 0);
        let flow = Flow::new(contracts, whole);
        let backlog = tap.ends().iter().filter_map(begun);
        let clock_skew = args.clocks.clock_skew;
        Self {
            known,
            rules: args.rules.clone(),
            sluice: Sluice::new(Arc::clone(flow.writers()), clock_skew, backlog),
            silence: None,
            flow,
            told: Verdicts::on_traffic(None),
            found: BTreeMap::new(),
        }
    }

    fn take(&mut self, records: Vec<Tapped>, to: &mut To<'_>) {
        self.silence = None;
        let was_behind = self.sluice.is_behind();
        let before = self.sluice.disordered();
        let mut passing = Vec::new();
        for one in records {
            let place = (one.channel, one.partition, one.offset);
            let times = (one.timestamp_ms, one.seen_ms);
            passing.extend(self.sluice.push(place, times, one.record));
        }
        passing.extend(self.sluice.release(wall_ms()));
        if self.sluice.disordered() != before {
            self.flow.out_of_order();
        }
        self.judge(passing, to);
        if was_behind && !self.sluice.is_behind() {
            self.flow.in_order();
        }
    }

    fn quiet(&mut self, in_trouble: bool, to: &mut To<'_>) {
        let silence = self.silence.get_or_insert_with(|| Deadline::after(SILENCE));
        if in_trouble {
            self.silence = None;
        } else if self.sluice.is_behind() && silence.is_over() {
            // Nothing comes although offsets are missing: no records are there.
            self.silence = None;
            self.sluice.catch_up();
            if !self.sluice.is_behind() {
                self.flow.in_order();
            }
        }
        let passing = self.sluice.release(wall_ms());
        self.judge(passing, to);
    }

    fn judge(&mut self, passing: Vec<Passing>, to: &mut To<'_>) {
        if passing.is_empty() {
            return;
        }
        self.flow.clocks(self.sluice.skew());
        for one in passing {
            self.flow.add(one);
        }
        self.tell(to);
    }

    /// Tells what was found since the last call.
    fn tell(&mut self, to: &mut To<'_>) {
        let Self { flow, known, told, found, rules, .. } = self;
        flow.judge(|history, one| {
            let property = || history.contracts().packs().is_property(one.rule);
            if rules.is_empty() || rules.contains(&one.rule) || property() {
                tell(history, &one, (known, told, found), to);
            }
        });
    }

    fn counts(&self) -> String {
        let messages = self.flow.messages();
        let all: u64 = messages.values().sum();
        let each = messages.iter().map(|(message, count)| format!("{message} {count}"));
        let each = each.collect::<Vec<_>>().join(", ");
        format!("{all} records, {} findings: {each}", self.found.values().sum::<usize>())
    }

    /// Of how many records it was not judged what comes before what, and why.
    fn unordered(&self, cut_short: bool) -> Option<String> {
        let disordered = self.sluice.disordered();
        let reasons = [
            (disordered.untimed > 0, "records bear no time"),
            (disordered.crowded > 0, "too many records lie at one moment"),
            (cut_short, "the end came before all was read that was there at the start"),
        ];
        let reasons: Vec<_> = reasons.iter().filter(|(is, _)| *is).map(|(_, why)| *why).collect();
        let unordered = usize::try_from(self.flow.unordered()).unwrap_or(usize::MAX);
        (unordered > 0).then(|| {
            format!(
                "of {} what comes before what was not judged: {}{}",
                count(unordered, "record", "records"),
                reasons.join("; "),
                if disordered.untimed > 0 { "" } else { "; `capture` and `check` judge all of it" }
            )
        })
    }

    /// How many holes there are at which records may be missing.
    fn holes(&self) -> Option<String> {
        let holes = usize::try_from(self.flow.holes()).unwrap_or(usize::MAX);
        (holes > 0).then(|| {
            format!(
                "{} in the offsets of partitions: nothing is said that a record which is missing \
                 there could explain",
                count(holes, "hole is", "holes are")
            )
        })
    }

    /// How many records bear no time among others that do.
    fn untimed(&self) -> Option<String> {
        let untimed = usize::try_from(self.flow.untimed()).unwrap_or(usize::MAX);
        (untimed > 0).then(|| {
            format!(
                "{} no time, and {} by offset and cause only",
                count(untimed, "record bears", "records bear"),
                if untimed == 1 { "it is ordered" } else { "they are ordered" }
            )
        })
    }

    /// Judges what is left, and sums up.
    fn end(mut self, to: &mut To<'_>) -> Verdicts {
        let cut_short = self.sluice.is_behind();
        if cut_short {
            self.flow.out_of_order();
        }
        let left = self.sluice.drain();
        self.judge(left, to);
        self.flow.close();
        self.tell(to);
        let notes = [
            self.unordered(cut_short),
            self.untimed(),
            self.holes(),
            skew_note(self.sluice.skew()),
        ];
        let mut verdicts = self.told;
        verdicts.rules = self.flow.standings();
        if !self.rules.is_empty() {
            let packs = self.flow.packs();
            let asked = |rule: &RuleId| self.rules.contains(rule) || packs.is_property(*rule);
            verdicts.rules.retain(|rule, _| asked(rule));
        }
        verdicts.messages = self.flow.messages();
        let all: usize = self.found.values().sum();
        if all > verdicts.findings.len() {
            verdicts.notes.push(format!(
                "{} only counted: of each rule {MOST_TOLD} violations are shown, and {MOST_TOLD} \
                 findings that are accepted or advisories",
                count(all - verdicts.findings.len(), "finding is", "findings are")
            ));
        }
        verdicts.notes.extend(notes.into_iter().flatten());
        self.known.note_unused(&mut verdicts);
        verdicts
    }
}

/// Shows a finding, unless there were many of its rule.
fn tell(
    history: &History,
    one: &Found,
    (known, told, found): (&mut Known, &mut Verdicts, &mut BTreeMap<(RuleId, bool), usize>),
    to: &mut To<'_>,
) {
    told.find(history, one);
    let Some(mut finding) = told.findings.pop() else {
        return;
    };
    known.mark(&mut finding, None);
    let number = found.entry((finding.rule, finding.counts())).or_default();
    *number += 1;
    if *number <= MOST_TOLD {
        if to.outputs.wants(Format::Text) {
            let text = format!("{}\n", text::finding(&finding));
            to.outputs.line(Format::Text, &text, to.terminal);
        }
        to.outputs.line(Format::Json, &json::finding(&finding), to.terminal);
        to.terminal.flush();
        told.findings.push(finding);
    } else {
        told.not_shown.add(&finding);
    }
}
