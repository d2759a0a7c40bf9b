//! Objects: which members, and what each must be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Literal, Outcome, Search};
use crate::evolution::json::Json;
use crate::evolution::node::{Names, Node};
use crate::evolution::regex::Rx;

/// Objects with more members are not written out.
const MAX_MEMBERS: u64 = 5_000;
/// Names are told apart by up to so many combinations of patterns.
const MAX_KINDS: usize = 128;

/// The bounds of an object.
#[derive(Default)]
struct Shape {
    least: u64,
    most: Option<u64>,
    required: BTreeSet<Arc<str>>,
    absent: BTreeSet<Arc<str>>,
    every: Vec<(Names, Literal)>,
    /// Some member with such a name is such.
    some: Vec<(Names, Literal)>,
    /// All names that are spelled out somewhere.
    spelled: BTreeSet<Arc<str>>,
    patterns: Vec<Rx>,
}

/// Names that no bound spells out and that match the same patterns.
struct Kind {
    language: Rx,
    matches: Vec<bool>,
    goal: Vec<Literal>,
}

/// The members that an object has so far.
#[derive(Clone, Default)]
struct Chosen {
    named: BTreeMap<Arc<str>, Vec<Literal>>,
    /// Members of a kind, each with its goal.
    fresh: Vec<(usize, Vec<Literal>)>,
}

impl Chosen {
    fn count(&self) -> u64 {
        (self.named.len() + self.fresh.len()) as u64
    }
}

