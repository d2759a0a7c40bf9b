//! Arrays: how many items, and what each must be.

use std::collections::{BTreeMap, BTreeSet};

use super::{Literal, Outcome, Search};
use crate::evolution::json::Json;
use crate::evolution::node::{Id, Node};

/// Longer arrays are not written out.
const MAX_ITEMS: u64 = 20_000;
/// Up to this length, each item is chosen by itself.
const MAX_CHOSEN: u64 = 48;
/// Up to so many conditions on some items are combined.
const MAX_CONDITIONS: usize = 8;
/// Up to so many different values are made for one array.
const MAX_DIFFERENT: usize = 150;

/// The bounds of an array.
#[derive(Default)]
struct Shape {
    least: u64,
    most: Option<u64>,
    at: BTreeMap<usize, Vec<Literal>>,
    from: Vec<(usize, Literal)>,
    contains: Vec<(Id, u64, Option<u64>)>,
    /// Some item from an index on is such.
    some: Vec<(usize, Literal)>,
    /// All items differ, or two do not.
    unique: Option<bool>,
}

impl Shape {
    fn at_least(&mut self, least: u64) {
        self.least = self.least.max(least);
    }

    fn at_most(&mut self, most: u64) {
        self.most = Some(self.most.map_or(most, |already| already.min(most)));
    }

    /// From here on, what is said of items does not depend on their place.
    fn tail(&self) -> usize {
        let at = self.at.keys().next_back().map_or(0, |at| at + 1);
        let from = self.from.iter().chain(&self.some).map(|(from, _)| *from);
        from.max().unwrap_or(0).max(at)
    }

    fn base(&self, at: usize) -> Vec<Literal> {
        let mut all = self.at.get(&at).cloned().unwrap_or_default();
        all.extend(self.from.iter().filter(|(from, _)| *from <= at).map(|(_, one)| *one));
        all
    }
}

/// A choice of what the items are.
#[derive(Clone, Default)]
struct Chosen {
    goals: Vec<Vec<Literal>>,
    values: Vec<Json>,
    counts: Vec<u64>,
    /// Which of the conditions on some item are met, a bit each.
    met: u32,
    /// The option that the last item took.
    last: usize,
}

/// What a search through choices has seen.
#[derive(Default)]
struct Seen {
    dead: BTreeSet<(usize, Vec<u64>, u32)>,
    /// Nothing is known of some choice.
    doubt: Option<Outcome>,
}

impl Seen {
    fn note(&mut self, outcome: Outcome) {
        let before = self.doubt.take().unwrap_or(Outcome::Empty);
        self.doubt = Some(before.or(outcome)).filter(|outcome| *outcome != Outcome::Empty);
    }
}

