//! A document as a table that people can read: as text, Markdown or HTML.
//!
//! What this is: what the document says, channel by channel, message by message, field by field.
//! What it is not: a judgement; what is wrong with a document is said by [`super::inspect`].

mod html;
mod markdown;
mod rows;
mod text;

use super::model::{Body, Direction, Document, Message};
use rows::{Row, rows};

pub use html::html;
pub use markdown::markdown;
pub use text::text;

/// A document, put together to be shown.
struct Sheet {
    title: String,
    /// `service shop, version 1.0.0`
    about: String,
    channels: Vec<Part>,
    not_checked: Vec<String>,
}

/// A channel.
struct Part {
    name: String,
    topic: String,
    description: Option<String>,
    /// Facts, one a line: who does what, how messages are told apart.
    facts: Vec<String>,
    messages: Vec<Entry>,
}

/// A message.
struct Entry {
    name: String,
    title: Option<String>,
    description: Option<String>,
    facts: Vec<String>,
    /// Its headers and fields.
    tables: Vec<(&'static str, Vec<Row>)>,
}

impl Sheet {
    fn of(document: &Document) -> Self {
        let channels = document.channels.iter().enumerate().map(|(at, channel)| {
            let mut facts: Vec<String> = parameters(channel);
            for operation in document.operations.iter().filter(|one| one.channel == at) {
                let does = match (operation.direction, operation.is_reply) {
                    (Direction::Send, false) => "sends",
                    (Direction::Send, true) => "answers with",
                    (Direction::Receive, false) => "receives",
                    (Direction::Receive, true) => "awaits as answer",
                };
                let all = operation.messages.len() == channel.messages.len();
                let what = if all { "all".to_owned() } else { operation.messages.join(", ") };
                let group = operation.group.as_deref().and_then(group);
                let group = group.map(|group| format!(", in the group `{group}`"));
                let (service, group) = (&document.service, group.unwrap_or_default());
                facts.push(format!("{service} {does} {what} (`{}`{group})", operation.name));
            }
            if let Some(field) = &channel.discriminator {
                facts.push(format!("messages are told apart by `{field}`"));
            }
            if channel.is_compacted {
                facts.push("compacted: a record without a value deletes its key".to_owned());
            }
            if !channel.servers.is_empty() {
                facts.push(format!("on the servers {}", channel.servers.join(", ")));
            }
            let topic = channel.topic.clone();
            Part {
                name: channel.name.clone(),
                topic: topic.unwrap_or_else(|| "a topic known at run time".to_owned()),
                description: channel.description.clone(),
                facts,
                messages: channel.messages.iter().map(entry).collect(),
            }
        });
        let not_checked = &document.not_checked;
        let not_checked =
            not_checked.iter().map(|one| format!("{} ({})", one.what, document.shown(one.at)));
        Self {
            title: document.title.clone(),
            about: format!("service `{}`, version {}", document.service, document.version),
            channels: channels.collect(),
            not_checked: not_checked.collect(),
        }
    }
}

fn parameters(channel: &super::Channel) -> Vec<String> {
    let one = |parameter: &super::Parameter| {
        let allowed = match parameter.allowed.as_slice() {
            [] => String::new(),
            allowed => format!(": {}", allowed.join(", ")),
        };
        let about = parameter.description.as_deref().map(|text| format!(" – {}", text.trim()));
        format!("`{{{}}}`{allowed}{}", parameter.name, about.unwrap_or_default())
    };
    channel.parameters.iter().map(one).collect()
}

fn group(tree: &super::Tree) -> Option<String> {
    let only = |name: &str| {
        let value = tree.get(name)?;
        value.text().or_else(|| value.items().first()?.text()).map(str::to_owned)
    };
    only("const").or_else(|| only("enum")).or_else(|| Some(format!("/{}/", only("pattern")?)))
}

fn entry(message: &Message) -> Entry {
    let mut facts = Vec::new();
    if message.name != message.key {
        facts.push(format!("name: `{}`", message.name));
    }
    if let Some(content) = &message.content_type {
        facts.push(format!("content type: `{content}`"));
    }
    let mut tables = Vec::new();
    for (name, body) in
        [("key", &message.record_key), ("headers", &message.headers), ("value", &message.payload)]
    {
        match body {
            Body::Free if name == "value" => facts.push("value: anything".to_owned()),
            Body::Free => {}
            Body::NotChecked => facts.push(format!("{name}: not checked")),
            Body::Schema(schema) => tables.push((name, rows(&schema.value))),
        }
    }
    if let Some(key) = &message.made_key {
        facts.push(format!("the key is made from {} as {}", key.field, key.encoding));
    }
    Entry {
        name: message.key.clone(),
        title: message.title.clone(),
        description: message.description.clone(),
        facts,
        tables,
    }
}
