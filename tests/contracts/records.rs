//! What is said about broken values.

use crate::support::{field, good, headers, record, remove, sent};
use quintet::contract::{Cause, Contracts, ProblemKind, Severity};
use quintet::message::{Json, Record};
use rstest::rstest;

#[test]
fn a_good_value_of_every_message_has_no_problem_sent_or_emitted() {
    let set = Contracts::builtin();
    for kind in set.all_messages() {
        let (channel, value) = good(&kind.label);
        let record = record(set.key_for(channel, &value), &value.to_string());
        assert_eq!(set.check_sent(channel, &record), [], "{} {value}", kind.label);
        for producer in &set.channel(channel).unwrap().producers {
            let found = set.check_emitted(producer, channel, &record, Cause::Input);
            assert_eq!(found, [], "{} {value}", kind.label);
        }
    }
}

#[test]
fn every_required_field_is_missed() {
    let set = Contracts::builtin();
    let mut missed = 0;
    for kind in set.all_messages() {
        for info in kind.fields().iter().filter(|info| !info.path.contains('*')) {
            let problems = sent(&kind.label, |value| remove(value, &info.path));
            let missing = problems.iter().any(|problem| {
                problem.kind == ProblemKind::MissingField && problem.path == info.path
            });
            let readers = set.consumers(kind.channel);
            let wanted = readers.is_empty()
                || info.declared_by.iter().any(|service| readers.contains(service))
                || !kind.known_by.iter().any(|service| readers.contains(service));
            let bodyless = kind.name == "REQUEST_LICENSE_AGREEMENT" && info.path == "/body";
            assert!(missing || !wanted || bodyless, "{}{} {problems:?}", kind.label, info.path);
            missed += usize::from(missing);
        }
    }
    assert!(missed > 120, "{missed}");
}

#[rstest]
#[case("ban.command/CREATE", "/body/banType", "256", ProblemKind::OutOfRange)]
#[case("ban.command/CREATE", "/body/banType", "-1", ProblemKind::OutOfRange)]
#[case("ban.command/CREATE", "/body/banType", "\"1\"", ProblemKind::WrongType)]
#[case("ban.command/CREATE", "/body/banType", "1.5", ProblemKind::WrongType)]
#[case("ban.command/CREATE", "/body/banType", "1.0", ProblemKind::WrongType)]
#[case("ban.command/CREATE", "/body/permanent", "1", ProblemKind::WrongType)]
#[case("ban.command/CREATE", "/body/value", "null", ProblemKind::WrongType)]
#[case("ban.command/CREATE", "/body/expiresAt", "9223372036854775808", ProblemKind::OutOfRange)]
#[case("ban.command/CREATE", "/body/expiresAt", "-9223372036854775809", ProblemKind::OutOfRange)]
#[case("ban.command/CREATE", "/body/expiresAt", "9223372036854775807.0", ProblemKind::WrongType)]
#[case("ban.command/DELETE", "/body/banId", "4294967296", ProblemKind::OutOfRange)]
#[case("ban.command/DELETE", "/body", "[]", ProblemKind::WrongType)]
#[case("account.create", "/name", "{}", ProblemKind::WrongType)]
#[case("account.session.command/CREATE", "/sessionId", "\"x\"", ProblemKind::BadFormat)]
#[case("account.session.command/CREATE", "/author", "\"login\"", ProblemKind::NotListed)]
#[case("account.session.command/CREATE", "/body/hwid", "5", ProblemKind::WrongType)]
#[case("account.session.command/PROGRESS_STATE", "/body/state", "256", ProblemKind::OutOfRange)]
#[case("account.session.command/LOGOUT", "/body", "null", ProblemKind::WrongType)]
#[case("account.session.status/ERROR", "/body/code", "\"NO\"", ProblemKind::NotListed)]
#[case(
    "account.session.status/ERROR",
    "/body/until",
    "18446744073709551616",
    ProblemKind::OutOfRange
)]
#[case("account.session.status/CREATED", "/accountName", "7", ProblemKind::WrongType)]
#[case("account.status/LOGGED_IN", "/account_id", "-1", ProblemKind::OutOfRange)]
#[case("session.status/CREATED", "/issuer", "\"INTERNAL\"", ProblemKind::NotListed)]
#[case("session.status/DESTROYED", "/worldId", "256", ProblemKind::OutOfRange)]
#[case("seed.status/CREATED", "/body/characterId", "true", ProblemKind::WrongType)]
#[case("buff.status/APPLIED", "/body/sourceId", "2147483648", ProblemKind::OutOfRange)]
#[case("buff.status/APPLIED", "/body/createdAt", "\"yesterday\"", ProblemKind::BadFormat)]
#[case("buff.status/EXPIRED", "/body/changes", "null", ProblemKind::WrongType)]
#[case("asset.status/MOVED", "/slot", "-32769", ProblemKind::OutOfRange)]
#[case("asset.status/MOVED", "/body/referenceType", "\"etc\"", ProblemKind::NotListed)]
#[case("asset.status/DELETED", "/compartmentId", "\"\"", ProblemKind::BadFormat)]
#[case("invite.command/CREATE", "/worldId", "256", ProblemKind::OutOfRange)]
#[case("invite.command/ACCEPT", "/body/targetId", "4294967296", ProblemKind::OutOfRange)]
#[case("invite.command/REJECT", "/transactionId", "5", ProblemKind::WrongType)]
#[case("character.status/DELETED", "/characterId", "[1]", ProblemKind::WrongType)]
#[case("ban.status/CREATED", "/banId", "4294967296", ProblemKind::OutOfRange)]
fn wrong_values_are_violations(
    #[case] label: &str,
    #[case] path: &str,
    #[case] to: &str,
    #[case] kind: ProblemKind,
) {
    let put = Json::parse(to.as_bytes()).unwrap();
    let problems = sent(label, |value| *field(value, path) = put);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!((problems[0].kind, problems[0].path.as_str()), (kind, path), "{problems:?}");
    assert!(problems[0].is_violation());
}

