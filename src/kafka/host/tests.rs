//! The stage without a broker: handled, kept, sent, marked, in this order, and after a kill again.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use rstest::rstest;

use super::options::{AsReference, Clock, Decide, Manner, Variants};
use super::slot::Slot;
use super::stage::{Flow, Read, Stage};
use super::store::InMemory;
use super::witness::{Happened, Spot, Witness};
use crate::contract::Contracts;
use crate::driver::{Fault, FaultKind};
use crate::message::{
    Headers, Json, Key, Offset, Outgoing, Partition, Payload, Record, Seed, Tenant, TraceParent,
    VirtualTime,
};
use crate::service::{Cx, Incoming, Reject, Service};
use crate::services::id;

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Witness for Notes {
    fn happened(&self, _: &str, _: VirtualTime, what: &Happened<'_>) {
        let text = format!("{what:?}");
        let name = text.split([' ', '{']).next().unwrap_or_default().to_owned();
        self.0.lock().unwrap().push(name);
    }
}

fn tenant() -> Tenant {
    Tenant { id: uuid::Uuid::from_u128(5), region: "GMS".into(), major: 83, minor: 1 }
}

struct Bench {
    stage: Stage,
    notes: Arc<Notes>,
    time: Arc<AtomicU64>,
}

impl Bench {
    fn of(services: Vec<Box<dyn Service>>, decisions: Box<dyn Decide>, manner: Manner) -> Self {
        let contracts = Contracts::builtin();
        let (notes, time) = (Arc::new(Notes::default()), Arc::new(AtomicU64::new(1000)));
        let slot = |name: &str| Slot::new(name, Box::new(InMemory::default()), Seed(1));
        let remake = |name: &str| {
            crate::services::reference().into_iter().find(|service| service.name() == name)
        };
        let mut stage = Stage {
            contracts,
            slots: services.iter().map(|service| slot(service.name())).collect(),
            decisions,
            absent: BTreeMap::new(),
            elsewhere: None,
            manner,
            clock: Clock::Moved(Arc::clone(&time)),
            witness: notes.clone(),
            remake: Some(Arc::new(remake)),
            faults: Vec::new(),
            failed: None,
        };
        for (at, service) in services.into_iter().enumerate() {
            stage.wake(at, service).unwrap();
        }
        Self { stage, notes, time }
    }

    fn ban() -> Self {
        let ban = Box::new(crate::services::ban::Ban::default());
        Self::of(vec![ban], Box::new(AsReference), Manner::default())
    }

    fn record(&self, offset: u64, value: &str) -> (Spot, Record) {
        let channel = self.stage.contracts.channel_ix("ban.command").unwrap();
        let spot = Spot { channel, partition: Partition(0), offset: Offset(offset) };
        let trace = TraceParent { trace: 7, span: u64::from(offset as u32) + 1, flags: 1 };
        let headers = Headers::of_tenant(&tenant(), trace);
        let value = Some(Payload::new(value.as_bytes()));
        (spot, Record { key: None, headers, value })
    }

    fn create(&self, offset: u64) -> (Spot, Record) {
        let value = format!(
            r#"{{"type":"CREATE","body":{{"banType":0,"value":"10.0.0.{offset}","reason":"",
            "reasonCode":0,"permanent":true,"expiresAt":0,"issuedBy":"x"}}}}"#
        );
        self.record(offset, &value)
    }

    fn arrive(&mut self, (spot, record): &(Spot, Record)) -> Flow {
        let read = self.stage.read(0, *spot, record);
        assert!(matches!(read, Read::Taken(_)), "{read:?}");
        self.stage.arrive(0, *spot, record)
    }

    /// Sends everything that is to be sent.
    fn drain(&mut self) -> Vec<Outgoing> {
        let mut sent = Vec::new();
        while let Some(step) = self.stage.next_step(0, true) {
            sent.push(step.outgoing);
            if self.stage.sent(0, step.event) != Flow::On {
                break;
            }
        }
        sent
    }

    fn restart(&mut self) {
        self.stage.slots[0].fall(VirtualTime::ZERO);
        self.stage.wake(0, Box::new(crate::services::ban::Ban::default())).unwrap();
    }

    fn bans(&self, id: u32) -> bool {
        let args = Json::from(serde_json::json!({ "banId": id }));
        let answer = self.stage.query("ban", ("ban", &args), &tenant()).unwrap();
        answer.get("exists") == Some(&Json::Bool(true))
    }
}

fn ban_id(outgoing: &Outgoing) -> i128 {
    let value = Json::parse(outgoing.record.value_bytes().unwrap()).unwrap();
    value.get("banId").and_then(Json::as_integer).unwrap()
}

