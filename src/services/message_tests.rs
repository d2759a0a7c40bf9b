//! What is written is read back; what is read is read tolerantly, but never loosely.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use super::account::messages::*;
use super::ban::messages::*;
use super::effective_stats::messages::*;
use super::invite::messages::*;
use super::login::messages as login;
use crate::message::typed::{
    Absent, Empty, Id, List, Message, Params, Secret, Text, Timestamp, Undeclared,
};
use crate::message::typed::{DecodeError, decode};

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![Just(Id::NIL), any::<u128>().prop_map(|bits| Id(Uuid::from_u128(bits)))]
}

fn text() -> impl Strategy<Value = Text<'static>> {
    any::<String>().prop_map(Text::from)
}

fn moment() -> impl Strategy<Value = Timestamp<'static>> {
    let parts = (0u32..10_000, 1u32..13, 1u32..29, 0u32..24, 0u32..60, 0u32..1_000_000_000);
    parts.prop_map(|(year, month, day, hour, minute, nano)| {
        let text =
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:59.{nano:09}+05:30");
        Timestamp::parse(text).expect("a timestamp")
    })
}

fn params() -> impl Strategy<Value = Params<'static>> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<u64>().prop_map(|n| json!(n)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(|s| json!(s)),
    ];
    let tree = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    });
    tree.prop_map(|json| Params::from_json(json.to_string()).expect("params"))
}

macro_rules! any_of {
    ($name:ident: $type:ty = ($($field:ident: $strategy:expr),* $(,)?) => $make:expr) => {
        fn $name() -> impl Strategy<Value = $type> {
            ($($strategy,)*).prop_map(|($($field,)*)| $make)
        }
    };
}

any_of!(create_ban: CreateBan<'static> = (
    ban_type: any::<u8>(), value: text(), reason: text(), reason_code: any::<u8>(),
    permanent: any::<bool>(), expires_at: any::<i64>(), issued_by: text(),
) => CreateBan { ban_type, value, reason, reason_code, permanent, expires_at, issued_by });

fn ban_command() -> impl Strategy<Value = BanCommand<'static>> {
    let body = prop_oneof![
        create_ban().prop_map(BanCommandBody::Create),
        any::<u32>().prop_map(|ban_id| BanCommandBody::Delete(DeleteBan { ban_id })),
    ];
    body.prop_map(|body| BanCommand { body })
}

any_of!(ban_status: BanStatus = (
    ban_id: any::<u32>(), status: prop::sample::select(BanStatusType::ALL),
) => BanStatus { ban_id, status });

any_of!(create_account: CreateAccount<'static> = (name: text(), password: text()) =>
    CreateAccount { name, password: Secret::new(password) });

any_of!(session_state: SessionState<'static> = (state: any::<u8>(), params: params()) =>
    SessionState { state, params });

any_of!(create_session: CreateSession<'static> = (
    account_name: text(), password: text(), ip_address: text(), hwid: text(),
) => CreateSession {
    account_name, password: Secret::new(password), ip_address, hwid: Undeclared(hwid),
});

any_of!(session_command: SessionCommand<'static> = (
    session_id: id(), account_id: any::<u32>(), issuer: text(),
    body: prop_oneof![
        create_session().prop_map(SessionCommandBody::Create),
        session_state().prop_map(SessionCommandBody::ProgressState),
        Just(SessionCommandBody::Logout(Empty)),
    ],
) => SessionCommand { session_id, account_id, issuer, body });

any_of!(account_status: AccountStatus<'static> = (
    account_id: any::<u32>(), name: text(), status: prop::sample::select(AccountStatusType::ALL),
) => AccountStatus { account_id, name, status });

any_of!(session_error: SessionError<'static> = (
    code: text(), reason: any::<u8>(), until: any::<u64>(), ip_address: text(), hwid: text(),
) => SessionError { code, reason, until, ip_address, hwid });

any_of!(session_created: SessionCreated<'static> = (ip_address: text(), hwid: text()) =>
    SessionCreated { ip_address, hwid });

