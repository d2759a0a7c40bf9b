//! What is sent: whether it keeps the contracts of those who read it.
//!
//! A sample of the record is made, with zero where a value is known only when the test runs, and
//! judged as the runner's records are; what is wrong with an unknown value is left out.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use uuid::Uuid;

use crate::contract::{HeaderEncoding, MessageKind, Problem};
use crate::diagnostic::{Diagnostic, Span};
use crate::message::{Header, Headers, Json, Payload, Record, Tenant, TraceParent};
use crate::scenario::plan::{Cell, Send, SendKey, SendValue, Target};
use crate::scenario::read::Reader;
use crate::scenario::template::{
    Field, Matcher, MatcherKind, Name, Template, TemplateKind, bytes_of, text_of_parts,
};

use super::fields::{declares, dots};
use super::{below, put};

impl Reader<'_, '_> {
    /// Checks a send: fields, values, key, headers.
    pub(crate) fn check_send(&mut self, send: &Send) {
        for header in &send.headers {
            if !send.breaks_contract {
                self.check_header(&send.target, &header.name, header.span);
            }
        }
        let SendValue::Fields(template) = &send.value else {
            return;
        };
        let Some(label) = self.one_kind(&send.target) else {
            return;
        };
        if let (Some(template), false) = (template, send.breaks_contract) {
            self.check_sent_names(&send.target, "", template);
        }
        let rows = self.rows();
        let mut seen = BTreeSet::new();
        let mut kept = true;
        for row in &rows {
            if self.loader.checks_left == 0 {
                return;
            }
            self.loader.checks_left -= 1;
            let Some(sample) = self.sample(send, row) else {
                return;
            };
            let problems = self.problems(&send.target, &sample);
            kept &= problems.is_empty() && sample.unknown.is_empty();
            for problem in problems {
                if !send.breaks_contract {
                    let diagnostic = self.breach(send, &sample, &label, &problem);
                    if seen.insert((diagnostic.span, diagnostic.message.clone())) {
                        self.push(diagnostic);
                    }
                }
            }
        }
        if send.breaks_contract && kept {
            let message = "this record keeps the contract of all who read it";
            let warning = Diagnostic::warning(
                "scenario::keeps-contract",
                message,
                &self.file,
                send.target.span,
            );
            self.push(warning.help("remove `breaks_contract`"));
        }
    }

    /// The label of the one kind of message that is sent.
    fn one_kind(&mut self, target: &Target) -> Option<String> {
        let kinds = self.kinds(target);
        match kinds.as_slice() {
            [] => None,
            [kind] => Some(kind.label.clone()),
            kinds => {
                let message = format!("`{}` carries several kinds of message", target.channel);
                let all =
                    crate::scenario::read::choice(kinds.iter().map(|kind| kind.label.as_str()));
                let diagnostic = self
                    .error("scenario::message-needed", message, target.span)
                    .help(format!("write one of {all}, or give the value with `raw`"));
                self.push(diagnostic);
                None
            }
        }
    }

