//! Terms, their constructors, which keep them small, and their derivatives.

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::class::Class;

/// The number of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Rx(u32);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Term {
    /// No string.
    Never,
    /// The empty string.
    Nothing,
    /// One character of a class.
    Class(Class),
    /// One after the other.
    Cat(Rx, Rx),
    /// Any of them.
    Or(Vec<Rx>),
    /// All of them.
    And(Vec<Rx>),
    /// All other strings.
    Not(Rx),
    /// So many in a row: at least, and at most.
    Times(Rx, u64, Option<u64>),
}

/// All terms that were made, and how many steps may still be taken.
pub(crate) struct Languages {
    terms: IndexSet<Term, FxBuildHasher>,
    nullable: Vec<bool>,
    derived: IndexMap<(Rx, u32), Rx, FxBuildHasher>,
    /// How many steps are left; nothing is searched without.
    pub(crate) steps: u64,
    pub(crate) never: Rx,
    pub(crate) nothing: Rx,
    /// One character.
    pub(crate) any: Rx,
    /// All strings.
    pub(crate) all: Rx,
}

impl Languages {
    pub(crate) fn new(steps: u64) -> Self {
        let zero = Rx(0);
        let mut made = Self {
            terms: IndexSet::default(),
            nullable: Vec::new(),
            derived: IndexMap::default(),
            steps,
            never: zero,
            nothing: zero,
            any: zero,
            all: zero,
        };
        made.never = made.put(Term::Never);
        made.nothing = made.put(Term::Nothing);
        made.any = made.put(Term::Class(Class::all()));
        made.all = made.put(Term::Times(made.any, 0, None));
        made
    }

    pub(super) fn term(&self, rx: Rx) -> &Term {
        &self.terms[rx.0 as usize]
    }

