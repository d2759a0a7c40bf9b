//! The judge: all problems of a value, its key and its headers.
//!
//! What this is: the slow path, on trees; it runs when the fast check ([`super::scan`]) does not
//! say yes. What always holds: values of sensitive fields appear in no problem.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::encoding::is_uuid;
use super::problem::{Problem, ProblemKind, Severity};
use super::schema::{Format, Schema, Types, shown};
use crate::message::{Json, Number, is_rfc3339};

/// What stands in place of a sensitive value.
pub(super) const MASK: &str = "***";
/// Longer values are cut where they are shown.
const SHOWN_CHARS: usize = 60;

/// Judges values under one contract.
pub(super) struct Judge<'a> {
    /// The service whose contract it is.
    pub(super) contract: &'a str,
    /// What was found.
    pub(super) problems: Vec<Problem>,
    path: String,
}

impl<'a> Judge<'a> {
    pub(super) fn new(contract: &'a str) -> Self {
        Self { contract, problems: Vec::new(), path: String::new() }
    }

    /// Judges the value of the field at `path`.
    pub(super) fn value_at(&mut self, path: &str, schema: &Schema, value: &Json) {
        path.clone_into(&mut self.path);
        self.value(schema, value);
    }

    fn report(&mut self, kind: ProblemKind, message: String, expected: String, got: String) {
        let advisory = matches!(kind, ProblemKind::ExtraField | ProblemKind::Spelling);
        self.problems.push(Problem {
            severity: if advisory { Severity::Advisory } else { Severity::Violation },
            kind,
            path: self.path.clone(),
            message,
            expected,
            got,
            contract: self.contract.to_owned(),
            place: None,
        });
    }

