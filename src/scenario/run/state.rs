//! What a running test has seen and claimed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::envelope::compare_record;
use super::matching::{Context, Matched};
use super::outcome::{Claim, Nearest, Place};
use super::scope::Scope;
use super::{assign, shown};
use crate::diagnostic::{SourceFile, Span};
use crate::history::{History, Placed};
use crate::message::{Json, RecordId, Tenant, VirtualTime};
use crate::scenario::{Expectation, Target};

/// A test's own view of the history: which records are its tenant's, which are claimed, and the
/// variables in scope.
pub(super) struct State {
    pub(super) tenant: Tenant,
    pub(super) scope: Scope,
    pub(super) file: Arc<SourceFile>,
    pub(super) through: Vec<(Arc<SourceFile>, Span)>,
    pub(super) claimed: BTreeMap<RecordId, Claim>,
    pub(super) allowed: Vec<Target>,
    /// Type and value of each record, read once.
    read: Vec<Seen>,
}

struct Seen {
    own: bool,
    channel: String,
    kind: Option<String>,
    value: Option<Json>,
}

/// A complete claim: for each expectation its record.
pub(super) type Claims = Vec<(RecordId, Matched)>;

/// Steps of the search for a complete assignment after which it is given up.
const SEARCH_LIMIT: u32 = 200_000;

impl State {
    pub(super) fn new(tenant: Tenant, file: &Arc<SourceFile>) -> Self {
        Self {
            tenant,
            scope: Scope::default(),
            file: Arc::clone(file),
            through: Vec::new(),
            claimed: BTreeMap::new(),
            allowed: Vec::new(),
            read: Vec::new(),
        }
    }

    /// Reads what is new in the history.
    pub(super) fn look(&mut self, history: &History) {
        for placed in &history.records()[self.read.len()..] {
            let value = placed.record.value_bytes();
            self.read.push(Seen {
                own: placed.record.headers.tenant() == Ok(&self.tenant),
                channel: history.contracts().channel_name(placed.channel).to_owned(),
                kind: history.contracts().message_type(placed.channel, value),
                value: value.and_then(|bytes| Json::parse(bytes).ok()),
            });
        }
    }

    /// The value of a record that was looked at.
    pub(super) fn value(&self, record: RecordId) -> Option<&Json> {
        self.read.get(record.at())?.value.as_ref()
    }

    /// Whether a record that was looked at belongs to the test's tenant.
    pub(super) fn is_own(&self, record: RecordId) -> bool {
        self.read.get(record.at()).is_some_and(|seen| seen.own)
    }

    /// Whether a record is of a message, or of any on its channel.
    pub(super) fn is_of(&self, record: RecordId, target: &Target) -> bool {
        self.read.get(record.at()).is_some_and(|seen| {
            seen.channel == target.channel
                && target.message.as_ref().is_none_or(|wanted| seen.kind.as_ref() == Some(wanted))
        })
    }

    /// The tenant's records of a message, in order of observation.
    pub(super) fn all_of(&self, target: &Target) -> Vec<RecordId> {
        let ids = (0u32..).map(RecordId).take(self.read.len());
        ids.filter(|id| self.is_own(*id) && self.is_of(*id, target)).collect()
    }

    fn unclaimed(&self, target: &Target) -> Vec<RecordId> {
        let all = self.all_of(target).into_iter();
        all.filter(|id| !self.claimed.contains_key(id)).collect()
    }

    fn compare_record(
        &self,
        expectation: &Expectation,
        record: RecordId,
        (scope, now, history): (&Scope, VirtualTime, &History),
    ) -> Matched {
        let contracts = history.contracts();
        let is_sensitive = |field: &str| contracts.is_sensitive(field);
        let place = |span: Span| self.line_of(span);
        let context = Context { scope, now, is_sensitive: &is_sensitive, place: &place };
        let seen = (history.record(record), self.value(record));
        compare_record(expectation, seen, contracts, context)
    }

    /// `path:line` of a place in the file at hand.
    pub(super) fn line_of(&self, span: Span) -> String {
        format!("{}:{}", self.file.path, self.file.position(span.start).0)
    }

    /// The earliest unclaimed record that matches.
    pub(super) fn find(
        &self,
        expectation: &Expectation,
        (now, history): (VirtualTime, &History),
    ) -> Option<(RecordId, Matched)> {
        let compare = |id| (id, self.compare_record(expectation, id, (&self.scope, now, history)));
        let candidates = self.unclaimed(&expectation.target).into_iter();
        candidates.map(compare).find(|(_, matched)| matched.holds())
    }

