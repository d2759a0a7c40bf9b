//! A record that a client in another language wrote, with what ours would not write.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use quintet::kafka::From;
use quintet::message::Header;

use crate::bed::{Bed, read};

/// A length or count below 64, as records carry it.
fn varint(number: usize) -> u8 {
    u8::try_from(number << 1).expect("it is small")
}

fn field(bytes: &[u8]) -> Vec<u8> {
    [&[varint(bytes.len())], bytes].concat()
}

/// A batch with one record, as Kafka's protocol lays it out. Nobody checks the checksum here.
fn batch(headers: &[(&[u8], &[u8])], value: &[u8]) -> Vec<u8> {
    // Attributes, and no distance in time and offset from the batch; a null key.
    let mut record = vec![0, 0, 0, 1];
    record.extend(field(value));
    record.push(varint(headers.len()));
    for (name, value) in headers {
        record.extend(field(name));
        record.extend(field(value));
    }
    let mut rest = Vec::new();
    rest.extend(0_i32.to_be_bytes()); // epoch of the leader
    rest.push(2); // version of the format
    rest.extend(0_u32.to_be_bytes()); // checksum
    rest.extend(0_i16.to_be_bytes()); // attributes
    rest.extend(0_i32.to_be_bytes()); // distance of the last offset
    rest.extend(1_000_i64.to_be_bytes()); // first timestamp
    rest.extend(1_000_i64.to_be_bytes()); // last timestamp
    rest.extend((-1_i64).to_be_bytes()); // id of the producer
    rest.extend((-1_i16).to_be_bytes()); // its epoch
    rest.extend((-1_i32).to_be_bytes()); // its sequence
    rest.extend(1_i32.to_be_bytes()); // number of records
    rest.extend(field(&record));
    let length = i32::try_from(rest.len()).expect("it is small");
    [&0_i64.to_be_bytes()[..], &length.to_be_bytes(), &rest].concat()
}

fn text(text: &str) -> Vec<u8> {
    let length = i16::try_from(text.len()).expect("it is short");
    [&length.to_be_bytes()[..], text.as_bytes()].concat()
}

/// Asks a broker to append a batch to partition 0 of a topic.
fn produce(bootstrap: &str, topic: &str, batch: &[u8]) {
    let mut request = Vec::new();
    request.extend(0_i16.to_be_bytes()); // Produce
    request.extend(3_i16.to_be_bytes()); // its version
    request.extend(7_i32.to_be_bytes()); // number of the question
    request.extend(text("foreign"));
    request.extend((-1_i16).to_be_bytes()); // no transaction
    request.extend(1_i16.to_be_bytes()); // acknowledged by the leader
    request.extend(5_000_i32.to_be_bytes());
    request.extend(1_i32.to_be_bytes()); // one topic
    request.extend(text(topic));
    request.extend(1_i32.to_be_bytes()); // one partition
    request.extend(0_i32.to_be_bytes());
    request.extend(i32::try_from(batch.len()).expect("it is small").to_be_bytes());
    request.extend(batch);
    let mut stream = TcpStream::connect(bootstrap).expect("the broker listens");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("it can be bounded");
    let length = i32::try_from(request.len()).expect("it is small");
    stream
        .write_all(&length.to_be_bytes())
        .and_then(|()| stream.write_all(&request))
        .expect("sent");
    let mut size = [0; 4];
    stream.read_exact(&mut size).expect("it answers");
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).expect("a size")];
    stream.read_exact(&mut answer).expect("it answers");
    let error = 4 + 4 + 2 + topic.len() + 4 + 4;
    assert_eq!(answer[error..error + 2], [0, 0], "the broker took it");
}

#[test]
fn a_header_whose_name_is_no_utf8_leaves_the_others_whole() {
    let bed = Bed::mock().with_topics();
    let mut tap = bed.tap(From::End);
    let headers: [(&[u8], &[u8]); 3] = [(b"A", b"1"), (b"\xff\xfe", b"2"), (b"B", b"3")];
    let topic = bed.topics.name(bed.channel("ban.command"));
    produce(bed.broker.bootstrap(), topic, &batch(&headers, b"{}"));
    let seen = read(&mut tap, 1);
    let list = seen[0].record.headers.to_list();
    let lost = Header { name: "\u{fffd}".into(), value: None };
    assert_eq!(list, [Header::new("A", b"1"), lost, Header::new("B", b"3")]);
    assert_eq!(seen[0].record.value_bytes(), Some(b"{}".as_slice()));
    assert_eq!(seen[0].timestamp_ms, 1_000, "the producer's");
}