    /// Judges a value.
    pub(super) fn value(&mut self, schema: &Schema, value: &Json) {
        if !admits_type(schema.types, value) {
            let expected = schema.types.phrase();
            let kind = type_phrase(schema, value);
            let message = format!("is {kind}, not {expected}");
            self.report(ProblemKind::WrongType, message, expected, got(schema, value));
            return;
        }
        if let Some(allowed) = &schema.allowed
            && !allowed.contains(value)
        {
            let expected = schema.phrase();
            let got = got(schema, value);
            let message = format!("is {got}, not {expected}");
            self.report(ProblemKind::NotListed, message, expected, got);
            return;
        }
        match value {
            Json::Number(number) => self.number(schema, number, value),
            Json::String(text) => self.string(schema, text, value),
            Json::Array(items) => {
                if let Some(schema) = &schema.items {
                    for (at, item) in items.iter().enumerate() {
                        self.inside(&at.to_string(), |judge| judge.value(schema, item));
                    }
                }
            }
            Json::Object(fields) => self.object(schema, fields),
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn inside(&mut self, name: &str, judge: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        let _ = write!(self.path, "/{}", name.replace('~', "~0").replace('/', "~1"));
        judge(self);
        self.path.truncate(length);
    }

    fn number(&mut self, schema: &Schema, number: &Number, value: &Json) {
        let below = schema.minimum.is_some_and(|low| compare(number, low) == Ordering::Less);
        let above = schema.maximum.is_some_and(|high| compare(number, high) == Ordering::Greater);
        if below || above {
            let expected = schema.phrase();
            let got = got(schema, value);
            let message = format!("is {got}, not {expected}");
            self.report(ProblemKind::OutOfRange, message, expected, got);
        }
    }

    fn string(&mut self, schema: &Schema, text: &str, value: &Json) {
        let length = || u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let format = schema.format.is_none_or(|format| match format {
            Format::Uuid => is_uuid(text.as_bytes()),
            Format::DateTime => is_rfc3339(text),
        });
        let good = format
            && schema.min_length.is_none_or(|least| length() >= least)
            && schema.max_length.is_none_or(|most| length() <= most)
            && schema.pattern.as_ref().is_none_or(|pattern| pattern.matches(text));
        let got = got(schema, value);
        if !good {
            let expected = schema.phrase();
            let message = format!("is {got}, not {expected}");
            self.report(ProblemKind::BadFormat, message, expected, got);
        } else if schema.format == Some(Format::Uuid)
            && text.bytes().any(|b| b.is_ascii_uppercase())
        {
            let message = "is a UUID in upper case, which not every reader takes".to_owned();
            self.report(ProblemKind::Spelling, message, "a lower-case UUID".to_owned(), got);
        }
    }

    fn object(&mut self, schema: &Schema, fields: &indexmap::IndexMap<String, Json>) {
        for (name, property) in &schema.properties {
            match fields.get(&**name) {
                Some(value) => self.inside(name, |judge| judge.value(&property.schema, value)),
                None if property.required => self.inside(name, |judge| {
                    let expected = property.schema.phrase();
                    let message = format!("is missing; it must be {expected}");
                    judge.report(
                        ProblemKind::MissingField,
                        message,
                        expected,
                        "nothing".to_owned(),
                    );
                }),
                None => {}
            }
        }
        if schema.types.is_any() {
            return;
        }
        for (name, value) in fields {
            if !schema.properties.contains_key(name.as_str()) {
                self.inside(name, |judge| {
                    let message = "is a field that no contract declares".to_owned();
                    // The value may be a secret under a misspelled name: only its kind is shown.
                    let got = value.kind().to_owned();
                    judge.report(ProblemKind::ExtraField, message, "nothing".to_owned(), got);
                });
            }
        }
    }
}

impl Schema {
    /// All problems of a value by this schema alone; their `contract` is empty.
    #[must_use]
    pub fn problems(&self, value: &Json) -> Vec<Problem> {
        let mut judge = Judge::new("");
        judge.value(self, value);
        judge.problems
    }
}

fn admits_type(types: Types, value: &Json) -> bool {
    types.admits(super::read::type_of(value))
}

fn type_phrase(schema: &Schema, value: &Json) -> String {
    match value {
        Json::Number(_) if schema.holds_sensitive() => value.kind().to_owned(),
        Json::Number(number) if super::read::type_of(value).admits(Types::INTEGER) => {
            format!("the number {}", cut(number.as_str()))
        }
        Json::Number(_) => "a number with a fraction or an exponent".to_owned(),
        other => other.kind().to_owned(),
    }
}

/// The value as a report may show it.
fn got(schema: &Schema, value: &Json) -> String {
    if schema.holds_sensitive() {
        return MASK.to_owned();
    }
    match value {
        Json::Array(_) | Json::Object(_) => value.kind().to_owned(),
        other => cut(&shown(other)),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Compares a number with an integer, exactly.
fn compare(number: &Number, bound: i128) -> Ordering {
    if let Some(integer) = number.as_integer() {
        return integer.cmp(&bound);
    }
    let text = number.as_str();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0.cmp(&bound);
    }
    // The place of the decimal point, counted from the first digit that is not 0.
    let leading = whole.len() + fraction.len() - digits.len();
    let sign_of_exponent = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let point = exponent
        .parse::<i64>()
        .unwrap_or(sign_of_exponent)
        .saturating_add(i64::try_from(whole.len()).unwrap_or(i64::MAX))
        .saturating_sub(i64::try_from(leading).unwrap_or(i64::MAX));
    let order =
        compare_size(digits, point, bound.unsigned_abs(), negative != (bound < 0), bound == 0);
    if negative { order.reverse() } else { order }
}

/// Compares `0.digits × 10^point` with the size of a bound.
fn compare_size(digits: &str, point: i64, bound: u128, other_sign: bool, zero: bool) -> Ordering {
    if other_sign || zero {
        return Ordering::Greater;
    }
    // 39 digits hold any 128-bit bound.
    let Ok(point) = usize::try_from(point) else {
        return Ordering::Less;
    };
    if point > 39 {
        return Ordering::Greater;
    }
    let (whole, fraction) = digits.split_at(point.min(digits.len()));
    let whole = format!("{whole:0<point$}");
    let whole = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u128::MAX) };
    let fraction = if fraction.bytes().any(|digit| digit != b'0') {
        Ordering::Greater
    } else {
        Ordering::Equal
    };
    whole.cmp(&bound).then(fraction)
}

#[cfg(test)]
mod tests {
    use super::compare;
    use crate::message::Number;
    use rstest::rstest;
    use std::cmp::Ordering::{self, Equal, Greater, Less};

    #[rstest]
    #[case("1.5", 1, Greater)]
    #[case("1.5", 2, Less)]
    #[case("1.0", 1, Equal)]
    #[case("-1.5", -1, Less)]
    #[case("-1.5", -2, Greater)]
    #[case("-0.5", 0, Less)]
    #[case("0.5", 0, Greater)]
    #[case("0.0", 0, Equal)]
    #[case("0.5", -1, Greater)]
    #[case("1e400", 1, Greater)]
    #[case("-1e400", i128::MIN, Less)]
    #[case("1e-400", 0, Greater)]
    #[case("1e99999999999999999999", 5, Greater)]
    #[case("2.55e2", 255, Equal)]
    #[case("255.0000000000000000000000000000000000000000001", 255, Greater)]
    #[case("18446744073709551615", 18_446_744_073_709_551_615, Equal)]
    #[case("18446744073709551616", 18_446_744_073_709_551_615, Greater)]
    #[case("0.001e3", 1, Equal)]
    fn numbers_are_compared_exactly(
        #[case] number: &str,
        #[case] bound: i128,
        #[case] order: Ordering,
    ) {
        assert_eq!(compare(&Number::parse(number).unwrap(), bound), order);
    }
}
