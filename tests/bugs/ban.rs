//! Bugs of the ban service.

use quintet::message::{Json, Number};
use quintet::rule::id;

use super::warp::{Warp, edit, json, kind, set};
use super::{Bug, Found};

pub(crate) static BUGS: &[Bug] = &[
    Bug {
        rule: id::BAN_1,
        what: "each ban gets the id 1",
        service: "ban",
        tests: "ban/",
        found: Found::ByRule,
        plant: |inner| {
            let spoil = |cx: &mut quintet::service::Cx<'_>| {
                edit(cx, |value| set(value, "banId", Number::from(1u32)));
            };
            Warp::of(inner).spoil(spoil).boxed()
        },
    },
    Bug {
        rule: id::BAN_5,
        what: "DELETE removes the next ban as well",
        service: "ban",
        tests: "ban/delete-spares-others",
        found: Found::ByScenario,
        plant: |inner| {
            let warp = Warp::of(inner).on_handle(|inner, incoming, cx| {
                inner.handle(incoming, cx)?;
                let mut value = json(incoming.value);
                if kind(&value) == "DELETE" {
                    let named = value.pointer("/body/banId").and_then(Json::as_integer);
                    set(&mut value, "body.banId", Number::from(named.unwrap_or(0) + 1));
                    let bytes = value.to_bytes();
                    let next = quintet::service::Incoming { value: Some(&bytes), ..*incoming };
                    let emitted = cx.effects().emits.len();
                    let _ = inner.handle(&next, cx);
                    cx.effects().emits.truncate(emitted);
                }
                Ok(())
            });
            warp.boxed()
        },
    },
];
