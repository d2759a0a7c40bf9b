//! The probes that the documents show: files that can be used, commands that pass on what is asked,
//! and answers such as the reference gives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_to_string, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use quintet::diagnostic::SourceFile;
use quintet::message::Json;
use quintet::service::Vocabulary;
use quintet::services::packs;
use quintet::services::reference;
use quintet::verify::What;
use quintet::verify::live::{Commands, Probe as _, read_probe};
use quintet::verify::script::random::Abilities;
use serde_json::{Value, json};

use crate::five::{five, tenant};

const DOCUMENT: &str = include_str!("../../docs/verifying.md");

/// Another way to say `accountId`, for scenarios; no script uses it.
const ALIAS: &str = "account";

/// The file that the document shows for a service.
fn shown(service: &str) -> Commands {
    let (_, rest) = DOCUMENT.split_once(&format!("\n`{service}`")).expect("it is shown");
    let (_, rest) = rest.split_once("```yaml\n").expect("a file follows");
    let (text, _) = rest.split_once("```").expect("the file ends");
    let mut diagnostics = Vec::new();
    let probe =
        read_probe(&SourceFile::new("probe.yaml", text), (service, &packs()), &mut diagnostics);
    assert!(diagnostics.is_empty(), "{service}: {diagnostics:#?}");
    probe.expect("it can be used")
}

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Query,
    Stimulus,
    Data,
}

/// As the table calls it.
const CALLED: [(&str, For); 3] =
    [("query ", For::Query), ("stimulus ", For::Stimulus), ("data ", For::Data)];

/// A row of the document's table: what is in backticks in its columns.
struct Row {
    service: String,
    what: For,
    name: String,
    arguments: BTreeSet<String>,
    answers: Vec<Value>,
}

fn rows() -> Vec<Row> {
    let lines = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = lines.map(|line| line.trim_end_matches(" |").split(" | ").collect::<Vec<_>>());
    let what = |cell: &str| {
        let called = CALLED.iter().find(|(called, _)| cell.starts_with(called));
        called.map(|(_, what)| *what)
    };
    let of_probes = rows.filter(|cells| cells.len() == 4 && what(cells[1]).is_some());
    let row = |cells: Vec<&str>| Row {
        service: cells[0].to_owned(),
        what: what(cells[1]).expect("it is called something"),
        name: ticked(cells[1])[0].clone(),
        arguments: ticked(cells[2]).into_iter().collect(),
        answers: ticked(cells[3])
            .iter()
            .map(|answer| serde_json::from_str(answer).expect("an answer is JSON"))
            .collect(),
    };
    of_probes.map(row).collect()
}

fn ticked(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What a service can be asked, told or given, with the arguments.
fn known(service: &str) -> Vec<(For, &'static str, BTreeSet<String>)> {
    let own = reference().into_iter().find(|one| one.name() == service).expect("one of the five");
    let Vocabulary { queries, stimuli, data, .. } = own.vocabulary();
    let queries = queries.iter().map(|one| (For::Query, one));
    let stimuli = stimuli.iter().map(|one| (For::Stimulus, one));
    let looked_up = Abilities::all(service, &packs()).data;
    let data = data.iter().filter(|(name, _)| looked_up.contains(*name));
    let data = data.map(|one| (For::Data, one));
    let told = queries.chain(stimuli).chain(data).map(|(what, (name, arguments))| {
        let arguments = arguments.iter().filter(|name| **name != ALIAS);
        (what, *name, arguments.map(|name| (*name).to_owned()).collect())
    });
    told.collect()
}

#[test]
fn each_command_has_an_example_and_no_other() {
    let rows = rows();
    for service in reference() {
        let (service, probe) = (service.name(), shown(service.name()));
        let known = known(service);
        let named = |what| known.iter().filter(move |one| one.0 == what).map(|one| one.1);
        let commands = [
            (For::Query, &probe.queries),
            (For::Stimulus, &probe.stimuli),
            (For::Data, &probe.data),
        ];
        for (what, shown) in commands {
            let known: BTreeSet<_> = named(what).collect();
            assert!(known.into_iter().eq(shown.keys()), "{service}: {what:?}");
        }
        for (what, name, arguments) in &known {
            let is_of = |row: &&Row| row.service == service && row.what == *what;
            let row = rows.iter().filter(is_of).find(|row| row.name == *name);
            let row = row.unwrap_or_else(|| panic!("{service} {name} is in no row"));
            assert_eq!(row.arguments, *arguments, "{service} {name}");
        }
        assert_eq!(rows.iter().filter(|row| row.service == service).count(), known.len());
    }
    assert_eq!(rows.len(), reference().iter().map(|one| known(one.name()).len()).sum::<usize>());
}

/// Something in the place of `curl`, which notes what it is given, a word a line, and prints what
/// it was told to.
fn curl(folder: &Path) -> String {
    let program = folder.join("curl");
    let script = "#!/bin/sh\n\
        here=$(dirname \"$0\")\n\
        printf '%s\\n' \"$@\" > \"$here/given\"\n\
        case \" $* \" in *' -o /dev/null '*) ;; *) cat \"$here/answer\" ;; esac\n";
    write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program.display().to_string()
}

#[test]
fn each_command_passes_on_what_is_asked_and_prints_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let curl = curl(folder.path());
    let rows = rows();
    for service in reference() {
        let mut probe = shown(service.name());
        let Commands { queries, stimuli, data, .. } = &mut probe;
        for command in [queries, stimuli, data].into_iter().flat_map(BTreeMap::values_mut) {
            assert!(command.starts_with("curl "), "{command}");
            *command = command.replacen("curl", &curl, 1);
        }
        for row in rows.iter().filter(|row| row.service == service.name()) {
            write(folder.path().join("answer"), row.answers[0].to_string()).unwrap();
            let value =
                |name: &String| (name.clone(), json!(format!("{name}: it's \"$HOME\" & co")));
            let all: BTreeMap<_, _> = row.arguments.iter().map(value).collect();
            let args = Json::from(json!(all));
            let ask = |args: &Json| match row.what {
                For::Query => probe.ask(What::Query, &row.name, &tenant(7), args),
                For::Stimulus => probe.ask(What::Stimulus, &row.name, &tenant(7), args),
                For::Data => probe.give(&row.name, &tenant(7), args).map(|()| Json::Null),
            };
            let answer = ask(&args).unwrap();
            assert_eq!(answer, Json::from(row.answers[0].clone()), "{} {}", row.service, row.name);
            let given = read_to_string(folder.path().join("given")).unwrap();
            assert!(given.contains(&tenant(7).id.to_string()), "{given}");
            for value in all.values() {
                let whole = value.as_str().unwrap();
                let in_json = value.to_string();
                assert!(given.contains(whole) || given.contains(&in_json), "{value}: {given}");
            }
            ask(&Json::from(json!({}))).unwrap();
            let given = read_to_string(folder.path().join("given")).unwrap();
            assert!(!given.replace("{}", "").contains('{'), "{given}");
        }
    }
}

