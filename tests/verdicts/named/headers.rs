//! Mistakes about whose a record is.

use quintet::history::{Placed, Producer};
use quintet::message::{Headers, TraceParent};
use quintet::service::{Asked, Service};
use quintet::services::account::Account;
use quintet::services::ban::Ban;
use quintet::services::effective_stats::EffectiveStats;
use quintet::services::id;
use quintet::services::invite::Invite;
use quintet::verify::Observation;
use rstest::rstest;
use serde_json::json as literal;

use super::{
    MANNERS, Manner, account, ban, effective_stats, invite, names_only, under_other_headers,
    with_header,
};
use crate::evidence::{NO_SKEW, Recording};
use crate::play::Play;
use crate::table::warp::Warp;

fn is_event(placed: &Placed) -> bool {
    placed.producer != Producer::Test
}

/// What becomes of the trace of an event.
#[derive(Clone, Copy, Debug)]
enum Trace {
    Kept,
    New,
}

impl Trace {
    fn of(self, placed: &Placed, headers: &Headers) -> Headers {
        match self {
            Self::Kept => headers.clone(),
            Self::New => {
                let trace = 1_000 + placed.id.at() as u128;
                let parent = TraceParent { trace, span: 7, flags: 1 };
                with_header(headers, "traceparent", Some(parent.to_string().as_bytes()))
            }
        }
    }
}

fn bans(manner: Manner) -> Observation {
    let mut play = manner.start(Box::new(Ban::default()));
    for reason in 1..=manner.before + 2 {
        ban::create(&mut play, reason);
        manner.pause(&mut play, "ban.command");
    }
    for ban_id in 1..=2 {
        ban::delete(&mut play, ban_id);
        manner.pause(&mut play, "ban.command");
    }
    play.observed("ban", manner.view())
}

/// A header's name, and its value where it is there.
type Header = (&'static str, Option<&'static [u8]>);

/// Headers of events that are wrong together, or not there.
const DAMAGES: [&[Header]; 6] = [
    &[("MAJOR_VERSION", Some(&[83, 0])), ("MINOR_VERSION", Some(&[1, 0]))],
    &[("MAJOR_VERSION", Some(&[83, 0]))],
    &[("REGION", Some(b"EMS"))],
    &[("MAJOR_VERSION", Some(b"83 ")), ("MINOR_VERSION", Some(b"1"))],
    &[("MINOR_VERSION", Some(&[1]))],
    &[("MAJOR_VERSION", None)],
];

#[rstest]
fn events_with_damaged_headers(
    #[values(0, 1, 2, 3, 4, 5)] damage: usize,
    #[values(Trace::Kept, Trace::New)] trace: Trace,
) {
    for manner in MANNERS {
        let seen = under_other_headers(&bans(manner), |placed| {
            is_event(placed).then(|| {
                let headers = trace.of(placed, &placed.record.headers);
                DAMAGES[damage]
                    .iter()
                    .fold(headers, |headers, (name, value)| with_header(&headers, name, *value))
            })
        });
        names_only(id::COM_2, &seen, &format!("{manner:?}"));
    }
}

/// A service in which all tenants are the first one.
fn mixing(inner: Box<dyn Service>) -> Box<dyn Service> {
    let first = crate::play::tenant(0);
    let of_query = first.clone();
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        let incoming = quintet::service::Incoming { tenant: &first, ..*incoming };
        inner.handle(&incoming, &mut cx.on_behalf_of(&first))
    });
    let warp = warp.on_query(move |inner, name, args, asked| {
        inner.query(name, args, &Asked { tenant: &of_query, ..*asked })
    });
    warp.boxed()
}

fn of_two_tenants(manner: Manner, service: &str, by_query: bool) -> Observation {
    let mut play = match service {
        "ban" => manner.start(mixing(Box::new(Ban::default()))),
        "invite" => manner.start(mixing(Box::new(Invite::default()))),
        "account" => account::start(manner, mixing(Box::new(Account::default()))),
        _ => manner.start(mixing(Box::new(EffectiveStats::default()))),
    };
    match service {
        "ban" => bans_of_two(&mut play, manner, by_query),
        "invite" => invites_of_two(&mut play, manner, by_query),
        "account" => accounts_of_two(&mut play, manner),
        _ => stats_of_two(&mut play, manner),
    }
    play.observed(service, manner.view())
}

