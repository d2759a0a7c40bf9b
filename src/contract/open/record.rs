//! What a document says of a record.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::compiled::{Compiled, Voice};
use super::telling::Told;
use super::{OpenChannel, OpenMessage, Part};
use crate::asyncapi::{At, Framing};
use crate::contract::check::judge_key;
use crate::contract::problem::{Problem, ProblemKind, Severity};
use crate::contract::{HEADER_ENCODINGS, HeaderEncoding, Types};
use crate::message::{Headers, KeyBytes, Record, repeated_members};

/// What a document says of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Opinion {
    /// The service whose document it is.
    pub(crate) service: String,
    /// The message that the record is, by its key.
    pub(crate) message: Option<String>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
    /// Two messages that it fits, where nothing tells which it is, and where they stand.
    pub(crate) ambiguous: Option<Ambiguous>,
    /// Whether anything of it was checked.
    pub(crate) is_checked: bool,
}

/// Two messages that nothing tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// Their keys.
    pub(crate) messages: (String, String),
    /// Where each stands: `FILE:LINE:COLUMN`.
    pub(crate) places: (String, String),
}

/// What is known of the value of a record.
struct Content<'a> {
    bytes: &'a [u8],
    json: Option<Json>,
}

impl OpenChannel {
    /// The key of the message that a value is; of several that it fits, the first.
    pub(crate) fn message_of(&self, value: &[u8]) -> Option<&str> {
        let bytes = self.unframed(value)?;
        let key = |at: usize| self.channel().messages.get(at).map(|message| message.key.as_str());
        let all_free = self.messages.iter().all(|message| message.value.compiled().is_none());
        if all_free || self.messages.len() == 1 {
            return key(0).filter(|_| self.messages.len() == 1);
        }
        let json: Json = serde_json::from_slice(bytes).ok()?;
        match self.telling.told(&json) {
            Told::Message(at) => key(at),
            Told::Nothing(_) => None,
            Told::Try => {
                let fits = |message: &OpenMessage| {
                    message.value.compiled().is_some_and(|value| value.accepts(&json))
                };
                let free = || self.messages.iter().position(|one| one.value.compiled().is_none());
                key(self.messages.iter().position(fits).or_else(free)?)
            }
        }
    }

    /// What the document says of a record: as one that its service sends, or as anybody's.
    pub(crate) fn opinion(&self, record: &Record, is_own: bool) -> Opinion {
        let mut opinion = Opinion { service: self.document.service.clone(), ..Opinion::default() };
        let Some(value) = record.value_bytes() else {
            self.without_value(record, &mut opinion);
            return opinion;
        };
        if self.messages.is_empty() {
            return opinion;
        }
        let Some(bytes) = self.unframed(value) else {
            let message = "does not begin with the id of a schema, as its binding demands";
            let at = self.channel().messages[0].at;
            opinion.problems.push(self.problem(ProblemKind::NotJson, ("", message), at));
            return opinion;
        };
        let parsed = serde_json::from_slice::<Json>(bytes);
        let is_json_wanted = self.messages.iter().all(|one| one.value.compiled().is_some());
        if let (Err(error), true) = (&parsed, is_json_wanted) {
            let message = match bytes {
                [] => "is empty, and no JSON".to_owned(),
                _ => format!("is no JSON: {error}"),
            };
            let at = self.messages[0].value.compiled().map(|one| one.schema.at);
            let at = at.unwrap_or(self.channel().at);
            opinion.problems.push(self.problem(ProblemKind::NotJson, ("", &message), at));
            opinion.is_checked = true;
            return opinion;
        }
        let content = Content { bytes, json: parsed.ok() };
        let told = match &content.json {
            _ if self.messages.len() == 1 && self.channel().discriminator.is_none() => {
                Told::Message(0)
            }
            Some(json) => self.telling.told(json),
            None => Told::Try,
        };
        match told {
            Told::Message(at) => self.settle(at, record, &content, &mut opinion),
            Told::Nothing(there) => self.unknown(there.as_ref(), &mut opinion),
            Told::Try => self.try_all(record, &content, &mut opinion),
        }
        if is_own {
            self.sent_at_all(&mut opinion);
        }
        if content.json.is_some() && opinion.is_checked {
            let service = &self.document.service;
            let repeated = repeated_members(bytes).into_iter();
            opinion.problems.extend(repeated.map(|path| repeated_problem(path, service)));
        }
        opinion
    }

