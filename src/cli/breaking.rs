//! `contracts breaking`: documents against what they were.

use serde_json::json;

use super::args::Breaking;
use super::contracts::with_stack;
use super::exit::Exit;
use super::terminal::Terminal;
use super::versions::{History, versions};
use super::{documents, drift, load};
use crate::compatibility::breaking::{Compared, Comparing, Named, Said, breaking as compared};
use crate::report::findings::{Item, Report, Standing};
use crate::report::style::count;

/// The version of the JSON lines.
const FORMAT: u32 = 1;

/// Compares the documents.
pub(super) fn breaking(args: &Breaking, terminal: &mut Terminal) -> Exit {
    let Some(new) = documents::contracts(std::slice::from_ref(&args.path), terminal) else {
        return Exit::Unusable;
    };
    let history = match args.modes.iter().any(|mode| mode.is_transitive()) {
        true => History::Since,
        false => History::One,
    };
    let Some(olds) = versions(&args.path, &args.against, history, terminal) else {
        return Exit::Unusable;
    };
    let how = Comparing { modes: args.modes.clone(), policy: args.policy };
    let Some(found) = with_stack(|| compared(&olds, &new, &how)) else {
        terminal.error("no thread can be started for the comparison");
        return Exit::Unchecked;
    };
    let labels: Vec<_> = olds.iter().map(|old| old.label.as_str()).collect();
    let (report, exit) = told(&found, &labels, args);
    exit.and(documents::write(&report, &args.reported, terminal))
}

fn told(found: &[Compared], labels: &[&str], args: &Breaking) -> (Report, Exit) {
    let items: Vec<_> = found.iter().map(|one| item(one, args)).collect();
    let of = |standing| items.iter().filter(|item| item.standing == standing).count();
    let (breaks, undecided) = (of(Standing::Fails), of(Standing::Undecided));
    let changed = found.iter().filter(|one| !one.changes.is_empty()).count();
    let exit = match (breaks, undecided) {
        (0, 0) => Exit::Holds,
        (0, _) => Exit::Inconclusive,
        _ => Exit::Violation,
    };
    let policy = args.policy.name();
    let head = json!({
        "event": "breaking",
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "path": load::shown(&args.path),
        "against": labels,
        "policy": policy,
    });
    let tail = json!({
        "event": "summary",
        "comparisons": found.len(),
        "changed": changed,
        "breaking": breaks,
        "undecided": undecided,
        "exit": exit.info().code,
    });
    let (head, tail, table) = (Some(head), Some(tail), Vec::new());
    let summary = format!(
        "against {}, {policy}: {} compared, {changed} changed, {breaks} breaking, \
         {undecided} undecided",
        labels.join(", "),
        count(found.len(), "message or channel", "messages and channels"),
    );
    let command = "contracts breaking";
    (Report { command, head, items, rules: RULES.to_vec(), table, summary, tail }, exit)
}

/// The change that breaks, as far as names tell; else the verdict.
fn rule(one: &Compared, verdict: &'static str) -> String {
    const REMARKS: [&str; 4] =
        ["id-changed", "title-changed", "description-changed", "default-changed"];
    if verdict != "breaking" {
        return verdict.to_owned();
    }
    let breaks = |change: &&Named| change.breaks == Some(true) || change.refuses;
    let first = one.changes.iter().find(breaks);
    // What is sent more, the old readers refuse: of that no name tells.
    let any = || one.changes.iter().find(|change| !REMARKS.contains(&change.rule));
    first.or_else(any).map_or(verdict, |change| change.rule).to_owned()
}

/// What the verdicts mean.
const RULES: [(&str, &str); 3] = [
    ("breaking", "what is written by one version is refused, or not served, by the other"),
    ("undecided", "whether a change breaks is not decided within the budget"),
    ("compatible", "the change breaks nobody"),
];

fn item(one: &Compared, args: &Breaking) -> Item {
    let (standing, verdict, reason) = match &one.said {
        Said::Compatible(why) if one.changes.is_empty() => (Standing::Holds, "compatible", why),
        Said::Compatible(why) => (Standing::Remark, "compatible", why),
        Said::Breaking(why, _) => (Standing::Fails, "breaking", why),
        Said::Undecided(why) => (Standing::Undecided, "undecided", why),
    };
    let shown = match &one.said {
        Said::Breaking(_, shown) => shown.as_ref(),
        _ => None,
    };
    let changes: Vec<_> = one
        .changes
        .iter()
        .map(|change| json!({ "rule": change.rule, "path": change.path, "breaks": change.breaks }))
        .collect();
    let mut line = json!({
        "event": "comparison",
        "mode": one.mode.name(),
        "verdict": verdict,
        "witness": shown.map(|shown| &shown.value),
        "changes": changes,
        "policy": args.policy.name(),
        "reason": reason,
        "service": one.service,
        "action": one.action.name(),
        "channel": one.channel,
        "type": one.message,
        "places": one.places.iter().map(drift::place).collect::<Vec<_>>(),
    });
    if let Some(shown) = shown {
        let sides = if shown.old_accepts { ["old", "new"] } else { ["new", "old"] };
        line["accepted_by"] = json!(sides[0]);
        line["refused_by"] = json!(sides[1]);
        line["old"] = json!(shown.old);
    }
    let names: Vec<_> = one
        .changes
        .iter()
        .map(|change| format!("{} {}", change.rule, change.path).trim_end().to_owned())
        .collect();
    let message = one.message.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
    let does = one.action.name();
    Item {
        standing,
        grade: verdict,
        rule: rule(one, verdict),
        subject: format!("{}  {} {does}s {}{message}", one.mode.name(), one.service, one.channel),
        message: reason.clone(),
        notes: names,
        places: one.places.clone(),
        witness: shown.map(|shown| shown.value.clone()),
        fingerprint: None,
        line,
    }
}
