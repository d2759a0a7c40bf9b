//! Bugs against the rules for every service, each in the service whose scenarios look closest.

use std::collections::BTreeSet;

use quintet::message::{Headers, Key, Number};
use quintet::rule::RuleId;
use quintet::service::{Cx, Incoming, Reject, Service};
use quintet::services::ban::messages::{BanStatus, BanStatusType};
use quintet::services::id;
use quintet::services::invite::Invite;

use super::Found::{ByRule, ByScenario};
use super::plant::{after, misread};
use super::warp::{Warp, double_kind, edit, edit_records, json, kind, set};
use super::{Bug, Found, Plant};

const fn bug(
    rule: RuleId,
    what: &'static str,
    (service, tests): (&'static str, &'static str),
    found: Found,
    plant: Plant,
) -> Bug {
    Bug { rule, what, service, tests, found, plant }
}

/// Announces a ban that a record of some kind was refused.
fn announces_refused(inner: Box<dyn Service>, which: fn(&Reject) -> bool) -> Box<dyn Service> {
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        let event = BanStatus { ban_id: 9, status: BanStatusType::Created };
        inner.handle(incoming, cx).or_else(|reject| match which(&reject) {
            true => cx.emit("ban.status", &Key::None, &event),
            false => Err(reject),
        })
    });
    warp.boxed()
}

/// Does not handle what some condition holds for.
fn refuses(
    inner: Box<dyn Service>,
    mut refused: impl FnMut(&Incoming<'_>, &Cx<'_>) -> bool + Send + 'static,
) -> Box<dyn Service> {
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        if refused(incoming, cx) {
            return Err(Reject::Refused("not handled".to_owned()));
        }
        inner.handle(incoming, cx)
    });
    warp.boxed()
}

/// Keeps a CREATE in hand until another command has overtaken it.
fn overtakes(inner: Box<dyn Service>) -> Box<dyn Service> {
    let mut held: Option<Vec<u8>> = None;
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| match held.take() {
        None if kind(&json(incoming.value)) == "CREATE" => {
            held = incoming.value.map(<[u8]>::to_vec);
            Ok(())
        }
        None => inner.handle(incoming, cx),
        Some(first) => {
            let _ = inner.handle(incoming, cx);
            inner.handle(&Incoming { value: Some(&first), ..*incoming }, cx)
        }
    });
    warp.boxed()
}

pub(crate) static BUGS: &[Bug] = &[
    bug(
        id::COM_1,
        "what is refused is announced",
        ("ban", "ban/refused-create"),
        ByScenario,
        |inner| announces_refused(inner, |reject| matches!(reject, Reject::Refused(_))),
    ),
    bug(id::COM_2, "events have no headers", ("ban", "ban/create-and-delete"), ByRule, |inner| {
        let warp = Warp::of(inner);
        let bare = |cx: &mut Cx<'_>| {
            edit_records(cx, |record| record.headers = Headers::from_list(Vec::new()));
        };
        warp.spoil(bare).boxed()
    }),
    bug(
        id::COM_3,
        "what had no tenant is announced to the next one",
        ("ban", "bad-input/ban-command-headers"),
        ByScenario,
        |inner| {
            let mut next = 0;
            after(inner, "DELETE", move |_, incoming, _, cx| {
                let expected = std::mem::replace(&mut next, incoming.offset.0 + 1);
                if incoming.offset.0 > expected {
                    double_kind(cx, "DELETED");
                }
            })
        },
    ),
    bug(
        id::COM_4,
        "what has no trace is refused",
        ("invite", "faults/malformed-header"),
        ByScenario,
        |inner| refuses(inner, |_, cx| cx.cause().trace().is_none()),
    ),
    bug(
        id::COM_5,
        "what cannot be read is announced",
        ("ban", "bad-input/ban-command"),
        ByRule,
        |inner| announces_refused(inner, |reject| matches!(reject, Reject::Undecodable(_))),
    ),
    bug(
        id::COM_5,
        "what comes after nonsense is lost",
        ("ban", "bad-input/bytes"),
        ByRule,
        |inner| {
            let mut poisoned = false;
            refuses(inner, move |incoming, _| {
                std::mem::replace(&mut poisoned, kind(&json(incoming.value)).is_empty())
            })
        },
    ),
    bug(
        id::COM_6,
        "all tenants are the first one",
        ("invite", "invite/tenants"),
        ByScenario,
        |inner| {
            let mut first = None;
            let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
                let tenant = first.get_or_insert_with(|| incoming.tenant.clone());
                inner.handle(&Incoming { tenant, ..*incoming }, &mut cx.on_behalf_of(tenant))
            });
            warp.boxed()
        },
    ),
    bug(id::COM_7, "the id is text", ("ban", "ban/create-and-delete"), ByRule, |inner| {
        Warp::of(inner).spoil(|cx| edit(cx, |value| set(value, "banId", "1"))).boxed()
    }),
    bug(
        id::COM_8,
        "what comes again is about something else",
        ("invite", "faults/duplicate-delivery"),
        ByScenario,
        |inner| {
            let mut seen = BTreeSet::new();
            misread(inner, move |value| {
                if !seen.insert(value.to_bytes()) {
                    set(value, "body.referenceId", Number::from(1u32));
                }
            })
        },
    ),
    bug(id::COM_9, "a restart forgets all", ("invite", "faults/state-outlives"), ByRule, |inner| {
        let warp = Warp::of(inner);
        warp.on_restart(|inner| *inner = Box::new(Invite::default())).boxed()
    }),
    bug(
        id::COM_10,
        "what was in hand at a crash is taken for done",
        ("ban", "faults/crash-before-handling"),
        ByScenario,
        |inner| refuses(inner, |incoming, _| incoming.attempt > 1),
    ),
    bug(id::COM_11, "CREATE is overtaken", ("invite", "faults/delay"), ByScenario, overtakes),
    bug(
        id::COM_12,
        "effects have the span of their cause",
        ("ban", "ban/create-and-delete"),
        ByRule,
        |inner| {
            let spoil = |cx: &mut Cx<'_>| {
                let Some(trace) = cx.cause().trace() else {
                    return;
                };
                edit_records(cx, |record| {
                    record.headers = record.headers.of_effect(trace);
                });
            };
            Warp::of(inner).spoil(spoil).boxed()
        },
    ),
];