    fn check_sent_names(&mut self, target: &Target, pointer: &str, template: &Template) {
        match &template.kind {
            TemplateKind::Object(fields) => {
                for field in fields {
                    let inner = below(pointer, &field.name);
                    if self.check_pointer(target, &inner, field.span).is_some() {
                        self.check_sent_names(target, &inner, &field.value);
                    }
                }
            }
            TemplateKind::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.check_sent_names(target, &below(pointer, &at.to_string()), item);
                }
            }
            _ => {}
        }
    }

    /// The rows of the table; one without values where there is no table.
    fn rows(&self) -> Vec<IndexMap<Name, Cell>> {
        let rows = self.table.iter().flat_map(|table| &table.rows);
        let rows: Vec<_> = rows.map(|row| row.cells.clone()).collect();
        if rows.is_empty() { vec![IndexMap::new()] } else { rows }
    }

    fn sample(&self, send: &Send, row: &IndexMap<Name, Cell>) -> Option<Sample> {
        let contracts = self.loader.known.contracts;
        let channel = contracts.channel_ix(&send.target.channel)?;
        let kinds = self.kinds(&send.target);
        let kind: &MessageKind = kinds.first()?;
        let value = contracts.zero_value(kind.index)?.clone();
        let mut sample = Sample { value, ..Sample::default() };
        if let SendValue::Fields(Some(template)) = &send.value {
            sample.fill("", template, row);
        }
        sample.headers = self.sample_headers(send, row, &mut sample);
        sample.key = match &send.key {
            SendKey::Contract => contracts.key_for(channel, &sample.value).map(|k| k.to_vec()),
            SendKey::None => None,
            SendKey::Bytes(bytes) => Some(bytes.clone()),
            SendKey::Id(template) => {
                sample.places.push(("key".to_owned(), template.span));
                let id = known_value(template, row).map(|(json, _)| json);
                let id = id.and_then(|json| u32::try_from(json.as_integer()?).ok());
                if id.is_none() {
                    sample.unknown.push("key".to_owned());
                }
                id.map(|id| contracts.encode_key(channel, id).to_vec())
            }
        };
        // A key made from a value that is not known yet is not known either.
        if !matches!(send.key, SendKey::Contract) && !sample.unknown.is_empty() {
            sample.unknown.push("key".to_owned());
        }
        Some(sample)
    }

    fn sample_headers(
        &self,
        send: &Send,
        row: &IndexMap<Name, Cell>,
        sample: &mut Sample,
    ) -> Vec<Header> {
        let tenant = Tenant { id: Uuid::from_u128(1), region: "GMS".into(), major: 83, minor: 1 };
        let trace = TraceParent { trace: 1, span: 1, flags: 0 };
        let mut headers = Headers::of_tenant(&tenant, trace).to_list();
        for Field { name, value, .. } in &send.headers {
            let path = format!("header {name}");
            sample.places.push((path.clone(), value.span));
            headers.retain(|header| &*header.name != name.as_str());
            let known = match &value.kind {
                TemplateKind::Matcher(matcher) if matcher.kind == MatcherKind::Absent => continue,
                _ => known_value(value, row),
            };
            let Some((json, _)) = known else {
                sample.unknown.push(path);
                continue;
            };
            let encoding = self.loader.known.contracts.header_encoding(&send.target.channel, name);
            let values = match json {
                Json::Array(items) => items,
                one => vec![one],
            };
            headers.extend(values.iter().map(|value| sample_header(name, encoding, value)));
        }
        headers
    }

    /// What the readers' contracts say of the sample.
    fn problems(&self, target: &Target, sample: &Sample) -> Vec<Problem> {
        let contracts = self.loader.known.contracts;
        let Some(channel) = contracts.channel_ix(&target.channel) else {
            return Vec::new();
        };
        let record = Record {
            key: sample.key.as_deref().map(crate::message::KeyBytes::from_slice),
            headers: Headers::from_list(sample.headers.clone()),
            value: Some(Payload::new(&sample.value.to_bytes())),
        };
        let kinds = self.kinds(target);
        let mut problems = contracts.check_sent(channel, &record);
        problems.retain(|problem| {
            let unknown = |path: &String| {
                problem.path == *path || problem.path.starts_with(&format!("{path}/"))
            };
            // Fields that nobody declares are reported by name, with a suggestion.
            let undeclared = problem.path.starts_with('/')
                && !kinds.iter().any(|kind| declares(kind, &problem.path));
            problem.is_violation() && !sample.unknown.iter().any(unknown) && !undeclared
        });
        problems
    }

    fn breach(&self, send: &Send, sample: &Sample, label: &str, problem: &Problem) -> Diagnostic {
        let mut path = problem.path.as_str();
        let place = loop {
            if let Some((_, span)) = sample.places.iter().find(|(place, _)| place == path) {
                break Some(*span);
            }
            match path.rsplit_once('/') {
                Some((outer, _)) if !outer.is_empty() => path = outer,
                _ => break None,
            }
        };
        let reader = &problem.contract;
        let help = "add `breaks_contract: true` if this is what the test is about";
        let message = match (place, problem.path.starts_with('/')) {
            (None, true) => {
                let field = dots(&problem.path);
                format!("`{label}` does not name `{field}`, and zero breaks its contract")
            }
            _ => format!("this breaks the contract of `{label}`: {}", self.told(send, problem)),
        };
        let diagnostic = self
            .error("scenario::breaks-contract", message, place.unwrap_or(send.target.span))
            .help(help);
        let expected = match problem.expected.as_str() {
            "" => format!("by the contract of {reader}"),
            expected => format!("the contract of {reader} wants {expected}"),
        };
        diagnostic.note(expected)
    }

    /// What is wrong, with its field; of a secret only that it is.
    fn told(&self, send: &Send, problem: &Problem) -> String {
        let Some(path) = problem.path.strip_prefix('/').map(|_| problem.path.as_str()) else {
            return problem.to_string();
        };
        let kinds = self.kinds(&send.target);
        let sensitive = |kind: &&MessageKind| kind.field(path).is_some_and(|f| f.sensitive);
        let name = dots(path);
        if kinds.iter().any(sensitive) {
            return format!("`{name}` is not {}", problem.expected);
        }
        format!("`{name}` {}", problem.message)
    }
}

