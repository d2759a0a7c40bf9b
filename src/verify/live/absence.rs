//! Why nobody takes what is sent, as far as it can be told from outside.
//!
//! What this is: [`diagnose`], a function of what was seen of the group and its topics. What it is
//! not: it asks no broker. Where several causes are possible, the one that explains most is told.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnosis::Diagnosis;
use crate::contract::Contracts;
use crate::kafka::{Bounds, GroupSnapshot, Member, Topics};
use crate::message::{ChannelIx, Partition, Record};

/// A group that commits nothing for so long stands still.
const STILL_MS: i64 = 4_000;
/// So many characters of a value are shown.
const SHOWN: usize = 80;

/// A place in a topic.
pub(super) type Place = (ChannelIx, Partition, i64);

/// What was seen.
pub(super) struct Evidence<'a> {
    pub(super) group: &'a str,
    pub(super) topics: &'a Topics,
    /// The channels that the service reads, by its document.
    pub(super) reads: &'a [ChannelIx],
    /// Those on which nothing was taken.
    pub(super) silent: &'a BTreeSet<ChannelIx>,
    /// The group since it was begun to look for it, the oldest first.
    pub(super) seen: &'a [GroupSnapshot],
    /// The topics that were made for this verification.
    pub(super) made: &'a [String],
    /// Where the partitions began and ended before anything was sent.
    pub(super) bounds: &'a Bounds,
    /// Other groups that read topics on which nothing was taken.
    pub(super) others: Vec<String>,
}

/// What the records are before which a group stands.
pub(super) type RecordsSeen = BTreeMap<Place, RecordSeen>;

/// A record before which a group stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RecordSeen {
    /// Its message and a few words of its value, redacted; `None` where it could not be read.
    pub(super) what: Option<String>,
    /// Whether it is not as its contract says.
    pub(super) is_bad: bool,
}

