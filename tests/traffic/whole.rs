//! What a live reference service did, captured from the mock and checked as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quintet::kafka::Deadline;
use quintet::kafka::host::{Host, Options};
use quintet::message::{Headers, Json, Outgoing, Payload, Record, Tenant, TraceParent};
use quintet::services::reference;
use serde_json::{Value, json};
use uuid::Uuid;

use super::files::Said;
use super::live::{Bed, PATIENCE, end, signal};

/// A service at work, and what is captured of it.
struct Captured {
    bed: Bed,
    host: Host,
    child: std::process::Child,
    sent: u128,
    lines: usize,
}

impl Captured {
    fn start(service: &str) -> Self {
        let bed = Bed::new();
        let services = reference().into_iter().filter(|one| one.name() == service).collect();
        let contracts = Arc::clone(&bed.contracts);
        let options = Options::default();
        let host = Host::start(&bed.connection, &bed.topics, contracts, services, options);
        let host = host.expect("it starts");
        host.wait_ready(PATIENCE).expect("it has its partitions");
        let child = bed.start("capture --out x.jsonl");
        Self { bed, host, child, sent: 0, lines: 0 }
    }

    /// Sends values in two tenants, which bring about so many events each in all; waits until
    /// everything is in the file.
    fn told(&mut self, channel: &str, values: &[Value], events: usize) {
        let channel = self.bed.contracts.channel_ix(channel).expect("a channel");
        for value in values {
            for tenant in 1..=2 {
                self.sent += 1;
                let id = Uuid::from_u128(tenant);
                let tenant = Tenant { id, region: "GMS".into(), major: 83, minor: 1 };
                let trace = TraceParent { trace: self.sent, span: 1, flags: 1 };
                let bytes = value.to_string();
                let record = Record {
                    key: self.bed.contracts.key_for(channel, &Json::from(value.clone())),
                    headers: Headers::of_tenant(&tenant, trace),
                    value: Some(Payload::new(bytes.as_bytes())),
                };
                let outgoing = Outgoing { channel, record };
                self.bed.sender.send(&outgoing, None).expect("the mock takes it");
            }
        }
        self.lines += 2 * (values.len() + events);
        let deadline = Deadline::after(PATIENCE);
        while self.text().lines().count() < self.lines {
            assert!(!deadline.is_over(), "{} lines of\n{}", self.lines, self.text());
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// What was captured so far.
    fn text(&self) -> String {
        std::fs::read_to_string(self.bed.folder.path().join("x.jsonl")).unwrap_or_default()
    }

    /// Ends the service and the capture, and checks it: how often each rule's premise held.
    fn checked(self, service: &str) -> BTreeMap<String, u64> {
        self.host.stop().expect("it went well");
        signal(self.child.id(), "-TERM");
        let (out, code) = end(self.child);
        assert_eq!(code, Some(0), "{out}");
        let folder = self.bed.folder.path();
        let text = std::fs::read_to_string(folder.join("x.jsonl")).expect("it was captured");
        assert_eq!(text.lines().count(), self.lines, "{text}");
        let said = Said::of(folder, &format!("check x.jsonl --service {service} --format json"));
        assert_eq!(said.code, 0, "{said:#?}\n{text}");
        // The same without an event is not what the reference does; without the first of a
        // partition it might be the end of something longer.
        let is_event =
            |line: &str| line.contains("EVENT_TOPIC") && !line.contains(r#""offset":0,"#);
        let event = text.lines().position(is_event).expect("an event");
        let rest = without(&text, event);
        std::fs::write(folder.join("less.jsonl"), rest).expect("there is room");
        let less = Said::of(folder, &format!("check less.jsonl --service {service} --settle 10ms"));
        assert_eq!(less.code, 1, "{less:#?}");
        let lines = said.out.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let passed = lines.filter(|line: &Value| line["verdict"] == "passed");
        passed
            .map(|line| {
                let rule = line["rule"].as_str().expect("a rule").to_owned();
                (rule, line["times"].as_u64().expect("a number"))
            })
            .collect()
    }
}

fn held(passed: &BTreeMap<String, u64>, rules: &[&str]) {
    for rule in rules {
        assert!(passed.get(*rule).is_some_and(|times| *times > 0), "{rule}: {passed:?}");
    }
}

#[test]
fn a_ban_service() {
    let mut captured = Captured::start("ban");
    let create = |value: &str| {
        let body = json!({ "banType": 0, "value": value, "reason": "r", "reasonCode": 1,
            "permanent": true, "expiresAt": 0, "issuedBy": "gm" });
        json!({ "type": "CREATE", "body": body })
    };
    let delete = |ban: u32| json!({ "type": "DELETE", "body": { "banId": ban } });
    captured.told("ban.command", &[create("10.0.0.1")], 1);
    captured.told("ban.command", &[create("10.0.0.2"), create("10.0.0.4")], 2);
    captured.told("ban.command", &[delete(2)], 1);
    captured.told("ban.command", &[create(""), delete(77), create("10.0.0.3")], 1);
    let passed = captured.checked("ban");
    held(
        &passed,
        &["BAN-1", "BAN-2", "BAN-3", "BAN-4", "BAN-5", "COM-2", "COM-7", "SEQ-5", "SEQ-6"],
    );
}

#[test]
fn an_invite_service() {
    let mut captured = Captured::start("invite");
    let command = |kind: &str, id: u128, body: Value| {
        json!({ "transactionId": Uuid::from_u128(id).to_string(), "worldId": 0,
            "inviteType": "PARTY", "type": kind, "body": body })
    };
    let create = |id: u128, originator: u32, target: u32| {
        let body = json!({ "originatorId": originator, "targetId": target, "referenceId": 500 + originator });
        command("CREATE", id, body)
    };
    captured.told("invite.command", &[create(1, 1, 9)], 1);
    captured.told("invite.command", &[create(2, 2, 9), create(3, 3, 8)], 2);
    let accept = command("ACCEPT", 1, json!({ "targetId": 9, "referenceId": 501 }));
    captured.told("invite.command", &[accept], 1);
    let reject = command("REJECT", 3, json!({ "targetId": 8, "originatorId": 3 }));
    let nobodys = command("REJECT", 4, json!({ "targetId": 7, "originatorId": 3 }));
    captured.told("invite.command", &[reject, nobodys], 1);
    let passed = captured.checked("invite");
    held(&passed, &["INV-1", "INV-4", "INV-5", "INV-7", "INV-11", "COM-7", "SEQ-4", "SEQ-6"]);
}

/// A capture in which one record was never written: those behind it have the offsets before theirs.
fn without(text: &str, gone: usize) -> String {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let lines: Vec<Value> = lines.collect();
    let place = |line: &Value| (line["topic"].clone(), line["partition"].clone());
    let offset = |line: &Value| line["offset"].as_u64().expect("a number");
    let rest = lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| {
        let is_behind = place(line) == place(&lines[gone]) && offset(line) > offset(&lines[gone]);
        let mut line = line.clone();
        line["offset"] = (offset(&line) - u64::from(is_behind)).into();
        format!("{line}\n")
    });
    rest.collect()
}
