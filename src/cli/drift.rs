//! `contracts drift`: the documents of services against each other.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{Accepting, Drift};
use super::contracts::with_stack;
use super::exit::Exit;
use super::terminal::Terminal;
use super::{clock, documents, load};
use crate::accepted::{Date, Fingerprints};
use crate::compatibility::drift::drift as compared;
use crate::compatibility::{Disagreement, Effect, KINDS, Place};
use crate::contract::Contracts;
use crate::diagnostic::SourceFile;
use crate::pack::Packs;
use crate::report::findings::{Item, Report, Standing};
use crate::report::style::count;

/// The version of the JSON lines.
const FORMAT: u32 = 1;
/// The file of accepted disagreements that is taken from a folder.
const ACCEPTED_FILE: &str = "accepted.yaml";
/// The rule of an entry that accepts nothing.
const UNUSED: (&str, &str) =
    ("accepts-nothing", "an accepted disagreement is not there any more: its entry can go");

/// Compares the documents.
pub(super) fn drift(args: &Drift, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let contracts = match args.paths.is_empty() {
        true => packs.contracts(&mut Vec::new()),
        false => documents::contracts(&args.paths, terminal),
    };
    let Some(contracts) = contracts else { return Exit::Unusable };
    let Some(accepted) = accepted(args, packs, terminal) else { return Exit::Unusable };
    let Some(found) = with_stack(|| compared(&contracts)) else {
        terminal.error("no thread can be started for the comparison");
        return Exit::Unchecked;
    };
    let today = args.accepting.today.unwrap_or_else(clock::today);
    let (report, exit) = told(&contracts, &found, (&accepted, today));
    exit.and(documents::write(&report, &args.reported, terminal))
}

/// The file that is named, else that of the only folder, else that of the built-in contracts.
fn accepted(args: &Drift, packs: &Packs, terminal: &mut Terminal) -> Option<Fingerprints> {
    if !args.paths.is_empty() || args.accepting.file.is_some() {
        return accepted_in(&args.paths, &args.accepting, terminal);
    }
    let built_in = packs.accepted_disagreements();
    let Some((path, text)) = built_in else { return Some(Fingerprints::default()) };
    Fingerprints::read(&SourceFile::new(path, text), &mut Vec::new())
}

/// The file that is named, else that of the only folder.
pub(super) fn accepted_in(
    paths: &[PathBuf],
    from: &Accepting,
    terminal: &mut Terminal,
) -> Option<Fingerprints> {
    let own = match paths {
        [folder] => Some(folder.join(ACCEPTED_FILE)).filter(|path| path.is_file()),
        _ => None,
    };
    match from.file.as_ref().or(own.as_ref()) {
        Some(path) => load::reading(path, terminal, Fingerprints::read),
        None => Some(Fingerprints::default()),
    }
}