any_of!(session_status: SessionStatus<'static> = (
    session_id: id(), account_id: any::<u32>(), account_name: text(),
    body: prop_oneof![
        session_created().prop_map(SessionStatusBody::Created),
        session_state().prop_map(SessionStatusBody::StateChanged),
        Just(SessionStatusBody::RequestLicenseAgreement(Absent)),
        session_error().prop_map(SessionStatusBody::Error),
    ],
) => SessionStatus { session_id, account_id, account_name, body });

any_of!(client_session: login::ClientSession<'static> = (
    session_id: id(), account_id: any::<u32>(), character_id: any::<u32>(), world_id: any::<u8>(),
    channel_id: any::<u8>(), issuer: text(),
    kind: prop::sample::select(login::ClientSessionType::ALL),
) => login::ClientSession {
    session_id, account_id, character_id, world_id, channel_id, issuer, kind,
});

any_of!(seed_status: login::SeedStatus = (account_id: any::<u32>(), character_id: any::<u32>()) => {
    let body = login::SeedStatusBody::Created(login::CharacterCreated { character_id });
    login::SeedStatus { account_id, body }
});

fn changes() -> impl Strategy<Value = List<StatChange<'static>>> {
    let change = (text(), any::<i32>()).prop_map(|(kind, amount)| StatChange { kind, amount });
    prop::collection::vec(change, 0..4).prop_map(List)
}

any_of!(applied: BuffApplied<'static> = (
    from_id: any::<u32>(), source_id: any::<i32>(), duration: any::<i32>(), changes: changes(),
    created_at: moment(), expires_at: moment(),
) => BuffApplied { from_id, source_id, duration, changes, created_at, expires_at });

any_of!(expired: BuffExpired<'static> = (
    source_id: any::<i32>(), duration: any::<i32>(), changes: changes(), created_at: moment(),
    expires_at: moment(),
) => BuffExpired { source_id, duration, changes, created_at, expires_at });

any_of!(buff_status: BuffStatus<'static> = (
    world_id: any::<u8>(), channel_id: any::<u8>(), character_id: any::<u32>(),
    body: prop_oneof![
        applied().prop_map(BuffStatusBody::Applied),
        expired().prop_map(BuffStatusBody::Expired),
    ],
) => BuffStatus { world_id, channel_id, character_id, body });

any_of!(moved: AssetMoved<'static> = (
    old_slot: any::<i16>(), created_at: moment(), reference_type: text(),
) => AssetMoved { old_slot, created_at, reference_type });

any_of!(asset_status: AssetStatus<'static> = (
    transaction_id: id(), character_id: any::<u32>(), compartment_id: id(), asset_id: any::<u32>(),
    template_id: any::<u32>(), slot: any::<i16>(),
    body: prop_oneof![
        moved().prop_map(AssetStatusBody::Moved),
        Just(AssetStatusBody::Deleted(Empty)),
    ],
) => AssetStatus {
    transaction_id, character_id, compartment_id, asset_id, template_id, slot, body,
});

any_of!(invite_command: InviteCommand<'static> = (
    transaction_id: id(), world_id: any::<u8>(), invite_type: text(),
    body: (0..3, any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(kind, a, b, c)| match kind {
        0 => InviteCommandBody::Create(
            CreateInvite { originator_id: a, target_id: b, reference_id: c },
        ),
        1 => InviteCommandBody::Accept(AcceptInvite { target_id: a, reference_id: b }),
        _ => InviteCommandBody::Reject(RejectInvite { target_id: a, originator_id: b }),
    }),
) => InviteCommand { transaction_id, world_id, invite_type, body });

any_of!(invite_status: InviteStatus<'static> = (
    transaction_id: id(), world_id: any::<u8>(), invite_type: text(), reference_id: any::<u32>(),
    body: (0..3, any::<u32>(), any::<u32>()).prop_map(|(kind, originator_id, target_id)| {
        let parties = InviteParties { originator_id, target_id };
        match kind {
            0 => InviteStatusBody::Created(parties),
            1 => InviteStatusBody::Accepted(parties),
            _ => InviteStatusBody::Rejected(parties),
        }
    }),
) => InviteStatus { transaction_id, world_id, invite_type, reference_id, body });