    fn put(&mut self, term: Term) -> Rx {
        let nullable = match &term {
            Term::Never | Term::Class(_) => false,
            Term::Nothing => true,
            Term::Cat(a, b) => self.takes_nothing(*a) && self.takes_nothing(*b),
            Term::Or(of) => of.iter().any(|rx| self.takes_nothing(*rx)),
            Term::And(of) => of.iter().all(|rx| self.takes_nothing(*rx)),
            Term::Not(rx) => !self.takes_nothing(*rx),
            Term::Times(rx, least, _) => *least == 0 || self.takes_nothing(*rx),
        };
        let (at, new) = self.terms.insert_full(term);
        if new {
            self.steps = self.steps.saturating_sub(1);
            self.nullable.push(nullable);
        }
        Rx(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// Whether the empty string is in the language.
    pub(crate) fn takes_nothing(&self, rx: Rx) -> bool {
        self.nullable[rx.0 as usize]
    }

    pub(crate) fn class(&mut self, class: Class) -> Rx {
        if class.is_empty() { self.never } else { self.put(Term::Class(class)) }
    }

    /// Just this string.
    pub(crate) fn literal(&mut self, text: &str) -> Rx {
        let mut rest = self.nothing;
        for character in text.chars().rev() {
            let one = self.class(Class::one(character as u32));
            rest = self.cat(one, rest);
        }
        rest
    }

    pub(crate) fn cat(&mut self, a: Rx, b: Rx) -> Rx {
        if a == self.never || b == self.never {
            return self.never;
        }
        if a == self.nothing {
            return b;
        }
        if b == self.nothing || (a == self.all && b == self.all) {
            return a;
        }
        match self.term(a) {
            Term::Cat(first, rest) => {
                let (first, rest) = (*first, *rest);
                let rest = self.cat(rest, b);
                self.cat(first, rest)
            }
            _ => self.put(Term::Cat(a, b)),
        }
    }

    /// Strings whose length in code points is within these bounds.
    pub(crate) fn length(&mut self, least: u64, most: Option<u64>) -> Rx {
        self.times(self.any, least, most)
    }

    pub(crate) fn times(&mut self, rx: Rx, least: u64, most: Option<u64>) -> Rx {
        if most.is_some_and(|most| most < least) {
            return self.never;
        }
        let least = if self.takes_nothing(rx) { 0 } else { least };
        match (least, most) {
            (_, Some(0)) => return self.nothing,
            (1, Some(1)) => return rx,
            _ => {}
        }
        if rx == self.never || rx == self.nothing {
            return if least == 0 { self.nothing } else { self.never };
        }
        if rx == self.all {
            return rx;
        }
        if let (Term::Times(inner, 0, None), 0, None) = (self.term(rx), least, most) {
            let inner = *inner;
            return self.put(Term::Times(inner, 0, None));
        }
        self.put(Term::Times(rx, least, most))
    }

    pub(crate) fn or(&mut self, of: &[Rx]) -> Rx {
        let mut flat = Vec::new();
        let mut class: Option<Class> = None;
        for rx in of {
            self.flatten_or(*rx, &mut flat, &mut class);
        }
        if let Some(class) = class {
            let rx = self.class(class);
            flat.push(rx);
        }
        flat.sort_unstable();
        flat.dedup();
        flat.retain(|rx| *rx != self.never);
        if flat.contains(&self.all) {
            return self.all;
        }
        for rx in &flat {
            if let Term::Not(inner) = self.term(*rx)
                && flat.contains(inner)
            {
                return self.all;
            }
        }
        self.charge(flat.len());
        match flat.len() {
            0 => self.never,
            1 => flat[0],
            _ => self.put(Term::Or(flat)),
        }
    }

    /// Steps for a union or intersection of so many: it is sorted, compared and hashed, and each
    /// of it may be looked for in all of it.
    fn charge(&mut self, parts: usize) {
        let parts = parts as u64;
        self.steps = self.steps.saturating_sub(parts / 2 + parts * parts / 64);
    }

    fn flatten_or(&self, rx: Rx, flat: &mut Vec<Rx>, class: &mut Option<Class>) {
        match self.term(rx) {
            Term::Or(of) => of.iter().for_each(|rx| self.flatten_or(*rx, flat, class)),
            Term::Class(one) => {
                *class = Some(class.as_ref().map_or_else(|| one.clone(), |all| all.union(one)));
            }
            _ => flat.push(rx),
        }
    }

    pub(crate) fn and(&mut self, of: &[Rx]) -> Rx {
        let mut flat = Vec::new();
        for rx in of {
            match self.term(*rx) {
                Term::And(of) => flat.extend(of.iter().copied()),
                _ => flat.push(*rx),
            }
        }
        let (mut least, mut most) = (0, None);
        flat.retain(|rx| match self.term(*rx) {
            Term::Times(inner, from, to) if *inner == self.any => {
                least = least.max(*from);
                most = [most, *to].into_iter().flatten().min();
                false
            }
            _ => true,
        });
        let length = self.length(least, most);
        flat.push(length);
        flat.sort_unstable();
        flat.dedup();
        flat.retain(|rx| *rx != self.all);
        if flat.contains(&self.never) {
            return self.never;
        }
        if flat.contains(&self.nothing) {
            let takes = flat.iter().all(|rx| self.takes_nothing(*rx));
            return if takes { self.nothing } else { self.never };
        }
        self.without_contradiction(flat)
    }

    /// `x & !(x & y)` is `x & !y`; `x & !x` is nothing at all.
    fn without_contradiction(&mut self, mut flat: Vec<Rx>) -> Rx {
        self.charge(flat.len());
        for at in 0..flat.len() {
            let Term::Not(inner) = self.term(flat[at]) else { continue };
            if flat.contains(inner) {
                return self.never;
            }
            if let Term::And(of) = self.term(*inner) {
                let rest: Vec<_> = of.iter().copied().filter(|rx| !flat.contains(rx)).collect();
                if rest.len() < of.len() {
                    let rest = self.and(&rest);
                    flat[at] = self.not(rest);
                    return self.and(&flat);
                }
            }
        }
        match flat.len() {
            0 => self.all,
            1 => flat[0],
            _ => self.put(Term::And(flat)),
        }
    }

    pub(crate) fn not(&mut self, rx: Rx) -> Rx {
        match self.term(rx).clone() {
            Term::Never => self.all,
            Term::Not(inner) => inner,
            Term::Or(of) => {
                let of: Vec<_> = of.iter().map(|rx| self.not(*rx)).collect();
                self.and(&of)
            }
            Term::Times(inner, least, most) if inner == self.any => {
                let short = match least {
                    0 => self.never,
                    least => self.length(0, Some(least - 1)),
                };
                let long = match most {
                    Some(u64::MAX) | None => self.never,
                    Some(most) => self.length(most + 1, None),
                };
                self.or(&[short, long])
            }
            _ => self.put(Term::Not(rx)),
        }
    }

    /// What may follow a character.
    pub(crate) fn after(&mut self, rx: Rx, point: u32) -> Rx {
        if let Some(known) = self.derived.get(&(rx, point)) {
            return *known;
        }
        self.steps = self.steps.saturating_sub(1);
        let after = match self.term(rx).clone() {
            Term::Never | Term::Nothing => self.never,
            Term::Class(class) => {
                if class.has(point) {
                    self.nothing
                } else {
                    self.never
                }
            }
            Term::Cat(a, b) => {
                let first = self.after(a, point);
                let first = self.cat(first, b);
                match self.takes_nothing(a) {
                    true => {
                        let second = self.after(b, point);
                        self.or(&[first, second])
                    }
                    false => first,
                }
            }
            Term::Or(of) => {
                self.steps = self.steps.saturating_sub(2 * of.len() as u64);
                let of: Vec<_> = of.iter().map(|rx| self.after(*rx, point)).collect();
                self.or(&of)
            }
            Term::And(of) => {
                self.steps = self.steps.saturating_sub(2 * of.len() as u64);
                let of: Vec<_> = of.iter().map(|rx| self.after(*rx, point)).collect();
                self.and(&of)
            }
            Term::Not(inner) => {
                let inner = self.after(inner, point);
                self.not(inner)
            }
            Term::Times(inner, least, most) => {
                let first = self.after(inner, point);
                let rest = self.times(inner, least.saturating_sub(1), most.map(|most| most - 1));
                self.cat(first, rest)
            }
        };
        self.derived.insert((rx, point), after);
        after
    }

    /// Whether a string is in the language.
    pub(crate) fn matches(&mut self, rx: Rx, text: &str) -> bool {
        let mut rest = rx;
        for character in text.chars() {
            if rest == self.never || rest == self.all {
                break;
            }
            rest = self.after(rest, character as u32);
        }
        self.takes_nothing(rest)
    }
}
