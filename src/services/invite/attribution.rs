//! Which rule of the invite service a breach concerns: most often by what became of an invite.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::history::Placed;
use crate::message::{Json, RecordId};
use crate::rule::RuleId;
use crate::services::id;
use crate::verify::Asked;
use crate::verify::attribution::{Attribution, Difference};
use crate::verify::blame::Blame;
use crate::verify::case::Act;
use crate::verify::neighbour::Neighbour;
use crate::verify::node::Node;
use crate::verify::search::Search;
use crate::verify::shape::Shape;
use crate::verify::words::{integer, text};

/// What is known of the invite service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

/// Nobody's transaction.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

impl Attribution for Known {
    fn neighbours(&self) -> &'static [Neighbour] {
        super::neighbours::NEIGHBOURS
    }

    fn claims(&self, _: &str, kind: &str) -> &'static [RuleId] {
        match kind {
            "CREATED" => &[id::INV_TWICE, id::INV_3, id::INV_2, id::INV_1],
            "ACCEPTED" => &[id::INV_4, id::INV_6],
            _ => &[id::INV_5, id::INV_9, id::INV_10, id::INV_6],
        }
    }

    fn origin(&self, _: &str, kind: &str) -> Option<RuleId> {
        Some(if kind == "CREATED" { id::INV_1 } else { id::INV_6 })
    }

    fn order(&self, _: &str, kind: &str) -> Option<RuleId> {
        matches!(kind, "ACCEPTED" | "REJECTED").then_some(id::SEQ_4)
    }

    fn by_time(&self, _: &str, kind: &str) -> Option<(RuleId, Duration)> {
        (kind == "REJECTED").then_some((id::INV_10, Duration::from_secs(180)))
    }

    fn not_firing(&self) -> &'static [(RuleId, &'static str)] {
        &[(id::INV_10, "no-expiry")]
    }

    fn announced(&self) -> &'static [&'static str] {
        &["invite.command"]
    }

    fn twice(&self) -> Option<RuleId> {
        Some(id::INV_TWICE)
    }

    fn keys(&self) -> Option<RuleId> {
        Some(id::INV_11)
    }

    /// The document only says that it reads span headers.
    fn lacks_spans(&self) -> bool {
        true
    }

    fn ends_after(&self) -> &'static [(RuleId, RuleId, u32)] {
        &[(id::INV_10, id::INV_1, 185)]
    }

    fn narrower(
        &self,
        blame: &Blame<'_>,
        _: (&Shape, Option<&str>),
        differences: &[Difference],
        claimed: RuleId,
    ) -> RuleId {
        let mut references = differences.iter().filter(|(field, ..)| field == "referenceId");
        let is_anothers = references.any(|(.., seen)| blame.search.invites_to(seen));
        match is_anothers {
            true if claimed == id::INV_5 => id::INV_12,
            true if claimed == id::INV_4 => id::INV_7,
            _ => claimed,
        }
    }

    fn missing(&self, blame: &Blame<'_>, expected: &Shape, claimed: RuleId) -> RuleId {
        let ends = [id::INV_4, id::INV_5].contains(&claimed);
        let lost = ends.then(|| blame.search.invite_lost(blame.node, &expected.value)).flatten();
        lost.unwrap_or(claimed)
    }

    /// What the event is about was gone before.
    fn contradicted(&self, blame: &Blame<'_>, output: usize) -> Option<RuleId> {
        let event = &blame.search.case.outputs[output].shape.value;
        let refused = blame.outcome.applied.contains(&id::INV_6);
        refused.then(|| blame.search.invite_kept(blame.node, event)).flatten()
    }

    fn unwanted(&self, blame: &Blame<'_>, _: usize, named: Option<RuleId>) -> Option<RuleId> {
        named.or_else(|| blame.outcome.applied.contains(&id::INV_12).then_some(id::INV_12))
    }

    fn is_of_another_tenant(&self, search: &Search<'_>, output: usize) -> bool {
        search.is_about_another_tenant(output)
    }

    fn answers_another(
        &self,
        search: &Search<'_>,
        output: usize,
        cause: RecordId,
    ) -> Option<RuleId> {
        search.answers_another(output, cause)
    }

    fn sequence(&self, search: &Search<'_>, _: &Node, output: usize) -> Option<RuleId> {
        let shape = &search.case.outputs[output].shape;
        let (value, kind) = (&shape.value, shape.kind.as_deref()?);
        let transaction = text(value, "/transactionId")?;
        let sent = search.sent_before(output);
        let known = sent.iter().any(|sent| text(sent, "/transactionId") == Some(transaction));
        if !known && (kind != "REJECTED" || transaction == NIL) {
            return Some(id::SEQ_6);
        }
        if kind == "CREATED" {
            return None;
        }
        let place = Place::of_event(value);
        let same = search.outputs_before(output).filter(|one| Place::of_event(one) == place);
        let pending = same.last().is_some_and(|last| text(last, "/type") == Some("CREATED"));
        (!pending).then_some(id::SEQ_4)
    }

    fn answer(
        &self,
        search: &Search<'_>,
        node: &Node,
        asked: &Asked,
        expected: &Json,
    ) -> Option<RuleId> {
        search.invites_differ(node, expected, &asked.answer)
    }
}

