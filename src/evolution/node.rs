//! The normal form of schemas: interned nodes that say one thing each.
//!
//! What this is: what is left of a schema when its keywords are taken apart. A node of one type
//! (a bound of numbers, say) takes every value of other types, as keywords do. What always holds:
//! equal nodes have one number, whichever document they come from; children are made before their
//! parents, except through [`Node::Ref`].

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::exact::Number;
use super::json::Json;
use super::regex::{Languages, Rx};

/// The number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(u32);

/// Types of values, a bit each; integers are numbers.
pub(crate) mod types {
    pub(crate) const NULL: u8 = 1;
    pub(crate) const BOOL: u8 = 2;
    pub(crate) const NUMBER: u8 = 4;
    pub(crate) const TEXT: u8 = 8;
    pub(crate) const LIST: u8 = 16;
    pub(crate) const RECORD: u8 = 32;
    pub(crate) const ALL: u8 = 63;
    pub(crate) const EACH: [u8; 6] = [NULL, BOOL, NUMBER, TEXT, LIST, RECORD];
}

/// Names of members of objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Names {
    /// This one.
    One(Arc<str>),
    /// Those of a language.
    Match(Rx),
    /// All but these and those of these languages.
    Except(BTreeSet<Arc<str>>, Vec<Rx>),
}

/// What a schema says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// Every value.
    Any,
    /// No value.
    None,
    /// Values of these types.
    Types(u8),
    /// One of these values, which are in order.
    Enum(Arc<[Json]>),
    All(Vec<Id>),
    Some(Vec<Id>),
    /// Exactly one.
    One(Vec<Id>),
    Not(Id),
    /// At least, or more than where it is exclusive.
    Least(Number, bool),
    /// At most, or less than where it is exclusive.
    Most(Number, bool),
    Multiple(Number),
    /// Strings of a language; lengths are languages too.
    Text(Rx),
    MinItems(u64),
    MaxItems(u64),
    /// The item at an index, where there is one.
    Item(usize, Id),
    /// All items from an index on.
    ItemsFrom(usize, Id),
    /// So many items, at least and at most, are such.
    Contains(Id, u64, Option<u64>),
    Unique,
    MinProps(u64),
    MaxProps(u64),
    Required(Arc<str>),
    /// The values of members with such names, where there are any.
    Props(Names, Id),
    /// A schema that is read through a reference, so that it can contain itself.
    Ref(usize),
    /// A condition that is not understood; the reason has this number.
    Opaque(usize),
}

/// All nodes of the schemas that are compared.
pub(crate) struct Nodes {
    all: IndexSet<Node, FxBuildHasher>,
    /// The types of values that a node may take, and may refuse.
    masks: Vec<(u8, u8)>,
    /// What references lead to.
    pub(crate) slots: Vec<Option<Id>>,
    /// What is not understood, each in words.
    pub(crate) opaque: IndexSet<String>,
    pub(crate) languages: Languages,
    pub(crate) any: Id,
    pub(crate) none: Id,
}

impl Nodes {
    pub(crate) fn new(steps: u64) -> Self {
        let mut made = Self {
            all: IndexSet::default(),
            masks: Vec::new(),
            slots: Vec::new(),
            opaque: IndexSet::new(),
            languages: Languages::new(steps),
            any: Id(0),
            none: Id(0),
        };
        made.any = made.put(Node::Any);
        made.none = made.put(Node::None);
        made
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.all[id.0 as usize]
    }

    /// The types of values that the node may take; for `!node`, with `is` false.
    pub(crate) fn mask(&self, id: Id, is: bool) -> u8 {
        let (takes, refuses) = self.masks[id.0 as usize];
        if is { takes } else { refuses }
    }

    pub(crate) fn put(&mut self, node: Node) -> Id {
        let mask = self.masks_of(&node);
        let (at, new) = self.all.insert_full(node);
        if new {
            self.masks.push(mask);
            self.languages.steps = self.languages.steps.saturating_sub(1);
        }
        Id(u32::try_from(at).unwrap_or(u32::MAX))
    }

