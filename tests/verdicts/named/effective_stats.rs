//! Mistakes of the effective stats service.

use std::collections::BTreeSet;

use quintet::driver::Driver;
use quintet::message::Json;
use quintet::rule::RuleId;
use quintet::service::{Given, Reject, Service};
use quintet::services::effective_stats::EffectiveStats;
use quintet::services::id;
use quintet::verify::{Observation, Provided};
use rstest::rstest;
use serde_json::json as literal;

use super::{MANNERS, Manner, names_only};
use crate::play::{Play, tenant};
use crate::table::plant::{deaf, int};
use crate::table::warp::{Warp, json, kind};

const AT: &str = "2026-01-01T00:00:00Z";
const ASSET: u32 = 3;

fn session(play: &mut Play, character: u32, kind: &str) {
    let session = play.uuid();
    let event = literal!({ "sessionId": session, "accountId": 1, "characterId": character,
        "worldId": 0, "channelId": 0, "issuer": "CHANNEL", "type": kind });
    play.send("session.status", &event);
}

fn buff(play: &mut Play, character: u32, kind: &str) {
    let body = literal!({ "fromId": 1, "sourceId": 5, "duration": 1000,
        "changes": [{ "type": "SPEED", "amount": 10 }], "createdAt": AT, "expiresAt": AT });
    let event = literal!({ "worldId": 0, "channelId": 0, "characterId": character, "type": kind,
        "body": body });
    play.send("buff.status", &event);
}

fn asset(play: &mut Play, character: u32, (kind, old, slot): (&str, i32, i32)) {
    let id = play.uuid();
    let body = match kind {
        "MOVED" => literal!({ "oldSlot": old, "createdAt": AT, "referenceType": "equipable" }),
        _ => literal!({}),
    };
    let event = literal!({ "transactionId": id, "characterId": character, "compartmentId": id,
        "assetId": ASSET, "templateId": 1, "slot": slot, "type": kind, "body": body });
    play.send("asset.status", &event);
}

/// What happens to a character, in order.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Session(&'static str),
    Buff(&'static str),
    PutOn,
    TakeOff,
    Deleted,
}

use Turn::{Buff, Deleted, PutOn, Session, TakeOff};

fn lives(manner: Manner, service: Box<dyn Service>, turns: &[Turn]) -> Observation {
    let mut play = manner.start(service);
    let entry = Json::from(literal!({ "assetId": ASSET, "strength": 7, "speed": 3 }));
    let data = vec![("equipment".to_owned(), Json::Array(vec![entry]))];
    let given = Given { settings: None, data: &data };
    play.world.give("effective_stats", &tenant(0), &given).expect("it is taken");
    for character in 1..=manner.before + 1 {
        for turn in turns {
            match turn {
                Session(kind) => session(&mut play, character, kind),
                Buff(kind) => buff(&mut play, character, kind),
                PutOn => asset(&mut play, character, ("MOVED", 3, -11)),
                TakeOff => asset(&mut play, character, ("MOVED", -11, 3)),
                Deleted => asset(&mut play, character, ("DELETED", 0, -11)),
            }
            manner.pause(&mut play, "buff.status");
            play.ask("effective_stats", "character", &literal!({ "characterId": character }));
            // What is asked and told at one moment may be so in either order.
            play.wait_ms(200);
        }
    }
    let mut seen = play.observed("effective_stats", manner.view());
    seen.given.push(Provided { tenant: tenant(0), settings: None, data });
    seen
}

/// Characters who get a buff.
pub(crate) fn buffed(manner: Manner) -> Observation {
    let turns = [Session("CREATED"), PutOn, Buff("APPLIED"), TakeOff];
    lives(manner, Box::new(EffectiveStats::default()), &turns)
}

/// Lives in which equipment comes and goes.
const WORN: [&[Turn]; 6] = [
    &[Session("CREATED"), PutOn, TakeOff, Session("DESTROYED")],
    &[Session("CREATED"), Buff("APPLIED"), PutOn, TakeOff, Buff("EXPIRED")],
    &[PutOn, Session("CREATED"), TakeOff],
    &[PutOn, Session("CREATED"), PutOn, Buff("APPLIED"), TakeOff],
    &[Buff("APPLIED"), PutOn, Session("CREATED")],
    &[Session("CREATED"), Session("DESTROYED"), PutOn, Session("CREATED"), PutOn],
];

#[rstest]
fn equipment_without_effect(#[values(0, 1, 2, 3, 4, 5)] life: usize) {
    for manner in MANNERS {
        let service = deaf(Box::new(EffectiveStats::default()), |event| kind(event) == "MOVED");
        let seen = lives(manner, service, WORN[life]);
        // What is worn early may be ignored until then.
        if life != 2 && life != 4 {
            names_only(id::EFF_4, &seen, &format!("{manner:?}"));
        }
    }
}

#[rstest]
fn equipment_that_stays_on(#[values(0, 1)] life: usize) {
    for manner in MANNERS {
        let service = deaf(Box::new(EffectiveStats::default()), |event| {
            kind(event) == "MOVED" && int(event, "/slot") > 0
        });
        let seen = lives(manner, service, WORN[life]);
        names_only(id::EFF_4, &seen, &format!("{manner:?}"));
    }
}

/// An effective stats service that does not hear some events about characters with a buff.
fn deaf_to_the_buffed(which: Which) -> Box<dyn Service> {
    let mut buffed = BTreeSet::new();
    let warp =
        Warp::of(Box::new(EffectiveStats::default())).on_handle(move |inner, incoming, cx| {
            let event = json(incoming.value);
            let character = int(&event, "/characterId");
            match kind(&event) {
                "APPLIED" => drop(buffed.insert(character)),
                "EXPIRED" => drop(buffed.remove(&character)),
                _ if buffed.contains(&character) && which(&event) => {
                    return Err(Reject::Refused("not heard".to_owned()));
                }
                _ => {}
            }
            inner.handle(incoming, cx)
        });
    warp.boxed()
}

/// What an event of which some kinds are not heard says.
type Which = fn(&Json) -> bool;

/// What happens to a character with a buff, what of it is not heard, and the rule that says so.
const BUFFED: [(&[Turn], Which, RuleId); 5] = [
    (
        &[Session("CREATED"), Buff("APPLIED"), Session("DESTROYED"), Session("CREATED")],
        |event| kind(event) == "DESTROYED",
        id::EFF_2,
    ),
    (
        &[Session("CREATED"), Buff("APPLIED"), PutOn, Buff("EXPIRED")],
        |event| kind(event) == "MOVED",
        id::EFF_4,
    ),
    // What was worn before is not restored.
    (
        &[Session("CREATED"), PutOn, TakeOff, PutOn, Buff("APPLIED"), TakeOff, Buff("EXPIRED")],
        |event| kind(event) == "MOVED" && int(event, "/slot") > 0,
        id::EFF_8,
    ),
    (
        &[Session("CREATED"), PutOn, Buff("APPLIED"), Deleted, Buff("EXPIRED")],
        |event| kind(event) == "DELETED",
        id::EFF_5,
    ),
    (
        &[Buff("APPLIED"), Session("CREATED"), Buff("EXPIRED")],
        |event| kind(event) == "CREATED",
        id::EFF_9,
    ),
];

#[rstest]
fn characters_with_a_buff(#[values(0, 1, 2, 3, 4)] life: usize) {
    let (turns, which, rule) = BUFFED[life];
    for manner in MANNERS {
        let seen = lives(manner, deaf_to_the_buffed(which), turns);
        names_only(rule, &seen, &format!("{manner:?}"));
    }
}
