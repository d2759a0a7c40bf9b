//! What weak evidence leaves open is held against nobody, and what strong evidence shows is found:
//! recordings of right services and of planted bugs whose clocks, timestamps and offsets are off.

use std::time::Duration;

use quintet::capture::Captured;
use quintet::contract::Contracts;
use quintet::driver::Driver;
use quintet::history::History;
use quintet::message::{Record, RecordId};
use quintet::rule::RuleId;
use quintet::service::Service;
use quintet::services::ban::Ban;
use quintet::verify::traffic::{self, Gathered, gather};
use quintet::verify::{Judgement, Judging, Observation, judge};
use rstest::rstest;
use serde_json::json;

use crate::outsider::SETTLE;
use crate::play::{Course, Play, as_reference, play};
use crate::random::{services, violations};
use crate::steps;
use crate::table::plant::after;

/// What was recorded of a service, as a file has it.
pub(crate) struct Recording {
    pub(crate) service: &'static str,
    pub(crate) records: Vec<Captured>,
}

/// Which clock is off.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// That of whoever asks.
    Asker,
    /// That of the service.
    Service,
}

impl Recording {
    pub(crate) fn of(service: &'static str, history: &History) -> Self {
        let contracts = history.contracts();
        let records = history.records().iter().map(|placed| Captured {
            topic: contracts.channel(placed.channel).expect("a channel").address.as_str().into(),
            partition: placed.partition,
            offset: placed.offset,
            timestamp_ms: placed.at.as_unix_ms() + i64::try_from(placed.id.at() % 3).unwrap(),
            record: placed.record.clone(),
        });
        Self { service, records: records.collect() }
    }

    /// Random inputs of a service, two at a time at most.
    pub(crate) fn random(service: &'static str, seed: u64) -> Self {
        let step = if service == "ban" { steps::ban } else { steps::invite };
        let course = Course { seed, inputs: 30, partitions: 2, crashes: false, pick: as_reference };
        let mut played = play(services(service), service, course, step);
        played.wait_ms(3_000);
        Self::of(service, played.world.history())
    }

    /// Whether a record is an event of a service.
    pub(crate) fn is_event(service: &str, one: &Captured) -> bool {
        let topic = match service {
            "ban" => "EVENT_TOPIC_BAN_STATUS",
            "account" => "EVENT_TOPIC_ACCOUNT_",
            _ => "EVENT_TOPIC_INVITE_STATUS",
        };
        one.topic.starts_with(topic)
    }

    fn shifted(mut self, clock: Clock, ms: i64) -> Self {
        for one in &mut self.records {
            match (clock, Self::is_event(self.service, one)) {
                (Clock::Asker, false) | (Clock::Service, true) => one.timestamp_ms += ms,
                _ => {}
            }
        }
        self
    }

    /// Without trace ids.
    fn untraced(mut self) -> Self {
        for one in &mut self.records {
            let headers = one.record.headers.to_list();
            let kept = headers.into_iter().filter(|header| &*header.name != "traceparent");
            let headers = quintet::message::Headers::from_list(kept.collect());
            one.record = Record { headers, ..one.record.clone() };
        }
        self
    }

    fn gathered(&self, subject: Option<&str>, clock_skew: Duration) -> Gathered {
        let contracts = Contracts::builtin();
        let channel = |topic: &str| contracts.channel_at(topic).map(|one| one.index);
        // What the test says in the place of another service nobody asked that one for.
        let is_own = |one: &&Captured| {
            subject.is_some()
                || one.topic.starts_with("COMMAND")
                || Self::is_event(self.service, one)
        };
        let records = self.records.iter().filter(is_own).cloned().collect();
        gather(records, &contracts, channel, subject, clock_skew)
    }

    /// What was seen of the service.
    pub(crate) fn observed(&self) -> Observation {
        self.gathered(Some(self.service), NO_SKEW).observation(self.service, SETTLE)
    }

    /// What is said of the service.
    pub(crate) fn judged(&self, clock_skew: Duration) -> Judgement {
        let gathered = self.gathered(Some(self.service), clock_skew);
        let judging = Judging { clock_skew, ..Judging::default() };
        judge(&gathered.observation(self.service, SETTLE), &judging)
    }

    /// What is said of all channels.
    pub(crate) fn judged_as_traffic(&self, clock_skew: Duration) -> Judgement {
        traffic::judge(&self.gathered(None, clock_skew), true, (clock_skew, SETTLE))
    }

