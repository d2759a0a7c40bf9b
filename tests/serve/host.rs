//! The host as a library.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quintet::kafka::Deadline;
use quintet::kafka::host::{
    Host, HostError, Manner, Options, STOPS_WITHIN, Start, Store, StoreError, Variants,
};
use quintet::message::Json;
use quintet::service::{Cx, Given, Incoming, Reject, Service};
use quintet::services::id;
use rstest::rstest;

use super::bed::{Bed, PATIENCE, create_ban, created, services, tenant};

#[test]
fn a_command_is_answered_in_its_tenant_and_trace() {
    let mut bed = Bed::new();
    let host = bed.host(&["ban"], Options::default());
    bed.create_ban(&tenant(1), "10.0.0.1");
    bed.create_ban(&tenant(2), "10.0.0.1");
    let contracts = Arc::clone(&bed.contracts);
    bed.until("two answers", |seen| {
        created(seen, &contracts, &tenant(1)) == [1] && created(seen, &contracts, &tenant(2)) == [1]
    });
    let status = bed.contracts.channel_ix("ban.status");
    let events = bed.seen.iter().filter(|one| Some(one.channel) == status);
    assert!(events.into_iter().all(|one| one.record.headers.trace().unwrap().trace == 77));
    let args = Json::from(serde_json::json!({ "ip": "10.0.0.1" }));
    let answer = host.query("ban", "check", &tenant(1), &args).unwrap();
    assert_eq!(answer.get("banned"), Some(&Json::Bool(true)));
    let groups: Vec<_> = host.services().collect();
    assert_eq!(groups, [("ban", Some("Ban Service"))]);
    host.stop().unwrap();
}

#[test]
fn what_was_handled_is_committed_when_a_host_stops() {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let host = bed.host(&["ban"], Options::default());
    for number in 0..20 {
        bed.create_ban(&tenant(1), &format!("10.0.0.{number}"));
    }
    host.stop().unwrap();
    // Whatever was not read before is answered now, by a ban service that knows nothing.
    let again = bed.host(&["ban"], Options::default());
    bed.until("twenty answers", |seen| created(seen, &contracts, &tenant(1)).len() >= 20);
    bed.linger(Duration::from_millis(500));
    assert_eq!(created(&bed.seen, &contracts, &tenant(1)).len(), 20);
    again.stop().unwrap();
}

#[rstest]
#[case::later(Manner { delay_ms: 0..=300, ..Manner::default() })]
#[case::commits_first(Manner { commit_first: true, ..Manner::default() })]
#[case::overtakes(Manner { delay_ms: 0..=100, overtake: true, ..Manner::default() })]
#[case::gaps(Manner { event_gap_ms: 50, overtake: true, ..Manner::default() })]
fn in_whatever_manner_each_command_is_answered_once(#[case] manner: Manner) {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let options = || Options { manner: manner.clone(), ..Options::default() };
    let host = bed.host(&["ban"], options());
    for number in 0..15 {
        bed.create_ban(&tenant(3), &format!("10.0.0.{number}"));
    }
    bed.until("answers", |seen| !created(seen, &contracts, &tenant(3)).is_empty());
    host.stop().unwrap();
    let host = bed.host(&["ban"], options());
    bed.until("all answers", |seen| created(seen, &contracts, &tenant(3)).len() >= 15);
    bed.linger(Duration::from_millis(500));
    assert_eq!(created(&bed.seen, &contracts, &tenant(3)).len(), 15);
    host.stop().unwrap();
}

#[test]
fn state_in_a_folder_outlives_its_host() {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let folder = tempfile::tempdir().unwrap();
    let store = || Options { store: Store::Folder(folder.path().to_owned()), ..Options::default() };
    let given = Json::parse(br#"[{"banType":0,"value":"10.9.9.9"}]"#).unwrap();
    let data = [("bans".to_owned(), given)];
    let host = bed.host(&["ban"], store());
    host.give("ban", &tenant(1), &Given { settings: None, data: &data }).unwrap();
    bed.create_ban(&tenant(1), "10.0.0.1");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [2]);
    let other = Host::start(
        &bed.connection,
        &bed.topics,
        Arc::clone(&contracts),
        services(&["ban"]),
        store(),
    );
    assert!(matches!(other, Err(HostError::Store(StoreError::InUse { .. }))), "{other:?}");
    host.kill();
    let again = bed.host(&["ban"], store());
    bed.create_ban(&tenant(1), "10.0.0.2");
    bed.until("another", |seen| created(seen, &contracts, &tenant(1)).contains(&3));
    for address in ["10.9.9.9", "10.0.0.1", "10.0.0.2"] {
        let args = Json::from(serde_json::json!({ "ip": address }));
        let answer = again.query("ban", "check", &tenant(1), &args).unwrap();
        assert_eq!(answer.get("banned"), Some(&Json::Bool(true)), "{address}");
    }
    again.stop().unwrap();
}

