//! Reads operations, and which channel and messages each is about.

use std::sync::Arc;

use super::model::{Direction, Operation};
use super::read::Read;
use super::scope::Scope;
use super::tree::Tree;

/// The operations of a document, answers included. Channels that only they name are added.
pub(super) fn operations(
    scope: &mut Scope,
    root: &Tree,
    channels: &mut Vec<Read>,
    content: Option<&str>,
) -> Vec<Operation> {
    let mut found = Vec::new();
    for entry in scope.members(root, "operations", "the document") {
        let what = format!("operation `{}`", entry.name);
        let Some(own) = scope.object(&entry.tree, &what) else { continue };
        let tree = scope.with_traits(&own, &what);
        let Some(direction) = direction(scope, &tree, &what) else { continue };
        let Some(channel) = channel(scope, &tree, (&what, content), channels) else {
            if tree.get("channel").is_none() {
                let message = format!("{what} has no `channel`");
                scope.error("asyncapi::missing-keyword", message, tree.head());
            }
            continue;
        };
        let group = scope.below(&tree, &["bindings", "kafka", "groupId"]);
        found.push(Operation {
            name: entry.name.clone(),
            direction,
            channel,
            messages: messages(scope, &tree, &what, &channels[channel]),
            is_reply: false,
            group,
            at: own.head(),
        });
        let Some(reply) = tree.get("reply") else { continue };
        let what = format!("the reply of {what}");
        let Some(reply) = scope.object(reply, &what) else { continue };
        let Some(channel) = self::channel(scope, &reply, (&what, content), channels) else {
            continue;
        };
        found.push(Operation {
            name: entry.name.clone(),
            direction: match direction {
                Direction::Receive => Direction::Send,
                Direction::Send => Direction::Receive,
            },
            channel,
            messages: messages(scope, &reply, &what, &channels[channel]),
            is_reply: true,
            group: None,
            at: reply.head(),
        });
    }
    found
}

fn direction(scope: &mut Scope, tree: &Tree, what: &str) -> Option<Direction> {
    match tree.text_of("action") {
        Some("send") => return Some(Direction::Send),
        Some("receive") => return Some(Direction::Receive),
        _ => {}
    }
    match tree.get("action") {
        None => {
            let message = format!("{what} has no `action`");
            scope.error("asyncapi::missing-keyword", message, tree.head());
        }
        Some(action) => {
            let message = format!("`action` of {what} is `send` or `receive`");
            let word = action.word().unwrap_or_default();
            scope.tell("asyncapi::bad-value", message, action.at, |error| {
                error.did_you_mean(&word, ["send", "receive"], None)
            });
        }
    }
    None
}

/// The channel that an operation names, by its number.
fn channel(
    scope: &mut Scope,
    of: &Tree,
    (what, content): (&str, Option<&str>),
    channels: &mut Vec<Read>,
) -> Option<usize> {
    let tree = of.get("channel")?;
    let target = tree.reference().unwrap_or_default().to_owned();
    let found = scope.follow(tree, &format!("the channel of {what}"))?;
    let name = target.rsplit('/').next().unwrap_or_default();
    let name = name.replace("~1", "/").replace("~0", "~");
    let is = |read: &Read| Arc::ptr_eq(&read.tree, &found);
    let known = channels.iter().position(|read| is(read) && read.channel.name == name);
    if let Some(known) = known.or_else(|| channels.iter().position(is)) {
        return Some(known);
    }
    // It stands elsewhere: among the components, or in another document.
    let read = scope.channel(&name, tree, content)?;
    channels.push(read);
    Some(channels.len() - 1)
}

/// The keys of the messages that an operation is about.
fn messages(scope: &mut Scope, of: &Tree, what: &str, read: &Read) -> Vec<String> {
    let named = of.get("messages").map(|named| named.items()).unwrap_or_default();
    let all = || read.channel.messages.iter().map(|message| message.key.clone());
    if named.is_empty() {
        return all().collect();
    }
    let mut keys = Vec::new();
    for item in named {
        let Some(found) = scope.follow(item, &format!("a message of {what}")) else { continue };
        let target = item.reference().unwrap_or_default();
        let last = target.rsplit('/').next().unwrap_or_default();
        let last = last.replace("~1", "/").replace("~0", "~");
        let is = |at: &usize| Arc::ptr_eq(&read.messages[*at], &found);
        let same: Vec<usize> = (0..read.messages.len()).filter(is).collect();
        let key = |at: &usize| &read.channel.messages[*at].key;
        let chosen = same.iter().find(|at| *key(at) == last).or(same.first());
        match chosen {
            Some(at) => keys.push(key(at).clone()),
            None => {
                let channel = &read.channel.name;
                let message = format!("`{target}` of {what} is no message of channel `{channel}`");
                scope.error("asyncapi::bad-reference", message, item.at);
            }
        }
    }
    keys
}
