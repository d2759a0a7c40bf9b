//! Alternatives, taken one by one, until only bounds of one type are left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Literal, Outcome, Search};
use crate::evolution::json::Json;
use crate::evolution::node::{Id, Names, Node, type_of, types};

/// What a literal says of values of one type.
enum Expanded {
    Yes,
    No,
    /// It is a bound itself.
    Bound,
    All(Vec<Literal>),
    Some(Vec<Vec<Literal>>),
}

/// What is known to hold, and what is still to be decided.
#[derive(Clone, Default)]
struct State {
    bounds: Vec<Literal>,
    seen: BTreeSet<Literal>,
    choices: Vec<Vec<Vec<Literal>>>,
}

impl State {
    fn size(&self) -> usize {
        let choices = self.choices.iter().map(|of| 1 + of.iter().map(Vec::len).sum::<usize>());
        self.seen.len() + choices.sum::<usize>()
    }
}

impl Search<'_> {
    /// A value of a type that meets the goal.
    pub(super) fn clauses(&mut self, goal: &[Literal], kind: u8) -> Outcome {
        let mut state = State::default();
        match self.add(&mut state, goal, kind) {
            true => self.decide(goal, state, kind),
            false => Outcome::Empty,
        }
    }

    /// Adds literals; false if they contradict what is known.
    fn add(&mut self, state: &mut State, literals: &[Literal], kind: u8) -> bool {
        let mut open = literals.to_vec();
        while let Some((id, is)) = open.pop() {
            if state.seen.contains(&(id, !is)) {
                return false;
            }
            if !state.seen.insert((id, is)) {
                continue;
            }
            match self.expanded(id, is, kind) {
                Expanded::Yes => {}
                Expanded::No => return false,
                Expanded::Bound => state.bounds.push((id, is)),
                Expanded::All(of) => open.extend(of),
                Expanded::Some(of) => state.choices.push(of),
            }
        }
        true
    }

    fn decide(&mut self, goal: &[Literal], mut state: State, kind: u8) -> Outcome {
        loop {
            if !self.step(state.size()) {
                return Self::exhausted();
            }
            if let Some(values) = self.values_in(&state) {
                return self.among(goal, &values, kind);
            }
            if self.contradicts(&state.bounds, kind) {
                return Outcome::Empty;
            }
            let Some(choice) = self.narrowest(&mut state, kind) else { return Outcome::Empty };
            if choice.is_empty() {
                return self.solve(goal, &state, kind);
            }
            if choice.len() == 1 {
                if !self.add(&mut state, &choice[0], kind) {
                    return Outcome::Empty;
                }
                continue;
            }
            let mut outcome = Outcome::Empty;
            for option in choice {
                let mut branch = state.clone();
                if self.add(&mut branch, &option, kind) {
                    outcome = outcome.or(self.decide(goal, branch, kind));
                }
                if matches!(outcome, Outcome::Found(_)) || self.nodes.languages.steps == 0 {
                    break;
                }
            }
            return match self.nodes.languages.steps {
                0 => outcome.or(Self::exhausted()),
                _ => outcome,
            };
        }
    }

    /// The values that an enumeration leaves.
    fn values_in(&self, state: &State) -> Option<Arc<[Json]>> {
        state.bounds.iter().find_map(|(id, is)| match self.nodes.node(*id) {
            Node::Enum(values) if *is => Some(values.clone()),
            _ => None,
        })
    }

    /// Takes out the choice with the fewest options that are still open. Empty if nothing is to be
    /// chosen; `None` if some choice has no option left.
    fn narrowest(&mut self, state: &mut State, kind: u8) -> Option<Vec<Vec<Literal>>> {
        let mut best: Option<(usize, usize)> = None;
        let mut at = 0;
        while at < state.choices.len() {
            let met = |option: &Vec<Literal>| option.iter().all(|one| state.seen.contains(one));
            if state.choices[at].iter().any(met) {
                state.choices.swap_remove(at);
                best = best.filter(|(_, of)| *of != at);
                continue;
            }
            let mut open = std::mem::take(&mut state.choices[at]);
            open.retain(|option| self.is_open(state, option, kind));
            if open.is_empty() {
                return None;
            }
            if best.is_none_or(|(count, _)| open.len() < count) {
                best = Some((open.len(), at));
            }
            let single = open.len() == 1;
            state.choices[at] = open;
            if single {
                break;
            }
            at += 1;
        }
        let at = match best {
            Some((_, at)) if at < state.choices.len() => at,
            _ if state.choices.is_empty() => return Some(Vec::new()),
            _ => 0,
        };
        Some(state.choices.swap_remove(at))
    }

    /// Whether an option does not contradict what is known at first sight.
    fn is_open(&mut self, state: &State, option: &[Literal], kind: u8) -> bool {
        if !self.step(state.bounds.len() + option.len()) {
            return true;
        }
        let (mut open, mut bounds) = (option.to_vec(), Vec::new());
        let mut budget = 64;
        while let Some((id, is)) = open.pop() {
            if state.seen.contains(&(id, !is)) {
                return false;
            }
            if state.seen.contains(&(id, is)) || budget == 0 {
                continue;
            }
            budget -= 1;
            match self.expanded(id, is, kind) {
                Expanded::No => return false,
                Expanded::Bound => bounds.push((id, is)),
                Expanded::All(of) => open.extend(of),
                Expanded::Yes | Expanded::Some(_) => {}
            }
        }
        if bounds.is_empty() {
            return true;
        }
        bounds.extend(state.bounds.iter().copied());
        !self.contradicts(&bounds, kind)
    }

    /// What a literal says of a type.
    fn expanded(&mut self, id: Id, is: bool, kind: u8) -> Expanded {
        if self.nodes.mask(id, is) & kind == 0 {
            return Expanded::No;
        }
        if self.nodes.mask(id, !is) & kind == 0 {
            return Expanded::Yes;
        }
        let each = |of: &[Id], is: bool| of.iter().map(|id| (*id, is)).collect::<Vec<_>>();
        let apart = |of: &[Id], is: bool| of.iter().map(|id| vec![(*id, is)]).collect::<Vec<_>>();
        match (self.nodes.node(id).clone(), is) {
            (Node::Any | Node::None, is) => match (id == self.nodes.any) == is {
                true => Expanded::Yes,
                false => Expanded::No,
            },
            (Node::All(of), true) => Expanded::All(each(&of, true)),
            (Node::All(of), false) => Expanded::Some(apart(&of, false)),
            (Node::Some(of), true) => Expanded::Some(apart(&of, true)),
            (Node::Some(of), false) => Expanded::All(each(&of, false)),
            (Node::One(of), is) => Expanded::Some(one_of(&of, is)),
            (Node::Not(inner), is) => Expanded::All(vec![(inner, !is)]),
            (Node::Ref(slot), is) => match self.nodes.slots[slot] {
                Some(target) => Expanded::All(vec![(target, is)]),
                None => Expanded::Bound,
            },
            (Node::Enum(values), false) if kind != types::NUMBER => {
                let values = values.iter().filter(|value| type_of(value) == kind);
                Expanded::All(values.map(|value| (self.nodes.constant(value), false)).collect())
            }
            (Node::Contains(_, 0, None), true) => Expanded::Yes,
            (Node::Contains(inner, least, most), false) => {
                let mut some = Vec::new();
                if least > 0 {
                    let fewer = Node::Contains(inner, 0, Some(least - 1));
                    some.push(vec![(self.nodes.put(fewer), true)]);
                }
                if let Some(most) = most {
                    let more = Node::Contains(inner, most.saturating_add(1), None);
                    some.push(vec![(self.nodes.put(more), true)]);
                }
                Expanded::Some(some)
            }
            (Node::MinItems(0) | Node::MinProps(0), is) => {
                if is {
                    Expanded::Yes
                } else {
                    Expanded::No
                }
            }
            (Node::Item(_, inner) | Node::ItemsFrom(_, inner) | Node::Props(_, inner), is)
                if inner == self.nodes.any =>
            {
                if is {
                    Expanded::Yes
                } else {
                    Expanded::No
                }
            }
            _ => Expanded::Bound,
        }
    }

    /// Whether bounds contradict each other at first sight.
    fn contradicts(&mut self, bounds: &[Literal], kind: u8) -> bool {
        match kind {
            types::NUMBER => matches!(self.number(bounds), Outcome::Empty),
            types::RECORD => self.record_contradicts(bounds),
            _ => false,
        }
    }

    /// Whether a member that must be there has no value, as far as values are enumerated.
    fn record_contradicts(&mut self, bounds: &[Literal]) -> bool {
        let mut forced: BTreeMap<Arc<str>, Vec<Literal>> = BTreeMap::new();
        for (id, is) in bounds {
            match (self.nodes.node(*id), is) {
                (Node::Required(name), true) => drop(forced.entry(name.clone()).or_default()),
                (Node::Props(Names::One(name), inner), false) => {
                    let inner = *inner;
                    forced.entry(name.clone()).or_default().push((inner, false));
                }
                _ => {}
            }
        }
        for (id, is) in bounds {
            match (self.nodes.node(*id), is) {
                (Node::Required(name), false) if forced.contains_key(name) => return true,
                (Node::Props(Names::One(name), inner), true) => {
                    if let Some(all) = forced.get_mut(name) {
                        all.push((*inner, true));
                    }
                }
                _ => {}
            }
        }
        forced.values().any(|all| self.value_contradicts(all))
    }

    fn value_contradicts(&mut self, all: &[Literal]) -> bool {
        let mask = all.iter().fold(types::ALL, |mask, (id, is)| mask & self.nodes.mask(*id, *is));
        if mask == 0 {
            return true;
        }
        let Some(flat) = self.flattened(all) else { return true };
        let values = flat.iter().find_map(|(id, is)| match self.nodes.node(*id) {
            Node::Enum(values) if *is => Some(values.clone()),
            _ => None,
        });
        let Some(values) = values else { return false };
        matches!(self.among(&flat, &values, types::ALL), Outcome::Empty)
    }

    /// A value for bounds without alternatives.
    fn solve(&mut self, goal: &[Literal], state: &State, kind: u8) -> Outcome {
        let doubt = state
            .bounds
            .iter()
            .any(|(id, _)| matches!(self.nodes.node(*id), Node::Opaque(_) | Node::Ref(_)));
        let outcome = match kind {
            types::NUMBER => self.number(&state.bounds),
            types::LIST => self.list(&state.bounds),
            _ => self.record(&state.bounds),
        };
        debug_assert!(
            doubt
                || !matches!(&outcome, Outcome::Found(value) if goal.iter().any(|(id, is)| {
                    self.nodes.takes(*id, value) == Some(!is)
                })),
            "{goal:?} is not met by {outcome:?}"
        );
        match outcome {
            Outcome::Found(value) if doubt => Outcome::Perhaps(value, self.why()),
            other => other,
        }
    }
}

fn one_of(of: &[Id], is: bool) -> Vec<Vec<Literal>> {
    let mut options = Vec::new();
    if is {
        for one in 0..of.len() {
            options.push(of.iter().enumerate().map(|(at, id)| (*id, at == one)).collect());
        }
        return options;
    }
    options.push(of.iter().map(|id| (*id, false)).collect());
    for (at, first) in of.iter().enumerate() {
        options.extend(of[at + 1..].iter().map(|second| vec![(*first, true), (*second, true)]));
    }
    options
}
