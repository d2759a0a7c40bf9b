//! Which rule of the account service a breach concerns.

use std::time::Duration;

use crate::message::{Json, VirtualTime};
use crate::rule::RuleId;
use crate::service::{Asked, Model};
use crate::services::id;
use crate::verify::attribution::{Attribution, Difference};
use crate::verify::blame::Blame;
use crate::verify::neighbour::Neighbour;
use crate::verify::node::Node;
use crate::verify::search::Search;
use crate::verify::shape::Shape;
use crate::verify::words::{integer, text};

/// What is known of the account service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

impl Attribution for Known {
    fn neighbours(&self) -> &'static [Neighbour] {
        super::neighbours::NEIGHBOURS
    }

    fn claims(&self, channel: &str, kind: &str) -> &'static [RuleId] {
        match (channel, kind) {
            ("account.session.status", "STATE_CHANGED") => &[id::ACC_7, id::ACC_8, id::ACC_9],
            ("account.session.status", _) => &[id::ACC_9, id::ACC_3],
            ("account.status", "CREATED") => &[id::ACC_1, id::ACC_4, id::ACC_2],
            ("account.status", "LOGGED_IN") => &[id::ACC_5, id::ACC_8],
            ("account.status", _) => &[id::ACC_13, id::ACC_8, id::ACC_10, id::ACC_11],
            _ => &[],
        }
    }

    fn origin(&self, channel: &str, kind: &str) -> Option<RuleId> {
        Some(match (channel, kind) {
            ("account.session.status", _) => id::ACC_3,
            ("account.status", "CREATED") => id::ACC_1,
            ("account.status", "LOGGED_IN") => id::ACC_5,
            ("account.status", _) => id::ACC_10,
            _ => return None,
        })
    }

    fn order(&self, channel: &str, kind: &str) -> Option<RuleId> {
        match (channel, kind) {
            ("account.session.status", "CREATED" | "REQUEST_LICENSE_AGREEMENT") => Some(id::SEQ_1),
            ("account.status", "LOGGED_OUT") => Some(id::SEQ_2),
            _ => None,
        }
    }

    fn by_time(&self, channel: &str, kind: &str) -> Option<(RuleId, Duration)> {
        let ends = (channel, kind) == ("account.status", "LOGGED_OUT");
        ends.then_some((id::ACC_13, Duration::from_secs(5)))
    }

    fn not_firing(&self) -> &'static [(RuleId, &'static str)] {
        &[(id::ACC_13, "never")]
    }

    fn announced(&self) -> &'static [&'static str] {
        &["account.create"]
    }

    fn twice(&self) -> Option<RuleId> {
        Some(id::ACC_TWICE)
    }

    fn ends_after(&self) -> &'static [(RuleId, RuleId, u32)] {
        &[(id::ACC_13, id::ACC_8, 10)]
    }

    fn narrower(
        &self,
        blame: &Blame<'_>,
        (expected, kind): (&Shape, Option<&str>),
        differences: &[Difference],
        claimed: RuleId,
    ) -> RuleId {
        let field = |name: &str| differences.iter().any(|(field, ..)| field == name);
        if field("account_id") && blame.outcome.guessed {
            return id::ACC_1;
        }
        let codes = |code: &str| {
            differences.iter().any(|(_, a, b)| [a, b].iter().any(|one| one.as_str() == Some(code)))
        };
        let other_kind = kind != expected.kind.as_deref();
        let answer = claimed == id::ACC_3 && blame.outcome.applied.contains(&id::ACC_4);
        let moved = claimed == id::ACC_9 && kind == Some("STATE_CHANGED");
        if answer && codes("TOO_MANY_ATTEMPTS") {
            id::ACC_6
        } else if answer && (field("body.code") || other_kind) {
            id::ACC_4
        } else if claimed == id::ACC_7 && other_kind || moved {
            id::ACC_8
        } else {
            claimed
        }
    }

    /// LOGGED_OUT, where a session of the account in state 1 remains after the input.
    fn contradicted(&self, blame: &Blame<'_>, output: usize) -> Option<RuleId> {
        let search = blame.search;
        let (account, seen) = logged_out(search, output)?;
        let active = sessions(search, &*blame.outcome.model, (account, seen), Some(1)) > 0;
        active.then_some(id::ACC_12)
    }

    /// Where the input ends a session of the account that LOGGED_OUT is about, it is no sequence
    /// that is broken.
    fn unwanted(&self, blame: &Blame<'_>, output: usize, named: Option<RuleId>) -> Option<RuleId> {
        let sessions = |model, of| sessions(blame.search, model, of, None);
        let ends = logged_out(blame.search, output).is_some_and(|of| {
            sessions(&*blame.outcome.model, of) < sessions(&*blame.node.model, of)
        });
        if named == Some(id::SEQ_2) && ends { Some(id::ACC_5) } else { named }
    }

    fn sequence(&self, search: &Search<'_>, node: &Node, output: usize) -> Option<RuleId> {
        let shape = &search.case.outputs[output].shape;
        let kind = shape.kind.as_deref()?;
        match (search.scene.contracts.channel_name(shape.channel), kind) {
            ("account.session.status", _) => answer(search, output, kind),
            ("account.status", "LOGGED_OUT") => order_of_logged_out(search, node, output),
            _ => None,
        }
    }
}

