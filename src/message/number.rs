//! Numbers as the JSON text that wrote them: no digit is lost, whatever their size.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A JSON number kept as its text. Equality is by exact decimal value: `1`, `1.0` and `10e-1` are
/// equal, `9007199254740993` and `9007199254740992` are not.
#[derive(Clone, Debug)]
pub struct Number(Box<str>);

impl Number {
    /// Reads a number in JSON's own grammar; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_json_number(text.as_bytes()).then(|| Self(text.into()))
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value as an integer, if the number is written as one (`1.0` is not) and fits.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        self.0.parse().ok()
    }

    /// The nearest 64-bit float, for comparing sizes only.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Sign, digits without zeros at either end, and the exponent of the last digit.
    fn decimal(&self) -> (bool, String, i64) {
        let (negative, text) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, &*self.0),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, saturating_exponent(exponent)),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let exponent = exponent.saturating_sub(i64::try_from(fraction.len()).unwrap_or(i64::MAX));
        let kept = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - kept.len()).unwrap_or(i64::MAX);
        let kept = kept.trim_start_matches('0');
        if kept.is_empty() {
            return (false, String::new(), 0);
        }
        (negative, kept.to_owned(), exponent.saturating_add(dropped))
    }
}

fn saturating_exponent(text: &str) -> i64 {
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

fn is_json_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> usize {
        text.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', unsigned @ ..] => unsigned,
            unsigned => unsigned,
        };
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    rest.is_empty()
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.decimal() == other.decimal()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.decimal().hash(to);
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                Self(value.to_string().into())
            }
        }
    )*};
}
from_integer!(u8, u16, u32, u64, usize, i8, i16, i32, i64, i128);

#[cfg(test)]
mod tests {
    use super::Number;
    use rstest::rstest;

    #[rstest]
    #[case("1", "1.0", true)]
    #[case("1", "10e-1", true)]
    #[case("0", "-0.00", true)]
    #[case("100", "1e2", true)]
    #[case("9007199254740993", "9007199254740992", false)]
    #[case("18446744073709551615", "18446744073709551615.0", true)]
    #[case("0.1", "0.10000000000000001", false)]
    #[case("-1", "1", false)]
    fn equality_is_by_decimal_value(#[case] a: &str, #[case] b: &str, #[case] equal: bool) {
        let (a, b) = (Number::parse(a).unwrap(), Number::parse(b).unwrap());
        assert_eq!(a == b, equal);
    }

    #[rstest]
    fn only_json_numbers_are_numbers(
        #[values(
            "", "-", "01", "1.", ".5", "+1", "1e", "0x1", "1 ", "NaN", "1_0", "\u{661}"
        )]
        text: &str,
    ) {
        assert!(Number::parse(text).is_none(), "{text:?}");
    }

    #[test]
    fn huge_exponents_neither_overflow_nor_hang() {
        let a = Number::parse("1e99999999999999999999").unwrap();
        assert_eq!(a, a.clone());
        assert_ne!(a, Number::parse("1e-99999999999999999999").unwrap());
    }
}