    fn without_value(&self, record: &Record, opinion: &mut Opinion) {
        let is_wanted = self.messages.iter().any(|one| one.value.compiled().is_some());
        if !self.channel().is_compacted {
            if is_wanted {
                let message = "there is no value, and the topic is not compacted, so it deletes \
                               nothing";
                let at = self.channel().at;
                opinion.problems.push(self.problem(ProblemKind::NoValue, ("", message), at));
                opinion.is_checked = true;
            }
            return;
        }
        opinion.is_checked = true;
        if record.key.is_none() {
            let message = "is not there, and a compacted topic needs one";
            let at = self.channel().at;
            opinion.problems.push(self.problem(ProblemKind::WrongKey, ("key", message), at));
            return;
        }
        let said = self.messages.iter().map(|one| self.key(one, record)).collect::<Vec<_>>();
        if !said.iter().any(Vec::is_empty) {
            opinion.problems.extend(said.into_iter().next().unwrap_or_default());
        }
    }

    /// The value without what stands before it; `None` where that is not there.
    fn unframed<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        match self.channel().messages.first().map(|message| message.framing) {
            Some(Framing::Registry) => match value {
                [0, _, _, _, _, rest @ ..] => Some(rest),
                _ => None,
            },
            _ => Some(value),
        }
    }

    /// Takes a record for a message.
    fn settle(&self, at: usize, record: &Record, content: &Content<'_>, opinion: &mut Opinion) {
        let message = &self.messages[at];
        opinion.message = Some(self.channel().messages[at].key.clone());
        let parts = [&message.value, &message.headers, &message.key];
        opinion.is_checked |= parts.iter().any(|part| part.compiled().is_some());
        opinion.problems.extend(self.all(at, record, content));
    }

    fn all(&self, at: usize, record: &Record, content: &Content<'_>) -> Vec<Problem> {
        let message = &self.messages[at];
        let mut problems = match (&message.value, &content.json) {
            (Part::Schema(value), _) if value.surely_accepts(content.bytes) => Vec::new(),
            (Part::Schema(value), Some(json)) => value.problems(json, "", self.voice()),
            (Part::Schema(value), None) => {
                let place = value.schema.at;
                vec![self.problem(ProblemKind::NotJson, ("", "is no JSON"), place)]
            }
            (Part::Free | Part::NotChecked, _) => Vec::new(),
        };
        problems.extend(self.headers(message, &record.headers));
        problems.extend(self.key(message, record));
        if let (Some(rule), Some(json)) = (&message.made_key, &content.json) {
            let json = json.clone().into();
            problems.extend(judge_key(&self.document.service, rule, &json, record));
        }
        problems
    }

    fn try_all(&self, record: &Record, content: &Content<'_>, opinion: &mut Opinion) {
        let said: Vec<_> =
            (0..self.messages.len()).map(|at| self.all(at, record, content)).collect();
        let is_told = |at: &usize| self.messages[*at].value.compiled().is_some();
        let fitting: Vec<_> = (0..said.len()).filter(|at| said[*at].is_empty()).collect();
        let mut told = fitting.iter().copied().filter(is_told);
        match (told.next(), told.next()) {
            (Some(one), None) => self.settle(one, record, content, opinion),
            (Some(one), Some(other)) => {
                self.settle(one, record, content, opinion);
                let messages = &self.channel().messages;
                let place = |at: usize| self.document.shown(messages[at].at);
                opinion.ambiguous = Some(Ambiguous {
                    messages: (messages[one].key.clone(), messages[other].key.clone()),
                    places: (place(one), place(other)),
                });
            }
            (None, _) if !fitting.is_empty() => {
                if let [only] = fitting[..] {
                    self.settle(only, record, content, opinion);
                }
            }
            (None, _) => {
                let nearest = (0..said.len()).min_by_key(|at| said[*at].len()).unwrap_or_default();
                let keys = self.channel().messages.iter().map(|one| one.key.as_str());
                let message = format!(
                    "fits no message of the channel ({}); as {}:",
                    keys.collect::<Vec<_>>().join(", "),
                    self.channel().messages[nearest].key
                );
                let at = self.channel().at;
                let none = self.problem(ProblemKind::UnknownType, ("", &message), at);
                opinion.problems.push(none);
                opinion.problems.extend(said.into_iter().nth(nearest).unwrap_or_default());
                opinion.is_checked = true;
            }
        }
    }

    fn unknown(&self, there: Option<&Json>, opinion: &mut Opinion) {
        opinion.is_checked = true;
        let super::Telling::Field(pointer, values) = &self.telling else {
            return;
        };
        let known: Vec<_> = values.iter().flatten().map(ToString::to_string).collect();
        let known = format!("one of {}", known.join(", "));
        let (kind, message) = match there {
            None => {
                let message = format!("is missing, and tells which message it is: {known}");
                (ProblemKind::MissingField, message)
            }
            Some(there) => {
                let shown: String = there.to_string().chars().take(60).collect();
                (
                    ProblemKind::UnknownType,
                    format!("is {shown}, no message of the channel: {known}"),
                )
            }
        };
        let problem = self.problem(kind, (pointer, &message), self.channel().at);
        opinion.problems.push(Problem { expected: known, ..problem });
    }

    /// The service sends the message, where it is known which it is.
    fn sent_at_all(&self, opinion: &mut Opinion) {
        let Some(key) = &opinion.message else { return };
        let messages = &self.channel().messages;
        let at = messages.iter().position(|message| message.key == *key);
        let Some(at) = at.filter(|at| !self.messages[*at].is_sent) else { return };
        if self.messages.iter().any(|message| message.is_sent) && opinion.ambiguous.is_none() {
            let message = format!("is the message {key}, which no operation of the document sends");
            let problem = self.problem(ProblemKind::UnknownType, ("", &message), messages[at].at);
            opinion.problems.push(problem);
        }
    }

    fn headers(&self, message: &OpenMessage, headers: &Headers) -> Vec<Problem> {
        let Some(compiled) = message.headers.compiled() else {
            return Vec::new();
        };
        let mut object = Map::new();
        let mut unreadable = BTreeSet::new();
        for header in headers.to_list() {
            let name = header.name.to_string();
            if object.contains_key(&name) || unreadable.contains(&name) {
                continue;
            }
            match header.value.as_deref() {
                None => drop(object.insert(name, Json::Null)),
                Some(bytes) => match header_value(compiled, &name, bytes) {
                    Some(value) => drop(object.insert(name, value)),
                    None => drop(unreadable.insert(name)),
                },
            }
        }
        let problems = compiled.problems(&Json::Object(object), "header", self.voice());
        let of_header = |problem: Problem| {
            let path = problem.path.replacen('/', " ", 1);
            let kind = match problem.kind {
                ProblemKind::MissingField => ProblemKind::MissingHeader,
                _ => ProblemKind::MalformedHeader,
            };
            Problem { path, kind, ..problem }
        };
        let is_read = |problem: &Problem| {
            let name = problem.path.split(' ').nth(1).unwrap_or_default();
            !unreadable.contains(name.split('/').next().unwrap_or_default())
        };
        problems.into_iter().map(of_header).filter(is_read).collect()
    }

    fn key(&self, message: &OpenMessage, record: &Record) -> Vec<Problem> {
        let Some(compiled) = message.key.compiled() else {
            return Vec::new();
        };
        let Some(bytes) = &record.key else {
            if compiled.accepts(&Json::Null) {
                return Vec::new();
            }
            let text = "is not there, and the document says what it must be";
            return vec![self.problem(ProblemKind::WrongKey, ("key", text), compiled.schema.at)];
        };
        let readings = readings(bytes, compiled.typed.types);
        if readings.iter().any(|reading| compiled.accepts(reading)) {
            return Vec::new();
        }
        let Some(first) = readings.first() else {
            let text = "is no text, and cannot be what the document says it must be";
            return vec![self.problem(ProblemKind::WrongKey, ("key", text), compiled.schema.at)];
        };
        let problems = compiled.problems(first, "key", self.voice());
        let of_key = |problem: Problem| Problem { kind: ProblemKind::WrongKey, ..problem };
        problems.into_iter().map(of_key).collect()
    }

    fn voice(&self) -> Voice<'_> {
        Voice { document: &self.document, sensitive: &self.sensitive }
    }

    fn problem(&self, kind: ProblemKind, (path, message): (&str, &str), at: At) -> Problem {
        Problem {
            severity: Severity::Violation,
            kind,
            path: path.to_owned(),
            message: message.to_owned(),
            expected: "what the document says".to_owned(),
            got: "something else".to_owned(),
            contract: self.document.service.clone(),
            place: Some(self.document.shown(at)),
        }
    }
}

