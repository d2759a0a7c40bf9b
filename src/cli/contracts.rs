//! `contracts`: what is said of contracts and schemas themselves, offline.

use std::path::Path;

use serde_json::json;

use super::args::{Compare, Contracts, ContractsCommand, Lines};
use super::exit::Exit;
use super::terminal::Terminal;
use super::{breaking, drift, load, matrix};
use crate::evolution::{self, Comparison, Direction, Document, Mode, Verdict};
use crate::pack::Packs;
use crate::report::style::{BAD, GOOD, UNSURE, count, paint};

/// A comparison nests as deep as schemas do, and each level takes some stack.
const STACK_BYTES: usize = 256 << 20;
/// In text, a witness is shown up to so many characters.
const MAX_SHOWN: usize = 2000;

/// Does what is asked for.
pub(super) fn contracts(args: &Contracts, packs: &Packs, terminal: &mut Terminal) -> Exit {
    match &args.command {
        ContractsCommand::Breaking(args) => breaking::breaking(args, terminal),
        ContractsCommand::Matrix(args) => matrix::matrix(args, terminal),
        ContractsCommand::Drift(args) => drift::drift(args, packs, terminal),
        ContractsCommand::Compare(args) => compare(args, terminal),
        ContractsCommand::Show(args) => super::contracts_show::show(args, terminal),
        ContractsCommand::Coverage(args) => super::coverage::coverage(args, packs, terminal),
        ContractsCommand::Needs(args) => super::needs::needs(args, packs, terminal),
        ContractsCommand::Check(args) => super::contracts_check::check(args, terminal),
    }
}

fn compare(args: &Compare, terminal: &mut Terminal) -> Exit {
    let olds: Vec<_> = args.olds.iter().map(|path| document(path, terminal)).collect();
    let new = document(&args.new, terminal);
    let (Some(olds), Some(new)) = (olds.into_iter().collect::<Option<Vec<_>>>(), new) else {
        return Exit::Unusable;
    };
    let modes = if args.modes.is_empty() { &[Mode::Backward][..] } else { &args.modes };
    let mut exit = Exit::Holds;
    for mode in modes {
        let compared = with_stack(|| evolution::compare(&olds, &new, *mode, args.policy));
        let Some(compared) = compared else {
            terminal.error("no thread can be started for the comparison");
            return Exit::Unchecked;
        };
        exit = exit.and(match compared.verdict {
            Verdict::Compatible => Exit::Holds,
            Verdict::Breaking(_) => Exit::Violation,
            Verdict::Undecided(_) => Exit::Inconclusive,
        });
        match args.format {
            Lines::Json => terminal.line(&as_json(&compared, args).to_string()),
            Lines::Text => as_text(&compared, args, terminal),
        }
    }
    exit
}

fn document(path: &Path, terminal: &mut Terminal) -> Option<Document> {
    load::reading(path, terminal, evolution::read)
}

pub(super) fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, work).ok()?.join() {
            Ok(done) => Some(done),
            Err(bug) => std::panic::resume_unwind(bug),
        }
    })
}

fn side(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::OldToNew => ("old", "new"),
        Direction::NewToOld => ("new", "old"),
    }
}

fn as_json(compared: &Comparison, args: &Compare) -> serde_json::Value {
    let changes: Vec<_> = compared
        .changes
        .iter()
        .map(|change| json!({ "rule": change.rule.name, "path": change.path }))
        .collect();
    let mut line = json!({
        "event": "comparison",
        "mode": compared.mode.name(),
        "verdict": verdict_name(&compared.verdict),
        "witness": null,
        "changes": changes,
        "policy": args.policy.name(),
    });
    match &compared.verdict {
        Verdict::Compatible => {}
        Verdict::Undecided(why) => line["reason"] = json!(why),
        Verdict::Breaking(witness) => {
            let (accepting, refusing) = side(witness.direction);
            line["witness"] = witness.value.to_serde().unwrap_or_default();
            line["accepted_by"] = json!(accepting);
            line["refused_by"] = json!(refusing);
            line["old"] = json!(args.olds.get(witness.old).map(|path| load::shown(path)));
        }
    }
    if let Some(accepts) = compared.registry_accepts {
        line["registry"] = json!(if accepts { "accepts" } else { "refuses" });
    }
    line
}

fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Compatible => "compatible",
        Verdict::Breaking(_) => "breaking",
        Verdict::Undecided(_) => "undecided",
    }
}

fn as_text(compared: &Comparison, args: &Compare, terminal: &mut Terminal) {
    let name = verdict_name(&compared.verdict);
    let (style, text) = match &compared.verdict {
        Verdict::Compatible => (GOOD, "each value that is written is accepted".to_owned()),
        Verdict::Undecided(why) => (UNSURE, why.clone()),
        Verdict::Breaking(witness) => {
            let (accepting, refusing) = side(witness.direction);
            let old = args.olds.get(witness.old).map_or_else(String::new, |path| load::shown(path));
            let of = |side: &str| match side {
                "old" => format!("the old schema ({old})"),
                _ => format!("the new schema ({})", load::shown(&args.new)),
            };
            let value = witness.value.to_serde().unwrap_or_default().to_string();
            let mut shown: String = value.chars().take(MAX_SHOWN).collect();
            if shown.len() < value.len() {
                shown.push('…');
            }
            (BAD, format!("{} accepts {shown}, {} refuses it", of(accepting), of(refusing)))
        }
    };
    terminal.line(&format!("{} {}: {text}", compared.mode.name(), paint(style, name)));
    if let Some(accepts) = compared.registry_accepts {
        let does = if accepts { "accepts" } else { "refuses" };
        terminal.line(&format!("  a registry with the policy {} {does} it", args.policy.name()));
    }
    if compared.changes.is_empty() {
        terminal.line("  nothing changed that has a name");
        return;
    }
    terminal.line(&format!("  {}:", count(compared.changes.len(), "change", "changes")));
    for change in &compared.changes {
        let path = if change.path.is_empty() { "/" } else { &change.path };
        terminal.line(&format!("    {}  {path}", change.rule.name));
    }
}