fn bans_of_two(play: &mut Play, manner: Manner, by_query: bool) {
    for of in [0, 1, 0, 1] {
        play.of = of;
        ban::create(play, 1 + u32::try_from(of).expect("small"));
        manner.pause(play, "ban.command");
    }
    if by_query {
        play.of = 1;
        play.ask("ban", "check", &literal!({ "ip": "10.0.0.1" }));
        play.ask("ban", "ban", &literal!({ "banId": 1 }));
        return;
    }
    // The first tenant's bans, deleted by the second.
    play.of = 1;
    ban::delete(play, 1);
    manner.pause(play, "ban.command");
    play.of = 0;
    ban::delete(play, 1);
    manner.pause(play, "ban.command");
}

fn invites_of_two(play: &mut Play, manner: Manner, by_query: bool) {
    let body = literal!({ "originatorId": 10, "targetId": 2, "referenceId": 7 });
    let told = [(0, "CREATE"), (1, "ACCEPT"), (0, "ACCEPT")];
    for (of, kind) in told {
        if by_query && kind == "ACCEPT" {
            play.of = 1;
            play.ask("invite", "pending", &literal!({ "targetId": 2 }));
            return;
        }
        play.of = of;
        let transaction = play.uuid();
        let command = literal!({ "transactionId": transaction, "worldId": 0,
            "inviteType": "PARTY", "type": kind, "body": body });
        play.send("invite.command", &command);
        manner.pause(play, "invite.command");
    }
}

fn accounts_of_two(play: &mut Play, manner: Manner) {
    for of in [0, 1] {
        play.of = of;
        account::register(play, "alice");
        manner.pause(play, "account.session.command");
    }
    for (of, session) in [(0, 1), (1, 2)] {
        play.of = of;
        account::log_in(play, "alice", session);
        manner.pause(play, "account.session.command");
    }
}

fn stats_of_two(play: &mut Play, manner: Manner) {
    play.of = 0;
    let session = play.uuid();
    let event = literal!({ "sessionId": session, "accountId": 1, "characterId": 4,
        "worldId": 0, "channelId": 0, "issuer": "CHANNEL", "type": "CREATED" });
    play.send("session.status", &event);
    manner.pause(play, "buff.status");
    for of in [0, 1] {
        play.of = of;
        play.ask("effective_stats", "character", &literal!({ "characterId": 4 }));
    }
}

#[rstest]
#[case("ban", false)]
#[case("ban", true)]
#[case("invite", false)]
#[case("invite", true)]
#[case("account", false)]
#[case("effective_stats", true)]
fn state_that_tenants_share(#[case] service: &str, #[case] by_query: bool) {
    for manner in MANNERS {
        let seen = of_two_tenants(manner, service, by_query);
        names_only(id::COM_6, &seen, &format!("{manner:?}"));
    }
}

/// How an input is without a tenant.
const LACKS: [(&str, Option<&[u8]>); 4] = [
    ("MAJOR_VERSION", None),
    ("MINOR_VERSION", None),
    ("MINOR_VERSION", Some(&[1])),
    ("REGION", Some(b"")),
];

/// The same, where some inputs came without a header.
fn lacking(seen: &Observation, lacks: usize, which: impl Fn(&Placed) -> bool) -> Observation {
    let (name, value) = LACKS[lacks];
    under_other_headers(seen, |placed| {
        let lacks = !is_event(placed) && which(placed);
        lacks.then(|| with_header(&placed.record.headers, name, value))
    })
}

fn mentions(placed: &Placed, text: &str) -> bool {
    let value = placed.record.value_bytes().unwrap_or_default();
    String::from_utf8_lossy(value).contains(text)
}

#[rstest]
fn a_login_without_a_tenant_that_lands_in_one(#[values(0, 1, 2, 3)] lacks: usize) {
    for manner in MANNERS {
        let mut play = manner.start(Box::new(Ban::default()));
        for reason in 0..=manner.before {
            ban::create(&mut play, 1 + reason);
            manner.pause(&mut play, "ban.command");
        }
        for (name, account) in [("good", 7), ("lost", 7), ("lost", 8)] {
            let session = play.uuid();
            let event = literal!({ "sessionId": session, "accountId": account,
                "accountName": name, "type": "CREATED",
                "body": { "ipAddress": "10.0.0.7", "hwid": "HW" } });
            play.send("account.session.status", &event);
            manner.pause(&mut play, "ban.command");
        }
        for account in [7, 8] {
            play.ask("ban", "history", &literal!({ "accountId": account }));
        }
        let seen = play.observed("ban", manner.view());
        let seen = lacking(&seen, lacks, |placed| mentions(placed, "lost"));
        names_only(id::COM_3, &seen, &format!("{manner:?}"));
    }
}

