//! Checks records: the fast way first, the judge where that does not say yes.

use super::headers::{self, Cause};
use super::judge::Judge;
use super::kind::{MessageIx, MessageKind, View};
use super::problem::{Problem, ProblemKind, Severity};
use super::scan::{Seen, discriminator};
use super::set::{Channel, Contracts};
use super::{Basis, KeyRule};
use crate::message::{ChannelIx, Json, KeyBytes, Record, hex, repeated_members};

/// So many bytes of a key are shown.
const MAX_KEY_SHOWN: usize = 32;

/// Which way a record goes, as a test sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The test sends it; its readers judge.
    Sent,
    /// A service emits it; the sender's own contract judges.
    Emitted,
}

impl Contracts {
    /// Checks a record that a service emitted, by the service's own contract. A field that only
    /// another contract declares is no problem. Empty if all is well.
    #[must_use]
    pub fn check_emitted(
        &self,
        service: &str,
        channel: ChannelIx,
        record: &Record,
        cause: Cause,
    ) -> Vec<Problem> {
        if let Some(open) = self.open_view(service, channel) {
            return open.opinion(record, true).problems;
        }
        let Some(channel) = self.channel(channel) else {
            return vec![undeclared(service, "this channel")];
        };
        let value = record.value_bytes();
        if let Some(value) = value
            && let Some(view) = self.fast_kind(channel, value).and_then(|kind| kind.sender(service))
            && let Some(seen) = view.program.accepts(value)
            && headers::are_surely_good(view, &record.headers)
            && key_is_good(view.key.as_ref(), seen, record)
        {
            return Vec::new();
        }
        self.judge_emitted(service, channel, record, cause)
    }

    fn judge_emitted(
        &self,
        service: &str,
        channel: &Channel,
        record: &Record,
        cause: Cause,
    ) -> Vec<Problem> {
        if !channel.producers.iter().any(|producer| producer == service) {
            return vec![undeclared(service, &channel.name)];
        }
        let mut judge = Judge::new(service);
        let value = read(record, &mut judge);
        let kind = value.as_ref().and_then(|value| {
            let kind = self.judged_kind(channel, value, &mut judge)?;
            let known = kind.sender(service);
            if known.is_none() {
                judge.problems.push(unknown_type(channel, &kind.name, service));
            }
            known
        });
        // Headers are the same for all kinds; where the kind is not known, any of the channel do.
        let any = || self.messages(channel.index).find_map(|kind| kind.sender(service));
        if let Some(view) = kind.or_else(any) {
            headers::judge(view, &record.headers, cause, &mut judge);
        }
        if let (Some(view), Some(value)) = (kind, &value) {
            judge.value(&view.schema, value);
            if let Some(rule) = &view.key {
                judge.problems.extend(judge_key(service, rule, value, record));
            }
        }
        judge.problems
    }

    /// Checks a record that a test sends, by the contracts of its readers. A field is known if any
    /// contract declares it. Empty if all is well.
    #[must_use]
    pub fn check_sent(&self, channel: ChannelIx, record: &Record) -> Vec<Problem> {
        let Some(channel) = self.channel(channel) else {
            return vec![undeclared("any service", "this channel")];
        };
        if channel.open.is_some() {
            return self.open_opinions(channel.index, record).swap_remove(0).problems;
        }
        if let Some(value) = record.value_bytes()
            && let Some(kind) = self.fast_kind(channel, value)
            && kind.is_keyed_by_first(value)
            && kind.sent.iter().all(|view| {
                headers::are_surely_good(view, &record.headers)
                    && view.program.accepts(value).is_some_and(|seen| {
                        key_is_good(kind.keys.first().map(|(_, rule)| rule), seen, record)
                    })
            })
        {
            return Vec::new();
        }
        self.judge_sent(channel, record)
    }

    fn judge_sent(&self, channel: &Channel, record: &Record) -> Vec<Problem> {
        let reader = channel.consumers.first().map_or("", |reader| reader);
        let mut judge = Judge::new(reader);
        let value = read(record, &mut judge);
        let kind = value.as_ref().and_then(|value| self.judged_kind(channel, value, &mut judge));
        let any = || self.messages(channel.index).next();
        let mut problems = judge.problems;
        for view in kind.or_else(any).map_or(&[][..], |kind| &kind.sent) {
            let mut judge = Judge::new(&view.service);
            headers::judge(view, &record.headers, Cause::Input, &mut judge);
            if let (Some(value), true) = (&value, kind.is_some()) {
                judge.value(&view.schema, value);
            }
            add_new(&mut problems, judge.problems);
        }
        if let (Some(kind), Some(value)) = (kind, &value)
            && let Some((service, rule)) = kind.key_rule(value)
        {
            problems.extend(judge_key(service, rule, value, record));
        }
        problems
    }

