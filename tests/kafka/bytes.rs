//! Keys, headers and values come back as they went in.

use std::collections::BTreeSet;
use std::time::Duration;

use quintet::bus::murmur2;
use quintet::kafka::{From, PARTITIONS, Tapped, wall_ms};
use quintet::message::Partition;

use crate::bed::{Bed, by_partition, read};

const TRACE: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn nulls_empties_repeats_and_raw_bytes_are_kept() {
    let bed = Bed::mock().with_topics();
    let mut tap = bed.tap(From::End);
    let raw: Vec<u8> = (0..=255).collect();
    let sent = [
        bed.outgoing("ban.command", None, &[], None),
        bed.outgoing("ban.command", Some(b""), &[], Some(b"")),
        bed.outgoing("ban.command", Some(&raw), &[("RAW", Some(&raw))], Some(&raw)),
        bed.outgoing(
            "ban.command",
            Some(b"k"),
            &[("A", None), ("A", Some(b"")), ("", Some(b"2")), ("A", Some(b"1")), ("Ä", None)],
            Some(b"{}"),
        ),
        bed.outgoing("ban.command", Some(b"k"), &[("traceparent", Some(TRACE))], Some(b"{}")),
    ];
    let start = wall_ms();
    let placed = bed.sender().send_all(sent.iter().map(|one| (one, Some(Partition(1)))));
    let seen = read(&mut tap, sent.len());
    assert_eq!(seen.len(), sent.len());
    for ((sent, placed), seen) in sent.iter().zip(placed).zip(&seen) {
        let placed = placed.expect("it is acknowledged");
        assert_eq!(seen.record, sent.record);
        assert_eq!(seen.record.headers.to_list(), sent.record.headers.to_list(), "their order too");
        assert_eq!((seen.channel, seen.partition), (sent.channel, Partition(1)));
        assert_eq!((placed.partition, placed.offset), (seen.partition, seen.offset));
        assert!(start <= placed.acked_ms && start <= seen.seen_ms);
        assert!((start..=seen.seen_ms).contains(&seen.timestamp_ms), "it is the producer's clock");
    }
}

#[test]
fn many_records_keep_their_order_and_go_where_their_keys_say() {
    let bed = Bed::mock().with_topics();
    let mut tap = bed.tap(From::End);
    let sent: Vec<_> = (0..2000_u32)
        .map(|at| {
            let key = bed.contracts.encode_key(bed.channel("invite.command"), at % 97);
            bed.outgoing("invite.command", Some(&key), &[], Some(at.to_string().as_bytes()))
        })
        .collect();
    let placed = bed.sender().send_all(sent.iter().map(|one| (one, None)));
    for (sent, placed) in sent.iter().zip(&placed) {
        let placed = placed.as_ref().expect("it is acknowledged");
        let key = sent.record.key.as_deref().expect("it has a key");
        assert_eq!(placed.partition, Partition((murmur2(key) & 0x7fff_ffff) % PARTITIONS));
    }
    let seen = read(&mut tap, sent.len());
    assert_eq!(seen.len(), sent.len());
    for ((_, partition), seen) in by_partition(&seen) {
        let expected: Vec<_> = sent
            .iter()
            .zip(&placed)
            .filter(|(_, placed)| placed.as_ref().is_ok_and(|to| to.partition.0 == partition))
            .map(|(sent, _)| &sent.record)
            .collect();
        let seen: Vec<_> = seen.iter().map(|seen| &seen.record).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_tap_starts_where_it_is_told() {
    let bed = Bed::mock().with_topics();
    let sender = bed.sender();
    let old = bed.outgoing("ban.command", Some(b"k"), &[], Some(b"old"));
    let new = bed.outgoing("ban.command", Some(b"k"), &[], Some(b"new"));
    sender.send(&old, None).expect("it is acknowledged");
    let (mut end, mut beginning) = (bed.tap(From::End), bed.tap(From::Beginning));
    sender.send(&new, None).expect("it is acknowledged");
    let values = |seen: &[quintet::kafka::Tapped]| -> Vec<Vec<u8>> {
        seen.iter().map(|one| one.record.value_bytes().unwrap_or_default().to_vec()).collect()
    };
    assert_eq!(values(&read(&mut beginning, 2)), [b"old", b"new"]);
    assert_eq!(values(&read(&mut end, 1)), [b"new"]);
    assert!(end.poll(Duration::from_millis(300)).expect("it reads").is_none(), "no more comes");
    assert_eq!(end.starts().values().sum::<i64>(), 1);
    assert_eq!(beginning.starts().values().sum::<i64>(), 0);
}

#[test]
fn a_header_that_no_client_can_read_is_not_sent() {
    let bed = Bed::mock().with_topics();
    let bad = bed.outgoing("ban.command", None, &[("A\0B", None)], None);
    let told = bed.sender().send(&bad, None).expect_err("it cannot be carried").to_string();
    assert!(told.contains("NUL"), "{told}");
}

#[test]
fn a_partition_that_is_paused_waits_and_loses_nothing() {
    let bed = Bed::mock().with_topics();
    let sent: Vec<_> = (0..600_u32)
        .map(|at| bed.outgoing("ban.command", None, &[], Some(at.to_string().as_bytes())))
        .collect();
    let places = (0..).map(|at| Some(Partition(at % PARTITIONS)));
    for placed in bed.sender().send_all(sent.iter().zip(places)) {
        placed.expect("it is acknowledged");
    }
    let mut tap = bed.tap(From::Beginning);
    let mut seen = read(&mut tap, 50);
    let waits = (bed.channel("ban.command"), seen[0].partition);
    tap.pause(&BTreeSet::from([waits])).expect("it is one of these");
    let of_others = |seen: &[Tapped]| seen.iter().filter(|one| one.partition != waits.1).count();
    let before = seen.len() - of_others(&seen);
    while of_others(&seen) < 400 {
        seen.extend(read(&mut tap, 1));
    }
    assert_eq!(seen.len() - of_others(&seen), before, "a paused partition was read");
    tap.pause(&BTreeSet::new()).expect("it is one of these");
    seen.extend(read(&mut tap, sent.len() - seen.len()));
    assert_eq!(seen.len(), sent.len());
    for (_, seen) in by_partition(&seen) {
        assert!(seen.iter().map(|one| one.offset.0).eq(0..200));
    }
}
