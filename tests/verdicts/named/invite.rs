//! Mistakes of the invite service.

use quintet::message::{Json, Key, Number};
use quintet::service::{Cx, Service};
use quintet::services::id;
use quintet::services::invite::Invite;
use quintet::verify::Observation;
use rstest::rstest;
use serde_json::{Value, json as literal};

use super::{MANNERS, Manner, names_only};
use crate::play::Play;
use crate::table::plant::{after, handle_as, handle_silently, int};
use crate::table::warp::{Warp, edit, edit_records, json, kind, set};

const TARGET: u32 = 2;
const ORIGINATOR: u32 = 10;

fn command(play: &mut Play, (kind, invite_type): (&str, &str), body: &Value) {
    let transaction = play.uuid();
    let command = literal!({ "transactionId": transaction, "worldId": 0,
        "inviteType": invite_type, "type": kind, "body": body });
    play.send("invite.command", &command);
}

/// Somebody is invited, by whom, as what, to what.
type Invited = (u32, u32, &'static str, u32);

fn create(play: &mut Play, (target, originator, invite_type, reference): Invited) {
    let body =
        literal!({ "originatorId": originator, "targetId": target, "referenceId": reference });
    command(play, ("CREATE", invite_type), &body);
}

fn accept(play: &mut Play, (target, _, invite_type, reference): Invited) {
    command(
        play,
        ("ACCEPT", invite_type),
        &literal!({ "targetId": target, "referenceId": reference }),
    );
}

fn reject(play: &mut Play, (target, originator, invite_type, _): Invited) {
    command(
        play,
        ("REJECT", invite_type),
        &literal!({ "targetId": target, "originatorId": originator }),
    );
}

/// Which other invites an answer takes with it.
#[derive(Clone, Copy, Debug)]
enum Takes {
    AllOfTheTarget,
    AllOfTheOriginator,
    OtherTypes,
    /// The oldest of the target instead of the one that is named.
    TheOldestInstead,
}

impl Takes {
    fn takes(self, named: &Json, other: &Json) -> bool {
        let same = |pointer: &str| named.pointer(pointer) == other.pointer(pointer);
        let is_it = same("/body/targetId") && same("/body/referenceId") && same("/inviteType");
        !is_it
            && match self {
                Self::AllOfTheTarget | Self::TheOldestInstead => same("/body/targetId"),
                Self::AllOfTheOriginator => same("/body/originatorId"),
                Self::OtherTypes => same("/body/targetId") && !same("/inviteType"),
            }
    }
}

/// An invite service in which ACCEPT also removes other invites than the one it names.
fn greedy(takes: Takes) -> Box<dyn Service> {
    let mut created: Vec<Json> = Vec::new();
    let warp = Warp::of(Box::new(Invite::default())).on_handle(move |inner, incoming, cx| {
        let command = json(incoming.value);
        inner.handle(incoming, cx)?;
        match kind(&command) {
            "CREATE" => created.push(command),
            "ACCEPT" => {
                let same = |one: &&Json| {
                    ["/body/targetId", "/body/referenceId", "/inviteType"]
                        .iter()
                        .all(|pointer| one.pointer(pointer) == command.pointer(pointer))
                };
                let Some(named) = created.iter().find(same).cloned() else { return Ok(()) };
                let others: Vec<_> =
                    created.iter().filter(|other| takes.takes(&named, other)).cloned().collect();
                let many = if matches!(takes, Takes::TheOldestInstead) { 1 } else { others.len() };
                for mut other in others.into_iter().take(many) {
                    set(&mut other, "type", "ACCEPT");
                    handle_silently(inner, incoming, &other, cx);
                }
                if matches!(takes, Takes::TheOldestInstead) {
                    handle_silently(inner, incoming, &named, cx);
                }
            }
            _ => {}
        }
        Ok(())
    });
    warp.boxed()
}

fn accepted_among_others(manner: Manner, takes: Takes, by_query: bool) -> Observation {
    let mut play = manner.start(greedy(takes));
    for number in 0..manner.before {
        let invited = (90 + number, 80 + number, "GUILD", 70 + number);
        create(&mut play, invited);
        manner.pause(&mut play, "invite.command");
        reject(&mut play, invited);
        manner.pause(&mut play, "invite.command");
    }
    let others = [
        (TARGET, ORIGINATOR, "PARTY", 7),
        (TARGET, ORIGINATOR, "GUILD", 8),
        (TARGET, ORIGINATOR + 1, "PARTY", 9),
        (TARGET + 1, ORIGINATOR, "PARTY", 7),
        (TARGET, ORIGINATOR, "PARTY", 11),
    ];
    for other in others {
        create(&mut play, other);
        manner.pause(&mut play, "invite.command");
    }
    accept(&mut play, others[4]);
    manner.pause(&mut play, "invite.command");
    if by_query {
        play.ask("invite", "pending", &literal!({ "targetId": TARGET }));
        play.ask("invite", "pending", &literal!({ "targetId": TARGET + 1 }));
        manner.pause(&mut play, "invite.command");
    } else {
        for other in others {
            accept(&mut play, other);
            manner.pause(&mut play, "invite.command");
        }
    }
    play.observed("invite", manner.view())
}

#[rstest]
fn an_accept_that_removes_others(
    #[values(
        Takes::AllOfTheTarget,
        Takes::AllOfTheOriginator,
        Takes::OtherTypes,
        Takes::TheOldestInstead
    )]
    takes: Takes,
    #[values(false, true)] by_query: bool,
) {
    for manner in MANNERS {
        let seen = accepted_among_others(manner, takes, by_query);
        names_only(id::INV_7, &seen, &format!("{manner:?}"));
    }
}

