//! Which values are secrets by the name of their key, also in a file that cannot be parsed.

use crate::diagnostic::{SourceFile, Span};

/// Whether a key or column of this name holds a secret: its letters hold `password`, `passwd` or
/// `secret`, or are a misspelt `password`.
pub fn is_secret_name(name: &str) -> bool {
    // Asked of each key of each file: most names are done with here.
    if !name.bytes().any(|byte| byte.eq_ignore_ascii_case(&b's')) {
        return false;
    }
    let letters: String = name
        .chars()
        .filter(char::is_ascii_alphabetic)
        .take(MAX_LETTERS)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    WORDS.iter().any(|word| letters.contains(word))
        || letters.len().abs_diff(WORDS[0].len()) <= MAX_MISTAKES
            && letters.starts_with('p')
            && strsim::damerau_levenshtein(&letters, WORDS[0]) <= MAX_MISTAKES
}

/// More letters of a name are not looked at.
const MAX_LETTERS: usize = 200;
const MAX_MISTAKES: usize = 2;
const WORDS: [&str; 3] = ["password", "passwd", "secret"];

/// Masks what may be a secret in a file that has no tree, line by line; rather too much.
///
/// That is what follows the name and a colon, the lines indented below such a key, and the rows of
/// a table with such a column.
pub(super) fn mask_by_line(file: &SourceFile) {
    let mut table_indent: Option<usize> = None;
    let mut block_indent: Option<usize> = None;
    for line in 1..=file.line_count() {
        let span = file.line_span(line);
        let text = &file.text[span.start..span.end];
        let content = text.trim_start_matches(' ');
        if content.is_empty() {
            continue;
        }
        let indent = text.len() - content.len();
        table_indent = table_indent.filter(|table| indent >= *table);
        block_indent = block_indent.filter(|block| indent > *block);
        if table_indent.is_some() || block_indent.is_some() {
            file.mask(Span::new(span.start + indent, span.end));
            continue;
        }
        let Some(secret) = after_name(text) else {
            continue;
        };
        if secret.is_column {
            table_indent = Some(indent);
        } else if matches!(
            text[secret.value_start..].trim_end().chars().next(),
            None | Some('|' | '>')
        ) {
            block_indent = Some(indent);
        }
        file.mask(Span::new(span.start + secret.value_start, span.end));
    }
}

struct Found {
    /// Where what may be secret starts in the line.
    value_start: usize,
    /// The name is a column of a table, and the values are in the rows.
    is_column: bool,
}

fn after_name(line: &str) -> Option<Found> {
    let lower = line.to_ascii_lowercase();
    let name_end =
        WORDS.iter().filter_map(|word| lower.find(word).map(|at| at + word.len())).min()?;
    let rest = line[name_end..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let rest = rest.trim_start_matches(['"', '\'', ' ']);
    if let Some(value) = rest.strip_prefix(':') {
        let value_start = line.len() - value.trim_start_matches(' ').len();
        return Some(Found { value_start, is_column: false });
    }
    let is_column = lower.contains("columns");
    // In a flow mapping the rows may follow on the same line.
    is_column.then_some(Found { value_start: name_end, is_column })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{is_secret_name, mask_by_line};
    use crate::diagnostic::{SourceFile, Span};

    #[rstest]
    #[case("password", true)]
    #[case("newPassword", true)]
    #[case("pass_word", true)]
    #[case("clientSecret", true)]
    #[case("passwort", true)]
    #[case("pasword", true)]
    #[case("name", false)]
    #[case("passage", false)]
    fn names(#[case] name: &str, #[case] secret: bool) {
        assert_eq!(is_secret_name(name), secret);
    }

    #[rstest]
    #[case::value("password: abc", "password: ***")]
    #[case::quoted("\"password\" : 'a, b', c", "\"password\" : ***")]
    #[case::flow("with: { password: abc, n: 1 }", "with: { password: ***")]
    #[case::block("password:\n  abc\nnext: 1", "password:\n  ***\nnext: 1")]
    #[case::literal("password: |\n  abc\nnext: 1", "password: ***\n  ***\nnext: 1")]
    #[case::parameters("parameters: [name, password]", "parameters: [name, password]")]
    #[case::table(
        "  columns: [a, password]\n  rows:\n    - [x, abc]\nnext: 1",
        "  columns: [a, password***\n  ***\n    ***\nnext: 1"
    )]
    fn masks_rather_too_much(#[case] text: &str, #[case] shown: &str) {
        let file = SourceFile::new("f", text);
        mask_by_line(&file);
        assert_eq!(file.shown(Span::new(0, text.len())), shown);
    }
}
