//! Records that come again since the group lost its partitions: nobody is blamed for it, and what
//! comes twice for another reason is found.

use quintet::capture::Captured;
use quintet::driver::Driver as _;
use quintet::history::{Event, History, ServiceIx};
use quintet::message::{Record, VirtualTime};
use quintet::service::Service;
use quintet::services::ban::Ban;
use quintet::verify::{Judging, Observation, judge};
use rstest::rstest;
use serde_json::{Value, json};

use crate::evidence::{NO_SKEW, Recording, rules, slow};
use crate::play::{Course, Pick, Play, as_reference};
use crate::random::{services, violations};
use crate::table::plant::after;

/// Recordings of a ban service whose group lost its partitions: it handles the commands from one to
/// another of a partition again, some time after the last.
fn handled_again(from: u64, to: u64, after_ms: u64) -> Recording {
    let course = Course { seed: 5, inputs: 0, partitions: 1, crashes: false, pick: as_reference };
    let mut play = Play::new(vec![Box::new(Ban::default())], course);
    let create = |round: u64| {
        json!({ "type": "CREATE", "body": { "banType": 0, "value": "10.0.0.1", "reason": "r",
            "reasonCode": round, "permanent": true, "issuedBy": "gm", "expiresAt": 0 } })
    };
    for round in 0..8 {
        play.send("ban.command", &create(round));
        play.wait_ms(300);
    }
    let mut recording = Recording::of("ban", play.world.history());
    let events: Vec<_> =
        recording.records.iter().filter(|one| Recording::is_event("ban", one)).cloned().collect();
    let last = &recording.records[recording.records.len() - 1];
    let (mut offset, mut at_ms) = (events.len() as u64, last.timestamp_ms);
    at_ms += i64::try_from(after_ms).unwrap();
    for (number, event) in events.iter().enumerate().skip(usize::try_from(from).unwrap()) {
        if number as u64 > to {
            break;
        }
        let text = format!(r#"{{"banId":{},"status":"CREATED"}}"#, 100 + number);
        let value = Some(quintet::message::Payload::new(text.as_bytes()));
        let record = Record { value, ..event.record.clone() };
        let timestamp_ms = at_ms + i64::try_from(number).unwrap();
        let (place, of) = (quintet::message::Offset(offset), event.clone());
        recording.records.push(Captured { offset: place, timestamp_ms, record, ..of });
        offset += 1;
    }
    recording
}

#[rstest]
#[case::the_last_three(5, 7, 3_000, true)]
#[case::all(0, 7, 3_000, true)]
#[case::the_newest_only(7, 7, 3_000, true)]
#[case::in_the_midst(3, 4, 3_000, false)]
#[case::one_in_the_midst(3, 3, 3_000, false)]
#[case::at_once(7, 7, 5, false)]
fn what_comes_again_up_to_the_newest_was_handled_again(
    #[case] from: u64,
    #[case] to: u64,
    #[case] after_ms: u64,
    #[case] is_accepted: bool,
) {
    let judgement = handled_again(from, to, after_ms).judged(NO_SKEW);
    let found = violations(&judgement);
    assert_eq!(found.is_empty(), is_accepted, "{found:#?}");
    let again = |one: &&quintet::verify::Found| {
        one.rule == quintet::services::id::COM_10 && one.message.starts_with("handled again")
    };
    let advisories = judgement.findings.iter().filter(again).count();
    assert_eq!(advisories, usize::from(is_accepted), "{:#?}", judgement.findings);
}

/// What was seen of a service that handled what stood so far back again, without a record of it.
fn redelivered(mut play: Play, service: &'static str, channel: &str, back: &[usize]) -> Recording {
    let contracts = play.world.contracts();
    let channel = contracts.channel_ix(channel).and_then(|index| contracts.channel(index));
    let topic = channel.expect("a channel").address.clone();
    let is_command = |one: &Captured| *one.topic == *topic;
    let sent = Recording::of(service, play.world.history());
    let sent = sent.records.iter().filter(|one| is_command(one)).count();
    for back in back {
        play.redeliver(*back);
    }
    play.wait_ms(1_000);
    let recording = Recording::of(service, play.world.history());
    let was_sent = |one: &&Captured| !is_command(one) || one.offset.0 < sent as u64;
    let records = recording.records.iter().filter(was_sent).cloned().collect();
    Recording { records, ..recording }
}

#[track_caller]
fn is_judged(recording: &Recording, is_accepted: bool) {
    let judgement = recording.judged(NO_SKEW);
    let found = violations(&judgement);
    assert_eq!(found.is_empty(), is_accepted, "{found:#?}");
    let advised = judgement.findings.iter().any(|one| one.message.starts_with("handled again"));
    assert_eq!(advised, is_accepted, "{:#?}", judgement.findings);
}

/// A session that is put into transition once more has ended in between: nothing comes twice. That
/// its neighbour in the partition comes again shows what happened.
#[rstest]
#[case::with_a_neighbour_that_repeats(&[1, 0], true)]
#[case::alone(&[1], false)]
fn what_is_answered_otherwise_was_handled_again(#[case] back: &[usize], #[case] is_accepted: bool) {
    let no_licence: Pick = |_, _, options| {
        options.iter().position(|option| *option == "no-licence").unwrap_or_default()
    };
    let course = Course { seed: 5, inputs: 0, partitions: 1, crashes: false, pick: no_licence };
    let mut play = Play::new(services("account"), course);
    let session = |number: u64, account: u64, (kind, body): (&str, Value)| {
        let id = uuid::Uuid::from_u128(u128::from(number)).to_string();
        json!({ "sessionId": id, "accountId": account, "author": "LOGIN", "type": kind,
            "body": body })
    };
    for (number, name) in [(1, "alice"), (2, "bob")] {
        play.send("account.create", &json!({ "name": name, "password": "pw" }));
        play.wait_ms(300);
        let body = json!({ "accountName": name, "password": "pw", "ipAddress": "", "hwid": "" });
        play.send("account.session.command", &session(number, 0, ("CREATE", body)));
        play.wait_ms(300);
    }
    for (number, state) in [(1, 2), (2, 1)] {
        let progress = ("PROGRESS_STATE", json!({ "state": state, "params": {} }));
        play.send("account.session.command", &session(number, number, progress));
    }
    play.wait_ms(12_000);
    is_judged(&redelivered(play, "account", "account.session.command", back), is_accepted);
}

/// An ACCEPT that comes again finds nothing to accept, and says nothing: its neighbours come again.
#[rstest]
#[case::between_what_repeats(&[2, 1, 0], true)]
#[case::as_most_do_not(&[2], false)]
fn what_has_nothing_to_do_was_handled_again(#[case] back: &[usize], #[case] is_accepted: bool) {
    let course = Course { seed: 5, inputs: 0, partitions: 1, crashes: false, pick: as_reference };
    let mut play = Play::new(services("invite"), course);
    let mut command = |kind: &str, target: u64, ms: u64| {
        let body = json!({ "originatorId": 1, "targetId": target, "referenceId": target });
        let transaction = play.uuid();
        let command = json!({ "transactionId": transaction, "worldId": 0, "inviteType": "BUDDY",
            "type": kind, "body": body });
        play.send("invite.command", &command);
        play.wait_ms(ms);
    };
    command("CREATE", 7, 300);
    command("CREATE", 8, 300);
    command("ACCEPT", 7, 300);
    command("CREATE", 9, 3_000);
    is_judged(&redelivered(play, "invite", "invite.command", back), is_accepted);
}

/// What a group commits late comes again after a kill, however long before it was handled.
#[rstest]
#[case::all(&[3, 2, 1, 0], true)]
#[case::as_most_do_not(&[2], false)]
fn what_was_not_committed_at_a_kill_was_handled_again(
    #[case] back: &[usize],
    #[case] is_accepted: bool,
    #[values(7, 20, 60)] before_s: u64,
) {
    let course = Course { seed: 5, inputs: 0, partitions: 1, crashes: false, pick: as_reference };
    let mut play = Play::new(services("invite"), course);
    for target in 7..11 {
        let body = json!({ "originatorId": 1, "targetId": target, "referenceId": target });
        let transaction = play.uuid();
        let command = json!({ "transactionId": transaction, "worldId": 0, "inviteType": "BUDDY",
            "type": "CREATE", "body": body });
        play.send("invite.command", &command);
        play.wait_ms(300);
    }
    play.wait_ms(before_s * 1_000);
    let killed = play.world.now();
    let observation = redelivered(play, "invite", "invite.command", back).observed();
    let judgement = judge(&with_kill(observation, killed), &Judging::default());
    let found = violations(&judgement);
    assert_eq!(found.is_empty(), is_accepted, "{found:#?}");
}

/// The same, and it was killed at a moment and started again at once.
fn with_kill(seen: Observation, at: VirtualTime) -> Observation {
    let contracts = quintet::contract::Contracts::builtin();
    let services = seen.history.services().to_vec();
    let number = services.iter().position(|name| *name == seen.subject).expect("a service");
    let service = ServiceIx(u16::try_from(number).expect("few services"));
    let mut history = History::new(contracts, services);
    let mut is_killed = false;
    for placed in seen.history.records() {
        if placed.at > at && !std::mem::replace(&mut is_killed, true) {
            history.push(at, Event::Crashed { service });
            history.push(at, Event::Restarted { service });
        }
        let place = (placed.channel, placed.partition, placed.offset);
        history.append(placed.at, place, placed.record.clone(), placed.producer);
    }
    Observation { history, ..seen }
}

/// A ban service that does not answer the first of three commands.
fn mute() -> Play {
    let course = Course { seed: 5, inputs: 0, partitions: 1, crashes: false, pick: as_reference };
    let mute = after(Box::new(Ban::default()), "CREATE", |_, input, _, cx| {
        let value = input.value.and_then(|value| std::str::from_utf8(value).ok());
        if value.unwrap_or_default().contains("mute") {
            cx.effects().emits.clear();
        }
    });
    let mut play = Play::new(vec![mute], course);
    for value in ["mute", "10.0.0.1", "10.0.0.2"] {
        let create = json!({ "type": "CREATE", "body": { "banType": 0, "value": value, "reason": "r",
            "reasonCode": 0, "permanent": true, "issuedBy": "gm", "expiresAt": 0 } });
        play.send("ban.command", &create);
        play.wait_ms(300);
    }
    play.wait_ms(3_000);
    play
}

/// What was in hand when it was killed may explain what its tenant shows, also much later.
#[rstest]
#[case::in_hand(0, true)]
#[case::settled_before(20_000, false)]
fn what_was_in_hand_at_a_kill_is_a_doubt(#[case] before_ms: u64, #[case] is_doubted: bool) {
    let mut play = mute();
    play.wait_ms(before_ms);
    let killed = play.world.now();
    let create = json!({ "type": "CREATE", "body": { "banType": 0, "value": "mute", "reason": "r",
        "reasonCode": 0, "permanent": true, "issuedBy": "gm", "expiresAt": 0 } });
    play.wait_ms(20_000);
    play.send("ban.command", &create);
    play.wait_ms(60_000);
    let seen = redelivered(play, "ban", "ban.command", &[]).observed();
    let judgement = judge(&with_kill(seen, killed), &Judging::default());
    let missing = |one: &&quintet::verify::Found| one.message.contains("none was seen");
    let found = judgement.findings.iter().find(missing).expect("it is mute");
    assert_eq!(found.doubt.is_some(), is_doubted, "{found:#?}");
}

/// That its group lost its partitions is a doubt where something was handled again.
#[rstest]
#[case::nothing_else_shows_it(&[], false)]
#[case::something_was_handled_again(&[1, 0], true)]
fn a_loss_that_shows_nowhere_explains_nothing(#[case] back: &[usize], #[case] is_doubted: bool) {
    let play = mute();
    let lost = play.world.now();
    let mut seen = redelivered(play, "ban", "ban.command", back).observed();
    seen.lost_partitions.push(lost);
    seen.ended = lost.after(std::time::Duration::from_secs(60));
    let judgement = judge(&seen, &Judging::default());
    let missing = |one: &&quintet::verify::Found| one.message.contains("none was seen");
    let found = judgement.findings.iter().find(missing).expect("it is mute");
    assert_eq!(found.doubt.is_some(), is_doubted, "{found:#?}");
}

/// A service that answers each command twice at once is not one whose group lost its partitions.
#[test]
fn what_comes_twice_at_once_is_found() {
    let twice: Box<dyn Service> = after(Box::new(Ban::default()), "CREATE", |_, _, _, cx| {
        let again = cx.effects().emits.clone();
        cx.effects().emits.extend(again);
    });
    let judgement = slow(twice).judged(NO_SKEW);
    let found = &judgement.findings;
    assert_eq!(rules(&judgement), [quintet::services::id::BAN_1], "{found:#?}");
}