any_of!(character_status: CharacterStatus = (
    transaction_id: id(), world_id: any::<u8>(), character_id: any::<u32>(),
) => CharacterStatus {
    transaction_id, world_id, character_id, body: CharacterStatusBody::Deleted(Empty),
});

macro_rules! round_trips {
    ($($message:ident: $type:ty)*) => {
        proptest! {
            $(#[test]
            fn $message(message in super::$message()) {
                let bytes = message.encode();
                prop_assert_eq!(&decode::<$type>(Some(&bytes)), &Ok(message.clone()));
                // The same fields in another order, so that the body comes before the type.
                let fields: serde_json::Map<_, _> = serde_json::from_slice(&bytes).unwrap();
                let turned: serde_json::Map<_, _> = fields.into_iter().rev().collect();
                let bytes = serde_json::to_vec(&turned).unwrap();
                let again = decode::<$type>(Some(&bytes)).unwrap().encode();
                prop_assert_eq!(
                    serde_json::from_slice::<serde_json::Value>(&again).unwrap(),
                    serde_json::Value::from(turned)
                );
            })*

            #[test]
            fn any_bytes_decode_or_do_not(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
                $(let _ = decode::<$type>(Some(&bytes));)*
            }
        }
    };
}

mod round_trip {
    use super::*;

    round_trips! {
        ban_command: BanCommand<'_>
        ban_status: BanStatus
        create_account: CreateAccount<'_>
        account_status: AccountStatus<'_>
        session_command: SessionCommand<'_>
        session_status: SessionStatus<'_>
        client_session: login::ClientSession<'_>
        seed_status: login::SeedStatus
        buff_status: BuffStatus<'_>
        asset_status: AssetStatus<'_>
        invite_command: InviteCommand<'_>
        invite_status: InviteStatus<'_>
        character_status: CharacterStatus
    }
}

fn written(message: &impl Serializable) -> String {
    String::from_utf8(message.bytes()).expect("UTF-8")
}

trait Serializable {
    fn bytes(&self) -> Vec<u8>;
}

impl<T: serde::Serialize> Serializable for T {
    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it encodes")
    }
}