#[test]
fn a_folder_of_another_cluster_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = || Options { store: Store::Folder(folder.path().to_owned()), ..Options::default() };
    let (one, other) = (Bed::new(), Bed::new());
    one.host(&["ban"], store()).stop().unwrap();
    let refused = Host::start(
        &other.connection,
        &other.topics,
        Arc::clone(&other.contracts),
        services(&["ban"]),
        store(),
    );
    assert!(matches!(refused, Err(HostError::Store(StoreError::Foreign { .. }))), "{refused:?}");
}

#[test]
fn accepted_variants_are_served() {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let variants = Variants::default().with(id::BAN_2, "accept-empty");
    let options = Options { decisions: Some(Box::new(variants)), ..Options::default() };
    let host = bed.host(&["ban"], options);
    bed.create_ban(&tenant(1), "");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [1]);
    host.stop().unwrap();
}

#[test]
fn account_asks_ban_where_both_run_and_nobody_is_banned_where_it_is_alone() {
    let create = r#"{"name":"ann","password":"p"}"#;
    let log_in = |session: u32| {
        let session = uuid::Uuid::from_u128(u128::from(session)).to_string();
        serde_json::json!({
            "sessionId": session, "accountId": 0, "author": "LOGIN", "type": "CREATE",
            "body": {
                "accountName": "ann", "password": "p", "ipAddress": "10.0.0.1", "hwid": "h",
            },
        })
        .to_string()
    };
    let codes = |bed: &Bed| -> Vec<String> {
        let status = bed.contracts.channel_ix("account.session.status").unwrap();
        let own = bed.seen.iter().filter(|one| one.channel == status);
        own.map(|one| String::from_utf8_lossy(one.record.value_bytes().unwrap()).into_owned())
            .collect()
    };
    for alone in [false, true] {
        let mut bed = Bed::new();
        let names: &[&str] = if alone { &["account"] } else { &["ban", "account"] };
        let absent = quintet::services::packs().absent(|name| names.contains(&name));
        let options = Options { absent, ..Options::default() };
        let host = bed.host(names, options);
        let contracts = Arc::clone(&bed.contracts);
        if !alone {
            bed.create_ban(&tenant(1), "10.0.0.1");
            bed.until("a ban", |seen| created(seen, &contracts, &tenant(1)) == [1]);
        }
        bed.send("account.create", &tenant(1), create);
        let account = contracts.channel_ix("account.status").unwrap();
        bed.until("an account", |seen| seen.iter().any(|one| one.channel == account));
        bed.send("account.session.command", &tenant(1), &log_in(1));
        let status = contracts.channel_ix("account.session.status").unwrap();
        bed.until("an answer", |seen| seen.iter().any(|one| one.channel == status));
        let got = codes(&bed);
        let expected = if alone { "REQUEST_LICENSE_AGREEMENT" } else { "DELETED_OR_BLOCKED" };
        assert!(got[0].contains(expected), "{got:?}");
        host.stop().unwrap();
    }
}

