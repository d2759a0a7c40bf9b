//! What an event of the implementation may come from, and what it shows.

use uuid::Uuid;

use super::case::Output;
use super::run::Offered;
use super::shape::Shape;
use crate::message::Json;

impl Output {
    /// Whether an input may have caused it, by its trace.
    pub(super) fn may_come_from(&self, input: usize) -> bool {
        self.causes.is_empty() || self.causes.contains(&input)
    }

    /// How well it shows an event, best first; none where it does not.
    pub(super) fn rank(&self, expected: &Shape) -> Option<u8> {
        if expected.fits(&self.shape) {
            return Some(0);
        }
        let of_kind = self.shape.kind.is_none() || self.shape.kind == expected.kind;
        (self.spoiled && self.shape.channel == expected.channel && of_kind).then_some(2)
    }

    /// Whether it shows an event.
    pub(super) fn shows(&self, expected: &Shape) -> bool {
        self.rank(expected).is_some()
    }

    /// Adds the ids that it shows.
    pub(super) fn offer(&self, to: &mut Offered) {
        for field in ["banId", "account_id"] {
            let id = self.shape.value.get(field).and_then(Json::as_integer);
            let id = id.and_then(|id| u32::try_from(id).ok());
            if let Some(id) = id.filter(|id| !to.ids.contains(id)) {
                to.ids.push(id);
            }
        }
        let id = self.shape.value.get("transactionId").and_then(Json::as_str);
        if let Some(id) = id.and_then(|id| Uuid::try_parse(id).ok())
            && !to.uuids.contains(&id)
        {
            to.uuids.push(id);
        }
    }
}
