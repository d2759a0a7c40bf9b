//! Bugs of the login service.

use quintet::message::{Json, Key, Number, Record};
use quintet::rule::RuleId;
use quintet::service::Cx;
use quintet::services::id;
use serde_json::json as literal;

use super::account::NIL;
use super::plant::{handle_as, misread, spoil_after};
use super::warp::{Warp, double_kind, drop_kind, edit, edit_records, json, kind, set};
use super::{Bug, Found, Plant};

/// The login service with a bug.
const fn bug(
    rule: RuleId,
    found: Found,
    (what, tests): (&'static str, &'static str),
    plant: Plant,
) -> Bug {
    Bug { rule, what, service: "login", tests, found, plant }
}

pub(crate) static BUGS: &[Bug] = &[
    bug(id::LOG_1, Found::ByScenario, ("the HWID is lost", "login/credentials"), |inner| {
        Warp::of(inner).spoil(|cx| edit(cx, |value| set(value, "body.hwid", ""))).boxed()
    }),
    bug(id::LOG_1, Found::ByRule, ("credentials are sent twice", "login/credentials"), |inner| {
        Warp::of(inner).spoil(|cx| double_kind(cx, "CREATE")).boxed()
    }),
    bug(id::LOG_2, Found::ByRule, ("a session is announced twice", "login/created"), |inner| {
        spoil_after(inner, "CREATED", |cx| double_kind(cx, "CREATED"))
    }),
    bug(id::LOG_3, Found::ByRule, ("who is asked is announced twice", "login/licence"), |inner| {
        let spoil = |cx: &mut Cx<'_>| double_kind(cx, "CREATED");
        spoil_after(inner, "REQUEST_LICENSE_AGREEMENT", spoil)
    }),
    bug(
        id::LOG_3,
        Found::ByScenario,
        ("who is asked is not announced", "login/licence"),
        |inner| {
            let spoil = |cx: &mut Cx<'_>| drop_kind(cx, "CREATED");
            spoil_after(inner, "REQUEST_LICENSE_AGREEMENT", spoil)
        },
    ),
    bug(id::LOG_4, Found::ByScenario, ("the client sees no `until`", "login/errors"), |inner| {
        let change = |value: &mut Json| set(value, "body.until", Number::from(0u32));
        misread(inner, change)
    }),
    bug(id::LOG_4, Found::ByRule, ("who is refused is announced", "login/errors"), |inner| {
        spoil_after(inner, "ERROR", |cx| announce(NIL, "CREATED", cx))
    }),
    bug(
        id::LOG_5,
        Found::ByScenario,
        ("the client is sent to another port", "login/select-character"),
        |inner| {
            let change = |value: &mut Json| set(value, "body.params.port", Number::from(1u32));
            misread(inner, change)
        },
    ),
    bug(id::LOG_6, Found::ByScenario, ("the flag is never cleared", "login/login-flag"), |inner| {
        let change = |value: &mut Json| set(value, "status", "LOGGED_IN");
        misread(inner, change)
    }),
    bug(
        id::LOG_7,
        Found::ByScenario,
        ("a client sees the characters of others", "login/new-character"),
        |inner| {
            let mut bound = Json::Null;
            let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
                let mut value = json(incoming.value);
                match incoming.channel {
                    "seed.status" => set(&mut value, "accountId", bound.clone()),
                    _ => bound = value.get("accountId").unwrap_or(&bound).clone(),
                }
                handle_as(inner, incoming, &value, cx)
            });
            warp.boxed()
        },
    ),
    bug(
        id::LOG_8,
        Found::ByRule,
        ("the session is not put into transition", "login/select-character"),
        |inner| {
            let spoil = |cx: &mut Cx<'_>| {
                edit(cx, |value| set(value, "body.state", Number::from(0u32)));
            };
            Warp::of(inner).spoil(spoil).boxed()
        },
    ),
    bug(id::LOG_9, Found::ByRule, ("nobody is logged out", "login/disconnect"), |inner| {
        Warp::of(inner).spoil(|cx| drop_kind(cx, "LOGOUT")).boxed()
    }),
    bug(id::LOG_10, Found::ByRule, ("the key is the type", "login/disconnect"), |inner| {
        Warp::of(inner).spoil(|cx| edit_records(cx, key_by_type)).boxed()
    }),
    bug(id::LOG_11, Found::ByRule, ("who has left is announced", "login/disconnect"), |inner| {
        let warp = Warp::of(inner).on_handle(|inner, incoming, cx| {
            let value = json(incoming.value);
            let answer = inner.handle(incoming, cx);
            let session = value.get("sessionId").and_then(Json::as_str);
            match session.filter(|_| answer.is_err() && kind(&value) == "CREATED") {
                Some(session) => announce(session, "CREATED", cx),
                None => return answer,
            }
            Ok(())
        });
        warp.boxed()
    }),
];

fn key_by_type(record: &mut Record) {
    let value = json(record.value_bytes());
    record.key = Some(kind(&value).bytes().collect());
}

/// Says what became of a session of account 41.
pub(crate) fn announce(session: &str, kind: &str, cx: &mut Cx<'_>) {
    let event = literal!({ "sessionId": session, "accountId": 41, "characterId": 0, "worldId": 0,
        "channelId": 0, "issuer": "LOGIN", "type": kind });
    cx.emit("session.status", &Key::Id(41), &event).expect("the channel is there");
}
