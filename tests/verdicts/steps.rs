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
        _ => return play.nonsense("invite.command"),
    };
    let command = json!({ "transactionId": transaction, "worldId": world,
        "inviteType": invite_type, "type": kind, "body": body });
    play.send("invite.command", &command);
}
