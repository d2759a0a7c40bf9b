//! Accounts made, and sessions that come, move on and go.

use serde_json::{Value, json};

use crate::message::Json;
use crate::verify::script::Act;
use crate::verify::script::random::{Draw, Workload, enveloped, pause, send, type_of};

/// How sequences are drawn.
pub(super) const WORKLOAD: Workload = Workload { begin: None, next, fitting, is_open };

const NAMES: [&str; 3] = ["ada", "bo", "cy"];
const PASSWORD: &str = "correct horse";

fn fitting() -> Vec<(&'static str, Value)> {
    vec![
        ("/name", json!("dee")),
        ("/password", json!(PASSWORD)),
        ("/author", json!("LOGIN")),
        ("/body/accountName", json!("nobody")),
        ("/body/password", json!(PASSWORD)),
        ("/body/ipAddress", json!("10.0.0.9")),
        ("/body/params", json!({ "port": 8585 })),
    ]
}

/// Whether a session is asked for under no name: what is missing or `null` reads as empty.
fn is_open(value: &Json) -> bool {
    let is_create = value.get("type").and_then(Json::as_str) == Some("CREATE");
    let body = value.get("body").cloned().unwrap_or_default();
    let name = body.get("accountName").cloned().unwrap_or_default();
    let is_read = matches!(body, Json::Object(_) | Json::Null);
    is_create && is_read && (name == Json::Null || name.as_str() == Some(""))
}

fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    match draw.below(36) {
        30..=32 => visit(draw),
        33 => lock(draw),
        34..=35 => log_in(draw),
        0..=5 => create(draw),
        6..=13 => log_in(draw),
        14..=20 => progress(draw),
        21..=25 => log_out(draw),
        26 => {
            let args = json!({ "name": draw.pick(&NAMES) });
            draw.stimulus("accept_licence", args)
        }
        27..=28 => {
            let args = json!({ "name": draw.pick(&NAMES) });
            draw.query("account", args)
        }
        // Long enough for sessions in transition to end.
        _ if draw.one_in(8) => vec![pause(11)],
        _ => log_in(draw),
    }
}

fn create(draw: &mut Draw<'_>) -> Vec<Act> {
    let name = if draw.one_in(12) { "" } else { draw.pick(&NAMES) };
    send("account.create", json!({ "name": name, "password": PASSWORD }))
}

fn log_in(draw: &mut Draw<'_>) -> Vec<Act> {
    let name = if draw.one_in(10) { "nobody" } else { draw.pick(&NAMES) };
    let password = if draw.one_in(3) { "wrong" } else { PASSWORD };
    let mut body = json!({ "accountName": name, "password": password, "ipAddress": "10.0.0.9" });
    if draw.one_in(2) {
        body["hwid"] = json!("hw-1");
    }
    let author = draw.pick(&["LOGIN", "LOGIN", "CHANNEL"]);
    let session_id = draw.id(3);
    command(&session_id, &json!(0), author, ("CREATE", body))
}

fn progress(draw: &mut Draw<'_>) -> Vec<Act> {
    let params = match draw.below(4) {
        0 => json!(null),
        1 => json!({ "address": "192.0.2.7", "port": 8585, "characterId": 12 }),
        // No float is the fourth.
        2 => json!([1, "two", { "three": null }, 9_007_199_254_740_993_u64]),
        _ => json!("text"),
    };
    let session = session(draw);
    let (state, author) = match draw.below(9) {
        0..=3 => (2, session.author.clone()),
        4..=6 => (1, "CHANNEL".to_owned()),
        7 => (0, session.author.clone()),
        _ => {
            let author = draw.pick(&["LOGIN", "CHANNEL", "INTERNAL"]);
            (draw.pick(&[0, 1, 2, 3, 255]), author.to_owned())
        }
    };
    let body = json!({ "state": state, "params": params });
    command(&session.id, &session.account, &author, ("PROGRESS_STATE", body))
}

fn log_out(draw: &mut Draw<'_>) -> Vec<Act> {
    let mut session = session(draw);
    match draw.below(10) {
        0 => session.id = uuid::Uuid::nil().to_string(),
        1 => session.author = draw.pick(&["LOGIN", "CHANNEL", "INTERNAL"]).to_owned(),
        _ => {}
    }
    command(&session.id, &session.account, &session.author, ("LOGOUT", json!({})))
}

/// The account of a name that a step made, or makes now.
fn account_of(draw: &mut Draw<'_>, name: &str, acts: &mut Vec<Act>) -> Value {
    let tenant = draw.tenant;
    let mut steps = draw.steps.iter().filter(|step| step.tenant == tenant);
    let named = |step: u32| draw.value_of(step)?.get("name")?.as_str().map(|own| own == name);
    let made = steps.find(|step| named(step.id) == Some(true)).map(|step| step.id);
    let step = made.unwrap_or_else(|| {
        let at = draw.next_step() + u32::try_from(acts.len()).unwrap_or_default();
        acts.extend(send("account.create", json!({ "name": name, "password": PASSWORD })));
        at
    });
    json!({ "$id": step })
}

