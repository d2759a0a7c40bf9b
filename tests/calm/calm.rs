//! Whoever keeps the rules is not blamed: the references, in any order, under all faults, with
//! every accepted behaviour.

use quintet::bus::{Chooser, Point, Random, Topology};
use quintet::driver::FaultKind;
use quintet::history::{History, to_json_lines};
use quintet::message::{Seed, Stream};
use quintet::rule::RuleId;
use quintet::services;
use quintet::services::atlas::check;
use serde_json::{Value, json};

use crate::bed::{Bed, uuid};

/// Any order, and any accepted behaviour where `also` is set.
struct Any {
    order: Random,
    draws: Stream,
    also: bool,
}

impl Chooser for Any {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        self.order.choose(point)
    }

    fn decide(&mut self, _: &str, _: RuleId, options: &[&'static str]) -> usize {
        if self.also { self.draws.below(options.len()) } else { 0 }
    }
}

struct Player {
    bed: Bed,
    draws: Stream,
    sessions: Vec<String>,
}

const CHANNELS: &[(&str, &str)] = &[
    ("ban", "ban.command"),
    ("ban", "account.session.status"),
    ("account", "account.create"),
    ("account", "account.session.command"),
    ("login", "account.session.status"),
    ("login", "account.status"),
    ("invite", "invite.command"),
    ("invite", "character.status"),
    ("effective_stats", "session.status"),
];

