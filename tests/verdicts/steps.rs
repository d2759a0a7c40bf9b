//! One random input for each service.

use serde_json::json;

use crate::play::Play;

pub(crate) fn ban(play: &mut Play) {
    match play.below(10) {
        0..=3 => {
            let value = play.one_of(&["10.0.0.1", "10.0.0.2", "", "HW", "7"]);
            let ban_type = [0, 0, 1, 2, 5][play.below(5)];
            let permanent = play.below(2) == 0;
            let body = json!({ "banType": ban_type, "value": value, "permanent": permanent,
                "reason": "r", "reasonCode": 1, "issuedBy": "gm",
                "expiresAt": 1_767_225_600 + play.below(20_000) });
            play.send("ban.command", &json!({ "type": "CREATE", "body": body }));
        }
        4..=7 => {
            let ban_id = play.below(6);
            let delete = json!({ "type": "DELETE", "body": { "banId": ban_id } });
            play.send("ban.command", &delete);
        }
        8 => {
            let kind = play.one_of(&["CREATED", "ERROR", "STATE_CHANGED"]);
            let session = play.uuid();
            let event = json!({ "sessionId": session, "accountId": 7, "accountName": "eve",
                "type": kind, "body": { "ipAddress": "10.0.0.7", "hwid": "HW" } });
            play.send("account.session.status", &event);
        }
        9 if play.below(2) == 0 => {
            let query = [
                ("ban", json!({ "banId": 1 })),
                ("check", json!({ "hwid": "HW" })),
                ("history", json!({ "accountId": 7 })),
            ];
            let (name, args) = &query[play.below(3)];
            play.ask("ban", name, args);
        }
        _ => play.nonsense("ban.command"),
    }
}

pub(crate) fn invite(play: &mut Play) {
    let (target, reference) = (play.below(3), 1 + play.below(3));
    let (originator, transaction) = (10 + play.below(2), play.uuid());
    let invite_type = play.one_of(&["PARTY", "PARTY", "GUILD", "NOBODY", ""]);
    let world = play.below(2);
    let (kind, body) = match play.below(10) {
        0..=4 => (
            "CREATE",
            json!({ "originatorId": originator, "targetId": target, "referenceId": reference }),
        ),
        5..=6 => ("ACCEPT", json!({ "targetId": target, "referenceId": reference })),
        7 => ("REJECT", json!({ "targetId": target, "originatorId": originator })),
        8 => {
            let character = [1, 2, 10][play.below(3)];
            let event = json!({ "transactionId": transaction, "worldId": world, "type": "DELETED",
                "characterId": character, "body": {} });
            return play.send("character.status", &event);
        }
        9 if play.below(2) == 0 => {
            return play.ask("invite", "pending", &json!({ "targetId": target }));
        }
        _ => return play.nonsense("invite.command"),
    };
    let command = json!({ "transactionId": transaction, "worldId": world,
        "inviteType": invite_type, "type": kind, "body": body });
    play.send("invite.command", &command);
}

pub(crate) fn account(play: &mut Play) {
    let name = ["alice", "bob", ""][[0, 0, 1, 1, 2][play.below(5)]];
    match play.below(16) {
        0..=2 => {
            let create = json!({ "name": name, "password": "pw" });
            return play.send("account.create", &create);
        }
        3 => {
            play.tell("account", "accept_licence", &json!({ "name": name }));
            return;
        }
        4 => return play.ask("account", "account", &json!({ "name": name })),
        5 => return play.nonsense("account.session.command"),
        6 if play.below(3) == 0 => {
            let body = json!({ "banType": 1, "value": "HW", "permanent": true });
            return play.send("ban.command", &json!({ "type": "CREATE", "body": body }));
        }
        _ => {}
    }
    let session = uuid::Uuid::from_u128(1 + play.below(3) as u128).to_string();
    let session = if play.below(12) == 0 { uuid::Uuid::nil().to_string() } else { session };
    let issuer = play.one_of(&["LOGIN", "LOGIN", "LOGIN", "CHANNEL", "CHANNEL", "INTERNAL"]);
    let (kind, account, body) = match play.below(10) {
        0..=4 => {
            let password = play.one_of(&["pw", "pw", "pw", "wrong"]);
            let hwid = play.one_of(&["HW", "other", "other"]);
            let name = if name.is_empty() { "nobody" } else { name };
            let body = json!({ "accountName": name, "password": password,
                "ipAddress": "10.0.0.1", "hwid": hwid });
            ("CREATE", 0, body)
        }
        5..=7 => {
            let state = [0, 1, 2, 2, 3][play.below(5)];
            let params = json!({ "port": 8585, "long": 9_007_199_254_740_993_u64 });
            ("PROGRESS_STATE", play.below(4), json!({ "state": state, "params": params }))
        }
        _ => ("LOGOUT", play.below(4), json!({})),
    };
    let command = json!({ "sessionId": session, "accountId": account, "author": issuer,
        "type": kind, "body": body });
    play.send("account.session.command", &command);
}

