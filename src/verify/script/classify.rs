//! Which kind of input each step sends: found by its contract and by what the reference does with
//! it, never from a list.
//!
//! What always holds: a record that cannot be read, that breaks the contract of the service under
//! test, or whose headers are damaged is of [`Phase::Undecodable`]; a well-formed one that the
//! reference refuses where it stands in the script is of [`Phase::Refused`].

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::rehearsal::{Became, rehearse};
use super::{Act, InputKind, Message, Phase, Script, Step};
use crate::contract::{Action, Contracts, MessageKind, ProblemKind, Schema};
use crate::message::{HeaderProblem, Json, Outgoing};
use crate::scenario::TenantSpec;

/// Text of more characters is a kind of its own, and so is a number at the end of its range.
const LONG: usize = 200;
/// Flaws of fields that tolerant readers read as zero.
const READ_AS_ZERO: [&str; 2] = ["null-field", "missing-field"];
/// Lists and objects inside each other: readers are not made for more.
const DEEP: usize = 100;

/// Who reads a script, and by which contracts.
#[derive(Clone)]
pub struct Reader {
    /// The service.
    pub service: String,
    /// Its contracts.
    pub contracts: Arc<Contracts>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({})", self.service)
    }
}

impl Reader {
    /// The kind of well-formed input as which this one is refused, in a tenant in which nothing has
    /// happened: what lacks a field, or has a null for it, is read as if a zero stood there.
    #[must_use]
    pub fn refuses_as(&self, message: &Message) -> Option<String> {
        let steps = vec![Step::new(0, 0, Act::Send(message.clone()))];
        let alone = Script::new("", vec![TenantSpec::default()], steps);
        let seen = rehearse(&alone, &self.service, &self.contracts);
        let (made, became) = seen.get(&0)?;
        let Became::Refused { rule: Some(rule), .. } = became else { return None };
        let value = made.record.value_bytes().unwrap_or_default();
        let message = self.contracts.message_kind(made.channel, value)?;
        Some(format!("{}:{rule}", message.label))
    }
}

impl InputKind {
    /// Whether inputs of this kind lack what tolerant readers read as zero.
    #[must_use]
    pub fn reads_as_zero(&self) -> bool {
        READ_AS_ZERO.contains(&self.name.as_str())
    }
}

impl Script {
    /// The script with the kind of each input, as it is for this reader.
    #[must_use]
    pub fn classified(mut self, reader: &Reader) -> Self {
        let seen = rehearse(&self, &reader.service, &reader.contracts);
        for step in &mut self.steps {
            let known = seen.get(&step.id);
            step.kind = known.map(|(made, became)| kind(reader, made, became));
        }
        self.reader = Some(reader.clone());
        self
    }

    /// The script without the inputs of these kinds, by name, and without what needs their answers.
    /// What is left is classified anew: an input may be refused once another is left out.
    #[must_use]
    pub fn without(&self, kinds: &BTreeSet<String>) -> Self {
        let mut left = self.keeping(&|kind| !kinds.contains(&kind.name));
        if let Some(reader) = &self.reader {
            let is_alike = |step: &Step| match (&step.kind, &step.act) {
                (Some(kind), Act::Send(message)) if kind.reads_as_zero() => {
                    reader.refuses_as(message).is_some_and(|name| kinds.contains(&name))
                }
                _ => false,
            };
            left.steps.retain(|step| !is_alike(step));
        }
        left
    }

    /// The script without the inputs of later phases than this one, and without what needs them.
    #[must_use]
    pub fn up_to(&self, phase: Phase) -> Self {
        self.keeping(&|kind| kind.phase <= phase)
    }

    fn keeping(&self, keeps: &dyn Fn(&InputKind) -> bool) -> Self {
        let mut left = self.clone();
        loop {
            let before = left.steps.len();
            left.steps.retain(|step| step.kind.as_ref().is_none_or(keeps));
            if left.steps.len() == before {
                return left;
            }
            drop_needing(&mut left.steps);
            if let Some(reader) = left.reader.clone() {
                left = left.classified(&reader);
            }
        }
    }
}

/// Leaves out what needs the answers of steps that are not there.
fn drop_needing(steps: &mut Vec<Step>) {
    let mut there = BTreeSet::new();
    steps.retain(|step| {
        let stays = step.act.needs().iter().all(|needed| there.contains(needed));
        if stays {
            there.insert(step.id);
        }
        stays
    });
}

