//! What is nearly an account service: the mistakes by which a breach is named.

use serde_json::json;

use crate::message::Json;
use crate::services::id;
use crate::verify::neighbour::{Does, Neighbour, Told};
use crate::verify::words::{integer, text};

/// The mistakes, cheapest first.
pub(super) static NEIGHBOURS: &[Neighbour] = &[
    Neighbour {
        rule: id::ACC_12,
        words: "LOGOUT is announced although a session of the account remains",
        ways: |told| announced_anyway(told, told.is("LOGOUT")),
    },
    Neighbour {
        rule: id::ACC_12,
        words: "the end of a session is announced although another one remains",
        ways: |told| {
            let ends = told.is("PROGRESS_STATE") && told.integer("/body/state") == Some(0);
            announced_anyway(told, ends || told.is("LOGOUT"))
        },
    },
];

/// The session that ends everywhere, and whoever ends all sessions.
const NIL: &str = "00000000-0000-0000-0000-000000000000";
const EVERYWHERE: &str = "INTERNAL";

fn announced_anyway(told: &Told<'_>, is_it: bool) -> Vec<Vec<Does>> {
    let account = told.integer("/accountId").and_then(|of| u32::try_from(of).ok());
    let Some(account) = account.filter(|_| is_it) else { return Vec::new() };
    let shown = told.asks("account", &Json::from(json!({ "accountId": account })));
    let (session, issuer) = (text(told.value(), "/sessionId"), text(told.value(), "/author"));
    let is_other =
        |one: &Json| text(one, "/sessionId") != session || text(one, "/issuer") != issuer;
    let remains = match shown.get("sessions") {
        Some(Json::Array(sessions)) => {
            sessions.iter().any(|one| integer(one, "/state") == Some(1) && is_other(one))
        }
        _ => false,
    };
    if !remains || session == Some(NIL) || issuer == Some(EVERYWHERE) {
        return Vec::new();
    }
    let name = text(&shown, "/name").unwrap_or_default();
    let event = json!({ "account_id": account, "name": name, "status": "LOGGED_OUT" });
    vec![vec![Does::AsTold, Does::Says("account.status", Json::from(event))]]
}
