//! Whether a language has a string, and which are its shortest.

use std::collections::{BTreeSet, VecDeque};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::class::{Class, LAST};
use super::term::{Languages, Rx, Term};

/// The budget was used up before the answer was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// Strings longer than this are not written out.
pub(crate) const MAX_LENGTH: u64 = 100_000;
/// A conjunction with alternatives is looked at alternative by alternative, up to so many.
const MAX_SPLIT: usize = 64;
/// Takes so many of a class at most.
type Sample = fn(&Class, usize) -> Vec<u32>;

/// Characters that are taken first, where they will do.
const READABLE: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ";

impl Languages {
    /// One of the shortest strings, if there is one.
    pub(crate) fn shortest(&mut self, rx: Rx) -> Result<Option<String>, Exhausted> {
        let mut best: Option<String> = None;
        for part in self.split(rx) {
            if let Some(found) = self.shortest_of(part)?
                && best.as_ref().is_none_or(|best| found.len() < best.len())
            {
                best = Some(found);
            }
        }
        Ok(best)
    }

    /// Whether there is no string at all.
    pub(crate) fn is_empty(&mut self, rx: Rx) -> Result<bool, Exhausted> {
        match self.term(rx) {
            Term::Never => Ok(true),
            Term::Times(inner, ..) if *inner == self.any => Ok(false),
            _ => Ok(self.shortest(rx)?.is_none()),
        }
    }

    /// Alternatives whose union is the language: bounds of lengths meet before they are searched.
    fn split(&mut self, rx: Rx) -> Vec<Rx> {
        let (mut done, mut open) = (Vec::new(), vec![rx]);
        while let Some(rx) = open.pop() {
            if done.len() + open.len() > MAX_SPLIT {
                return vec![rx].into_iter().chain(open).chain(done).collect();
            }
            let alternatives = match self.term(rx).clone() {
                Term::Or(of) => of,
                Term::Not(inner) => self.negated(inner).unwrap_or_default(),
                Term::And(of) => self.distributed(&of),
                _ => Vec::new(),
            };
            if alternatives.is_empty() {
                done.push(rx);
            } else {
                open.extend(alternatives);
            }
        }
        done
    }

    fn negated(&mut self, inner: Rx) -> Option<Vec<Rx>> {
        let Term::And(of) = self.term(inner).clone() else { return None };
        Some(of.iter().map(|rx| self.not(*rx)).collect())
    }

    fn distributed(&mut self, of: &[Rx]) -> Vec<Rx> {
        for (at, part) in of.iter().enumerate() {
            let alternatives = match self.term(*part).clone() {
                Term::Or(of) => of,
                Term::Not(inner) => match self.negated(inner) {
                    Some(of) => of,
                    None => continue,
                },
                _ => continue,
            };
            let rest: Vec<_> = of[..at].iter().chain(&of[at + 1..]).copied().collect();
            let rest = self.and(&rest);
            return alternatives.iter().map(|one| self.and(&[rest, *one])).collect();
        }
        Vec::new()
    }

    fn shortest_of(&mut self, rx: Rx) -> Result<Option<String>, Exhausted> {
        if let Term::Times(inner, least, _) = self.term(rx)
            && *inner == self.any
        {
            let least = *least;
            return match least <= MAX_LENGTH {
                true => Ok(Some("a".repeat(usize::try_from(least).unwrap_or(0)))),
                false => Err(Exhausted),
            };
        }
        // Each language that was met, with the one before it and the character between them.
        let mut met: IndexMap<Rx, (usize, u32), FxBuildHasher> = IndexMap::default();
        met.insert(rx, (0, 0));
        let mut at = 0;
        while let Some((here, _)) = met.get_index(at) {
            let here = *here;
            if self.takes_nothing(here) {
                return Ok(Some(spelled(&met, at)));
            }
            for (ranges, next) in self.steps_from(here)? {
                if next != self.never {
                    met.entry(next).or_insert((at, nicest(&ranges)));
                }
            }
            at += 1;
        }
        Ok(None)
    }

