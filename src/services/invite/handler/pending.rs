//! The invites that are pending in a tenant, by age and by whom they concern.

use super::NO_EXPIRY;
use crate::message::VirtualTime;
use crate::message::typed::Id;
use crate::service::{Map, Set};
use crate::services::invite::messages::InviteType;

/// What kind of invite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Known(InviteType),
    Other(Box<str>),
}

/// One invite.
#[derive(Clone, Debug, Hash)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) target_id: u32,
    pub(super) originator_id: u32,
    pub(super) reference_id: u32,
    pub(super) world_id: u8,
    /// Of its CREATE.
    pub(super) transaction_id: Id,
    pub(super) expires: VirtualTime,
}

impl Entry {
    fn place(&self) -> (u32, Kind, u32) {
        (self.target_id, self.kind.clone(), self.reference_id)
    }
}

/// All that are pending. An invite is named by its age: 0 is the oldest there ever was.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Pending {
    next_age: u64,
    by_age: Map<u64, Entry>,
    /// By target, type and reference.
    by_place: Map<(u32, Kind, u32), u64>,
    by_expiry: Set<(VirtualTime, u64)>,
}

impl Pending {
    pub(super) fn get(&self, age: u64) -> &Entry {
        self.by_age.get(&age).expect("it was found pending")
    }

    /// Whether more than one invite is pending.
    pub(super) fn are_several(&self) -> bool {
        self.by_age.len() > 1
    }

    pub(super) fn age(&self, target_id: u32, kind: &Kind, reference_id: u32) -> Option<u64> {
        self.by_place.get(&(target_id, kind.clone(), reference_id)).copied()
    }

    pub(super) fn find(&self, target_id: u32, kind: &Kind, reference_id: u32) -> Option<&Entry> {
        self.age(target_id, kind, reference_id).map(|age| self.get(age))
    }

    /// Those of one originator to a target, oldest first.
    pub(super) fn between(&self, target_id: u32, kind: &Kind, originator_id: u32) -> Vec<u64> {
        let place = |reference_id| (target_id, kind.clone(), reference_id);
        let of_kind = self.by_place.range(place(0)..=place(u32::MAX)).map(|(_, age)| *age);
        let mut ages: Vec<_> =
            of_kind.filter(|age| self.get(*age).originator_id == originator_id).collect();
        ages.sort_unstable();
        ages
    }

    /// Those to or from a character, oldest first.
    pub(super) fn of_character(&self, character_id: u32) -> Vec<u64> {
        let concerns =
            |entry: &Entry| [entry.target_id, entry.originator_id].contains(&character_id);
        self.by_age.iter().filter(|(_, entry)| concerns(entry)).map(|(age, _)| *age).collect()
    }

    /// The ages of those to a character, oldest first.
    pub(super) fn ages_of_target(&self, target_id: u32) -> Vec<u64> {
        let first = (target_id, Kind::Known(InviteType::Buddy), 0);
        let all = self.by_place.range(first..).take_while(|(place, _)| place.0 == target_id);
        let mut ages: Vec<_> = all.map(|(_, age)| *age).collect();
        ages.sort_unstable();
        ages
    }

    /// Those to a character, oldest first.
    pub(super) fn of_target(&self, target_id: u32) -> Vec<&Entry> {
        self.ages_of_target(target_id).into_iter().map(|age| self.get(age)).collect()
    }

    /// Those that have expired, with when they did, oldest first.
    pub(super) fn expired(&self, now: VirtualTime) -> Vec<(VirtualTime, u64)> {
        self.by_expiry.up_to(&(now, u64::MAX)).copied().collect()
    }

    pub(super) fn first_expiry(&self) -> Option<VirtualTime> {
        self.by_expiry.first().map(|(at, _)| *at)
    }

    pub(super) fn add(&mut self, entry: Entry) {
        let age = self.next_age;
        self.next_age += 1;
        self.by_place.insert(entry.place(), age);
        self.by_expiry.insert((entry.expires, age));
        self.by_age.insert(age, entry);
    }

    pub(super) fn remove(&mut self, age: u64) {
        if let Some(entry) = self.by_age.remove(&age) {
            self.by_expiry.remove(&(entry.expires, age));
            self.by_place.remove(&entry.place());
        }
    }

    /// Lets an invite stay pending for good.
    pub(super) fn keep(&mut self, age: u64) {
        if let Some(mut entry) = self.by_age.get_mut(&age) {
            self.by_expiry.remove(&(entry.expires, age));
            entry.expires = NO_EXPIRY;
        }
    }
}
