//! A file of lines, read one line at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MAX_LINE_BYTES;
use super::fields::Damage;
use super::form::{Form, MARK};
use super::kcat;
use super::line::Captured;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::message::{Offset, Partition};

/// So many damaged lines are shown; others are counted.
const MAX_SHOWN: usize = 20;

/// What captures hold.
#[derive(Debug, Default)]
pub struct Read {
    /// The records that could be read, each once, in the order of the lines.
    pub records: Vec<Captured>,
    /// What is wrong, for the first damaged lines.
    pub diagnostics: Vec<Diagnostic>,
    /// Where damaged lines are: `FILE:LINE`, in order.
    pub damaged: Vec<String>,
    /// How many lines were there again, equal to an earlier one.
    pub repeated: usize,
    /// How many lines were written by `kcat -J`.
    pub of_kcat: usize,
}

/// Captures, as far as they were read.
#[derive(Debug, Default)]
pub struct Reading {
    read: Read,
    form: Form,
    topics: BTreeMap<Arc<str>, u32>,
    seen: BTreeMap<(u32, Partition, Offset), Seen>,
}

/// The first line of a record.
#[derive(Debug)]
struct Seen {
    /// Where the record stands among those that were read.
    at: usize,
    path: Arc<str>,
    line: usize,
}

impl Reading {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the lines from here on as written in this form.
    pub fn begin(&mut self, form: Form) {
        self.form = form;
    }

    /// Takes in line `number` (from 1) of a file, without its line break; `ended` tells whether one
    /// was there. Blank lines are skipped.
    pub fn line(&mut self, path: &Arc<str>, number: usize, bytes: &[u8], ended: bool) {
        if bytes.len() > MAX_LINE_BYTES {
            let message = format!("the line has more than {MAX_LINE_BYTES} bytes");
            let damage = Damage::new("capture::too-long", message, Span::default());
            return self.damaged((path, number, ""), vec![damage]);
        }
        // Also where files were put together.
        let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        if self.form == Form::Kcat {
            return self.line_of_kcat((path, number), bytes, ended);
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) if !ended => return self.cut_off(path, number),
            Err(error) => {
                let text = String::from_utf8_lossy(bytes);
                let at = error.valid_up_to();
                let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
                let help = "values that are not UTF-8 are written in hexadecimal, as `value_hex`";
                let damage = Damage::new("capture::not-text", "the line is not UTF-8 text", span);
                return self.damaged((path, number, &text), vec![damage.help(help)]);
            }
        };
        if text.trim().is_empty() {
            return;
        }
        match Captured::read(text) {
            Ok(captured) => self.record(captured, (path, number, text)),
            Err(damages) if !ended && damages.iter().all(|one| one.code == "capture::damaged") => {
                self.cut_off(path, number);
            }
            Err(damages) => self.damaged((path, number, text), damages),
        }
    }

    fn line_of_kcat(&mut self, (path, number): (&Arc<str>, usize), bytes: &[u8], ended: bool) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        match kcat::read(bytes) {
            Ok(captured) => {
                self.read.of_kcat += 1;
                self.record(captured, (path, number, &text));
            }
            Err(damages) if !ended && damages.iter().all(|one| one.code == "capture::damaged") => {
                self.cut_off(path, number);
            }
            Err(damages) => self.damaged((path, number, &text), damages),
        }
    }

    fn cut_off(&mut self, path: &Arc<str>, number: usize) {
        let message = "the last line is cut off";
        let help = "whoever wrote it was stopped in the middle; `--skip-damaged` leaves it out";
        let damage = Damage::new("capture::cut-off", message, Span::default()).help(help);
        self.damaged((path, number, ""), vec![damage]);
    }

    fn record(&mut self, captured: Captured, (path, line, text): (&Arc<str>, usize, &str)) {
        let next = u32::try_from(self.topics.len()).unwrap_or(u32::MAX);
        let topic = *self.topics.entry(Arc::clone(&captured.topic)).or_insert(next);
        let place = (topic, captured.partition, captured.offset);
        match self.seen.get(&place) {
            Some(seen) if self.read.records[seen.at] == captured => self.read.repeated += 1,
            Some(seen) => {
                let message = format!(
                    "partition {} has another record at offset {} in {}:{}",
                    captured.partition.0, captured.offset.0, seen.path, seen.line
                );
                let span = Span::new(0, text.len());
                let damage = Damage::new("capture::contradiction", message, span);
                let help = "these lines are of different brokers, or the topic was made anew \
                            between them: judge them apart";
                self.damaged((path, line, text), vec![damage.help(help)]);
            }
            None => {
                let path = Arc::clone(path);
                self.seen.insert(place, Seen { at: self.read.records.len(), path, line });
                self.read.records.push(captured);
            }
        }
    }

    fn damaged(&mut self, (path, number, text): (&Arc<str>, usize, &str), damages: Vec<Damage>) {
        self.read.damaged.push(format!("{path}:{number}"));
        if self.read.damaged.len() > MAX_SHOWN {
            return;
        }
        let file = SourceFile::of_line(&**path, number, text);
        let names = ["capture::unknown-field", "capture::repeated-field"];
        let names: Vec<_> = damages.iter().filter(|one| names.contains(&one.code)).collect();
        hide(&file, names.iter().map(|one| one.span));
        self.read.diagnostics.extend(damages.into_iter().map(|damage| {
            let diagnostic = Diagnostic::error(damage.code, damage.message, &file, damage.span);
            match damage.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        }));
    }

    /// What was read.
    #[must_use]
    pub fn end(self) -> Read {
        self.read
    }
}

