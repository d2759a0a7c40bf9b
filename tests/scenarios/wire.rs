//! The page about the wire says what the contracts say and the program does.

use quintet::contract::{Basis, GroupName};
use quintet::message::{Headers, Tenant, TraceParent};
use quintet::services::account::messages::ErrorCode;
use quintet::services::invite::messages::InviteType;

use super::support::{SETUP, root};

/// What the page must say; what it does not say.
fn missing(wanted: impl IntoIterator<Item = String>) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/wire.md")).expect("the page is there");
    let wanted = wanted.into_iter();
    wanted.filter(|text| !page.contains(text)).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn it_names_each_topic() {
    let channels = SETUP.contracts.channels().iter();
    let rows = channels.map(|one| format!("| `{}` | `{}` |\n", one.name, one.address));
    assert_eq!(missing(rows), none());
}

#[test]
fn it_names_each_group_with_its_basis() {
    let contracts = SETUP.contracts.contracts().iter();
    let rows = contracts.map(|contract| {
        let group = contract.group().expect("each of the five reads something");
        let name = match &group.name {
            GroupName::Exactly(name) => format!("`{name}`"),
            GroupName::Like(_) => "`Login Service - ` and a UUID".to_owned(),
        };
        let basis = match group.basis {
            Basis::Documented => "its document",
            Basis::Field => "the field",
        };
        (contract.service.clone(), name, basis)
    });
    let page = std::fs::read_to_string(root().join("docs/wire.md")).expect("the page is there");
    for (service, name, basis) in rows {
        let told = page.lines().any(|line| {
            let of_it = line.starts_with(&format!("| {service} | {name}"));
            of_it && line.ends_with(&format!("| {basis} |"))
        });
        assert!(told, "{service} {name} {basis}");
    }
}

#[test]
fn its_bytes_are_those_of_the_program() {
    let contracts = &SETUP.contracts;
    let hex = |bytes: &[u8]| {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(" ")
    };
    let invites = contracts.channel_ix("invite.status").expect("it is there");
    let key = contracts.encode_key(invites, 1000);
    let tenant = Tenant { id: uuid::Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
    let trace = TraceParent {
        trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
        span: 0x00f0_67aa_0ba9_02b7,
        flags: 1,
    };
    let headers = Headers::of_tenant(&tenant, trace).to_list();
    let header = |name: &str| {
        let found = headers.iter().find(|header| &*header.name == name);
        found.and_then(|header| header.value.clone()).expect(name)
    };
    let parent = String::from_utf8(header("traceparent").to_vec()).expect("ASCII");
    let wanted = [
        format!("\n{}\n", hex(&key)),
        format!("83 is `{}`", hex(&header("MAJOR_VERSION"))),
        format!("1 is `{}`", hex(&header("MINOR_VERSION"))),
        format!("`{parent}`"),
    ];
    assert_eq!(missing(wanted), none());
}

#[test]
fn it_lists_every_code_and_type() {
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let types = InviteType::ALL.iter().map(|one| one.as_str());
    assert_eq!(missing(codes.chain(types).map(|name| format!("`{name}`"))), none());
}