    /// The languages after each kind of character, with the characters.
    fn steps_from(&mut self, rx: Rx) -> Result<Vec<(Class, Rx)>, Exhausted> {
        if self.steps == 0 {
            return Err(Exhausted);
        }
        let (mut classes, mut seen) = (Vec::new(), BTreeSet::new());
        self.first_classes(rx, &mut classes, &mut seen);
        let touched = seen.len() as u64;
        classes.sort_unstable();
        classes.dedup();
        let mut cuts: Vec<u32> = vec![0, 0xD800, 0xE000];
        for class in &classes {
            cuts.extend(class.ranges().iter().flat_map(|(from, to)| [*from, to + 1]));
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts.retain(|cut| *cut <= LAST);
        // Each class is asked for each cut; a step is what a term costs to make.
        let asked = (cuts.len() * (classes.len() + 4)) as u64 / 16;
        self.steps = self.steps.saturating_sub(touched + asked);
        let mut kinds: IndexMap<Vec<bool>, Vec<(u32, u32)>, FxBuildHasher> = IndexMap::default();
        for (n, from) in cuts.iter().enumerate() {
            let to = cuts.get(n + 1).map_or(LAST, |next| next - 1);
            if (0xD800..0xE000).contains(from) {
                continue;
            }
            let kind = classes.iter().map(|class| class.has(*from)).collect();
            kinds.entry(kind).or_default().push((*from, to));
        }
        let mut found = Vec::new();
        for ranges in kinds.into_values() {
            let next = self.after(rx, ranges[0].0);
            found.push((Class::new(ranges), next));
        }
        Ok(found)
    }

    /// The classes that a first character is told apart by.
    fn first_classes(&self, rx: Rx, classes: &mut Vec<Class>, seen: &mut BTreeSet<Rx>) {
        // Terms are shared: what was looked at says nothing new.
        if !seen.insert(rx) {
            return;
        }
        match self.term(rx) {
            Term::Never | Term::Nothing => {}
            Term::Class(class) => classes.push(class.clone()),
            Term::Cat(a, b) => {
                self.first_classes(*a, classes, seen);
                if self.takes_nothing(*a) {
                    self.first_classes(*b, classes, seen);
                }
            }
            Term::Or(of) | Term::And(of) => {
                of.iter().for_each(|rx| self.first_classes(*rx, classes, seen));
            }
            Term::Not(inner) | Term::Times(inner, ..) => self.first_classes(*inner, classes, seen),
        }
    }

    /// So many different strings, the shortest first; all there are, where there are fewer.
    /// Readable ones are taken if there are enough of them.
    pub(crate) fn words(&mut self, rx: Rx, most: usize) -> Result<Vec<String>, Exhausted> {
        let live = self.live(rx)?;
        let readable = self.spell(rx, &live, (most, readable))?;
        if readable.len() >= most {
            return Ok(readable);
        }
        self.spell(rx, &live, (most, several))
    }

    fn spell(
        &mut self,
        rx: Rx,
        live: &IndexMap<Rx, (), FxBuildHasher>,
        (most, points): (usize, Sample),
    ) -> Result<Vec<String>, Exhausted> {
        let mut found = Vec::new();
        let mut open = VecDeque::from([(rx, String::new())]);
        while let Some((here, text)) = open.pop_front() {
            if found.len() >= most {
                break;
            }
            if self.takes_nothing(here) {
                found.push(text.clone());
            }
            self.steps = self.steps.saturating_sub(1);
            for (class, next) in self.steps_from(here)? {
                if !live.contains_key(&next) || open.len() > 4 * most + 64 {
                    continue;
                }
                for point in points(&class, most) {
                    let mut longer = text.clone();
                    longer.extend(char::from_u32(point));
                    open.push_back((next, longer));
                }
            }
        }
        Ok(found)
    }

    /// The languages that are met and have a string.
    fn live(&mut self, rx: Rx) -> Result<IndexMap<Rx, (), FxBuildHasher>, Exhausted> {
        let mut before: IndexMap<Rx, Vec<Rx>, FxBuildHasher> = IndexMap::default();
        before.insert(rx, Vec::new());
        let mut at = 0;
        while let Some((here, _)) = before.get_index(at) {
            let here = *here;
            for (_, next) in self.steps_from(here)? {
                before.entry(next).or_default().push(here);
            }
            at += 1;
        }
        let mut live: IndexMap<Rx, (), FxBuildHasher> = IndexMap::default();
        let mut open: Vec<Rx> =
            before.keys().copied().filter(|rx| self.takes_nothing(*rx)).collect();
        while let Some(here) = open.pop() {
            if live.insert(here, ()).is_none() {
                open.extend(before.get(&here).into_iter().flatten());
            }
        }
        Ok(live)
    }
}

fn spelled(met: &IndexMap<Rx, (usize, u32), FxBuildHasher>, end: usize) -> String {
    let (mut points, mut at) = (Vec::new(), end);
    while at > 0 {
        let (before, point) = met[at];
        points.push(point);
        at = before;
    }
    points.iter().rev().filter_map(|point| char::from_u32(*point)).collect()
}

fn nicest(class: &Class) -> u32 {
    let readable = READABLE.chars().map(|c| c as u32).find(|point| class.has(*point));
    let printable = || (33..127).find(|point| class.has(*point));
    readable.or_else(printable).unwrap_or(class.ranges()[0].0)
}

fn readable(class: &Class, most: usize) -> Vec<u32> {
    READABLE.chars().map(|c| c as u32).filter(|point| class.has(*point)).take(most).collect()
}

/// Some of a class, the readable ones first.
fn several(class: &Class, most: usize) -> Vec<u32> {
    let mut points = readable(class, most);
    for point in class.ranges().iter().flat_map(|(from, to)| *from..=*to) {
        if points.len() >= most {
            break;
        }
        if !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::super::Languages;

    fn found(pattern: &str, text: &str) -> bool {
        let mut all = Languages::new(100_000);
        let rx = all.pattern(pattern).unwrap();
        all.matches(rx, text)
    }

    #[test]
    fn patterns_are_found_as_ecma_finds_them() {
        let yes = [
            ("a", "bab"),
            ("^a$", "a"),
            ("^[a-c]{2,3}$", "abc"),
            (r"^\d+$", "123"),
            ("", ""),
            ("^(?=.*[0-9])(?=.*[a-z]).{3,}$", "a1b"),
            ("^(?!foo)", "bar"),
            ("a|^b", "b"),
            (r"^\p{Lu}", "Éa"),
            ("^.$", "💩"),
            ("(^a)?b", "xb"),
            ("^(a|b)*$", "abba"),
            ("x{", "x{"),
            (r"^[\w.-]+$", "a.b-c"),
            ("$", "abc"),
            ("^a*$", ""),
            (r"[^\s]", " x"),
        ];
        for (pattern, text) in yes {
            assert!(found(pattern, text), "{pattern} in {text}");
        }
        let no = [
            ("^a$", "ab"),
            ("^[a-c]{2,3}$", "abcd"),
            (r"^\d+$", "१"),
            ("^(?!foo)", "foobar"),
            ("a|^b", "cb"),
            ("^.$", "\n"),
            ("^(a|b)*$", "abc"),
            ("a^", "a"),
            ("^.$", "ab"),
            ("(?=.*[0-9])^.*[a-z].*$", "abc"),
            ("b$a", "ba"),
        ];
        for (pattern, text) in no {
            assert!(!found(pattern, text), "{pattern} in {text}");
        }
    }

    #[test]
    fn languages_are_included_or_a_string_says_why_not() {
        let mut all = Languages::new(1_000_000);
        let mut without = |a: &str, b: &str| {
            let (a, b) = (all.pattern(a).unwrap(), all.pattern(b).unwrap());
            let b = all.not(b);
            let rest = all.and(&[a, b]);
            all.shortest(rest).unwrap()
        };
        assert_eq!(without("^[a-c]+$", "^[a-z]+$"), None);
        assert_eq!(without("^[a-z]+$", "^[a-y]+$"), Some("z".to_owned()));
        assert_eq!(without("^(ab)*$", "^(a|b)*$"), None);
        assert_eq!(without("^a{2,5}$", "^a{2,4}$"), Some("aaaaa".to_owned()));
        assert_eq!(without("^foo", "o"), None);
    }

    #[test]
    fn words_are_counted() {
        let mut all = Languages::new(1_000_000);
        let rx = all.pattern("^[ab]{1,2}$").unwrap();
        assert_eq!(all.words(rx, 10).unwrap(), ["a", "b", "aa", "ab", "ba", "bb"]);
        assert_eq!(all.words(all.all, 3).unwrap(), ["", "a", "b"]);
    }
}
