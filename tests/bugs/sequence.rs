//! Bugs in the order of what services say.

use quintet::message::{Json, Payload};
use quintet::rule::RuleId;
use quintet::service::Cx;
use quintet::services::id;

use super::account::NIL;
use super::plant::spoil_after;
use super::warp::{Warp, double_kind, edit, json, set};
use super::{Bug, Found, Plant, account, login};

/// A service with a bug.
const fn bug(
    rule: RuleId,
    service: &'static str,
    (what, tests): (&'static str, &'static str),
    plant: Plant,
) -> Bug {
    Bug { rule, what, service, tests, found: Found::ByRule, plant }
}

pub(crate) static BUGS: &[Bug] = &[
    bug(
        id::SEQ_1,
        "login",
        ("a session is announced before it is answered", "login/credentials"),
        |inner| {
            let warp = Warp::of(inner).on_stimulus(|inner, name, args, cx| {
                let answer = inner.stimulus(name, args, cx)?;
                if name == "credentials" {
                    let session = args.get("session").and_then(Json::as_str);
                    login::announce(session.unwrap_or_default(), "CREATED", cx);
                }
                Ok(answer)
            });
            warp.boxed()
        },
    ),
    bug(
        id::SEQ_2,
        "account",
        ("a login attempt is told as a logout", "account/lockout"),
        |inner| {
            let spoil = |cx: &mut Cx<'_>| account::announce(1, "LOGGED_OUT", cx);
            spoil_after(inner, "CREATE", spoil)
        },
    ),
    bug(id::SEQ_3, "login", ("a session is destroyed twice", "login/disconnect"), |inner| {
        Warp::of(inner).spoil(|cx| double_kind(cx, "DESTROYED")).boxed()
    }),
    bug(
        id::SEQ_4,
        "invite",
        ("an invite is accepted before it is made", "invite/create-and-answer"),
        |inner| spoil_after(inner, "CREATE", |cx| precede(cx, "ACCEPTED")),
    ),
    bug(id::SEQ_4, "invite", ("an invite ends twice", "invite/create-and-answer"), |inner| {
        Warp::of(inner).spoil(|cx| double_kind(cx, "ACCEPTED")).boxed()
    }),
    bug(
        id::SEQ_5,
        "ban",
        ("a ban is deleted before it is made", "ban/create-and-delete"),
        |inner| spoil_after(inner, "CREATE", |cx| precede(cx, "DELETED")),
    ),
    bug(
        id::SEQ_6,
        "account",
        ("a session is answered that nobody asked for", "account/login"),
        |inner| Warp::of(inner).spoil(|cx| edit(cx, |value| set(value, "sessionId", NIL))).boxed(),
    ),
    bug(
        id::SEQ_6,
        "invite",
        ("an invite forgets its transaction", "invite/create-and-answer"),
        |inner| {
            let spoil = |cx: &mut Cx<'_>| edit(cx, |value| set(value, "transactionId", NIL));
            Warp::of(inner).spoil(spoil).boxed()
        },
    ),
];

/// Emits, before each CREATED, the same with another type.
fn precede(cx: &mut Cx<'_>, first: &str) {
    let mut early = cx.effects().emits.clone();
    for outgoing in &mut early {
        let mut value = json(outgoing.record.value_bytes());
        let field = if value.get("type").is_some() { "type" } else { "status" };
        set(&mut value, field, first);
        outgoing.record.value = Some(Payload::new(&value.to_bytes()));
    }
    cx.effects().emits.splice(0..0, early);
}