    #[track_caller]
    pub(crate) fn accuses_nobody(&self, clock_skew: Duration, what: &str) {
        for judgement in [self.judged(clock_skew), self.judged_as_traffic(clock_skew)] {
            let found = violations(&judgement);
            assert!(found.is_empty(), "{} {what}: {found:#?}", self.service);
        }
    }
}

const SEEDS: std::ops::Range<u64> = 0..2;
pub(crate) const NO_SKEW: Duration = Duration::ZERO;

#[rstest]
fn a_right_service_is_right_whatever_clocks_say(
    #[values("ban", "invite")] service: &'static str,
    #[values(Clock::Asker, Clock::Service)] clock: Clock,
    #[values(1, -1, 30, -30, 200, -200, 5_000, -5_000, 45_000, -45_000)] ms: i64,
) {
    for seed in SEEDS {
        let recording = Recording::random(service, seed).shifted(clock, ms);
        recording.accuses_nobody(NO_SKEW, &format!("{seed} {clock:?} {ms}"));
    }
}

/// Where nothing shows how far clocks differ, somebody has to say so.
#[rstest]
fn clocks_that_are_said_to_differ_accuse_nobody(
    #[values("ban", "invite")] service: &'static str,
    #[values(30, -30, 400, -400)] ms: i64,
) {
    for seed in SEEDS {
        let recording = Recording::random(service, seed).shifted(Clock::Asker, ms).untraced();
        let found = violations(&recording.judged_as_traffic(Duration::from_millis(500)));
        assert!(found.is_empty(), "{service} {seed} {ms}: {found:#?}");
        let judgement = recording.judged(Duration::from_millis(500));
        let found = violations(&judgement);
        let others: Vec<_> = found.iter().filter(|one| !one.contains("traceparent")).collect();
        assert!(others.is_empty(), "{service} {seed} {ms}: {others:#?}");
    }
}

#[test]
fn how_far_clocks_differ_is_said() {
    let recording = Recording::random("ban", 3).shifted(Clock::Service, -777);
    for judgement in [recording.judged(NO_SKEW), recording.judged_as_traffic(NO_SKEW)] {
        let [note] = &judgement.notes[..] else { panic!("{:?}", judgement.notes) };
        assert!(note.contains("so far do clocks differ"), "{note}");
        let ms = note.split(" ms before").next().and_then(|text| text.rsplit(' ').next());
        let ms: u64 = ms.and_then(|ms| ms.parse().ok()).expect("it says how far");
        assert!((700..=780).contains(&ms), "{note}");
    }
    assert!(Recording::random("ban", 3).judged(NO_SKEW).notes.is_empty());
}

/// A ban service that never answers DELETE, and is asked slowly.
fn deaf() -> Recording {
    let deaf: Box<dyn Service> = after(Box::new(Ban::default()), "DELETE", |_, _, _, cx| {
        cx.effects().emits.clear();
    });
    slow(deaf)
}

pub(crate) fn slow(service: Box<dyn Service>) -> Recording {
    let course = Course { seed: 7, inputs: 0, partitions: 2, crashes: false, pick: as_reference };
    let mut play = Play::new(vec![service], course);
    for round in 0..6 {
        let create = json!({ "type": "CREATE", "body": { "banType": 0, "value": "10.0.0.1",
            "reason": "r", "reasonCode": round, "permanent": true, "issuedBy": "gm",
            "expiresAt": 0 } });
        play.send("ban.command", &create);
        play.wait_ms(2_500);
        play.send("ban.command", &json!({ "type": "DELETE", "body": { "banId": round + 1 } }));
        play.wait_ms(2_500);
    }
    Recording::of("ban", play.world.history())
}

pub(crate) fn rules(judgement: &Judgement) -> Vec<RuleId> {
    let mut rules: Vec<_> = judgement
        .findings
        .iter()
        .filter(|one| one.severity == quintet::rule::Severity::Violation)
        .map(|one| one.rule)
        .collect();
    rules.dedup();
    rules
}

#[rstest]
fn what_clocks_cannot_excuse_is_found(#[values(0, 30, -30, 200, -200)] ms: i64) {
    let judgement = deaf().shifted(Clock::Service, ms).judged(NO_SKEW);
    assert_eq!(rules(&judgement), [quintet::services::id::BAN_3], "{:#?}", judgement.findings);
}

type Wrong = fn(i64) -> i64;

/// Timestamps that bear no time, by the right one.
const WRONG: &[(&str, Wrong)] = &[
    ("0", |_| 0),
    ("-1", |_| -1),
    ("1234", |_| 1234),
    ("seconds", |ms| ms / 1_000),
    ("microseconds", |ms| ms * 1_000),
    ("nanoseconds", |ms| ms.saturating_mul(1_000_000)),
    ("five minutes ahead", |ms| ms + 300_000),
    ("five minutes behind", |ms| ms - 300_000),
    ("two years ahead", |ms| ms + 2 * 31_536_000_000),
    ("two years behind", |ms| ms - 2 * 31_536_000_000),
];

