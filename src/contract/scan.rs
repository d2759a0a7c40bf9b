//! The fast check: one pass over the bytes of a value, without a tree and without allocation.
//!
//! What this is: the run of a [`super::program::Program`], which answers *yes* or *do not know*.
//! What it is not: the judge. Whatever is unusual (an escape where a string is limited, a field
//! that no contract declares, anything wrong) is left to [`super::judge`].
//!
//! What always holds: *yes* means that the judge has nothing to say about these bytes, no advisory
//! either; a property test holds the two together. Start at [`accepts`].

use smallvec::SmallVec;

use super::program::{Node, Object, Word};
use crate::message::is_rfc3339;

/// Deeper values are left to the judge.
const MAX_DEPTH: u32 = 64;
/// Objects of which nothing is known are looked through up to so many names.
const MOST_NAMES: usize = 16;

/// What the scan saw on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The integer in the field that the key is made from.
    pub(super) key_id: Option<i128>,
}

/// What a value shows, if it is what the node says; `None` where that is not sure.
pub(super) fn accepts(node: &Node, bytes: &[u8]) -> Option<Seen> {
    let mut scan = Scan::new(bytes);
    scan.blank();
    scan.value(node, 0)?;
    scan.blank();
    let whole = scan.at == bytes.len();
    let utf8 = scan.high & HIGH == 0 || std::str::from_utf8(bytes).is_ok();
    (whole && utf8).then_some(scan.seen)
}

/// The text of a field at the top of an object, without unescaping; `None` is *do not know*.
pub(super) fn discriminator<'a>(bytes: &'a [u8], quoted: &Word) -> Option<&'a [u8]> {
    let mut scan = Scan::new(bytes);
    scan.blank();
    scan.byte(b'{')?;
    loop {
        scan.blank();
        let found = scan.name(quoted)?;
        scan.blank();
        if found {
            let start = scan.at + 1;
            scan.plain_string()?;
            // Where it may come again, the last counts.
            let name = quoted.bytes.strip_suffix(b":")?;
            let again = memchr::memmem::find(&bytes[scan.at..], name).is_some();
            return bytes.get(start..scan.at - 1).filter(|_| !again);
        }
        scan.skip(0)?;
        scan.blank();
        scan.byte(b',')?;
    }
}

/// `"name":` as it stands in compact JSON; `None` where the name needs escapes.
pub(super) fn quoted_name(name: &str) -> Option<Word> {
    let mut quoted = quoted(name)?;
    quoted.push(b':');
    Some(Word::new(quoted))
}

