//! A text of the strict subset in one layout: two blanks a level, lists below their keys set in,
//! one blank behind a comma, at most one blank line, no blanks at the end of a line.
//!
//! What always holds: comments stay, in their order and, beside values, in their columns where
//! these are free; blanks that align values stay; the texts of scalars are not touched; formatting
//! a second time changes nothing. Lines are never broken or joined. Start at [`format`].

use super::flow::{self, Flow};

/// The text in its layout. It must be one that can be read: of any other nothing is promised.
#[must_use]
pub fn format(text: &str) -> String {
    let mut layout = Layout::default();
    for line in text.trim_start_matches('\u{feff}').lines() {
        layout.line(line);
    }
    layout.end()
}

/// A mapping or list that is open: the column of its keys or dashes, as it was and as it will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    old: usize,
    new: usize,
    is_list: bool,
}

/// What a line is part of.
#[derive(Debug, Default)]
enum Within {
    /// Mappings and lists by their indentation.
    #[default]
    Block,
    /// Brackets or quotes that an earlier line has opened, which has moved by so many columns.
    Flow { open: Flow, old: usize, new: usize },
    /// A text behind `|` or `>`.
    Literal(Literal),
}

#[derive(Debug)]
struct Literal {
    /// The column that its lines lie beyond.
    parent: usize,
    /// The column in which it began, once a line was there, and the one in which it will.
    old: Option<usize>,
    new: usize,
    /// Whether blank lines at its end are part of it.
    keeps: bool,
    /// Blank lines behind which it may be over.
    blanks: usize,
}

#[derive(Debug, Default)]
struct Layout {
    out: Vec<String>,
    levels: Vec<Level>,
    /// Comments, each with its column, and blank lines (none) before the next line.
    pending: Vec<Option<(usize, String)>>,
    within: Within,
}

impl Layout {
    fn line(&mut self, line: &str) {
        let indent = line.chars().take_while(|c| *c == ' ').count();
        let text = line.trim_start_matches(' ');
        match std::mem::take(&mut self.within) {
            Within::Block => self.block(indent, text, line),
            Within::Flow { open, old, new } => {
                let at = (indent + new).saturating_sub(old);
                if text.trim_end().is_empty() {
                    self.out.push(String::new());
                    self.within = Within::Flow { open, old, new };
                } else {
                    let scanned = flow::scan(text, open);
                    let body = format!("{}{}", " ".repeat(at), scanned.body);
                    self.push(&body, scanned.comment, line);
                    if let Some(open) = scanned.open {
                        self.within = Within::Flow { open, old, new };
                    }
                }
            }
            Within::Literal(literal) => self.literal(literal, (indent, text), line),
        }
    }

    fn literal(&mut self, mut literal: Literal, (indent, text): (usize, &str), line: &str) {
        let beyond = literal.old.is_some_and(|old| indent > old);
        if text.is_empty() && !beyond {
            literal.blanks += 1;
            self.within = Within::Literal(literal);
        } else if indent > literal.parent || beyond {
            self.out.extend((0..literal.blanks).map(|_| String::new()));
            literal.blanks = 0;
            let old = *literal.old.get_or_insert(indent);
            self.out
                .push(format!("{}{text}", " ".repeat((indent + literal.new).saturating_sub(old))));
            self.within = Within::Literal(literal);
        } else {
            self.end_literal(&literal);
            self.block(indent, text, line);
        }
    }

    fn end_literal(&mut self, literal: &Literal) {
        if literal.keeps {
            self.out.extend((0..literal.blanks).map(|_| String::new()));
        } else if literal.blanks > 0 {
            self.pending.push(None);
        }
    }

    fn block(&mut self, indent: usize, text: &str, line: &str) {
        let text = text.trim_end();
        if text.is_empty() {
            self.pending.push(None);
        } else if text.starts_with('#') {
            self.pending.push(Some((indent, text.to_owned())));
        } else {
            let is_list = is_item(text);
            let comments = self.comments(indent);
            let new = self.place(indent, is_list);
            self.flush(comments, new);
            self.content((indent, new), text, line);
        }
    }

