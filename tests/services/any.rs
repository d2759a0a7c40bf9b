//! What holds whatever is sent, and whichever accepted behaviour is taken.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quintet::bus::{Chooser, Point, Random};
use quintet::contract::Contracts;
use quintet::driver::Driver;
use quintet::history::Event;
use quintet::message::{Header, Headers, Payload, Record, Seed};
use quintet::rule::RuleId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::five::{Five, five};

/// The channels that some service of the five reads.
fn consumed(contracts: &Contracts) -> Vec<&str> {
    let of = ["ban", "account", "login", "effective_stats", "invite"].into_iter();
    let channels: BTreeSet<_> =
        of.flat_map(|name| contracts.consumed_by(name).expect("a contract")).collect();
    channels.into_iter().map(|channel| contracts.channel_name(channel)).collect()
}

/// A state with something of everything in it, and its queries.
fn lived_in() -> Five {
    let mut five = five();
    five.send("account.create", &json!({ "name": "eve", "password": "pw" }));
    five.client("eve", "pw");
    let ban = json!({ "banType": 1, "value": "other", "permanent": true });
    five.send("ban.command", &json!({ "type": "CREATE", "body": ban }));
    let invite = json!({ "originatorId": 1, "targetId": 2, "referenceId": 3 });
    five.send(
        "invite.command",
        &json!({ "transactionId": Uuid::from_u128(5).to_string(),
        "worldId": 0, "inviteType": "PARTY", "type": "CREATE", "body": invite }),
    );
    five.send(
        "session.status",
        &json!({ "characterId": 7, "issuer": "CHANNEL",
        "type": "CREATED" }),
    );
    five
}

