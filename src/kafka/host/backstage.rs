//! What a handler sees of the host while it runs, written down for its replay.

use std::collections::BTreeMap;

use super::options::{Ask, Decide};
use super::slot::Slot;
use super::witness::{Happened, Witness};
use crate::message::{Json, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::{AskError, Asked, Host};

/// What handlers can reach of the host while they run.
pub(super) struct Backstage<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) at: usize,
    pub(super) decisions: &'a mut dyn Decide,
    pub(super) absent: &'a BTreeMap<String, Json>,
    pub(super) elsewhere: Option<&'a Ask>,
    pub(super) witness: &'a dyn Witness,
    pub(super) now: VirtualTime,
    pub(super) decided: Vec<String>,
    pub(super) answers: Vec<Result<Json, AskError>>,
}

impl Host for Backstage<'_> {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        let name = &self.slots[self.at].name;
        let picked = self.decisions.decide(name, rule, options);
        if let Some(option) = options.get(picked).or(options.first()) {
            self.decided.push((*option).to_owned());
            self.witness.happened(name, self.now, &Happened::Decided { rule, option });
        }
        picked
    }

    fn applies(&mut self, rule: RuleId) {
        let name = &self.slots[self.at].name;
        self.witness.happened(name, self.now, &Happened::Applied { rule });
    }

    fn ask(
        &mut self,
        service: &str,
        query: &str,
        args: &Json,
        tenant: &Tenant,
    ) -> Result<Json, AskError> {
        let asked = format!("{service}.{query}");
        let happened = Happened::Asked { query: asked.clone() };
        self.witness.happened(&self.slots[self.at].name, self.now, &happened);
        let answer = match self.slots.iter().find(|slot| slot.name == service) {
            Some(slot) => match &slot.service {
                None => Err(AskError::Unreachable(service.to_owned())),
                Some(other) => other
                    .query(query, args, &Asked::new(tenant, self.now))
                    .map_err(|error| AskError::Failed(error.to_string())),
            },
            None => {
                let unreachable = || AskError::Unreachable(service.to_owned());
                let elsewhere = self.elsewhere.and_then(|ask| ask(service, query, args, tenant));
                let absent = || self.absent.get(&asked).cloned().ok_or_else(unreachable);
                elsewhere.unwrap_or_else(absent)
            }
        };
        self.answers.push(answer.clone());
        answer
    }
}