#[rstest]
#[case("ban.command/CREATE", "/body/expiresAt", "9223372036854775807")]
#[case("ban.command/CREATE", "/body/expiresAt", "-9223372036854775808")]
#[case("ban.command/CREATE", "/body/banType", "255")]
#[case("account.session.status/ERROR", "/body/until", "18446744073709551615")]
#[case("account.session.command/PROGRESS_STATE", "/body/params", "[{\"x\":1e400}]")]
#[case("account.session.command/PROGRESS_STATE", "/body/params", "18446744073709551616")]
#[case("session.status/CREATED", "/issuer", "\"CHANNEL\"")]
#[case("account.session.command/CREATE", "/author", "\"INTERNAL\"")]
#[case("invite.command/CREATE", "/inviteType", "\"NONE_SUCH\"")]
#[case("account.session.status/REQUEST_LICENSE_AGREEMENT", "/body", "{\"any\":[1]}")]
fn unusual_values_are_accepted(#[case] label: &str, #[case] path: &str, #[case] to: &str) {
    let put = Json::parse(to.as_bytes()).unwrap();
    let problems = sent(label, |value| *field(value, path) = put);
    assert_eq!(problems, [], "{label}{path}");
}

#[rstest]
#[case("{ not json", ProblemKind::NotJson)]
#[case("", ProblemKind::NoValue)]
#[case("[]", ProblemKind::WrongType)]
#[case("null", ProblemKind::WrongType)]
#[case("{}", ProblemKind::MissingField)]
#[case("{\"type\":5}", ProblemKind::WrongType)]
#[case("{\"type\":\"NONE_SUCH\"}", ProblemKind::UnknownType)]
#[case("{\"type\":\"create\",\"body\":{}}", ProblemKind::UnknownType)]
#[case("{\"type\":\"CREATE\"} {}", ProblemKind::NotJson)]
fn values_that_are_no_message(#[case] text: &str, #[case] kind: ProblemKind) {
    let set = Contracts::builtin();
    let channel = set.channel_ix("ban.command").unwrap();
    let problems = set.check_sent(channel, &record(None, text));
    assert_eq!(problems.iter().map(|one| one.kind).collect::<Vec<_>>(), [kind], "{problems:?}");
    let tombstone = Record { key: None, headers: headers(), value: None };
    assert_eq!(set.check_sent(channel, &tombstone)[0].kind, ProblemKind::NoValue);
}

#[test]
fn all_problems_of_a_value_come_at_once() {
    let problems = sent("ban.command/CREATE", |value| {
        *field(value, "/body/banType") = Json::parse(b"300").unwrap();
        *field(value, "/body/extra") = true.into();
        remove(value, "/body/value");
    });
    let found: Vec<_> = problems.iter().map(|one| (one.kind, one.path.as_str())).collect();
    assert_eq!(
        found,
        [
            (ProblemKind::OutOfRange, "/body/banType"),
            (ProblemKind::MissingField, "/body/value"),
            (ProblemKind::ExtraField, "/body/extra"),
        ]
    );
    assert_eq!(problems[0].to_string(), "/body/banType: is 300, not an integer from 0 to 255");
    assert_eq!(problems[2].severity, Severity::Advisory);
}

#[test]
fn what_is_emitted_is_judged_by_its_producer() {
    let set = Contracts::builtin();
    let (channel, mut value) = good("account.session.status/CREATED");
    let check = |service: &str, value: &Json| {
        let record = record(set.key_for(channel, value), &value.to_string());
        set.check_emitted(service, channel, &record, Cause::Input)
    };
    // Only the ban document declares these; the account document is not broken by any value.
    *field(&mut value, "/accountName") = Json::Null;
    assert_eq!(check("account", &value), []);
    remove(&mut value, "/accountName");
    assert_eq!(check("account", &value), []);
    *field(&mut value, "/nobodyDeclaresThis") = Json::Null;
    let problems = check("account", &value);
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].kind, problems[0].severity),
        (ProblemKind::ExtraField, Severity::Advisory)
    );
    assert_eq!(check("ban", &value)[0].kind, ProblemKind::UndeclaredChannel);
    let (_, error) = good("account.session.status/ERROR");
    let mut other_code = error;
    *field(&mut other_code, "/body/code") = "OTHER".into();
    assert_eq!(check("account", &other_code), [], "the account document lists no codes");
}

#[test]
fn a_service_emits_only_types_of_its_own_document() {
    let set = Contracts::builtin();
    let (channel, value) = good("session.status/CREATED");
    let mut unknown = value;
    *field(&mut unknown, "/type") = "PAUSED".into();
    let record = record(None, &unknown.to_string());
    let problems = set.check_emitted("login", channel, &record, Cause::Input);
    assert_eq!(problems[0].kind, ProblemKind::UnknownType);
    assert_eq!(problems[0].expected, "one of CREATED, DESTROYED");
}
