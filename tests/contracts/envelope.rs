//! What is said about keys and headers, what is known about fields, and what is never shown.

use crate::support::{field, good, headers, headers_with, record, sent};
use proptest::prelude::*;
use quintet::contract::{Cause, Contracts, KeyEncoding, ProblemKind, Severity, Side};
use quintet::message::{Header, Headers, Json, KeyBytes, Payload, Record};
use rstest::rstest;

const UPPER_CASE: &[u8] = b"6F0C1D2E-0000-4000-8000-000000000001";
const SESSION: &str = "6f0c1d2e-0000-4000-8000-000000000001";

#[rstest]
#[case("account.session.command/CREATE", "/accountId", Some(7), Severity::Violation)]
#[case("account.session.status/CREATED", "/accountId", Some(7), Severity::Advisory)]
#[case("account.status/LOGGED_IN", "/account_id", Some(7), Severity::Advisory)]
#[case("session.status/CREATED", "/accountId", Some(7), Severity::Violation)]
#[case("seed.status/CREATED", "/accountId", Some(7), Severity::Advisory)]
#[case("buff.status/APPLIED", "/characterId", Some(7), Severity::Advisory)]
#[case("asset.status/MOVED", "/assetId", Some(7), Severity::Advisory)]
#[case("invite.command/CREATE", "/body/referenceId", Some(7), Severity::Violation)]
#[case("invite.command/ACCEPT", "/body/referenceId", Some(7), Severity::Violation)]
#[case("invite.status/REJECTED", "/referenceId", Some(7), Severity::Violation)]
#[case("invite.command/REJECT", "/body/targetId", None, Severity::Advisory)]
#[case("ban.status/CREATED", "/banId", None, Severity::Advisory)]
#[case("ban.command/DELETE", "/body/banId", None, Severity::Advisory)]
#[case("character.status/DELETED", "/characterId", None, Severity::Advisory)]
fn keys(
    #[case] label: &str,
    #[case] path: &str,
    #[case] id: Option<u32>,
    #[case] severity: Severity,
) {
    let set = Contracts::builtin();
    let (channel, mut value) = good(label);
    *field(&mut value, path) = Json::parse(b"7").unwrap();
    let key = set.key_for(channel, &value);
    assert_eq!(key, id.map(|id| KeyEncoding::Uint32Le8.encode(id)));
    for other in [None, Some(set.encode_key(channel, 8))] {
        let problems = set.check_sent(channel, &record(other, &value.to_string()));
        let found: Vec<_> = problems.iter().map(|one| (one.kind, one.severity)).collect();
        let wanted = id.map(|_| (ProblemKind::WrongKey, severity));
        assert_eq!(found, Vec::from_iter(wanted), "{label}");
    }
}

#[test]
fn a_channel_s_session_status_is_keyed_by_the_character() {
    let set = Contracts::builtin();
    let (channel, mut value) = good("session.status/CREATED");
    *field(&mut value, "/issuer") = "CHANNEL".into();
    *field(&mut value, "/characterId") = Json::parse(b"9").unwrap();
    assert_eq!(set.key_for(channel, &value), Some(set.encode_key(channel, 9)));
}