    /// Checks the value of one field, at a JSON pointer: by the readers' contracts where a test
    /// sends it, by the senders' where it is expected of them. A field that they do not declare is
    /// accepted here; [`MessageKind::field`] tells whether any contract does.
    #[must_use]
    pub fn check_field(
        &self,
        message: MessageIx,
        side: Side,
        pointer: &str,
        value: &Json,
    ) -> Vec<Problem> {
        let views = self.message(message).map_or(&[][..], |kind| match side {
            Side::Sent => &kind.sent,
            Side::Emitted => &kind.emitted,
        });
        let mut problems: Vec<Problem> = Vec::new();
        for view in views {
            if let Some(schema) = view.schema.at(pointer) {
                let mut judge = Judge::new(&view.service);
                judge.value_at(pointer, schema, value);
                add_new(&mut problems, judge.problems);
            }
        }
        problems
    }

    /// The key that a value is sent under: made from the field that a contract names, a documented
    /// one before one that only the field uses; of several, the one whose contract describes the
    /// value. `None` where there is no stable key.
    #[must_use]
    pub fn key_for(&self, channel: ChannelIx, value: &Json) -> Option<KeyBytes> {
        let kind = self.kind_of(channel, value);
        // A value of no known kind still has a place, so that order can be tested with it.
        let rule = match kind {
            Some(kind) => kind.key_rule(value)?.1,
            None => &self.messages(channel).find_map(|kind| kind.keys.first())?.1,
        };
        key_from(rule, value)
    }

    /// The kind of a value, by its channel's discriminator.
    #[must_use]
    pub fn kind_of(&self, channel: ChannelIx, value: &Json) -> Option<&MessageKind> {
        if self.channel(channel)?.open.is_some() {
            return self.open_kind(channel, &value.to_bytes());
        }
        let Some(field) = &self.channel(channel)?.discriminator else {
            return self.messages(channel).next();
        };
        self.message_named(channel, value.get(field)?.as_str()?)
    }

    /// The kind of a value's bytes. It looks no further than the discriminator.
    #[must_use]
    pub fn message_kind(&self, channel: ChannelIx, value: &[u8]) -> Option<&MessageKind> {
        if self.channel(channel)?.open.is_some() {
            return self.open_kind(channel, value);
        }
        let quick = self.channel(channel).and_then(|channel| self.fast_kind(channel, value));
        quick.or_else(|| self.kind_of(channel, &Json::parse(value).ok()?))
    }

    fn fast_kind(&self, channel: &Channel, value: &[u8]) -> Option<&MessageKind> {
        let Some(quoted) = &channel.quoted_discriminator else {
            return self.messages(channel.index).next().filter(|_| channel.discriminator.is_none());
        };
        let name = discriminator(value, quoted)?;
        self.messages(channel.index).find(|kind| kind.name.as_bytes() == name)
    }

    fn judged_kind(
        &self,
        channel: &Channel,
        value: &Json,
        judge: &mut Judge<'_>,
    ) -> Option<&MessageKind> {
        let found = self.kind_of(channel.index, value);
        let (None, Some(field)) = (found, &channel.discriminator) else {
            return found;
        };
        let contract = judge.contract;
        judge.problems.push(match value.get(field).map(Json::as_str) {
            Some(Some(name)) => unknown_type(channel, name, contract),
            other => Problem {
                severity: Severity::Violation,
                kind: if other.is_none() {
                    ProblemKind::MissingField
                } else {
                    ProblemKind::WrongType
                },
                path: format!("/{field}"),
                message: "does not say which message it is".to_owned(),
                expected: self.type_names(channel),
                got: value.get(field).map_or("nothing", Json::kind).to_owned(),
                contract: contract.to_owned(),
                place: None,
            },
        });
        if let Some(problem) = judge.problems.last_mut() {
            problem.expected = self.type_names(channel);
        }
        None
    }

    fn type_names(&self, channel: &Channel) -> String {
        let names: Vec<_> = self.messages(channel.index).map(|kind| kind.name.as_str()).collect();
        format!("one of {}", names.join(", "))
    }
}

impl MessageKind {
    fn sender(&self, service: &str) -> Option<&View> {
        self.emitted.iter().find(|view| view.service == service)
    }

    /// Whether it is certain without a tree that the first key rule applies to a value.
    fn is_keyed_by_first(&self, value: &[u8]) -> bool {
        self.one_key_field
            || self.keys.first().is_some_and(|(service, _)| {
                let view = self.described_by(service);
                view.is_some_and(|view| view.program.accepts(value).is_some())
            })
    }

    /// What the owner of a key rule says of the value.
    fn described_by(&self, service: &str) -> Option<&View> {
        self.emitted.iter().chain(&self.sent).find(|view| view.service == service)
    }