    /// The column of what begins here; levels that are over are closed.
    fn place(&mut self, old: usize, is_list: bool) -> usize {
        while let Some(top) = self.levels.last()
            && (top.old > old || (top.old == old && top.is_list && !is_list))
        {
            self.levels.pop();
        }
        let new = match self.levels.last() {
            Some(top) if top.old == old && top.is_list == is_list => return top.new,
            Some(top) => top.new + 2,
            None => 0,
        };
        self.levels.push(Level { old, new, is_list });
        new
    }

    /// The columns of the comments that wait, where they belong to what ends before the next line.
    fn comments(&self, next: usize) -> Vec<Option<usize>> {
        let column = |waits: &Option<(usize, String)>| {
            let (old, _) = waits.as_ref().filter(|(old, _)| *old > next)?;
            self.levels.iter().rev().find(|level| level.old <= *old).map(|level| level.new)
        };
        self.pending.iter().map(column).collect()
    }

    fn flush(&mut self, columns: Vec<Option<usize>>, next: usize) {
        for (waits, column) in std::mem::take(&mut self.pending).into_iter().zip(columns) {
            match waits {
                Some((_, text)) => {
                    self.out.push(format!("{}{text}", " ".repeat(column.unwrap_or(next))));
                }
                None if self.out.last().is_some_and(|last| !last.is_empty()) => {
                    self.out.push(String::new());
                }
                None => {}
            }
        }
    }

    /// A line of a mapping or list: dashes, a key, a value, a comment.
    fn content(&mut self, (mut old, mut new): (usize, usize), text: &str, line: &str) {
        let (start_old, start_new) = (old, new);
        let mut body = " ".repeat(new);
        let mut rest = text;
        // What a text behind `|` lies beyond.
        let mut parent = (old, new);
        while is_item(rest) {
            parent = (old, new);
            let inner = rest[1..].trim_start_matches(' ');
            let width = rest.len() - inner.len();
            (old, new) = (old + width, new + 2);
            body.push_str(if inner.is_empty() { "-" } else { "- " });
            rest = inner;
            if !rest.is_empty() && !rest.starts_with('#') {
                self.levels.push(Level { old, new, is_list: is_item(rest) });
            }
        }
        let value = match flow::key(rest) {
            Some(end) => {
                parent = (old, new);
                body.push_str(&rest[..end]);
                &rest[end..]
            }
            None => rest,
        };
        let inner = value.trim_start_matches(' ');
        if inner.is_empty() || inner.starts_with('#') {
            let comment = (!inner.is_empty()).then(|| inner.to_owned());
            return self.push(&body, comment, line);
        }
        body.push_str(&value[..value.len() - inner.len()]);
        if inner.starts_with(['|', '>']) {
            let (header, comment) = flow::apart(inner);
            self.within = Within::Literal(literal(header, parent));
            body.push_str(header);
            return self.push(&body, comment.map(str::to_owned), line);
        }
        let scanned = flow::scan(inner, Flow::default());
        body.push_str(&scanned.body);
        self.push(&body, scanned.comment, line);
        if let Some(open) = scanned.open {
            self.within = Within::Flow { open, old: start_old, new: start_new };
        }
    }

    /// Writes a line, its comment in the column in which it was where that is free.
    fn push(&mut self, body: &str, comment: Option<String>, line: &str) {
        let mut body = body.trim_end().to_owned();
        if let Some(comment) = comment {
            let before = line.trim_end().strip_suffix(&*comment).unwrap_or_default();
            let (column, width) = (before.chars().count(), body.chars().count());
            let column = if column > width { column } else { width + 2 };
            body.push_str(&" ".repeat(column - width));
            body.push_str(&comment);
        }
        self.out.push(body);
    }

