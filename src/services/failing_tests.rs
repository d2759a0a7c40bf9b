//! What fails leaves all as it was: each pack's service is made to fail at each of its emissions,
//! and refuses what it refuses, with every accepted behaviour.

use rstest::rstest;
use serde_json::{Value, json};

use super::packs;
use crate::contract::Contracts;
use crate::message::{
    Headers, Json, Offset, Partition, RecordId, Seed, Tenant, TraceParent, VirtualTime,
};
use crate::rule::RuleId;
use crate::service::testing::{session, tenant};
use crate::service::{AskError, Cx, Effects, Host, Incoming, Model, Timer};

/// Something that a service is made to do.
enum Call {
    Record(&'static str, Value),
    Stimulus(&'static str, Value),
    /// The timer of this name fires, so many seconds after the start.
    Timer(&'static str, u64),
}

use Call::{Record, Stimulus};

/// Takes so many effects and no more, and of each decision the option of this number.
struct Narrow {
    room: usize,
    option: usize,
}

impl Host for Narrow {
    fn decide(&mut self, _: RuleId, options: &[&'static str]) -> usize {
        self.option.min(options.len() - 1)
    }

    fn applies(&mut self, _: RuleId) {}

    fn has_room(&mut self) -> bool {
        let has_room = self.room > 0;
        self.room = self.room.saturating_sub(1);
        has_room
    }

    fn ask(&mut self, _: &str, _: &str, _: &Json, _: &Tenant) -> Result<Json, AskError> {
        Ok(Json::from(json!({ "banned": false })))
    }
}

/// Makes a service do something; whether it did, and what came out.
fn call(model: &mut dyn Model, call: &Call, mut host: Narrow) -> (bool, Vec<String>) {
    let (contracts, of, mut effects) = (Contracts::builtin(), tenant(1), Effects::default());
    let headers = Headers::of_tenant(&of, TraceParent { trace: 5, span: 6, flags: 1 });
    let now = match call {
        Call::Timer(_, seconds) => VirtualTime::from_ms(seconds * 1_000),
        _ => VirtualTime::from_ms(1),
    };
    let hosted = (&mut host as &mut dyn Host, &mut effects);
    let mut cx = Cx::new(&contracts, hosted, (&of, &headers), now, (Seed(0), &0u8));
    let done = match call {
        Record(channel, value) => {
            let value = value.to_string().into_bytes();
            let incoming = Incoming {
                channel,
                tenant: &of,
                key: None,
                value: Some(&value),
                record: RecordId(0),
                partition: Partition(0),
                offset: Offset(0),
                attempt: 1,
            };
            model.handle(&incoming, &mut cx).is_ok()
        }
        Stimulus(name, args) => model.stimulus(name, &Json::from(args.clone()), &mut cx).is_ok(),
        Call::Timer(name, _) => {
            let timer = Timer { name: (*name).to_owned(), tenant: of.clone(), at: now };
            model.timer(&timer, &mut cx).is_ok()
        }
    };
    (done, effects.emits.iter().map(|out| format!("{:?}", out.record.value)).collect())
}

#[rstest]
#[case::ban("ban", ban(), 3)]
#[case::account("account", account(), 12)]
#[case::login("login", login(), 6)]
#[case::effective_stats("effective_stats", effective_stats(), 0)]
#[case::invite("invite", invite(), 9)]
fn what_fails_leaves_all_as_it_was(
    #[case] service: &str,
    #[case] calls: Vec<Call>,
    #[case] least: usize,
) {
    let (mut failed, mut refused) = (0, 0);
    for option in 0..3 {
        let mut model = packs().model(service).expect("it is one of the five");
        for one in &calls {
            let before = model.fingerprint();
            let mut whole = model.fork();
            let (done, emitted) = call(&mut *whole, one, Narrow { room: 99, option });
            for room in 0..emitted.len() {
                let mut tried = model.fork();
                let (did, _) = call(&mut *tried, one, Narrow { room, option });
                assert!(!did, "{service} goes on without its event {room}");
                assert_eq!(tried.fingerprint(), before, "{service} fails and changes state");
                // It behaves as if nothing had been tried.
                let again = call(&mut *tried, one, Narrow { room: 99, option });
                assert_eq!(again, (done, emitted.clone()), "{service}");
                assert_eq!(tried.fingerprint(), whole.fingerprint(), "{service}");
                failed += 1;
            }
            if !done {
                assert_eq!(whole.fingerprint(), before, "{service} refuses and changes state");
                refused += 1;
            }
            model = whole;
        }
    }
    println!("{service}: {failed} failures, {refused} refusals");
    assert!(failed >= least && refused > 0, "{service}: {failed} and {refused}");
}

fn ban() -> Vec<Call> {
    let create = |value: &str, ban_type: u8| {
        let body = json!({ "banType": ban_type, "value": value, "permanent": false,
            "reason": "r", "reasonCode": 1, "issuedBy": "gm", "expiresAt": 1_767_225_601 });
        Record("ban.command", json!({ "type": "CREATE", "body": body }))
    };
    let delete =
        |id: u32| Record("ban.command", json!({ "type": "DELETE", "body": { "banId": id } }));
    vec![
        delete(1),
        create("", 0),
        create("10.0.0.1", 0),
        create("10.0.0.1", 0),
        create("10.0.0.1", 9),
        delete(1),
        delete(1),
        Call::Timer("sweep", 10_000),
    ]
}

fn command(kind: &str, number: u128, issuer: &str, account: u32, body: &Value) -> Call {
    let value = json!({ "sessionId": session(number), "accountId": account, "author": issuer,
        "type": kind, "body": body });
    Record("account.session.command", value)
}

fn account() -> Vec<Call> {
    let create = |name: &str| Record("account.create", json!({ "name": name, "password": "pw" }));
    let log_in = |number, name: &str| {
        let body = json!({ "accountName": name, "password": "pw", "ipAddress": "10.0.0.7",
            "hwid": "HW" });
        command("CREATE", number, "LOGIN", 0, &body)
    };
    let to = |number, issuer: &str, state: u8| {
        command("PROGRESS_STATE", number, issuer, 1, &json!({ "state": state, "params": null }))
    };
    let log_out = |number| command("LOGOUT", number, "LOGIN", 1, &json!({}));
    vec![
        Stimulus("accept_licence", json!({ "name": "eve" })),
        log_out(1),
        create(""),
        create("eve"),
        create("eve"),
        log_in(1, "eve"),
        Stimulus("accept_licence", json!({ "accountId": 1 })),
        log_out(1),
        log_in(2, "eve"),
        log_in(2, "nobody"),
        to(2, "LOGIN", 0),
        log_in(3, "eve"),
        to(3, "LOGIN", 2),
        to(4, "CHANNEL", 1),
        to(4, "CHANNEL", 2),
        Call::Timer("transitions", 60),
        log_out(9),
    ]
}

fn login() -> Vec<Call> {
    // The id that the host draws for the first client.
    let of = {
        let mut model = packs().model("login").expect("it is one of the five");
        let contracts = Contracts::builtin();
        let (tenant, mut effects) = (tenant(1), Effects::default());
        let headers = Headers::of_tenant(&tenant, TraceParent { trace: 5, span: 6, flags: 1 });
        let mut host = Narrow { room: 9, option: 0 };
        let hosted = (&mut host as &mut dyn Host, &mut effects);
        let at = (VirtualTime::from_ms(1), (Seed(0), &0u8));
        let mut cx = Cx::new(&contracts, hosted, (&tenant, &headers), at.0, at.1);
        let client = Json::from(json!({ "ip": "10.0.0.1", "hwid": "HW" }));
        let session = model.stimulus("connect", &client, &mut cx).expect("it connects");
        session.as_str().expect("a UUID").to_owned()
    };
    let status = |kind: &str, body: Value| {
        let value = json!({ "sessionId": of, "accountId": 7, "accountName": "eve", "type": kind,
            "body": body });
        Record("account.session.status", value)
    };
    let tell = |name, args: Value| {
        let mut args = args;
        args["session"] = json!(of);
        Stimulus(name, args)
    };
    vec![
        status("CREATED", json!({})),
        Stimulus("connect", json!({ "ip": "10.0.0.1", "hwid": "HW" })),
        tell("select_character", json!({ "characterId": 1 })),
        tell("credentials", json!({ "name": "eve", "password": "pw" })),
        status("REQUEST_LICENSE_AGREEMENT", json!(null)),
        tell("accept_licence", json!({})),
        status("CREATED", json!({})),
        tell("select_character", json!({ "characterId": 1 })),
        tell("disconnect", json!({})),
        tell("disconnect", json!({})),
    ]
}

fn effective_stats() -> Vec<Call> {
    let seen = |issuer: &str, kind: &str| {
        let value = json!({ "sessionId": session(1), "accountId": 1, "characterId": 5,
            "worldId": 0, "channelId": 0, "issuer": issuer, "type": kind });
        Record("session.status", value)
    };
    let buff = {
        let stamp = "2026-01-01T00:00:00Z";
        let body = json!({ "fromId": 1, "sourceId": 1, "duration": 1000,
            "changes": [{ "type": "SPEED", "amount": 10 }], "createdAt": stamp,
            "expiresAt": stamp });
        json!({ "worldId": 0, "channelId": 0, "characterId": 5, "type": "APPLIED", "body": body })
    };
    vec![
        seen("LOGIN", "CREATED"),
        Record("buff.status", buff.clone()),
        seen("CHANNEL", "CREATED"),
        Record("buff.status", buff),
        seen("CHANNEL", "DESTROYED"),
    ]
}

fn invite() -> Vec<Call> {
    let command = |kind: &str, of: u128, invite_type: &str, body: Value| {
        let value = json!({ "transactionId": session(of), "worldId": of, "type": kind,
            "inviteType": invite_type, "body": body });
        Record("invite.command", value)
    };
    let create = |of: u128, reference: u32| {
        let body = json!({ "originatorId": 9, "targetId": 2, "referenceId": reference });
        command("CREATE", of, "PARTY", body)
    };
    let gone = json!({ "transactionId": session(8), "worldId": 0, "type": "DELETED",
        "characterId": 2, "body": {} });
    vec![
        Record("character.status", gone.clone()),
        command("CREATE", 1, "", json!({ "originatorId": 9, "targetId": 2, "referenceId": 1 })),
        create(1, 7),
        create(2, 7),
        create(3, 8),
        create(4, 9),
        command("ACCEPT", 5, "PARTY", json!({ "targetId": 2, "referenceId": 9 })),
        command("ACCEPT", 5, "PARTY", json!({ "targetId": 2, "referenceId": 9 })),
        command("REJECT", 6, "PARTY", json!({ "targetId": 2, "originatorId": 9 })),
        create(7, 10),
        Record("character.status", gone),
        create(7, 11),
        create(7, 12),
        Call::Timer("sweep", 400),
    ]
}
