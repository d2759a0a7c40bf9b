//! Which topic carries which channel.

use std::collections::BTreeMap;
use std::path::Path;

use crate::contract::open::OpenTopic;
use crate::contract::{Channel, Contracts};
use crate::diagnostic::suggest;
use crate::message::ChannelIx;

/// The topics of all channels of a set of contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    /// By the index of the channel.
    names: Vec<String>,
    channels: BTreeMap<String, ChannelIx>,
}

/// One name that cannot be used, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTopic {
    /// `FILE:LINE`, or the environment variable.
    pub place: String,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// Why the topics are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// The file.
    #[error("{file} cannot be read: {why}")]
    File {
        /// Its path.
        file: String,
        /// What the system says.
        why: String,
    },
    /// Names, each with its place.
    #[error("{}", join(.0))]
    Bad(Vec<BadTopic>),
}

fn join(bad: &[BadTopic]) -> String {
    let lines: Vec<_> = bad.iter().map(|bad| format!("{}: {}", bad.place, bad.problem)).collect();
    lines.join("\n")
}

impl Topics {
    /// The topics that the environment names: a channel's topic is the value of the variable that
    /// is its address, or the address itself where the variable is not set or empty. Lines
    /// `CHANNEL = TOPIC` or `VARIABLE = TOPIC` of `file` win over the environment.
    ///
    /// # Errors
    /// [`TopicsError`] with each bad name and its place.
    pub fn resolve(contracts: &Contracts, file: Option<&Path>) -> Result<Self, TopicsError> {
        let Some(file) = file else {
            return Self::from_lines(contracts, environment, None);
        };
        let shown = crate::input::shown(file);
        let text = crate::input::read_text(file)
            .map_err(|error| TopicsError::File { file: shown.clone(), why: error.to_string() })?;
        Self::from_lines(contracts, environment, Some((&shown, &text)))
    }

    /// As [`Topics::resolve`], with the environment and the file (its name and its text) passed in.
    ///
    /// # Errors
    /// [`TopicsError::Bad`].
    pub fn from_lines(
        contracts: &Contracts,
        variable: impl Fn(&str) -> Option<String>,
        file: Option<(&str, &str)>,
    ) -> Result<Self, TopicsError> {
        let mut bad = Vec::new();
        let mut named: BTreeMap<ChannelIx, (String, String)> = BTreeMap::new();
        if let Some((name, text)) = file {
            read_lines(contracts, name, text, &mut named, &mut bad);
        }
        let mut topics = Self { names: Vec::new(), channels: BTreeMap::new() };
        let mut places: Vec<String> = Vec::new();
        for channel in contracts.channels() {
            let named = named.remove(&channel.index);
            let (is_named, address) = (named.is_some(), channel.address.clone());
            let (place, topic) = match (named, &channel.open) {
                (Some(named), _) => named,
                // The address is the topic; others name no variables.
                (None, Some(OpenTopic::Exactly(topic))) => (address, topic.clone()),
                // Which topics it has is known of none, or of each by itself.
                (None, Some(_)) => {
                    places.push(address.clone());
                    topics.names.push(address);
                    continue;
                }
                (None, None) => {
                    let set = variable(&address).filter(|topic| !topic.is_empty());
                    let topic = set.unwrap_or_else(|| address.clone());
                    (address, topic)
                }
            };
            // Documents may be of other brokers, whose topics have other names.
            let is_free = channel.open.is_some() && !is_named;
            if let Some(problem) = problem_of(&topic).filter(|_| !is_free) {
                bad.push(BadTopic { place: place.clone(), problem });
            } else if let Some(other) = topics.channels.get(&topic) {
                let first = contracts.channel_name(*other);
                let problem = format!(
                    "{topic} is the topic of {first} already ({}), and would be that of {} too; \
                     each channel needs its own",
                    places[other.at()],
                    channel.name
                );
                bad.push(BadTopic { place: place.clone(), problem });
            } else {
                topics.channels.insert(topic.clone(), channel.index);
            }
            places.push(place);
            topics.names.push(topic);
        }
        if bad.is_empty() { Ok(topics) } else { Err(TopicsError::Bad(bad)) }
    }

    /// As these, without the topics of these names: nothing is read of them.
    #[must_use]
    pub fn without(mut self, topics: &[String]) -> Self {
        self.channels.retain(|topic, _| !topics.contains(topic));
        self
    }

    /// The topic of a channel; empty for an index of another set of contracts.
    #[must_use]
    pub fn name(&self, channel: ChannelIx) -> &str {
        self.names.get(channel.at()).map_or("", String::as_str)
    }

    /// The channel of a topic.
    #[must_use]
    pub fn channel(&self, topic: &str) -> Option<ChannelIx> {
        self.channels.get(topic).copied()
    }

    /// All topics with their channels, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ChannelIx)> {
        self.channels.iter().map(|(topic, channel)| (topic.as_str(), *channel))
    }
}

fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