impl Search<'_> {
    /// An object within bounds.
    pub(super) fn record(&mut self, literals: &[Literal]) -> Outcome {
        let Some(shape) = self.record_shape(literals) else { return Outcome::Empty };
        let impossible = shape.most.is_some_and(|most| most < shape.least);
        if impossible || shape.required.iter().any(|name| shape.absent.contains(name)) {
            return Outcome::Empty;
        }
        if shape.least > MAX_MEMBERS {
            return Outcome::Unknown("an object for it would have too many members".to_owned());
        }
        let mut chosen = Chosen::default();
        let mut doubt = Outcome::Empty;
        for name in &shape.required {
            let goal = self.goal_of(&shape, name);
            match self.find(&goal) {
                Outcome::Empty => return Outcome::Empty,
                Outcome::Unknown(why) => doubt = doubt.or(Outcome::Unknown(why)),
                _ => {}
            }
            chosen.named.insert(name.clone(), goal);
        }
        if shape.most.is_some_and(|most| chosen.count() > most) {
            return Outcome::Empty;
        }
        let kinds = match self.kinds(&shape) {
            Ok(kinds) => kinds,
            Err(outcome) => return outcome,
        };
        doubt.or(self.with_some(&shape, &kinds, (0, chosen)))
    }

    fn record_shape(&mut self, literals: &[Literal]) -> Option<Shape> {
        let mut shape = Shape::default();
        for (id, is) in literals {
            match (self.nodes.node(*id).clone(), *is) {
                (Node::MinProps(least), true) => shape.least = shape.least.max(least),
                (Node::MaxProps(most), false) => {
                    shape.least = shape.least.max(most.saturating_add(1));
                }
                (Node::MaxProps(most), true) => {
                    shape.most = Some(shape.most.map_or(most, |already| already.min(most)));
                }
                (Node::MinProps(least), false) => {
                    let most = least.checked_sub(1)?;
                    shape.most = Some(shape.most.map_or(most, |already| already.min(most)));
                }
                (Node::Required(name), true) => drop(shape.required.insert(name)),
                (Node::Required(name), false) => drop(shape.absent.insert(name)),
                (Node::Props(names, inner), true) => shape.every.push((names, (inner, true))),
                (Node::Props(names, inner), false) => shape.some.push((names, (inner, false))),
                _ => {}
            }
        }
        shape.spelled = shape.required.union(&shape.absent).cloned().collect();
        for (names, _) in shape.every.iter().chain(&shape.some) {
            match names {
                Names::One(name) => drop(shape.spelled.insert(name.clone())),
                Names::Match(rx) => shape.patterns.push(*rx),
                Names::Except(names, patterns) => {
                    shape.spelled.extend(names.iter().cloned());
                    shape.patterns.extend(patterns);
                }
            }
        }
        shape.patterns.sort_unstable();
        shape.patterns.dedup();
        Some(shape)
    }

    /// What the member of a name must be.
    fn goal_of(&mut self, shape: &Shape, name: &str) -> Vec<Literal> {
        let mut goal = Vec::new();
        for (names, literal) in &shape.every {
            if self.nodes.has_name(names, name) {
                goal.push(*literal);
            }
        }
        goal
    }

    /// The kinds of names that are not spelled out.
    fn kinds(&mut self, shape: &Shape) -> Result<Vec<Kind>, Outcome> {
        let unknown = |why: &str| Outcome::Unknown(why.to_owned());
        let mut kinds = vec![(self.nodes.languages.all, Vec::new())];
        for pattern in &shape.patterns {
            let mut next = Vec::new();
            for (language, matches) in kinds {
                let not = self.nodes.languages.not(*pattern);
                for (part, is) in [(*pattern, true), (not, false)] {
                    let both = self.nodes.languages.and(&[language, part]);
                    let empty = self.nodes.languages.is_empty(both);
                    if !empty.map_err(|_| unknown("names are too hard to find"))? {
                        let matches: Vec<_> = matches.iter().copied().chain([is]).collect();
                        next.push((both, matches));
                    }
                }
            }
            if next.len() > MAX_KINDS {
                return Err(unknown("there are too many patterns of names"));
            }
            kinds = next;
        }
        let with_goal = |(language, matches): (Rx, Vec<bool>)| {
            let every = shape.every.iter();
            let concerned = every.filter(|(names, _)| has_kind(shape, &matches, names));
            let goal = concerned.map(|(_, literal)| *literal).collect();
            Kind { language, matches, goal }
        };
        Ok(kinds.into_iter().map(with_goal).collect())
    }

    /// Chooses a member for each condition on some member, from `at` on.
    fn with_some(
        &mut self,
        shape: &Shape,
        kinds: &[Kind],
        (at, chosen): (usize, Chosen),
    ) -> Outcome {
        if !self.step(chosen.named.len() + chosen.fresh.len()) {
            return Self::exhausted();
        }
        if shape.most.is_some_and(|most| chosen.count() > most) {
            return Outcome::Empty;
        }
        let Some((names, literal)) = shape.some.get(at) else {
            return self.filled(shape, kinds, chosen);
        };
        let mut outcome = Outcome::Empty;
        for (branch, goal) in self.options(shape, kinds, (names, *literal), &chosen) {
            match self.find(&goal) {
                Outcome::Empty => continue,
                Outcome::Unknown(why) => {
                    outcome = outcome.or(Outcome::Unknown(why));
                    continue;
                }
                _ => {}
            }
            outcome = outcome.or(self.with_some(shape, kinds, (at + 1, branch)));
            if matches!(outcome, Outcome::Found(_)) {
                break;
            }
        }
        outcome
    }

    /// The ways to have a member that meets a condition, each with what that member must be.
    fn options(
        &mut self,
        shape: &Shape,
        kinds: &[Kind],
        (names, literal): (&Names, Literal),
        chosen: &Chosen,
    ) -> Vec<(Chosen, Vec<Literal>)> {
        let mut options = Vec::new();
        let mut spelled: Vec<_> = match names {
            Names::One(name) => vec![name.clone()],
            _ => shape.spelled.iter().cloned().collect(),
        };
        // Members that are there anyhow come first: they make a smaller object.
        spelled.sort_by_key(|name| !chosen.named.contains_key(name));
        for name in spelled {
            if shape.absent.contains(&name) || !self.nodes.has_name(names, &name) {
                continue;
            }
            let mut goal = match chosen.named.get(&name) {
                Some(goal) => goal.clone(),
                None => self.goal_of(shape, &name),
            };
            goal.push(literal);
            let mut branch = chosen.clone();
            branch.named.insert(name, goal.clone());
            options.push((branch, goal));
        }
        for (n, (kind, goal)) in chosen.fresh.iter().enumerate() {
            if has_kind(shape, &kinds[*kind].matches, names) {
                let goal = [&goal[..], &[literal]].concat();
                let mut branch = chosen.clone();
                branch.fresh[n].1 = goal.clone();
                options.push((branch, goal));
            }
        }
        for (at, kind) in kinds.iter().enumerate() {
            if has_kind(shape, &kind.matches, names) {
                let goal = [&kind.goal[..], &[literal]].concat();
                let mut branch = chosen.clone();
                branch.fresh.push((at, goal.clone()));
                options.push((branch, goal));
            }
        }
        options
    }

    /// Adds members until there are enough, and gives all of them names and values.
    fn filled(&mut self, shape: &Shape, kinds: &[Kind], mut chosen: Chosen) -> Outcome {
        let mut doubt = Outcome::Empty;
        for name in &shape.spelled {
            if chosen.count() >= shape.least {
                break;
            }
            if chosen.named.contains_key(name) || shape.absent.contains(name) {
                continue;
            }
            let goal = self.goal_of(shape, name);
            match self.find(&goal) {
                Outcome::Found(_) => drop(chosen.named.insert(name.clone(), goal)),
                Outcome::Empty => {}
                Outcome::Perhaps(_, why) | Outcome::Unknown(why) => {
                    doubt = doubt.or(Outcome::Unknown(why));
                }
            }
        }
        let mut members = BTreeMap::new();
        for (at, kind) in kinds.iter().enumerate() {
            let here = chosen.fresh.iter().filter(|(of, _)| *of == at).count() as u64;
            let mut wanted = here;
            if chosen.count() < shape.least {
                match self.find(&kind.goal) {
                    Outcome::Found(_) => wanted += shape.least - chosen.count(),
                    Outcome::Empty => {}
                    Outcome::Perhaps(_, why) | Outcome::Unknown(why) => {
                        doubt = doubt.or(Outcome::Unknown(why));
                    }
                }
            }
            let names = match self.names(shape, kind, usize::try_from(wanted).unwrap_or(0)) {
                Ok(names) => names,
                Err(outcome) => return doubt.or(outcome),
            };
            if (names.len() as u64) < here {
                return doubt;
            }
            let more = names.len() - usize::try_from(here).unwrap_or(0);
            chosen.fresh.extend(std::iter::repeat_n((at, kind.goal.clone()), more));
            let goals = chosen.fresh.iter().filter(|(of, _)| *of == at).map(|(_, goal)| goal);
            members.extend(names.into_iter().zip(goals.cloned().collect::<Vec<_>>()));
        }
        if chosen.count() < shape.least || shape.most.is_some_and(|most| chosen.count() > most) {
            return doubt;
        }
        members.extend(chosen.named);
        doubt.or(self.valued(members))
    }

    fn valued(&mut self, members: BTreeMap<Arc<str>, Vec<Literal>>) -> Outcome {
        let (mut values, mut perhaps) = (BTreeMap::new(), None);
        for (name, goal) in members {
            match self.find(&goal) {
                Outcome::Found(value) => drop(values.insert(name, value)),
                Outcome::Perhaps(value, why) => {
                    values.insert(name, value);
                    perhaps = Some(why);
                }
                other => return other,
            }
        }
        match perhaps {
            Some(why) => Outcome::Perhaps(Json::Record(values), why),
            None => Outcome::Found(Json::Record(values)),
        }
    }

    /// So many names of a kind, or all there are.
    fn names(
        &mut self,
        shape: &Shape,
        kind: &Kind,
        wanted: usize,
    ) -> Result<Vec<Arc<str>>, Outcome> {
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let unknown = |_| Outcome::Unknown("names are too hard to find".to_owned());
        // One more, so that the empty name is only taken where there is no other.
        for room in [wanted + 1, wanted + 1 + shape.spelled.len()] {
            let words = self.nodes.languages.words(kind.language, room).map_err(unknown)?;
            let all = words.len() < room;
            let mut names: Vec<Arc<str>> = words.into_iter().map(Into::into).collect();
            names.retain(|name| !shape.spelled.contains(name));
            names.sort_by_key(|name| name.is_empty());
            if names.len() >= wanted || all {
                names.truncate(wanted);
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }
}

/// Whether names that are not spelled out, of a kind, are among the names.
fn has_kind(shape: &Shape, matches: &[bool], names: &Names) -> bool {
    let met = |rx: &Rx| shape.patterns.binary_search(rx).is_ok_and(|at| matches[at]);
    match names {
        Names::One(_) => false,
        Names::Match(rx) => met(rx),
        Names::Except(_, patterns) => !patterns.iter().any(met),
    }
}
