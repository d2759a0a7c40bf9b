//! Which rule of the ban service a breach concerns.

use crate::message::Json;
use crate::rule::RuleId;
use crate::services::id;
use crate::verify::Asked;
use crate::verify::attribution::{Attribution, Difference, Hidden, ShownBy};
use crate::verify::blame::Blame;
use crate::verify::neighbour::Neighbour;
use crate::verify::node::Node;
use crate::verify::search::Search;
use crate::verify::shape::Shape;
use crate::verify::words::{integer, text};

/// What is known of the ban service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

impl Attribution for Known {
    fn neighbours(&self) -> &'static [Neighbour] {
        super::neighbours::NEIGHBOURS
    }

    fn claims(&self, _: &str, kind: &str) -> &'static [RuleId] {
        match kind {
            "CREATED" => &[id::BAN_TWICE, id::BAN_2, id::BAN_1],
            _ => &[id::BAN_3, id::BAN_4],
        }
    }

    fn origin(&self, _: &str, kind: &str) -> Option<RuleId> {
        Some(if kind == "CREATED" { id::BAN_1 } else { id::BAN_4 })
    }

    fn order(&self, _: &str, kind: &str) -> Option<RuleId> {
        (kind == "DELETED").then_some(id::SEQ_5)
    }

    fn announced(&self) -> &'static [&'static str] {
        &["ban.command"]
    }

    fn twice(&self) -> Option<RuleId> {
        Some(id::BAN_TWICE)
    }

    fn by_query(&self) -> ShownBy {
        &[(id::BAN_6, &["history"]), (id::BAN_7, &["check", "ban"]), (id::BAN_8, &["check"])]
    }

    fn hidden(&self) -> &'static [Hidden] {
        &[Hidden {
            rule: id::BAN_5,
            by: (id::BAN_4, "echo"),
            queries: &["ban", "check"],
            why: "DELETED answers any id, so that only a question shows which ban is gone",
        }]
    }

    fn narrower(
        &self,
        blame: &Blame<'_>,
        _: (&Shape, Option<&str>),
        differences: &[Difference],
        claimed: RuleId,
    ) -> RuleId {
        let id = differences.iter().any(|(field, ..)| field == "banId");
        match id {
            true if blame.outcome.guessed => id::BAN_1,
            true if claimed == id::BAN_3 => id::BAN_5,
            _ => claimed,
        }
    }

    /// Another command came before that may have removed what this one names as well.
    fn missing(&self, blame: &Blame<'_>, expected: &Shape, claimed: RuleId) -> RuleId {
        let outputs = &blame.search.case.outputs;
        let is_removal = |at: &usize| {
            let shape = &outputs[*at].shape;
            shape.channel == expected.channel && shape.kind.as_deref() == Some("DELETED")
        };
        let comes = outputs.iter().any(|output| output.shape.kind == expected.kind);
        let mut steps = blame.node.steps().into_iter();
        let removed = steps
            .any(|step| step.outputs.iter().any(is_removal) || step.applied.contains(&id::BAN_5));
        if claimed == id::BAN_3 && comes && removed { id::BAN_5 } else { claimed }
    }

    /// A ban is said to be gone that the command does not name.
    fn beside_cause(&self, blame: &Blame<'_>, shape: &Shape) -> Option<RuleId> {
        let is_removal = shape.kind.as_deref() == Some("DELETED");
        let of = integer(&shape.value, "/banId").filter(|_| is_removal)?;
        let placed = blame.search.scene.seen.history.record(blame.record()?);
        let value = Json::parse(placed.record.value_bytes()?).ok()?;
        let named = integer(&value, "/body/banId")?;
        (of != named).then_some(id::BAN_5)
    }

    fn sequence(&self, search: &Search<'_>, _: &Node, output: usize) -> Option<RuleId> {
        let shape = &search.case.outputs[output].shape;
        if shape.kind.as_deref() != Some("DELETED") {
            return None;
        }
        let ban = integer(&shape.value, "/banId")?;
        let created = search.outputs_before(output).any(|value| {
            integer(value, "/banId") == Some(ban) && text(value, "/status") == Some("CREATED")
        });
        let sent = search.sent_before(output);
        let named = sent.iter().any(|value| integer(value, "/body/banId") == Some(ban));
        match (created, named) {
            (false, false) => Some(id::SEQ_5),
            (true, false) => Some(id::SEQ_6),
            _ => None,
        }
    }

    fn answer(&self, _: &Search<'_>, _: &Node, asked: &Asked, expected: &Json) -> Option<RuleId> {
        let seen = &asked.answer;
        let differs = |name: &str| expected.get(name) != seen.get(name);
        let truth = |json: &Json, name: &str| json.get(name) == Some(&Json::Bool(true));
        Some(match asked.name.as_str() {
            "history" => id::BAN_6,
            "ban" if truth(expected, "exists") != truth(seen, "exists") => {
                if truth(expected, "exists") { id::BAN_5 } else { id::BAN_3 }
            }
            "ban" if expected.get("banType") != seen.get("banType") => id::BAN_2,
            "ban" => id::BAN_7,
            "check" if truth(expected, "banned") == truth(seen, "banned") => {
                if differs("banId") {
                    id::BAN_8
                } else {
                    id::BAN_7
                }
            }
            // A ban that ends counts until then; another one counts by what it names.
            "check" if ends(expected) || ends(seen) => id::BAN_7,
            "check" => id::BAN_8,
            _ => return None,
        })
    }
}

/// Whether the ban of an answer ends at some time.
fn ends(answer: &Json) -> bool {
    answer.get("permanent") == Some(&Json::Bool(false))
}
