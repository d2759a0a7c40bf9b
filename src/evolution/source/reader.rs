//! JSON as a tree whose nodes know their places. The first error ends it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::scalar;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::yaml::{Node, Style, Value, is_json_number};

/// Values nest at most so deep.
const MAX_DEPTH: usize = 128;

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    text: &'a str,
    at: usize,
    depth: usize,
}

type Failed = (Span, String);

/// Reads the one value of a file.
pub(crate) fn read(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let text = file.text.strip_prefix('\u{feff}').map_or(0, |_| '\u{feff}'.len_utf8());
    let mut reader = Reader { file, text: &file.text, at: text, depth: 0 };
    let read = reader.value().and_then(|node| {
        reader.blank();
        match reader.at == reader.text.len() {
            true => Ok(node),
            false => Err(reader.wrong("something follows the value")),
        }
    });
    match read {
        Ok(node) => Some(node),
        Err((span, message)) => {
            diagnostics.push(Diagnostic::error("schema::not-json", message, reader.file, span));
            None
        }
    }
}

impl Reader<'_> {
    fn wrong(&self, message: &str) -> Failed {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        (Span::new(self.at, self.at + length), message.to_owned())
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn blank(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, Failed> {
        self.blank();
        let start = self.at;
        match self.peek() {
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(self.wrong("values nest too deep"));
                }
                let node = if self.peek() == b'{' { self.record() } else { self.list() };
                self.depth -= 1;
                node
            }
            b'"' => self.string(),
            _ => {
                let rest = &self.text[start..];
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
                let word = &rest[..end.unwrap_or(rest.len())];
                if !matches!(word, "true" | "false" | "null") && !is_json_number(word) {
                    return Err(self.wrong("a value is expected"));
                }
                self.at += word.len();
                Ok(scalar(word.to_owned(), Style::Plain, Span::new(start, self.at)))
            }
        }
    }

    fn list(&mut self) -> Result<Node, Failed> {
        let (start, mut items) = (self.at, Vec::new());
        self.at += 1;
        self.blank();
        if self.peek() != b']' {
            loop {
                items.push(self.value()?);
                self.blank();
                match self.peek() {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return Err(self.wrong("`,` or `]` is expected")),
                }
            }
        }
        self.at += 1;
        Ok(Node { span: Span::new(start, self.at), value: Value::Sequence(items) })
    }

    fn record(&mut self) -> Result<Node, Failed> {
        let (start, mut members) = (self.at, Vec::new());
        let mut names = BTreeSet::new();
        self.at += 1;
        self.blank();
        if self.peek() != b'}' {
            loop {
                self.blank();
                if self.peek() != b'"' {
                    return Err(self.wrong("a name in double quotes is expected"));
                }
                let name = self.string()?;
                if !names.insert(name.text().unwrap_or_default().to_owned()) {
                    return Err((name.span, "the name is there twice".to_owned()));
                }
                self.blank();
                if self.peek() != b':' {
                    return Err(self.wrong("`:` is expected"));
                }
                self.at += 1;
                members.push((name, self.value()?));
                self.blank();
                match self.peek() {
                    b',' => self.at += 1,
                    b'}' => break,
                    _ => return Err(self.wrong("`,` or `}` is expected")),
                }
            }
        }
        self.at += 1;
        Ok(Node { span: Span::new(start, self.at), value: Value::Mapping(members) })
    }

    fn string(&mut self) -> Result<Node, Failed> {
        let start = self.at;
        self.at += 1;
        while self.peek() != b'"' {
            match self.peek() {
                0 if self.at >= self.text.len() => return Err(self.wrong("`\"` is expected")),
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let span = Span::new(start, self.at.min(self.text.len()));
        // The escapes, and what may not be in a string, are serde's business.
        let raw = self.text.get(span.start..span.end).unwrap_or_default();
        match serde_json::from_str::<String>(raw) {
            Ok(text) => Ok(scalar(text, Style::DoubleQuoted, span)),
            Err(_) => Err((span, "the string is not written as JSON writes strings".to_owned())),
        }
    }
}
