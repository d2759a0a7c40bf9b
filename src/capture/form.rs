//! Which program wrote a file of records, by its first line.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::fields::NAMES;
use super::kcat;

/// How records are written as lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As `quintet capture` writes them.
    #[default]
    Quintet,
    /// As `kcat -J` writes them.
    Kcat,
}

/// What some programs put in front of UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

impl Form {
    /// The form of a file whose first line that is not blank is this one; none where no form that
    /// is known begins so.
    #[must_use]
    pub fn of(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(MARK).unwrap_or(line).trim_ascii();
        if line.first() != Some(&b'{') {
            return None;
        }
        let has = |name: &str| match serde_json::from_slice::<Names>(line) {
            Ok(Names(names)) => names.iter().any(|own| own == name),
            // A line that is damaged still shows what it was meant to be.
            Err(_) => memchr::memmem::find(line, format!("\"{name}\"").as_bytes()).is_some(),
        };
        let several = |names: &[&str]| names.iter().filter(|name| has(name)).count() >= 2;
        if several(&kcat::OWN) {
            return Some(Self::Kcat);
        }
        several(&NAMES).then_some(Self::Quintet)
    }
}

/// The names of an object's fields, in order.
pub(super) struct Names(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Names;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(kcat::Bytes(name)) = map.next_key()? {
                    names.push(String::from_utf8_lossy(&name).into_owned());
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Form;

    #[rstest]
    #[case::ours(br#"{"topic":"T","partition":0,"offset":7}"#, Some(Form::Quintet))]
    #[case::ours_cut(br#"{"topic":"T","partition":0,"off"#, Some(Form::Quintet))]
    #[case::marked(b"\xef\xbb\xbf{\"topic\":\"T\",\"value\":null}", Some(Form::Quintet))]
    #[case::kcat(br#"{"topic":"T","tstype":"create","ts":1,"payload":"{}"}"#, Some(Form::Kcat))]
    #[case::bytes(b"{\"topic\":\"T\",\"ts\":1,\"payload\":\"\xff\"}", Some(Form::Kcat))]
    #[case::list(b"[1]", None)]
    #[case::table(b"topic;partition;offset", None)]
    #[case::other(br#"{"Topic":"T","Value":"{}"}"#, None)]
    #[case::empty(b"{}", None)]
    #[case::sixteen_bits(b"\xff\xfe{\0", None)]
    fn a_first_line_shows_the_form(#[case] line: &[u8], #[case] form: Option<Form>) {
        assert_eq!(Form::of(line), form);
    }
}