/// The names of the fields of an answer, or of the first of its entries.
fn fields(answer: &Value) -> BTreeSet<&str> {
    let one = answer.as_array().map_or(answer, |entries| &entries[0]);
    one.as_object().expect("an answer of fields").keys().map(String::as_str).collect()
}

#[test]
fn the_reference_answers_with_the_fields_that_are_shown() {
    let mut five = five();
    five.give("ban", &[("bans", json!([{ "banType": 0, "value": "10.0.0.9" }]))]);
    five.give("effective_stats", &[("characters", json!([{ "id": 7, "strength": 10 }]))]);
    five.send("account.create", &json!({ "name": "eve", "password": "pw" }));
    five.client("eve", "wrong");
    let session = five.client("eve", "pw");
    let created = json!({ "characterId": 7, "issuer": "CHANNEL", "type": "CREATED" });
    five.send("session.status", &created);
    let invite = json!({ "originatorId": 1, "targetId": 2, "referenceId": 3 });
    five.send(
        "invite.command",
        &json!({ "transactionId": uuid::Uuid::from_u128(5).to_string(), "worldId": 0,
            "inviteType": "PARTY", "type": "CREATE", "body": invite }),
    );
    let asked = [
        ("ban", "check", json!({ "ip": "10.0.0.9" }), json!({ "ip": "10.0.0.1" })),
        ("ban", "ban", json!({ "banId": 1 }), json!({ "banId": 2 })),
        ("ban", "history", json!({ "accountId": 1 }), Value::Null),
        ("account", "account", json!({ "name": "eve" }), json!({ "name": "ann" })),
        ("login", "session", json!({ "session": session }), json!({ "session": tenant(9).id })),
        ("login", "account", json!({ "accountId": 1 }), Value::Null),
        ("effective_stats", "character", json!({ "characterId": 7 }), Value::Null),
        ("invite", "pending", json!({ "targetId": 2 }), Value::Null),
    ];
    let rows = rows();
    let queries = rows.iter().filter(|row| row.what == For::Query);
    assert_eq!(queries.count(), asked.len());
    for (service, name, known, unknown) in asked {
        let is_it = |row: &&Row| (row.service.as_str(), row.name.as_str()) == (service, name);
        let row = rows.iter().find(|row| is_it(row) && row.what == For::Query).unwrap();
        let cases = [known, unknown].into_iter().filter(|args| !args.is_null());
        for (args, shown) in cases.zip(&row.answers) {
            let own = five.query(service, name, args);
            let odd: Vec<_> = fields(shown).difference(&fields(&own)).copied().collect();
            assert!(odd.is_empty(), "{service} {name}: {odd:?} are not in {own}");
        }
    }
}