#[test]
fn a_record_is_kept_sent_marked_and_then_committed() {
    let mut bench = Bench::ban();
    let first = bench.create(4);
    assert_eq!(bench.arrive(&first), Flow::On);
    assert!(bench.stage.take_commits(0).is_empty(), "nothing is committed before it is sent");
    let sent = bench.drain();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].record.headers.tenant(), Ok(&tenant()));
    assert_eq!(sent[0].record.headers.trace().map(|trace| trace.trace), Some(7));
    let committed = bench.stage.take_commits(0);
    assert_eq!(committed, [((first.0.channel, Partition(0)), 5)]);
    assert!(bench.stage.take_commits(0).is_empty(), "an offset is committed once");
}

#[test]
fn a_kill_before_the_event_is_sent_loses_nothing() {
    let mut bench = Bench::ban();
    let first = bench.create(0);
    bench.arrive(&first);
    bench.restart();
    assert!(bench.bans(1));
    let sent = bench.drain();
    assert_eq!(sent.iter().map(ban_id).collect::<Vec<_>>(), [1]);
    // The offset was not committed, so the record comes again, and is recognised.
    assert_eq!(bench.arrive(&first), Flow::On);
    assert!(bench.drain().is_empty() && bench.bans(1) && !bench.bans(2));
    assert_eq!(bench.stage.take_commits(0).len(), 1);
    assert!(bench.notes.0.lock().unwrap().contains(&"Recognised".to_owned()));
}

#[test]
fn a_marked_event_is_not_sent_again() {
    let mut bench = Bench::ban();
    let first = bench.create(0);
    bench.arrive(&first);
    assert_eq!(bench.drain().len(), 1);
    bench.restart();
    assert!(bench.drain().is_empty() && bench.bans(1));
    let second = bench.create(1);
    bench.arrive(&second);
    assert_eq!(bench.drain().iter().map(ban_id).collect::<Vec<_>>(), [2]);
}

#[test]
fn decisions_and_timers_are_replayed_as_they_were() {
    let variants = Variants::default().with(id::BAN_2, "accept-empty");
    let ban = Box::new(crate::services::ban::Ban::default());
    let mut bench = Bench::of(vec![ban], Box::new(variants), Manner::default());
    let empty = bench.record(
        0,
        r#"{"type":"CREATE","body":{"banType":0,"value":"","reason":"","reasonCode":0,
        "permanent":false,"expiresAt":1767225601,"issuedBy":"x"}}"#,
    );
    bench.arrive(&empty);
    // Whoever replays decides otherwise: what was decided counts.
    bench.stage.decisions = Box::new(AsReference);
    bench.restart();
    assert!(bench.bans(1));
    let hours = 2 * 60 * 60 * 1000;
    bench.time.store(hours, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(bench.stage.fire(0), Some(Flow::On));
    assert!(!bench.bans(1), "the sweep is due after the restart as before it");
    bench.restart();
    assert!(!bench.bans(1));
}

#[test]
fn what_has_no_effect_is_not_handled_again() {
    let mut bench = Bench::ban();
    let bad = bench.record(0, "{ poison");
    assert_eq!(bench.arrive(&bad), Flow::On);
    assert_eq!(bench.stage.take_commits(0).len(), 1);
    bench.restart();
    bench.arrive(&bad);
    let notes = bench.notes.0.lock().unwrap().clone();
    assert_eq!(notes.iter().filter(|note| *note == "Rejected").count(), 1);
    assert_eq!(notes.iter().filter(|note| *note == "Recognised").count(), 1);
}

#[test]
fn a_record_in_hand_is_read_once() {
    let mut bench = Bench::ban();
    let (spot, record) = bench.create(3);
    assert!(matches!(bench.stage.read(0, spot, &record), Read::Taken(_)));
    assert_eq!(bench.stage.read(0, spot, &record), Read::Ignored);
}

#[test]
fn whoever_commits_first_commits_what_is_read() {
    let ban = Box::new(crate::services::ban::Ban::default());
    let manner = Manner { commit_first: true, ..Manner::default() };
    let mut bench = Bench::of(vec![ban], Box::new(AsReference), manner);
    let (spot, record) = bench.create(3);
    bench.stage.read(0, spot, &record);
    assert_eq!(bench.stage.take_commits(0), [((spot.channel, Partition(0)), 4)]);
    bench.stage.arrive(0, spot, &record);
    bench.drain();
    assert!(bench.stage.take_commits(0).is_empty());
}

