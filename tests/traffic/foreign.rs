//! Captures that other tools wrote or packed, and parts of captures.

use std::io::Write;

use rstest::rstest;
use serde_json::Value;

use super::files::Said;
use super::support::root;

/// The lines of a fixture.
fn fixture(name: &str) -> String {
    std::fs::read_to_string(root().join("tests/fixtures/captures").join(name)).expect("it is there")
}

fn check(arguments: &str, input: &[u8]) -> Said {
    Said::with_input(root(), &format!("check - {arguments}"), input)
}

fn values(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
}

fn unhex(text: &Value) -> Option<Vec<u8>> {
    let text = text.as_str()?;
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("it is hexadecimal");
    Some((0..text.len()).step_by(2).map(byte).collect())
}

/// A text as kcat writes it: quotes and control characters escaped, all other bytes as they are.
fn kcat_text(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    let Some(bytes) = bytes else {
        return out.extend(b"null");
    };
    out.push(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            0..0x20 => out.extend(format!("\\u{byte:04X}").bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// The same records as `kcat -J` writes them.
fn as_kcat(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values(text) {
        let (topic, partition) = (&value["topic"], &value["partition"]);
        let (offset, ts) = (&value["offset"], &value["timestamp_ms"]);
        out.extend(
            format!(
                "{{\"topic\":{topic},\"partition\":{partition},\"offset\":{offset},\
                 \"tstype\":\"create\",\"ts\":{ts},\"broker\":1,\"headers\":["
            )
            .bytes(),
        );
        let headers = value["headers"].as_array().expect("it is a list");
        for (at, header) in headers.iter().enumerate() {
            out.extend(if at > 0 { &b","[..] } else { b"" });
            kcat_text(header[0].as_str().map(str::as_bytes), &mut out);
            out.push(b',');
            kcat_text(unhex(&header[1]).as_deref(), &mut out);
        }
        out.extend(b"],\"key\":");
        kcat_text(unhex(&value["key"]).as_deref(), &mut out);
        out.extend(b",\"payload\":");
        kcat_text(value["value"].as_str().map(str::as_bytes), &mut out);
        out.extend(b"}\n");
    }
    out
}

#[rstest]
#[case("good.jsonl", 0)]
#[case("violating.jsonl", 1)]
fn lines_of_kcat_are_records(#[case] name: &str, #[case] code: i32) {
    let text = fixture(name);
    let kcat = as_kcat(&text);
    assert!(std::str::from_utf8(&kcat).is_err(), "keys make the lines no text");
    for service in ["", "--service ban"] {
        let (ours, theirs) = (check(service, text.as_bytes()), check(service, &kcat));
        assert_eq!((ours.code, theirs.code), (code, code), "{ours:?}\n{theirs:?}");
        let note = "5 records were written by `kcat -J`, as text";
        let words = |said: &Said| said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&theirs).contains(note), "{}", theirs.out);
        let verdict = |said: &Said| said.out.lines().last().map(str::to_owned);
        assert_eq!(verdict(&ours), verdict(&theirs));
    }
}

#[test]
fn a_damaged_line_of_kcat_is_named() {
    let mut kcat = as_kcat(&fixture("good.jsonl"));
    kcat.extend(b"{\"topic\":\"EVENT_TOPIC_BAN_STATUS\",\"ts\":1,\"payload\":\"hunter2\"}\n{\"top");
    let said = check("", &kcat);
    assert_eq!(said.code, 2);
    for part in ["<stdin>:6:", "the field `partition` is missing", "the last line is cut off"] {
        assert!(said.err.contains(part), "{}", said.err);
    }
    assert!(!said.err.contains("hunter2"), "{}", said.err);
    assert_eq!(check("--skip-damaged", &kcat).code, 0);
    let named = as_kcat(&fixture("good.jsonl"));
    for more in [&b",\"extra\":\"hunter2\"}"[..], b",\"payload\":\"hunter2\"}"] {
        let mut line = named.split(|byte| *byte == b'\n').next().expect("there is one").to_vec();
        line.pop();
        let said = check("", &[&line[..], more, b"\n"].concat());
        assert_eq!(said.code, 2);
        assert!(said.err.contains("field"), "{}", said.err);
        for secret in ["hunter2", "cheating"] {
            assert!(!said.err.contains(secret), "{}", said.err);
        }
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

fn marked(text: &[u8]) -> Vec<u8> {
    [b"\xef\xbb\xbf", text].concat()
}

#[rstest]
#[case::gzip(gzip)]
#[case::zstd(zstd)]
#[case::marked(marked)]
#[case::marked_and_packed(|text: &[u8]| gzip(&marked(text)))]
fn what_a_file_is_packed_with_says_nothing(#[case] pack: fn(&[u8]) -> Vec<u8>) {
    for name in ["good.jsonl", "violating.jsonl"] {
        let text = fixture(name);
        let (plain, packed) = (check("", text.as_bytes()), check("", &pack(text.as_bytes())));
        assert_eq!(plain.whole(), packed.whole());
        let kcat = as_kcat(&text);
        assert_eq!(check("", &kcat).whole(), check("", &pack(&kcat)).whole());
    }
}

#[test]
fn what_is_packed_and_cut_off_is_refused() {
    let packed = gzip(fixture("good.jsonl").as_bytes());
    let said = check("", &packed[..packed.len() / 2]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot read <stdin>"), "{}", said.err);
}

#[rstest]
#[case::table(b"topic;partition;offset;value\nT;0;0;{}\nT;0;1;{}\nT;0;2;{}\n")]
#[case::other_json(b"{\"Topic\":\"T\",\"Value\":\"hunter2\"}\n{\"Topic\":\"T\"}\n{}\n")]
#[case::sixteen_bits(b"\xff\xfe{\0\"\0t\0\"\0:\0\x31\0}\0\n\0")]
#[case::bytes(&[0x50, 0x4b, 3, 4, 0, 0, 10])]
fn a_form_that_is_not_known_is_one_error(#[case] input: &[u8]) {
    for skip in ["", "--skip-damaged"] {
        let said = check(skip, input);
        assert_eq!(said.code, 2);
        assert_eq!(said.err.matches("error[").count(), 1, "{}", said.err);
        assert!(said.err.contains("error[capture::unknown-form]"), "{}", said.err);
        assert!(said.err.contains("`quintet capture`") && said.err.contains("`kcat -J`"));
        assert!(!said.err.contains("hunter2"), "{}", said.err);
    }
}

#[rstest]
#[case("--to 2026-11-18T11:06:42Z", "2 of 5 records")]
#[case("--from 2026-11-18T11:06:42Z", "2 of 5 records")]
#[case("--from 2026-11-18 --to 2026-11-19", "4 of 5 records")]
#[case("--to 1", "2 of 5 records")]
#[case("--from 1", "2 of 5 records")]
#[case("--from 0 --to 2", "4 of 5 records")]
fn a_part_is_judged_alone(#[case] arguments: &str, #[case] part: &str) {
    let said = check(arguments, fixture("good.jsonl").as_bytes());
    assert!(said.out.contains(part), "{said:?}");
    assert_eq!(said.code, 0, "{said:?}");
}

#[rstest]
#[case("--from noon")]
#[case("--tenant me")]
fn a_part_that_cannot_be_meant_is_refused(#[case] arguments: &str) {
    assert_eq!(check(arguments, fixture("good.jsonl").as_bytes()).code, 2);
}

#[test]
fn a_tenant_is_judged_alone_and_the_others_leave_no_holes() {
    const OWN: &str = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11";
    const OTHER: &str = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c22";
    let other = fixture("violating.jsonl")
        .replace("66326236633131", "66326236633232")
        .replace("30302d3030303030", "30302d6666303030");
    let mut lines = Vec::new();
    for (behind, text) in [(0, fixture("good.jsonl")), (1, other)] {
        for mut value in values(&text) {
            let offset = value["offset"].as_u64().expect("it is a number") * 2 + behind;
            value["offset"] = offset.into();
            lines.push(format!("{value}\n"));
        }
    }
    let both = lines.concat();
    for (arguments, code) in [
        (String::new(), 1),
        (format!("--tenant {OWN}"), 0),
        (format!("--tenant {OTHER}"), 1),
        (format!("--tenant {OWN} --service ban"), 0),
    ] {
        let said = check(&arguments, both.as_bytes());
        assert_eq!(said.code, code, "{arguments}: {said:?}");
        assert!(!said.out.contains("offsets are missing"), "{}", said.out);
    }
}