    fn end(mut self) -> String {
        if let Within::Literal(literal) = std::mem::take(&mut self.within) {
            self.end_literal(&literal);
            if literal.keeps {
                let text = self.out.join("\n");
                return if text.is_empty() { text } else { text + "\n" };
            }
        }
        let columns = self.comments(0);
        self.flush(columns, 0);
        while self.out.last().is_some_and(String::is_empty) {
            self.out.pop();
        }
        let text = self.out.join("\n");
        if text.is_empty() { text } else { text + "\n" }
    }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// The text that begins behind this header: `|`, `>-`, `|2+`.
fn literal(header: &str, (old, new): (usize, usize)) -> Literal {
    let digit = header.chars().find_map(|c| c.to_digit(10)).map(|digit| digit as usize);
    Literal {
        parent: old,
        old: digit.map(|digit| old + digit),
        new: new + digit.unwrap_or(2),
        keeps: header.contains('+'),
        blanks: 0,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::format;

    #[rstest]
    #[case::indents("a:\n    b: 1\n    c:\n          d: 2\n", "a:\n  b: 1\n  c:\n    d: 2\n")]
    #[case::lists_are_set_in(
        "a:\n- b: 1\n  c: 2\n- d\ne: 3\n",
        "a:\n  - b: 1\n    c: 2\n  - d\ne: 3\n"
    )]
    #[case::dashes("-   a: 1\n    b: 2\n- - c\n  - d\n", "- a: 1\n  b: 2\n- - c\n  - d\n")]
    #[case::below_a_dash("-\n    a: 1\n", "-\n  a: 1\n")]
    #[case::flow("a: {b: 1,c: [ 2 ,3 ]}\n", "a: { b: 1, c: [2, 3] }\n")]
    #[case::empty_flow("a: { }\nb: [ ]\n", "a: {}\nb: []\n")]
    #[case::aligned("r: [a,    b]\n", "r: [a,    b]\n")]
    #[case::quoted("a: [\"x,y\",'it''s, {b}']\n", "a: [\"x,y\", 'it''s, {b}']\n")]
    #[case::escaped("a: {b: \"\\\"}\",c: 1}\n", "a: { b: \"\\\"}\", c: 1 }\n")]
    #[case::several_lines("a: [\n      b,\n      c ]\n", "a: [\n      b,\n      c]\n")]
    #[case::moved_lines("x:\n    a: {b: 1,\n        c: 2}\n", "x:\n  a: { b: 1,\n      c: 2 }\n")]
    #[case::blank_lines("\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n")]
    #[case::ends("a: 1   \r\nb: 2", "a: 1\nb: 2\n")]
    #[case::literal("a: |\n     x  \n\n       y\nb: 1\n", "a: |\n  x  \n\n    y\nb: 1\n")]
    #[case::literal_of_an_item("- |\n    x\n- y\n", "- |\n  x\n- y\n")]
    #[case::literal_with_a_number("a:\n    b: |1\n      x\n", "a:\n  b: |1\n    x\n")]
    #[case::literal_that_keeps("a: |+\n    x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n")]
    #[case::literal_before_a_blank("a: |\n    x\n\n\nb: 1\n", "a: |\n  x\n\nb: 1\n")]
    #[case::quoted_lines("a:\n    b: \"x\n      y: z\"\n", "a:\n  b: \"x\n    y: z\"\n")]
    #[case::plain_lines("a: x\n     y\nb: 1\n", "a: x\n  y\nb: 1\n")]
    #[case::comments(
        "# one\na:   # two\n      # three\n      b: 1# x\n# four\n",
        "# one\na:   # two\n  # three\n  b: 1# x\n# four\n"
    )]
    #[case::comment_columns(
        "a: 1      # x\nb: {c: 1} # y\nd: [1,2] # z\n",
        "a: 1      # x\nb: { c: 1 }  # y\nd: [1, 2]  # z\n"
    )]
    #[case::comment_at_the_end_of_a_list(
        "a:\n    - b\n    # c\nd: 1\n",
        "a:\n  - b\n  # c\nd: 1\n"
    )]
    #[case::comment_before_the_next("a:\n    - b\n# c\nd: 1\n", "a:\n  - b\n# c\nd: 1\n")]
    #[case::comment_in_a_literal("a: |\n    # x\n", "a: |\n  # x\n")]
    #[case::comments_only("  # x\n", "# x\n")]
    #[case::nothing("", "")]
    #[case::quoted_key("'a: b':   {c: 1}\n", "'a: b':   { c: 1 }\n")]
    #[case::colons("a: b:c\nd: http://x # y\n", "a: b:c\nd: http://x # y\n")]
    fn has_one_layout(#[case] text: &str, #[case] expected: &str) {
        let once = format(text);
        assert_eq!(once, expected);
        assert_eq!(format(&once), once);
    }
}