/// The kind of a record, by what became of it.
pub(super) fn kind(reader: &Reader, made: &Outgoing, became: &Became) -> InputKind {
    let bad = |name: &str| InputKind::new(Phase::Undecodable, name);
    if let Some(name) = whole(made).or_else(|| headers(made)) {
        return bad(name);
    }
    let value = made.record.value_bytes().unwrap_or_default();
    let contracts = &reader.contracts;
    let Some(message) = contracts.message_kind(made.channel, value) else {
        return bad("unknown-type");
    };
    let channel = contracts.channel_name(made.channel);
    let own = contracts.contract(&reader.service).and_then(|contract| {
        contract.messages(Action::Receive, channel).find(|own| own.name == message.name)
    });
    let Some(own) = own else {
        // Another document knows the type, and the reader's own does not.
        return InputKind::new(Phase::Refused, format!("{}:not-for-it", message.label));
    };
    let json = Json::parse(value).unwrap_or_default();
    if let Some(name) = flaw(&own.payload, &json) {
        return bad(name);
    }
    match became {
        Became::Refused { rule: Some(rule), .. } => {
            InputKind::new(Phase::Refused, format!("{}:{rule}", message.label))
        }
        Became::Refused { rule: None, .. } => {
            InputKind::new(Phase::Refused, format!("{}:no-effect", message.label))
        }
        Became::Unreadable => bad("unreadable"),
        _ if is_extreme(message, &json) => {
            InputKind::new(Phase::Expected, format!("{}:extreme", message.label))
        }
        _ => InputKind::new(Phase::Expected, message.label.clone()),
    }
}

/// What is wrong with a value as a whole.
fn whole(made: &Outgoing) -> Option<&'static str> {
    let Some(value) = made.record.value_bytes() else {
        return Some("no-value");
    };
    if value.is_empty() {
        return Some("empty-value");
    }
    if depth(value) > DEEP {
        return Some("deeply-nested");
    }
    match Json::parse(value) {
        Err(_) => Some("not-json"),
        Ok(Json::Object(_)) => None,
        Ok(_) => Some("not-an-object"),
    }
}

/// How many lists and objects are open at most, whatever else the bytes are.
fn depth(value: &[u8]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in value {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// What is wrong with the headers.
fn headers(made: &Outgoing) -> Option<&'static str> {
    let headers = &made.record.headers;
    match headers.tenant() {
        Err(HeaderProblem::Missing(_)) => return Some("tenant-header-missing"),
        Err(_) => return Some("tenant-header-damaged"),
        Ok(_) => {}
    }
    if headers.trace().is_some() {
        return None;
    }
    let there = headers.to_list().iter().any(|header| &*header.name == "traceparent");
    Some(if there { "trace-header-damaged" } else { "trace-header-missing" })
}

/// What is wrong with a field, by the reader's own contract.
fn flaw(payload: &Schema, value: &Json) -> Option<&'static str> {
    let problems = payload.problems(value);
    let names = problems.iter().filter_map(|problem| match problem.kind {
        ProblemKind::WrongType if value.pointer(&problem.path) == Some(&Json::Null) => {
            Some("null-field")
        }
        ProblemKind::MissingField => Some("missing-field"),
        ProblemKind::WrongType => Some("wrong-type"),
        ProblemKind::OutOfRange => Some("out-of-range"),
        ProblemKind::NotListed => Some("not-listed"),
        ProblemKind::BadFormat => Some("bad-format"),
        _ => None,
    });
    // What does not decode at all weighs more than what reads as zero.
    names.max_by_key(|name| !READ_AS_ZERO.contains(name))
}

/// Whether a field is at the end of its range or text is long or of more than plain characters.
fn is_extreme(message: &MessageKind, value: &Json) -> bool {
    let fields = message.fields().iter().filter(|field| !field.path.contains('*'));
    fields.filter_map(|field| Some((field, value.pointer(&field.path)?))).any(|(field, value)| {
        match value {
            Json::String(text) => text.chars().count() > LONG || text.chars().any(is_astral),
            Json::Number(number) => {
                let Some(number) = number.as_integer() else { return false };
                let least = field.schema.minimum.filter(|least| *least < 0);
                let most = field.schema.maximum.filter(|most| *most > i128::from(u8::MAX));
                [least, most].contains(&Some(number))
            }
            _ => false,
        }
    })
}