fn attempt(session_id: &str, name: &str, password: &str) -> Vec<Act> {
    let body = json!({ "accountName": name, "password": password, "ipAddress": "10.0.0.9" });
    command(session_id, &json!(0), "LOGIN", ("CREATE", body))
}

/// What follows happens after what was before: commands about an account that has no id yet are
/// in no order with those that have it.
fn then(draw: &Draw<'_>, name: &str) -> Vec<Act> {
    let asked = draw.query("account", json!({ "name": name }));
    if asked.is_empty() { vec![pause(1)] } else { asked }
}

/// An account logs in, moves on to a channel, and leaves, as far as it comes.
fn visit(draw: &mut Draw<'_>) -> Vec<Act> {
    let (name, mut acts) = (draw.pick(&NAMES), Vec::new());
    let account = account_of(draw, name, &mut acts);
    let (session, channel) = (draw.id(3), draw.id(9));
    let nil = uuid::Uuid::nil().to_string();
    acts.extend(command(&nil, &account, "INTERNAL", ("LOGOUT", json!({}))));
    if draw.one_in(2) {
        acts.extend(draw.stimulus("accept_licence", json!({ "name": name })));
    }
    acts.extend(then(draw, name));
    acts.extend(attempt(&session, name, PASSWORD));
    acts.extend(then(draw, name));
    let progress = |state: u32, port: u32| {
        ("PROGRESS_STATE", json!({ "state": state, "params": { "port": port } }))
    };
    let ends = draw.below(6);
    if ends == 0 {
        acts.extend(command(&session, &account, "LOGIN", progress(0, 1)));
        return acts;
    }
    acts.extend(command(&session, &account, "LOGIN", progress(2, 8585)));
    if ends == 1 {
        // Long enough for a session in transition to end.
        acts.push(pause(11));
        return acts;
    }
    acts.extend(command(&channel, &account, "CHANNEL", progress(1, 8586)));
    acts.extend(match ends {
        2..=3 => command(&channel, &account, "CHANNEL", progress(0, 2)),
        4 => command(&channel, &account, "CHANNEL", ("LOGOUT", json!({}))),
        _ => command(&session, &account, "LOGIN", ("LOGOUT", json!({}))),
    });
    acts
}

/// Wrong passwords until the account is locked; another account is not.
fn lock(draw: &mut Draw<'_>) -> Vec<Act> {
    let (name, other, mut acts) = (NAMES[0], NAMES[1], Vec::new());
    account_of(draw, name, &mut acts);
    account_of(draw, other, &mut acts);
    acts.extend(draw.stimulus("accept_licence", json!({ "name": other })));
    acts.extend(then(draw, name));
    for _ in 0..5 {
        acts.extend(attempt(&draw.id(3), name, "wrong"));
    }
    acts.extend(attempt(&draw.id(3), name, PASSWORD));
    acts.extend(attempt(&draw.id(9), other, PASSWORD));
    acts
}

/// A session as a command names it.
struct Session {
    id: String,
    author: String,
    account: Value,
}

/// Mostly a session that a step asked for, of the account that it named.
fn session(draw: &mut Draw<'_>) -> Session {
    let asks = |act: &Act| type_of(act) == Some(("account.session.command", "CREATE"));
    let asked = if draw.one_in(6) { None } else { draw.earlier(asks) };
    let found = asked.and_then(|step| asked_for(draw, step));
    found.unwrap_or_else(|| Session {
        id: draw.id(3),
        author: draw.pick(&["LOGIN", "CHANNEL"]).to_owned(),
        account: whose(draw),
    })
}

fn asked_for(draw: &Draw<'_>, step: u32) -> Option<Session> {
    let asked = draw.value_of(step)?;
    let text = |pointer: &str| Some(asked.pointer(pointer)?.as_str()?.to_owned());
    let name = text("/body/accountName")?;
    let tenant = draw.steps.iter().find(|one| one.id == step)?.tenant;
    let made = draw.steps.iter().find(|one| {
        let of_name = || draw.value_of(one.id)?.get("name")?.as_str().map(|own| own == name);
        one.tenant == tenant && of_name() == Some(true)
    })?;
    let account = json!({ "$id": made.id });
    Some(Session { id: text("/sessionId")?, author: text("/author")?, account })
}

/// An account: one that a step made, or one that nobody made.
fn whose(draw: &mut Draw<'_>) -> Value {
    let made = |act: &Act| type_of(act).is_some_and(|(channel, _)| channel == "account.create");
    match draw.earlier(made) {
        Some(step) if !draw.one_in(10) => json!({ "$id": step }),
        _ => json!(draw.pick(&[0, 1, 2, 4_000_000_000_u32])),
    }
}

fn command(
    session_id: &str,
    account_id: &Value,
    author: &str,
    (kind, body): (&str, Value),
) -> Vec<Act> {
    let head = json!({ "sessionId": session_id, "accountId": account_id, "author": author });
    send("account.session.command", enveloped(head, kind, body))
}