impl Search<'_> {
    /// An array within bounds.
    pub(super) fn list(&mut self, literals: &[Literal]) -> Outcome {
        let Some(shape) = self.shape(literals) else { return Outcome::Empty };
        if shape.contains.len() + shape.some.len() > MAX_CONDITIONS {
            return Outcome::Unknown("too many conditions on some items of an array".to_owned());
        }
        let needed =
            shape.contains.iter().fold(0u64, |all, (_, least, _)| all.saturating_add(*least));
        let needed = needed.saturating_add(shape.some.len() as u64);
        let twins = if shape.unique == Some(false) { 2 } else { 0 };
        let room = (shape.tail() as u64).max(shape.least).saturating_add(needed + twins);
        let last = shape.most.map_or(room, |most| most.min(room));
        if shape.least > MAX_ITEMS || needed > MAX_ITEMS {
            let impossible = shape.most.is_some_and(|most| most < shape.least);
            return match impossible {
                true => Outcome::Empty,
                false => Outcome::Unknown("an array for it would be too long".to_owned()),
            };
        }
        let mut seen = Seen::default();
        let mut length = shape.least.max(twins);
        while length <= last {
            if !self.step(0) {
                return Self::exhausted();
            }
            // An item that cannot be there ends all longer arrays.
            if let Some(before) = length.checked_sub(1)
                && self.find(&shape.base(usize::try_from(before).unwrap_or(0))) == Outcome::Empty
            {
                break;
            }
            match self.of_length(&shape, length, needed, &mut seen) {
                Some(values) => return Outcome::Found(Json::List(values)),
                None => length += 1,
            }
        }
        seen.doubt.unwrap_or(Outcome::Empty)
    }

    fn shape(&mut self, literals: &[Literal]) -> Option<Shape> {
        let mut shape = Shape::default();
        for (id, is) in literals {
            match (self.nodes.node(*id).clone(), *is) {
                (Node::MinItems(least), true) => shape.at_least(least),
                (Node::MinItems(least), false) => shape.at_most(least.checked_sub(1)?),
                (Node::MaxItems(most), true) => shape.at_most(most),
                (Node::MaxItems(most), false) => shape.at_least(most.saturating_add(1)),
                (Node::Item(at, inner), is) => {
                    if !is {
                        shape.at_least(at as u64 + 1);
                    }
                    shape.at.entry(at).or_default().push((inner, is));
                }
                (Node::ItemsFrom(from, inner), true) => shape.from.push((from, (inner, true))),
                (Node::ItemsFrom(from, inner), false) => shape.some.push((from, (inner, false))),
                (Node::Contains(inner, least, most), true) => {
                    shape.contains.push((inner, least, most));
                }
                (Node::Unique, is) => {
                    if shape.unique.is_some_and(|unique| unique != is) {
                        return None;
                    }
                    shape.unique = Some(is);
                }
                _ => {}
            }
        }
        let from = shape.some.iter().map(|(from, _)| *from as u64 + 1).max().unwrap_or(0);
        let least = shape.contains.iter().map(|(_, least, _)| *least).max().unwrap_or(0);
        shape.at_least(from.max(least));
        Some(shape)
    }

    fn of_length(
        &mut self,
        shape: &Shape,
        length: u64,
        needed: u64,
        seen: &mut Seen,
    ) -> Option<Vec<Json>> {
        let core = (shape.tail() as u64).saturating_add(needed + 2);
        let start = Chosen { counts: vec![0; shape.contains.len()], ..Chosen::default() };
        let different = if shape.unique == Some(true) { MAX_DIFFERENT as u64 } else { 0 };
        if length <= MAX_CHOSEN.max(core).max(different) {
            seen.dead.clear();
            return self.choose(shape, usize::try_from(length).ok()?, start, seen);
        }
        // A long array: all items behind the core are of the same kind.
        let filler = usize::try_from(length - core).ok()?;
        for option in 0..1usize << shape.contains.len() {
            let mut start = start.clone();
            let goal = self.with_option(shape, shape.tail(), option);
            match self.find(&goal) {
                Outcome::Found(value) => start.values = vec![value],
                other => {
                    seen.note(other);
                    continue;
                }
            }
            for (j, count) in start.counts.iter_mut().enumerate() {
                *count = if option >> j & 1 == 1 { filler as u64 } else { 0 };
            }
            let fill = std::mem::take(&mut start.values);
            seen.dead.clear();
            let Some(mut values) = self.choose(shape, usize::try_from(core).ok()?, start, seen)
            else {
                continue;
            };
            match shape.unique {
                None => values.extend(std::iter::repeat_n(fill[0].clone(), filler)),
                Some(false) => values.extend(std::iter::repeat_n(fill[0].clone(), filler)),
                Some(true) => {
                    seen.note(Outcome::Unknown("an array of many different items".to_owned()));
                    continue;
                }
            }
            return Some(values);
        }
        if !shape.contains.is_empty() || shape.unique.is_some() {
            seen.note(Outcome::Unknown("an array for it would be long".to_owned()));
        }
        None
    }

    /// What the item at an index must be if it counts for these `contains` and conditions.
    fn with_option(&self, shape: &Shape, at: usize, option: usize) -> Vec<Literal> {
        let mut goal = shape.base(at);
        for (j, (inner, ..)) in shape.contains.iter().enumerate() {
            goal.push((*inner, option >> j & 1 == 1));
        }
        for (j, (from, one)) in shape.some.iter().enumerate() {
            if option >> (shape.contains.len() + j) & 1 == 1 {
                if *from > at {
                    goal.push((self.nodes.none, true));
                }
                goal.push(*one);
            }
        }
        goal
    }

    /// Chooses the items that are still missing.
    fn choose(
        &mut self,
        shape: &Shape,
        length: usize,
        chosen: Chosen,
        seen: &mut Seen,
    ) -> Option<Vec<Json>> {
        if !self.step(2 * chosen.goals.len()) {
            seen.note(Self::exhausted());
            return None;
        }
        let at = chosen.goals.len();
        let missing = (length - at) as u64;
        let contains = || shape.contains.iter().zip(&chosen.counts);
        if contains().any(|((_, least, most), count)| {
            count + missing < *least || most.is_some_and(|most| *count > most)
        }) {
            return None;
        }
        if at == length {
            let all = (1u32 << shape.some.len()) - 1;
            return if chosen.met == all { self.told_apart(shape, chosen, seen) } else { None };
        }
        let key = (
            at,
            contains().map(|((_, least, most), count)| match most {
                Some(_) => *count,
                None => *count.min(least),
            }),
            chosen.met,
        );
        let key = (key.0, key.1.collect::<Vec<_>>(), key.2);
        if shape.unique.is_none() && seen.dead.contains(&key) {
            return None;
        }
        let first = if at > shape.tail() && shape.unique.is_some() { chosen.last } else { 0 };
        for option in first..1usize << (shape.contains.len() + shape.some.len()) {
            let met = u32::try_from(option >> shape.contains.len()).unwrap_or(0);
            if met & chosen.met != 0 {
                continue;
            }
            let goal = self.with_option(shape, at, option);
            let value = match self.find(&goal) {
                Outcome::Found(value) => value,
                Outcome::Empty => continue,
                Outcome::Perhaps(value, why) => {
                    seen.note(Outcome::Unknown(why));
                    value
                }
                other => {
                    seen.note(other);
                    continue;
                }
            };
            let mut next = chosen.clone();
            next.goals.push(goal);
            next.values.push(value);
            (next.met, next.last) = (next.met | met, option);
            for (j, count) in next.counts.iter_mut().enumerate() {
                *count += (option >> j & 1) as u64;
            }
            if let Some(values) = self.choose(shape, length, next, seen) {
                return Some(values);
            }
        }
        if shape.unique.is_none() {
            seen.dead.insert(key);
        }
        None
    }

    /// The items, different from each other or two of them equal as the bounds say.
    fn told_apart(&mut self, shape: &Shape, chosen: Chosen, seen: &mut Seen) -> Option<Vec<Json>> {
        let mut values = chosen.values;
        let different = values.iter().collect::<BTreeSet<_>>().len() == values.len();
        match shape.unique {
            None => Some(values),
            Some(is) if is == different => Some(values),
            Some(true) => self.different(&chosen.goals, seen),
            Some(false) => {
                for first in 0..values.len() {
                    for second in first + 1..values.len() {
                        let goals = [&chosen.goals[first][..], &chosen.goals[second]].concat();
                        match self.find(&goals) {
                            Outcome::Found(value) => {
                                values[first] = value.clone();
                                values[second] = value;
                                return Some(values);
                            }
                            other => seen.note(other),
                        }
                    }
                }
                None
            }
        }
    }

    /// A value for each goal, so that no two are equal.
    fn different(&mut self, goals: &[Vec<Literal>], seen: &mut Seen) -> Option<Vec<Json>> {
        if goals.len() > MAX_DIFFERENT {
            seen.note(Outcome::Unknown("an array of many different items".to_owned()));
            return None;
        }
        let mut kinds: BTreeMap<&[Literal], Vec<Json>> = BTreeMap::new();
        for goal in goals {
            if kinds.contains_key(goal.as_slice()) {
                continue;
            }
            match self.several(goal, goals.len()) {
                Ok((values, _)) => drop(kinds.insert(goal, values)),
                Err(other) => {
                    seen.note(other);
                    return None;
                }
            }
        }
        let candidates: Vec<&[Json]> =
            goals.iter().map(|goal| &kinds[goal.as_slice()][..]).collect();
        let mut taken: BTreeMap<&Json, usize> = BTreeMap::new();
        for at in 0..goals.len() {
            if !matched(&candidates, at, &mut taken, &mut BTreeSet::new()) {
                return None;
            }
        }
        let mut values: Vec<Json> = vec![Json::Null; goals.len()];
        for (value, at) in taken {
            values[at] = value.clone();
        }
        Some(values)
    }
}

/// Finds a value for one more place, and other values for those that stand in its way.
fn matched<'a>(
    candidates: &[&'a [Json]],
    at: usize,
    taken: &mut BTreeMap<&'a Json, usize>,
    tried: &mut BTreeSet<&'a Json>,
) -> bool {
    for value in candidates[at] {
        if !tried.insert(value) {
            continue;
        }
        let free = match taken.get(value) {
            None => true,
            Some(other) => {
                let other = *other;
                matched(candidates, other, taken, tried)
            }
        };
        if free {
            taken.insert(value, at);
            return true;
        }
    }
    false
}