/// Hides what may be the value of a record: all behind the first name of a value and behind the
/// first brace inside, and all of a line that does not begin as a record does; but for names of
/// fields, in order, which the messages say as well.
fn hide(file: &SourceFile, names: impl Iterator<Item = Span>) {
    let text = &file.text;
    let inside = if text.starts_with("{\"topic\"") { 1 } else { 0 };
    let values = ["\"value", "\"payload"].iter().filter_map(|name| text.find(name));
    let name = values.min().unwrap_or(text.len());
    let brace = text[inside.min(text.len())..].find('{').map_or(text.len(), |at| inside + at);
    let lower = text.to_ascii_lowercase();
    let word = ["pass", "secret"].iter().filter_map(|word| lower.find(word)).min();
    let mut start = match inside {
        0 => 0,
        _ => name.min(brace).min(word.unwrap_or(text.len())),
    };
    for name in names.filter(|name| name.end > name.start) {
        if name.start > start {
            file.mask(Span::new(start, name.start));
        }
        start = start.max(name.end);
    }
    file.mask(Span::new(start, text.len()));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;

    use super::{Read, Reading};
    use crate::diagnostic::render;

    const GOOD: &str = r#"{"topic":"T","partition":0,"offset":7,"timestamp_ms":5,"key":null,"headers":[],"value":"{\"password\":\"hunter2\"}"}"#;

    fn read(text: &str) -> Read {
        let path: Arc<str> = "x.jsonl".into();
        let mut reading = Reading::new();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let ended = line.ends_with('\n');
            reading.line(&path, number, line.trim_end_matches('\n').as_bytes(), ended);
        }
        reading.end()
    }

    #[rstest]
    #[case::not_an_object("[1]\n", &[("capture::damaged", (1, 1))])]
    #[case::cut_inside(&format!("{}\n", &GOOD[..30]), &[("capture::damaged", (1, 30))])]
    #[case::cut_at_the_end(&GOOD[..30], &[("capture::cut-off", (1, 1))])]
    #[case::two_on_a_line(&format!("{GOOD}{GOOD}\n"), &[("capture::damaged", (1, 117))])]
    #[case::unknown(&GOOD.replace("\"key\"", "\"kye\""), &[
        ("capture::missing-field", (1, 1)), ("capture::unknown-field", (1, 56)),
    ])]
    #[case::negative(&GOOD.replace(":7", ":-7"), &[("capture::bad-value", (1, 37))])]
    #[case::half_a_byte(&GOOD.replace("null", "\"e80\""), &[("capture::bad-value", (1, 62))])]
    #[case::bad_header(&GOOD.replace("[]", "[[1,null]]"), &[("capture::bad-value", (1, 77))])]
    #[case::twice(&GOOD.replace("\"key\"", "\"topic\""), &[
        ("capture::missing-field", (1, 1)), ("capture::repeated-field", (1, 56)),
    ])]
    #[case::both(&GOOD.replace("\"headers\":[]", "\"headers\":[],\"value_hex\":\"00\""), &[
        ("capture::repeated-field", (1, 97)),
    ])]
    fn damage_has_a_place(#[case] text: &str, #[case] expected: &[(&str, (usize, usize))]) {
        let text = format!("\n{text}");
        let read = read(&text);
        let found: Vec<_> = read.diagnostics.iter().map(|one| (one.code, one.position())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(code, (line, column))| (*code, (line + 1, *column))).collect();
        assert_eq!(found, expected);
        assert_eq!((read.records.len(), &read.damaged[..]), (0, &["x.jsonl:2".to_owned()][..]));
        for one in &read.diagnostics {
            assert!(render(one, false).contains("x.jsonl:2:"), "{}", render(one, false));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_placed() {
        let path: Arc<str> = "x.jsonl".into();
        let mut reading = Reading::new();
        reading.line(&path, 9, b"{\"topic\":\"\xff\"}", true);
        let read = reading.end();
        let found = &read.diagnostics[0];
        assert_eq!((found.code, found.position()), ("capture::not-text", (9, 11)));
    }

    #[test]
    fn the_same_line_again_counts_once_and_another_is_a_contradiction() {
        let other = GOOD.replace("hunter2", "hunter3");
        let read = read(&format!("{GOOD}\n\n{GOOD}\n{other}\n{GOOD}"));
        assert_eq!((read.records.len(), read.repeated), (1, 2));
        let found = &read.diagnostics[0];
        assert_eq!((found.code, found.position()), ("capture::contradiction", (4, 1)));
        assert!(found.message.ends_with("x.jsonl:1"), "{}", found.message);
    }

    #[rstest]
    #[case("\"offset\":7}", "\"offset\"")]
    #[case("\"extra\":{\"password\":\"hunter2\"}}", "\"extra\"")]
    #[case("\"value\":\"hunter2\"}", "\"value\"")]
    fn the_name_of_a_field_that_is_wrong_is_shown(#[case] more: &str, #[case] name: &str) {
        let line = GOOD.replace("hunter2", &"hunter2".repeat(60));
        let read = read(&format!("{},{more}\n", &line[..line.len() - 1]));
        let text = render(&read.diagnostics[0], false);
        let excerpt = text.lines().find(|line| line.starts_with("1 |")).unwrap();
        let marks = text.lines().find(|line| line.contains("^^^")).unwrap();
        let shown = excerpt.find(name).expect("it is there");
        let marked: String = excerpt.chars().skip(marks.find('^').unwrap()).collect();
        assert!(marked.starts_with(name) && shown > 0, "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn a_byte_order_mark_says_nothing() {
        let read = read(&format!("\u{feff}{GOOD}\n\u{feff}{GOOD}"));
        assert_eq!((read.records.len(), read.repeated, read.diagnostics.len()), (1, 1, 0));
    }

    #[test]
    fn many_damaged_lines_are_counted() {
        let read = read(&"{}\n".repeat(500));
        assert_eq!(read.damaged.len(), 500);
        assert_eq!(read.diagnostics.len(), 20 * 7);
    }

    #[test]
    fn no_damaged_line_shows_a_password() {
        let kinds = [
            GOOD.replace("\"key\"", "\"kye\""),
            GOOD.replace("\"value\"", "\"vlaue\""),
            GOOD.replace("{\"topic\":\"T\",", "{"),
            GOOD.replace("\"topic\":\"T\",\"partition\":0", "\"topic\":\"T\"\"partition\":0"),
            GOOD.replace("\"value\"", "\"vlaue\" "),
            GOOD[80..].to_owned(),
            GOOD[..GOOD.len() - 3].to_owned(),
            "\"password\": \"hunter2\"".to_owned(),
        ];
        for (at, line) in kinds.iter().enumerate() {
            for end in ["\n", ""] {
                let read = read(&format!("{line}{end}"));
                assert!(!read.diagnostics.is_empty(), "{at}");
                for one in &read.diagnostics {
                    let text = render(one, false);
                    assert!(!text.contains("hunter"), "{at}: {text}");
                }
            }
        }
    }
}
