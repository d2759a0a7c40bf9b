//! Which topics a channel's address names.

use crate::asyncapi::Channel;
use crate::contract::Pattern;

/// The topics of a channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OpenTopic {
    /// The one of this name.
    Exactly(String),
    /// Those that match: the address has parameters.
    Like(Pattern, usize),
    /// It is not known before run time.
    Unknown,
}

impl OpenTopic {
    /// The topics of a channel.
    pub(super) fn of(channel: &Channel) -> Self {
        let Some(address) = &channel.topic else {
            return Self::Unknown;
        };
        let (mut text, mut letters, mut rest) = ("^".to_owned(), 0, address.as_str());
        let mut is_pattern = false;
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else { break };
            text += &escaped(before);
            letters += before.len();
            let parameter = channel.parameters.iter().find(|parameter| parameter.name == name);
            let allowed = parameter.map(|parameter| parameter.allowed.as_slice());
            match allowed.unwrap_or_default() {
                [] => text += "[^/]+",
                allowed => {
                    let allowed: Vec<_> = allowed.iter().map(|value| escaped(value)).collect();
                    text += &format!("(?:{})", allowed.join("|"));
                }
            }
            is_pattern = true;
            rest = after;
        }
        if !is_pattern {
            return Self::Exactly(address.clone());
        }
        letters += rest.len();
        text += &format!("{}$", escaped(rest));
        Pattern::new(&text).map_or(Self::Unknown, |pattern| Self::Like(pattern, letters))
    }

    /// How well it fits a topic: the more of it is written out, the better.
    pub(crate) fn fits(&self, topic: &str) -> Option<usize> {
        match self {
            Self::Exactly(name) => (name == topic).then_some(usize::MAX),
            Self::Like(pattern, letters) => pattern.matches(topic).then_some(*letters),
            Self::Unknown => None,
        }
    }
}

/// A text as a pattern that matches only itself.
fn escaped(text: &str) -> String {
    regex_syntax::escape(text)
}
