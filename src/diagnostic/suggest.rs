//! Which known name a wrong one was probably meant to be.

/// Longer names are not compared: nobody mistypes them, and the comparison takes quadratic time.
const MAX_NAME_CHARS: usize = 80;

/// The known name nearest to `wrong`, if one is near enough to be meant.
///
/// Case, `-`, `_` and spaces count for nothing; otherwise one edit in three characters is near. Of
/// equally near names the first wins.
pub fn suggest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.is_empty() || wrong.chars().count() > MAX_NAME_CHARS {
        return None;
    }
    let folded = fold(wrong);
    let length = folded.chars().count();
    let mut best: Option<(usize, &'a str)> = None;
    for name in known {
        if name.chars().count() > MAX_NAME_CHARS {
            continue;
        }
        let other = fold(name);
        let allowed = (length.max(other.chars().count()) / 3).max(1);
        let distance = strsim::damerau_levenshtein(&folded, &other);
        // A name of which nothing is left after the edits is not near.
        if distance > allowed || distance >= length.max(1) {
            continue;
        }
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

fn fold(name: &str) -> String {
    let separator = |c: &char| !matches!(c, '-' | '_' | ' ');
    name.chars().filter(separator).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::suggest;

    #[rstest]
    #[case::typing_error("expcet", Some("expect"))]
    #[case::wrong_case("Expect", Some("expect"))]
    #[case::other_separator("expect-all", Some("expect_all"))]
    #[case::nearest_wins("expectall", Some("expect_all"))]
    #[case::far("stimulate", None)]
    #[case::empty("", None)]
    #[case::one_letter("x", None)]
    fn suggests_only_what_is_near(#[case] wrong: &str, #[case] near: Option<&str>) {
        let known = ["send", "expect", "expect_all", "never", "use"];
        assert_eq!(suggest(wrong, known), near);
    }

    #[test]
    fn does_not_compare_endless_names() {
        let endless = "expect".repeat(100_000);
        assert_eq!(suggest(&endless, ["expect"]), None);
    }
}