    /// Which key rule applies to a value.
    fn key_rule(&self, value: &Json) -> Option<(&str, &KeyRule)> {
        let found = if self.one_key_field {
            self.keys.first()
        } else {
            let describes = |(service, _): &&(String, KeyRule)| {
                self.described_by(service).is_some_and(|view| {
                    let mut judge = Judge::new("");
                    judge.value(&view.schema, value);
                    !judge.problems.iter().any(Problem::is_violation)
                })
            };
            self.keys.iter().find(describes).or(self.keys.first())
        };
        found.map(|(service, rule)| (service.as_str(), rule))
    }
}

/// Two readers often say the same; it is said once.
fn add_new(problems: &mut Vec<Problem>, more: Vec<Problem>) {
    for problem in more {
        let same = |known: &Problem| known.kind == problem.kind && known.path == problem.path;
        if !problems.iter().any(same) {
            problems.push(problem);
        }
    }
}

/// The value as a tree, or why there is none.
fn read(record: &Record, judge: &mut Judge<'_>) -> Option<Json> {
    let mut report = |kind, message: String, got: &str| {
        judge.problems.push(Problem {
            severity: Severity::Violation,
            kind,
            path: String::new(),
            message,
            expected: "a JSON object".to_owned(),
            got: got.to_owned(),
            contract: judge.contract.to_owned(),
            place: None,
        });
    };
    let Some(payload) = &record.value else {
        report(ProblemKind::NoValue, "the record has no value".to_owned(), "null");
        return None;
    };
    if payload.as_bytes().is_empty() {
        report(ProblemKind::NoValue, "the value is empty".to_owned(), "no bytes");
        return None;
    }
    match Json::parse(payload.as_bytes()) {
        Ok(value @ Json::Object(_)) => {
            let repeated = repeated_members(payload.as_bytes());
            judge.problems.extend(repeated.into_iter().map(|path| {
                Problem {
                    severity: Severity::Advisory,
                    kind: ProblemKind::RepeatedField,
                    path,
                    message:
                        "is named twice; some readers refuse that, and others take the last one"
                            .to_owned(),
                    expected: "once".to_owned(),
                    got: "twice".to_owned(),
                    contract: judge.contract.to_owned(),
                    place: None,
                }
            }));
            Some(value)
        }
        Ok(other) => {
            let message = format!("the value is {}, not an object", other.kind());
            report(ProblemKind::WrongType, message, other.kind());
            None
        }
        Err(error) => {
            let message = format!("the value is not JSON: {error}");
            let got = format!("{} bytes", payload.as_bytes().len());
            report(ProblemKind::NotJson, message, &got);
            None
        }
    }
}

fn undeclared(service: &str, channel: &str) -> Problem {
    Problem {
        severity: Severity::Violation,
        kind: ProblemKind::UndeclaredChannel,
        path: String::new(),
        message: format!("the contract of {service} does not send on {channel}"),
        expected: "no record".to_owned(),
        got: "a record".to_owned(),
        contract: service.to_owned(),
        place: None,
    }
}

fn unknown_type(channel: &Channel, name: &str, contract: &str) -> Problem {
    let shown: String = name.chars().take(60).collect();
    Problem {
        severity: Severity::Violation,
        kind: ProblemKind::UnknownType,
        path: channel.discriminator.as_ref().map(|field| format!("/{field}")).unwrap_or_default(),
        message: format!("{shown:?} is no message of {}", channel.name),
        expected: "a message that the contract has".to_owned(),
        got: shown,
        contract: contract.to_owned(),
        place: None,
    }
}

fn key_is_good(rule: Option<&KeyRule>, seen: Seen, record: &Record) -> bool {
    let Some(rule) = rule else {
        return true;
    };
    let id = seen.key_id.and_then(|id| u32::try_from(id).ok());
    id.is_some_and(|id| record.key.as_ref() == Some(&rule.encoding.encode(id)))
}

fn key_from(rule: &KeyRule, value: &Json) -> Option<KeyBytes> {
    let id = value.pointer(&rule.field)?.as_integer()?;
    Some(rule.encoding.encode(u32::try_from(id).ok()?))
}

pub(super) fn judge_key(
    service: &str,
    rule: &KeyRule,
    value: &Json,
    record: &Record,
) -> Option<Problem> {
    // A field that gives no id has its own problem.
    let wanted = key_from(rule, value)?;
    if record.key.as_ref() == Some(&wanted) {
        return None;
    }
    let field = &rule.field;
    let (severity, why) = match rule.basis {
        Basis::Documented => (Severity::Violation, "its contract names"),
        Basis::Field => (Severity::Advisory, "the field uses"),
    };
    Some(Problem {
        severity,
        kind: ProblemKind::WrongKey,
        path: "key".to_owned(),
        message: format!("is not made from {field}, which {why}"),
        expected: format!("{} ({})", shown(&wanted), rule.encoding.name()),
        got: record.key.as_ref().map_or_else(|| "no key".to_owned(), |key| shown(key)),
        contract: service.to_owned(),
        place: None,
    })
}

/// The first bytes of a key in hexadecimal.
fn shown(key: &[u8]) -> String {
    hex(&key[..key.len().min(MAX_KEY_SHOWN)])
}
