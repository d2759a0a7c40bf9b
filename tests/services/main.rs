//! The five reference services together, on the bus.

mod any;
mod five;
#[cfg(feature = "kafka")]
mod probe;

use quintet::driver::{Driver, Fault, FaultKind};
use quintet::message::Tenant;
use serde_json::json;
use uuid::Uuid;

use five::five;

#[test]
fn a_player_logs_in_plays_and_logs_out() {
    let mut five = five();
    five.give(
        "effective_stats",
        &[
            ("characters", json!([{ "id": 7, "strength": 10, "max_hp": 50 }])),
            ("equipment", json!([{ "assetId": 31, "strength": 4 }])),
        ],
    );
    five.send("account.create", &json!({ "name": "eve", "password": "correct-horse" }));

    let session = five.client("eve", "wrong");
    assert_eq!(five.seen(&session)["error"]["code"], "INCORRECT_PASSWORD");
    let credentials = json!({ "session": session, "name": "eve", "password": "correct-horse" });
    five.does("login", "credentials", credentials);
    let seen = five.seen(&session);
    assert_eq!((&seen["licenceAsked"], &seen["accountId"]), (&json!(true), &json!(1)));
    assert_eq!(five.query("login", "account", json!({ "accountId": 1 }))["loggedIn"], true);
    five.does("login", "accept_licence", json!({ "session": session }));
    five.does("account", "accept_licence", json!({ "name": "eve" }));

    let seed = json!({ "accountId": 1, "type": "CREATED", "body": { "characterId": 7 } });
    five.send("seed.status", &seed);
    assert_eq!(five.seen(&session)["newCharacter"], 7);
    five.does("login", "select_character", json!({ "session": session, "characterId": 7 }));
    assert_eq!(five.seen(&session)["handedOver"]["characterId"], 7);

    let channel = Uuid::from_u128(99).to_string();
    let body = json!({ "state": 1, "params": null });
    let takes_over = json!({ "sessionId": channel, "accountId": 1, "author": "CHANNEL",
        "type": "PROGRESS_STATE", "body": body });
    five.send("account.session.command", &takes_over);
    five.send(
        "session.status",
        &json!({ "sessionId": channel, "accountId": 1, "characterId": 7,
        "worldId": 0, "channelId": 1, "issuer": "CHANNEL", "type": "CREATED" }),
    );
    five.send(
        "asset.status",
        &json!({ "characterId": 7, "assetId": 31, "slot": -11,
        "type": "MOVED", "body": { "oldSlot": 3, "referenceType": "equipable" } }),
    );
    let stats = five.query("effective_stats", "character", json!({ "characterId": 7 }));
    assert_eq!((&stats["strength"], &stats["max_hp"]), (&json!(14), &json!(50)));

    five.does("login", "disconnect", json!({ "session": session }));
    five.advance(60);
    assert_eq!(five.query("login", "account", json!({ "accountId": 1 }))["loggedIn"], true);
    let stats = five.query("effective_stats", "character", json!({ "characterId": 7 }));
    assert_eq!(stats["strength"], 14);
    five.send(
        "account.session.command",
        &json!({ "sessionId": channel, "accountId": 1,
        "author": "CHANNEL", "type": "LOGOUT", "body": {} }),
    );
    assert_eq!(five.query("login", "account", json!({ "accountId": 1 }))["loggedIn"], false);
    let history = five.query("ban", "history", json!({ "accountId": 1 }));
    assert_eq!(history[0]["code"], "INCORRECT_PASSWORD");

    let logins = five.emitted().into_iter().filter(|name| name.starts_with("account.status/"));
    let logins: Vec<_> = logins.collect();
    let expected = ["CREATED", "LOGGED_IN", "LOGGED_IN", "LOGGED_OUT"];
    assert_eq!(logins, expected.map(|kind| format!("account.status/{kind}")));
    five.check_contracts();
}

#[test]
fn a_banned_client_is_told_so_and_the_ban_service_hears_of_it() {
    let mut five = five();
    five.give("account", &[("accounts", json!([{ "name": "eve", "password": "pw" }]))]);
    let playing = five.client("eve", "pw");
    assert_eq!(five.seen(&playing)["bound"], true);
    let ban = json!({ "banType": 0, "value": "10.0.0.0/8", "permanent": true, "reasonCode": 9 });
    five.send("ban.command", &json!({ "type": "CREATE", "body": ban }));
    assert_eq!(five.seen(&playing)["bound"], true);
    five.does("login", "disconnect", json!({ "session": playing }));
    let refused = five.client("eve", "pw");
    let error = json!({ "code": "DELETED_OR_BLOCKED", "reason": 9, "until": 0 });
    assert_eq!(five.seen(&refused)["error"], error);
    let history = five.query("ban", "history", json!({ "accountId": 1 }));
    let codes: Vec<_> = history.as_array().unwrap().iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, [&json!(null), &json!("DELETED_OR_BLOCKED")]);
    assert_eq!(history[1]["ipAddress"], "10.0.0.7");
    five.check_contracts();
}

#[test]
fn while_the_ban_service_is_down_nobody_logs_in() {
    let mut five = five();
    five.give("account", &[("accounts", json!([{ "name": "eve", "password": "pw" }]))]);
    five.world.arm(Fault::new(FaultKind::CrashBeforeHandling, "ban")).unwrap();
    let ban = json!({ "banType": 1, "value": "other", "permanent": true });
    five.send("ban.command", &json!({ "type": "CREATE", "body": ban }));
    let refused = five.client("eve", "pw");
    assert_eq!(five.seen(&refused)["error"]["code"], "SYSTEM_ERROR");
    five.advance(5);
    let again = five.client("eve", "pw");
    assert_eq!(five.seen(&again)["bound"], true);
}

#[test]
fn tenants_that_differ_in_any_part_share_nothing() {
    let mut five = five();
    let first = five.tenant.clone();
    five.give("account", &[("accounts", json!([{ "name": "eve", "password": "pw" }]))]);
    let others = [
        Tenant { id: Uuid::from_u128(2), ..first.clone() },
        Tenant { region: "JMS".into(), ..first.clone() },
        Tenant { major: 84, ..first.clone() },
        Tenant { minor: 2, ..first.clone() },
    ];
    for other in others {
        five.tenant = other;
        let refused = five.client("eve", "pw");
        assert_eq!(five.seen(&refused)["error"]["code"], "NOT_REGISTERED");
    }
    five.tenant = first;
    let client = five.client("eve", "pw");
    assert_eq!(five.seen(&client)["bound"], true);
}