/// Invites that are accepted and rejected one after the other.
pub(crate) fn plain(manner: Manner, service: Box<dyn Service>) -> Observation {
    let mut play = manner.start(service);
    for number in 0..manner.before + 2 {
        let invited = (TARGET, ORIGINATOR, "PARTY", 7 + number);
        create(&mut play, invited);
        manner.pause(&mut play, "invite.command");
        reject(&mut play, invited);
        manner.pause(&mut play, "invite.command");
        let invited = (TARGET, ORIGINATOR, "GUILD", 17 + number);
        create(&mut play, invited);
        manner.pause(&mut play, "invite.command");
        accept(&mut play, invited);
        manner.pause(&mut play, "invite.command");
    }
    play.observed("invite", manner.view())
}

/// An invite service whose answers carry the transaction of the CREATE.
fn with_old_transaction(of: &'static str) -> Box<dyn Service> {
    let mut last = Json::Null;
    let warp = Warp::of(Box::new(Invite::default())).on_handle(move |inner, incoming, cx| {
        inner.handle(incoming, cx)?;
        let command = json(incoming.value);
        if kind(&command) == "CREATE" {
            last = command.get("transactionId").cloned().unwrap_or_default();
        } else if kind(&command) == of {
            edit(cx, |event| set(event, "transactionId", last.clone()));
        }
        Ok(())
    });
    warp.boxed()
}

#[test]
fn an_answer_with_the_old_transaction() {
    for manner in MANNERS {
        for (of, rule) in [("REJECT", id::INV_5), ("ACCEPT", id::INV_4)] {
            let seen = plain(manner, with_old_transaction(of));
            names_only(rule, &seen, &format!("{of} {manner:?}"));
        }
    }
}

#[test]
fn an_answer_without_a_reference() {
    for manner in MANNERS {
        for (of, rule) in [("REJECT", id::INV_5), ("ACCEPT", id::INV_4)] {
            for of_key in [false, true] {
                let service =
                    after(Box::new(Invite::default()), of, move |_, _, _, cx: &mut Cx<'_>| {
                        edit(cx, |event| set(event, "referenceId", Number::from(0u32)));
                        if of_key {
                            let key = vec![0_u8; 8];
                            edit_records(cx, |record| record.key = Some(key.as_slice().into()));
                        }
                    });
                let seen = plain(manner, service);
                names_only(rule, &seen, &format!("{of} {of_key} {manner:?}"));
            }
        }
    }
}

#[test]
fn an_invite_that_is_not_kept() {
    for manner in MANNERS {
        let service =
            after(Box::new(Invite::default()), "CREATE", |inner, incoming, mut command, cx| {
                set(&mut command, "type", "REJECT");
                handle_silently(inner, incoming, &command, cx);
            });
        names_only(id::INV_1, &plain(manner, service), &format!("{manner:?}"));
    }
}

#[test]
fn an_invite_that_expires_at_once() {
    for manner in MANNERS {
        let service =
            after(Box::new(Invite::default()), "CREATE", |inner, incoming, mut command, cx| {
                set(&mut command, "type", "REJECT");
                let _ = handle_as(inner, incoming, &command, cx);
            });
        names_only(id::INV_10, &plain(manner, service), &format!("{manner:?}"));
    }
}

#[test]
fn an_invite_that_expires_soon() {
    for manner in MANNERS {
        let inner = after(Box::new(Invite::default()), "CREATE", |_, incoming, _, cx| {
            let command = String::from_utf8_lossy(incoming.value.unwrap_or_default()).into_owned();
            cx.set_timer_after(command, std::time::Duration::from_millis(1_000));
        });
        let warp = Warp::of(inner).on_timer(|inner, timer, cx| {
            if !timer.name.starts_with('{') {
                return inner.timer(timer, cx);
            }
            let command = Json::parse(timer.name.as_bytes()).unwrap_or_default();
            ended(&command, cx);
            Ok(())
        });
        names_only(id::INV_10, &one_that_expires(manner, warp.boxed()), &format!("{manner:?}"));
    }
}

/// Says REJECTED of the invite that a CREATE has made.
fn ended(command: &Json, cx: &mut Cx<'_>) {
    let of = |pointer: &str| int(command, pointer);
    let transaction = command.get("transactionId").and_then(Json::as_str);
    let event = literal!({ "transactionId": transaction, "worldId": 0, "inviteType": "PARTY",
        "referenceId": i64::try_from(of("/body/referenceId")).expect("an id"),
        "type": "REJECTED", "body": {
            "originatorId": i64::try_from(of("/body/originatorId")).expect("an id"),
            "targetId": i64::try_from(of("/body/targetId")).expect("an id") } });
    let reference = u32::try_from(of("/body/referenceId")).expect("an id");
    cx.emit("invite.status", &Key::Id(reference), &event).expect("a channel");
}

/// Invites that nobody answers.
fn one_that_expires(manner: Manner, service: Box<dyn Service>) -> Observation {
    let mut play = manner.start(service);
    for number in 0..manner.before + 2 {
        create(&mut play, (TARGET, ORIGINATOR, "PARTY", 7 + number));
        manner.pause(&mut play, "invite.command");
    }
    play.observed("invite", manner.view())
}