/// The account that an output tells to be logged out, and when.
fn logged_out(search: &Search<'_>, output: usize) -> Option<(i128, VirtualTime)> {
    let output = &search.case.outputs[output];
    let is_it = output.shape.kind.as_deref() == Some("LOGGED_OUT");
    let account = integer(&output.shape.value, "/account_id").filter(|_| is_it)?;
    Some((account, output.seen))
}

fn answer(search: &Search<'_>, output: usize, kind: &str) -> Option<RuleId> {
    let session = text(&search.case.outputs[output].shape.value, "/sessionId")?;
    let sent = search.sent_before(output);
    let mut of_session = sent.iter().filter(|sent| text(sent, "/sessionId") == Some(session));
    let Some(first) = of_session.next() else {
        return Some(id::SEQ_6);
    };
    let asks = |sent: &Json| text(sent, "/type") == Some("CREATE");
    let welcome = matches!(kind, "CREATED" | "REQUEST_LICENSE_AGREEMENT");
    (welcome && !asks(first) && !of_session.any(asks)).then_some(id::SEQ_1)
}

fn order_of_logged_out(search: &Search<'_>, node: &Node, output: usize) -> Option<RuleId> {
    let (account, seen) = logged_out(search, output)?;
    let output = &search.case.outputs[output];
    if sessions(search, &*node.model, (account, seen), Some(1)) > 0 && output.causes.is_empty() {
        return Some(id::ACC_12);
    }
    let mut last = None;
    for before in search.case.outputs.iter().take_while(|before| before.record != output.record) {
        let value = &before.shape.value;
        let status = text(value, "/status").filter(|status| *status != "CREATED");
        if status.is_some() && integer(value, "/account_id") == Some(account) {
            last = status;
        }
    }
    (last != Some("LOGGED_IN")).then_some(id::SEQ_2)
}

/// How many sessions (in one state) an account has, by the model.
fn sessions(
    search: &Search<'_>,
    model: &dyn Model,
    (account, now): (i128, VirtualTime),
    state: Option<i128>,
) -> usize {
    let Ok(account) = u32::try_from(account) else { return 0 };
    let args = Json::from(serde_json::json!({ "accountId": account }));
    let question = Asked::new(&search.case.tenant, now);
    let answer = model.query("account", &args, &question).unwrap_or_default();
    let Some(Json::Array(sessions)) = answer.get("sessions") else { return 0 };
    let counts = |session: &&Json| state.is_none() || integer(session, "/state") == state;
    sessions.iter().filter(counts).count()
}
