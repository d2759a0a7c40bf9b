//! What a tenant would show of which nothing can be said: the rules whose premise holds where the
//! reference takes its inputs one after the other.

use std::collections::BTreeSet;

use super::case::{Act, Case, Scene};
use super::exercise;
use super::node::Step;
use super::run::Call;
use super::search::Search;
use crate::rule::RuleId;

/// The rules whose premise would hold.
pub(super) fn rules(scene: &Scene<'_>, case: &Case) -> BTreeSet<RuleId> {
    let search = Search::new(scene, case, false, 0);
    let mut rules = BTreeSet::new();
    let Some(mut node) = search.start() else { return rules };
    for (at, input) in case.inputs.iter().enumerate() {
        if let Act::Query(number) = input.act {
            rules.extend(exercise::shown_by(scene, &scene.seen.asked[number].name));
        }
        let (now, offered) = (input.start, search.offered(&node, at));
        let outcomes =
            search.runner.first_outcomes(&*node.model, Call::Input(input), now, &offered);
        let Some(outcome) = outcomes.first() else { continue };
        rules.extend(outcome.applied.iter().copied());
        node = node.after(outcome, now, Step::of(Some(at), Vec::new(), outcome));
    }
    rules
}