impl RecordSeen {
    /// What people read of a record.
    pub(super) fn new(contracts: &Contracts, channel: ChannelIx, record: &Record) -> Self {
        let value = record.value_bytes();
        let what = match value {
            None => "a record without a value".to_owned(),
            Some([]) => "a record with an empty value".to_owned(),
            Some(_) => {
                let name = contracts.message_name(channel, value);
                format!("{name} {}", cut(&contracts.show_value(channel, value)))
            }
        };
        let is_bad = !contracts.check_sent(channel, record).is_empty();
        Self { what: Some(what), is_bad }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where the group stands before records that were there before anything was sent, though nothing
/// is in its way that could be seen: in channels on which nothing was taken.
pub(super) fn standing(evidence: &Evidence<'_>) -> Vec<Place> {
    let Some(last) = evidence.seen.last() else {
        return Vec::new();
    };
    let since = last.at_ms - STILL_MS;
    let Some(first) = evidence.seen.iter().rposition(|one| one.at_ms <= since) else {
        return Vec::new();
    };
    let stands = |(place, (low, high)): (&(ChannelIx, Partition), &(i64, i64))| {
        let (channel, partition) = *place;
        let offset = last.committed.get(place).copied()?;
        let topic = evidence.topics.name(channel);
        let is_still = |one: &GroupSnapshot| {
            one.committed.get(place) == Some(&offset) && is_held(one, topic, partition)
        };
        let stands = evidence.silent.contains(&channel)
            && (*low..*high).contains(&offset)
            && evidence.seen[first..].iter().all(is_still);
        stands.then_some((channel, partition, offset))
    };
    evidence.bounds.iter().filter_map(stands).collect()
}

/// Whether a member has a partition, or the broker cannot say.
fn is_held(snapshot: &GroupSnapshot, topic: &str, partition: Partition) -> bool {
    let Some(members) = &snapshot.members else {
        return true;
    };
    let has = |one: &Member| {
        let assigned = one.assigned.iter().flatten();
        assigned.into_iter().any(|(held, number)| held == topic && *number == partition)
    };
    members.iter().any(has)
}

/// Whether a member has a partition of a topic.
pub(super) fn is_assigned(members: &[Member], topic: &str) -> bool {
    members.iter().flat_map(|one| one.assigned.iter().flatten()).any(|(held, _)| held == topic)
}

/// Whether a member asks for a topic; also where it is not known what one asks for.
pub(super) fn is_subscribed(members: &[Member], topic: &str) -> bool {
    let asks = |one: &Member| match &one.subscribed {
        Some(topics) => topics.iter().any(|asked| asked == topic),
        None => true,
    };
    members.iter().any(asks)
}

/// What explains that nothing was taken on some channels.
pub(super) fn diagnose(evidence: &Evidence<'_>, records: &RecordsSeen) -> Diagnosis {
    let group = evidence.group.to_owned();
    let Some(last) = evidence.seen.last() else {
        return Diagnosis::NoAnswer { group };
    };
    let names = |channels: &mut dyn Iterator<Item = &ChannelIx>| {
        let mut names: Vec<_> = channels.map(|one| evidence.topics.name(*one).to_owned()).collect();
        names.sort();
        names
    };
    let silent = names(&mut evidence.silent.iter());
    let is_made = |topic: &&String| evidence.made.contains(*topic);
    let Some(members) = &last.members else {
        let made = silent.iter().filter(is_made).cloned().collect();
        return stands_before(evidence, records).unwrap_or(Diagnosis::Unknown { group, made });
    };
    if members.is_empty() {
        let known = evidence.seen.iter().rev().filter_map(|one| one.members.as_ref());
        let left = known.into_iter().find(|members| !members.is_empty());
        let left = left.into_iter().flatten().map(ToString::to_string).collect();
        return Diagnosis::NoMembers { group, left, others: evidence.others.clone() };
    }
    if last.state.as_deref() != Some("Stable") {
        return rebalancing(evidence, last, members.len());
    }
    let asked: BTreeSet<_> =
        members.iter().flat_map(|one| one.subscribed.iter().flatten()).collect();
    let read: Vec<_> = asked.into_iter().cloned().collect();
    let unasked = |topic: &&String| !is_subscribed(members, topic);
    let reads = names(&mut evidence.reads.iter());
    if reads.iter().all(|topic| unasked(&topic)) {
        return Diagnosis::OthersGroup { group, read, topics: reads };
    }
    if let Some(stands) = stands_before(evidence, records) {
        return stands;
    }
    let missing: Vec<_> = silent.iter().filter(unasked).cloned().collect();
    if !missing.is_empty() {
        return Diagnosis::NotSubscribed { group, read, topics: missing };
    }
    let topics: Vec<_> =
        silent.iter().filter(|topic| !is_assigned(members, topic)).cloned().collect();
    if !topics.is_empty() {
        let made = topics.iter().filter(is_made).cloned().collect();
        return Diagnosis::NoPartitions { group, members: members.len(), topics, made };
    }
    Diagnosis::Silent { group, members: members.len(), topics: silent }
}

fn rebalancing(evidence: &Evidence<'_>, last: &GroupSnapshot, members: usize) -> Diagnosis {
    let same = evidence.seen.iter().rev().take_while(|one| one.state == last.state);
    let since_ms = same.last().map_or(last.at_ms, |first| first.at_ms);
    Diagnosis::Rebalancing {
        group: evidence.group.to_owned(),
        state: last.state.clone().unwrap_or_else(|| "in no state".to_owned()),
        for_s: u64::try_from((last.at_ms - since_ms) / 1000).unwrap_or(0),
        members,
    }
}

/// The record before which the group stands: of several the first that is not as its contract says,
/// else the first.
fn stands_before(evidence: &Evidence<'_>, records: &RecordsSeen) -> Option<Diagnosis> {
    let places = standing(evidence);
    let seen = |place: &Place| records.get(place).cloned().unwrap_or_default();
    let worst = places.iter().find(|place| seen(place).is_bad).or(places.first())?;
    let (channel, partition, offset) = *worst;
    Some(Diagnosis::StandsBefore {
        group: evidence.group.to_owned(),
        topic: evidence.topics.name(channel).to_owned(),
        channel,
        partition,
        offset,
        record: seen(worst).what,
        more: places.len() - 1,
    })
}

#[cfg(test)]
mod tests;
