//! Input that must change nothing and stop nothing: COM-3, COM-4, COM-5.

use serde_json::{Value as Plain, json};

use super::Draw;
use crate::message::Json;
use crate::verify::script::{HeadersFrom, KeyFrom, Message, Value};

/// A channel that a service reads, with a value of it that decodes and, at a pointer, a number.
pub(super) type Good = (&'static str, Plain, &'static str);

/// One bad record; none for a service that is none of the five.
pub(super) fn input(service: &str, draw: &mut Draw<'_>) -> Option<Message> {
    let good = good(service);
    if good.is_empty() {
        return None;
    }
    let (channel, value, pointer) = good[draw.below(good.len())].clone();
    let mut message = Message::new(channel, Json::from(value.clone()));
    let text = value.to_string();
    message.value = match draw.below(13) {
        0 => Value::Bytes(None),
        1 => Value::Bytes(Some(Vec::new())),
        2 => Value::Bytes(Some(b"\x00\xff\xfe poison".to_vec())),
        3 => Value::Bytes(Some(text.as_bytes()[..text.len() - 2].to_vec())),
        4 => Value::Bytes(Some(b"[]".to_vec())),
        5 => Value::Bytes(Some(b"{".repeat(200))),
        6 => damaged(value, pointer, json!("1")),
        7 => damaged(value, pointer, json!(-1)),
        8 => damaged(value, pointer, json!(1.5)),
        9 => damaged(value, pointer, json!(99_999_999_999_i64)),
        10 if channel != "account.create" => {
            let named = if value.get("type").is_some() { "/type" } else { "/status" };
            damaged(value, named, json!("NO_SUCH_TYPE"))
        }
        11 => {
            message.headers = HeadersFrom::Without(tenant_header(draw));
            return Some(message);
        }
        _ => {
            let trace = "traceparent";
            let broken = [HeadersFrom::Without(trace), HeadersFrom::Damaged(trace)];
            message.headers = broken[draw.below(2)].clone();
            return Some(message);
        }
    };
    message.key = KeyFrom::Bytes(None);
    Some(message)
}

fn tenant_header(draw: &mut Draw<'_>) -> &'static str {
    draw.pick(&["TENANT_ID", "REGION", "MAJOR_VERSION", "MINOR_VERSION"])
}

fn damaged(mut value: Plain, pointer: &str, with: Plain) -> Value {
    if let Some(field) = value.pointer_mut(pointer) {
        *field = with;
    }
    Value::Json(Json::from(value))
}

pub(super) fn good(service: &str) -> Vec<Good> {
    let session = "5e550000-0000-4000-8000-000000000001";
    let status = json!({
        "sessionId": session, "accountId": 1, "accountName": "ada",
        "type": "CREATED", "body": {},
    });
    match service {
        "ban" => vec![
            (
                "ban.command",
                json!({
                    "type": "CREATE",
                    "body": {
                        "banType": 0, "value": "10.9.9.9", "reason": "", "reasonCode": 0,
                        "permanent": true, "expiresAt": 0, "issuedBy": "",
                    },
                }),
                "/body/banType",
            ),
            ("ban.command", json!({ "type": "DELETE", "body": { "banId": 1 } }), "/body/banId"),
            ("account.session.status", status, "/accountId"),
        ],
        "account" => vec![
            ("account.create", json!({ "name": "dee", "password": "pw" }), "/name"),
            (
                "account.session.command",
                json!({
                    "sessionId": session, "accountId": 1, "author": "LOGIN",
                    "type": "LOGOUT", "body": {},
                }),
                "/accountId",
            ),
        ],
        "login" => vec![
            ("account.session.status", status, "/accountId"),
            (
                "seed.status",
                json!({ "accountId": 1, "type": "CREATED", "body": { "characterId": 5 } }),
                "/body/characterId",
            ),
        ],
        "effective_stats" => vec![(
            "buff.status",
            json!({
                "worldId": 0, "channelId": 0, "characterId": 1, "type": "EXPIRED",
                "body": {
                    "sourceId": 1, "duration": 0, "changes": [],
                    "createdAt": "2026-01-01T00:00:00Z", "expiresAt": "2026-01-01T00:00:00Z",
                },
            }),
            "/characterId",
        )],
        "invite" => vec![
            (
                "invite.command",
                json!({
                    "transactionId": session, "worldId": 0, "inviteType": "PARTY",
                    "type": "CREATE",
                    "body": { "originatorId": 1, "targetId": 2, "referenceId": 501 },
                }),
                "/body/targetId",
            ),
            (
                "character.status",
                json!({
                    "transactionId": session, "worldId": 0, "characterId": 1,
                    "type": "DELETED", "body": {},
                }),
                "/characterId",
            ),
        ],
        _ => Vec::new(),
    }
}
