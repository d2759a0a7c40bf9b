//! `contracts needs`: which fields a service depends on, against what its contract says.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::Needs as Arguments;
use super::exit::Exit;
use super::terminal::Terminal;
use super::{documents, drift, load, workers};
use crate::message::Seed;
use crate::needs::{Found, Judged, Need, Needs, PROBES, RULES, ReadField, Usage, Weight, judged};
use crate::pack::Packs;
use crate::report::findings::{Item, Report, Standing};
use crate::report::style::count;
use crate::scenario::run::Setup;

/// The version of the JSON lines.
const FORMAT: u32 = 1;

/// Probes each field of each message that the service reads.
pub(super) fn needs(args: &Arguments, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let Some(loaded) = load::select(&args.selection, packs, terminal) else {
        return Exit::Unusable;
    };
    let setup = Setup::reference(Arc::clone(&loaded.contracts));
    let needs = match Needs::of(&loaded.plans, &setup, (&args.service, Seed(args.seed))) {
        Ok(needs) => needs,
        Err(error) => {
            terminal.error(&error.to_string());
            return Exit::Unusable;
        }
    };
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut found: Vec<Need> = Vec::new();
    let done = workers::in_order(
        needs.fields.len(),
        jobs,
        |at| needs.need(&needs.fields[at]),
        |_, need| {
            found.push(need);
            None
        },
    );
    if done.is_err() {
        return Exit::Bug;
    }
    let (report, exit) = told(&needs, &found, &args.service);
    exit.and(loaded.exit).and(documents::write(&report, &args.reported, terminal))
}

fn told(needs: &Needs<'_>, found: &[Need], service: &str) -> (Report, Exit) {
    let items: Vec<_> =
        needs.fields.iter().zip(found).map(|(field, need)| item(field, need, service)).collect();
    let mut usages: BTreeMap<Usage, usize> = BTreeMap::new();
    for need in found {
        *usages.entry(need.usage()).or_default() += 1;
    }
    let of = |usage| usages.get(&usage).copied().unwrap_or(0);
    let fails = items.iter().filter(|item| item.standing == Standing::Fails).count();
    let exit = match fails {
        0 if found.iter().all(|need| need.usage() == Usage::Unknown) => Exit::Inconclusive,
        0 => Exit::Holds,
        _ => Exit::Violation,
    };
    let all = [Usage::Decides, Usage::Copied, Usage::Read, Usage::Unused, Usage::Unknown];
    let sums: Map<String, Value> =
        all.iter().map(|usage| (usage.name().to_owned(), of(*usage).into())).collect();
    let head = json!({
        "event": "needs",
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "service": service,
        "tests": needs.tests(),
    });
    let tail = json!({
        "event": "summary",
        "fields": found.len(),
        "usages": sums,
        "failing": fails,
        "exit": exit.info().code,
    });
    let summary = format!(
        "{service}, {}: of {} {} decide, {} are copied, {} are only read, {} are not used, \
         {} are not exercised; {fails} against the contract",
        count(needs.tests(), "test", "tests"),
        count(found.len(), "field", "fields"),
        of(Usage::Decides),
        of(Usage::Copied),
        of(Usage::Read),
        of(Usage::Unused),
        of(Usage::Unknown),
    );
    let (head, tail, table) = (Some(head), Some(tail), table(needs, found));
    let (command, rules) = ("contracts needs", RULES.to_vec());
    (Report { command, head, items, rules, table, summary, tail }, exit)
}

/// A row for each message.
fn table(needs: &Needs<'_>, found: &[Need]) -> Vec<Vec<String>> {
    let usages = [Usage::Decides, Usage::Copied, Usage::Read, Usage::Unused, Usage::Unknown];
    let mut rows: Vec<(String, [usize; 5])> = Vec::new();
    for (field, need) in needs.fields.iter().zip(found) {
        let name = format!("{}/{}", field.channel, field.message);
        if rows.last().is_none_or(|(known, _)| *known != name) {
            rows.push((name, [0; 5]));
        }
        let at = usages.iter().position(|usage| *usage == need.usage());
        if let (Some((_, sums)), Some(at)) = (rows.last_mut(), at) {
            sums[at] += 1;
        }
    }
    let head = std::iter::once("message").chain(usages.iter().map(|usage| usage.name()));
    let head: Vec<String> = head.map(str::to_owned).collect();
    let row = |(name, sums): (String, [usize; 5])| {
        std::iter::once(name).chain(sums.iter().map(usize::to_string)).collect()
    };
    std::iter::once(head).chain(rows.into_iter().map(row)).collect()
}

fn item(field: &ReadField, need: &Need, service: &str) -> Item {
    let Judged { rule, weight, text } = judged(field, need);
    let standing = match weight {
        Weight::Fails => Standing::Fails,
        Weight::Remark => Standing::Remark,
        Weight::Holds => Standing::Holds,
    };
    let usage = need.usage();
    let notes = need.found.iter().map(|found| {
        let shown = found.shown.as_ref().map(|(test, text)| format!(": {text} ({test})"));
        let effect = found.effect.name();
        format!("{}: {effect}{}", found.probe.name(), shown.unwrap_or_default())
    });
    let probes: Map<String, Value> = PROBES
        .iter()
        .map(|(probe, name, _)| {
            let found = need.found.iter().find(|found| found.probe == *probe);
            ((*name).to_owned(), found.map_or(Value::Null, of_probe))
        })
        .collect();
    Item {
        standing,
        grade: usage.name(),
        rule: rule.to_owned(),
        subject: format!("{service} reads {}/{} {}", field.channel, field.message, field.field),
        message: text,
        notes: notes.collect(),
        places: field.place.clone().into_iter().collect(),
        witness: None,
        fingerprint: None,
        line: json!({
            "event": "need",
            "rule": rule,
            "fails": standing == Standing::Fails,
            "usage": usage.name(),
            "channel": field.channel,
            "type": field.message,
            "field": field.field,
            "declared": field.is_declared,
            "required": field.is_required,
            "tests": need.tests,
            "probes": probes,
            "places": field.place.iter().map(drift::place).collect::<Vec<_>>(),
        }),
    }
}

fn of_probe(found: &Found) -> Value {
    let shown = found.shown.as_ref();
    json!({
        "effect": found.effect.name(),
        "test": shown.map(|(test, _)| test),
        "shows": shown.map(|(_, text)| text),
    })
}
