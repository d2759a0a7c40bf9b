//! What a pack says of its service so that a breach is called by the right rule.
//!
//! What this is: [`Attribution`], which answers for one service what the search cannot know: which
//! rules speak of an event, which rule an answer breaks, what must come before what. What it is
//! not: a model; whether anything is wrong is decided without it.

use std::time::Duration;

use super::Asked;
use super::blame::Blame;
use super::case::Scene;
use super::neighbour::Neighbour;
use super::node::Node;
use super::search::Search;
use super::shape::Shape;
use crate::message::{Json, RecordId};
use crate::pack::Roles;
use crate::rule::RuleId;

/// Rules that something shows, by name: the queries or stimuli, any of which does.
pub(crate) type ShownBy = &'static [(RuleId, &'static [&'static str])];

/// A rule that an accepted behaviour hides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden {
    pub(crate) rule: RuleId,
    /// The behaviour: a rule and its option.
    pub(crate) by: (RuleId, &'static str),
    /// Queries, any of which shows the rule all the same.
    pub(crate) queries: &'static [&'static str],
    /// Why nothing else does.
    pub(crate) why: &'static str,
}

/// A field that differs, with the expected and the seen value.
pub(crate) type Difference = (String, Json, Json);

/// Knowledge of one service. The defaults know nothing.
pub(crate) trait Attribution: std::fmt::Debug + Sync {
    /// The rules that speak of an event, in the order in which they claim it, where their premise
    /// held.
    fn claims(&self, channel: &str, kind: &str) -> &'static [RuleId] {
        let _ = (channel, kind);
        &[]
    }

    /// The rule on which an event rests that no step explains.
    fn origin(&self, channel: &str, kind: &str) -> Option<RuleId> {
        let _ = (channel, kind);
        None
    }

    /// The rule about what comes before what that an event shows kept.
    fn order(&self, channel: &str, kind: &str) -> Option<RuleId> {
        let _ = (channel, kind);
        None
    }

    /// The rule by which time causes such an event, and how long that takes at least.
    fn by_time(&self, channel: &str, kind: &str) -> Option<(RuleId, Duration)> {
        let _ = (channel, kind);
        None
    }

    /// Options that come to the same as a timer that does not fire.
    fn not_firing(&self) -> &'static [(RuleId, &'static str)] {
        &[]
    }

    /// Channels whose messages are announced where they change anything.
    fn announced(&self) -> &'static [&'static str] {
        &[]
    }

    /// The rule of what comes twice.
    fn twice(&self) -> Option<RuleId> {
        None
    }

    /// The rule of the keys that its document names.
    fn keys(&self) -> Option<RuleId> {
        None
    }

    /// The rule by which it emits nothing.
    fn silent(&self) -> Option<RuleId> {
        None
    }

    /// Whether its document lets events go without a span.
    fn lacks_spans(&self) -> bool {
        false
    }

    /// Rules that nothing but the answer to a query shows.
    fn by_query(&self) -> ShownBy {
        &[]
    }

    /// Whether any answer to such a query shows its rules, whatever came before.
    fn shows_when_asked(&self) -> bool {
        true
    }

    /// Rules of what clients do, and all that they have to do for it.
    fn by_stimulus(&self) -> ShownBy {
        &[]
    }

    /// Rules that only data of some worth shows, and the data.
    fn by_data(&self) -> &'static [(RuleId, &'static str)] {
        &[]
    }

    /// Rules of what ends by time: the rule of what began, and after how many seconds it surely
    /// ended.
    fn ends_after(&self) -> &'static [(RuleId, RuleId, u32)] {
        &[]
    }

    /// Rules that an accepted behaviour hides.
    fn hidden(&self) -> &'static [Hidden] {
        &[]
    }

    /// Neighbouring mistakes, cheapest first: the narrower before the wider.
    fn neighbours(&self) -> &'static [Neighbour] {
        &[]
    }

    /// The rule that says how an event differs, where a narrower one than `claimed` does.
    fn narrower(
        &self,
        blame: &Blame<'_>,
        (expected, kind): (&Shape, Option<&str>),
        differences: &[Difference],
        claimed: RuleId,
    ) -> RuleId {
        let _ = (blame, expected, kind, differences);
        claimed
    }

    /// The rule by which an event is missing whose like comes, where it is not `claimed`.
    fn missing(&self, blame: &Blame<'_>, expected: &Shape, claimed: RuleId) -> RuleId {
        let _ = (blame, expected);
        claimed
    }

    /// The rule that an event breaks by being about something that its cause does not name.
    fn beside_cause(&self, blame: &Blame<'_>, shape: &Shape) -> Option<RuleId> {
        let _ = (blame, shape);
        None
    }

    /// The rule that an event breaks which the state contradicts.
    fn contradicted(&self, blame: &Blame<'_>, output: usize) -> Option<RuleId> {
        let _ = (blame, output);
        None
    }

    /// The rule that an event breaks which must not be, where it is not `named`.
    fn unwanted(&self, blame: &Blame<'_>, output: usize, named: Option<RuleId>) -> Option<RuleId> {
        let _ = (blame, output);
        named
    }

    /// Whether an event is about what only another tenant ever spoke of.
    fn is_of_another_tenant(&self, search: &Search<'_>, output: usize) -> bool {
        let _ = (search, output);
        false
    }

    /// The rule that an event breaks which answers something else than its cause.
    fn answers_another(
        &self,
        search: &Search<'_>,
        output: usize,
        cause: RecordId,
    ) -> Option<RuleId> {
        let _ = (search, output, cause);
        None
    }

    /// The rule about the order of messages that an event breaks, if it does.
    fn sequence(&self, search: &Search<'_>, node: &Node, output: usize) -> Option<RuleId> {
        let _ = (search, node, output);
        None
    }

    /// The rule that an answer to a query breaks.
    fn answer(
        &self,
        search: &Search<'_>,
        node: &Node,
        asked: &Asked,
        expected: &Json,
    ) -> Option<RuleId> {
        let _ = (search, node, asked, expected);
        None
    }
}

/// Of a service of which nothing is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Attribution for Nothing {}

impl Scene<'_> {
    /// What is known of the subject.
    pub(crate) fn attribution(&self) -> &'static dyn Attribution {
        self.contracts.packs().attribution(&self.seen.subject)
    }

    /// The rules that concern every service.
    pub(crate) fn roles(&self) -> &'static Roles {
        self.contracts.packs().roles()
    }
}
