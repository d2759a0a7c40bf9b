//! What the account service answered.

use smallvec::SmallVec;
use uuid::Uuid;

use crate::message::RecordId;
use crate::services::account::messages::AccountStatusType;
use crate::services::atlas::check::fact::{Answer, Fact, Sym};
use crate::services::atlas::check::handling::Handling;
use crate::services::atlas::check::view::View;

/// The events of one handling, by channel.
pub(super) struct Events {
    /// Session, account, answer, and the record.
    pub(super) answers: SmallVec<[(Uuid, u32, Answer, RecordId); 2]>,
    /// Account, name and status.
    pub(super) statuses: SmallVec<[(u32, Sym, AccountStatusType); 2]>,
}

impl Events {
    pub(super) fn of(view: View<'_>, handling: &Handling) -> Self {
        let mut events = Self { answers: SmallVec::new(), statuses: SmallVec::new() };
        for event in &handling.events {
            match view.fact(*event) {
                Fact::Answer { session, account, answer } => {
                    events.answers.push((session, account, answer, *event));
                }
                Fact::AccountStatus { account, name, status } => {
                    events.statuses.push((account, name, status));
                }
                _ => {}
            }
        }
        events
    }

    /// How many events of a status there are.
    pub(super) fn count(&self, status: AccountStatusType) -> usize {
        let of_status = |event: &&(u32, Sym, AccountStatusType)| event.2 == status;
        self.statuses.iter().filter(of_status).count()
    }

    /// How many events of a status there are for an account.
    pub(super) fn count_for(&self, account: u32, status: AccountStatusType) -> usize {
        let of = |event: &&(u32, Sym, AccountStatusType)| event.0 == account && event.2 == status;
        self.statuses.iter().filter(of).count()
    }
}
