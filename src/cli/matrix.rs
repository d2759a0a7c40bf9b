//! `contracts matrix`: which versions of services can run beside each other, and whether the
//! documents as they are now may go out.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::args::Matrix;
use super::contracts::with_stack;
use super::exit::Exit;
use super::terminal::Terminal;
use super::versions::{History, versions};
use super::{clock, documents, drift, load};
use crate::accepted::{Date, Fingerprints};
use crate::compatibility::breaking::Version;
use crate::compatibility::matrix::{Cell, Deployed, matrix as compared};
use crate::compatibility::{Disagreement, Place};
use crate::diagnostic::SourceFile;
use crate::report::findings::{Item, Report, Standing};
use crate::report::style::count;
use crate::yaml::{self, Node};

/// The version of the JSON lines.
const FORMAT: u32 = 1;
/// What the documents as they are now are called.
const NOW: &str = "now";

/// The versions that run, by service.
type Running = BTreeMap<String, Vec<String>>;

/// Compares all pairs of versions.
pub(super) fn matrix(args: &Matrix, terminal: &mut Terminal) -> Exit {
    let Some(new) = documents::contracts(std::slice::from_ref(&args.path), terminal) else {
        return Exit::Unusable;
    };
    let Some(mut all) = versions(&args.path, &args.against, History::Since, terminal) else {
        return Exit::Unusable;
    };
    all.push(Version { label: NOW.to_owned(), contracts: new });
    let running = match &args.deployed {
        None => None,
        Some(path) => match deployed(path, &all) {
            Ok(running) => Some(running),
            Err(error) => {
                terminal.error(&error);
                return Exit::Unusable;
            }
        },
    };
    let folder = std::slice::from_ref(&args.path);
    let Some(accepted) = drift::accepted_in(folder, &args.accepting, terminal) else {
        return Exit::Unusable;
    };
    let today = args.accepting.today.unwrap_or_else(clock::today);
    let runs = |one: &Deployed, running: &Running| {
        let known = running.get(&one.service);
        known.is_some_and(|known| known.iter().any(|label| one.labels.contains(label)))
    };
    let is_new = |one: &Deployed| one.labels.iter().any(|label| label == NOW);
    // What goes out meets what runs, in both directions.
    let wanted = |sender: &Deployed, receiver: &Deployed| match &running {
        None => true,
        Some(running) => {
            is_new(sender) && runs(receiver, running) || runs(sender, running) && is_new(receiver)
        }
    };
    let Some(cells) = with_stack(|| compared(&all, wanted)) else {
        terminal.error("no thread can be started for the comparison");
        return Exit::Unchecked;
    };
    let (report, exit) = told(&cells, running.is_some(), (&accepted, today));
    exit.and(documents::write(&report, &args.reported, terminal))
}

fn told(
    cells: &[Cell],
    is_asked: bool,
    (accepted, today): (&Fingerprints, Date),
) -> (Report, Exit) {
    let items: Vec<_> = cells.iter().map(|cell| item(cell, accepted, today)).collect();
    let of = |standing| items.iter().filter(|item| item.standing == standing).count();
    let (fails, undecided) = (of(Standing::Fails), of(Standing::Undecided));
    let exit = match (fails, undecided) {
        (0, 0) => Exit::Holds,
        (0, _) => Exit::Inconclusive,
        _ => Exit::Violation,
    };
    let head = json!({ "event": "matrix", "format": FORMAT, "version": env!("CARGO_PKG_VERSION") });
    let may = is_asked.then_some(exit == Exit::Holds);
    let tail = json!({
        "event": "summary",
        "pairs": cells.len(),
        "breaking": fails,
        "accepted": of(Standing::Accepted),
        "undecided": undecided,
        "may_go_out": may,
        "exit": exit.info().code,
    });
    let (head, tail, table) = (Some(head), Some(tail), Vec::new());
    let mut summary = format!(
        "{} of versions: {fails} cannot run beside each other, {} accepted, {undecided} undecided",
        count(cells.len(), "pair", "pairs"),
        of(Standing::Accepted),
    );
    match may {
        Some(true) => summary.push_str("; what is there now may go out"),
        Some(false) => summary.push_str("; what is there now may not go out"),
        None => {}
    }
    let rules = vec![(
        "cannot-run-beside",
        "a sender and a receiver in two versions, of which \
        one sends what the other refuses",
    )];
    (Report { command: "contracts matrix", head, items, rules, table, summary, tail }, exit)
}