pub(super) fn quoted(text: &str) -> Option<Vec<u8>> {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    plain.then(|| format!("\"{text}\"").into_bytes())
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The bytes of strings, together: a high bit says that there is more than ASCII.
    high: u64,
    seen: Seen,
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

impl<'a> Scan<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, high: 0, seen: Seen::default() }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    /// A field's name and colon; whether it is the one wanted.
    fn name(&mut self, quoted: &Word) -> Option<bool> {
        if quoted.begins(&self.bytes[self.at..]) {
            self.at += quoted.bytes.len();
            return Some(true);
        }
        let quoted = &quoted.bytes;
        let start = self.at;
        self.plain_string()?;
        let found = quoted.get(..quoted.len() - 1) == self.bytes.get(start..self.at);
        self.blank();
        self.byte(b':')?;
        Some(found)
    }

    fn value(&mut self, node: &Node, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match node {
            Node::Object(object) => self.object(object, depth),
            Node::Integer(minimum, maximum) => {
                let value = self.integer()?;
                (*minimum <= value && value <= *maximum).then_some(())
            }
            Node::Text => self.string(),
            Node::Uuid => self.uuid(),
            Node::OneOf(texts) => {
                let found = texts.iter().find(|text| text.begins(&self.bytes[self.at..]))?;
                self.at += found.bytes.len();
                Some(())
            }
            Node::Bool => self.word(b"true").or_else(|| self.word(b"false")),
            Node::Anything => self.skip(depth),
            Node::Null => self.word(b"null"),
            Node::OrNull(node) => self.word(b"null").or_else(|| self.value(node, depth)),
            Node::List(items) => self.list(items, depth),
            Node::DateTime => self.date_time(),
            Node::Unknown => None,
        }
    }

    fn object(&mut self, object: &Object, depth: u32) -> Option<()> {
        self.byte(b'{')?;
        self.blank();
        if self.byte(b'}').is_some() {
            return (object.required == 0).then_some(());
        }
        let (mut expected, mut seen) = (0, 0_u64);
        loop {
            let at = self.field(object, expected)?;
            let field = object.fields.get(at)?;
            if seen & 1 << at != 0 {
                return None;
            }
            seen |= 1 << at;
            self.blank();
            let start = self.at;
            self.value(&field.node, depth + 1)?;
            if field.is_key {
                let text = std::str::from_utf8(&self.bytes[start..self.at]).ok()?;
                self.seen.key_id = Some(text.parse().ok()?);
            }
            self.blank();
            if self.byte(b',').is_none() {
                self.byte(b'}')?;
                return (seen & object.required == object.required).then_some(());
            }
            self.blank();
            expected = at + 1;
        }
    }

    /// The name and colon of a field; its place, guessed first from the usual order.
    fn field(&mut self, object: &Object, expected: usize) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        if let Some(field) = object.fields.get(expected)
            && field.quoted.begins(rest)
        {
            self.at += field.quoted.bytes.len();
            return Some(expected);
        }
        let start = self.at;
        self.plain_string()?;
        let name = &self.bytes[start..self.at];
        self.blank();
        self.byte(b':')?;
        object.fields.iter().position(|field| field.quoted.bytes.strip_suffix(b":") == Some(name))
    }

    fn list(&mut self, items: &Node, depth: u32) -> Option<()> {
        self.byte(b'[')?;
        self.blank();
        if self.byte(b']').is_some() {
            return Some(());
        }
        loop {
            self.blank();
            self.value(items, depth + 1)?;
            self.blank();
            if self.byte(b',').is_none() {
                return self.byte(b']');
            }
        }
    }

    /// Goes on to the next quote, backslash or control character of a string.
    fn text(&mut self) -> Option<u8> {
        // Eight bytes at a time: a byte of `x` that is 0 sets its high bit in (x - ONES) & !x.
        while let Some(eight) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            let eight = u64::from_le_bytes(*eight);
            self.high |= eight;
            let is = |byte: u8| {
                let x = eight ^ (ONES * u64::from(byte));
                x.wrapping_sub(ONES) & !x
            };
            let control = eight.wrapping_sub(ONES * 0x20) & !eight;
            let found = (is(b'"') | is(b'\\') | control) & HIGH;
            if found != 0 {
                // The lowest high bit is right even where a borrow has set a later one.
                self.at += (found.trailing_zeros() / 8) as usize;
                return self.peek();
            }
            self.at += 8;
        }
        loop {
            let byte = self.peek()?;
            if matches!(byte, b'"' | b'\\' | 0..0x20) {
                return Some(byte);
            }
            self.high |= u64::from(byte);
            self.at += 1;
        }
    }

    /// A string without escapes, its end found; what is between the quotes is as it was meant.
    fn plain_string(&mut self) -> Option<()> {
        self.byte(b'"')?;
        let plain = self.text()? == b'"';
        plain.then(|| self.at += 1)
    }

    /// Any string; `\u` escapes may be half of a pair and are left to the judge.
    fn string(&mut self) -> Option<()> {
        self.byte(b'"')?;
        loop {
            match self.text()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' if b"\"\\/bfnrt".contains(self.bytes.get(self.at + 1)?) => self.at += 2,
                _ => return None,
            }
        }
    }

    /// A UUID in lower case.
    fn uuid(&mut self) -> Option<()> {
        let text: &[u8; 38] = self.bytes.get(self.at..)?.first_chunk()?;
        let edges = text[0] == b'"' && text[37] == b'"';
        let hyphens = [9, 14, 19, 24].iter().all(|at| text[*at] == b'-');
        let digits = [1..9, 10..14, 15..19, 20..24, 25..37].into_iter().all(|part| {
            text[part].iter().fold(true, |good, byte| good & LOWER_HEX[usize::from(*byte)])
        });
        (edges && hyphens && digits).then(|| self.at += 38)
    }

    fn date_time(&mut self) -> Option<()> {
        let start = self.at + 1;
        self.plain_string()?;
        let text = std::str::from_utf8(&self.bytes[start..self.at - 1]).ok()?;
        is_rfc3339(text).then_some(())
    }

    /// A number without fraction and exponent, of at most 20 digits.
    fn integer(&mut self) -> Option<i128> {
        let negative = self.byte(b'-').is_some();
        let start = self.at;
        let mut value = 0_u64;
        let mut large = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let digit = u64::from(digit - b'0');
            match (self.at - start, large) {
                (..19, _) => value = value * 10 + digit,
                (19, _) => large = Some(i128::from(value) * 10 + i128::from(digit)),
                _ => return None,
            }
            self.at += 1;
        }
        let digits = self.at - start;
        let leading_zero = digits > 1 && self.bytes[start] == b'0';
        let negative_zero = negative && value == 0;
        // A fraction or an exponent is no comma and no bracket, so whoever asked stops at it.
        if digits == 0 || leading_zero || negative_zero {
            return None;
        }
        let value = large.unwrap_or(i128::from(value));
        Some(if negative { -value } else { value })
    }

    /// Any value.
    fn skip(&mut self, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'"' => self.string(),
            b'{' => self.skip_object(depth),
            b'[' => self.list(&Node::Anything, depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn skip_object(&mut self, depth: u32) -> Option<()> {
        self.byte(b'{')?;
        self.blank();
        if self.byte(b'}').is_some() {
            return Some(());
        }
        // Of many names it is not known whether one comes twice.
        let mut names: SmallVec<[&[u8]; MOST_NAMES]> = SmallVec::new();
        loop {
            self.blank();
            let start = self.at;
            self.plain_string()?;
            let name = &self.bytes[start..self.at];
            if names.len() == MOST_NAMES || names.contains(&name) {
                return None;
            }
            names.push(name);
            self.blank();
            self.byte(b':')?;
            self.blank();
            self.skip(depth + 1)?;
            self.blank();
            if self.byte(b',').is_none() {
                return self.byte(b'}');
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.byte(b'-');
        if self.byte(b'0').is_none() {
            self.digits()?;
        }
        if self.byte(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

static LOWER_HEX: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 16 {
        table[b"0123456789abcdef"[at] as usize] = true;
        at += 1;
    }
    table
};
