//! Regular expressions of ECMA-262, read into languages.
//!
//! A pattern of JSON Schema is not anchored, and lengths count code points, so it is read as with
//! the flag `u`; where that flag is stricter than without it, the lenient reading is taken.
//! Lookaheads are intersections with what follows. Lookbehinds, word boundaries and back
//! references are [`Unsupported`].

use super::class::{Class, LAST};
use super::term::{Languages, Rx};

/// Why a pattern is not read as a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported(pub(crate) &'static str);

/// Patterns longer than this are not read.
const MAX_POINTS: usize = 4000;
/// Groups nest at most so deep.
const MAX_DEPTH: usize = 100;
/// An assertion within a repetition is written out so often.
const MAX_UNROLLED: u64 = 8;

enum Ast {
    Class(Class),
    Cat(Vec<Ast>),
    Or(Vec<Ast>),
    Times(Box<Ast>, u64, Option<u64>),
    Start,
    End,
    Ahead(Box<Ast>, bool),
}

impl Ast {
    fn asserts(&self) -> bool {
        match self {
            Self::Class(_) => false,
            Self::Cat(of) | Self::Or(of) => of.iter().any(Self::asserts),
            Self::Times(inner, ..) => inner.asserts(),
            Self::Start | Self::End | Self::Ahead(..) => true,
        }
    }
}

/// What may follow at the start of the string, and elsewhere.
#[derive(Clone, Copy)]
struct Rest {
    start: Rx,
    later: Rx,
}

impl Languages {
    /// The strings in which a pattern is found.
    pub(crate) fn pattern(&mut self, pattern: &str) -> Result<Rx, Unsupported> {
        let points: Vec<char> = pattern.chars().collect();
        if points.len() > MAX_POINTS {
            return Err(Unsupported("a pattern of more than 4000 characters"));
        }
        let mut parser = Parser { points, at: 0, depth: 0 };
        let ast = parser.alternatives()?;
        if parser.at < parser.points.len() {
            return Err(Unsupported("a pattern with a `)` too many"));
        }
        let rest = Rest { start: self.all, later: self.all };
        let found = self.before(&ast, rest)?;
        if found.start == found.later {
            return Ok(self.cat(self.all, found.start));
        }
        let some = self.length(1, None);
        let later = self.cat(some, found.later);
        Ok(self.or(&[found.start, later]))
    }

    /// The language of what an expression takes and then what follows it.
    fn before(&mut self, ast: &Ast, rest: Rest) -> Result<Rest, Unsupported> {
        Ok(match ast {
            Ast::Class(class) => {
                let one = self.class(class.clone());
                let both = self.cat(one, rest.later);
                Rest { start: both, later: both }
            }
            Ast::Cat(of) => {
                let mut rest = rest;
                for part in of.iter().rev() {
                    rest = self.before(part, rest)?;
                }
                rest
            }
            Ast::Or(of) => {
                let mut both = (Vec::new(), Vec::new());
                for part in of {
                    let part = self.before(part, rest)?;
                    both.0.push(part.start);
                    both.1.push(part.later);
                }
                Rest { start: self.or(&both.0), later: self.or(&both.1) }
            }
            Ast::Start => Rest { start: rest.start, later: self.never },
            Ast::End => Rest { start: self.ended(rest.start), later: self.ended(rest.later) },
            Ast::Ahead(inner, wanted) => {
                let all = Rest { start: self.all, later: self.all };
                let mut seen = self.before(inner, all)?;
                if !wanted {
                    seen = Rest { start: self.not(seen.start), later: self.not(seen.later) };
                }
                Rest {
                    start: self.and(&[rest.start, seen.start]),
                    later: self.and(&[rest.later, seen.later]),
                }
            }
            Ast::Times(inner, least, most) => self.repeated((inner, *least, *most), rest)?,
        })
    }

    fn ended(&mut self, rest: Rx) -> Rx {
        if self.takes_nothing(rest) { self.nothing } else { self.never }
    }

    fn repeated(
        &mut self,
        (inner, least, most): (&Ast, u64, Option<u64>),
        rest: Rest,
    ) -> Result<Rest, Unsupported> {
        if inner.asserts() {
            let most = most.filter(|most| *most <= MAX_UNROLLED);
            let most = most.ok_or(Unsupported("an assertion within a repetition"))?;
            let (mut all, mut here) = ((Vec::new(), Vec::new()), rest);
            for taken in 0..=most {
                if taken >= least {
                    all.0.push(here.start);
                    all.1.push(here.later);
                }
                here = self.before(inner, here)?;
            }
            return Ok(Rest { start: self.or(&all.0), later: self.or(&all.1) });
        }
        let one = self.plain(inner)?;
        let many = self.times(one, least, most);
        let later = self.cat(many, rest.later);
        if rest.start == rest.later || !self.takes_nothing(many) {
            return Ok(Rest { start: later, later });
        }
        let some = self.length(1, None);
        let some = self.and(&[many, some]);
        let start = self.cat(some, rest.later);
        Ok(Rest { start: self.or(&[rest.start, start]), later })
    }

