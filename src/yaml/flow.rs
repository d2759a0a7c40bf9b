//! One line of YAML, character by character: where its key ends, what its brackets and quotes hold,
//! and where its comment begins.

/// Brackets and quotes that are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    depth: usize,
    quote: Option<char>,
}

impl Flow {
    fn is_over(self) -> bool {
        self.depth == 0 && self.quote.is_none()
    }
}

/// A line, or the rest of one, in its layout.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) body: String,
    pub(super) comment: Option<String>,
    /// What is still open at its end.
    pub(super) open: Option<Flow>,
}

/// Brings a value into its layout. `open` is what was opened on lines before; where nothing was, a
/// value that begins with no bracket or quote is plain and stays as it is.
pub(super) fn scan(text: &str, open: Flow) -> Scanned {
    let is_plain = open.is_over() && !text.starts_with(['{', '[', '"', '\'']);
    if is_plain {
        let (body, comment) = apart(text);
        return Scanned { body: body.to_owned(), comment: comment.map(str::to_owned), open: None };
    }
    let mut scan = Scan { out: String::new(), open };
    let mut rest = text;
    let mut after_blank = true;
    loop {
        let mut chars = rest.chars();
        let Some(next) = chars.next() else { break };
        if scan.open.quote.is_none() && next == '#' && after_blank {
            let open = (!scan.open.is_over()).then_some(scan.open);
            return Scanned { body: scan.end(), comment: Some(rest.to_owned()), open };
        }
        after_blank = next == ' ';
        rest = scan.take(next, chars.as_str());
        if scan.open.is_over() && !rest.starts_with([' ', '#']) && !rest.is_empty() {
            // Nothing stands behind a closed bracket but blanks and a comment; a key may.
            scan.out.push_str(rest);
            break;
        }
    }
    let open = (!scan.open.is_over()).then_some(scan.open);
    Scanned { body: scan.end(), comment: None, open }
}

struct Scan {
    out: String,
    open: Flow,
}

impl Scan {
    /// Takes in a character; returns what is left of the line behind it.
    fn take<'t>(&mut self, next: char, rest: &'t str) -> &'t str {
        if let Some(quote) = self.open.quote {
            return self.quoted(quote, next, rest);
        }
        match next {
            '"' | '\'' if self.begins_a_value() => self.open.quote = Some(next),
            '[' | '{' => {
                self.open.depth += 1;
                self.out.push(next);
                let rest = rest.trim_start_matches(' ');
                if next == '{' && !rest.is_empty() && !rest.starts_with(['}', '#']) {
                    self.out.push(' ');
                }
                return rest;
            }
            ']' | '}' => {
                self.open.depth = self.open.depth.saturating_sub(1);
                self.trim();
                if next == '}' && !self.out.is_empty() && !self.out.ends_with('{') {
                    self.out.push(' ');
                }
            }
            ',' => {
                self.trim();
                self.out.push(',');
                if !rest.is_empty() && !rest.starts_with(' ') {
                    self.out.push(' ');
                }
                return rest;
            }
            _ => {}
        }
        self.out.push(next);
        rest
    }

    fn quoted<'t>(&mut self, quote: char, next: char, rest: &'t str) -> &'t str {
        self.out.push(next);
        let escapes =
            if quote == '"' { next == '\\' } else { next == '\'' && rest.starts_with('\'') };
        if escapes {
            let mut chars = rest.chars();
            self.out.extend(chars.next());
            return chars.as_str();
        }
        if next == quote {
            self.open.quote = None;
        }
        rest
    }

    fn begins_a_value(&self) -> bool {
        self.out.trim_end().chars().next_back().is_none_or(|last| "[{,:".contains(last))
    }

    fn trim(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
    }

    fn end(self) -> String {
        match self.open.quote {
            // Blanks before a line break within quotes say nothing either, but are not ours.
            Some(_) => self.out,
            None => self.out.trim_end().to_owned(),
        }
    }
}

/// A plain text and the comment behind it.
pub(super) fn apart(text: &str) -> (&str, Option<&str>) {
    match text.find(" #") {
        Some(at) => (text[..at].trim_end(), Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Where the key of a line ends, its colon included; none where it has no key.
pub(super) fn key(text: &str) -> Option<usize> {
    let start = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => closing(text, quote)?,
        Some('{' | '[' | '|' | '>' | '#') | None => return None,
        Some(_) => 0,
    };
    let end = text.find(" #").unwrap_or(text.len());
    let mut colons = text[start..end.max(start)].match_indices(':').map(|(at, _)| start + at + 1);
    let at =
        colons.find(|at| text[*at..end.max(*at)].is_empty() || text[*at..].starts_with(' '))?;
    let between = &text[start..at - 1];
    (start == 0 || between.trim().is_empty()).then_some(at)
}

/// Where a quoted text ends, its quote included.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, next)) = chars.next() {
        let escapes = match quote {
            '"' => next == '\\',
            _ => next == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\''),
        };
        if escapes {
            chars.next();
        } else if next == quote {
            return Some(at + 1);
        }
    }
    None
}
