//! The schemas of a contract as they stand in its document, with the place of each part.
//!
//! What always holds: references within the document are replaced by what they name, but for
//! schemas that contain themselves; these stand under `$defs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contract::{Action, ChannelView, Contract, Message};
use crate::diagnostic::{SourceFile, Span};
use crate::evolution::{self, DATA, Document, Draft, Json, MAPS, parse_number, token};
use crate::yaml::{Meaning, Node, Value};

/// Schemas nest at most so deep.
const MAX_DEPTH: usize = 64;
/// A schema has so many parts at most, references followed: each may be named twice by the next.
const MAX_PARTS: usize = 50_000;

/// How the formats of schemas begin that are JSON Schema.
const JSON_SCHEMA: [&str; 2] = ["application/schema+", "application/vnd.aai.asyncapi"];

/// A contract with the schemas of its messages.
pub(crate) struct ContractView<'a> {
    pub(crate) contract: &'a Contract,
    messages: BTreeMap<(String, String), MessageView<'a>>,
    channels: BTreeMap<String, ChannelFacts>,
}

/// What a document says of a channel beside its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChannelFacts {
    /// How many partitions its topic has, where that is said.
    pub(crate) partitions: Option<String>,
}

/// A message with its schema.
pub(crate) struct MessageView<'a> {
    pub(crate) message: &'a Message,
    /// The value by which it is told from others of its channel, else its name.
    pub(crate) tag: String,
    /// What its values must be.
    pub(crate) payload: Document,
    /// `contentType`, the document's default where it has none of its own.
    pub(crate) content_type: String,
    file: Arc<SourceFile>,
    spans: BTreeMap<String, Span>,
}

impl<'a> ContractView<'a> {
    /// The schemas of a contract that was read before.
    pub(crate) fn of(contract: &'a Contract) -> Self {
        let mut view = Self { contract, messages: BTreeMap::new(), channels: BTreeMap::new() };
        let root = evolution::tree(&contract.file, &mut Vec::new());
        let tree = root.as_ref().map(|root| Tree { root });
        for channel in contract.channels.values() {
            view.channel(channel, tree.as_ref());
        }
        view
    }

    fn channel(&mut self, channel: &'a ChannelView, tree: Option<&Tree<'_>>) {
        let default = tree.and_then(|tree| tree.root.get("defaultContentType"));
        let default = default.and_then(Node::text).unwrap_or_default();
        let node = tree.and_then(|tree| {
            let all = tree.root.get("channels")?;
            Some(tree.resolved(all.get(&channel.name)?))
        });
        let kafka = node.and_then(|node| node.get("bindings")?.get("kafka"));
        let partitions = kafka.and_then(|kafka| kafka.get("partitions")).and_then(Node::text);
        let facts = ChannelFacts { partitions: partitions.map(str::to_owned) };
        self.channels.insert(channel.name.clone(), facts);
        for message in channel.messages.values() {
            let own = node.and_then(|node| node.get("messages")?.get(&message.name));
            let own = own.zip(tree).map(|(own, tree)| tree.resolved(own));
            let content = own.and_then(|own| own.get("contentType")).and_then(Node::text);
            let read = own.zip(tree).map(|(own, tree)| tree.payload(own));
            let (schema, spans) = read.unwrap_or_else(|| (unread(), BTreeMap::new()));
            let draft = Draft::of(&schema).unwrap_or(Draft::Seven);
            let found = MessageView {
                message,
                tag: tag(channel, message, &schema),
                payload: Document { schema, draft },
                content_type: content.unwrap_or(default).to_owned(),
                file: Arc::clone(&self.contract.file),
                spans,
            };
            self.messages.insert((channel.name.clone(), message.name.clone()), found);
        }
    }

    /// The messages of a channel that the service sends or reads.
    pub(crate) fn messages(&self, action: Action, channel: &str) -> Vec<&MessageView<'a>> {
        let all = self.contract.messages(action, channel);
        let found = all
            .filter_map(|message| self.messages.get(&(channel.to_owned(), message.name.clone())));
        found.collect()
    }

    /// What is said of a channel beside its messages.
    pub(crate) fn facts(&self, channel: &str) -> ChannelFacts {
        self.channels.get(channel).cloned().unwrap_or_default()
    }
}

/// A schema that was not found: nothing is known of it, so nothing is decided by it.
fn unread() -> Json {
    let nowhere = Json::Text("unread:schema".into());
    Json::Record([("$ref".into(), nowhere)].into())
}

/// What tells a message from others of its channel.
fn tag(channel: &ChannelView, message: &Message, schema: &Json) -> String {
    let field = channel.discriminator.as_ref();
    let field = field.and_then(|field| schema.get("properties")?.get(field));
    let tag = field.and_then(|field| field.get("const")).and_then(Json::as_text);
    tag.map_or_else(|| message.name.clone(), ToString::to_string)
}

impl MessageView<'_> {
    /// The place of what a pointer into the payload leads to, or of what is nearest above it.
    pub(crate) fn place(&self, pointer: &str) -> (Arc<SourceFile>, Span) {
        let mut at = pointer;
        let span = loop {
            if let Some(span) = self.spans.get(at) {
                break *span;
            }
            match at.rfind('/') {
                Some(end) => at = &at[..end],
                None => break self.message.span,
            }
        };
        (Arc::clone(&self.file), span)
    }

    /// The file that it stands in.
    pub(crate) fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }
}

struct Tree<'n> {
    root: &'n Node,
}

