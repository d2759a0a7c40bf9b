//! `capture`: what flows, written down.
//!
//! What always holds: only whole lines are handed to the system, so that a capture that is killed
//! leaves at most its last line cut; what was there in the file stays; where nothing can be read,
//! no file is made.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{
    self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::path::Path;
use std::sync::Arc;

use super::args::Capture;
use super::exit::Exit;
use super::link::Linked;
use super::load;
use super::reader::{Batch, Reader, tap};
use super::terminal::Terminal;
use crate::capture::{Captured, MAX_LINE_BYTES, Reading};
use crate::kafka::Tapped;
use crate::pack::Packs;
use crate::report::style::count;
use crate::verify::traffic::is_time;

/// Lines are handed to the system when so many bytes are there, or when nothing comes.
const BUFFER_BYTES: usize = 1 << 16;
/// As each line begins.
const BEGINNING: &[u8] = b"{\"topic\":\"";

/// Writes what flows into the file until the end.
pub(super) fn capture(args: &Capture, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let shown = load::shown(&args.out);
    let Some(mut contracts) = load::contracts(&args.contracts, packs, terminal) else {
        return Exit::Unusable;
    };
    let linked = match args.link.look_on(&mut contracts, terminal) {
        Ok(linked) => linked,
        Err(exit) => return exit,
    };
    let tap = match tap(&linked, args.from, terminal) {
        Ok(tap) => tap,
        Err(exit) => return exit,
    };
    let file = match open(&args.out) {
        Ok(Some(file)) => file,
        Ok(None) => {
            terminal.error(&format!(
                "{shown} is there, and its first line is no record: a capture is added to captures \
                 only"
            ));
            return Exit::Unusable;
        }
        Err(error) => {
            terminal.error(&format!("cannot write {shown}: {error}"));
            return Exit::Unusable;
        }
    };
    let partitions = count(tap.starts().len(), "partition", "partitions");
    let mut reader = match Reader::start(tap, args.time) {
        Ok(reader) => reader,
        Err(error) => {
            terminal.error(&format!("cannot begin to read: {error}"));
            return Exit::Unchecked;
        }
    };
    let bootstrap = linked.broker.bootstrap();
    terminal.trouble(&format!("ready: {partitions} on {bootstrap} into {shown}"));
    let mut writing = Writing::new(file, &linked);
    let exit = loop {
        let written = match reader.next() {
            None => break Exit::Holds,
            Some(Batch::Records(records)) => writing.add(records),
            Some(Batch::Quiet) => writing.file.flush(),
            Some(Batch::Failed(error)) => {
                terminal.error(&error.to_string());
                break Exit::Unchecked;
            }
        };
        if let Err(error) = written {
            terminal.error(&format!("cannot write {shown}: {error}"));
            break Exit::Unusable;
        }
    };
    if let Err(error) = writing.file.flush() {
        terminal.error(&format!("cannot write {shown}: {error}"));
        return Exit::Unusable;
    }
    let records = writing.counts.values().sum();
    terminal.line(&format!("{} into {shown}", count(records, "record", "records")));
    for (topic, records) in &writing.counts {
        terminal.line(&format!("  {records:8}  {topic}"));
    }
    exit
}

/// The file, ready to be added to; none where something else is in it. A line that was cut off
/// there stays apart from what comes.
fn open(path: &Path) -> io::Result<Option<File>> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    if file.metadata()?.is_file() && file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::Start(0))?;
        if !begins_with_a_record(&file)? {
            return Ok(None);
        }
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(Some(file))
}

/// Whether the first line that is not blank is a record, or the beginning of one that was cut off.
fn begins_with_a_record(file: &File) -> io::Result<bool> {
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = MAX_LINE_BYTES as u64 + 2;
        if lines.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(true);
        }
        let ended = line.last() == Some(&b'\n');
        let text = line.trim_ascii();
        if !text.is_empty() {
            let mut reading = Reading::new();
            reading.line(&Arc::from(""), 1, text, ended);
            let begun = text.len().min(BEGINNING.len());
            let cut = !ended && text[..begun] == BEGINNING[..begun];
            return Ok(cut || !reading.end().records.is_empty());
        }
    }
}

struct Writing {
    file: BufWriter<File>,
    topics: BTreeMap<u16, Arc<str>>,
    counts: BTreeMap<Arc<str>, usize>,
}

impl Writing {
    fn new(file: File, linked: &Linked) -> Self {
        let topics = linked.topics.iter().map(|(topic, channel)| (channel.0, topic.into()));
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Self { file, topics: topics.collect(), counts: BTreeMap::new() }
    }

    fn add(&mut self, records: Vec<Tapped>) -> io::Result<()> {
        for tapped in records {
            let Some(topic) = self.topics.get(&tapped.channel.0) else {
                continue;
            };
            *self.counts.entry(Arc::clone(topic)).or_default() += 1;
            let timed = is_time(tapped.timestamp_ms);
            let captured = Captured {
                topic: Arc::clone(topic),
                partition: tapped.partition,
                offset: tapped.offset,
                timestamp_ms: if timed { tapped.timestamp_ms } else { tapped.seen_ms },
                record: tapped.record,
            };
            let line = captured.line() + "\n";
            // The buffer never splits what fits into it; longer lines go out at once.
            self.file.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}
