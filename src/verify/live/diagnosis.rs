//! Why nobody takes what is sent, in sentences that say what to do.

use std::fmt;

use crate::message::{ChannelIx, Partition};

/// Why nobody takes what is sent. Displayed as what is so, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// Nobody is in the group.
    NoMembers {
        /// The group.
        group: String,
        /// Who was in it when it was begun to wait.
        left: Vec<String>,
        /// Other groups that read the topics.
        others: Vec<String>,
    },
    /// Members ask for topics and have no partition of them.
    NoPartitions {
        /// The group.
        group: String,
        /// How many members it has.
        members: usize,
        /// The topics of which nobody has a partition.
        topics: Vec<String>,
        /// Which of them quintet made a moment ago.
        made: Vec<String>,
    },
    /// Members read topics, but none that the service is documented to read.
    OthersGroup {
        /// The group.
        group: String,
        /// What its members ask for.
        read: Vec<String>,
        /// What they should.
        topics: Vec<String>,
    },
    /// Members read some of the service's topics, and do not ask for others.
    NotSubscribed {
        /// The group.
        group: String,
        /// What its members ask for.
        read: Vec<String>,
        /// What they do not ask for.
        topics: Vec<String>,
    },
    /// The group is being rebalanced all the time.
    Rebalancing {
        /// The group.
        group: String,
        /// Its state.
        state: String,
        /// For how long, in seconds.
        for_s: u64,
        /// How many members it has.
        members: usize,
    },
    /// The group stands before a record that was there before.
    StandsBefore {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
        /// The channel of the topic.
        channel: ChannelIx,
        /// The partition.
        partition: Partition,
        /// The offset of the record.
        offset: i64,
        /// Its message and a few words of its value, redacted; `None` where it could not be read.
        record: Option<String>,
        /// In how many more partitions it stands before what was there.
        more: usize,
    },
    /// Members have partitions of the topics, and do nothing.
    Silent {
        /// The group.
        group: String,
        /// How many members it has.
        members: usize,
        /// The topics.
        topics: Vec<String>,
    },
    /// The broker cannot say who is in the group.
    Unknown {
        /// The group.
        group: String,
        /// The topics that quintet made a moment ago.
        made: Vec<String>,
    },
    /// The broker has not said anything of the group yet.
    NoAnswer {
        /// The group.
        group: String,
    },
}

fn counted(many: usize, one: &str) -> String {
    if many == 1 { format!("1 {one}") } else { format!("{many} {one}s") }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn nobody_is_in(group: &str, left: &[String], others: &[String]) -> String {
    let mut text = format!("nobody is in the group {group:?}");
    if !left.is_empty() {
        text.push_str(&format!(" any more: {} left it meanwhile", left.join(", ")));
    }
    if !others.is_empty() {
        let others: Vec<_> = others.iter().map(|other| format!("{other:?}")).collect();
        text.push_str(&format!(", but the topics are read by {}", others.join(", ")));
    }
    text
}

fn in_more(partitions: usize) -> String {
    match partitions {
        0 => String::new(),
        more => format!(" (and before others in {})", counted(more, "more partition")),
    }
}

fn made_just_now(made: &[String]) -> String {
    format!(
        "quintet made {} a moment ago, after they had joined, and their library does not look for \
         new topics: start the implementation again; `quintet topics` makes the topics before a \
         service is started",
        listed(made)
    )
}

fn where_is_it(made: &[String]) -> String {
    let made = match made {
        [] => String::new(),
        made => format!(
            " quintet made {} a moment ago: if it was started before, start it again.",
            listed(made)
        ),
    };
    format!(
        "is the implementation running, on this broker, with the documented topics and \
         group?{made} `--group` names another group, `--topics` other topics, `--wait` waits longer"
    )
}

impl Diagnosis {
    /// What is so, in words that can also stand behind "waiting: ".
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::NoMembers { group, left, others } => nobody_is_in(group, left, others),
            Self::NoPartitions { group, members: 1, topics, .. } => {
                let topics = listed(topics);
                format!("the group {group:?} has 1 member, which has no partition of {topics}")
            }
            Self::NoPartitions { group, members, topics, .. } => {
                let topics = listed(topics);
                format!(
                    "the group {group:?} has {members} members, and none has a partition of {topics}"
                )
            }
            Self::OthersGroup { group, read, topics } => {
                let (read, topics) = (listed(read), listed(topics));
                format!("the members of the group {group:?} read {read}, and none of {topics}")
            }
            Self::NotSubscribed { group, read, topics } => {
                let (read, topics) = (listed(read), listed(topics));
                format!(
                    "the members of the group {group:?} read {read}, and do not ask for {topics}"
                )
            }
            Self::Rebalancing { group, state, for_s, members } => {
                let members = counted(*members, "member");
                match for_s {
                    0 => format!("the group {group:?} with {members} is {state}"),
                    _ => {
                        format!("the group {group:?} with {members} has been {state} for {for_s} s")
                    }
                }
            }
            Self::StandsBefore { group, topic, partition, offset, record, more, .. } => {
                let record = record.as_deref().unwrap_or("a record that could not be read");
                let (place, more) = (partition.0, in_more(*more));
                format!(
                    "the group {group:?} stands before offset {offset} of {topic}/{place}, \
                     {record}, and reads no further{more}"
                )
            }
            Self::Silent { group, members, topics } => {
                let (members, topics) = (counted(*members, "member"), listed(topics));
                format!(
                    "the group {group:?} has {members} with partitions of {topics}, and nothing was \
                     answered or committed"
                )
            }
            Self::Unknown { group, .. } => format!(
                "the broker cannot say who is in the group {group:?}, and nothing was answered or \
                 committed"
            ),
            Self::NoAnswer { group } => {
                format!("the broker has said nothing of the group {group:?}")
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> String {
        let text = match self {
            Self::NoMembers { others, .. } if !others.is_empty() => {
                "if one of these is the implementation's group, name it with `--group`"
            }
            Self::NoMembers { left, .. } if !left.is_empty() => {
                "the implementation ended, or was killed and its session is over now: start it \
                 again, and see why it ended"
            }
            Self::NoMembers { .. } => {
                "is the implementation running, on this broker? `--group` names another group, \
                 `--wait` waits longer"
            }
            Self::NoPartitions { made, .. } if !made.is_empty() => return made_just_now(made),
            Self::NoPartitions { .. } => {
                "they joined before the topics existed, and their library does not look for new \
                 ones: start the implementation again"
            }
            Self::OthersGroup { .. } => {
                "the group is another application's: `--group` names the implementation's, \
                 `--topics` its topics"
            }
            Self::NotSubscribed { .. } => {
                "if the implementation's topics have other names, `--topics` takes them"
            }
            Self::Rebalancing { .. } => {
                "it waits for a member that does not answer any more: one that was killed stays in \
                 its group until its session time-out, often 30 or 45 s; `--wait` waits longer"
            }
            Self::StandsBefore { .. } => {
                "whoever reads there must be moved on: stop the implementation and verify with \
                 `--group-from latest`, or start it again if it then gets behind that record"
            }
            Self::Silent { .. } => {
                "does the implementation hang? One that was killed stays in its group until its \
                 session time-out, often 30 or 45 s; `--wait` waits longer"
            }
            Self::Unknown { made, .. } => return where_is_it(made),
            Self::NoAnswer { .. } => "is it busy? `--wait` waits longer",
        };
        text.to_owned()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.advice())
    }
}
