//! Text: empty, long, outside the basic plane, of another format, of another type.

use super::{Variation, integer};
use crate::contract::{Format, Schema};
use crate::message::Json;

/// Text with a character outside the basic plane, and the same as JSON escapes it.
pub(super) const ASTRAL: &str = "a\u{1d11e}z";
pub(super) const ESCAPED: &str = "a\\ud834\\udd1ez";
/// More than many a column of a table holds.
const LONG: usize = 300;
/// Looks like no listed value.
const UNLISTED: &str = "NO_SUCH_VALUE";

pub(super) fn values(schema: &Schema) -> Vec<(Variation, Json)> {
    use Variation::{Astral, BadFormat, Long, NotListed, OtherType, Zero};
    let mut values = Vec::new();
    let other = [integer(1), Json::Bool(true), Json::Array(vec!["text".into()])];
    values.extend(other.map(|value| (OtherType, value)));
    values.push((OtherType, Json::Object(indexmap::IndexMap::new())));
    let bad = |text: &&str| (BadFormat, Json::from(*text));
    match schema.format {
        Some(Format::Uuid) => values.extend(UUIDS.iter().map(bad)),
        Some(Format::DateTime) => values.extend(TIMES.iter().map(bad)),
        None if schema.allowed.is_some() => values.push((NotListed, UNLISTED.into())),
        None => {
            let listed = !schema.remarks.known_values.is_empty();
            values.extend(listed.then(|| (NotListed, UNLISTED.into())));
            values.push((Zero, "".into()));
            // A secret may be hashed, and a hash need not take more than 72 bytes.
            if !schema.holds_sensitive() {
                values.push((Long, "x".repeat(LONG).as_str().into()));
                values.push((Astral, ASTRAL.into()));
            }
        }
    }
    values
}

/// No UUIDs in any spelling.
const UUIDS: [&str; 5] = [
    "not-a-uuid",
    "",
    "5e550000-0000-4000-8000-00000000000",
    "5e550000-0000-4000-8000-0000000000011",
    "5e550000-0000-4000-8000-00000000000g",
];

/// No moments of RFC 3339.
const TIMES: [&str; 5] =
    ["yesterday", "", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00"];