fn strike(kind: FaultKind) -> (Bench, (Spot, Record), Flow) {
    let mut bench = Bench::ban();
    bench.stage.arm(Fault::new(kind, "ban")).unwrap();
    let first = bench.create(0);
    let flow = bench.arrive(&first);
    (bench, first, flow)
}

#[test]
fn a_crash_at_each_point_leaves_one_event() {
    for kind in FaultKind::ALL.into_iter().filter(|kind| kind.is_crash()) {
        let (mut bench, first, _) = strike(kind);
        let mut sent = bench.drain();
        let died = bench.notes.0.lock().unwrap().contains(&"Crashed".to_owned());
        // An emit of one event has no moment between two.
        assert_eq!(died, kind != FaultKind::CrashBetweenEmits, "{kind:?}");
        if died {
            bench.restart();
            sent.extend(bench.drain());
            bench.arrive(&first);
            sent.extend(bench.drain());
        }
        let ids: Vec<_> = sent.iter().map(ban_id).collect();
        let expected = if kind == FaultKind::CrashBeforeMark { vec![1, 1] } else { vec![1] };
        assert_eq!(ids, expected, "{kind:?}");
        assert!(bench.bans(1) && !bench.bans(2), "{kind:?}");
    }
}

#[test]
fn a_duplicate_delivery_is_handled_twice() {
    let (mut bench, _, flow) = strike(FaultKind::DuplicateDelivery);
    assert_eq!(flow, Flow::On);
    assert_eq!(bench.drain().iter().map(ban_id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(bench.stage.take_commits(0).len(), 1);
}

#[test]
fn a_held_record_is_quiet_until_its_time() {
    let mut bench = Bench::ban();
    bench.stage.arm(Fault::new(FaultKind::Delay, "ban")).unwrap();
    let (spot, record) = bench.create(0);
    let until = VirtualTime::from_ms(2000);
    assert_eq!(bench.stage.read(0, spot, &record), Read::Taken(until));
    let ends = [((spot.channel, Partition(0)), 1)].into();
    let now = VirtualTime::from_ms(1000);
    assert!(bench.stage.is_quiet(&ends, now));
    assert_eq!(bench.stage.next_moment(now), Some(until));
    assert!(!bench.stage.is_quiet(&ends, until));
}

struct Panics;

impl Service for Panics {
    fn name(&self) -> &'static str {
        "ban"
    }

    fn handle(&mut self, _: &Incoming<'_>, _: &mut Cx<'_>) -> Result<(), Reject> {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_of_a_service_is_told() {
    let mut bench = Bench::of(vec![Box::new(Panics)], Box::new(AsReference), Manner::default());
    let first = bench.create(0);
    assert_eq!(bench.arrive(&first), Flow::Failed);
    assert_eq!(bench.stage.failed.as_deref(), Some("ban panicked: on purpose"));
}

/// Emits two events for each record.
struct Twice;

impl Service for Twice {
    fn name(&self) -> &'static str {
        "ban"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        for event in 0..2 {
            let value = serde_json::json!({ "banId": incoming.offset.0 * 10 + event });
            cx.emit("ban.status", &Key::None, &value)?;
        }
        Ok(())
    }
}

#[rstest]
#[case::reference(false, &[10, 11, 20, 21])]
#[case::overtaking(true, &[10, 20, 11, 21])]
fn events_of_other_keys_come_between_only_where_records_overtake(
    #[case] overtake: bool,
    #[case] order: &[i128],
) {
    let manner = Manner { event_gap_ms: 50, overtake, ..Manner::default() };
    let mut bench = Bench::of(vec![Box::new(Twice)], Box::new(AsReference), manner);
    for offset in [1, 2] {
        let (spot, record) = bench.create(offset);
        let key = Some([u8::from(offset == 1)].as_slice().into());
        let record = (spot, Record { key, ..record });
        bench.arrive(&record);
    }
    let mut sent = Vec::new();
    for _ in 0..3 {
        while let Some(step) = bench.stage.next_step(0, false) {
            sent.push(ban_id(&step.outgoing));
            bench.stage.sent(0, step.event);
        }
        bench.time.fetch_add(50, std::sync::atomic::Ordering::SeqCst);
    }
    while let Some(step) = bench.stage.next_step(0, true) {
        sent.push(ban_id(&step.outgoing));
        bench.stage.sent(0, step.event);
    }
    assert_eq!(sent, order);
    assert_eq!(bench.stage.take_commits(0).iter().map(|(_, next)| *next).collect::<Vec<_>>(), [3]);
}
