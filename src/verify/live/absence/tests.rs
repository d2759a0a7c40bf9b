//! Groups as they are seen from outside, and what is said of each.

use std::collections::BTreeSet;

use super::{Evidence, RecordSeen, RecordsSeen, diagnose, standing};
use crate::contract::Contracts;
use crate::kafka::{Bounds, GroupSnapshot, Member, Topics};
use crate::message::{ChannelIx, Headers, Partition, Payload, Record};
use crate::verify::live::Diagnosis;

const COMMANDS: &str = "COMMAND_TOPIC_BAN";
const STATUS: &str = "EVENT_TOPIC_ACCOUNT_SESSION_STATUS";

/// What was seen of a group that should read [`COMMANDS`] and [`STATUS`].
struct Case {
    topics: Topics,
    reads: Vec<ChannelIx>,
    silent: BTreeSet<ChannelIx>,
    seen: Vec<GroupSnapshot>,
    made: Vec<String>,
    bounds: Bounds,
    records: RecordsSeen,
    others: Vec<String>,
}

impl Case {
    fn new() -> Self {
        let topics = Topics::from_lines(&Contracts::builtin(), |_| None, None).unwrap();
        let reads: Vec<_> =
            [COMMANDS, STATUS].iter().map(|topic| topics.channel(topic).unwrap()).collect();
        Self {
            silent: reads.iter().copied().collect(),
            topics,
            reads,
            seen: Vec::new(),
            made: Vec::new(),
            bounds: Bounds::new(),
            records: RecordsSeen::new(),
            others: Vec::new(),
        }
    }

    /// For ten seconds the group is so.
    fn is(mut self, state: Option<&str>, members: Option<&[Member]>) -> Self {
        let begins_ms = self.seen.last().map_or(0, |last| last.at_ms + 500);
        for at_ms in [begins_ms, begins_ms + 10_000] {
            let (state, members) = (state.map(str::to_owned), members.map(<[Member]>::to_vec));
            let committed = self.seen.last().map(|last| last.committed.clone());
            let committed = committed.unwrap_or_default();
            self.seen.push(GroupSnapshot { at_ms, state, members, committed });
        }
        self
    }

    /// All the time this was committed, in a partition that begins and ends there.
    fn stands(mut self, topic: &str, committed: i64, bounds: (i64, i64)) -> Self {
        let place = (self.topics.channel(topic).unwrap(), Partition(0));
        self.bounds.insert(place, bounds);
        for one in &mut self.seen {
            one.committed.insert(place, committed);
        }
        self
    }

    fn holds(mut self, topic: &str, offset: i64, value: Option<&str>) -> Self {
        let channel = self.topics.channel(topic).unwrap();
        let value = value.map(|text| Payload::new(text.as_bytes()));
        let record = Record { key: None, headers: Headers::from_list(Vec::new()), value };
        let seen = RecordSeen::new(&Contracts::builtin(), channel, &record);
        self.records.insert((channel, Partition(0), offset), seen);
        self
    }

    fn told(&self) -> Diagnosis {
        diagnose(&self.evidence(), &self.records)
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            group: "Ban Service",
            topics: &self.topics,
            reads: &self.reads,
            silent: &self.silent,
            seen: &self.seen,
            made: &self.made,
            bounds: &self.bounds,
            others: self.others.clone(),
        }
    }
}

/// A member that asks for topics and has partition 0 of some.
fn member(client: &str, subscribed: &[&str], assigned: &[&str]) -> Member {
    Member {
        id: format!("{client}-1"),
        client: client.to_owned(),
        host: "/10.0.0.7".to_owned(),
        subscribed: Some(subscribed.iter().map(|topic| (*topic).to_owned()).collect()),
        assigned: Some(assigned.iter().map(|one| ((*one).to_owned(), Partition(0))).collect()),
    }
}

fn both(client: &str) -> Member {
    member(client, &[COMMANDS, STATUS], &[COMMANDS, STATUS])
}

#[test]
fn members_without_partitions_are_told_that_topics_were_made() {
    let members = [member("a", &[COMMANDS], &[]), member("b", &[STATUS], &[])];
    let mut case = Case::new().is(Some("Stable"), Some(&members));
    let told = case.told().to_string();
    let what = "the group \"Ban Service\" has 2 members, and none has a partition of \
                COMMAND_TOPIC_BAN, EVENT_TOPIC_ACCOUNT_SESSION_STATUS; ";
    assert!(told.starts_with(&format!("{what}they joined before the topics existed")), "{told}");
    case.made = vec![COMMANDS.to_owned(), "OTHER".to_owned()];
    let told = case.told().to_string();
    assert!(told.starts_with(&format!("{what}quintet made COMMAND_TOPIC_BAN a moment")), "{told}");
    assert!(told.contains("start the implementation again"), "{told}");
}

#[test]
fn only_the_topics_that_nobody_has_are_named() {
    let members = [member("a", &[COMMANDS], &[]), member("b", &[STATUS], &[STATUS])];
    let told = Case::new().is(Some("Stable"), Some(&members)).told();
    assert!(
        matches!(&told, Diagnosis::NoPartitions { topics, .. } if topics == &[COMMANDS]),
        "{told:?}"
    );
}

#[test]
fn a_group_that_stands_before_a_record_says_which() {
    let case = Case::new().is(Some("Stable"), Some(&[both("a")]));
    let case = case.stands(STATUS, 3, (0, 9));
    let case = case.stands(COMMANDS, 342, (300, 400)).holds(COMMANDS, 342, None);
    let told = case.told().to_string();
    assert!(
        told.starts_with(
            "the group \"Ban Service\" stands before offset 342 of COMMAND_TOPIC_BAN/0, a record \
             without a value, and reads no further (and before others in 1 more partition); whoever \
             reads there must be moved on"
        ),
        "{told}"
    );
    assert!(told.contains("--group-from latest"), "{told}");
}