fn is_astral(char: char) -> bool {
    u32::from(char) > 0xffff
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use serde_json::json;

    use super::Reader;
    use crate::contract::Contracts;
    use crate::message::Seed;
    use crate::scenario::TenantSpec;
    use crate::verify::script::random::{self, Abilities};
    use crate::verify::script::{Act, HeadersFrom, Message, Phase, Script, Step, Value};

    fn ban() -> Reader {
        Reader { service: "ban".to_owned(), contracts: Contracts::builtin() }
    }

    fn create(ban_type: u32) -> Message {
        let body = json!({
            "banType": ban_type, "value": "10.0.0.9", "reason": "", "reasonCode": 0,
            "permanent": true, "expiresAt": 0, "issuedBy": "",
        });
        Message::new("ban.command", json!({ "type": "CREATE", "body": body }).into())
    }

    fn delete(ban_id: &serde_json::Value) -> Message {
        let value = json!({ "type": "DELETE", "body": { "banId": ban_id } });
        Message::new("ban.command", value.into())
    }

    fn script(messages: Vec<Message>) -> Script {
        let step = |(id, message)| Step::new(id, 0, Act::Send(message));
        let steps = (0..).zip(messages).map(step).collect();
        Script::new("", vec![TenantSpec::default()], steps).classified(&ban())
    }

    fn names(script: &Script) -> Vec<(Phase, &str)> {
        let kinds = script.steps.iter().map(|step| step.kind.as_ref().unwrap());
        kinds.map(|kind| (kind.phase, kind.name.as_str())).collect()
    }

    #[test]
    fn a_kind_is_found_by_what_the_reference_does() {
        let mut empty = create(0);
        empty.value = Value::Bytes(Some(Vec::new()));
        let mut untraced = create(0);
        untraced.headers = HeadersFrom::Without("traceparent");
        let messages = vec![
            create(0),
            create(3),
            create(256),
            delete(&json!({ "$id": 0 })),
            delete(&json!({ "$id": 0 })),
            delete(&json!("1")),
            empty,
            untraced,
        ];
        assert_eq!(
            names(&script(messages)),
            [
                (Phase::Expected, "ban.command/CREATE"),
                (Phase::Refused, "ban.command/CREATE:BAN-2"),
                (Phase::Undecodable, "out-of-range"),
                (Phase::Expected, "ban.command/DELETE"),
                (Phase::Refused, "ban.command/DELETE:BAN-4"),
                (Phase::Undecodable, "wrong-type"),
                (Phase::Undecodable, "empty-value"),
                (Phase::Undecodable, "trace-header-missing"),
            ]
        );
    }

    #[test]
    fn what_needs_what_is_left_out_is_left_out_too() {
        let whole = script(vec![create(0), create(3), delete(&json!({ "$id": 0 })), create(1)]);
        let kinds = BTreeSet::from(["ban.command/CREATE".to_owned()]);
        let left = whole.without(&kinds);
        assert_eq!(names(&left), [(Phase::Refused, "ban.command/CREATE:BAN-2")]);
        assert_eq!(whole.up_to(Phase::Expected).steps.len(), 3);
    }

    #[test]
    fn what_reads_as_a_zero_that_is_left_out_is_left_out_too() {
        let mut nameless = create(0);
        let value = json!({ "type": "CREATE", "body": { "banType": 0, "permanent": true } });
        nameless.value = Value::Json(value.into());
        assert_eq!(ban().refuses_as(&nameless).as_deref(), Some("ban.command/CREATE:BAN-2"));
        assert_eq!(ban().refuses_as(&create(0)), None);
        let whole = script(vec![create(0), nameless]);
        assert_eq!(names(&whole)[1], (Phase::Undecodable, "missing-field"));
        let left = whole.without(&BTreeSet::from(["ban.command/CREATE:BAN-2".to_owned()]));
        assert_eq!(names(&left), [(Phase::Expected, "ban.command/CREATE")]);
    }

    #[test]
    fn what_is_left_is_classified_anew() {
        let delete_first = delete(&json!(1));
        let whole = script(vec![create(u32::from(u8::MAX)), create(0), delete_first]);
        let kinds = BTreeSet::from(["ban.command/CREATE".to_owned()]);
        let left = whole.without(&kinds);
        assert_eq!(names(&left)[1], (Phase::Refused, "ban.command/DELETE:BAN-4"));
    }

    #[test]
    fn each_input_of_a_script_has_a_kind() {
        for service in ["ban", "account", "login", "effective_stats", "invite"] {
            let mut seen: BTreeMap<_, usize> = BTreeMap::new();
            for number in 0..60 {
                let script = random::script(
                    (service, &Contracts::builtin()),
                    &Abilities::default(),
                    (Seed(1), number),
                );
                for step in &script.steps {
                    let sends = matches!(step.act, Act::Send(_));
                    assert_eq!(step.kind.is_some(), sends, "{service} {number}: {step:?}");
                    if let Some(kind) = &step.kind {
                        assert!(!kind.name.contains(' '), "{kind}");
                        *seen.entry(kind.clone()).or_default() += 1;
                    }
                }
                let reader =
                    Reader { service: service.to_owned(), contracts: Contracts::builtin() };
                let again = script.clone().classified(&reader);
                assert_eq!(format!("{script:?}"), format!("{again:?}"));
            }
            println!("{service}: {seen:#?}");
            let phases: BTreeSet<_> = seen.keys().map(|kind| kind.phase).collect();
            assert_eq!(phases.len(), 3, "{service}: {seen:#?}");
            assert!(!seen.keys().any(|kind| kind.name == "unreadable"), "{seen:#?}");
        }
    }

    #[test]
    fn a_reader_is_shown_by_its_name() {
        let reader = ban();
        assert!(Arc::ptr_eq(&reader.contracts, &Contracts::builtin()));
        assert_eq!(format!("{reader:?}"), "Reader(ban)");
    }
}
