//! The rule of effective stats that an answer about a character breaks: by the last event that
//! spoke of what is shown otherwise than it must be.

use std::collections::BTreeSet;

use crate::message::Json;
use crate::rule::RuleId;
use crate::services::id;
use crate::verify::Asked;
use crate::verify::attribution::{Attribution, ShownBy};
use crate::verify::case::Act;
use crate::verify::neighbour::Neighbour;
use crate::verify::node::Node;
use crate::verify::search::Search;
use crate::verify::words::{integer, text};

/// What is known of the effective stats service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

/// The query that shows its state.
const CHARACTER: &[&str] = &["character"];

impl Attribution for Known {
    fn neighbours(&self) -> &'static [Neighbour] {
        super::neighbours::NEIGHBOURS
    }

    fn origin(&self, _: &str, _: &str) -> Option<RuleId> {
        Some(id::EFF_7)
    }

    fn silent(&self) -> Option<RuleId> {
        Some(id::EFF_7)
    }

    fn twice(&self) -> Option<RuleId> {
        Some(id::EFF_TWICE)
    }

    fn by_query(&self) -> ShownBy {
        &[
            (id::EFF_1, CHARACTER),
            (id::EFF_2, CHARACTER),
            (id::EFF_3, CHARACTER),
            (id::EFF_4, CHARACTER),
            (id::EFF_5, CHARACTER),
            (id::EFF_6, CHARACTER),
            (id::EFF_8, CHARACTER),
            (id::EFF_9, CHARACTER),
            (id::EFF_TWICE, CHARACTER),
        ]
    }

    /// What is said of a character depends on what happened to it.
    fn shows_when_asked(&self) -> bool {
        false
    }

    fn by_data(&self) -> &'static [(RuleId, &'static str)] {
        &[(id::EFF_4, "equipment"), (id::EFF_5, "equipment")]
    }

    fn answer(
        &self,
        search: &Search<'_>,
        node: &Node,
        asked: &Asked,
        expected: &Json,
    ) -> Option<RuleId> {
        of(search, node, asked, expected)
    }
}

/// The events about one character so far, in order.
struct Life(Vec<Json>);

fn of(search: &Search<'_>, node: &Node, asked: &Asked, expected: &Json) -> Option<RuleId> {
    let character = integer(&asked.args, "/characterId")?;
    let life = Life::of(search, node, character);
    let seen = &asked.answer;
    if expected.get("initialised") != seen.get("initialised") {
        return Some(life.existence(expected.get("initialised") == Some(&Json::Bool(true))));
    }
    let (own, other) = (bonuses(expected), bonuses(seen));
    let sources = |of: &[Json]| -> BTreeSet<String> {
        of.iter().filter_map(|bonus| text(bonus, "/source")).map(str::to_owned).collect()
    };
    let (wanted, found) = (sources(&own), sources(&other));
    let others = wanted.len();
    if let Some(kept) = found.difference(&wanted).next() {
        return Some(life.kept(kept, others > 0));
    }
    if let Some(lost) = wanted.difference(&found).next() {
        return Some(life.lost(lost));
    }
    let came_twice = own
        .iter()
        .filter(|bonus| !other.contains(bonus))
        .any(|bonus| text(bonus, "/source").is_some_and(|source| life.came_twice(source)));
    Some(if came_twice { id::EFF_TWICE } else { id::EFF_6 })
}

fn bonuses(answer: &Json) -> Vec<Json> {
    match answer.get("bonuses") {
        Some(Json::Array(bonuses)) => bonuses.clone(),
        _ => Vec::new(),
    }
}

fn kind(event: &Json) -> &str {
    text(event, "/type").unwrap_or_default()
}

/// What an event is about: `buff:3`, `equipment:7`; none for a session.
fn source(event: &Json) -> Option<String> {
    match kind(event) {
        "APPLIED" | "EXPIRED" => Some(format!("buff:{}", integer(event, "/body/sourceId")?)),
        "MOVED" | "DELETED" => Some(format!("equipment:{}", integer(event, "/assetId")?)),
        _ => None,
    }
}

impl Life {
    fn of(search: &Search<'_>, node: &Node, character: i128) -> Self {
        let steps = node.steps();
        let acts = steps.iter().filter_map(|step| Some(search.case.inputs[step.input?].act));
        let records = acts.filter_map(|act| match act {
            Act::Record(record) => Some(search.scene.seen.history.record(record)),
            _ => None,
        });
        let values = records.filter_map(|placed| Json::parse(placed.record.value_bytes()?).ok());
        Self(values.filter(|value| integer(value, "/characterId") == Some(character)).collect())
    }

    /// The last event about a session.
    fn session(&self) -> Option<&Json> {
        self.0.iter().rev().find(|event| matches!(kind(event), "CREATED" | "DESTROYED"))
    }

    /// The events about a source.
    fn about<'a>(&'a self, of: &'a str) -> impl DoubleEndedIterator<Item = (usize, &'a Json)> {
        self.0.iter().enumerate().filter(move |(_, event)| source(event).as_deref() == Some(of))
    }

    /// A character is (or is not) there although it must not (or must) be.
    fn existence(&self, must: bool) -> RuleId {
        let created = self.0.iter().position(|event| {
            kind(event) == "CREATED" && text(event, "/issuer") == Some("CHANNEL")
        });
        let early =
            self.0[..created.unwrap_or(self.0.len())].iter().any(|event| source(event).is_some());
        match self.session() {
            Some(last) if kind(last) == "DESTROYED" => id::EFF_2,
            _ if must && early => id::EFF_9,
            _ => id::EFF_1,
        }
    }

    /// A source counts that must not.
    fn kept(&self, of: &str, others: bool) -> RuleId {
        let Some((at, last)) = self.about(of).next_back() else {
            // Nobody spoke of it.
            let twice = self.0.iter().filter_map(source).any(|of| self.came_twice(&of));
            return if twice { id::EFF_TWICE } else { id::EFF_6 };
        };
        let old = integer(last, "/body/oldSlot").unwrap_or_default();
        let went = self.0[at..].iter().any(|event| kind(event) == "DESTROYED");
        match kind(last) {
            "EXPIRED" => id::EFF_3,
            "DELETED" => id::EFF_5,
            // It was taken off, and something else holds it on.
            "MOVED" if old < 0 && others => id::EFF_8,
            _ if went => id::EFF_2,
            "MOVED" => id::EFF_4,
            _ => id::EFF_6,
        }
    }

    /// A source does not count that must.
    fn lost(&self, of: &str) -> RuleId {
        let Some((at, last)) = self.about(of).next_back() else { return id::EFF_6 };
        let created = self.0.iter().position(|event| kind(event) == "CREATED");
        match kind(last) {
            "APPLIED" | "MOVED" if created.is_none_or(|created| created > at) => id::EFF_9,
            "APPLIED" => id::EFF_3,
            "DELETED" => id::EFF_5,
            _ => id::EFF_4,
        }
    }

    /// Whether a source came once more while it counted.
    fn came_twice(&self, of: &str) -> bool {
        let mut counts = false;
        self.about(of).any(|(_, event)| {
            let comes = kind(event) == "APPLIED"
                || kind(event) == "MOVED" && integer(event, "/slot").is_some_and(|slot| slot < 0);
            let again = comes && counts;
            counts = comes;
            again
        })
    }
}