fn told(
    contracts: &Contracts,
    found: &[Disagreement],
    (accepted, today): (&Fingerprints, Date),
) -> (Report, Exit) {
    let mut items: Vec<_> = found.iter().map(|one| item(one, accepted, today)).collect();
    // What is gravest comes first; the order of channels stays within.
    let mut order: Vec<_> = found.iter().map(|one| one.effect).zip(items.drain(..)).collect();
    order.sort_by_key(|(effect, _)| *effect);
    items.extend(order.into_iter().map(|(_, item)| item));
    let fingerprints: BTreeSet<_> = found.iter().map(Disagreement::fingerprint).collect();
    let unused = accepted.unused(&fingerprints);
    items.extend(unused.iter().map(|(fingerprint, place)| unused_item(fingerprint, place)));
    let of = |standing| items.iter().filter(|item| item.standing == standing).count();
    let (fails, undecided) = (of(Standing::Fails), of(Standing::Undecided));
    let over = items.iter().filter(|item| item.line["accepted"]["expired"] == true).count();
    let exit = match (fails, undecided) {
        (0, 0) => Exit::Holds,
        (0, _) => Exit::Inconclusive,
        _ => Exit::Violation,
    };
    let services: Vec<_> = contracts.contracts().iter().map(|one| one.service.as_str()).collect();
    let head = json!({
        "event": "drift",
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "services": services,
    });
    let tail = json!({
        "event": "summary",
        "disagreements": found.len(),
        "new": fails - over,
        "expired": over,
        "accepted": of(Standing::Accepted),
        "undecided": undecided,
        "unused": unused.len(),
        "exit": exit.info().code,
    });
    let (head, tail, table) = (Some(head), Some(tail), Vec::new());
    let mut summary = format!(
        "{} of {}: {} new, {over} no longer accepted, {} accepted",
        count(found.len(), "disagreement", "disagreements"),
        count(services.len(), "document", "documents"),
        fails - over,
        of(Standing::Accepted),
    );
    if undecided > 0 {
        summary.push_str(&format!(", {undecided} undecided"));
    }
    if !unused.is_empty() {
        let entries = count(unused.len(), "accepted one is", "accepted ones are");
        summary.push_str(&format!("; {entries} not there any more"));
    }
    let rules = KINDS.iter().map(|kind| (kind.name, kind.text)).chain([UNUSED]).collect();
    (Report { command: "contracts drift", head, items, rules, table, summary, tail }, exit)
}

fn item(one: &Disagreement, accepted: &Fingerprints, today: Date) -> Item {
    let fingerprint = one.fingerprint();
    let entry = accepted.of(&fingerprint, today);
    let is_over = entry.is_some_and(|entry| entry.is_over(today));
    let standing = match (entry, is_over) {
        (Some(_), false) => Standing::Accepted,
        _ if one.rule == "undecided" => Standing::Undecided,
        _ => Standing::Fails,
    };
    let notes = entry.iter().map(|entry| {
        let place = entry.place(&fingerprint);
        let is = if is_over { "was accepted until" } else { "accepted until" };
        format!("{is} {} ({place}): {}", entry.until, entry.reason)
    });
    let acceptance = entry.map(|entry| {
        json!({
            "reason": entry.reason,
            "until": entry.until.to_string(),
            "place": entry.place(&fingerprint),
            "expired": is_over,
        })
    });
    let line = json!({
        "event": "finding",
        "rule": one.rule,
        "severity": one.effect.name(),
        "message": one.text,
        "channel": text_or_null(&one.channel),
        "type": text_or_null(&one.message),
        "field": text_or_null(&one.field),
        "sender": text_or_null(&one.sender),
        "receiver": text_or_null(&one.receiver),
        "places": one.places.iter().map(place).collect::<Vec<_>>(),
        "witness": one.witness,
        "fingerprint": fingerprint,
        "accepted": acceptance,
    });
    let between = one.between();
    let subject = match between.is_empty() {
        true => one.subject(),
        false => format!("{between}  {}", one.subject()),
    };
    Item {
        standing,
        grade: one.effect.name(),
        rule: one.rule.to_owned(),
        subject,
        message: one.text.clone(),
        notes: notes.collect(),
        places: one.places.clone(),
        witness: one.witness.clone(),
        fingerprint: Some(fingerprint),
        line,
    }
}

fn unused_item(fingerprint: &str, place: &str) -> Item {
    let message = format!("{place}: nothing has the fingerprint {fingerprint}: the entry can go");
    Item {
        standing: Standing::Remark,
        grade: Effect::Cosmetic.name(),
        rule: UNUSED.0.to_owned(),
        subject: place.to_owned(),
        message,
        notes: Vec::new(),
        places: Vec::new(),
        witness: None,
        fingerprint: Some(fingerprint.to_owned()),
        line: json!({ "event": "unused", "fingerprint": fingerprint, "place": place }),
    }
}

fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

/// A place as JSON lines have it.
pub(super) fn place(place: &Place) -> Value {
    let (path, line, column) = place.position();
    json!({ "path": path, "line": line, "column": column, "what": place.what })
}