#[rstest]
#[case("TENANT_ID", None, Some(ProblemKind::MissingHeader))]
#[case("TENANT_ID", Some(&b"x"[..]), Some(ProblemKind::MalformedHeader))]
#[case("TENANT_ID", Some(UPPER_CASE), Some(ProblemKind::Spelling))]
#[case("REGION", None, Some(ProblemKind::MissingHeader))]
#[case("REGION", Some(&b""[..]), Some(ProblemKind::MalformedHeader))]
#[case("REGION", Some(&[0xff][..]), Some(ProblemKind::MalformedHeader))]
#[case("MAJOR_VERSION", Some(&b"083"[..]), Some(ProblemKind::MalformedHeader))]
#[case("MINOR_VERSION", None, Some(ProblemKind::MissingHeader))]
#[case("traceparent", None, Some(ProblemKind::MissingHeader))]
#[case("traceparent", Some(&b"00-x"[..]), Some(ProblemKind::MalformedHeader))]
#[case("tracestate", Some(&b"a=1,b=2"[..]), None)]
#[case("tracestate", Some(&b"nonsense"[..]), Some(ProblemKind::MalformedHeader))]
#[case("X-OTHER", Some(&b"1"[..]), None)]
fn header_problems(
    #[case] name: &str,
    #[case] value: Option<&[u8]>,
    #[case] kind: Option<ProblemKind>,
) {
    let set = Contracts::builtin();
    let (channel, body) = good("ban.status/CREATED");
    let mut broken = record(None, &body.to_string());
    broken.headers = headers_with(name, value);
    for problems in
        [set.check_sent(channel, &broken), set.check_emitted("ban", channel, &broken, Cause::Input)]
    {
        let found: Vec<_> = problems.iter().map(|one| one.kind).collect();
        assert_eq!(found, Vec::from_iter(kind), "{problems:?}");
        assert!(problems.iter().all(|one| one.path == format!("header {name}")));
    }
}

#[test]
fn headers_are_required_as_each_document_says() {
    let set = Contracts::builtin();
    let without = |label: &str, header| {
        let (channel, value) = good(label);
        let mut record = record(set.key_for(channel, &value), &value.to_string());
        record.headers = headers_with(header, None);
        (channel, record)
    };
    let (channel, record) = without("invite.status/CREATED", "traceparent");
    assert_eq!(set.check_emitted("invite", channel, &record, Cause::Input), []);
    let (channel, record) = without("invite.command/CREATE", "traceparent");
    assert_eq!(set.check_sent(channel, &record)[0].kind, ProblemKind::MissingHeader);
    let (channel, record) = without("asset.status/MOVED", "TENANT_ID");
    assert_eq!(set.check_sent(channel, &record), []);
    let (channel, record) = without("account.status/LOGGED_OUT", "traceparent");
    assert_eq!(set.check_emitted("account", channel, &record, Cause::Timer), []);
    assert_eq!(set.check_emitted("account", channel, &record, Cause::Input).len(), 1);
}

#[test]
fn a_repeated_header_is_a_violation() {
    let set = Contracts::builtin();
    let (channel, value) = good("ban.command/DELETE");
    let mut twice = record(None, &value.to_string());
    let mut list = headers().to_list();
    list.push(Header::new("REGION", b"JMS"));
    twice.headers = Headers::from_list(list);
    assert_eq!(set.check_sent(channel, &twice)[0].kind, ProblemKind::RepeatedHeader);
}

#[test]
fn single_fields_are_judged_too() {
    let set = Contracts::builtin();
    let kind = |label: &str| set.all_messages().iter().find(|kind| kind.label == label).unwrap();
    let problems = |label: &str, side, pointer, text: &str| {
        set.check_field(kind(label).index, side, pointer, &Json::parse(text.as_bytes()).unwrap())
    };
    let ban = "ban.command/CREATE";
    assert_eq!(problems(ban, Side::Sent, "/body/banType", "5"), []);
    assert_eq!(problems(ban, Side::Sent, "/body/banType", "500")[0].path, "/body/banType");
    let error = "account.session.status/ERROR";
    assert_eq!(problems(error, Side::Emitted, "/body/code", "\"ODD\""), []);
    assert_eq!(problems(error, Side::Sent, "/body/code", "\"ODD\"").len(), 1);
    let buff = "buff.status/APPLIED";
    assert_eq!(problems(buff, Side::Sent, "/body/changes/0/amount", "\"1\"").len(), 1);
}