fn read_lines(
    contracts: &Contracts,
    file: &str,
    text: &str,
    named: &mut BTreeMap<ChannelIx, (String, String)>,
    bad: &mut Vec<BadTopic>,
) {
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{file}:{number}");
        let told = match line.split_once('=').map(|(name, topic)| (name.trim(), topic.trim())) {
            None => Err("there is no `=`; write CHANNEL = TOPIC".to_owned()),
            Some((name, topic)) => match channel_of(contracts, name) {
                Err(problem) => Err(problem),
                Ok(channel) => match named.get(&channel.index) {
                    Some((first, _)) => Err(format!("{} is named already ({first})", channel.name)),
                    None => Ok((channel.index, topic.to_owned())),
                },
            },
        };
        match told {
            Ok((channel, topic)) => {
                named.insert(channel, (place, topic));
            }
            Err(problem) => bad.push(BadTopic { place, problem }),
        }
    }
}

/// The channel of this name, or whose address is this variable.
fn channel_of<'a>(contracts: &'a Contracts, name: &str) -> Result<&'a Channel, String> {
    let by_name = contracts.channel_ix(name).and_then(|index| contracts.channel(index));
    by_name.or_else(|| contracts.channel_at(name)).ok_or_else(|| {
        let channels = contracts.channels().iter();
        let known = channels.flat_map(|channel| [channel.name.as_str(), channel.address.as_str()]);
        let meant = suggest(name, known);
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        format!("no contract has the channel or variable {name:?}{meant}")
    })
}

/// Why Kafka would not take a topic's name.
fn problem_of(topic: &str) -> Option<String> {
    const MAX_BYTES: usize = 249;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() {
        return Some("there is no topic after `=`".to_owned());
    }
    if topic == "." || topic == ".." || topic.len() > MAX_BYTES || !topic.chars().all(legal) {
        return Some(format!(
            "{topic:?} is no topic's name: letters, digits, `.`, `_` and `-`, at most {MAX_BYTES}"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Topics, TopicsError};
    use crate::contract::Contracts;
    use rstest::rstest;

    fn unset(_: &str) -> Option<String> {
        None
    }

    fn of_file(text: &str) -> Result<Topics, TopicsError> {
        Topics::from_lines(&Contracts::builtin(), unset, Some(("topics.txt", text)))
    }

    #[test]
    fn the_variable_names_the_topic_and_is_its_default() {
        let contracts = Contracts::builtin();
        let set = |name: &str| match name {
            "COMMAND_TOPIC_BAN" => Some("prod.bans".to_owned()),
            "EVENT_TOPIC_BAN_STATUS" => Some(String::new()),
            _ => None,
        };
        let topics = Topics::from_lines(&contracts, set, None).expect("they are fine");
        let name = |channel| topics.name(contracts.channel_ix(channel).expect("it is there"));
        assert_eq!(name("ban.command"), "prod.bans");
        assert_eq!(name("ban.status"), "EVENT_TOPIC_BAN_STATUS");
        assert_eq!(name("invite.command"), "COMMAND_TOPIC_INVITE");
        assert_eq!(topics.channel("prod.bans"), contracts.channel_ix("ban.command"));
        assert_eq!(topics.iter().count(), contracts.channel_count());
    }

    #[test]
    fn a_file_names_channels_or_variables() {
        let text = "\u{feff}# ours\n\nban.command = bans\nCOMMAND_TOPIC_INVITE=invites\n";
        let (contracts, topics) = (Contracts::builtin(), of_file(text).expect("they are fine"));
        assert_eq!(topics.channel("bans"), contracts.channel_ix("ban.command"));
        assert_eq!(topics.channel("invites"), contracts.channel_ix("invite.command"));
    }

    #[rstest]
    #[case("\nban.command", "topics.txt:2: there is no `=`")]
    #[case(
        "ban.comand = x",
        "topics.txt:1: no contract has the channel or variable \"ban.comand\"; did you mean ban.command?"
    )]
    #[case("ban.command = a b", "topics.txt:1: \"a b\" is no topic's name")]
    #[case("ban.command =", "topics.txt:1: there is no topic after `=`")]
    #[case("ban.command = ..", "topics.txt:1: \"..\" is no topic's name")]
    #[case(
        "ban.command = x\nCOMMAND_TOPIC_BAN = y",
        "topics.txt:2: ban.command is named already (topics.txt:1)"
    )]
    #[case(
        "ban.command = x\nban.status = x",
        "topics.txt:2: x is the topic of ban.command already (topics.txt:1)"
    )]
    #[case(
        "ban.status = COMMAND_TOPIC_BAN",
        "COMMAND_TOPIC_BAN is the topic of ban.command already"
    )]
    fn a_mistake_has_its_place(#[case] text: &str, #[case] start: &str) {
        let told = of_file(text).expect_err("it is a mistake").to_string();
        assert!(told.contains(start), "{told}");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let told = of_file("nonsense\nno.such = 1\nban.command = !\n");
        assert!(matches!(told, Err(TopicsError::Bad(bad)) if bad.len() == 3));
    }
}
