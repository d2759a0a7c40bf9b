//! The matchers: what stands for a value that is not known exactly.

use super::Word;

/// How a matcher is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatcherShape {
    /// `<name …>`
    Angle,
    /// `{ name: … }`
    Key,
}

macro_rules! matchers {
    ($($name:literal, $shape:ident, $example:literal, $doc:literal;)*) => {
        /// All matchers.
        pub static MATCHERS: &[Word<MatcherShape>] = &[$(Word {
            name: $name,
            kind: MatcherShape::$shape,
            doc: $doc,
            fields: &[],
            example: $example,
        }),*];
    };
}

matchers! {
    "any", Angle, "<any>", "Any value, or none.";
    "present", Angle, "<present>", "The field is there, whatever it holds.";
    "absent", Angle, "<absent>", "The field is not there. Where something is sent it is left out.";
    "null", Angle, "<null>", "The value is null.";
    "uuid", Angle, "<uuid not $session>",
        "A UUID in lower case, not that of the variable if one is named.";
    "int", Angle, "<int 1..65535>", "A whole number, within the range if one is named.";
    "number", Angle, "<number>", "Any number.";
    "bool", Angle, "<bool>", "True or false.";
    "string", Angle, "<string>", "A text, the empty one included.";
    "non-empty", Angle, "<non-empty>", "A text, list or object that is not empty.";
    "timestamp", Angle, "<timestamp $start + 60s within 1s>",
        "A moment, as RFC 3339 text or, in a field for whole numbers, in Unix seconds. With a \
         variable or an offset it is that moment, at most `within` away.";
    "matches", Angle, "<matches ^ab+$>", "A text in which the regular expression is found.";
    "contains", Angle, "<contains x>", "A text that holds this one.";
    "text", Angle, "<text user-{session}>",
        "A text with the values of variables in it: `{name}` is that of `$name`; `{{` and `}}` are \
         braces.";
    "one_of", Key, "{ one_of: [A, B] }", "One of these. Where something is sent it is the first.";
    "each", Key, "{ each: <int> }", "A list whose every item matches.";
    "has", Key, "{ has: [A] }", "A list that has a different item for each of these.";
    "any_order", Key, "{ any_order: [A, B] }", "A list of just these items, in any order.";
    "length", Key, "{ length: 3 }", "A text, list or object of this length.";
    "not", Key, "{ not: A }", "Anything but this.";
    "exactly", Key, "{ exactly: \"<uuid>\" }",
        "This value as it is written, no matcher or variable.";
}
