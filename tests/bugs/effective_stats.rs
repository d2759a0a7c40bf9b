//! Bugs of the effective stats service. It says nothing, so queries find nearly all of them.

use std::collections::BTreeSet;

use quintet::message::{Json, Key, Number};
use quintet::rule::RuleId;
use quintet::service::{Reject, Service};
use quintet::services::id;

use super::Found::{ByRule, ByScenario};
use super::plant::{after, deaf, int, misread};
use super::warp::{Warp, json, kind, set};
use super::{Bug, Found, Plant};

const fn bug(rule: RuleId, what: &'static str, tests: &'static str, plant: Plant) -> Bug {
    found(rule, what, tests, ByScenario, plant)
}

const fn found(
    rule: RuleId,
    what: &'static str,
    tests: &'static str,
    found: Found,
    plant: Plant,
) -> Bug {
    Bug { rule, what, service: "effective_stats", tests, found, plant }
}

/// Takes a type of change for another one.
fn mistake_change(value: &mut Json, from: &str, to: &str) {
    let text = String::from_utf8(value.to_bytes()).unwrap_or_default();
    *value = Json::parse(text.replace(from, to).as_bytes()).unwrap_or_default();
}

fn equips_in_the_bag(value: &mut Json) {
    if int(value, "/body/oldSlot") > 0 && int(value, "/slot") > 0 {
        set(value, "slot", Number::from(-1));
    }
}

/// Does not hear these events about a character who has a buff.
fn deaf_to_the_buffed(
    inner: Box<dyn Service>,
    to: impl Fn(&Json) -> bool + Send + 'static,
) -> Box<dyn Service> {
    let mut buffed = BTreeSet::new();
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        let value = json(incoming.value);
        let character = (incoming.tenant.clone(), int(&value, "/characterId"));
        match kind(&value) {
            "APPLIED" => drop(buffed.insert(character)),
            "EXPIRED" => drop(buffed.remove(&character)),
            _ if buffed.contains(&character) && to(&value) => {
                return Err(Reject::Refused("not heard".to_owned()));
            }
            _ => {}
        }
        inner.handle(incoming, cx)
    });
    warp.boxed()
}

pub(crate) static BUGS: &[Bug] = &[
    bug(id::EFF_1, "LOGIN initialises, too", "effective_stats/login-session", |inner| {
        misread(inner, |value| set(value, "issuer", "CHANNEL"))
    }),
    bug(id::EFF_2, "DESTROYED is ignored", "effective_stats/initialised", |inner| {
        deaf(inner, |value| kind(value) == "DESTROYED")
    }),
    bug(id::EFF_3, "EXPIRED is ignored", "effective_stats/twice", |inner| {
        deaf(inner, |value| kind(value) == "EXPIRED")
    }),
    bug(id::EFF_4, "what moves in the bag is put on", "effective_stats/other-moves", |inner| {
        misread(inner, equips_in_the_bag)
    }),
    bug(id::EFF_5, "any slot is worn", "effective_stats/deleted-in-the-bag", |inner| {
        misread(inner, |value| {
            if kind(value) == "DELETED" {
                set(value, "slot", Number::from(-11));
            }
        })
    }),
    bug(id::EFF_6, "an unknown change is one of speed", "effective_stats/buffs", |inner| {
        misread(inner, |value| {
            mistake_change(value, "WATER_WALKING", "SPEED");
        })
    }),
    found(id::EFF_7, "a buff is announced", "effective_stats/twice", ByRule, |inner| {
        after(inner, "APPLIED", |_, _, _, cx| {
            let _ = cx.emit("buff.status", &Key::None, &"stronger");
        })
    }),
    bug(id::EFF_8, "a buff holds equipment on", "effective_stats/restored", |inner| {
        deaf_to_the_buffed(inner, |value| kind(value) == "MOVED" && int(value, "/slot") > 0)
    }),
    bug(id::EFF_9, "what is early stays alone", "effective_stats/early-buff", |inner| {
        deaf_to_the_buffed(inner, |value| kind(value) == "CREATED")
    }),
    bug(id::EFF_TWICE, "applied twice counts twice", "effective_stats/twice", |inner| {
        let mut applied = BTreeSet::new();
        misread(inner, move |value| {
            let source = int(value, "/body/sourceId");
            if kind(value) == "APPLIED" && !applied.insert(source) {
                set(value, "body.sourceId", Number::from(-1));
            }
        })
    }),
];