fn repeated_problem(path: String, service: &str) -> Problem {
    Problem {
        severity: Severity::Advisory,
        kind: ProblemKind::RepeatedField,
        path,
        message: "is named twice; some readers refuse that, and others take the last one"
            .to_owned(),
        expected: "once".to_owned(),
        got: "twice".to_owned(),
        contract: service.to_owned(),
        place: None,
    }
}

/// The value of a header, by what the schema says of it; `None` where its bytes cannot be read.
fn header_value(compiled: &Compiled, name: &str, bytes: &[u8]) -> Option<Json> {
    let types = compiled.typed.properties.get(name).map_or(Types::ANY, |one| one.schema.types);
    let pointer = format!("/properties/{}/x-encoding", name.replace('~', "~0").replace('/', "~1"));
    let encoding = compiled.schema.value.pointer(&pointer).and_then(Json::as_str);
    let encoding = HEADER_ENCODINGS.iter().find(|(known, _)| Some(*known) == encoding);
    if let (Some((_, HeaderEncoding::Uint16Be)), [high, low]) = (encoding, bytes) {
        return Some(u16::from_be_bytes([*high, *low]).into());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    if types.admits(Types::STRING) {
        return Some(text.into());
    }
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    Some(serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

/// What the bytes of a key can be read as: text, JSON, or a number in binary, the likeliest first.
fn readings(bytes: &KeyBytes, types: Types) -> Vec<Json> {
    let mut readings = Vec::new();
    if let Ok(text) = std::str::from_utf8(bytes) {
        let parsed = serde_json::from_str::<Json>(text).ok();
        if types.admits(Types::STRING) {
            readings.push(text.into());
            readings.extend(parsed);
        } else {
            readings.extend(parsed);
            readings.push(text.into());
        }
    }
    if types.admits(Types::INTEGER) || types.admits(Types::NUMBER) {
        if let Ok(bytes) = <[u8; 4]>::try_from(bytes.as_slice()) {
            readings.push(i32::from_be_bytes(bytes).into());
        }
        if let Ok(bytes) = <[u8; 8]>::try_from(bytes.as_slice()) {
            readings.push(i64::from_be_bytes(bytes).into());
            let float = serde_json::Number::from_f64(f64::from_be_bytes(bytes));
            readings.extend(float.map(Json::Number));
        }
    }
    readings
}