#[test]
fn a_new_group_can_start_at_the_end() {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    bed.create_ban(&tenant(1), "10.0.0.1");
    let options = Options { start: Start::End, ..Options::default() };
    let host = bed.host(&["ban"], options);
    bed.create_ban(&tenant(2), "10.0.0.1");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(2)) == [1]);
    bed.linger(Duration::from_millis(300));
    assert!(created(&bed.seen, &contracts, &tenant(1)).is_empty());
    host.stop().unwrap();
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
fn a_panic_ends_the_host_with_an_error() {
    let bed = Bed::new();
    let mut both = services(&["account"]);
    both.push(Box::new(Panics));
    let host = bed.host_of(both, Options::default());
    bed.send("ban.command", &tenant(1), &create_ban("10.0.0.1"));
    let deadline = Deadline::after(PATIENCE);
    while host.check().is_ok() {
        assert!(!deadline.is_over(), "the panic is not told");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let error = host.stop().unwrap_err();
    assert_eq!(error, HostError::Failed("ban panicked: on purpose".to_owned()));
}

#[test]
fn a_broker_that_goes_away_is_told_and_waited_for() {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = {
        let lines = Arc::clone(&lines);
        Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()))
    };
    let options = Options { log: Some(log), verbose: true, ..Options::default() };
    let host = bed.host(&["ban"], options);
    bed.create_ban(&tenant(1), "10.0.0.1");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [1]);
    assert!(bed.broker.take_down().unwrap());
    let deadline = Deadline::after(PATIENCE);
    while !lines.lock().unwrap().iter().any(|line| line.starts_with("ban: the broker: ")) {
        assert!(!deadline.is_over(), "nothing is told: {:?}", lines.lock().unwrap());
        std::thread::park_timeout(Duration::from_millis(10));
    }
    assert!(bed.broker.bring_up().unwrap());
    bed.create_ban(&tenant(1), "10.0.0.2");
    bed.until("another", |seen| created(seen, &contracts, &tenant(1)) == [1, 2]);
    host.stop().unwrap();
    let lines = lines.lock().unwrap();
    assert!(
        lines.iter().any(|line| line.starts_with("ban reads ban.command/CREATE ")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with("ban sends ban.status/CREATED ")),
        "{lines:?}"
    );
}

/// Stops a host whose broker is gone; the wait in which it must have stopped.
fn stopped_without_its_broker() -> Deadline {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let host = bed.host(&["ban", "account"], Options::default());
    bed.create_ban(&tenant(1), "10.0.0.1");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [1]);
    assert!(bed.broker.take_down().unwrap());
    let watch = Deadline::after(STOPS_WITHIN);
    assert_eq!(host.stop(), Err(HostError::CutOff(vec!["ban".to_owned()])));
    watch
}

#[test]
fn a_host_stops_where_the_broker_is_gone() {
    stopped_without_its_broker();
}

#[test]
#[ignore = "rests on time, so it needs a machine that is not busy; .ci/run has one"]
fn a_host_stops_in_time_where_the_broker_is_gone() {
    let watch = stopped_without_its_broker();
    assert!(!watch.is_over(), "it took {:?}", watch.elapsed());
}

/// A topic that was deleted and made anew starts at offset 0 again: what is there now must not be
/// taken for what was handled.
#[test]
fn a_topic_that_was_made_anew_is_not_taken_for_the_old_one() {
    let mut bed = Bed::new();
    let contracts = Arc::clone(&bed.contracts);
    let folder = tempfile::tempdir().unwrap();
    let store = || Options { store: Store::Folder(folder.path().to_owned()), ..Options::default() };
    let host = bed.host(&["ban"], store());
    bed.create_ban(&tenant(1), "10.0.0.1");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [1]);
    host.stop().unwrap();
    let path = folder.path().join("ban.redb");
    set_position(&path, 1_000_000);
    let started = Host::start(
        &bed.connection,
        &bed.topics,
        Arc::clone(&contracts),
        services(&["ban"]),
        store(),
    );
    let is_told =
        matches!(started, Err(HostError::Store(StoreError::Shorter { kept: 1_000_000, .. })));
    assert!(is_told, "{started:?}");
}

/// Says of every partition that so many records of it are handled.
fn set_position(path: &std::path::Path, low: u64) {
    use redb::{ReadableTable as _, TableDefinition};
    const POSITIONS: TableDefinition<'_, (u16, u32), (u64, Vec<u64>)> =
        TableDefinition::new("positions");
    let database = redb::Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(POSITIONS).unwrap();
        let keys: Vec<_> = table.iter().unwrap().map(|row| row.unwrap().0.value()).collect();
        assert!(!keys.is_empty());
        for key in keys {
            table.insert(key, (low, Vec::new())).unwrap();
        }
    }
    transaction.commit().unwrap();
}
