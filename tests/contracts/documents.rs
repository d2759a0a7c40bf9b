//! The five documents themselves.

use crate::support::{as_json, snapshots};
use quintet::contract::{Action, Basis, Contracts, GroupName, table};
use rstest::rstest;

const OFFICIAL: &str = include_str!("../fixtures/asyncapi/asyncapi-3.0.0.schema.json");

#[test]
fn the_official_schema_accepts_them_and_refuses_broken_ones() {
    let schema: serde_json::Value = serde_json::from_str(OFFICIAL).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (path, text) in quintet::services::contract_files() {
        let document = as_json(text);
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|error| format!("{path} {}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        // The schema has teeth: each operation needs its action.
        let broken = text.replacen("action: ", "x-action: ", 1);
        assert!(!validator.is_valid(&as_json(&broken)), "{path}");
    }
}

#[test]
fn all_channels_are_there_with_their_topics() {
    let set = Contracts::builtin();
    let channels: Vec<_> =
        set.channels().iter().map(|one| (one.name.as_str(), one.address.as_str())).collect();
    assert_eq!(
        channels,
        [
            ("account.create", "COMMAND_TOPIC_CREATE_ACCOUNT"),
            ("account.session.command", "COMMAND_TOPIC_ACCOUNT_SESSION"),
            ("account.session.status", "EVENT_TOPIC_ACCOUNT_SESSION_STATUS"),
            ("account.status", "EVENT_TOPIC_ACCOUNT_STATUS"),
            ("asset.status", "EVENT_TOPIC_ASSET_STATUS"),
            ("ban.command", "COMMAND_TOPIC_BAN"),
            ("ban.status", "EVENT_TOPIC_BAN_STATUS"),
            ("buff.status", "EVENT_TOPIC_CHARACTER_BUFF_STATUS"),
            ("character.status", "EVENT_TOPIC_CHARACTER_STATUS"),
            ("invite.command", "COMMAND_TOPIC_INVITE"),
            ("invite.status", "EVENT_TOPIC_INVITE_STATUS"),
            ("seed.status", "EVENT_TOPIC_SEED_STATUS"),
            ("session.status", "EVENT_TOPIC_SESSION_STATUS"),
        ]
    );
    for (at, channel) in set.channels().iter().enumerate() {
        assert_eq!(channel.index.at(), at);
        assert_eq!(set.channel_ix(&channel.name), Some(channel.index));
        assert_eq!(set.channel_at(&channel.address).map(|one| one.index), Some(channel.index));
    }
}

#[rstest]
#[case("ban", &["ban.command", "account.session.status"], &["ban.status"])]
#[case(
    "account",
    &["account.create", "account.session.command"],
    &["account.status", "account.session.status"]
)]
#[case(
    "login",
    &["account.status", "account.session.status", "seed.status"],
    &["account.session.command", "session.status"]
)]
#[case("effective_stats", &["session.status", "buff.status", "asset.status"], &[])]
#[case("invite", &["invite.command", "character.status"], &["invite.status"])]
fn who_reads_and_sends_what(#[case] service: &str, #[case] reads: &[&str], #[case] sends: &[&str]) {
    let set = Contracts::builtin();
    let contract = set.contract(service).unwrap();
    for (action, mut wanted) in [(Action::Receive, reads.to_vec()), (Action::Send, sends.to_vec())]
    {
        let names = contract.channels.keys().map(String::as_str);
        let mut found: Vec<_> = names.filter(|name| contract.does(action, name)).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{service} {action:?}");
    }
}

#[rstest]
#[case("ban", "Ban Service", Basis::Documented)]
#[case("account", "Account Service", Basis::Documented)]
#[case("effective_stats", "Effective Stats Service", Basis::Field)]
#[case("invite", "Invitation Service", Basis::Field)]
fn consumer_groups(#[case] service: &str, #[case] name: &str, #[case] basis: Basis) {
    let set = Contracts::builtin();
    let group = set.group(service).unwrap();
    assert!(matches!(&group.name, GroupName::Exactly(exactly) if exactly == name));
    assert_eq!(group.basis, basis);
    assert!(group.admits(name) && !group.admits("Ban Service "));
}