pub(crate) fn login(play: &mut Play) {
    let of = play.of;
    let own: Vec<_> = play.sessions.iter().filter(|(tenant, _)| *tenant == of).cloned().collect();
    if own.is_empty() || play.below(6) == 0 {
        let args = json!({ "ip": "10.0.0.1", "hwid": "HW" });
        if let Some(session) = play.tell("login", "connect", &args) {
            let session = session.as_str().unwrap_or_default().to_owned();
            play.sessions.push((of, session));
        }
        return;
    }
    let session = own[play.below(own.len())].1.clone();
    let account = 1 + play.below(2);
    match play.below(12) {
        0..=1 => {
            let args = json!({ "session": session, "name": "eve", "password": "secret" });
            play.tell("login", "credentials", &args);
        }
        2 => {
            let args = json!({ "session": session, "characterId": 5 });
            play.tell("login", "select_character", &args);
        }
        3 => {
            play.tell("login", "accept_licence", &json!({ "session": session }));
        }
        4 => {
            play.tell("login", "disconnect", &json!({ "session": session }));
        }
        5 => {
            let status = play.one_of(&["LOGGED_IN", "LOGGED_OUT", "CREATED"]);
            let event = json!({ "account_id": account, "name": "eve", "status": status });
            play.send("account.status", &event);
        }
        6 => {
            let event = json!({ "accountId": account, "type": "CREATED",
                "body": { "characterId": 9 } });
            play.send("seed.status", &event);
        }
        7 => play.ask("login", "session", &json!({ "session": session })),
        8 => play.nonsense("account.session.status"),
        _ => {
            let kinds =
                ["CREATED", "CREATED", "REQUEST_LICENSE_AGREEMENT", "ERROR", "STATE_CHANGED"];
            let kind = play.one_of(&kinds);
            let body = match kind {
                "ERROR" => json!({ "code": "INCORRECT_PASSWORD", "reason": 1, "until": 5 }),
                "STATE_CHANGED" => json!({ "state": 2, "params": { "port": 1 } }),
                "CREATED" => json!({}),
                _ => json!(null),
            };
            let event = json!({ "sessionId": session, "accountId": account, "accountName": "eve",
                "type": kind, "body": body });
            play.send("account.session.status", &event);
        }
    }
}

pub(crate) fn effective_stats(play: &mut Play) {
    let character = 1 + play.below(2);
    let session = play.uuid();
    let stamp = "2026-01-01T00:00:00Z";
    match play.below(10) {
        0..=1 => {
            let issuer = play.one_of(&["CHANNEL", "CHANNEL", "LOGIN"]);
            let kind = play.one_of(&["CREATED", "CREATED", "DESTROYED"]);
            let event = json!({ "sessionId": session, "accountId": 1, "characterId": character,
                "worldId": 0, "channelId": 0, "issuer": issuer, "type": kind });
            play.send("session.status", &event);
        }
        2..=4 => {
            let change = play.one_of(&["SPEED", "PAD", "MAPLE_WARRIOR", "WATER_WALKING"]);
            let kind = play.one_of(&["APPLIED", "EXPIRED"]);
            let body = json!({ "fromId": 1, "sourceId": play.below(2), "duration": 1000,
                "changes": [{ "type": change, "amount": 10 }], "createdAt": stamp,
                "expiresAt": stamp });
            let event = json!({ "worldId": 0, "channelId": 0, "characterId": character,
                "type": kind, "body": body });
            play.send("buff.status", &event);
        }
        5 => {
            let slot = [-1, 1][play.below(2)];
            let body = json!({ "oldSlot": -slot, "createdAt": stamp,
                "referenceType": "equipable" });
            let event = json!({ "transactionId": session, "characterId": character,
                "compartmentId": session, "assetId": 3, "templateId": 1, "slot": slot,
                "type": "MOVED", "body": body });
            play.send("asset.status", &event);
        }
        6 => play.nonsense("buff.status"),
        _ => {
            let args = json!({ "characterId": character });
            play.ask("effective_stats", "character", &args);
        }
    }
}
