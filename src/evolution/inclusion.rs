//! Whether each value that one schema accepts is accepted by another.

use super::candidates::candidates;
use super::compile::compile;
use super::document::Document;
use super::json::Json;
use super::node::{Id, Nodes};
use super::sat::{Outcome, Search};
use super::witness::{Validators, is_witness, smallest};

/// What is known of an inclusion.
#[derive(Clone, Debug, PartialEq)]
pub enum Inclusion {
    /// Each value that the first accepts, the second accepts: this is proven.
    Holds,
    /// The first accepts this value and the second refuses it: two validators say so.
    Fails(Json),
    /// Neither is known, for this reason.
    Unknown(String),
}

/// Steps that a comparison may take; well below a second.
pub(crate) const STEPS: u64 = 1_500_000;
/// Where validators do not agree on a value, so many others are tried.
const MAX_OTHERS: usize = 6;

/// Whether each value that `first` accepts is accepted by `second`.
#[must_use]
pub fn included(first: &Document, second: &Document) -> Inclusion {
    if first == second {
        return Inclusion::Holds;
    }
    let mut nodes = Nodes::new(STEPS);
    let goal = [
        (compile(&first.schema, first.draft, &mut nodes), true),
        (compile(&second.schema, second.draft, &mut nodes), false),
    ];
    let mut search = Search::new(&mut nodes);
    let outcome = search.find(&goal);
    let validators = (Validators::of(first), Validators::of(second));
    let (accepting, refusing) = match &validators {
        (Ok(accepting), Ok(refusing)) => (accepting, refusing),
        (Err(why), _) | (_, Err(why)) => {
            return match outcome {
                Outcome::Empty => Inclusion::Holds,
                _ => Inclusion::Unknown(format!("no validator reads a schema: {why}")),
            };
        }
    };
    let confirmed = |value: &Json| is_witness(accepting, refusing, value);
    let mut reason = None;
    match outcome {
        Outcome::Empty => {}
        Outcome::Unknown(why) => reason = Some(why),
        Outcome::Found(value) => {
            match confirmed_like(&mut search, &goal, value.clone(), &confirmed) {
                Some(value) => return Inclusion::Fails(smallest(accepting, refusing, value)),
                None => reason = Some(not_confirmed(&value)),
            }
        }
        Outcome::Perhaps(value, why) => {
            match confirmed_like(&mut search, &goal, value, &confirmed) {
                Some(value) => return Inclusion::Fails(smallest(accepting, refusing, value)),
                None => reason = Some(why),
            }
        }
    }
    let taken = taken(&mut search, goal[0].0, goal[1].0);
    // A proof that a confirmed value contradicts would be our error: the value counts.
    let cost = accepting.cost().max(refusing.cost());
    let values = candidates([&first.schema, &second.schema], &taken);
    let few = values.len() / cost;
    match values.into_iter().take(few).find(confirmed) {
        Some(value) => Inclusion::Fails(smallest(accepting, refusing, value)),
        None => reason.map_or(Inclusion::Holds, Inclusion::Unknown),
    }
}

/// A value like this one that the validators confirm.
fn confirmed_like(
    search: &mut Search<'_>,
    goal: &[(Id, bool)],
    mut value: Json,
    confirmed: &impl Fn(&Json) -> bool,
) -> Option<Json> {
    let mut goal = goal.to_vec();
    for _ in 0..MAX_OTHERS {
        if confirmed(&value) {
            return Some(value);
        }
        goal.push((search.nodes.constant(&value), false));
        match search.find(&goal) {
            Outcome::Found(next) | Outcome::Perhaps(next, _) => value = next,
            Outcome::Empty | Outcome::Unknown(_) => return None,
        }
    }
    None
}

fn not_confirmed(value: &Json) -> String {
    let text = value.to_serde().map_or_else(String::new, |value| value.to_string());
    let short: String = text.chars().take(80).collect();
    format!("validators do not agree on the value `{short}`")
}

/// Some values that the first takes, of each type.
fn taken(search: &mut Search<'_>, first: Id, second: Id) -> Vec<Json> {
    let mut found = Vec::new();
    for kind in super::node::types::EACH {
        let kind = search.nodes.types(kind);
        for goal in
            [vec![(first, true), (kind, true)], vec![(first, true), (second, true), (kind, true)]]
        {
            if let Outcome::Found(value) | Outcome::Perhaps(value, _) = search.find(&goal)
                && value.weight() < 200
            {
                found.push(value);
            }
        }
    }
    found
}