/// What happened to one invite.
enum Turn {
    /// A CREATE for it; whether it came before, byte for byte.
    Made(bool),
    /// The character of this event was deleted, which ends it.
    Deleted,
    /// It ended by an answer.
    Ended,
    /// Another one ended.
    AnotherEnded,
    Restarted,
}

/// Where an invite is: its target, its type and what it is about.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    target: Option<i128>,
    kind: String,
    reference: Option<i128>,
}

impl Place {
    /// Of an event of the implementation.
    fn of_event(event: &Json) -> Self {
        Self {
            target: integer(event, "/body/targetId"),
            kind: text(event, "/inviteType").unwrap_or_default().to_owned(),
            reference: integer(event, "/referenceId"),
        }
    }

    /// Of a CREATE.
    fn of_command(command: &Json) -> Self {
        Self { reference: integer(command, "/body/referenceId"), ..Self::of_event(command) }
    }

    /// Of an entry of an answer.
    fn of_entry(entry: &Json) -> Self {
        Self { target: integer(entry, "/targetId"), ..Self::of_event(entry) }
    }
}

impl Search<'_> {
    /// Whether somebody is invited to what has this reference.
    fn invites_to(&self, reference: &Json) -> bool {
        self.case.inputs.iter().any(|input| {
            let Act::Record(record) = input.act else { return false };
            let value = self.scene.seen.history.record(record).record.value_bytes();
            let value = value.and_then(|bytes| Json::parse(bytes).ok()).unwrap_or_default();
            value.pointer("/body/referenceId") == Some(reference)
        })
    }

    /// The rule by which an invite must still be there that is not, by the event that should name
    /// it; none where nothing could have removed it.
    pub(super) fn invite_lost(&self, node: &Node, event: &Json) -> Option<RuleId> {
        self.lost(node, &Place::of_event(event), integer(event, "/body/originatorId"))
    }

    /// The rule by which an invite must be gone that is still there, by the event that names it.
    pub(super) fn invite_kept(&self, node: &Node, event: &Json) -> Option<RuleId> {
        self.kept(node, &Place::of_event(event), integer(event, "/body/originatorId"))
    }

    /// The rule that an answer about pending invites breaks.
    pub(super) fn invites_differ(&self, node: &Node, own: &Json, seen: &Json) -> Option<RuleId> {
        let (Json::Array(own), Json::Array(items)) = (own, seen) else { return None };
        let missing = |from: &[Json], of: &[Json]| {
            let places: Vec<_> = of.iter().map(Place::of_entry).collect();
            from.iter().find(|one| !places.contains(&Place::of_entry(one))).cloned()
        };
        let originator = |entry: &Json| integer(entry, "/originatorId");
        if let Some(lost) = missing(own, items) {
            let rule = self.lost(node, &Place::of_entry(&lost), originator(&lost));
            return Some(rule.unwrap_or(id::INV_1));
        }
        if let Some(kept) = missing(items, own) {
            let rule = self.kept(node, &Place::of_entry(&kept), originator(&kept));
            return Some(rule.unwrap_or(id::INV_2));
        }
        Some(id::INV_3)
    }

    fn lost(&self, node: &Node, place: &Place, originator: Option<i128>) -> Option<RuleId> {
        let turns = self.turns(node, place, originator);
        let ended = turns.iter().rposition(|turn| matches!(turn, Turn::Ended | Turn::Deleted));
        let since = &turns[ended.map_or(0, |at| at + 1)..];
        let made = since.iter().position(|turn| matches!(turn, Turn::Made(_)));
        let since = &since[made.unwrap_or(since.len())..];
        let has = |kind: fn(&Turn) -> bool| since.iter().any(kind);
        if has(|turn| matches!(turn, Turn::Made(true))) {
            Some(id::INV_TWICE)
        } else if has(|turn| matches!(turn, Turn::Restarted)) {
            Some(id::COM_9)
        } else if has(|turn| matches!(turn, Turn::AnotherEnded)) {
            Some(id::INV_7)
        } else if since.iter().filter(|turn| matches!(turn, Turn::Made(_))).count() > 1 {
            Some(id::INV_3)
        } else {
            None
        }
    }

    fn kept(&self, node: &Node, place: &Place, originator: Option<i128>) -> Option<RuleId> {
        let turns = self.turns(node, place, originator);
        let last = turns.iter().rfind(|turn| !matches!(turn, Turn::AnotherEnded));
        let made = turns.iter().any(|turn| matches!(turn, Turn::Made(_)));
        match last {
            Some(Turn::Deleted) => Some(id::INV_8),
            _ if made => None,
            _ => self.is_of_another_tenant(place, originator).then_some(id::COM_6),
        }
    }

    /// Whether another tenant asked for an invite, of somebody whom no answer to it can name.
    fn is_of_another_tenant(&self, place: &Place, originator: Option<i128>) -> bool {
        let history = &self.scene.seen.history;
        let mut others = history.records().iter().filter(|placed| {
            let tenant = placed.record.headers.tenant();
            self.scene.is_input(placed.id) && tenant.is_ok_and(|of| *of != self.case.tenant)
        });
        others.any(|placed| {
            let value = placed.record.value_bytes();
            let json = value.and_then(|bytes| Json::parse(bytes).ok()).unwrap_or_default();
            text(&json, "/type") == Some("CREATE")
                && Place::of_command(&json) == *place
                && integer(&json, "/body/originatorId") == originator
        })
    }

    /// Whether an event is about an invite to what only another tenant ever spoke of.
    pub(super) fn is_about_another_tenant(&self, output: usize) -> bool {
        let event = &self.case.outputs[output].shape.value;
        let Some(reference) = integer(event, "/referenceId") else { return false };
        let history = &self.scene.seen.history;
        let asked = history.records().iter().filter(|placed| self.scene.is_input(placed.id));
        let mut by_others = false;
        for placed in asked {
            let value = placed.record.value_bytes().and_then(|bytes| Json::parse(bytes).ok());
            if value.and_then(|value| integer(&value, "/body/referenceId")) == Some(reference) {
                match placed.record.headers.tenant() {
                    Ok(tenant) if *tenant == self.case.tenant => return false,
                    tenant => by_others |= tenant.is_ok(),
                }
            }
        }
        by_others
    }

    /// The rule that an event breaks that answers a command which was not its cause: one of another
    /// tenant, or one of the same key that came before its cause.
    pub(super) fn answers_another(&self, output: usize, cause: RecordId) -> Option<RuleId> {
        let event = &self.case.outputs[output].shape.value;
        let history = &self.scene.seen.history;
        let cause = history.record(cause);
        let transaction = text(event, "/transactionId")?;
        let value = |placed: &Placed| Json::parse(placed.record.value_bytes()?).ok();
        let asks = |placed: &&Placed| {
            let json = value(placed).unwrap_or_default();
            text(&json, "/transactionId") == Some(transaction)
                && text(&json, "/type") == Some("CREATE")
                && Place::of_command(&json) == Place::of_event(event)
        };
        let same = value(cause)?;
        if text(&same, "/transactionId") == Some(transaction) {
            return None;
        }
        let before = &history.records()[..cause.id.at()];
        let asked: Vec<_> =
            before.iter().filter(|one| self.scene.is_input(one.id)).filter(asks).collect();
        let own =
            |placed: &&&Placed| placed.record.headers.tenant().ok() == Some(&self.case.tenant);
        match asked.iter().find(own) {
            Some(own) if own.record.key == cause.record.key => Some(id::COM_11),
            Some(_) => None,
            None => (!asked.is_empty()).then_some(id::COM_6),
        }
    }

    /// What happened to an invite, by the steps so far.
    fn turns(&self, node: &Node, place: &Place, originator: Option<i128>) -> Vec<Turn> {
        let mut turns = Vec::new();
        let mut known = BTreeSet::new();
        for step in node.steps() {
            let act = step.input.map(|input| self.case.inputs[input].act);
            let record = match act {
                Some(Act::Restart(_)) => {
                    turns.push(Turn::Restarted);
                    None
                }
                Some(Act::Record(record)) => Some(self.scene.seen.history.record(record)),
                _ => None,
            };
            let value = record.and_then(|placed| placed.record.value_bytes());
            let json = value.and_then(|bytes| Json::parse(bytes).ok()).unwrap_or_default();
            match text(&json, "/type") {
                Some("CREATE") if Place::of_command(&json) == *place => {
                    turns.push(Turn::Made(known.contains(&value)));
                }
                Some("DELETED") => {
                    let of = integer(&json, "/characterId");
                    if of.is_some() && (of == place.target || of == originator) {
                        turns.push(Turn::Deleted);
                    }
                }
                _ => {}
            }
            known.insert(value);
            for output in &step.outputs {
                let shape = &self.case.outputs[*output].shape;
                if matches!(shape.kind.as_deref(), Some("ACCEPTED" | "REJECTED")) {
                    let own = Place::of_event(&shape.value) == *place;
                    turns.push(if own { Turn::Ended } else { Turn::AnotherEnded });
                }
            }
        }
        turns
    }
}
