//! Colours, and small words that every report needs.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// What does not hold.
pub(crate) const BAD: Style = AnsiColor::BrightRed.on_default().bold();
/// What holds.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What could not be checked.
pub(crate) const UNSURE: Style = AnsiColor::Yellow.on_default().bold();
/// What is said beside.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Names and headings.
pub(crate) const STRONG: Style = Style::new().bold();

/// The text in a style; streams without colours drop it.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// `1 test`, `2 tests`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Words one after another, broken into lines of at most `width` characters after an indent that
/// the first line does not get.
pub(crate) fn wrap(words: &[String], indent: usize, width: usize) -> String {
    let (mut text, mut column) = (String::new(), indent);
    for word in words {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}

/// The words of a text, for [`wrap`].
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A text of a user as one line without anything that a terminal would act on.
pub(crate) fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// A word as a shell takes it.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{shell_word, words, wrap};

    #[test]
    fn lines_end_before_they_are_too_long() {
        assert_eq!(wrap(&words("ab cd ef"), 2, 7), "ab cd\n  ef");
        assert_eq!(wrap(&words("abcdefghi x"), 2, 7), "abcdefghi\n  x");
        assert_eq!(wrap(&[], 2, 7), "");
    }

    #[rstest]
    #[case("scenarios/a.yaml", "scenarios/a.yaml")]
    #[case("my file", "'my file'")]
    #[case("it's", r"'it'\''s'")]
    #[case("!slow", "'!slow'")]
    #[case("", "''")]
    fn a_shell_reads_one_word(#[case] word: &str, #[case] written: &str) {
        assert_eq!(shell_word(word), written);
    }
}