    /// All unclaimed records that match.
    pub(super) fn fitting(
        &self,
        expectation: &Expectation,
        (now, history): (VirtualTime, &History),
    ) -> Vec<RecordId> {
        let fits = |id: &RecordId| {
            let matched = self.compare_record(expectation, *id, (&self.scope, now, history));
            matched.holds()
        };
        let candidates = self.unclaimed(&expectation.target).into_iter();
        candidates.filter(fits).collect()
    }

    /// A record of its own for each expectation; in their order if `in_order`.
    pub(super) fn find_all(
        &self,
        expectations: &[Expectation],
        in_order: bool,
        (now, history): (VirtualTime, &History),
    ) -> Option<Claims> {
        if in_order || shown::depend_on_each_other(expectations) {
            let mut search = Search { state: self, expectations, in_order, now, history, left: 0 };
            search.left = SEARCH_LIMIT;
            let mut found = Vec::new();
            return search.step(&self.scope, &mut found).then_some(found);
        }
        let mut fits = Vec::new();
        let mut matches = BTreeMap::new();
        for (want, expectation) in expectations.iter().enumerate() {
            let mut own = Vec::new();
            for id in self.unclaimed(&expectation.target) {
                let matched = self.compare_record(expectation, id, (&self.scope, now, history));
                if matched.holds() {
                    own.push(id.at());
                    matches.insert((want, id.at()), matched);
                }
            }
            fits.push(own);
        }
        let assigned = assign::complete(&fits, self.read.len())?;
        let claims = assigned.into_iter().enumerate().map(|(want, at)| {
            let matched = matches.remove(&(want, at)).unwrap_or_default();
            (RecordId(u32::try_from(at).unwrap_or(u32::MAX)), matched)
        });
        Some(claims.collect())
    }

    /// The record that comes nearest to an expectation; among equals the earliest.
    pub(super) fn nearest(
        &self,
        expectation: &Expectation,
        (now, history): (VirtualTime, &History),
    ) -> Option<Nearest> {
        let any_kind = Target { message: None, ..expectation.target.clone() };
        let mut candidates = self.unclaimed(&expectation.target);
        if candidates.is_empty() {
            candidates = self.unclaimed(&any_kind);
        }
        let compared = candidates.into_iter().map(|record| {
            let matched = self.compare_record(expectation, record, (&self.scope, now, history));
            let Matched { compared, differences, .. } = matched;
            Nearest { record, compared, differences }
        });
        compared.min_by_key(|nearest| nearest.differences.len())
    }

    /// Claims a record for a place and keeps what the match remembers.
    pub(super) fn claim(&mut self, record: RecordId, matched: Matched, span: Span) {
        let (line, _) = self.file.position(span.start);
        self.claimed.insert(record, Claim::Line { path: self.file.path.clone(), line });
        for (name, bound) in matched.bindings {
            self.scope.bind(name, bound);
        }
    }

    /// A place in the file at hand, for reports.
    pub(super) fn place(&self, span: Span, label: impl Into<String>) -> Place {
        let through = self.through.iter().rev().cloned().collect();
        Place { file: Arc::clone(&self.file), span, label: label.into(), through }
    }

    /// The records that nothing speaks of; claims those that `allow` names.
    pub(super) fn strays<'h>(&mut self, history: &'h History) -> Vec<&'h Placed> {
        let mut strays = Vec::new();
        for placed in history.records() {
            if !self.is_own(placed.id) || self.claimed.contains_key(&placed.id) {
                continue;
            }
            if self.allowed.iter().any(|target| self.is_of(placed.id, target)) {
                self.claimed.insert(placed.id, Claim::Allowed);
            } else {
                strays.push(placed);
            }
        }
        strays
    }
}

/// The search for a complete assignment where expectations depend on each other.
struct Search<'a> {
    state: &'a State,
    expectations: &'a [Expectation],
    in_order: bool,
    now: VirtualTime,
    history: &'a History,
    left: u32,
}

impl Search<'_> {
    fn step(&mut self, scope: &Scope, found: &mut Claims) -> bool {
        let Some(expectation) = self.expectations.get(found.len()) else {
            return true;
        };
        let last = found.last().map(|(id, _)| *id);
        for id in self.state.unclaimed(&expectation.target) {
            let taken = found.iter().any(|(other, _)| *other == id);
            if taken || (self.in_order && last.is_some_and(|last| id < last)) || self.left == 0 {
                continue;
            }
            self.left -= 1;
            let matched =
                self.state.compare_record(expectation, id, (scope, self.now, self.history));
            if !matched.holds() {
                continue;
            }
            let mut inner = scope.clone();
            for (name, bound) in &matched.bindings {
                inner.bind(name.clone(), bound.clone());
            }
            found.push((id, matched));
            if self.step(&inner, found) {
                return true;
            }
            found.pop();
        }
        false
    }
}