impl Recording {
    /// Changes the timestamps of some records.
    fn stamped(mut self, which: impl Fn(usize, &Captured) -> bool, wrong: Wrong) -> Self {
        for (at, one) in self.records.iter_mut().enumerate() {
            if which(at, one) {
                one.timestamp_ms = wrong(one.timestamp_ms);
            }
        }
        self
    }
}

#[rstest]
fn one_timestamp_that_bears_no_time_accuses_nobody(
    #[values("ban", "invite")] service: &'static str,
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)] kind: usize,
) {
    let (name, wrong) = WRONG[kind];
    for seed in 0..2 {
        let many = Recording::random(service, seed).records.len();
        for at in (0..many).step_by(3) {
            let recording = Recording::random(service, seed).stamped(|one, _| one == at, wrong);
            recording.accuses_nobody(NO_SKEW, &format!("{name}, record {at} of {seed}"));
        }
    }
}

#[rstest]
fn many_timestamps_that_bear_no_time_accuse_nobody(
    #[values("ban", "invite")] service: &'static str,
    #[values(0, 1, 2, 3, 4, 5)] kind: usize,
) {
    let (name, wrong) = WRONG[kind];
    for seed in SEEDS {
        let random = || Recording::random(service, seed);
        let each = [
            ("all", random().stamped(|_, _| true, wrong)),
            ("events", random().stamped(|_, one| Recording::is_event(service, one), wrong)),
            ("commands", random().stamped(|_, one| !Recording::is_event(service, one), wrong)),
            ("every other", random().stamped(|at, _| at % 2 == 0, wrong)),
        ];
        for (which, recording) in each {
            recording.accuses_nobody(NO_SKEW, &format!("{name}, {which} of {seed}"));
        }
    }
}

#[test]
fn timestamps_that_bear_no_time_are_named() {
    for (name, wrong) in WRONG {
        let recording = deaf().stamped(|at, _| at == 14, *wrong);
        let gathered = recording.gathered(Some("ban"), NO_SKEW);
        let named: Vec<RecordId> = gathered.untimed.clone();
        assert_eq!(named.len(), 1, "{name}: {named:?}");
        let judgement = recording.judged(NO_SKEW);
        assert_eq!(rules(&judgement), [quintet::services::id::BAN_3], "{name}");
    }
}

impl Recording {
    /// Without some records.
    fn without(mut self, missing: impl Fn(usize, &Captured) -> bool) -> Self {
        let mut at = 0;
        self.records.retain(|one| {
            at += 1;
            !missing(at - 1, one)
        });
        self
    }

    /// With the marker of a transaction behind every so many records of each partition.
    fn with_markers(mut self, every: u64) -> Self {
        for one in &mut self.records {
            one.offset.0 += one.offset.0 / every;
        }
        self
    }
}

#[rstest]
fn a_record_that_is_missing_accuses_nobody(#[values("ban", "invite")] service: &'static str) {
    for seed in SEEDS {
        let many = Recording::random(service, seed).records.len();
        for at in 0..many {
            let whole = Recording::random(service, seed);
            let gone = whole.records[at].clone();
            let is_inside = |one: &Captured, offset: i64| {
                one.topic == gone.topic
                    && one.partition == gone.partition
                    && i64::try_from(one.offset.0).unwrap() - offset
                        == i64::try_from(gone.offset.0).unwrap()
            };
            let has = |offset: i64| whole.records.iter().any(|one| is_inside(one, offset));
            // What lies in front of a file, or behind it, is another question.
            if has(-1) && has(1) {
                let what = format!("{seed} without {} {}", gone.topic, gone.offset.0);
                whole.without(|one, _| one == at).accuses_nobody(NO_SKEW, &what);
            }
        }
    }
}

#[rstest]
fn markers_of_transactions_accuse_nobody_and_hide_nothing(#[values(1, 2, 3)] every: u64) {
    for seed in SEEDS {
        for service in ["ban", "invite"] {
            let recording = Recording::random(service, seed).with_markers(every);
            recording.accuses_nobody(NO_SKEW, &format!("{seed}, markers behind every {every}"));
        }
    }
    let judgement = deaf().with_markers(every).judged(NO_SKEW);
    if every == 1 {
        let found = &judgement.findings;
        assert_eq!(rules(&judgement), [quintet::services::id::BAN_3], "{found:#?}");
    }
    let right = slow(Box::new(Ban::default())).with_markers(1).judged(NO_SKEW);
    assert!(right.unsettled.is_empty(), "{:?}", right.unsettled);
}

