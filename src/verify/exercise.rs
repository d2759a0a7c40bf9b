//! Why a rule is not exercised, and what would exercise it.

use super::What;
use super::case::{Act, Case, Input, Kill, Output, Scene};
use crate::rule::RuleId;

/// The rules whose premise holds where a query of this name is asked.
pub(super) fn shown_by(scene: &Scene<'_>, query: &str) -> Vec<RuleId> {
    let attribution = scene.attribution();
    let shown = attribution.by_query().iter().filter(|(_, names)| names.contains(&query));
    shown.map(|(rule, _)| *rule).filter(|_| attribution.shows_when_asked()).collect()
}

/// Why nothing that was observed can show a breach of the rule, if nothing can; `does` is whether
/// the implementation was seen to take an option of a rule.
pub(super) fn hidden(
    rule: RuleId,
    scene: &Scene<'_>,
    does: &dyn Fn((RuleId, &str)) -> bool,
) -> Option<String> {
    let (seen, attribution) = (scene.seen, scene.attribution());
    let is_asked = |names: &[&str]| {
        let mut asked = seen.asked.iter();
        asked.any(|one| one.what == What::Query && names.contains(&one.name.as_str()))
    };
    let named = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(" or ")
    };
    let known = attribution.by_query().iter().find(|(known, _)| *known == rule);
    if let Some((_, names)) = known.filter(|(_, names)| !is_asked(names)) {
        return Some(format!("only an answer shows it: --probe with the query {}", named(names)));
    }
    // Whoever does not know what data is worth sees nothing of it.
    let is_given = |data: &str| {
        let mut given = seen.given.iter().flat_map(|given| &given.data);
        given.any(|(name, _)| name == data)
    };
    let by_data = attribution.by_data().iter().find(|(known, _)| *known == rule);
    if let Some((_, data)) = by_data.filter(|(_, data)| !is_given(data)) {
        return Some(format!("only {data} of some worth shows it: --probe with the data `{data}`"));
    }
    let hidden = attribution.hidden().iter();
    let mut hidden =
        hidden.filter(|one| one.rule == rule && does(one.by) && !is_asked(one.queries));
    hidden.next().map(|one| format!("{}: --probe with the query {}", one.why, named(one.queries)))
}

/// Whether a tenant was told something before a kill, and answered something behind it: what it
/// answers then shows whether what it was told was kept.
pub(super) fn shows_state_across(kill: &Kill, case: &Case) -> bool {
    let told = |input: &Input| {
        matches!(input.act, Act::Record(_) | Act::Stimulus(_)) && input.start < kill.at
    };
    let asked = |input: &Input| matches!(input.act, Act::Query(_)) && input.start >= kill.restarted;
    let caused = |output: &Output| {
        let mut causes = output.causes.iter();
        causes.any(|cause| case.inputs[*cause].start >= kill.restarted)
    };
    let answered = case.inputs.iter().any(asked) || case.outputs.iter().any(caused);
    case.inputs.iter().any(told) && answered
}

/// Why the premise of a rule never held, by the rules whose premise did.
pub(super) fn missing(rule: RuleId, scene: &Scene<'_>, held: &dyn Fn(RuleId) -> bool) -> String {
    let (roles, attribution) = (scene.roles(), scene.attribution());
    let is_told = |name: &&&str| {
        let mut asked = scene.seen.asked.iter();
        asked.any(|one| one.what == What::Stimulus && one.name == **name)
    };
    if rule == roles.restart && !scene.kills.is_empty() {
        return "no tenant was told something before it was killed and answered behind that"
            .to_owned();
    }
    if [roles.restart, roles.crash].contains(&rule) {
        return "it was not restarted: with --command, quintet kills it and starts it again"
            .to_owned();
    }
    let stimuli = attribution.by_stimulus().iter().find(|(of, _)| *of == rule);
    if let Some(name) = stimuli.and_then(|(_, names)| names.iter().find(|name| !is_told(name))) {
        return format!("no client did what it speaks of: --probe with the stimulus `{name}`");
    }
    let mut by_time = attribution.ends_after().iter();
    if let Some((_, begun, s)) = by_time.find(|(of, ..)| *of == rule)
        && held(*begun)
    {
        return format!("nothing was waited for as long as {s} s: a longer --budget");
    }
    let by_input = [
        (roles.no_tenant, "no input without the headers of a tenant was sent"),
        (roles.no_trace, "no input without a span header was sent"),
        (roles.unreadable, "no input that cannot be decoded was sent"),
        (roles.isolation, "no event was seen while there was more than one tenant"),
        (roles.again, "nothing was sent twice, byte for byte"),
        (roles.key_order, "no two inputs with the same documented key were sent"),
    ];
    if let Some((_, why)) = by_input.iter().find(|(of, _)| *of == rule) {
        return (*why).to_owned();
    }
    let of_events = [roles.held_back, roles.headers, roles.contract, roles.span];
    let is_of_events = of_events.contains(&rule) || attribution.keys() == Some(rule);
    if is_of_events || scene.contracts.packs().is_of_order(rule) {
        return "no event that it speaks of was seen".to_owned();
    }
    "nothing that it speaks of was sent".to_owned()
}