#[rstest]
fn a_command_without_a_tenant_that_lands_in_one(#[values(0, 1, 2, 3)] lacks: usize) {
    for manner in MANNERS {
        let mut play = manner.start(Box::new(Ban::default()));
        for reason in 1..=manner.before + 2 {
            ban::create(&mut play, reason);
            manner.pause(&mut play, "ban.command");
        }
        // Its DELETE takes the ban away.
        for ban_id in [2, 2, 1] {
            ban::delete(&mut play, ban_id);
            manner.pause(&mut play, "ban.command");
        }
        let seen = play.observed("ban", manner.view());
        let names = |placed: &&Placed| !is_event(placed) && mentions(placed, "\"banId\":2");
        let first = seen.history.records().iter().find(names);
        let first = first.expect("a DELETE").id;
        let seen = lacking(&seen, lacks, |placed| placed.id == first);
        names_only(id::COM_3, &seen, &format!("{manner:?}"));
    }
}

#[rstest]
fn a_step_without_a_tenant_that_lands_in_one(#[values(0, 1, 2, 3)] lacks: usize) {
    for manner in MANNERS {
        let mut play = account::start(manner, Box::new(Account::default()));
        account::register(&mut play, "alice");
        manner.pause(&mut play, "account.session.command");
        play.tell("account", "accept_licence", &literal!({ "name": "alice" }));
        account::log_in(&mut play, "alice", 1);
        manner.pause(&mut play, "account.session.command");
        account::progress(&mut play, 1, (1, "LOGIN"), 2);
        play.wait_ms(1_200);
        account::progress(&mut play, 1, (1, "CHANNEL"), 1);
        manner.pause(&mut play, "account.session.command");
        let seen = play.observed("account", manner.view());
        let step = |placed: &Placed| mentions(placed, "PROGRESS_STATE") && mentions(placed, "2");
        let first = seen.history.records().iter().find(|placed| step(placed)).expect("one").id;
        let seen = lacking(&seen, lacks, |placed| placed.id == first);
        names_only(id::COM_3, &seen, &format!("{manner:?}"));
    }
}

#[rstest]
fn a_buff_without_a_tenant_that_lands_in_one(#[values(0, 1, 2, 3)] lacks: usize) {
    for manner in MANNERS {
        let seen = effective_stats::buffed(manner);
        let seen = lacking(&seen, lacks, |placed| mentions(placed, "APPLIED"));
        names_only(id::COM_3, &seen, &format!("{manner:?}"));
    }
}

#[rstest]
fn an_invite_without_a_tenant_that_lands_in_one(#[values(0, 1, 2, 3)] lacks: usize) {
    for manner in MANNERS {
        let seen = invite::plain(manner, Box::new(Invite::default()));
        let is_it = |placed: &Placed| mentions(placed, "CREATE\"") && mentions(placed, "PARTY");
        let first = seen.history.records().iter().find(|placed| is_it(placed)).expect("one").id;
        let seen = lacking(&seen, lacks, |placed| placed.id == first);
        names_only(id::COM_3, &seen, &format!("{manner:?}"));
    }
}

/// What is said of the header itself says what is wrong with it.
#[rstest]
#[case(b"", "header REGION: is empty")]
#[case(b"\xff\xfe", "header REGION: is not UTF-8 text")]
fn a_region_that_is_none(#[case] region: &[u8], #[case] expected: &str) {
    let seen = bans(MANNERS[0]);
    let seen = under_other_headers(&seen, |placed| {
        Some(with_header(&placed.record.headers, "REGION", Some(region)))
    });
    let judgement = Recording::of("ban", &seen.history).judged_as_traffic(NO_SKEW);
    let told: Vec<_> = judgement.findings.iter().map(|found| &found.message).collect();
    assert!(told.iter().any(|message| message.contains(expected)), "{told:#?}");
    let others = ["is empty", "is not UTF-8 text"].into_iter();
    let mut others = others.filter(|other| !expected.ends_with(other));
    let is_said = |other: &str| told.iter().any(|message| message.contains(other));
    assert!(!others.any(is_said), "{told:#?}");
}