#[test]
fn a_hole_hides_no_breach_that_it_cannot_explain() {
    // One event is doubled, and the answer to another command is missing, long before.
    let twice: Box<dyn Service> = after(Box::new(Ban::default()), "CREATE", |_, _, command, cx| {
        if command.pointer("/body/reasonCode").and_then(quintet::message::Json::as_integer)
            == Some(4)
        {
            let again = cx.effects().emits.clone();
            cx.effects().emits.extend(again);
        }
    });
    let recording = slow(twice);
    let first_delete = recording
        .records
        .iter()
        .position(|one| &*one.topic == "COMMAND_TOPIC_BAN" && one.offset.0 == 1);
    let judgement = recording.without(|at, _| Some(at) == first_delete).judged(NO_SKEW);
    let found = &judgement.findings;
    assert_eq!(rules(&judgement), [quintet::services::id::BAN_1], "{found:#?}");
}

impl Recording {
    /// With a member of some values named twice: with the first value and with the true one.
    fn repeating(mut self, member: &str, first: &str, which: impl Fn(&Captured) -> bool) -> Self {
        let name = format!("\"{member}\":");
        for one in self.records.iter_mut().filter(|one| which(one)) {
            let text = one.record.value_bytes().and_then(|value| std::str::from_utf8(value).ok());
            let text =
                text.unwrap_or_default().replacen(&name, &format!("{name}{first},{name}"), 1);
            let value = Some(quintet::message::Payload::new(text.as_bytes()));
            one.record = Record { value, ..one.record.clone() };
        }
        self
    }
}

#[rstest]
#[case::of_an_event("banId", "77", true)]
#[case::the_type_of_an_event("status", "\"DELETED\"", true)]
#[case::the_type_of_a_command("type", "\"DELETE\"", false)]
#[case::an_unknown_type("type", "\"NOBODY\"", false)]
#[case::of_a_body("banType", "2", false)]
#[case::the_body("body", "{}", false)]
fn a_member_that_is_named_twice_is_an_advisory(
    #[case] member: &str,
    #[case] first: &str,
    #[case] in_events: bool,
) {
    let which = |one: &Captured| Recording::is_event("ban", one) == in_events;
    let recording = slow(Box::new(Ban::default())).repeating(member, first, which);
    recording.accuses_nobody(NO_SKEW, member);
    for judgement in [recording.judged(NO_SKEW), recording.judged_as_traffic(NO_SKEW)] {
        let told = judgement.findings.iter().any(|one| {
            one.rule == quintet::services::id::COM_7 && one.message.contains("named twice")
        });
        assert!(told, "{member}: {:#?}", judgement.findings);
    }
}

/// Readers differ about such a value: one that refuses it is right as well.
#[test]
fn who_refuses_a_member_that_is_named_twice_is_right() {
    let answered = slow(Box::new(Ban::default()));
    let silent = answered.without(|_, one| Recording::is_event("ban", one));
    let silent = silent.repeating("type", "\"CREATE\"", |_| true);
    let found = violations(&silent.judged(NO_SKEW));
    assert!(found.is_empty(), "{found:#?}");
}

/// Of several active bans of the same kind, any one may be named.
#[rstest]
#[case::the_oldest(1, true)]
#[case::another(2, true)]
#[case::of_another_kind(3, false)]
#[case::none(9, false)]
fn ties_between_bans_are_open(#[case] named: u64, #[case] is_right: bool) {
    let course = Course { seed: 5, inputs: 0, partitions: 1, crashes: false, pick: as_reference };
    let mut play = Play::new(vec![Box::new(Ban::default())], course);
    for (number, (kind, value)) in [(0, "10.0.0.1"), (0, "10.0.0.1"), (1, "HW")].iter().enumerate()
    {
        let body = json!({ "banType": kind, "value": value, "reason": "r", "reasonCode": number,
            "permanent": true, "issuedBy": "gm", "expiresAt": 0 });
        play.send("ban.command", &json!({ "type": "CREATE", "body": body }));
        play.wait_ms(2_500);
    }
    play.ask("ban", "check", &json!({ "ip": "10.0.0.1", "hwid": "HW" }));
    play.asked[0].answer = json!({ "banned": true, "banId": named }).into();
    let seen = play.observed("ban", crate::outsider::View { delay_ms: 0, seed: 1 });
    let found = violations(&judge(&seen, &Judging::default()));
    assert_eq!(found.is_empty(), is_right, "{found:#?}");
}