impl Player {
    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.draws.below(of.len())]
    }

    fn below(&mut self, bound: usize) -> usize {
        self.draws.below(bound)
    }

    fn acts(&mut self) {
        self.bed.of = self.below(2);
        match self.below(14) {
            0 | 1 => self.bans(),
            2 => self.creates(),
            3..=5 => self.commands_sessions(),
            6 | 7 => self.is_a_client(),
            8..=10 => self.invites(),
            11 => self.strikes(),
            12 => self.says_nonsense(),
            _ => self.does_else(),
        }
        match self.below(4) {
            0 => {}
            1 => {
                let seconds = self.below(100) as u64;
                self.bed.wait(seconds);
            }
            _ => self.bed.settle(),
        }
    }

    fn bans(&mut self) {
        let value = if self.below(2) == 0 {
            let (ban_type, value) = (self.below(4), self.one_of(&["", "10.0.0.7", "HW", "1"]));
            let expires = 1_767_225_600 + self.below(200);
            let body = json!({ "banType": ban_type, "value": value, "reason": "", "reasonCode": 1,
                "permanent": self.below(2) == 0, "expiresAt": expires, "issuedBy": "" });
            json!({ "type": "CREATE", "body": body })
        } else {
            json!({ "type": "DELETE", "body": { "banId": self.below(4) } })
        };
        self.bed.send("ban.command", &value);
    }

    fn creates(&mut self) {
        let (name, password) = (self.one_of(&["eve", "bob", ""]), self.one_of(&["pw", "wrong"]));
        self.bed.send("account.create", &json!({ "name": name, "password": password }));
    }

    fn commands_sessions(&mut self) {
        let (kind, body) = match self.below(4) {
            0 | 1 => {
                let name = self.one_of(&["eve", "bob", "nobody"]);
                let password = self.one_of(&["pw", "pw", "wrong"]);
                ("CREATE", json!({ "accountName": name, "password": password }))
            }
            2 => {
                let state = self.below(4);
                let params = json!({ "n": 9_007_199_254_740_993_u64 });
                ("PROGRESS_STATE", json!({ "state": state, "params": params }))
            }
            _ => ("LOGOUT", json!({})),
        };
        let session = uuid(self.below(4) as u128);
        let account = self.below(3);
        let issuer = self.one_of(&["LOGIN", "CHANNEL", "CHANNEL", "INTERNAL"]);
        let value = json!({ "sessionId": session, "accountId": account, "author": issuer,
            "type": kind, "body": body });
        self.bed.send("account.session.command", &value);
    }

    fn is_a_client(&mut self) {
        if self.sessions.is_empty() || self.below(4) == 0 {
            let client = json!({ "ip": "10.0.0.7", "hwid": "HW" });
            if let Ok(session) = self.bed.does("login", "connect", client) {
                self.sessions.push(session.as_str().unwrap_or_default().to_owned());
            }
        }
        let Some(session) = self.sessions.last().cloned() else {
            return;
        };
        let name =
            self.one_of(&["credentials", "accept_licence", "select_character", "disconnect"]);
        let (user, password) = (self.one_of(&["eve", "bob"]), self.one_of(&["pw", "wrong"]));
        let args = match name {
            "credentials" => json!({ "session": session, "name": user, "password": password }),
            "select_character" => json!({ "session": session, "characterId": 7 }),
            _ => json!({ "session": session }),
        };
        // Many of these have no effect in the state that the client is in.
        let _ = self.bed.does("login", name, args);
    }

    fn invites(&mut self) {
        if self.below(6) == 0 {
            let value = json!({ "transactionId": self.transaction(), "worldId": 1,
                "characterId": 1 + self.below(2), "type": "DELETED", "body": {} });
            self.bed.send("character.status", &value);
            return;
        }
        let kind = self.one_of(&["CREATE", "CREATE", "ACCEPT", "REJECT"]);
        let body = json!({ "originatorId": self.below(3), "targetId": self.below(3),
            "referenceId": 1 + self.below(3) });
        let invite_type = self.one_of(&["PARTY", "GUILD", "DUEL", ""]);
        let value = json!({ "transactionId": self.transaction(), "worldId": self.below(2),
            "inviteType": invite_type, "type": kind, "body": body });
        self.bed.send("invite.command", &value);
    }

    fn transaction(&mut self) -> String {
        uuid(self.draws.bits().into())
    }

    fn strikes(&mut self) {
        let kind = FaultKind::ALL[self.draws.below(FaultKind::ALL.len())];
        let (service, channel) = CHANNELS[self.draws.below(CHANNELS.len())];
        self.bed.arm(kind, service, channel);
    }

    fn says_nonsense(&mut self) {
        let (_, channel) = CHANNELS[self.draws.below(CHANNELS.len())];
        let nonsense: [Option<&[u8]>; 5] =
            [None, Some(b""), Some(b"{ not json"), Some(b"[]"), Some(br#"{"type":"NO"}"#)];
        let at = self.below(nonsense.len());
        if at > 0 || self.below(2) == 0 {
            self.bed.send_raw(channel, nonsense[at]);
            return;
        }
        let header = self.one_of(&["TENANT_ID", "REGION", "MAJOR_VERSION", "traceparent"]);
        let headers = self.bed.headers_without(header);
        let body = json!({ "banType": 1, "value": "HW", "permanent": true });
        let create = json!({ "type": "CREATE", "body": body });
        self.bed.send_under("ban.command", &create, headers);
    }

    /// Plays a neighbour, or an operator.
    fn does_else(&mut self) {
        let session = self.sessions.last().cloned().unwrap_or_else(|| uuid(1));
        let answer = |kind: &str, body: Value| {
            json!({ "sessionId": session, "accountId": 1, "accountName": "eve", "type": kind,
                "body": body })
        };
        match self.below(6) {
            0 => drop(self.bed.send("account.session.status", &answer("CREATED", json!({})))),
            1 => {
                let error = json!({ "code": "SYSTEM_ERROR", "reason": 0, "until": 0 });
                self.bed.send("account.session.status", &answer("ERROR", error));
            }
            2 => {
                let seed =
                    json!({ "accountId": 1, "type": "CREATED", "body": { "characterId": 7 } });
                self.bed.send("seed.status", &seed);
            }
            3 => {
                let status = json!({ "account_id": 1, "name": "eve", "status": "LOGGED_OUT" });
                self.bed.send("account.status", &status);
            }
            _ => {
                let name = self.one_of(&["eve", "bob"]);
                let _ = self.bed.does("account", "accept_licence", json!({ "name": name }));
            }
        }
    }
}

fn play(seed: u64, also: bool) -> Bed {
    let draws = |of: &str| Stream::keyed(Seed(seed), &of);
    let chooser = Any { order: Random::new(Seed(seed), 0), draws: draws("decisions"), also };
    let topology = Topology { partitions: 2, members: 1 + usize::try_from(seed % 2).unwrap_or(0) };
    let bed = Bed::new(services::reference(), topology, (seed, Box::new(chooser)));
    let mut player = Player { bed, draws: draws("inputs"), sessions: Vec::new() };
    for _ in 0..40 {
        player.acts();
    }
    player.bed.wait(400);
    player.bed
}

fn told(history: &History) -> Vec<String> {
    let report = check::all(history);
    let told = report.findings.iter();
    told.map(|finding| format!("{} {} {:?}", finding.rule, finding.message, finding.records))
        .collect()
}

#[test]
fn whoever_keeps_the_rules_is_not_blamed() {
    let cases = std::env::var("QUINTET_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(250_u64);
    let first = std::env::var("QUINTET_FIRST").ok();
    let first = first.and_then(|first| first.parse().ok()).unwrap_or(0);
    for seed in first..first + cases {
        let bed = play(seed, seed % 3 != 0);
        let told = told(bed.history());
        if !told.is_empty() {
            let lines = to_json_lines(bed.history());
            panic!("seed {seed}: {told:#?}\n{lines}");
        }
    }
}
