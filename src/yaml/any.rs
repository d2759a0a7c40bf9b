//! What all of YAML has beyond the strict subset: aliases, merge keys, more ways to write a word.

use std::collections::BTreeMap;

use super::{Node, Style, Value};

/// The nodes that have an anchor, each with how many nodes it is made of.
#[derive(Default)]
pub(super) struct Anchors(BTreeMap<usize, (Node, usize)>);

impl Anchors {
    /// Notes a node under the number of its anchor.
    pub(super) fn keep(&mut self, number: usize, node: &Node) {
        self.0.insert(number, (node.clone(), size(node)));
    }

    /// The node of an anchor, and how many nodes it is made of; `None` while it is being read.
    pub(super) fn get(&self, number: usize) -> Option<(Node, usize)> {
        self.0.get(&number).cloned()
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(entries) => {
            1 + entries.iter().map(|(_, value)| 1 + size(value)).sum::<usize>()
        }
    }
}

/// A plain word as the strict subset writes it.
pub(super) fn plain(text: &str) -> &str {
    match text {
        "~" | "Null" | "NULL" => "null",
        "True" | "TRUE" => "true",
        "False" | "FALSE" => "false",
        other => other,
    }
}

/// The entries of a mapping with those that its merge key brings; its own ones win.
pub(super) fn merged(entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let is_merge =
        |key: &Node| key.scalar().is_some_and(|key| key.text == "<<" && key.style == Style::Plain);
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| is_merge(key));
    for (_, value) in merges {
        let sources = match value.value {
            Value::Sequence(items) => items,
            _ => vec![value],
        };
        for source in sources {
            let Value::Mapping(more) = source.value else { continue };
            for (key, value) in more {
                let name = |node: &Node| node.scalar().map(|scalar| scalar.text.clone());
                if !own.iter().any(|(known, _)| name(known) == name(&key)) {
                    own.push((key, value));
                }
            }
        }
    }
    own
}
