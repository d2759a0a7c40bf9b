//! How a finding of `verify` can be seen once more: what was done, and the command that does it.

use super::args::{Stand, Verify};
use crate::history::Event;
use crate::message::{Json, Tenant, VirtualTime};
use crate::report::style::shell_word;
use crate::report::verdicts::{Reproduction, Shown};
use crate::verify::What;
use crate::verify::live;

/// As it is reported.
pub(super) fn reproduction(args: &Verify, shrunk: &live::Reproduction) -> Reproduction {
    Reproduction {
        seed: Some(args.seed),
        tenant: shrunk.found.tenant.as_ref().map(ToString::to_string),
        steps: steps(shrunk),
        command: command(args, &shrunk.script),
    }
}

/// What was done and seen, in order: records, kills, and what the probe did.
fn steps(shrunk: &live::Reproduction) -> Vec<String> {
    let seen = &shrunk.observation;
    let of = |tenant: &Tenant| match shrunk.found.tenant.as_ref() == Some(tenant) {
        true => String::new(),
        false => format!(" in {tenant}"),
    };
    let mut steps: Vec<(VirtualTime, String)> = Vec::new();
    for given in &seen.given {
        for (data, entries) in &given.data {
            let text = format!("probe: gives {data} {entries}{}", of(&given.tenant));
            steps.push((VirtualTime::ZERO, text));
        }
    }
    let mut dies = false;
    for entry in seen.history.entries() {
        let text = match &entry.event {
            Event::Observed { what, .. } if what.starts_with(live::ENDED) => {
                dies = true;
                what.to_string()
            }
            Event::Crashed { .. } if std::mem::take(&mut dies) => continue,
            Event::Crashed { .. } => "the implementation is killed (-9)".to_owned(),
            Event::Restarted { .. } => "the implementation is there again".to_owned(),
            Event::Sent { record } | Event::Emitted { record, .. } => {
                let shown = Shown::of(&seen.history, *record);
                let tenant = seen.history.record(*record).record.headers.tenant();
                format!("{}{}", line(&shown), tenant.map_or_else(|_| headers(&shown), of))
            }
            _ => continue,
        };
        steps.push((entry.at, text));
    }
    for asked in &seen.asked {
        let verb = if asked.what == What::Query { "asks" } else { "does" };
        let text = format!("probe: {verb} {} {}: {}", asked.name, asked.args, asked.answer);
        steps.push((asked.from, format!("{text}{}", of(&asked.tenant))));
    }
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(_, text)| text).collect()
}

/// `test: ban.command/CREATE {…}`
fn line(shown: &Shown) -> String {
    let field = |name: &str| shown.placed.get(name).cloned().unwrap_or_default();
    let value = match field("value") {
        Json::Null => "without a value".to_owned(),
        Json::String(text) => text,
        value => value.to_string(),
    };
    let message = field("message");
    format!("{}: {} {value}", shown.producer, message.as_str().unwrap_or_default())
}

/// The headers of a record that names no tenant.
fn headers(shown: &Shown) -> String {
    format!(" with headers {}", shown.placed.get("headers").cloned().unwrap_or_default())
}

/// The command that plays a script again. Properties of the connection may be secret: they are not
/// in it.
fn command(args: &Verify, script: &str) -> String {
    let mut words = vec!["quintet".to_owned(), "verify".to_owned(), args.service.clone()];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([name.to_owned(), shell_word(&value)]);
        }
    };
    let path =
        |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    option("--on", args.link.on.clone());
    option("--topics", path(&args.link.topics));
    option("--kafka-config-file", path(&args.link.config_file));
    option("--group", args.group.clone());
    option("--command", args.command.clone());
    option("--probe", path(&args.probe));
    let alone = (args.neighbours == Stand::None).then(|| "none".to_owned());
    option("--neighbours", alone);
    let keys = args.judged.key_encoding.map(|encoding| encoding.name().to_owned());
    option("--key-encoding", keys);
    option("--seed", Some(args.seed.to_string()));
    option("--script", Some(script.to_owned()));
    for file in &args.properties.property_files {
        option("--properties", Some(file.display().to_string()));
    }
    if args.not_persistent {
        words.push("--not-persistent".to_owned());
    }
    words.join(" ")
}
