//! Shows values without what is sensitive in them.

use super::judge::MASK;
use super::set::Contracts;
use crate::message::{ChannelIx, Json};

impl Contracts {
    /// Whether values of fields of this name are never shown, on any channel. Case does not matter,
    /// as some readers ignore it.
    #[must_use]
    pub fn is_sensitive(&self, field: &str) -> bool {
        self.sensitive.iter().any(|known| *known == field.to_lowercase())
    }

    /// The value with `***` in place of what is sensitive. A sensitive name counts on every
    /// channel: a value may have been sent to the wrong one.
    #[must_use]
    pub fn redact(&self, channel: ChannelIx, value: &Json) -> Json {
        let _ = channel;
        self.redacted(value)
    }

    fn redacted(&self, value: &Json) -> Json {
        match value {
            Json::Array(items) => {
                Json::Array(items.iter().map(|item| self.redacted(item)).collect())
            }
            Json::Object(fields) => {
                let field = |(name, value): (&String, &Json)| {
                    let shown =
                        if self.is_sensitive(name) { MASK.into() } else { self.redacted(value) };
                    (name.clone(), shown)
                };
                Json::Object(fields.iter().map(field).collect())
            }
            other => other.clone(),
        }
    }

    /// The texts of a value that are sensitive, to be kept out of what others write about it.
    #[must_use]
    pub fn secrets_of(&self, value: &Json) -> Vec<String> {
        match value {
            Json::Array(items) => items.iter().flat_map(|item| self.secrets_of(item)).collect(),
            Json::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| match value {
                    Json::String(text) if self.is_sensitive(name) => vec![text.clone()],
                    value => self.secrets_of(value),
                })
                .filter(|text| !text.is_empty())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The bytes of a value as reports may show them: redacted JSON; of anything else only the
    /// size, since nobody knows where in it a password is.
    #[must_use]
    pub fn show_value(&self, channel: ChannelIx, value: Option<&[u8]>) -> String {
        match value {
            None => "no value".to_owned(),
            Some(bytes) => match Json::parse(bytes) {
                Ok(value @ (Json::Object(_) | Json::Array(_))) => {
                    self.redact(channel, &value).to_string()
                }
                _ => format!("{} bytes that are no message", bytes.len()),
            },
        }
    }
}

/// A text with `***` in place of these words, where they stand alone.
#[must_use]
pub fn without_words<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    words.into_iter().fold(text.to_owned(), |text, word| {
        let mut shown = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(word).filter(|_| !word.is_empty()) {
            let (before, after) = (&rest[..at], &rest[at + word.len()..]);
            let previous = before.chars().next_back().or_else(|| shown.chars().next_back());
            let alone = !is_part(previous) && !is_part(after.chars().next());
            shown.push_str(before);
            shown.push_str(if alone { MASK } else { word });
            rest = after;
        }
        shown + rest
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::without_words;
    use crate::contract::Contracts;

    #[rstest]
    #[case::alone("password right is wrong", "password *** is ***")]
    #[case::quoted(r#"{"password":"right"}"#, r#"{"password":"***"}"#)]
    #[case::within("all rights, copyright", "all rights, copyright")]
    #[case::at_both_ends("right right", "*** ***")]
    fn words_are_masked_where_they_stand_alone(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(without_words(text, ["right", "wrong"]), shown);
    }

    #[test]
    fn sensitive_texts_are_found_wherever_they_are() {
        let contracts = Contracts::builtin();
        let value = json!({ "name": "ada", "body": [{ "password": "right" }, { "PASSWORD": "" }] });
        assert_eq!(contracts.secrets_of(&value.into()), ["right"]);
    }
}
