//! What happens to a group, by its snapshots.
//!
//! Kafka's questions do not tell a group's generation. A rebalance is inferred: the group becomes
//! stable again, or its members, or what they were given, are others than before. One that begins
//! and ends between two snapshots and leaves everything as it was is not seen.

use std::fmt;

use super::group_asker::STABLE;
use super::{GroupSnapshot, Member};

/// Something that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// A client joined it; the client's name and host.
    Joined(String),
    /// A client left it, or its session ended; the client's name and host.
    Left(String),
    /// It is in another state.
    StateChanged {
        /// The state before; `None` where there was no such group.
        from: Option<String>,
        /// The state now; `None` where there is no such group any more.
        to: Option<String>,
    },
    /// Its partitions were given out: it is stable, as of a new generation.
    Rebalanced {
        /// How many members it has.
        members: usize,
        /// How many partitions they have together; `None` where the broker does not say.
        partitions: Option<usize>,
    },
}

impl fmt::Display for GroupChange {
    /// A sentence without a subject for a timeline: `app-1 at /10.0.0.7 joined the group`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(client) => write!(f, "{client} joined the group"),
            Self::Left(client) => write!(f, "{client} left the group"),
            Self::StateChanged { from, to } => match (from, to) {
                (_, None) => f.write_str("the group is gone"),
                (None, Some(to)) => write!(f, "the group is {to}"),
                (Some(from), Some(to)) => write!(f, "the group is {to}, no longer {from}"),
            },
            Self::Rebalanced { members, partitions } => {
                write!(f, "the group was rebalanced: {}", counted(*members, "member"))?;
                match partitions {
                    Some(partitions) => write!(f, ", {}", counted(*partitions, "partition")),
                    None => Ok(()),
                }
            }
        }
    }
}

fn counted(many: usize, one: &str) -> String {
    if many == 1 { format!("1 {one}") } else { format!("{many} {one}s") }
}

/// Follows a group through its snapshots. What a snapshot does not say has not changed.
#[derive(Clone, Debug, Default)]
pub struct GroupChanges {
    /// The last state and members that were known; `None` before the first.
    known: Option<(Option<String>, Vec<Member>)>,
    /// What each member was given when the group was last stable.
    given: Vec<Member>,
}

impl GroupChanges {
    /// What has happened between the snapshot before and this one, in an order that can be told:
    /// who left, who came, the state, the rebalance. The first one tells nothing: nobody knows what
    /// was before it.
    pub fn since(&mut self, now: &GroupSnapshot) -> Vec<GroupChange> {
        let Some(members) = &now.members else {
            return Vec::new();
        };
        let is_stable = now.state.as_deref() == Some(STABLE);
        let mut changes = Vec::new();
        if let Some((state, before)) = &self.known {
            let missing = |from: &[Member], of: &[Member]| {
                let is_in = |one: &Member| of.iter().any(|other| other.id == one.id);
                let missing = from.iter().filter(|one| !is_in(one));
                missing.map(ToString::to_string).collect::<Vec<_>>()
            };
            changes.extend(missing(before, members).into_iter().map(GroupChange::Left));
            changes.extend(missing(members, before).into_iter().map(GroupChange::Joined));
            let was_stable = state.as_deref() == Some(STABLE);
            if *state != now.state {
                let (from, to) = (state.clone(), now.state.clone());
                changes.push(GroupChange::StateChanged { from, to });
            }
            if is_stable && !(was_stable && same_parts(&self.given, members)) {
                let parts: Option<Vec<_>> =
                    members.iter().map(|one| one.assigned.as_ref()).collect();
                let partitions = parts.map(|parts| parts.iter().map(|part| part.len()).sum());
                changes.push(GroupChange::Rebalanced { members: members.len(), partitions });
            }
        }
        self.known = Some((now.state.clone(), members.clone()));
        if is_stable {
            self.given.clone_from(members);
        }
        changes
    }
}

