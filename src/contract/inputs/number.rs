//! Numbers at the ends of their range, beyond it, and those that wrap into it.

use super::{Variation, integer};
use crate::contract::Schema;
use crate::message::{Json, Number};

/// The widths, in bits, of the integers that programs read numbers into.
const WIDTHS: [u32; 4] = [8, 16, 32, 64];

pub(super) fn values(schema: &Schema, own: Option<&Json>) -> Vec<(Variation, Json)> {
    use Variation::{Beyond, End, FarBeyond, Fraction, OtherType, Wraps};
    let own = own.and_then(Json::as_integer).unwrap_or_default();
    let (Some(least), Some(greatest)) = (schema.minimum, schema.maximum) else {
        return vec![(OtherType, own.to_string().as_str().into()), (Fraction, fraction(own))];
    };
    let mut values = Vec::new();
    // Of each width that holds the whole range, what its lower bits read as the value itself, as
    // the least and as the greatest.
    for width in WIDTHS.into_iter().filter(|width| greatest - least < 1_i128 << width) {
        let turn = 1_i128 << width;
        let around = [own + turn, own - turn, least.max(0) + turn, greatest + turn];
        values.extend(around.map(|value| (Wraps, integer(value))));
    }
    values.push((OtherType, own.to_string().as_str().into()));
    values.push((Fraction, fraction(own)));
    values.push((OtherType, Json::Bool(true)));
    values.push((OtherType, "".into()));
    values.push((OtherType, Json::Array(vec![integer(own)])));
    values.push((OtherType, Json::Object(indexmap::IndexMap::new())));
    values.extend([least - 1, greatest + 1].map(|value| (Beyond, integer(value))));
    let far = ["99999999999999999999999", "-99999999999999999999999", "1e300"];
    let far = far.into_iter().filter_map(Number::parse).map(Json::Number);
    values.extend(far.map(|value| (FarBeyond, value)));
    values.extend([least, greatest].map(|value| (End, integer(value))));
    if greatest > i128::from(i64::MAX) {
        // Beyond what a signed integer of the same width holds.
        values.push((End, integer(i128::from(i64::MAX) + 1)));
    } else if greatest == i128::from(u32::MAX) {
        values.push((End, integer(i128::from(i32::MAX) + 1)));
    } else if greatest == i128::from(u8::MAX) {
        values.push((End, integer(i128::from(i8::MAX) + 1)));
    }
    if greatest >= 1 << 53 {
        // A 64-bit float does not hold it.
        values.push((End, integer((1 << 53) + 1)));
    }
    values
}

/// A number that reads as `own` where its fraction is cut off.
fn fraction(own: i128) -> Json {
    let text = format!("{own}.5");
    Json::Number(Number::parse(&text).unwrap_or_else(|| Number::from(0_u32)))
}
