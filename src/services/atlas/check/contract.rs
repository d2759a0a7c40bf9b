//! Every event against its producer's contract, and what documents say of keys: COM-7, EFF-7,
//! INV-11, LOG-10.

use xxhash_rust::xxh3::xxh3_128;

use super::Checker;
use super::fact::{Channel, Fact};
use super::handling::{Appended, Course};
use super::map::{FxMap, FxSet};
use super::out::Out;
use super::view::{Content, Role, TenantIx, View};
use crate::contract::{self, Cause, ProblemKind};
use crate::history::ServiceIx;
use crate::message::{ChannelIx, RecordId};
use crate::rule::{RuleId, Severity};
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] = &[id::COM_7, id::EFF_7, id::INV_11, id::LOG_10];

#[derive(Debug, Default)]
pub(in crate::services) struct Contract {
    /// Records that were found in order, by all that a contract looks at.
    clean: FxSet<Look>,
    keys: FxMap<(Channel, TenantIx, u32), RecordId>,
    ids: FxMap<(Channel, TenantIx, Option<u128>), (u32, RecordId)>,
    /// Services that handled something under a tenant of their own: their timers may have none.
    apart: FxSet<ServiceIx>,
}

/// More are not remembered.
const MOST_CLEAN: usize = 100_000;

/// What a contract looks at: who sends it for what, place and content, and whether there is a
/// trace.
type Look = (ServiceIx, bool, bool, Option<Content>);

impl Contract {
    /// Forgets which records were in order: services or contracts are others now.
    pub(in crate::services) fn forget(&mut self) {
        self.clean.clear();
    }

    fn by_contract(&mut self, view: View<'_>, appended: &Appended, of: ServiceIx, out: &mut Out) {
        out.held(id::COM_7);
        let cause = if appended.by_timer { Cause::Timer } else { Cause::Input };
        let record = appended.record;
        let placed = view.placed(record);
        let traced = placed.record.headers.trace().is_some();
        let look = (of, cause == Cause::Timer, traced, view.content(record));
        if self.clean.contains(&look) {
            return;
        }
        let service = view.history.service(of);
        let channel: ChannelIx = placed.channel;
        let contracts = view.history.contracts();
        let mut problems = contracts.check_emitted(service, channel, &placed.record, cause);
        // Without a tenant in the cause there is none that an event could have.
        let tenantless = appended.course == Course::Apart
            || match appended.cause {
                Some(cause) => view.tenant(cause).is_none(),
                None => self.apart.contains(&of),
            };
        problems.retain(|problem| match problem.kind {
            ProblemKind::MissingHeader | ProblemKind::MalformedHeader => !tenantless,
            // Some document declares it for another message of the channel.
            ProblemKind::ExtraField => {
                contracts.messages(channel).all(|kind| kind.field(&problem.path).is_none())
            }
            _ => true,
        });
        if problems.is_empty() && !tenantless && self.clean.len() < MOST_CLEAN {
            self.clean.insert(look);
        }
        for problem in problems {
            let severity = match problem.severity {
                contract::Severity::Violation => Severity::Violation,
                contract::Severity::Advisory => Severity::Advisory,
            };
            let message = format!("{}: {problem}", view.name(record));
            let records = appended.cause.into_iter().chain([record]);
            out.find(severity, id::COM_7, records, message);
        }
    }

    /// Equal ids have equal keys, and different ids different keys.
    fn key(&mut self, view: View<'_>, record: RecordId, (rule, of): (RuleId, u32), out: &mut Out) {
        let Some(tenant) = view.tenant(record) else {
            return;
        };
        out.held(rule);
        let channel = view.channel(record);
        let key = &view.placed(record).record.key;
        let hash = key.as_deref().map(xxh3_128);
        let first = *self.keys.entry((channel, tenant, of)).or_insert(record);
        if view.placed(first).record.key != *key {
            let message = format!(
                "{} and {} are of the same id, {of}, and have different keys",
                view.name(first),
                view.name(record)
            );
            out.violation(rule, [first, record], message);
        }
        let (other, first) = *self.ids.entry((channel, tenant, hash)).or_insert((of, record));
        if other != of {
            let message = format!(
                "{} is of {other} and {} of {of}, and they have the same key",
                view.name(first),
                view.name(record)
            );
            out.violation(rule, [first, record], message);
        }
    }
}

impl Checker for Contract {
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        let Some((service, role)) = appended.by else {
            return;
        };
        let record = appended.record;
        if role == Role::EffectiveStats {
            let message = format!("effective_stats emits {}", view.name(record));
            out.violation(id::EFF_7, appended.cause.into_iter().chain([record]), message);
            return;
        }
        self.by_contract(view, appended, service, out);
        let documented = match (role, view.fact(record)) {
            (Role::Login, Fact::Session(of, _)) => Some((id::LOG_10, of.account)),
            (Role::Login, Fact::Client { account, .. }) => Some((id::LOG_10, account)),
            (Role::Invite, Fact::Invite(_, event)) => Some((id::INV_11, event.reference)),
            _ => None,
        };
        if let Some(documented) = documented {
            self.key(view, record, documented, out);
        }
    }

    fn handled(&mut self, _: View<'_>, handling: &super::Handling, out: &mut Out) {
        if handling.role == Role::EffectiveStats {
            out.held(id::EFF_7);
        }
        if handling.course == Course::Apart {
            self.apart.insert(handling.service);
        }
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.ids.clear();
        self.apart.clear();
    }
}
