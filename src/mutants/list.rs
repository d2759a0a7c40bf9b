//! One mutant: which service, what is wrong with it, and which rules that breaks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::generic::Generic;
use super::handling::{Handling, Mishandled};
use crate::pack::Packs;
use crate::rule::RuleId;
use crate::service::{self, Forbidden, Service};

/// A service with one mistake.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its name, unique in a list: `orders/ORD-3/wrong-total`.
    pub name: String,
    /// The service.
    pub service: String,
    /// What the service does, in a phrase.
    pub text: String,
    /// The rules that it breaks: one of them, and no other, is to be named.
    pub breaks: BTreeSet<RuleId>,
    /// What is wrong.
    pub kind: Kind,
}

/// What is wrong with a mutant.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An option that a rule forbids is taken.
    Forbidden(Forbidden),
    /// Records of a kind are wrong as they leave.
    Generic(Generic),
    /// Records are handled in a wrong way.
    Handling(Handling),
}

impl Mutant {
    /// The option of a rule that a service takes although it is forbidden.
    pub(super) fn forbidden(service: &str, option: Forbidden) -> Self {
        Self {
            name: format!("{service}/{}/{}", option.rule, option.option),
            service: service.to_owned(),
            text: option.text().to_owned(),
            breaks: BTreeSet::from([option.rule]),
            kind: Kind::Forbidden(option),
        }
    }

    /// A record of a kind that is wrong.
    pub(super) fn generic(service: &str, breaks: BTreeSet<RuleId>, wrong: Generic) -> Self {
        let rule = wrong.rule.map_or("-", RuleId::as_str);
        let change = wrong.change.name();
        Self {
            name: format!("{service}/{rule}/{}/{change}", wrong.message),
            service: service.to_owned(),
            text: format!("{} is {change}", wrong.message),
            breaks,
            kind: Kind::Generic(wrong),
        }
    }

    /// Records that a service handles in a wrong way.
    pub(super) fn handling(service: &str, mistake: Handling, packs: &Packs) -> Self {
        let (name, text) = mistake.told();
        let rule = mistake.breaks(packs.roles());
        Self {
            name: format!("{service}/{rule}/{name}"),
            service: service.to_owned(),
            text: text.to_owned(),
            breaks: BTreeSet::from([rule]),
            kind: Kind::Handling(mistake),
        }
    }

    /// All services of a list of packs, this one with its mistake.
    #[must_use]
    pub fn services(&self, packs: &Packs) -> Vec<Box<dyn Service>> {
        let names = packs.all().map(crate::pack::Pack::name);
        names.filter_map(|name| self.planted(name, packs)).collect()
    }

    fn planted(&self, name: &str, packs: &Packs) -> Option<Box<dyn Service>> {
        let model = packs.model(name)?;
        if name != self.service {
            return Some(model);
        }
        Some(match &self.kind {
            Kind::Forbidden(option) => Box::new(service::Mutant::new(model, Arc::new(*option))),
            Kind::Generic(wrong) => Box::new(service::Mutant::new(model, Arc::new(wrong.clone()))),
            Kind::Handling(mistake) => Box::new(Mishandled::new(model, *mistake, packs)),
        })
    }
}