    fn plain(&mut self, ast: &Ast) -> Result<Rx, Unsupported> {
        Ok(match ast {
            Ast::Class(class) => self.class(class.clone()),
            Ast::Cat(of) => {
                let mut rest = self.nothing;
                for part in of.iter().rev() {
                    let part = self.plain(part)?;
                    rest = self.cat(part, rest);
                }
                rest
            }
            Ast::Or(of) => {
                let of = of.iter().map(|part| self.plain(part)).collect::<Result<Vec<_>, _>>()?;
                self.or(&of)
            }
            Ast::Times(inner, least, most) => {
                let inner = self.plain(inner)?;
                self.times(inner, *least, *most)
            }
            Ast::Start | Ast::End | Ast::Ahead(..) => return Err(Unsupported("an assertion")),
        })
    }
}

struct Parser {
    points: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.points.get(self.at).copied()
    }

    fn eat(&mut self, text: &str) -> bool {
        let is = text.chars().enumerate().all(|(n, c)| self.points.get(self.at + n) == Some(&c));
        if is {
            self.at += text.chars().count();
        }
        is
    }

    fn alternatives(&mut self) -> Result<Ast, Unsupported> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unsupported("a pattern that nests too deep"));
        }
        let mut all = vec![self.sequence()?];
        while self.eat("|") {
            all.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Ast::Or(all) })
    }

    fn sequence(&mut self) -> Result<Ast, Unsupported> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            if next == '|' || next == ')' {
                break;
            }
            let part = self.atom()?;
            parts.push(self.quantified(part)?);
        }
        Ok(Ast::Cat(parts))
    }

    fn quantified(&mut self, part: Ast) -> Result<Ast, Unsupported> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.braces() {
                Some(bounds) => bounds,
                None => return Ok(part),
            },
            _ => return Ok(part),
        };
        self.at += 1;
        self.eat("?");
        if most.is_some_and(|most| most < least) {
            return Err(Unsupported("a quantifier whose bounds are out of order"));
        }
        if matches!(part, Ast::Start | Ast::End) {
            return Err(Unsupported("a quantifier after an anchor"));
        }
        Ok(Ast::Times(Box::new(part), least, most))
    }

    /// The bounds of `{2,3}`, up to its last brace; nothing is eaten where it is no quantifier.
    fn braces(&mut self) -> Option<(u64, Option<u64>)> {
        let rest = &self.points[self.at + 1..];
        let end = rest.iter().position(|c| *c == '}')?;
        let text: String = rest[..end].iter().collect();
        let number = |text: &str| -> Option<u64> {
            text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
        };
        let bounds = match text.split_once(',') {
            None => number(&text).map(|n| (n, Some(n))),
            Some((least, "")) => number(least).map(|least| (least, None)),
            Some((least, most)) => number(least).zip(number(most)).map(|(a, b)| (a, Some(b))),
        }?;
        self.at += 1 + end;
        Some(bounds)
    }

    fn atom(&mut self) -> Result<Ast, Unsupported> {
        let next = self.peek().ok_or(Unsupported("a pattern that ends early"))?;
        self.at += 1;
        Ok(match next {
            '^' => Ast::Start,
            '$' => Ast::End,
            '.' => Ast::Class(lines().complement()),
            '(' => self.group()?,
            '[' => Ast::Class(self.set()?),
            '\\' => match self.peek() {
                Some('b' | 'B') => return Err(Unsupported("a word boundary")),
                Some('1'..='9' | 'k') => return Err(Unsupported("a back reference")),
                _ => Ast::Class(self.escape()?),
            },
            '*' | '+' | '?' => return Err(Unsupported("a quantifier of nothing")),
            other => Ast::Class(Class::one(other as u32)),
        })
    }

    fn group(&mut self) -> Result<Ast, Unsupported> {
        let ahead = match () {
            () if self.eat("?=") => Some(true),
            () if self.eat("?!") => Some(false),
            () if self.eat("?<=") || self.eat("?<!") => return Err(Unsupported("a lookbehind")),
            () if self.eat("?:") => None,
            () if self.eat("?<") => {
                while self.peek().is_some_and(|c| c != '>') {
                    self.at += 1;
                }
                self.at += 1;
                None
            }
            () if self.eat("?") => return Err(Unsupported("a group of an unknown kind")),
            () => None,
        };
        let inner = self.alternatives()?;
        if !self.eat(")") {
            return Err(Unsupported("a pattern with a `(` too many"));
        }
        Ok(match ahead {
            Some(wanted) => Ast::Ahead(Box::new(inner), wanted),
            None => inner,
        })
    }

    fn set(&mut self) -> Result<Class, Unsupported> {
        let negated = self.eat("^");
        let mut ranges = Vec::new();
        loop {
            let from = match self.peek().ok_or(Unsupported("a `[` without its `]`"))? {
                ']' => break,
                _ => self.member()?,
            };
            let dash = self.peek() == Some('-')
                && self.points.get(self.at + 1).is_some_and(|next| *next != ']');
            match (single(&from), dash) {
                (Some(first), true) => {
                    self.at += 1;
                    let last = self.member()?;
                    let last = single(&last).ok_or(Unsupported("a range to a class"))?;
                    if last < first {
                        return Err(Unsupported("a range whose ends are out of order"));
                    }
                    ranges.push((first, last));
                }
                _ => ranges.extend_from_slice(from.ranges()),
            }
        }
        self.at += 1;
        let class = Class::new(ranges);
        Ok(if negated { class.complement() } else { class })
    }

    fn member(&mut self) -> Result<Class, Unsupported> {
        let next = self.peek().ok_or(Unsupported("a `[` without its `]`"))?;
        self.at += 1;
        match next {
            '\\' if self.eat("b") => Ok(Class::one(8)),
            '\\' if self.eat("-") => Ok(Class::one(u32::from('-'))),
            '\\' => self.escape(),
            other => Ok(Class::one(other as u32)),
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<Class, Unsupported> {
        let next = self.peek().ok_or(Unsupported("a pattern that ends with a backslash"))?;
        self.at += 1;
        Ok(match next {
            'd' => digits(),
            'D' => digits().complement(),
            'w' => words(),
            'W' => words().complement(),
            's' => spaces(),
            'S' => spaces().complement(),
            't' => Class::one(9),
            'n' => Class::one(10),
            'v' => Class::one(11),
            'f' => Class::one(12),
            'r' => Class::one(13),
            '0' => Class::one(0),
            'c' => {
                let letter = self.peek().filter(char::is_ascii_alphabetic);
                self.at += 1;
                Class::one(letter.ok_or(Unsupported("an unknown escape"))? as u32 % 32)
            }
            'x' => Class::one(self.hex(2)?),
            'u' => self.unicode()?,
            'p' => self.property()?,
            'P' => self.property()?.complement(),
            other if other.is_ascii_alphanumeric() => {
                return Err(Unsupported("an unknown escape"));
            }
            other => Class::one(other as u32),
        })
    }

    fn hex(&mut self, digits: usize) -> Result<u32, Unsupported> {
        let wrong = Unsupported("an escape without its digits");
        let text = self.points.get(self.at..self.at + digits).ok_or(wrong)?;
        let text: String = text.iter().collect();
        self.at += digits;
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        u32::from_str_radix(&text, 16).map_err(|_| wrong)
    }

    fn unicode(&mut self) -> Result<Class, Unsupported> {
        if self.eat("{") {
            let rest = &self.points[self.at..];
            let end = rest.iter().position(|c| *c == '}');
            let end = end.ok_or(Unsupported("an escape without its digits"))?;
            let point = self.hex(end)?;
            self.at += 1;
            return Ok(Class::one(point.min(LAST)));
        }
        let first = self.hex(4)?;
        if (0xD800..0xDC00).contains(&first) && self.eat("\\u") {
            let second = self.hex(4)?;
            if (0xDC00..0xE000).contains(&second) {
                return Ok(Class::one(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)));
            }
        }
        if (0xD800..0xE000).contains(&first) {
            return Err(Unsupported("half of a surrogate pair"));
        }
        Ok(Class::one(first))
    }

    /// `\p{…}`; the names are those of Unicode.
    fn property(&mut self) -> Result<Class, Unsupported> {
        let wrong = Unsupported("an unknown property of characters");
        let rest = &self.points[self.at..];
        let end = rest.iter().position(|c| *c == '}').filter(|_| rest[0] == '{').ok_or(wrong)?;
        let name: String = rest[1..end].iter().collect();
        self.at += end + 1;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '=') {
            return Err(wrong);
        }
        let parsed = regex_syntax::Parser::new().parse(&format!("\\p{{{name}}}"));
        match parsed.map(regex_syntax::hir::Hir::into_kind) {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                let range = |range: &regex_syntax::hir::ClassUnicodeRange| {
                    (range.start() as u32, range.end() as u32)
                };
                Ok(Class::new(class.iter().map(range).collect()))
            }
            _ => Err(wrong),
        }
    }
}

fn single(class: &Class) -> Option<u32> {
    match class.ranges() {
        [(from, to)] if from == to => Some(*from),
        _ => None,
    }
}

fn digits() -> Class {
    Class::new(vec![(48, 57)])
}

fn words() -> Class {
    Class::new(vec![(48, 57), (65, 90), (95, 95), (97, 122)])
}

fn lines() -> Class {
    Class::new(vec![(10, 10), (13, 13), (0x2028, 0x2029)])
}

fn spaces() -> Class {
    let single = [0x20, 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, 0xFEFF];
    let mut ranges: Vec<_> = single.iter().map(|point| (*point, *point)).collect();
    ranges.extend([(9, 13), (0x2000, 0x200A), (0x2028, 0x2029)]);
    Class::new(ranges)
}