fn item(cell: &Cell, accepted: &Fingerprints, today: Date) -> Item {
    let is_known = |one: &&Disagreement| {
        let entry = accepted.of(&one.fingerprint(), today);
        entry.is_some_and(|entry| !entry.is_over(today))
    };
    let new: Vec<_> = cell.broken.iter().filter(|one| !is_known(one)).collect();
    let all_undecided = new.iter().all(|one| one.rule == "undecided");
    let (standing, grade) = match (cell.broken.is_empty(), new.is_empty(), all_undecided) {
        (true, ..) => (Standing::Holds, "compatible"),
        (_, true, _) => (Standing::Accepted, "accepted"),
        (.., true) => (Standing::Undecided, "undecided"),
        _ => (Standing::Fails, "breaks"),
    };
    let of = |one: &Deployed| json!({ "service": one.service, "versions": one.labels });
    let found: Vec<_> = cell
        .broken
        .iter()
        .map(|one| {
            json!({
                "rule": one.rule,
                "message": one.text,
                "witness": one.witness,
                "fingerprint": one.fingerprint(),
                "accepted": is_known(&one),
                "places": one.places.iter().map(drift::place).collect::<Vec<_>>(),
            })
        })
        .collect();
    let line = json!({
        "event": "pair",
        "sender": of(&cell.sender),
        "receiver": of(&cell.receiver),
        "verdict": grade,
        "findings": found,
    });
    let name = |one: &Deployed| format!("{} ({})", one.service, one.labels.join(", "));
    let subject = format!("{} → {}", name(&cell.sender), name(&cell.receiver));
    let notes = cell.broken.iter().map(|one| format!("{}: {}", one.rule, one.text)).collect();
    let places: Vec<Place> = new.first().map(|one| one.places.clone()).unwrap_or_default();
    Item {
        standing,
        grade,
        rule: "cannot-run-beside".to_owned(),
        message: match cell.broken.len() {
            0 => "each message that is sent is taken".to_owned(),
            some => count(some, "thing breaks", "things break"),
        },
        subject,
        notes,
        places,
        witness: new.first().and_then(|one| one.witness.clone()),
        fingerprint: None,
        line,
    }
}

/// Reads which versions run: a mapping of services to versions.
fn deployed(path: &Path, versions: &[Version]) -> Result<Running, String> {
    let shown = load::shown(path);
    let bytes = load::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let mut diagnostics = Vec::new();
    let file = SourceFile::from_bytes(&shown, &bytes, &mut diagnostics);
    let node = file.as_ref().and_then(|file| yaml::read(file, &mut diagnostics));
    if let Some(first) = diagnostics.iter().find(|one| one.is_error()) {
        return Err(load::told(first));
    }
    let (Some(file), Some(node)) = (file, node) else {
        return Err(format!("{shown} cannot be read"));
    };
    let wrong = |node: &Node, what: &str| {
        let (line, column) = file.position(node.span.start);
        format!("{shown}:{line}:{column}: {what}")
    };
    let members = node.get("deployed").and_then(Node::mapping);
    let members = members.ok_or_else(|| wrong(&node, "`deployed` must name services"))?;
    let mut running = Running::new();
    for (service, labels) in members {
        let items = labels.sequence().unwrap_or(std::slice::from_ref(labels));
        let mut known = Vec::new();
        for item in items {
            let label = item.text().ok_or_else(|| wrong(item, "a version is a text"))?;
            if versions.iter().all(|version| version.label != label) {
                let all: Vec<_> = versions.iter().map(|one| one.label.as_str()).collect();
                let what = format!("no version `{label}`; there are {}", all.join(", "));
                return Err(wrong(item, &what));
            }
            known.push(label.to_owned());
        }
        let name = service.text().unwrap_or_default();
        if versions.iter().all(|version| version.contracts.contract(name).is_none()) {
            return Err(wrong(service, &format!("no document is of a service `{name}`")));
        }
        running.insert(name.to_owned(), known);
    }
    Ok(running)
}
