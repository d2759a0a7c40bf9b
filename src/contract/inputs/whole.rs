//! Values that are wrong as a whole.

use super::{Input, Variation, replaced};
use crate::message::Json;

/// No reader follows so many lists.
const DEPTH: usize = 2_000;

/// What may come instead of a value that fits its channel.
#[must_use]
pub fn whole_inputs(value: &Json, discriminator: Option<&str>) -> Vec<Input> {
    use Variation::{CutShort, EmptyValue, Nested, NoValue, NotAnObject, NotJson, UnknownType};
    let text = value.to_bytes();
    let mut made = vec![(EmptyValue, Some(Vec::new())), (NoValue, None)];
    let not_json: [&[u8]; 4] = [b"\x00\xff\xfe poison", b"not json", b" ", b"{\"type\":}"];
    made.extend(not_json.map(|bytes| (NotJson, Some(bytes.to_vec()))));
    for end in [text.len() - 1, text.len() / 2, 1] {
        made.push((CutShort, text.get(..end).map(<[u8]>::to_vec)));
    }
    made.push((NotJson, Some([&text[..], b"}"].concat())));
    // The same in a list: a reader that looks inside takes it for the value.
    made.push((NotAnObject, Some([b"[", &text[..], b"]"].concat())));
    let others: [&[u8]; 4] = [b"[]", b"\"text\"", b"1", b"true"];
    made.extend(others.map(|bytes| (NotAnObject, Some(bytes.to_vec()))));
    made.push((Nested, Some([b"[".repeat(DEPTH), b"]".repeat(DEPTH)].concat())));
    made.push((Nested, Some(b"{\"a\":".repeat(DEPTH))));
    if let Some(name) = discriminator {
        let pointer = format!("/{}", super::escaped(name));
        let types = [Some("NO_SUCH_TYPE".into()), Some("".into()), Some(super::integer(1)), None];
        let of_type = |with| Some(replaced(value, &pointer, with).to_bytes());
        made.extend(types.map(|with| (UnknownType, of_type(with))));
        made.push((UnknownType, of_type(Some(Json::Null))));
        made.push((UnknownType, Some(b"{}".to_vec())));
    }
    let input = |(variation, value)| Input { variation, field: None, value };
    made.into_iter().map(input).collect()
}