    fn masks_of(&self, node: &Node) -> (u8, u8) {
        use types::{ALL, BOOL, LIST, NULL, NUMBER, RECORD, TEXT};
        let of = |id: &Id| self.masks[id.0 as usize];
        match node {
            Node::Any => (ALL, 0),
            Node::None => (0, ALL),
            Node::Types(mask) => (*mask, ALL & !mask),
            Node::Enum(values) => {
                let takes = values.iter().fold(0, |mask, value| mask | type_of(value));
                let has = |value: &Json| values.binary_search(value).is_ok();
                let null = if has(&Json::Null) { NULL } else { 0 };
                let both = has(&Json::Bool(true)) && has(&Json::Bool(false));
                (takes, ALL & !null & !(if both { BOOL } else { 0 }))
            }
            Node::All(all) => (
                all.iter().fold(ALL, |mask, id| mask & of(id).0),
                all.iter().fold(0, |mask, id| mask | of(id).1),
            ),
            Node::Some(some) => (
                some.iter().fold(0, |mask, id| mask | of(id).0),
                some.iter().fold(ALL, |mask, id| mask & of(id).1),
            ),
            Node::One(some) => (some.iter().fold(0, |mask, id| mask | of(id).0), ALL),
            Node::Not(id) => (of(id).1, of(id).0),
            Node::Least(..) | Node::Most(..) | Node::Multiple(_) => (ALL, NUMBER),
            Node::Text(_) => (ALL, TEXT),
            Node::MinItems(_)
            | Node::MaxItems(_)
            | Node::Item(..)
            | Node::ItemsFrom(..)
            | Node::Contains(..)
            | Node::Unique => (ALL, LIST),
            Node::MinProps(_) | Node::MaxProps(_) | Node::Required(_) | Node::Props(..) => {
                (ALL, RECORD)
            }
            Node::Ref(_) | Node::Opaque(_) => (ALL, ALL),
        }
    }

    pub(crate) fn types(&mut self, mask: u8) -> Id {
        match mask {
            types::ALL => self.any,
            0 => self.none,
            mask => self.put(Node::Types(mask)),
        }
    }

    pub(crate) fn all(&mut self, of: impl IntoIterator<Item = Id>) -> Id {
        let mut flat = Vec::new();
        let mut mask = types::ALL;
        for id in of {
            match self.node(id) {
                Node::All(inner) => flat.extend(inner.iter().copied()),
                Node::Any => {}
                _ => flat.push(id),
            }
        }
        flat.retain(|id| match self.node(*id) {
            Node::Types(one) => {
                mask &= one;
                false
            }
            _ => true,
        });
        if mask == 0 || flat.contains(&self.none) {
            return self.none;
        }
        if mask != types::ALL {
            let types = self.types(mask);
            flat.push(types);
        }
        flat.sort_unstable();
        flat.dedup();
        match flat.len() {
            0 => self.any,
            1 => flat[0],
            _ => self.put(Node::All(flat)),
        }
    }

    pub(crate) fn some(&mut self, of: impl IntoIterator<Item = Id>) -> Id {
        let (mut flat, mut values) = (Vec::new(), BTreeSet::new());
        for id in of {
            match self.node(id) {
                Node::Some(inner) => flat.extend(inner.iter().copied()),
                Node::None => {}
                _ => flat.push(id),
            }
        }
        flat.retain(|id| match self.node(*id) {
            Node::Enum(some) => {
                values.extend(some.iter().cloned());
                false
            }
            _ => true,
        });
        if !values.is_empty() {
            let values = self.put(Node::Enum(values.into_iter().collect()));
            flat.push(values);
        }
        if flat.contains(&self.any) {
            return self.any;
        }
        flat.sort_unstable();
        flat.dedup();
        match flat.len() {
            0 => self.none,
            1 => flat[0],
            _ => self.put(Node::Some(flat)),
        }
    }

    /// Exactly one of them; one that is there twice is two.
    pub(crate) fn one(&mut self, mut of: Vec<Id>) -> Id {
        of.retain(|id| *id != self.none);
        match of.len() {
            0 => self.none,
            1 => of[0],
            _ if self.are_apart(&of) => self.some(of),
            _ => self.put(Node::One(of)),
        }
    }

    /// Whether no value can be of two of them, by their types or values.
    fn are_apart(&self, of: &[Id]) -> bool {
        let mut seen = 0;
        of.iter().all(|id| {
            let mask = self.mask(*id, true);
            let apart = seen & mask == 0;
            seen |= mask;
            apart
        })
    }

