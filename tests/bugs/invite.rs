//! Bugs of the invite service.

use std::collections::BTreeSet;

use quintet::message::Number;
use quintet::rule::RuleId;
use quintet::services::id;

use super::Found::{ByRule, ByScenario};
use super::plant::{after, deaf, handle_as, handle_silently, int, misread};
use super::warp::{Warp, drop_kind, edit, edit_records, kind, set};
use super::{Bug, Found, Plant};

const fn bug(
    rule: RuleId,
    what: &'static str,
    tests: &'static str,
    found: Found,
    plant: Plant,
) -> Bug {
    Bug { rule, what, service: "invite", tests, found, plant }
}

pub(crate) static BUGS: &[Bug] = &[
    bug(id::INV_1, "CREATE is silent", "invite/create-and-answer", ByRule, |inner| {
        Warp::of(inner).spoil(|cx| drop_kind(cx, "CREATED")).boxed()
    }),
    bug(id::INV_2, "nobody is character 1", "invite/refused-create", ByScenario, |inner| {
        misread(inner, |value| {
            if kind(value) == "CREATE" && int(value, "/body/originatorId") == 0 {
                set(value, "body.originatorId", Number::from(1u32));
            }
        })
    }),
    bug(id::INV_3, "who asks again is named", "invite/invited-again", ByRule, |inner| {
        after(inner, "CREATE", |_, _, command, cx| {
            let originator = command.pointer("/body/originatorId").cloned().unwrap_or_default();
            edit(cx, |event| {
                set(event, "body.originatorId", originator.clone());
            });
        })
    }),
    bug(id::INV_4, "ACCEPTED names a stranger", "invite/create-and-answer", ByRule, |inner| {
        after(inner, "ACCEPT", |_, _, _, cx| {
            edit(cx, |event| {
                set(event, "body.originatorId", Number::from(4u32));
            });
        })
    }),
    bug(id::INV_5, "REJECT is silent", "invite/rejected", ByRule, |inner| {
        after(inner, "REJECT", |_, _, _, cx| drop_kind(cx, "REJECTED"))
    }),
    bug(id::INV_6, "ACCEPT takes any type", "invite/answers-to-nothing", ByScenario, |inner| {
        misread(inner, |value| {
            if kind(value) == "ACCEPT" {
                set(value, "inviteType", "PARTY");
            }
        })
    }),
    bug(id::INV_7, "REJECT removes a guild's, too", "invite/rejected", ByScenario, |inner| {
        after(inner, "REJECT", |inner, incoming, mut command, cx| {
            set(&mut command, "inviteType", "GUILD");
            handle_silently(inner, incoming, &command, cx);
        })
    }),
    bug(id::INV_8, "who is deleted stays", "invite/character-deleted", ByScenario, |inner| {
        deaf(inner, |value| kind(value) == "DELETED")
    }),
    bug(
        id::INV_9,
        "REJECTED is of a world of its own",
        "invite/character-deleted",
        ByRule,
        |inner| {
            after(inner, "DELETED", |_, _, _, cx| {
                edit(cx, |event| set(event, "worldId", Number::from(9u32)));
            })
        },
    ),
    bug(id::INV_10, "who is silent accepts", "invite/expiry", ByRule, |inner| {
        let warp = Warp::of(inner).on_timer(|inner, timer, cx| {
            inner.timer(timer, cx)?;
            edit(cx, |event| set(event, "type", "ACCEPTED"));
            Ok(())
        });
        warp.boxed()
    }),
    bug(id::INV_11, "there is no key", "invite/", ByRule, |inner| {
        Warp::of(inner).spoil(|cx| edit_records(cx, |record| record.key = None)).boxed()
    }),
    bug(id::INV_12, "all are rejected", "invite/oldest-is-rejected", ByScenario, |inner| {
        after(
            inner,
            "REJECT",
            |inner, incoming, command, cx| {
                while handle_as(inner, incoming, &command, cx).is_ok() {}
            },
        )
    }),
    bug(id::INV_TWICE, "a repeated CREATE revokes", "invite/invited-again", ByScenario, |inner| {
        let mut seen = BTreeSet::new();
        after(inner, "CREATE", move |inner, incoming, mut command, cx| {
            if !seen.insert(incoming.value.map(<[u8]>::to_vec)) {
                set(&mut command, "type", "REJECT");
                handle_silently(inner, incoming, &command, cx);
            }
        })
    }),
];
