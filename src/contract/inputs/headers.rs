//! Headers that are missing or damaged.

use crate::contract::{HeaderEncoding, HeaderRule};

/// A header that is not as its contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderInput {
    /// Its name.
    pub name: String,
    /// What stands in it; none where it is not there.
    pub value: Option<Vec<u8>>,
}

/// What may be wrong with headers: each that records usually have is missing, and each is damaged
/// where the rules say what comes of that.
#[must_use]
pub fn header_inputs(rules: &[HeaderRule]) -> Vec<HeaderInput> {
    let mut made = Vec::new();
    for rule in rules {
        let input = |value| HeaderInput { name: rule.name.clone(), value };
        let is_expected = rule.required || rule.encoding != HeaderEncoding::TraceState;
        made.extend(is_expected.then(|| input(None)));
        made.extend(damaged(rule).into_iter().map(|bytes| input(Some(bytes.to_vec()))));
    }
    made
}

fn damaged(rule: &HeaderRule) -> Vec<&'static [u8]> {
    match rule.encoding {
        HeaderEncoding::UuidText => {
            vec![b"not-a-uuid", b"", b"5e550000-0000-4000-8000-00000000000"]
        }
        HeaderEncoding::Utf8 if rule.non_empty => vec![b"\xff\xfe", b""],
        HeaderEncoding::Utf8 => vec![b"\xff\xfe"],
        HeaderEncoding::TraceParent => vec![
            b"?",
            b"",
            b"00-00000000000000000000000000000000-0000000000000001-01",
            b"00-5e550000000040008000000000000001-0000000000000000-01",
            b"00-5e550000000040008000000000000001-0000000000000001",
        ],
        // A version of more or fewer bytes, and a state that is no list, are left open.
        HeaderEncoding::Uint16Be | HeaderEncoding::TraceState => Vec::new(),
    }
}
