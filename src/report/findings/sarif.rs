//! Findings as SARIF 2.1.0, which code scanning reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Item, Report, Standing};
use crate::compatibility::Place;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The name and version of our fingerprints.
const FINGERPRINT: &str = "quintet/v1";

pub(super) fn sarif(report: &Report) -> String {
    let said = |item: &&Item| item.standing != Standing::Holds;
    let items: Vec<_> = report.items.iter().filter(said).collect();
    let names: BTreeSet<&str> = items.iter().map(|item| item.rule.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let rules: Vec<_> = names.iter().map(|name| rule(report, name)).collect();
    let results: Vec<_> = items.iter().map(|item| result(item, &names)).collect();
    let driver = json!({
        "name": "quintet",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    let run = json!({
        "tool": { "driver": driver },
        "automationDetails": { "id": format!("quintet/{}/", report.command.replace(' ', "-")) },
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    let whole = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

fn rule(report: &Report, name: &str) -> Value {
    let mut rule = json!({ "id": name });
    if let Some((_, text)) = report.rules.iter().find(|(known, _)| *known == name) {
        rule["shortDescription"] = json!({ "text": text });
    }
    rule
}

fn result(item: &Item, names: &[&str]) -> Value {
    let level = match item.standing {
        Standing::Fails | Standing::Accepted if item.grade != "cosmetic" => "error",
        Standing::Remark => "note",
        _ => "warning",
    };
    let lines = std::iter::once(&item.message).chain(&item.notes).cloned();
    let witness = item.witness.iter().map(|value| format!("witness: {value}"));
    let text = lines.chain(witness).collect::<Vec<_>>().join("\n");
    let mut result = json!({
        "ruleId": item.rule,
        "ruleIndex": names.iter().position(|name| *name == item.rule),
        "level": level,
        "message": { "text": text },
    });
    if let Some(main) = item.places.first() {
        result["locations"] = json!([location(main, None)]);
        let others: Vec<_> =
            item.places.iter().skip(1).zip(1..).map(|(one, id)| location(one, Some(id))).collect();
        if !others.is_empty() {
            result["relatedLocations"] = json!(others);
        }
    }
    if let Some(fingerprint) = &item.fingerprint {
        result["partialFingerprints"] = json!({ FINGERPRINT: fingerprint });
    }
    if item.standing == Standing::Accepted {
        let why = item.notes.join("; ");
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    result
}

fn location(place: &Place, id: Option<usize>) -> Value {
    let (path, line, column) = place.position();
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(path) },
            "region": { "startLine": line, "startColumn": column },
        },
        "message": { "text": place.what },
    });
    if let Some(id) = id {
        location["id"] = json!(id);
    }
    location
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let encoded = path.bytes().map(|byte| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    // A colon in the first part would make a scheme of it; it is escaped as well.
    encoded.collect()
}
