//! Whether there is a value that meets some schemas and does not meet others.
//!
//! What this is: a search that ends with a value, or with the proof that there is none. A goal is a
//! set of literals: nodes that a value must meet, or must not. Each type of values is looked at by
//! itself; alternatives are taken one by one ([`clause`]), and what is left, bounds of one
//! type together, is solved by [`number`], [`list`] or [`record`], whose parts are goals again.
//!
//! What always holds: a goal that is met again while it is being looked at is taken to be empty:
//! a smallest value has no part with the same goal. What rests on such an assumption is kept only
//! as long as the assumption stands. No answer rests on a budget: when it is used up, nothing is
//! known.

mod clause;
mod list;
mod number;
mod record;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::json::Json;
use super::node::{Id, Node, Nodes, type_of, types};

/// A node that must be met, or must not.
pub(crate) type Literal = (Id, bool);

/// What is known of a goal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// This value meets it.
    Found(Json),
    /// This value meets it, but for conditions that are not understood.
    Perhaps(Json, String),
    /// No value does.
    Empty,
    /// Nothing is known, for this reason.
    Unknown(String),
}

impl Outcome {
    /// The better of two: both are about parts of the same set.
    fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Found(_), _) => self,
            (_, Self::Found(_)) => other,
            (Self::Perhaps(..), _) => self,
            (_, Self::Perhaps(..)) => other,
            (Self::Unknown(_), _) => self,
            _ => other,
        }
    }
}

/// Goals nest at most so deep.
const MAX_DEPTH: usize = 60;
/// The reason when the budget is used up.
pub(crate) const BUDGET: &str = "the budget of steps is used up";

/// A search through goals.
pub(crate) struct Search<'a> {
    pub(crate) nodes: &'a mut Nodes,
    known: IndexMap<Vec<Literal>, Outcome, FxBuildHasher>,
    /// Empty only if the goals at this place of the stack and above are.
    assumed: IndexMap<Vec<Literal>, usize, FxBuildHasher>,
    stack: Vec<Vec<Literal>>,
    /// The lowest place of the stack that was taken to be empty.
    lowest: usize,
}

impl<'a> Search<'a> {
    pub(crate) fn new(nodes: &'a mut Nodes) -> Self {
        Self {
            nodes,
            known: IndexMap::default(),
            assumed: IndexMap::default(),
            stack: Vec::new(),
            lowest: usize::MAX,
        }
    }

    /// Takes a step that costs as much as so many things are touched; false when none is left.
    fn step(&mut self, touched: usize) -> bool {
        let steps = &mut self.nodes.languages.steps;
        *steps = steps.saturating_sub(1 + touched as u64);
        *steps > 0
    }

    fn exhausted() -> Outcome {
        Outcome::Unknown(BUDGET.to_owned())
    }

    /// A value that meets all literals, if there is one.
    pub(crate) fn find(&mut self, goal: &[Literal]) -> Outcome {
        if !self.step(goal.len()) {
            return Self::exhausted();
        }
        let Some(goal) = self.flattened(goal) else { return Outcome::Empty };
        if let Some(known) = self.known.get(&goal) {
            return known.clone();
        }
        if let Some(lowest) = self.assumed.get(&goal) {
            self.lowest = self.lowest.min(*lowest);
            return Outcome::Empty;
        }
        if let Some(at) = self.stack.iter().position(|open| *open == goal) {
            self.lowest = self.lowest.min(at);
            return Outcome::Empty;
        }
        if self.stack.len() >= MAX_DEPTH {
            return Outcome::Unknown("a witness would nest too deep".to_owned());
        }
        let (at, before) = (self.stack.len(), self.assumed.len());
        let outer = std::mem::replace(&mut self.lowest, usize::MAX);
        self.stack.push(goal.clone());
        let outcome = self.look(&goal);
        self.stack.pop();
        self.settle(goal, &outcome, (at, before));
        let rests = outcome == Outcome::Empty && self.lowest < at;
        self.lowest = if rests { self.lowest.min(outer) } else { outer };
        outcome
    }

    /// Keeps what is known of a goal, and what rested on it; `before` it, so much was assumed.
    fn settle(&mut self, goal: Vec<Literal>, outcome: &Outcome, (at, before): (usize, usize)) {
        match outcome {
            Outcome::Empty if self.lowest < at => {
                self.assumed.insert(goal, self.lowest);
                return;
            }
            Outcome::Empty => {
                // The assumption holds, and so does what rests on it alone.
                for (goal, lowest) in std::mem::take(&mut self.assumed) {
                    match lowest >= at {
                        true => drop(self.known.insert(goal, Outcome::Empty)),
                        false => drop(self.assumed.insert(goal, lowest)),
                    }
                }
            }
            // Whatever was concluded in the meantime may have taken the goal to be empty.
            _ => self.assumed.truncate(before),
        }
        self.known.insert(goal, outcome.clone());
    }