#[test]
fn the_group_of_login_has_the_id_of_the_instance() {
    let set = Contracts::builtin();
    let group = set.group("login").unwrap();
    assert!(group.admits("Login Service - 6f0c1d2e-0000-4000-8000-000000000001"));
    assert!(!group.admits("Login Service - 6F0C1D2E-0000-4000-8000-000000000001"));
    assert!(!group.admits("Login Service"));
}

/// The documents disagree; each contract keeps its own document's view.
#[rstest]
#[case("account", "account.session.command", "CREATE", "/body/hwid", false)]
#[case("login", "account.session.command", "CREATE", "/body/hwid", true)]
#[case("ban", "account.session.status", "CREATED", "/accountName", true)]
#[case("account", "account.session.status", "CREATED", "/accountName", false)]
#[case("login", "account.session.status", "CREATED", "/accountName", false)]
#[case("ban", "account.session.status", "CREATED", "/body/ipAddress", true)]
#[case("account", "account.session.status", "CREATED", "/body/ipAddress", false)]
#[case("ban", "account.session.status", "ERROR", "/body/hwid", true)]
#[case("login", "account.session.status", "ERROR", "/body/hwid", false)]
fn disagreements_about_fields_are_kept(
    #[case] service: &str,
    #[case] channel: &str,
    #[case] kind: &str,
    #[case] field: &str,
    #[case] declared: bool,
) {
    let set = Contracts::builtin();
    let message = &set.contract(service).unwrap().channels[channel].messages[kind];
    assert_eq!(message.payload.at(field).is_some(), declared);
}

#[test]
fn other_disagreements_are_kept() {
    let set = Contracts::builtin();
    let view = |service, channel: &str| &set.contract(service).unwrap().channels[channel];
    let phrase = |service, channel, kind: &str, field| {
        view(service, channel).messages[kind].payload.at(field).unwrap().phrase()
    };
    let licence = "REQUEST_LICENSE_AGREEMENT";
    assert_eq!(phrase("account", "account.session.status", licence, "/body"), "null");
    assert_eq!(phrase("login", "account.session.status", licence, "/body"), "any value");
    assert!(!view("login", "account.status").messages.contains_key("CREATED"));
    let issuer = |service, channel, field| phrase(service, channel, "CREATED", field);
    assert_eq!(issuer("login", "session.status", "/issuer"), "LOGIN");
    assert_eq!(issuer("effective_stats", "session.status", "/issuer"), "one of LOGIN, CHANNEL");
    let author = phrase("account", "account.session.command", "LOGOUT", "/author");
    assert_eq!(author, "one of INTERNAL, LOGIN, CHANNEL");
    let declared = |service, channel, kind: &str| {
        let payload = &view(service, channel).messages[kind].payload;
        payload.at("/worldId").unwrap().remarks.declared_type.clone()
    };
    assert_eq!(declared("login", "session.status", "CREATED").as_deref(), Some("world.Id"));
    assert_eq!(declared("effective_stats", "buff.status", "APPLIED").as_deref(), Some("byte"));
}

#[test]
fn every_field_is_described_by_document_and_section() {
    for contract in Contracts::builtin().contracts() {
        let document = contract.service.replace('_', "-") + ".md, ";
        for message in contract.channels.values().flat_map(|view| view.messages.values()) {
            let mut open = vec![(String::new(), &message.payload)];
            while let Some((path, schema)) = open.pop() {
                if !path.is_empty() && !path.ends_with("/*") {
                    let told = schema.remarks.description.as_deref().unwrap_or_default();
                    assert!(told.starts_with(&document), "{} {path}: {told:?}", message.name);
                }
                let inner = schema.properties.iter();
                open.extend(inner.map(|(name, one)| (format!("{path}/{name}"), &one.schema)));
                open.extend(schema.items.as_deref().map(|items| (format!("{path}/*"), items)));
            }
        }
    }
}

#[test]
fn contracts_as_tables() {
    for contract in Contracts::builtin().contracts() {
        snapshots("A contract as a table").bind(|| {
            insta::assert_snapshot!(format!("contract-{}", contract.service), table(contract));
        });
    }
}
