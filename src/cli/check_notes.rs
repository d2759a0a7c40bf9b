//! What is to be known of captured files before a verdict is believed.

use super::args::Check;
use crate::capture::Read;
use crate::message::RecordId;
use crate::report::style::{count, one_line};
use crate::verify::Hole;
use crate::verify::traffic::Gathered;

/// So many places are named.
const MAX_NAMED: usize = 10;

/// The notes on the files.
pub(super) fn notes(read: &Read, gathered: &Gathered, args: &Check) -> Vec<String> {
    let mut notes = of_lines(read);
    notes.extend(of_other_topics(gathered));
    notes.extend(of_beginning(gathered, args));
    notes.extend(of_holes(gathered));
    notes.extend(of_times(gathered));
    if gathered.history.records().is_empty() && gathered.other_topics.is_empty() {
        let files = if args.files.len() == 1 { "file" } else { "files" };
        notes.push(format!("there is no record in the {files}"));
    }
    notes
}

fn named(places: impl Iterator<Item = String>, all: usize) -> String {
    let mut text = places.take(MAX_NAMED).collect::<Vec<_>>().join(", ");
    if all > MAX_NAMED {
        text.push_str(&format!(" and {} more", all - MAX_NAMED));
    }
    text
}

fn of_lines(read: &Read) -> Vec<String> {
    let mut notes = Vec::new();
    if !read.damaged.is_empty() {
        let all = read.damaged.len();
        let lines = count(all, "damaged line was", "damaged lines were");
        let places = named(read.damaged.iter().cloned(), all);
        notes.push(format!(
            "{lines} left out ({places}): a record that seems to be missing may have been there"
        ));
    }
    if read.of_kcat > 0 {
        let lines = count(read.of_kcat, "record was", "records were");
        notes.push(format!(
            "{lines} written by `kcat -J`, as text: bytes of keys, headers and values that are no \
             text may be lost there, and a header without a value may be an empty one"
        ));
    }
    if read.repeated > 0 {
        let lines = count(read.repeated, "line stands", "lines stand");
        notes.push(format!("{lines} there again, equal to an earlier one, and counted once"));
    }
    notes
}

fn of_other_topics(gathered: &Gathered) -> Option<String> {
    let topic = |(topic, number): (&std::sync::Arc<str>, &u64)| {
        format!("{} ({})", one_line(topic), count_of(*number))
    };
    let topics = named(gathered.other_topics.iter().map(topic), gathered.other_topics.len());
    (!topics.is_empty()).then(|| {
        format!(
            "no contract names these topics, and nothing is said of their records: {topics}; \
             --topics says which topic carries which channel"
        )
    })
}

fn of_beginning(gathered: &Gathered, args: &Check) -> Option<String> {
    let late = gathered.late.iter().map(|(place, offset)| format!("{place} at {offset}"));
    let late = named(late, gathered.late.len());
    let judged = match args.service {
        None => "nothing is said that they could explain",
        Some(_) => "a service that knows something from before may be blamed for it",
    };
    let text = || format!("the first records of some partitions are not there ({late}): {judged}");
    (!late.is_empty()).then(text)
}

fn of_holes(gathered: &Gathered) -> Option<String> {
    let channels = gathered.history.contracts();
    let place = |(_, hole): &(RecordId, Hole)| {
        let (channel, partition) = (channels.channel_name(hole.channel), hole.partition.0);
        let (from, last) = (hole.offsets.0.0, hole.offsets.1.0 - 1);
        let last = if last > from { format!("–{last}") } else { String::new() };
        format!("{channel}/{partition} at {from}{last}")
    };
    let places = named(gathered.holes.iter().map(place), gathered.holes.len());
    (!places.is_empty()).then(|| {
        format!(
            "offsets are missing ({places}): nothing is said that a record which lay there could \
             explain"
        )
    })
}

fn of_times(gathered: &Gathered) -> Vec<String> {
    let mut notes = Vec::new();
    if !gathered.untimed.is_empty() {
        let history = &gathered.history;
        let place = |id: &RecordId| {
            let placed = history.record(*id);
            let channel = history.contracts().channel_name(placed.channel);
            format!("{id} {channel}/{} at {}", placed.partition.0, placed.offset.0)
        };
        let all = gathered.untimed.len();
        let places = named(gathered.untimed.iter().map(place), all);
        notes.push(format!(
            "{} no time ({places}): by offset and cause alone is it known what came before it",
            count(all, "record bears", "records bear")
        ));
    }
    if gathered.shifted_ms > 0 {
        notes.push(
            "the first record was written before 2026, when clocks begin here: the distances of \
             records are kept, but moments that values name do not fit"
                .to_owned(),
        );
    }
    notes
}

fn count_of(records: u64) -> String {
    count(usize::try_from(records).unwrap_or(usize::MAX), "record", "records")
}
