//! Bugs of the ban service.

use std::collections::BTreeSet;

use quintet::message::{Json, Key, Number};
use quintet::rule::RuleId;
use quintet::services::ban::messages::{BanStatus, BanStatusType};
use quintet::services::id;

use super::Found::{ByRule, ByScenario};
use super::plant::{after, deaf, int, misread};
use super::warp::{Warp, double_kind, drop_kind, edit, json, kind, set};
use super::{Bug, Found, Plant};

const fn bug(
    rule: RuleId,
    what: &'static str,
    tests: &'static str,
    found: Found,
    plant: Plant,
) -> Bug {
    Bug { rule, what, service: "ban", tests, found, plant }
}

pub(crate) static BUGS: &[Bug] = &[
    bug(id::BAN_1, "each ban gets the id 1", "bad-input/bytes", ByRule, |inner| {
        let warp = Warp::of(inner);
        warp.spoil(|cx| edit(cx, |value| set(value, "banId", Number::from(1u32)))).boxed()
    }),
    bug(id::BAN_2, "an unknown type is an IP", "ban/refused-create", ByScenario, |inner| {
        misread(inner, |value| {
            if int(value, "/body/banType") > 2 {
                set(value, "body.banType", Number::from(0u32));
            }
        })
    }),
    bug(id::BAN_3, "DELETE is silent", "ban/create-and-delete", ByRule, |inner| {
        Warp::of(inner).spoil(|cx| drop_kind(cx, "DELETED")).boxed()
    }),
    bug(id::BAN_4, "an unknown id is CREATED", "ban/delete-spares-others", ByRule, |inner| {
        let warp = Warp::of(inner).on_handle(|inner, incoming, cx| {
            let delete = kind(&json(incoming.value)) == "DELETE";
            let event = BanStatus { ban_id: 9, status: BanStatusType::Created };
            inner.handle(incoming, cx).or_else(|reject| match delete {
                true => cx.emit("ban.status", &Key::None, &event),
                false => Err(reject),
            })
        });
        warp.boxed()
    }),
    bug(id::BAN_5, "an id of 0 is the first", "ban/delete-spares-others", ByRule, |inner| {
        misread(inner, |value| {
            if kind(value) == "DELETE" && int(value, "/body/banId") == 0 {
                set(value, "body.banId", Number::from(1u32));
            }
        })
    }),
    bug(id::BAN_6, "a failed login is forgotten", "ban/login-history", ByScenario, |inner| {
        deaf(inner, |value| kind(value) == "ERROR")
    }),
    bug(id::BAN_7, "the expiry is in milliseconds", "ban/expiry", ByScenario, |inner| {
        misread(inner, |value| {
            let in_ms = i64::try_from(int(value, "/body/expiresAt") * 1000).unwrap_or_default();
            set(value, "body.expiresAt", Number::from(in_ms));
        })
    }),
    bug(id::BAN_8, "no HWID is looked for", "ban/what-matches", ByScenario, |inner| {
        let warp = Warp::of(inner).on_query(|inner, name, args, asked| {
            let mut args: Json = args.clone();
            set(&mut args, "hwid", "");
            inner.query(name, &args, asked)
        });
        warp.boxed()
    }),
    bug(id::COM_5, "a type of 256 is an IP", "bad-input/ban-command", ByRule, |inner| {
        misread(inner, |value| {
            let wrapped = u8::try_from(int(value, "/body/banType").rem_euclid(256));
            set(value, "body.banType", Number::from(u32::from(wrapped.unwrap_or_default())));
        })
    }),
    bug(id::BAN_TWICE, "a repeated CREATE is announced twice", "ban/twice", ByRule, |inner| {
        let mut seen = BTreeSet::new();
        after(inner, "CREATE", move |_, incoming, _, cx| {
            if !seen.insert(incoming.value.map(<[u8]>::to_vec)) {
                double_kind(cx, "CREATED");
            }
        })
    }),
];
