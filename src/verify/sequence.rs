//! What must come before an event: for events that no step of the reference explains.

use super::case::Act;
use super::node::Node;
use super::run::{Call, Offered};
use super::search::Search;
use super::words::{integer, text};
use crate::message::{Json, RecordId, VirtualTime};
use crate::rule::{RuleId, id};
use crate::service::{Asked, Model};

/// Nobody's session or transaction.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

impl Search<'_> {
    /// The rule about the order of messages that an event breaks, if it does.
    pub(super) fn sequence(&self, node: &Node, output: usize) -> Option<RuleId> {
        let shape = &self.case.outputs[output].shape;
        let kind = shape.kind.as_deref()?;
        match (self.scene.contracts.channel_name(shape.channel), kind) {
            ("ban.status", "DELETED") => self.ban(output),
            ("invite.status", _) => self.invite(output, kind),
            ("account.session.status", _) => self.answer(output, kind),
            ("account.status", "LOGGED_OUT") => self.logged_out(node, output),
            ("session.status", _) => self.client(output, kind),
            _ => None,
        }
    }

    /// The values of the records that were sent before an output.
    fn sent_before(&self, output: usize) -> Vec<Json> {
        let seen = self.case.outputs[output].seen;
        let before = self.case.inputs.iter().filter(|input| input.start <= seen);
        let records = before.filter_map(|input| match input.act {
            Act::Record(record) => Some(self.scene.seen.history.record(record)),
            _ => None,
        });
        records.filter_map(|placed| Json::parse(placed.record.value_bytes()?).ok()).collect()
    }

    /// The values of the outputs before one.
    fn outputs_before(&self, output: usize) -> impl Iterator<Item = &Json> {
        self.case.outputs[..output].iter().map(|before| &before.shape.value)
    }

    fn ban(&self, output: usize) -> Option<RuleId> {
        let ban = integer(&self.case.outputs[output].shape.value, "/banId")?;
        let created = self.outputs_before(output).any(|value| {
            integer(value, "/banId") == Some(ban) && text(value, "/status") == Some("CREATED")
        });
        let sent = self.sent_before(output);
        let named = sent.iter().any(|value| integer(value, "/body/banId") == Some(ban));
        match (created, named) {
            (false, false) => Some(id::SEQ_5),
            (true, false) => Some(id::SEQ_6),
            _ => None,
        }
    }

    fn invite(&self, output: usize, kind: &str) -> Option<RuleId> {
        let value = &self.case.outputs[output].shape.value;
        let place = |value: &Json| {
            (
                integer(value, "/body/targetId"),
                text(value, "/inviteType").map(str::to_owned),
                integer(value, "/referenceId"),
            )
        };
        let transaction = text(value, "/transactionId")?;
        let sent = self.sent_before(output);
        let known = sent.iter().any(|sent| text(sent, "/transactionId") == Some(transaction));
        if !known && (kind != "REJECTED" || transaction == NIL) {
            return Some(id::SEQ_6);
        }
        if kind == "CREATED" {
            return None;
        }
        let same = self.outputs_before(output).filter(|other| place(other) == place(value));
        let pending = same.last().is_some_and(|last| text(last, "/type") == Some("CREATED"));
        (!pending).then_some(id::SEQ_4)
    }

    fn answer(&self, output: usize, kind: &str) -> Option<RuleId> {
        let session = text(&self.case.outputs[output].shape.value, "/sessionId")?;
        let sent = self.sent_before(output);
        let mut of_session = sent.iter().filter(|sent| text(sent, "/sessionId") == Some(session));
        let first = of_session.next();
        let Some(first) = first else {
            return Some(id::SEQ_6);
        };
        let asks = |sent: &Json| text(sent, "/type") == Some("CREATE");
        let welcome = matches!(kind, "CREATED" | "REQUEST_LICENSE_AGREEMENT");
        (welcome && !asks(first) && !of_session.any(asks)).then_some(id::SEQ_1)
    }

    fn logged_out(&self, node: &Node, output: usize) -> Option<RuleId> {
        let output = &self.case.outputs[output];
        let account = integer(&output.shape.value, "/account_id")?;
        if self.sessions(&*node.model, account, output.seen, Some(1)) > 0
            && output.causes.is_empty()
        {
            return Some(id::ACC_12);
        }
        let mut last = None;
        for before in self.case.outputs.iter().take_while(|before| before.record != output.record) {
            let value = &before.shape.value;
            let status = text(value, "/status").filter(|status| *status != "CREATED");
            if status.is_some() && integer(value, "/account_id") == Some(account) {
                last = status;
            }
        }
        (last != Some("LOGGED_IN")).then_some(id::SEQ_2)
    }

    /// How many sessions (in one state) an account has, by the model.
    pub(super) fn sessions(
        &self,
        model: &dyn Model,
        account: i128,
        now: VirtualTime,
        state: Option<i128>,
    ) -> usize {
        let Ok(account) = u32::try_from(account) else { return 0 };
        let args = Json::from(serde_json::json!({ "accountId": account }));
        let question = Asked { tenant: &self.case.tenant, now };
        let answer = model.query("account", &args, &question).unwrap_or_default();
        let Some(Json::Array(sessions)) = answer.get("sessions") else { return 0 };
        let counts = |session: &&Json| state.is_none() || integer(session, "/state") == state;
        sessions.iter().filter(counts).count()
    }

    fn client(&self, output: usize, kind: &str) -> Option<RuleId> {
        let session = text(&self.case.outputs[output].shape.value, "/sessionId")?;
        let of_session = |value: &&Json| text(value, "/sessionId") == Some(session);
        if kind == "DESTROYED" {
            let mut before = self.outputs_before(output).filter(of_session);
            let twice = before.any(|value| text(value, "/type") == Some("DESTROYED"));
            return twice.then_some(id::SEQ_3);
        }
        let sent = self.sent_before(output);
        let mut answers = sent.iter().filter(of_session);
        let welcomed = answers.any(|value| {
            matches!(text(value, "/type"), Some("CREATED" | "REQUEST_LICENSE_AGREEMENT"))
        });
        (!welcomed).then_some(id::SEQ_1)
    }

    /// What else may be the reason that an input is not answered as it must be.
    pub(super) fn blames(&self, node: &Node, at: usize) -> Option<RuleId> {
        let input = &self.case.inputs[at];
        let Act::Record(record) = input.act else { return None };
        if input.trace.is_none() {
            return Some(id::COM_4);
        }
        if self.is_after_poison(record) {
            return Some(id::COM_5);
        }
        let since = |kill: &super::case::Kill| {
            let before = |(at, earlier): (usize, &super::case::Input)| {
                earlier.start < kill.at && node.delivered.has(at)
            };
            kill.restarted <= input.start && self.case.inputs.iter().enumerate().any(before)
        };
        let may_be_lost = self.scene.kills.iter().any(since) && !self.is_answered_anew(record);
        may_be_lost.then_some(id::COM_9)
    }

    /// Whether a service in which nothing has happened emits something for a record: then that it
    /// emitted nothing does not show that it lost its state.
    fn is_answered_anew(&self, record: RecordId) -> bool {
        let Some(fresh) = self.start() else { return false };
        let (input, now) = (self.scene.receive(record), self.scene.seen.history.record(record).at);
        let (call, offered) = (Call::Input(&input), Offered::default());
        let outcomes = self.runner.first_outcomes(&*fresh.model, call, now, &offered);
        outcomes.iter().any(|outcome| !outcome.emits.is_empty())
    }

    /// Whether nothing that came after a record that cannot be acted on was answered, up to this
    /// one.
    fn is_after_poison(&self, record: RecordId) -> bool {
        let history = &self.scene.seen.history;
        let placed = history.record(record);
        let before = history.records()[..record.at()].iter().rev();
        for earlier in before.filter(|one| self.scene.is_input(one.id)) {
            if self.scene.poison.contains(&earlier.id) {
                return true;
            }
            let answered = self.scene.is_answered(earlier.id);
            if answered || earlier.at.after(self.scene.seen.settle) < placed.at {
                return false;
            }
        }
        false
    }
}
