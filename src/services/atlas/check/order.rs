//! Commands of one documented key take effect in the order of their partition: COM-11.

use xxhash_rust::xxh3::xxh3_128;

use super::Checker;
use super::fact::Channel;
use super::handling::Appended;
use super::map::FxMap;
use super::out::Out;
use super::view::View;
use crate::history::ServiceIx;
use crate::message::{Offset, Partition, RecordId};
use crate::rule::RuleId;
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] = &[id::COM_11];

#[derive(Debug, Default)]
pub(in crate::services) struct Order {
    /// The last command that was answered, by service, channel, partition and key.
    answered: FxMap<(ServiceIx, Channel, Partition, u128), (Offset, RecordId)>,
}

impl Checker for Order {
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        let (Some((service, _)), Some(cause), false) =
            (appended.by, appended.cause, appended.doubled)
        else {
            return;
        };
        let channel = view.channel(cause);
        let documented = matches!(channel, Channel::SessionCommand | Channel::InviteCommand);
        let placed = view.placed(cause);
        let Some(key) = placed.record.key.as_ref().filter(|_| documented) else {
            return;
        };
        let place = (service, channel, placed.partition, xxh3_128(key));
        let this = (placed.offset, cause);
        let last = self.answered.entry(place).or_insert(this);
        if last.1 == cause {
            return;
        }
        out.held(id::COM_11);
        if last.0 > placed.offset {
            let message = format!(
                "{} lies before {} in its partition, has the same key, and was answered after it",
                view.name(cause),
                view.name(last.1)
            );
            out.violation(id::COM_11, [cause, last.1, appended.record], message);
        }
        *last = this;
    }

    fn clear(&mut self) {
        self.answered.clear();
    }
}