/// Whether these are the same members with the same partitions, in any order.
fn same_parts(before: &[Member], now: &[Member]) -> bool {
    let has = |one: &Member| {
        before.iter().any(|other| (&other.id, &other.assigned) == (&one.id, &one.assigned))
    };
    before.len() == now.len() && now.iter().all(has)
}

#[cfg(test)]
mod tests {
    use super::{GroupChange, GroupChanges};
    use crate::kafka::{GroupSnapshot, Member};
    use crate::message::Partition;

    fn member(id: &str, partitions: &[u32]) -> Member {
        let assigned = partitions.iter().map(|one| ("t".to_owned(), Partition(*one))).collect();
        Member {
            id: id.to_owned(),
            client: format!("app-{id}"),
            host: "/10.0.0.7".to_owned(),
            subscribed: Some(vec!["t".to_owned()]),
            assigned: Some(assigned),
        }
    }

    fn stable(members: &[Member]) -> GroupSnapshot {
        let (state, members) = (Some("Stable".to_owned()), Some(members.to_vec()));
        GroupSnapshot { state, members, ..GroupSnapshot::default() }
    }

    fn of_state(state: Option<&str>, members: &[Member]) -> GroupSnapshot {
        let unknown = |one: &Member| Member { assigned: None, subscribed: None, ..one.clone() };
        let members = Some(members.iter().map(unknown).collect());
        GroupSnapshot { state: state.map(str::to_owned), members, ..GroupSnapshot::default() }
    }

    fn told(snapshots: &[GroupSnapshot]) -> Vec<String> {
        let mut changes = GroupChanges::default();
        let told = snapshots.iter().flat_map(|one| changes.since(one));
        told.map(|change| change.to_string()).collect()
    }

    #[test]
    fn the_first_snapshot_tells_nothing_and_the_same_again_neither() {
        let one = stable(&[member("a", &[0, 1])]);
        assert!(told(&[one.clone(), one]).is_empty());
    }

    #[test]
    fn who_comes_and_goes_is_told_and_what_is_given_out() {
        let alone = stable(&[member("a", &[0, 1])]);
        let both = stable(&[member("b", &[1]), member("a", &[0])]);
        let between = of_state(Some("PreparingRebalance"), &[member("a", &[]), member("b", &[])]);
        assert_eq!(
            told(&[
                of_state(None, &[]),
                alone.clone(),
                between,
                both,
                alone,
                of_state(Some("Empty"), &[])
            ]),
            [
                "app-a at /10.0.0.7 joined the group",
                "the group is Stable",
                "the group was rebalanced: 1 member, 2 partitions",
                "app-b at /10.0.0.7 joined the group",
                "the group is PreparingRebalance, no longer Stable",
                "the group is Stable, no longer PreparingRebalance",
                "the group was rebalanced: 2 members, 2 partitions",
                "app-b at /10.0.0.7 left the group",
                "the group was rebalanced: 1 member, 2 partitions",
                "app-a at /10.0.0.7 left the group",
                "the group is Empty, no longer Stable",
            ]
        );
    }

    #[test]
    fn a_client_that_comes_back_is_another_member() {
        let again = Member { client: "app-a".to_owned(), ..member("a2", &[0]) };
        let told = told(&[stable(&[member("a", &[0])]), stable(&[again])]);
        assert_eq!(told[0], "app-a at /10.0.0.7 left the group");
        assert_eq!(told[1], "app-a at /10.0.0.7 joined the group");
        assert_eq!(told[2], "the group was rebalanced: 1 member, 1 partition");
    }

    #[test]
    fn what_is_not_known_has_not_changed() {
        let (before, after) = (stable(&[member("a", &[0])]), stable(&[member("b", &[0])]));
        let mut changes = GroupChanges::default();
        assert_eq!(changes.since(&before), []);
        assert_eq!(changes.since(&GroupSnapshot::default()), []);
        let left = GroupChange::Left("app-a at /10.0.0.7".to_owned());
        assert_eq!(changes.since(&after)[0], left, "the gap hides nobody");
    }
}
