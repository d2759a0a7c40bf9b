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
    message.value = match draw.below(17) {
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

/// What stands in many examples.
const SESSION: &str = "5e550000-0000-4000-8000-000000000001";
const AT: &str = "2026-01-01T00:00:00Z";

pub(super) fn good(service: &str) -> Vec<Good> {
    match service {
        "ban" => ban(),
        "account" => account(),
        "login" => login(),
        "effective_stats" => effective_stats(),
        "invite" => invite(),
        _ => Vec::new(),
    }
}

fn session_status() -> Good {
    let status = json!({
        "sessionId": SESSION, "accountId": 1, "accountName": "ada",
        "type": "CREATED", "body": {},
    });
    ("account.session.status", status, "/accountId")
}

fn ban() -> Vec<Good> {
    let body = json!({
        "banType": 0, "value": "10.9.9.9", "reason": "", "reasonCode": 0,
        "permanent": true, "expiresAt": 0, "issuedBy": "",
    });
    let delete = json!({ "type": "DELETE", "body": { "banId": 1 } });
    vec![
        ("ban.command", json!({ "type": "CREATE", "body": body }), "/body/banType"),
        ("ban.command", delete, "/body/banId"),
        session_status(),
    ]
}

fn account() -> Vec<Good> {
    let log_out = json!({
        "sessionId": SESSION, "accountId": 1, "author": "LOGIN", "type": "LOGOUT", "body": {},
    });
    vec![
        ("account.create", json!({ "name": "dee", "password": "pw" }), "/name"),
        ("account.session.command", log_out, "/accountId"),
    ]
}

fn login() -> Vec<Good> {
    let seed = json!({ "accountId": 1, "type": "CREATED", "body": { "characterId": 5 } });
    vec![session_status(), ("seed.status", seed, "/body/characterId")]
}

fn effective_stats() -> Vec<Good> {
    let expired = json!({
        "worldId": 0, "channelId": 0, "characterId": 1, "type": "EXPIRED",
        "body": { "sourceId": 1, "duration": 0, "changes": [], "createdAt": AT, "expiresAt": AT },
    });
    vec![("buff.status", expired, "/characterId")]
}

fn invite() -> Vec<Good> {
    let create = json!({
        "transactionId": SESSION, "worldId": 0, "inviteType": "PARTY", "type": "CREATE",
        "body": { "originatorId": 1, "targetId": 2, "referenceId": 501 },
    });
    let deleted = json!({
        "transactionId": SESSION, "worldId": 0, "characterId": 1, "type": "DELETED", "body": {},
    });
    vec![
        ("invite.command", create, "/body/targetId"),
        ("character.status", deleted, "/characterId"),
    ]
}