    /// The goal without conjunctions, in order; `None` if it contradicts itself.
    fn flattened(&mut self, goal: &[Literal]) -> Option<Vec<Literal>> {
        let (mut flat, mut open) = (Vec::new(), goal.to_vec());
        while let Some((id, is)) = open.pop() {
            match (self.nodes.node(id), is) {
                (Node::Any, true) | (Node::None, false) => {}
                (Node::Any, false) | (Node::None, true) => return None,
                (Node::All(of), true) | (Node::Some(of), false) => {
                    open.extend(of.iter().map(|id| (*id, is)));
                }
                (Node::Not(inner), is) => open.push((*inner, !is)),
                (Node::Ref(slot), is) => open.extend(self.nodes.slots[*slot].map(|id| (id, is))),
                _ => flat.push((id, is)),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        let contradicts = flat.windows(2).any(|two| two[0].0 == two[1].0);
        (!contradicts).then_some(flat)
    }

    fn look(&mut self, goal: &[Literal]) -> Outcome {
        let mask = goal.iter().fold(types::ALL, |mask, (id, is)| mask & self.nodes.mask(*id, *is));
        let values = goal.iter().find_map(|(id, is)| match self.nodes.node(*id) {
            Node::Enum(values) if *is => Some(values.clone()),
            _ => None,
        });
        if let Some(values) = values {
            return self.among(goal, &values, mask);
        }
        let mut outcome = Outcome::Empty;
        for kind in types::EACH {
            if mask & kind == 0 {
                continue;
            }
            outcome = outcome.or(self.of_type(goal, kind));
            if matches!(outcome, Outcome::Found(_)) {
                break;
            }
        }
        outcome
    }

    fn of_type(&mut self, goal: &[Literal], kind: u8) -> Outcome {
        match kind {
            types::NULL => self.among(goal, &[Json::Null], kind),
            types::BOOL => self.among(goal, &[Json::Bool(false), Json::Bool(true)], kind),
            types::TEXT => self.text(goal),
            _ => self.clauses(goal, kind),
        }
    }

    /// The first of some values that meets the goal.
    fn among(&mut self, goal: &[Literal], values: &[Json], mask: u8) -> Outcome {
        let mut outcome = Outcome::Empty;
        for value in values.iter().filter(|value| type_of(value) & mask != 0) {
            if !self.step(goal.len()) {
                return outcome.or(Self::exhausted());
            }
            let mut doubt = false;
            let meets = goal.iter().all(|(id, is)| match self.nodes.takes(*id, value) {
                Some(takes) => takes == *is,
                None => {
                    doubt = true;
                    true
                }
            });
            match (meets, doubt) {
                (true, false) => return Outcome::Found(value.clone()),
                (true, true) => outcome = outcome.or(Outcome::Perhaps(value.clone(), self.why())),
                _ => {}
            }
        }
        outcome
    }

    /// What is not understood, in words.
    fn why(&self) -> String {
        let first = self.nodes.opaque.first().map_or("a condition", String::as_str);
        format!("{first} is not understood")
    }

    fn text(&mut self, goal: &[Literal]) -> Outcome {
        let (mut all, mut doubt) = (Vec::new(), false);
        for (id, is) in goal {
            match self.nodes.language(*id, 0) {
                Some(rx) if *is => all.push(rx),
                Some(rx) => all.push(self.nodes.languages.not(rx)),
                None => doubt = true,
            }
        }
        let language = self.nodes.languages.and(&all);
        match self.nodes.languages.shortest(language) {
            Ok(None) => Outcome::Empty,
            Ok(Some(text)) if doubt => Outcome::Perhaps(Json::Text(text.into()), self.why()),
            Ok(Some(text)) => Outcome::Found(Json::Text(text.into())),
            Err(_) => {
                Outcome::Unknown("a string for it is too long, or too hard to find".to_owned())
            }
        }
    }

    /// So many different values that meet a goal; fewer, and true, where there are no more.
    fn several(&mut self, goal: &[Literal], most: usize) -> Result<(Vec<Json>, bool), Outcome> {
        let (mut found, mut goal) = (Vec::new(), goal.to_vec());
        while found.len() < most {
            match self.find(&goal) {
                Outcome::Found(value) => {
                    goal.push((self.nodes.constant(&value), false));
                    found.push(value);
                }
                Outcome::Empty => return Ok((found, true)),
                other => return Err(other),
            }
        }
        Ok((found, false))
    }
}
