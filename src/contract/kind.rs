//! Kinds of message, over all contracts, each compiled for every service that sends or reads it.

use super::merge::{Foreign, merge};
use super::program::Program;
use super::{HeaderRule, KeyRule, Message, Schema};
use crate::message::{ChannelIx, Json};

/// The place of a kind of message in the set of contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageIx(pub u16);

impl MessageIx {
    /// The index, for looking the message up in a list.
    #[must_use]
    pub fn at(self) -> usize {
        usize::from(self.0)
    }
}

/// A kind of message, over all contracts.
#[derive(Debug)]
pub struct MessageKind {
    /// Its type; `default` where the channel has one kind.
    pub name: String,
    /// The channel and the type, `account.status/LOGGED_IN`; the channel alone where it has one
    /// kind.
    pub label: String,
    /// Its place in the set.
    pub index: MessageIx,
    /// Its channel.
    pub channel: ChannelIx,
    /// The services whose contracts know it.
    pub known_by: Vec<String>,
    /// All fields that any contract declares.
    pub(super) union: Schema,
    pub(super) fields: Vec<FieldInfo>,
    pub(super) zero: Json,
    /// By sender.
    pub(super) emitted: Vec<View>,
    /// By reader; where no reader knows it, by whoever does.
    pub(super) sent: Vec<View>,
    /// All that contracts say about its key: documented ones first.
    pub(super) keys: Vec<(String, KeyRule)>,
    /// Whether they all name one field, if any.
    pub(super) one_key_field: bool,
}

/// A message as one service's contract has it, ready to check.
#[derive(Debug)]
pub(super) struct View {
    pub(super) service: String,
    pub(super) schema: Schema,
    pub(super) program: Program,
    pub(super) headers: Vec<HeaderRule>,
    /// Whether the headers are the usual ones, so that a parsed tenant and trace settle them.
    pub(super) usual_headers: bool,
    pub(super) key: Option<KeyRule>,
}

/// A field of a message that some contract declares.
#[derive(Clone, Debug)]
pub struct FieldInfo {
    /// A JSON pointer into the value; `*` stands for each item of a list.
    pub path: String,
    /// What it must be, with the fields inside that any contract declares.
    pub schema: Schema,
    /// Whether its value is never shown.
    pub sensitive: bool,
    /// Its value where a sender does not name it.
    pub zero: Json,
    /// The services whose contracts declare it.
    pub declared_by: Vec<String>,
}

impl MessageKind {
    /// All fields that any contract declares, outer ones first.
    #[must_use]
    pub fn fields(&self) -> &[FieldInfo] {
        &self.fields
    }

    /// The field at a JSON pointer; indices of lists are read as `*`.
    #[must_use]
    pub fn field(&self, pointer: &str) -> Option<&FieldInfo> {
        let is_index = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
        let star = |part| if is_index(part) { "*" } else { part };
        let path = pointer.split('/').map(star).collect::<Vec<_>>().join("/");
        self.fields.iter().find(|field| field.path == pointer || field.path == path)
    }

    /// The names of the fields directly inside a pointer (`""` is the whole value).
    pub fn names_in<'a>(&'a self, pointer: &'a str) -> impl Iterator<Item = &'a str> {
        let inside =
            move |field: &'a FieldInfo| field.path.strip_prefix(pointer)?.strip_prefix('/');
        self.fields.iter().filter_map(inside).filter(|name| !name.contains('/'))
    }

    /// What the value must be, with all fields that any contract declares.
    #[must_use]
    pub fn union(&self) -> &Schema {
        &self.union
    }
}

/// A kind as each sender emits it, and as those who judge what a test sends see it: its readers,
/// or whoever knows it where no reader does.
pub(super) fn compile_views(
    views: &[(String, Message)],
    keys: &[(String, KeyRule)],
    (producers, consumers): (&[String], &[String]),
) -> (Vec<View>, Vec<View>) {
    let view = |service: &String, foreign| {
        let (_, own) = views.iter().find(|(known, _)| known == service)?;
        let key = match foreign {
            Foreign::Accepted => own.key.as_ref(),
            Foreign::Judged => keys.first().map(|(_, rule)| rule),
        };
        Some(compile_view((service, own), key, views, foreign))
    };
    let emitted = producers.iter().filter_map(|one| view(one, Foreign::Accepted));
    let judged = |one| view(one, Foreign::Judged);
    let mut sent: Vec<View> = consumers.iter().filter_map(judged).collect();
    if sent.is_empty() {
        sent = views.iter().filter_map(|(one, _)| judged(one)).collect();
    }
    (emitted.collect(), sent)
}

fn compile_view(
    (service, own): (&str, &Message),
    key: Option<&KeyRule>,
    all: &[(String, Message)],
    foreign: Foreign,
) -> View {
    let mut schema = own.payload.clone();
    for (_, other) in all.iter().filter(|(name, _)| name != service) {
        merge(&mut schema, &other.payload, foreign);
    }
    View {
        service: service.to_owned(),
        program: Program::new(&schema, key.map(|rule| rule.field.as_str())),
        usual_headers: super::headers::are_usual(&own.headers),
        headers: own.headers.clone(),
        key: own.key.clone(),
        schema,
    }
}

pub(super) fn list_fields(
    schema: &Schema,
    path: &str,
    views: &[(String, Message)],
    to: &mut Vec<FieldInfo>,
) {
    let named = schema.properties.iter().map(|(name, property)| (&**name, &property.schema));
    let items = schema.items.iter().map(|items| ("*", &**items));
    for (name, schema) in named.chain(items) {
        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        let declared = views.iter().filter(|(_, own)| own.payload.at(&path).is_some());
        to.push(FieldInfo {
            schema: schema.clone(),
            sensitive: schema.holds_sensitive(),
            zero: schema.zero(),
            declared_by: declared.map(|(service, _)| service.clone()).collect(),
            path: path.clone(),
        });
        list_fields(schema, &path, views, to);
    }
}