/// A record as it could be sent.
#[derive(Debug, Default)]
struct Sample {
    value: Json,
    key: Option<Vec<u8>>,
    headers: Vec<Header>,
    /// Where what is at a pointer, or a header, stands in the file.
    places: Vec<(String, Span)>,
    /// Pointers of what only a run knows.
    unknown: Vec<String>,
}

impl Sample {
    /// Lays a template over the value.
    fn fill(&mut self, pointer: &str, template: &Template, row: &IndexMap<Name, Cell>) {
        self.places.push((pointer.to_owned(), template.span));
        if let Some((json, span)) = known_value(template, row) {
            self.places.insert(0, (pointer.to_owned(), span));
            // An object names some of its fields; the others stay as they are.
            if !matches!(template.kind, TemplateKind::Object(_)) {
                put(&mut self.value, pointer, json);
                return;
            }
        }
        match &template.kind {
            TemplateKind::Object(fields) => {
                if fields.is_empty() {
                    return;
                }
                for field in fields {
                    self.fill(&below(pointer, &field.name), &field.value, row);
                }
            }
            TemplateKind::Matcher(matcher) if matcher.kind == MatcherKind::Absent => {
                self.remove(pointer);
            }
            _ => self.unknown.push(pointer.to_owned()),
        }
    }

    fn remove(&mut self, pointer: &str) {
        let Some((outer, _)) = pointer.rsplit_once('/') else {
            return;
        };
        let name = super::parts(pointer).last();
        let mut at = &mut self.value;
        for part in super::parts(outer) {
            let Json::Object(fields) = at else { return };
            let Some(inner) = fields.get_mut(&part) else {
                return;
            };
            at = inner;
        }
        if let (Json::Object(fields), Some(name)) = (at, name) {
            fields.shift_remove(&name);
        }
    }
}

/// The value of a template where it is known, and where it stands: in the file or the table.
fn known_value(template: &Template, row: &IndexMap<Name, Cell>) -> Option<(Json, Span)> {
    if let TemplateKind::Var(name) = &template.kind {
        return row.get(name).map(|cell| (cell.value.clone(), cell.span));
    }
    if let TemplateKind::Matcher(Matcher { kind: MatcherKind::Text(parts), .. }) = &template.kind {
        let text = text_of_parts(parts, |name| row.get(name).map(|cell| cell.value.clone()));
        return text.ok().map(|text| (Json::String(text), template.span));
    }
    template.to_json().map(|json| (json, template.span))
}

/// A header as it would be sent.
fn sample_header(name: &str, encoding: Option<HeaderEncoding>, json: &Json) -> Header {
    let bytes = match (encoding, json) {
        (_, Json::Null) => return Header { name: name.into(), value: None },
        (Some(HeaderEncoding::Uint16Be), Json::Number(number)) => {
            let number = number.as_integer().and_then(|number| u16::try_from(number).ok());
            number.map_or_else(Vec::new, |number| number.to_be_bytes().to_vec())
        }
        (_, Json::String(text)) => text.as_bytes().to_vec(),
        (_, other) => bytes_of(other).unwrap_or_else(|| other.to_bytes()),
    };
    Header::new(name, &bytes)
}
