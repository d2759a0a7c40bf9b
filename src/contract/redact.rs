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