fn state(five: &mut Five) -> Vec<Value> {
    vec![
        five.query("account", "account", json!({ "accountId": 1 })),
        five.query("ban", "ban", json!({ "banId": 1 })),
        five.query("ban", "history", json!({ "accountId": 1 })),
        five.query("ban", "history", json!({ "accountId": 0 })),
        five.query("invite", "pending", json!({ "targetId": 2 })),
        five.query("effective_stats", "character", json!({ "characterId": 7 })),
        five.query("login", "account", json!({ "accountId": 1 })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_change_nothing_and_stop_nothing(
        values in prop::collection::vec(
            prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
            1..4,
        ),
        key in prop::option::of(prop::collection::vec(any::<u8>(), 0..12)),
        header in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        name in prop::sample::select(vec!["TENANT_ID", "REGION", "MAJOR_VERSION", "traceparent"]),
    ) {
        let mut five = lived_in();
        let (before, emitted) = (state(&mut five), five.emitted().len());
        let contracts = Contracts::builtin();
        for channel in consumed(&contracts) {
            for value in &values {
                let mut list = five.headers().to_list();
                if let Some(header) = &header {
                    list.retain(|known| &*known.name != name);
                    list.push(Header::new(name, header));
                }
                five.send_record(channel, Record {
                    key: key.as_ref().map(|key| key.iter().copied().collect()),
                    headers: Headers::from_list(list),
                    value: value.as_ref().map(|value| Payload::new(value)),
                });
            }
        }
        five.settle();
        prop_assert_eq!(state(&mut five), before);
        prop_assert_eq!(five.emitted().len(), emitted);
        let delete = json!({ "type": "DELETE", "body": { "banId": 1 } });
        five.send("ban.command", &delete);
        let emitted = five.emitted();
        prop_assert_eq!(emitted.last().map(String::as_str), Some("ban.status/DELETED"));
    }
}

/// Any order, and any accepted behaviour.
struct Otherwise {
    order: Random,
    draws: u64,
}

impl Chooser for Otherwise {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        self.order.choose(point)
    }

    fn decide(&mut self, _: &str, rule: RuleId, options: &[&'static str]) -> usize {
        let accepted: Vec<_> = rule.rule().also_accepted.iter().map(|other| other.name).collect();
        for other in &options[1..] {
            assert!(accepted.contains(other), "{rule} does not accept {other}");
        }
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.draws >> 33).unwrap_or(0) % options.len()
    }
}

#[derive(Clone, Debug)]
enum Act {
    Send(&'static str, Value),
    Client(&'static str, &'static str),
    Accept,
    Wait(u64),
}

fn session_command(session: u128, issuer: &str, kind: &str, body: &Value) -> Act {
    Act::Send(
        "account.session.command",
        json!({ "sessionId": Uuid::from_u128(session).to_string(), "accountId": 1,
            "author": issuer, "type": kind, "body": body }),
    )
}

fn act() -> impl Strategy<Value = Act> {
    let issuer = || prop::sample::select(vec!["LOGIN", "CHANNEL", "INTERNAL"]);
    let password = || prop::sample::select(vec!["pw", "wrong"]);
    let name = || prop::sample::select(vec!["eve", "bob", ""]);
    let params = json!({ "n": u64::MAX });
    prop_oneof![
        (name(), password()).prop_map(|(name, password)| Act::Send(
            "account.create",
            json!({ "name": name, "password": password })
        )),
        (0..3_u128, issuer(), password()).prop_map(|(session, issuer, password)| {
            let body = json!({ "accountName": "eve", "password": password });
            session_command(session, issuer, "CREATE", &body)
        }),
        (0..3_u128, issuer(), 0..4_u8).prop_map(move |(session, issuer, state)| {
            let body = json!({ "state": state, "params": params });
            session_command(session, issuer, "PROGRESS_STATE", &body)
        }),
        (0..3_u128, issuer()).prop_map(|(session, issuer)| session_command(
            session,
            issuer,
            "LOGOUT",
            &json!({})
        )),
        (prop::sample::select(vec!["eve", "bob"]), password())
            .prop_map(|(name, password)| Act::Client(name, password)),
        Just(Act::Accept),
        (1..400_u64).prop_map(Act::Wait),
        (0..5_u8, prop::sample::select(vec!["", "HW", "x"])).prop_map(|(ban_type, value)| {
            let body = json!({ "banType": ban_type, "value": value, "permanent": true });
            Act::Send("ban.command", json!({ "type": "CREATE", "body": body }))
        }),
        (0..4_u32).prop_map(|ban_id| Act::Send(
            "ban.command",
            json!({ "type": "DELETE", "body": { "banId": ban_id } })
        )),
        (
            1..3_u32,
            0..3_u32,
            1..3_u32,
            prop::sample::select(vec!["PARTY", "DUEL"]),
            0..2_u8,
            prop::sample::select(vec!["CREATE", "ACCEPT", "REJECT"])
        )
            .prop_map(|(originator, target, reference, invite, world, kind)| Act::Send(
                "invite.command",
                json!({ "worldId": world, "inviteType": invite, "type": kind,
                    "body": { "originatorId": originator, "targetId": target,
                        "referenceId": reference } })
            )),
        (1..3_u32).prop_map(|character| Act::Send(
            "character.status",
            json!({ "characterId": character, "type": "DELETED" })
        )),
        (1..5_i32).prop_map(|source| Act::Send(
            "buff.status",
            json!({ "characterId": 7,
            "type": "APPLIED", "body": { "sourceId": source,
                "changes": [{ "type": "SPEED", "amount": 1 }] } })
        )),
    ]
}

fn play(acts: Vec<Act>, seed: u64) -> Five {
    let chooser = Otherwise { order: Random::new(Seed(seed), 0), draws: seed };
    let mut five = Five::new(seed, Box::new(chooser));
    five.send("account.create", &json!({ "name": "eve", "password": "pw" }));
    for act in acts {
        match act {
            Act::Send(channel, value) => five.send(channel, &value),
            Act::Client(name, password) => {
                let session = five.client(name, password);
                five.does("login", "disconnect", json!({ "session": session }));
            }
            Act::Accept => drop(five.does("account", "accept_licence", json!({ "name": "eve" }))),
            Act::Wait(seconds) => five.advance(seconds),
        }
    }
    five
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_accepted_behaviour_keeps_the_contracts(
        acts in prop::collection::vec(act(), 0..30),
        seed: u64,
    ) {
        let five = play(acts, seed);
        five.check_contracts();
        let emptied = five.world.history().entries().iter().filter(|entry| {
            matches!(&entry.event, Event::Rejected { reject, .. }
                if matches!(reject, quintet::service::Reject::Unemittable(_)))
        });
        prop_assert_eq!(emptied.count(), 0);
    }
}