#[test]
fn a_record_is_shown_without_what_is_sensitive() {
    let topic = "COMMAND_TOPIC_ACCOUNT_SESSION";
    let value = "{\"type\":\"CREATE\",\"password\":\"hunter2\",\"accountName\":\"ada\"}";
    let case = Case::new().holds(topic, 0, Some(value)).holds(topic, 1, Some(""));
    let long = format!("{{\"type\":\"{}\"}}", "é".repeat(500));
    let case = case.holds(topic, 2, Some(&long)).holds(topic, 3, Some("hunter2"));
    let shown: Vec<_> = case.records.values().map(|one| one.what.clone().unwrap()).collect();
    assert!(!shown.concat().contains("hunter"), "{shown:?}");
    assert!(shown[0].starts_with("account.session.command/CREATE {"), "{shown:?}");
    assert_eq!(shown[1], "a record with an empty value");
    assert!(shown[2].ends_with('…'), "{shown:?}");
    assert_eq!(shown[3], "account.session.command 7 bytes that are no message");
}

#[test]
fn who_moves_or_has_nothing_before_it_does_not_stand() {
    let stable = || Case::new().is(Some("Stable"), Some(&[both("a")]));
    assert_eq!(standing(&stable().stands(COMMANDS, 5, (0, 9)).evidence()).len(), 1);
    // At the end, and behind the oldest record.
    assert_eq!(standing(&stable().stands(COMMANDS, 9, (0, 9)).evidence()), []);
    assert_eq!(standing(&stable().stands(COMMANDS, 5, (6, 9)).evidence()), []);
    let mut moves = stable().stands(COMMANDS, 5, (0, 9));
    moves.seen[1].committed.values_mut().for_each(|offset| *offset = 6);
    assert_eq!(standing(&moves.evidence()), []);
    // Nobody has had the partition for long enough.
    let none = [member("a", &[COMMANDS, STATUS], &[])];
    let mut new =
        Case::new().is(Some("Stable"), Some(&none)).is(Some("Stable"), Some(&[both("a")]));
    new.seen.pop();
    assert_eq!(standing(&new.stands(COMMANDS, 5, (0, 9)).evidence()), []);
}

#[test]
fn a_group_that_is_somebody_elses_says_what_it_reads() {
    let case = Case::new().is(Some("Stable"), Some(&[member("a", &["orders"], &["orders"])]));
    let told = case.told().to_string();
    assert!(
        told.starts_with(
            "the members of the group \"Ban Service\" read orders, and none of COMMAND_TOPIC_BAN, "
        ),
        "{told}"
    );
    assert!(told.contains("another application's"), "{told}");
}

#[test]
fn a_topic_that_nobody_asks_for_is_named() {
    let case = Case::new().is(Some("Stable"), Some(&[member("a", &[STATUS], &[STATUS])]));
    let told = case.told();
    assert!(
        matches!(&told, Diagnosis::NotSubscribed { topics, .. } if topics == &[COMMANDS]),
        "{told:?}"
    );
}

#[test]
fn a_group_that_waits_for_a_dead_member_says_how_long() {
    let members = [both("old"), both("new")];
    let case = Case::new().is(Some("Stable"), Some(&members[..1]));
    let told = case.is(Some("PreparingRebalance"), Some(&members)).told().to_string();
    assert!(
        told.starts_with(
            "the group \"Ban Service\" with 2 members has been PreparingRebalance for 10 s; it waits \
             for a member that does not answer"
        ),
        "{told}"
    );
}

#[test]
fn a_group_whose_last_member_is_gone_names_it() {
    let case = Case::new().is(Some("Stable"), Some(&[both("app")]));
    let told = case.is(Some("Empty"), Some(&[])).told().to_string();
    assert!(
        told.starts_with(
            "nobody is in the group \"Ban Service\" any more: app at /10.0.0.7 left it meanwhile; the \
             implementation ended, or was killed"
        ),
        "{told}"
    );
    let mut never = Case::new().is(None, Some(&[]));
    assert!(never.told().to_string().contains("is the implementation running"), "{}", never.told());
    never.others = vec!["Bans".to_owned()];
    let told = never.told().to_string();
    assert!(told.contains("but the topics are read by \"Bans\"; if one of these"), "{told}");
}

#[test]
fn members_that_do_nothing_may_hang_or_have_been_killed() {
    let told = Case::new().is(Some("Stable"), Some(&[both("a")])).told().to_string();
    assert!(told.contains("has 1 member with partitions of COMMAND_TOPIC_BAN"), "{told}");
    assert!(told.contains("does the implementation hang? One that was killed"), "{told}");
}

#[test]
fn where_members_are_not_known_the_rest_is_told() {
    let mut case = Case::new().is(None, None);
    case.made = vec![STATUS.to_owned()];
    let told = case.told().to_string();
    assert!(told.starts_with("the broker cannot say who is in the group"), "{told}");
    assert!(
        told.contains("quintet made EVENT_TOPIC_ACCOUNT_SESSION_STATUS a moment ago"),
        "{told}"
    );
    let told = case.stands(COMMANDS, 1, (0, 2)).holds(COMMANDS, 1, Some("")).told();
    assert!(matches!(told, Diagnosis::StandsBefore { offset: 1, more: 0, .. }), "{told:?}");
    assert!(matches!(Case::new().told(), Diagnosis::NoAnswer { .. }));
}
