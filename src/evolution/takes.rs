//! Whether a value meets a node: the meaning of nodes, one by one.

use std::collections::BTreeSet;

use super::exact::is_multiple;
use super::json::Json;
use super::node::{Id, Names, Node, Nodes, type_of};

impl Nodes {
    /// Whether a node takes a value; `None` where it says something that is not understood.
    pub(crate) fn takes(&mut self, id: Id, value: &Json) -> Option<bool> {
        let kind = type_of(value);
        if self.mask(id, true) & kind == 0 {
            return Some(false);
        }
        if self.mask(id, false) & kind == 0 {
            return Some(true);
        }
        let node = self.node(id).clone();
        let touched = match &node {
            Node::All(of) | Node::Some(of) | Node::One(of) => of.len() as u64,
            _ => 1,
        };
        self.languages.steps = self.languages.steps.saturating_sub(touched);
        Some(match (node, value) {
            (Node::Any, _) => true,
            (Node::None, _) => false,
            (Node::Types(mask), _) => mask & kind != 0,
            (Node::Enum(values), value) => values.binary_search(value).is_ok(),
            (Node::All(of), _) => return self.every(of.iter().map(|id| (*id, true, value))),
            (Node::Some(of), _) => {
                let none = self.every(of.iter().map(|id| (*id, false, value)))?;
                !none
            }
            (Node::One(of), _) => {
                let mut count = 0;
                for id in of {
                    count += usize::from(self.takes(id, value)?);
                }
                count == 1
            }
            (Node::Not(inner), _) => !self.takes(inner, value)?,
            (Node::Ref(slot), _) => {
                let target = self.slots[slot]?;
                return self.takes(target, value);
            }
            (Node::Opaque(_), _) => return None,
            (Node::Least(least, true), Json::Number(number)) => *number > least,
            (Node::Least(least, false), Json::Number(number)) => *number >= least,
            (Node::Most(most, true), Json::Number(number)) => *number < most,
            (Node::Most(most, false), Json::Number(number)) => *number <= most,
            (Node::Multiple(of), Json::Number(number)) => is_multiple(number, &of),
            (Node::Text(rx), Json::Text(text)) => self.languages.matches(rx, text),
            (node, Json::List(items)) => return self.takes_list(&node, items),
            (node, Json::Record(_)) => return self.takes_record(&node, value),
            _ => true,
        })
    }

    /// Whether all are as they are said to be; what is not understood matters only if all else is.
    fn every<'a>(&mut self, all: impl Iterator<Item = (Id, bool, &'a Json)>) -> Option<bool> {
        let mut known = true;
        for (id, is, value) in all {
            match self.takes(id, value) {
                Some(takes) if takes == is => {}
                Some(_) => return Some(false),
                None => known = false,
            }
        }
        known.then_some(true)
    }

    fn takes_list(&mut self, node: &Node, items: &[Json]) -> Option<bool> {
        Some(match node {
            Node::MinItems(least) => items.len() as u64 >= *least,
            Node::MaxItems(most) => items.len() as u64 <= *most,
            Node::Item(at, id) => match items.get(*at) {
                Some(item) => return self.takes(*id, item),
                None => true,
            },
            Node::ItemsFrom(from, id) => {
                return self.every(items.iter().skip(*from).map(|item| (*id, true, item)));
            }
            Node::Contains(id, least, most) => {
                let mut count = 0u64;
                for item in items {
                    count += u64::from(self.takes(*id, item)?);
                }
                count >= *least && most.is_none_or(|most| count <= most)
            }
            Node::Unique => items.iter().collect::<BTreeSet<_>>().len() == items.len(),
            _ => true,
        })
    }

    fn takes_record(&mut self, node: &Node, value: &Json) -> Option<bool> {
        let count = value.members().count() as u64;
        Some(match node {
            Node::MinProps(least) => count >= *least,
            Node::MaxProps(most) => count <= *most,
            Node::Required(name) => value.get(name).is_some(),
            Node::Props(Names::One(name), id) => match value.get(name) {
                Some(value) => return self.takes(*id, value),
                None => true,
            },
            Node::Props(names, id) => {
                let mut concerned = Vec::new();
                for (name, value) in value.members() {
                    if self.has_name(names, name) {
                        concerned.push((*id, true, value));
                    }
                }
                return self.every(concerned.into_iter());
            }
            _ => true,
        })
    }
}