    pub(crate) fn not(&mut self, id: Id) -> Id {
        match self.node(id) {
            Node::Any => self.none,
            Node::None => self.any,
            Node::Not(inner) => *inner,
            Node::Types(mask) => self.types(types::ALL & !mask),
            _ => self.put(Node::Not(id)),
        }
    }

    /// This value, taken apart: so that also its negation says something of its parts.
    pub(crate) fn constant(&mut self, value: &Json) -> Id {
        match value {
            Json::List(items) => {
                let count = items.len() as u64;
                let mut all = vec![
                    self.types(types::LIST),
                    self.put(Node::MinItems(count)),
                    self.put(Node::MaxItems(count)),
                ];
                for (at, item) in items.iter().enumerate() {
                    let item = self.constant(item);
                    all.push(self.put(Node::Item(at, item)));
                }
                self.all(all)
            }
            Json::Record(members) => {
                let count = members.len() as u64;
                let mut all = vec![self.types(types::RECORD), self.put(Node::MaxProps(count))];
                for (name, value) in members {
                    let value = self.constant(value);
                    all.push(self.put(Node::Required(name.clone())));
                    all.push(self.put(Node::Props(Names::One(name.clone()), value)));
                }
                self.all(all)
            }
            _ => self.put(Node::Enum([value.clone()].into())),
        }
    }

    pub(crate) fn opaque(&mut self, reason: String) -> Id {
        let (at, _) = self.opaque.insert_full(reason);
        self.put(Node::Opaque(at))
    }

    /// The strings that a node takes; `None` where that is no regular language.
    pub(crate) fn language(&mut self, id: Id, depth: usize) -> Option<Rx> {
        if depth > 60 {
            return None;
        }
        let languages = &mut self.languages;
        Some(match self.all[id.0 as usize].clone() {
            Node::None => languages.never,
            Node::Types(mask) if mask & types::TEXT == 0 => languages.never,
            Node::Text(rx) => rx,
            Node::Enum(values) => {
                let texts = values.iter().filter_map(Json::as_text);
                let texts: Vec<_> = texts.map(|text| languages.literal(text)).collect();
                languages.or(&texts)
            }
            Node::All(of) => {
                let of = of.iter().map(|id| self.language(*id, depth + 1));
                let of = of.collect::<Option<Vec<_>>>()?;
                self.languages.and(&of)
            }
            Node::Some(of) => {
                let of = of.iter().map(|id| self.language(*id, depth + 1));
                let of = of.collect::<Option<Vec<_>>>()?;
                self.languages.or(&of)
            }
            Node::One(of) => {
                let of = of.iter().map(|id| self.language(*id, depth + 1));
                let of = of.collect::<Option<Vec<_>>>()?;
                self.exactly_one(&of)
            }
            Node::Not(inner) => {
                let inner = self.language(inner, depth + 1)?;
                self.languages.not(inner)
            }
            Node::Ref(slot) => {
                let target = self.slots[slot]?;
                self.language(target, depth + 1)?
            }
            Node::Opaque(_) => return None,
            _ => languages.all,
        })
    }

    fn exactly_one(&mut self, of: &[Rx]) -> Rx {
        let languages = &mut self.languages;
        let (mut none, mut one) = (languages.all, languages.never);
        for rx in of {
            let not = languages.not(*rx);
            let still = languages.and(&[one, not]);
            let now = languages.and(&[none, *rx]);
            one = languages.or(&[still, now]);
            none = languages.and(&[none, not]);
        }
        one
    }

    /// Whether a name is among the names.
    pub(crate) fn has_name(&mut self, names: &Names, name: &str) -> bool {
        match names {
            Names::One(one) => **one == *name,
            Names::Match(rx) => self.languages.matches(*rx, name),
            Names::Except(but, patterns) => {
                !but.contains(name) && !patterns.iter().any(|rx| self.languages.matches(*rx, name))
            }
        }
    }
}

/// The type of a value.
pub(crate) fn type_of(value: &Json) -> u8 {
    match value {
        Json::Null => types::NULL,
        Json::Bool(_) => types::BOOL,
        Json::Number(_) => types::NUMBER,
        Json::Text(_) => types::TEXT,
        Json::List(_) => types::LIST,
        Json::Record(_) => types::RECORD,
    }
}