#[test]
fn fields_of_all_views_are_known() {
    let set = Contracts::builtin();
    let kind =
        set.all_messages().iter().find(|kind| kind.label == "account.session.command/CREATE");
    let kind = kind.unwrap();
    let hwid = kind.field("/body/hwid").unwrap();
    assert_eq!(hwid.declared_by, ["login"]);
    assert!(kind.field("/body/password").unwrap().sensitive);
    assert!(kind.field("/body/nothing").is_none());
    assert_eq!(kind.names_in("/body").count(), 4);
    let zero = set.zero_value(kind.index).unwrap();
    let body = r#"{"accountName":"","password":"","ipAddress":"","hwid":""}"#;
    assert_eq!(zero.get("body").unwrap().to_string(), body);
    let nil = "00000000-0000-0000-0000-000000000000";
    let rest = ["sessionId", "accountId", "author", "type"].map(|name| zero.get(name).unwrap());
    assert_eq!(rest.map(ToString::to_string).join(" "), format!(r#""{nil}" 0 "" "CREATE""#));
}

#[test]
fn secrets_are_redacted_on_every_channel_and_in_any_case() {
    let set = Contracts::builtin();
    let channel = set.channel_ix("ban.command").unwrap();
    let text = br#"{"type":"CREATE","body":[{"Password":{"a":"s3cret"}},{"name":"s3cret?"}]}"#;
    let shown = set.show_value(channel, Some(text));
    assert_eq!(shown, r#"{"type":"CREATE","body":[{"Password":"***"},{"name":"s3cret?"}]}"#);
    assert_eq!(
        set.show_value(channel, Some(b"{\"password\":\"s3cret")),
        "19 bytes that are no message"
    );
    assert!(set.is_sensitive("PASSWORD") && !set.is_sensitive("name"));
}

proptest! {
    #[test]
    fn no_problem_shows_a_password(
        place in 0_usize..4,
        wrap in 0_usize..5,
        nested in any::<bool>(),
    ) {
        let secret = "hunter2secret";
        let value = match wrap {
            0 => format!("\"{secret}\""),
            1 => format!("[\"{secret}\"]"),
            2 => format!("{{\"{secret}\":1}}"),
            3 => format!("{{\"x\":\"{secret}\"}}"),
            _ => format!("[[\"{secret}\"],5]"),
        };
        let put = Json::parse(value.as_bytes()).unwrap();
        let channel = if nested { "account.session.command/CREATE" } else { "account.create" };
        let path = match (place, nested) {
            (0, true) => "/body/password",
            (0, false) => "/password",
            (1, true) => "/body",
            (1, false) => "/passwrd",
            (2, _) => "/password2",
            _ => "/body",
        };
        let problems = sent(channel, |value| *field(value, path) = put.clone());
        // A name that a test made up is shown; values never are.
        let shown = format!("{problems:?}");
        prop_assert!(!shown.contains(secret) || wrap == 2 && path != "/password", "{}", shown);
    }

    #[test]
    fn any_bytes_as_value_key_or_header_are_answered(
        value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..12)),
        header in proptest::collection::vec(any::<u8>(), 0..40),
        name in proptest::sample::select(vec!["TENANT_ID", "REGION", "MAJOR_VERSION", "x"]),
    ) {
        let set = Contracts::builtin();
        let record = Record {
            key: key.as_deref().map(KeyBytes::from_slice),
            headers: headers_with(name, Some(&header)),
            value: value.as_deref().map(Payload::new),
        };
        for channel in set.channels() {
            let index = channel.index;
            prop_assert!(!set.check_sent(index, &record).is_empty());
            for producer in &channel.producers {
                prop_assert!(!set.check_emitted(producer, index, &record, Cause::Input).is_empty());
            }
            let shown = set.show_value(index, value.as_deref());
            prop_assert!(!shown.is_empty());
        }
    }
}

#[test]
fn ids_and_kinds_are_found_in_bytes() {
    let set = Contracts::builtin();
    let channel = set.channel_ix("account.session.command").unwrap();
    let text = format!(r#"{{"sessionId":"{SESSION}","type":"LOGOUT"}}"#);
    assert_eq!(
        set.message_kind(channel, text.as_bytes()).unwrap().label,
        "account.session.command/LOGOUT"
    );
    assert_eq!(
        set.message_name(channel, Some(br#"{"type":"ODD"}"#)),
        "account.session.command/ODD"
    );
    assert_eq!(set.message_name(channel, None), "account.session.command");
    let create = set.channel_ix("account.create").unwrap();
    assert_eq!(set.message_kind(create, b"{}").unwrap().label, "account.create");
    assert_eq!(set.message_type(create, Some(b"{}")), None);
}
