//! `contracts compare`: JSON Schema files against each other.

use std::path::Path;

use serde_json::json;

use super::args::Compare;
use super::contracts::with_stack;
use super::exit::Exit;
use super::terminal::Terminal;
use super::{documents, load};
use crate::compatibility::Place;
use crate::diagnostic::{SourceFile, Span};
use crate::evolution::{self, Comparison, Direction, Document, Mode, Verdict};
use crate::report::findings::{Form, Item, Report, Standing};
use crate::report::style::{BAD, GOOD, UNSURE, count, paint};

/// In text, a witness is shown up to so many characters.
const MAX_SHOWN: usize = 2000;

/// Compares the files.
pub(super) fn compare(args: &Compare, terminal: &mut Terminal) -> Exit {
    let olds: Vec<_> = args.olds.iter().map(|path| document(path, terminal)).collect();
    let new = document(&args.new, terminal);
    let (Some(olds), Some(new)) = (olds.into_iter().collect::<Option<Vec<_>>>(), new) else {
        return Exit::Unusable;
    };
    let modes = if args.modes.is_empty() { &[Mode::Backward][..] } else { &args.modes };
    let mut exit = Exit::Holds;
    let mut all = Vec::new();
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
        all.push(compared);
    }
    let told = |form| match form {
        Form::Text => {
            let texts: Vec<_> = all.iter().map(|one| as_text(one, args)).collect();
            texts.join("\n")
        }
        form => whole(&all, args).in_form(form),
    };
    exit.and(documents::write_form(told, &args.reported, terminal))
}

fn document(path: &Path, terminal: &mut Terminal) -> Option<Document> {
    load::reading(path, terminal, evolution::read)
}

/// What the verdicts mean.
const RULES: [(&str, &str); 3] = [
    ("compatible", "each value that is written is accepted where it is read"),
    ("breaking", "a value is written that is refused where it is read"),
    ("undecided", "whether a change breaks is not decided within the budget"),
];

fn whole(all: &[Comparison], args: &Compare) -> Report {
    let verdicts =
        all.iter().map(|one| format!("{} {}", one.mode.name(), verdict_name(&one.verdict)));
    Report {
        command: "contracts compare",
        head: None,
        items: all.iter().map(|one| item(one, args)).collect(),
        rules: RULES.to_vec(),
        table: Vec::new(),
        summary: verdicts.collect::<Vec<_>>().join(", "),
        tail: None,
    }
}

fn item(compared: &Comparison, args: &Compare) -> Item {
    let verdict = verdict_name(&compared.verdict);
    let (standing, message, witness) = match &compared.verdict {
        Verdict::Compatible => (Standing::Holds, RULES[0].1.to_owned(), None),
        Verdict::Undecided(why) => (Standing::Undecided, why.clone(), None),
        Verdict::Breaking(witness) => {
            let (accepting, refusing) = side(witness.direction);
            let text =
                format!("the {accepting} schema accepts a value that the {refusing} refuses");
            (Standing::Fails, text, witness.value.to_serde())
        }
    };
    // A schema as a whole has no line of its own.
    let place = |path: &Path, what: &str| Place {
        file: SourceFile::new(load::shown(path), ""),
        span: Span::default(),
        what: what.to_owned(),
    };
    let changes = compared.changes.iter();
    let changes =
        changes.map(|one| format!("{} {}", one.rule.name, one.path).trim_end().to_owned());
    let old = args.olds.last().map(|path| place(path, "the old schema"));
    Item {
        standing,
        grade: verdict,
        rule: verdict.to_owned(),
        subject: compared.mode.name().to_owned(),
        message,
        notes: changes.collect(),
        places: std::iter::once(place(&args.new, "the new schema")).chain(old).collect(),
        witness,
        fingerprint: None,
        line: as_json(compared, args),
    }
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

fn as_text(compared: &Comparison, args: &Compare) -> String {
    let mut lines = Vec::new();
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
    lines.push(format!("{} {}: {text}", compared.mode.name(), paint(style, name)));
    if let Some(accepts) = compared.registry_accepts {
        let does = if accepts { "accepts" } else { "refuses" };
        lines.push(format!("  a registry with the policy {} {does} it", args.policy.name()));
    }
    if compared.changes.is_empty() {
        lines.push("  nothing changed that has a name".to_owned());
        return lines.join("\n");
    }
    lines.push(format!("  {}:", count(compared.changes.len(), "change", "changes")));
    for change in &compared.changes {
        let path = if change.path.is_empty() { "/" } else { &change.path };
        lines.push(format!("    {}  {path}", change.rule.name));
    }
    lines.join("\n")
}
