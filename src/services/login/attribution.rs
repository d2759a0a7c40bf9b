//! Which rule of the login service a breach concerns.

use crate::message::Json;
use crate::rule::RuleId;
use crate::services::id;
use crate::verify::Asked;
use crate::verify::attribution::{Attribution, ShownBy};
use crate::verify::node::Node;
use crate::verify::search::Search;
use crate::verify::words::text;

/// What is known of the login service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known;

impl Attribution for Known {
    fn claims(&self, channel: &str, kind: &str) -> &'static [RuleId] {
        match (channel, kind) {
            ("account.session.command", "CREATE") => &[id::LOG_1],
            ("account.session.command", "PROGRESS_STATE") => &[id::LOG_8],
            ("account.session.command", _) => &[id::LOG_9],
            ("session.status", "CREATED") => &[id::LOG_2, id::LOG_3],
            ("session.status", _) => &[id::LOG_9],
            _ => &[],
        }
    }

    fn origin(&self, channel: &str, kind: &str) -> Option<RuleId> {
        self.claims(channel, kind).first().copied()
    }

    fn order(&self, channel: &str, kind: &str) -> Option<RuleId> {
        match (channel, kind) {
            ("session.status", "CREATED") => Some(id::SEQ_1),
            ("session.status", "DESTROYED") => Some(id::SEQ_3),
            _ => None,
        }
    }

    fn keys(&self) -> Option<RuleId> {
        Some(id::LOG_10)
    }

    fn by_query(&self) -> ShownBy {
        &[
            (id::LOG_4, &["session"]),
            (id::LOG_5, &["session"]),
            (id::LOG_6, &["account"]),
            (id::LOG_7, &["session"]),
        ]
    }

    fn by_stimulus(&self) -> ShownBy {
        &[
            (id::LOG_1, &["connect", "credentials"]),
            (id::LOG_2, &["connect"]),
            (id::LOG_3, &["connect"]),
            (id::LOG_4, &["connect"]),
            (id::LOG_5, &["connect"]),
            (id::LOG_7, &["connect"]),
            (id::LOG_8, &["connect", "select_character"]),
            (id::LOG_9, &["connect", "disconnect"]),
            (id::SEQ_3, &["connect", "disconnect"]),
        ]
    }

    fn sequence(&self, search: &Search<'_>, _: &Node, output: usize) -> Option<RuleId> {
        let shape = &search.case.outputs[output].shape;
        let kind = shape.kind.as_deref()?;
        if search.scene.contracts.channel_name(shape.channel) != "session.status" {
            return None;
        }
        let session = text(&shape.value, "/sessionId")?;
        let of_session = |value: &&Json| text(value, "/sessionId") == Some(session);
        if kind == "DESTROYED" {
            let mut before = search.outputs_before(output).filter(of_session);
            let twice = before.any(|value| text(value, "/type") == Some("DESTROYED"));
            return twice.then_some(id::SEQ_3);
        }
        let sent = search.sent_before(output);
        let mut answers = sent.iter().filter(of_session);
        let welcomed = answers.any(|value| {
            matches!(text(value, "/type"), Some("CREATED" | "REQUEST_LICENSE_AGREEMENT"))
        });
        (!welcomed).then_some(id::SEQ_1)
    }

    fn answer(&self, _: &Search<'_>, _: &Node, asked: &Asked, expected: &Json) -> Option<RuleId> {
        let differs = |name: &str| {
            let seen = asked.answer.get(name);
            seen.is_some() && seen != expected.get(name)
        };
        let rules = [
            ("error", id::LOG_4),
            ("handedOver", id::LOG_5),
            ("newCharacter", id::LOG_7),
            ("newCharacters", id::LOG_7),
            ("licenceAsked", id::LOG_3),
            ("bound", id::LOG_2),
        ];
        match asked.name.as_str() {
            "account" => Some(id::LOG_6),
            "session" => rules.into_iter().find(|(field, _)| differs(field)).map(|(_, rule)| rule),
            _ => None,
        }
    }
}
