//! Mistakes of the ban service.

use std::collections::BTreeSet;

use quintet::message::{Json, Number};
use quintet::service::Service;
use quintet::services::ban::Ban;
use quintet::services::id;
use quintet::verify::Observation;
use rstest::rstest;
use serde_json::json as literal;

use super::{MANNERS, Manner, names_only, with_header};
use crate::play::Play;
use crate::table::plant::{after, handle_as, int};
use crate::table::warp::{Warp, double_kind, edit, json, kind, set};

pub(crate) fn create(play: &mut Play, reason: u32) {
    let value = format!("10.0.0.{reason}");
    play.send(
        "ban.command",
        &literal!({ "type": "CREATE", "body": { "banType": 0, "value": value, "reason": "r",
            "reasonCode": reason, "permanent": true, "issuedBy": "gm", "expiresAt": 0 } }),
    );
}

pub(crate) fn delete(play: &mut Play, ban_id: u32) {
    play.send("ban.command", &literal!({ "type": "DELETE", "body": { "banId": ban_id } }));
}

/// Which DELETE wipes all bans of the tenant.
#[derive(Clone, Copy, Debug)]
enum Wipes {
    Zero,
    Unknown,
    Known,
}

/// How it shows that bans are gone.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Ban,
    Check,
    Delete,
    UntracedDelete,
}

/// A ban service in which some DELETE takes all bans of the tenant with it.
fn wiping(wipes: Wipes, announced: bool) -> Box<dyn Service> {
    let mut given = BTreeSet::new();
    let warp = Warp::of(Box::new(Ban::default())).on_handle(move |inner, incoming, cx| {
        let result = inner.handle(incoming, cx);
        for outgoing in &cx.effects().emits {
            let event = json(outgoing.record.value_bytes());
            if kind(&event) == "CREATED" {
                given.insert((incoming.tenant.clone(), int(&event, "/banId")));
            }
        }
        let mut command = json(incoming.value);
        let of = int(&command, "/body/banId");
        let wiped = kind(&command) == "DELETE"
            && match wipes {
                Wipes::Zero => of == 0,
                Wipes::Unknown => of == 99,
                Wipes::Known => result.is_ok(),
            };
        if !wiped {
            return result;
        }
        let emitted = cx.effects().emits.len();
        for (_, other) in given.iter().filter(|(tenant, _)| tenant == incoming.tenant) {
            let other = u32::try_from(*other).expect("an id");
            set(&mut command, "body.banId", Number::from(other));
            let _ = handle_as(inner, incoming, &command, cx);
        }
        if !announced {
            cx.effects().emits.truncate(emitted);
        }
        Ok(())
    });
    warp.boxed()
}

fn wiped(manner: Manner, wipes: Wipes, (announced, shown): (bool, Shown)) -> Observation {
    let mut play = manner.start(wiping(wipes, announced));
    let bans = manner.before + 3;
    for reason in 1..=bans {
        create(&mut play, reason);
        manner.pause(&mut play, "ban.command");
    }
    let of = match wipes {
        Wipes::Zero => 0,
        Wipes::Unknown => 99,
        Wipes::Known => 1,
    };
    delete(&mut play, of);
    manner.pause(&mut play, "ban.command");
    match shown {
        Shown::Ban => play.ask("ban", "ban", &literal!({ "banId": bans })),
        Shown::Check => {
            play.ask("ban", "check", &literal!({ "ip": format!("10.0.0.{bans}") }));
        }
        Shown::Delete => delete(&mut play, bans),
        Shown::UntracedDelete => {
            let headers = with_header(&play.headers(), "traceparent", None);
            let value = literal!({ "type": "DELETE", "body": { "banId": bans } }).to_string();
            play.send_under("ban.command", value.as_bytes(), headers);
        }
    }
    manner.pause(&mut play, "ban.command");
    create(&mut play, 77);
    manner.pause(&mut play, "ban.command");
    delete(&mut play, bans + 1);
    play.observed("ban", manner.view())
}

#[rstest]
fn a_delete_that_wipes_the_tenant(
    #[values(Wipes::Zero, Wipes::Unknown, Wipes::Known)] wipes: Wipes,
    #[values(false, true)] announced: bool,
    #[values(Shown::Ban, Shown::Check, Shown::Delete, Shown::UntracedDelete)] shown: Shown,
) {
    for manner in MANNERS {
        let seen = wiped(manner, wipes, (announced, shown));
        names_only(id::BAN_5, &seen, &format!("{manner:?}"));
    }
}

/// A history in which bans come and go, and one CREATE comes twice.
fn plain(manner: Manner, service: Box<dyn Service>) -> Observation {
    let mut play = manner.start(service);
    for reason in 1..=manner.before + 2 {
        create(&mut play, reason);
        manner.pause(&mut play, "ban.command");
    }
    create(&mut play, 1);
    manner.pause(&mut play, "ban.command");
    for ban_id in 1..=2 {
        delete(&mut play, ban_id);
        manner.pause(&mut play, "ban.command");
    }
    play.observed("ban", manner.view())
}

#[test]
fn two_events_for_one_command() {
    for manner in MANNERS {
        for (of, event, rule) in
            [("CREATE", "CREATED", id::BAN_1), ("DELETE", "DELETED", id::BAN_3)]
        {
            let service =
                after(Box::new(Ban::default()), of, move |_, _, _, cx| double_kind(cx, event));
            names_only(rule, &plain(manner, service), &format!("{of} {manner:?}"));
        }
    }
}

#[test]
fn two_bans_for_one_command() {
    for manner in MANNERS {
        let service = after(Box::new(Ban::default()), "CREATE", |inner, incoming, command, cx| {
            let _ = handle_as(inner, incoming, &command, cx);
        });
        names_only(id::BAN_1, &plain(manner, service), &format!("{manner:?}"));
    }
}

#[test]
fn a_deleted_event_about_another_ban() {
    for manner in MANNERS {
        let service = after(Box::new(Ban::default()), "DELETE", |_, _, _, cx| {
            edit(cx, |event: &mut Json| set(event, "banId", Number::from(1u32)));
        });
        names_only(id::BAN_5, &plain(manner, service), &format!("{manner:?}"));
    }
}
