//! Why a rule is not exercised, and what would exercise it.

use super::case::{Act, Case, Input, Kill, Output, Scene};
use super::{Observation, What};
use crate::rule::{RuleId, id};

/// Rules that nothing but the answer to a question shows, and the questions.
const BY_QUESTION: &[(RuleId, &[&str])] = &[
    (id::BAN_6, &["history"]),
    (id::BAN_7, &["check", "ban"]),
    (id::BAN_8, &["check"]),
    (id::LOG_4, &["session"]),
    (id::LOG_5, &["session"]),
    (id::LOG_6, &["account"]),
    (id::LOG_7, &["session"]),
    (id::EFF_1, &["character"]),
    (id::EFF_2, &["character"]),
    (id::EFF_3, &["character"]),
    (id::EFF_4, &["character"]),
    (id::EFF_5, &["character"]),
    (id::EFF_6, &["character"]),
    (id::EFF_8, &["character"]),
    (id::EFF_9, &["character"]),
    (id::EFF_TWICE, &["character"]),
];

/// Rules of what clients do, and what they have to do for it.
const BY_STIMULUS: &[(RuleId, &[&str])] = &[
    (id::LOG_1, &["connect", "credentials"]),
    (id::LOG_2, &["connect"]),
    (id::LOG_3, &["connect"]),
    (id::LOG_4, &["connect"]),
    (id::LOG_5, &["connect"]),
    (id::LOG_7, &["connect"]),
    (id::LOG_8, &["connect", "select_character"]),
    (id::LOG_9, &["connect", "disconnect"]),
    (id::SEQ_3, &["connect", "disconnect"]),
];

/// Rules of what ends by time: the rule of what began, and after how many seconds it surely ended.
const BY_TIME: &[(RuleId, RuleId, u32)] =
    &[(id::INV_10, id::INV_1, 185), (id::ACC_13, id::ACC_8, 10)];

/// Rules of inputs of one kind, and what there was none of.
const BY_INPUT: &[(RuleId, &str)] = &[
    (id::COM_3, "no input without the headers of a tenant was sent"),
    (id::COM_4, "no input without a span header was sent"),
    (id::COM_5, "no input that cannot be decoded was sent"),
    (id::COM_6, "no event was seen while there was more than one tenant"),
    (id::COM_8, "nothing was sent twice, byte for byte"),
    (id::COM_11, "no two inputs with the same documented key were sent"),
];

/// Rules of events of its own that are not among those that speak of the order of messages.
const BY_EVENT: [RuleId; 6] = [id::COM_1, id::COM_2, id::COM_7, id::COM_12, id::INV_11, id::LOG_10];

/// The rules whose premise holds where a question of this name is asked. What effective stats say
/// of a character depends on what happened to it.
pub(super) fn shown_by(question: &str) -> Vec<RuleId> {
    let of = BY_QUESTION.iter().filter(|(_, names)| names.contains(&question));
    let rules = of.map(|(rule, _)| *rule);
    rules.filter(|rule| !rule.as_str().starts_with("EFF")).collect()
}

/// Why nothing that was observed can show a breach of the rule, if nothing can; `echoes` is
/// whether DELETED answers any id.
pub(super) fn hidden(rule: RuleId, seen: &Observation, echoes: bool) -> Option<String> {
    let is_asked = |names: &[&str]| {
        let mut asked = seen.asked.iter();
        asked.any(|one| one.what == What::Query && names.contains(&one.name.as_str()))
    };
    let named = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(" or ")
    };
    let ask = |names: &[&str]| {
        let why = format!("only an answer shows it: --probe with the query {}", named(names));
        (!is_asked(names)).then_some(why)
    };
    let known = BY_QUESTION.iter().find(|(known, _)| *known == rule);
    if let Some(why) = known.and_then(|(_, names)| ask(names)) {
        return Some(why);
    }
    // Whoever does not know what equipment is worth sees nothing of it.
    let mut given = seen.given.iter().flat_map(|given| &given.data);
    if [id::EFF_4, id::EFF_5].contains(&rule) && !given.any(|(name, _)| name == "equipment") {
        let why = "only equipment of some worth shows it: --probe with the data `equipment`";
        return Some(why.to_owned());
    }
    // Who answers DELETED for any id hides which ban is gone.
    let hides = rule == id::BAN_5 && echoes && !is_asked(&["ban", "check"]);
    hides.then(|| {
        format!(
            "DELETED answers any id, so that only a question shows which ban is gone: --probe with \
             the query {}",
            named(&["ban", "check"])
        )
    })
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
    let is_told = |name: &&&str| {
        let mut asked = scene.seen.asked.iter();
        asked.any(|one| one.what == What::Stimulus && one.name == **name)
    };
    if rule == id::COM_9 && !scene.kills.is_empty() {
        return "no tenant was told something before it was killed and answered behind that"
            .to_owned();
    }
    if [id::COM_9, id::COM_10].contains(&rule) {
        return "it was not restarted: with --command, quintet kills it and starts it again"
            .to_owned();
    }
    let is_of_login = scene.seen.subject == "login";
    let stimuli = BY_STIMULUS.iter().find(|(of, _)| *of == rule && is_of_login);
    if let Some(name) = stimuli.and_then(|(_, names)| names.iter().find(|name| !is_told(name))) {
        return format!("no client did what it speaks of: --probe with the stimulus `{name}`");
    }
    if let Some((_, begun, s)) = BY_TIME.iter().find(|(of, ..)| *of == rule)
        && held(*begun)
    {
        return format!("nothing was waited for as long as {s} s: a longer --budget");
    }
    if let Some((_, why)) = BY_INPUT.iter().find(|(of, _)| *of == rule) {
        return (*why).to_owned();
    }
    if BY_EVENT.contains(&rule) || rule.as_str().starts_with("SEQ") {
        return "no event that it speaks of was seen".to_owned();
    }
    "nothing that it speaks of was sent".to_owned()
}
