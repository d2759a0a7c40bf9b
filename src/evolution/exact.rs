//! Exact numbers: what a JSON number says, not what a float makes of it.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// An exact number. All JSON numbers are fractions of integers.
pub(crate) type Number = BigRational;

/// Exponents beyond this are not expanded: `1e1000000000` would fill the memory.
const MAX_EXPONENT: i64 = 400;

/// The number that a JSON text stands for; `None` where its exponent is beyond ±400.
pub(crate) fn parse(text: &str) -> Option<Number> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let shift = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    if shift.abs() > MAX_EXPONENT || mantissa.len() > 1000 {
        return digits.is_zero().then(Number::zero);
    }
    let power = num_traits::pow(BigInt::from(10), usize::try_from(shift.abs()).ok()?);
    Some(match shift < 0 {
        true => Number::new(digits, power),
        false => Number::from_integer(digits * power),
    })
}

/// The number as JSON writes it; `None` where it has no finite decimal form.
pub(crate) fn text(number: &Number) -> Option<String> {
    if number.is_integer() {
        return Some(number.numer().to_string());
    }
    let (mut rest, mut places) = (number.denom().clone(), 0usize);
    let ten = BigInt::from(10);
    while !rest.is_one() {
        let common = rest.gcd(&ten);
        if common.is_one() || places > 2 * MAX_EXPONENT as usize {
            return None;
        }
        rest /= common;
        places += 1;
    }
    let scaled = (number * Number::from_integer(num_traits::pow(ten, places))).to_integer();
    let digits = format!("{:0>width$}", scaled.abs().to_string(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if scaled.is_negative() { "-" } else { "" };
    Some(format!("{sign}{whole}.{fraction}"))
}

/// The least positive number that is a multiple of both.
pub(crate) fn common_multiple(a: &Number, b: &Number) -> Number {
    let denominator = a.denom().gcd(b.denom());
    Number::new(a.numer().lcm(b.numer()), denominator)
}

/// Whether a number is a multiple of another.
pub(crate) fn is_multiple(number: &Number, of: &Number) -> bool {
    of.is_zero() || (number / of).is_integer()
}

/// A whole number.
pub(crate) fn whole(number: i64) -> Number {
    Number::from_integer(BigInt::from(number))
}

#[cfg(test)]
mod tests {
    use super::{common_multiple, parse, text};

    #[test]
    fn texts_are_numbers_and_numbers_texts() {
        let cases =
            [("1.0", "1"), ("-0.50", "-0.5"), ("1e2", "100"), ("12e-3", "0.012"), ("0", "0")];
        for (from, to) in cases {
            assert_eq!(text(&parse(from).unwrap()).as_deref(), Some(to));
        }
        assert!(parse("1e1000000000").is_none());
        assert_eq!(parse("0e1000000000"), parse("0"));
    }

    #[test]
    fn multiples_have_a_least_common_one() {
        let of = |a: &str, b: &str| common_multiple(&parse(a).unwrap(), &parse(b).unwrap());
        assert_eq!(of("4", "6"), parse("12").unwrap());
        assert_eq!(of("0.5", "0.75"), parse("1.5").unwrap());
    }
}