#[test]
fn every_declared_field_is_written_in_compact_json() {
    let create = BanCommand { body: BanCommandBody::Create(CreateBan::default()) };
    assert_eq!(
        written(&create),
        r#"{"type":"CREATE","body":{"banType":0,"value":"","reason":"","reasonCode":0,"permanent":false,"expiresAt":0,"issuedBy":""}}"#
    );
    let status =
        AccountStatus { account_id: 7, name: "eve".into(), status: AccountStatusType::LoggedIn };
    assert_eq!(written(&status), r#"{"account_id":7,"name":"eve","status":"LOGGED_IN"}"#);
    let licence = SessionStatus {
        session_id: Id::NIL,
        account_id: 0,
        account_name: Text::default(),
        body: SessionStatusBody::RequestLicenseAgreement(Absent),
    };
    assert_eq!(
        written(&licence),
        r#"{"sessionId":"00000000-0000-0000-0000-000000000000","accountId":0,"accountName":"","type":"REQUEST_LICENSE_AGREEMENT","body":null}"#
    );
    let logout = SessionCommand {
        session_id: Id::NIL,
        account_id: u32::MAX,
        issuer: "LOGIN".into(),
        body: SessionCommandBody::Logout(Empty),
    };
    assert_eq!(
        written(&logout),
        r#"{"sessionId":"00000000-0000-0000-0000-000000000000","accountId":4294967295,"author":"LOGIN","type":"LOGOUT","body":{}}"#
    );
}

#[rstest]
#[case::missing(r#"{"type":"CREATE"}"#)]
#[case::null_body(r#"{"body":null,"type":"CREATE"}"#)]
#[case::empty_body(r#"{"type":"CREATE","body":{}}"#)]
#[case::null_fields(r#" {"type":"CREATE","body":{"banType":null,"permanent":null,"value":null}} "#)]
#[case::unknown_fields(r#"{"x":[{}],"type":"CREATE","body":{"y":1e400,"reason":""}}"#)]
#[case::another_case(r#"{"type":"CREATE","body":{"BanType":7}}"#)]
fn what_is_missing_reads_as_zero(#[case] text: &str) {
    let zero = BanCommand { body: BanCommandBody::Create(CreateBan::default()) };
    assert_eq!(decode(Some(text.as_bytes())), Ok(zero));
}

#[rstest]
#[case::out_of_range(r#"{"type":"CREATE","body":{"banType":256}}"#)]
#[case::negative(r#"{"type":"DELETE","body":{"banId":-1}}"#)]
#[case::too_long(r#"{"type":"CREATE","body":{"expiresAt":9223372036854775808}}"#)]
#[case::fraction(r#"{"type":"CREATE","body":{"banType":1.5}}"#)]
#[case::text_for_number(r#"{"type":"DELETE","body":{"banId":"1"}}"#)]
#[case::number_for_text(r#"{"type":"CREATE","body":{"value":1}}"#)]
#[case::number_for_bool(r#"{"type":"CREATE","body":{"permanent":1}}"#)]
#[case::list_for_body(r#"{"type":"DELETE","body":[1]}"#)]
#[case::list_for_message(r#"["DELETE",{"banId":1}]"#)]
#[case::body_first(r#"{"body":{"banId":"1"},"type":"DELETE"}"#)]
#[case::number_for_type(r#"{"type":1}"#)]
#[case::null("null")]
#[case::spaces("  ")]
#[case::cut(r#"{"type":"DELETE","body":{"banId":1}"#)]
#[case::more(r#"{"type":"DELETE","body":{"banId":1}} {}"#)]
fn what_is_wrong_does_not_decode(#[case] text: &str) {
    let decoded = decode::<BanCommand<'_>>(Some(text.as_bytes()));
    assert!(matches!(decoded, Err(DecodeError::Invalid(_))), "{decoded:?}");
}

#[test]
fn an_empty_value_and_an_unknown_type_are_told_apart() {
    assert_eq!(decode::<BanCommand<'_>>(None), Err(DecodeError::Empty));
    assert_eq!(decode::<BanCommand<'_>>(Some(b"")), Err(DecodeError::Empty));
    let unknown = |tag: &str| DecodeError::UnknownType(tag.to_owned());
    let error = |text: &'static str| decode::<BanCommand<'_>>(Some(text.as_bytes())).unwrap_err();
    assert_eq!(error(r#"{"type":"EDIT","body":5}"#), unknown("EDIT"));
    assert_eq!(error(r#"{"body":5,"type":"EDIT"}"#), unknown("EDIT"));
    assert_eq!(error("{}"), unknown(""));
    let flat = decode::<BanStatus>(Some(br#"{"banId":1,"status":"created"}"#));
    assert_eq!(flat, Err(unknown("created")));
}

#[rstest]
#[case("", false)]
#[case("00000000-0000-0000-0000-00000000000g", false)]
#[case("00000000000000000000000000000000", false)]
#[case("{00000000-0000-0000-0000-000000000001}", false)]
#[case("00000000-0000-0000-0000-000000000001", true)]
fn only_36_characters_are_a_uuid(#[case] text: &str, #[case] good: bool) {
    let value = json!({"sessionId": text, "type": "LOGOUT"}).to_string();
    assert_eq!(decode::<SessionCommand<'_>>(Some(value.as_bytes())).is_ok(), good);
}

#[rstest]
#[case("2026-02-28T23:59:59Z", true)]
#[case("2024-02-29T00:00:00.123456789-23:59", true)]
#[case("0001-01-01T00:00:00Z", true)]
#[case("2026-02-29T00:00:00Z", false)]
#[case("2026-01-01T24:00:00Z", false)]
#[case("2026-01-01T00:00:60Z", false)]
#[case("2026-01-01T00:00:00", false)]
#[case("2026-01-01 00:00:00Z", false)]
#[case("2026-01-01T00:00:00.Z", false)]
#[case("2026-01-01T00:00:00.1234567890Z", false)]
#[case("2026-01-01T00:00:00+24:00", false)]
#[case("2026-01-01T00:00:00+0100", false)]
#[case("2026-01-01T00:00:00é", false)]
fn timestamps_are_rfc_3339(#[case] text: &str, #[case] good: bool) {
    assert_eq!(Timestamp::parse(text).is_some(), good);
}

#[test]
fn params_keep_every_digit_and_lose_their_spaces() {
    let text = r#"{"type":"PROGRESS_STATE","body":{"state":2,"params":{ "n" : 9007199254740993 ,
        "s" : " \" [ " , "f" : [ 1.50 , 1e2 ] }}}"#;
    let command: SessionCommand<'_> = decode(Some(text.as_bytes())).unwrap();
    let echoed = written(&command);
    assert!(
        echoed.contains(r#""params":{"n":9007199254740993,"s":" \" [ ","f":[1.50,1e2]}"#),
        "{echoed}"
    );
}

#[test]
fn params_that_nest_too_deep_do_not_decode() {
    let nested = |n: usize| {
        let (open, close) = ("[".repeat(n), "]".repeat(n));
        format!(r#"{{"type":"PROGRESS_STATE","body":{{"params":{open}{close}}}}}"#)
    };
    assert!(decode::<SessionCommand<'_>>(Some(nested(100).as_bytes())).is_ok());
    assert!(decode::<SessionCommand<'_>>(Some(nested(20_000).as_bytes())).is_err());
}

#[test]
fn null_in_a_list_is_a_zero_element() {
    let text = br#"{"type":"APPLIED","body":{"changes":[null,{"amount":3}]}}"#;
    let buff: BuffStatus<'_> = decode(Some(text)).unwrap();
    let BuffStatusBody::Applied(applied) = buff.body else { panic!("it is APPLIED") };
    let amounts: Vec<_> = applied.changes.0.iter().map(|change| change.amount).collect();
    assert_eq!(amounts, [0, 3]);
}

#[test]
fn a_reader_ignores_what_only_other_documents_declare() {
    let command = br#"{"type":"CREATE","body":{"accountName":"eve","hwid":{"a":1}}}"#;
    assert!(decode::<SessionCommand<'_>>(Some(command)).is_ok());
    let status = br#"{"accountName":5,"type":"CREATED","body":{"ipAddress":5}}"#;
    assert!(decode::<login::SessionStatus<'_>>(Some(status)).is_ok());
    assert!(decode::<SessionStatus<'_>>(Some(status)).is_err());
}

#[test]
fn of_a_member_that_is_named_twice_the_last_counts() {
    let delete = |value: &str| {
        let read = decode::<BanCommand<'_>>(Some(value.as_bytes())).expect("it can be read");
        match read.body {
            BanCommandBody::Delete(DeleteBan { ban_id }) => Some(ban_id),
            BanCommandBody::Create(_) => None,
        }
    };
    let body = r#"{"banId":1,"banId":2}"#;
    for text in [
        format!(r#"{{"type":"DELETE","body":{body}}}"#),
        format!(r#"{{"type":"CREATE","type":"DELETE","body":{body}}}"#),
        format!(r#"{{"type":"CREATE","body":{body},"type":"DELETE"}}"#),
        r#"{"body":{"banId":1},"type":"DELETE","body":{"banId":2}}"#.to_owned(),
    ] {
        assert_eq!(delete(&text), Some(2), "{text}");
    }
}

#[test]
fn errors_and_debug_output_do_not_tell_passwords() {
    let text = br#"{"name":1,"password":"hunter2, expected nothing"}"#;
    let error = decode::<CreateAccount<'_>>(Some(text)).unwrap_err().to_string();
    assert_eq!(error, "expected a string at line 1 column 9");
    let wrong = br#"{"name":"a","password":"b","password":["hunter2"]}"#;
    let error = decode::<CreateAccount<'_>>(Some(wrong)).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
    let text = br#"{"sessionId":"hunter2, expected x","type":"LOGOUT"}"#;
    let error = decode::<SessionCommand<'_>>(Some(text)).unwrap_err().to_string();
    assert!(error.starts_with("expected a UUID of 36 characters"), "{error}");
    let account = CreateAccount { name: "a".into(), password: Secret::new("hunter2") };
    assert!(!format!("{account:?}").contains("hunter2"));
}