struct Walk<'t, 'n> {
    tree: &'t Tree<'n>,
    spans: BTreeMap<String, Span>,
    /// The references that are being followed.
    open: Vec<String>,
    /// Those that lead to themselves, with the names of what they name.
    named: BTreeMap<String, String>,
    parts: usize,
}

impl<'n> Tree<'n> {
    fn find(&self, reference: &str) -> Option<&'n Node> {
        let mut at = self.root;
        for part in reference.strip_prefix('#')?.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            at = match &at.value {
                Value::Sequence(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => at.get(&part)?,
            };
        }
        Some(at)
    }

    fn resolved(&self, node: &'n Node) -> &'n Node {
        let mut at = node;
        for _ in 0..MAX_DEPTH {
            match at.get("$ref").and_then(Node::text).and_then(|to| self.find(to)) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    fn payload(&self, message: &'n Node) -> (Json, BTreeMap<String, Span>) {
        let (open, named) = (Vec::new(), BTreeMap::new());
        let mut walk = Walk { tree: self, spans: BTreeMap::new(), open, named, parts: 0 };
        let Some(node) = message.get("payload") else { return (Json::Bool(true), walk.spans) };
        // A schema that says its format is wrapped; one of another language is not compared.
        let format = node.get("schemaFormat").and_then(Node::text);
        let is_json = |format: &str| JSON_SCHEMA.iter().any(|known| format.starts_with(known));
        let node = match (format, node.get("schema")) {
            (Some(format), _) if !is_json(format) => return (unread(), walk.spans),
            (Some(_), Some(schema)) => schema,
            _ => node,
        };
        let mut schema = walk.schema(node, "", 0);
        let mut definitions = BTreeMap::new();
        while let Some((reference, name)) = {
            let open = |(_, name): &(&String, &String)| !definitions.contains_key(name.as_str());
            let next = walk.named.iter().find(open);
            next.map(|(reference, name)| (reference.clone(), name.clone()))
        } {
            let Some(node) = self.find(&reference) else { break };
            walk.open.push(reference);
            let inner = walk.schema(node, &format!("/$defs/{name}"), 0);
            walk.open.pop();
            definitions.insert(Arc::from(name), inner);
        }
        if let (Json::Record(members), false) = (&mut schema, definitions.is_empty()) {
            members.insert("$defs".into(), Json::Record(definitions));
        }
        (schema, walk.spans)
    }
}

impl Walk<'_, '_> {
    fn schema(&mut self, node: &Node, pointer: &str, depth: usize) -> Json {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return unread();
        }
        self.spans.entry(pointer.to_owned()).or_insert(node.span);
        let reference = node.get("$ref").and_then(Node::text);
        if let Some(to) = reference
            && depth < MAX_DEPTH
            && let Some(target) = self.tree.find(to)
        {
            if self.open.iter().any(|open| open == to) {
                let next = format!("recursive-{}", self.named.len());
                let name = self.named.entry(to.to_owned()).or_insert(next);
                let to = Json::Text(format!("#/$defs/{name}").into());
                return Json::Record([("$ref".into(), to)].into());
            }
            self.open.push(to.to_owned());
            let inner = self.schema(target, pointer, depth + 1);
            self.open.pop();
            return inner;
        }
        match &node.value {
            Value::Mapping(members) => {
                let mut record = BTreeMap::new();
                for (key, value) in members {
                    let keyword = key.text().unwrap_or_default();
                    let here = format!("{pointer}/{}", token(keyword));
                    let value = self.keyword(keyword, value, &here, depth + 1);
                    record.insert(Arc::from(keyword), value);
                }
                Json::Record(record)
            }
            _ => self.list_or_plain(node, pointer, depth + 1),
        }
    }

    fn keyword(&mut self, keyword: &str, value: &Node, pointer: &str, depth: usize) -> Json {
        if DATA.contains(&keyword) || keyword.starts_with("x-") || depth > MAX_DEPTH {
            self.spans.insert(pointer.to_owned(), value.span);
            return plain(value);
        }
        match &value.value {
            Value::Mapping(members) if MAPS.contains(&keyword) => {
                self.spans.insert(pointer.to_owned(), value.span);
                let mut record = BTreeMap::new();
                for (key, value) in members {
                    let name = key.text().unwrap_or_default();
                    let here = format!("{pointer}/{}", token(name));
                    // The caret goes under the name of a field.
                    self.spans.insert(here.clone(), key.span);
                    record.insert(Arc::from(name), self.schema(value, &here, depth + 1));
                }
                Json::Record(record)
            }
            _ => self.schema(value, pointer, depth),
        }
    }

    fn list_or_plain(&mut self, node: &Node, pointer: &str, depth: usize) -> Json {
        match &node.value {
            Value::Sequence(items) => {
                let items = items.iter().enumerate();
                let item = |(at, item)| self.schema(item, &format!("{pointer}/{at}"), depth + 1);
                Json::List(items.map(item).collect())
            }
            _ => plain(node),
        }
    }
}

fn plain(node: &Node) -> Json {
    match &node.value {
        Value::Sequence(items) => Json::List(items.iter().map(plain).collect()),
        Value::Mapping(members) => {
            let member = |(key, value): &(Node, Node)| {
                (Arc::from(key.text().unwrap_or_default()), plain(value))
            };
            Json::Record(members.iter().map(member).collect())
        }
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Missing | Meaning::Null => Json::Null,
            Meaning::Bool(is) => Json::Bool(is),
            Meaning::Text(text) => Json::Text(text.into()),
            Meaning::Number(text) => match parse_number(text) {
                Some(number) => Json::Number(number),
                None => Json::Text(text.into()),
            },
        },
    }
}
