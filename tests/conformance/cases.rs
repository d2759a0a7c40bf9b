//! What Kafka promises, and scenarios, services and verdicts rest on.

use std::collections::{BTreeMap, BTreeSet};

use quintet::bus::murmur2;
use quintet::message::{Header, Headers, Outgoing, Payload, Record, Tenant, TraceParent};
use uuid::Uuid;

use crate::arm::{Accident, Arm, Fresh, PARTITIONS, Place, channel, contracts};

type Case = fn(Fresh<'_>);

pub(crate) const CASES: [(&str, Case); 7] = [
    ("a_key_decides_the_partition", a_key_decides_the_partition),
    ("a_partition_keeps_the_order", a_partition_keeps_the_order),
    ("every_byte_is_kept", every_byte_is_kept),
    ("a_new_group_starts_at_the_earliest_record", a_new_group_starts_at_the_earliest_record),
    ("a_group_goes_on_where_it_committed", a_group_goes_on_where_it_committed),
    ("a_crash_before_the_commit_delivers_again", a_crash_before_the_commit_delivers_again),
    ("a_rebalance_before_the_commit_delivers_again", a_rebalance_before_the_commit_delivers_again),
];

fn outgoing(key: Option<&[u8]>, headers: Vec<Header>, value: Option<&[u8]>) -> Outgoing {
    let record = Record {
        key: key.map(Into::into),
        headers: Headers::from_list(headers),
        value: value.map(Payload::new),
    };
    Outgoing { channel: channel(), record }
}

/// The record of an id, keyed as the field keys ids.
fn of_id(id: u32) -> Outgoing {
    let key = contracts().encode_key(channel(), id);
    let tenant = Tenant { id: Uuid::from_u128(7), region: "GMS".into(), major: 83, minor: 1 };
    let trace = TraceParent { trace: 1, span: u64::from(id) + 1, flags: 1 };
    let headers = Headers::of_tenant(&tenant, trace).to_list();
    outgoing(Some(&key), headers, Some(id.to_string().as_bytes()))
}

fn send_ids(arm: &mut dyn Arm, ids: std::ops::Range<u32>) -> Vec<Place> {
    ids.map(|id| arm.send(&of_id(id))).collect()
}

/// What was delivered from each partition, in order.
fn by_partition(delivered: &[Place]) -> BTreeMap<u32, Vec<u64>> {
    let mut parted: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (partition, offset) in delivered {
        parted.entry(*partition).or_default().push(*offset);
    }
    parted
}

/// Everything that was sent, once, each partition in order.
fn each_once(sent: &[Place]) -> BTreeMap<u32, Vec<u64>> {
    let sent: BTreeSet<_> = sent.iter().copied().collect();
    by_partition(&sent.into_iter().collect::<Vec<_>>())
}

/// In each partition, the offset behind its last record.
fn ends(sent: &[Place]) -> BTreeMap<u32, u64> {
    let parted = each_once(sent).into_iter();
    parted.filter_map(|(partition, offsets)| Some((partition, offsets.last()? + 1))).collect()
}

pub(crate) fn a_key_decides_the_partition(fresh: Fresh<'_>) {
    let mut arm = fresh(1);
    let own: Vec<&[u8]> = vec![b"", b"a", b"ab", b"abc", b"abcd", "Ärger".as_bytes(), &[0, 255, 0]];
    let ids: Vec<_> = (0..100).map(|id| contracts().encode_key(channel(), id)).collect();
    for key in own.into_iter().chain(ids.iter().map(|key| &**key)) {
        let (partition, _) = arm.send(&outgoing(Some(key), Vec::new(), Some(b"{}")));
        let expected = (murmur2(key) & 0x7fff_ffff) % PARTITIONS;
        assert_eq!(partition, expected, "the key {key:?}");
    }
    for _ in 0..20 {
        let (partition, _) = arm.send(&outgoing(None, Vec::new(), Some(b"{}")));
        assert!(partition < PARTITIONS, "without a key, any partition will do");
    }
}

pub(crate) fn a_partition_keeps_the_order(fresh: Fresh<'_>) {
    let mut arm = fresh(1);
    let sent: Vec<_> = (0..60).map(|id| (arm.send(&of_id(id % 7)), of_id(id % 7).record)).collect();
    let seen = arm.records();
    for partition in 0..PARTITIONS {
        let there = |all: &[(Place, Record)]| -> Vec<(Place, Record)> {
            all.iter().filter(|(place, _)| place.0 == partition).cloned().collect()
        };
        assert_eq!(there(&seen), there(&sent));
        let offsets = there(&seen).into_iter().map(|((_, offset), _)| offset);
        assert!(offsets.eq(0..there(&sent).len() as u64), "offsets count from 0 without gaps");
    }
}

pub(crate) fn every_byte_is_kept(fresh: Fresh<'_>) {
    let mut arm = fresh(1);
    let raw: Vec<u8> = (0..=255).collect();
    let null = |name: &str| Header { name: name.into(), value: None };
    let records = [
        outgoing(None, Vec::new(), None),
        outgoing(Some(b""), vec![Header::new("", b""), null("")], Some(b"")),
        outgoing(Some(&raw), vec![Header::new("RAW", &raw), Header::new("RAW", b"2")], Some(&raw)),
        outgoing(None, vec![null("B"), Header::new("A", b""), null("B")], Some(b"null")),
        outgoing(Some(b"k"), vec![Header::new("Ä", "ß".as_bytes())], None),
    ];
    let mut sent: Vec<_> = records.iter().map(|one| (arm.send(one), one.record.clone())).collect();
    let mut seen = arm.records();
    sent.sort_by_key(|(place, _)| *place);
    seen.sort_by_key(|(place, _)| *place);
    assert_eq!(seen, sent);
    for ((_, seen), (_, sent)) in seen.iter().zip(&sent) {
        assert_eq!(seen.headers.to_list(), sent.headers.to_list(), "names, nulls, repeats, order");
    }
}

pub(crate) fn a_new_group_starts_at_the_earliest_record(fresh: Fresh<'_>) {
    let mut arm = fresh(2);
    let sent = send_ids(&mut *arm, 0..12);
    assert_eq!(arm.committed(), BTreeMap::new());
    let delivered = arm.run_group(None);
    assert_eq!(by_partition(&delivered), each_once(&sent));
    assert_eq!(arm.committed(), ends(&sent));
}

pub(crate) fn a_group_goes_on_where_it_committed(fresh: Fresh<'_>) {
    let mut arm = fresh(1);
    let first = send_ids(&mut *arm, 0..6);
    assert_eq!(by_partition(&arm.run_group(None)), each_once(&first));
    let second = send_ids(&mut *arm, 0..6);
    assert_eq!(by_partition(&arm.run_group(None)), each_once(&second));
    assert_eq!(arm.committed(), ends(&second));
}

pub(crate) fn a_crash_before_the_commit_delivers_again(fresh: Fresh<'_>) {
    delivers_again(&mut *fresh(1), Accident::Crash);
}

pub(crate) fn a_rebalance_before_the_commit_delivers_again(fresh: Fresh<'_>) {
    delivers_again(&mut *fresh(2), Accident::Rebalance);
}

/// The record that was handled and not committed comes again, in its place, and no other does.
fn delivers_again(arm: &mut dyn Arm, accident: Accident) {
    let sent = send_ids(arm, 0..12);
    let delivered = arm.run_group(Some(accident));
    let first = delivered[0];
    let mut expected = each_once(&sent);
    expected.entry(first.0).or_default().insert(0, first.1);
    assert_eq!(by_partition(&delivered), expected, "{first:?} was not committed");
    assert_eq!(arm.committed(), ends(&sent));
}

/// Records and commits are there after an accident of the broker's, and a group goes on with them.
pub(crate) fn what_was_acknowledged_stays(fresh: Fresh<'_>, accident: &dyn Fn()) {
    let mut arm = fresh(1);
    let first = send_ids(&mut *arm, 0..12);
    assert_eq!(by_partition(&arm.run_group(None)), each_once(&first));
    let (records, committed) = (arm.records().len(), arm.committed());
    accident();
    assert_eq!(arm.records().len(), records);
    assert_eq!(arm.committed(), committed);
    let second = send_ids(&mut *arm, 0..12);
    assert_eq!(by_partition(&arm.run_group(None)), each_once(&second));
    assert_eq!(arm.committed(), ends(&second));
}
