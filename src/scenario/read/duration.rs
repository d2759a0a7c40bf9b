//! Durations as people write them: `250ms`, `2s`, `2m 40s`, `1h`.

use std::time::Duration;

/// Longer durations are refused; nothing in a test takes eleven years.
const MAX_HOURS: u64 = 100_000;

/// What to say where a text is not a duration.
pub(crate) const HELP: &str = "write a duration like `250ms`, `2s`, `2m 40s` or `1h`";

/// Reads a duration: whole numbers with units, the larger unit first, each at most once.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut last_unit = usize::MAX;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters])?;
        if unit >= last_unit {
            return None;
        }
        last_unit = unit;
        total = total.checked_add(Duration::from_millis(number.checked_mul(UNITS[unit].1)?))?;
        rest = rest[letters..].trim_start();
    }
    (total <= Duration::from_secs(MAX_HOURS * 3600)).then_some(total)
}

/// Units with their milliseconds, the smallest first.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::parse_duration;

    #[rstest]
    #[case("250ms", Some(250))]
    #[case("2s", Some(2000))]
    #[case("2m 40s", Some(160_000))]
    #[case("2m40s", Some(160_000))]
    #[case("1h", Some(3_600_000))]
    #[case("1h 5ms", Some(3_600_005))]
    #[case("0s", Some(0))]
    #[case::no_unit("2", None)]
    #[case::no_number("s", None)]
    #[case::unknown_unit("2sec", None)]
    #[case::smaller_unit_first("40s 2m", None)]
    #[case::unit_twice("1s 1s", None)]
    #[case::fraction("1.5s", None)]
    #[case::negative("-1s", None)]
    #[case::empty("", None)]
    #[case::beyond_reason("100001h", None)]
    #[case::beyond_64_bits("99999999999999999999s", None)]
    #[case::product_beyond_64_bits("18446744073709551615h", None)]
    #[case::not_ascii("2ß", None)]
    fn durations(#[case] text: &str, #[case] ms: Option<u64>) {
        assert_eq!(parse_duration(text).map(|d| d.as_millis()), ms.map(u128::from));
    }
}
