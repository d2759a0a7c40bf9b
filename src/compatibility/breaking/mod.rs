//! What a service's document says now against what it said before: rule by rule, and whether it
//! breaks anybody.
//!
//! What this is: for each message that a service sends or reads, a verdict for each mode. What it
//! is not: a look at other services ([`super::drift`]). What always holds: a message breaks only
//! with a value that two validators confirm, or by a fact of the envelope; it is compatible only
//! by proof. Start at [`breaking`].

mod envelope;

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::Place;
use super::formats::formatted;
use super::view::{ContractView, MessageView};
use crate::contract::{Action, ChannelView, Contracts};
use crate::evolution::{
    self, Direction, Document, Draft, Inclusion, Json, Mode, Policy, Verdict, included,
};

/// The contracts as they were.
pub(crate) struct Version {
    /// What it is called: a name of git's, or a folder.
    pub(crate) label: String,
    /// The contracts.
    pub(crate) contracts: Contracts,
}

/// How contracts are compared.
#[derive(Clone, Debug)]
pub(crate) struct Comparing {
    /// The modes; none for that of the role: readers must read what was sent, and what is sent now
    /// must be read by who read before.
    pub(crate) modes: Vec<Mode>,
    /// What is taken for granted.
    pub(crate) policy: Policy,
}

/// A change that has a name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// The rule.
    pub(crate) rule: &'static str,
    /// A JSON pointer into the payload's schema, or what it is about.
    pub(crate) path: String,
    /// Of a fact of the envelope: whether it breaks. Of a change of a schema: the witness tells.
    pub(crate) breaks: Option<bool>,
    /// Of a change of a schema: whether even a lenient registry would refuse it by its name.
    pub(crate) refuses: bool,
}

/// What is said of a message, or of a channel as a whole.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// It breaks nobody, for this reason.
    Compatible(String),
    /// It breaks, and how.
    Breaking(String, Option<Shown>),
    /// Neither is known, for this reason.
    Undecided(String),
}

/// A value that one side writes and the other refuses.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// The value.
    pub(crate) value: Value,
    /// Whether the document as it was accepts it, and that of now refuses it; else the other way.
    pub(crate) old_accepts: bool,
    /// The version that it was compared with.
    pub(crate) old: String,
}

/// A comparison.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    /// The service whose document it is.
    pub(crate) service: String,
    /// What the service does with the message.
    pub(crate) action: Action,
    /// The channel.
    pub(crate) channel: String,
    /// The message; `None` for the channel as a whole.
    pub(crate) message: Option<String>,
    /// The mode.
    pub(crate) mode: Mode,
    /// What is said of it.
    pub(crate) said: Said,
    /// What changed from the last version, and what broke one before it.
    pub(crate) changes: Vec<Named>,
    /// Where it stands now, and where it stood.
    pub(crate) places: Vec<Place>,
}

/// Compares contracts with what they were, the oldest first.
pub(crate) fn breaking(olds: &[Version], new: &Contracts, how: &Comparing) -> Vec<Compared> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for contracts in olds.iter().map(|old| &old.contracts).chain([new]) {
        names.extend(contracts.contracts().iter().map(|one| one.service.as_str()));
    }
    let mut found = Vec::new();
    for name in names {
        let before: Vec<_> = olds
            .iter()
            .map(|old| (old.label.as_str(), old.contracts.contract(name).map(ContractView::of)))
            .collect();
        let now = new.contract(name).map(ContractView::of);
        for action in [Action::Receive, Action::Send] {
            let service = Service { name, action, before: &before, now: now.as_ref(), how };
            service.compare(&mut found);
        }
    }
    found
}

/// What one service does with its channels, over all versions.
struct Service<'v> {
    name: &'v str,
    action: Action,
    before: &'v [(&'v str, Option<ContractView<'v>>)],
    now: Option<&'v ContractView<'v>>,
    how: &'v Comparing,
}

/// A channel as one version has it.
#[derive(Clone, Copy)]
struct Side<'v> {
    view: &'v ContractView<'v>,
    channel: &'v ChannelView,
}

impl Side<'_> {
    fn place(&self, what: &str) -> Place {
        let file = self.view.contract.file.clone();
        Place { file, span: self.channel.span, what: what.to_owned() }
    }
}

impl<'v> Service<'v> {
    fn compare(&self, found: &mut Vec<Compared>) {
        let modes = match (&self.how.modes[..], self.action) {
            ([], Action::Receive) => &[Mode::Backward][..],
            ([], Action::Send) => &[Mode::Forward][..],
            (given, _) => given,
        };
        for mode in modes {
            for name in self.channels(*mode) {
                self.channel(name, *mode, found);
            }
        }
    }

    /// The versions that a mode speaks of.
    fn versions(&self, mode: Mode) -> &'v [(&'v str, Option<ContractView<'v>>)] {
        match mode.is_transitive() {
            true => self.before,
            false => &self.before[self.before.len().saturating_sub(1)..],
        }
    }

    fn channels(&self, mode: Mode) -> BTreeSet<&'v str> {
        let before = self.versions(mode).iter().filter_map(|(_, view)| view.as_ref());
        let does = |view: &'v ContractView<'v>| {
            let all = view.contract.channels.values();
            let all = all.filter(|one| view.contract.does(self.action, &one.name));
            all.map(|one| self.name_now(one)).collect::<Vec<_>>()
        };
        before.chain(self.now).flat_map(does).collect()
    }

    /// What a channel of any version is called now: one that has another name and the same address
    /// is the same.
    fn name_now(&self, channel: &'v ChannelView) -> &'v str {
        let Some(now) = self.now else { return &channel.name };
        if now.contract.channels.contains_key(&channel.name) || channel.address.is_empty() {
            return &channel.name;
        }
        let mut all = now.contract.channels.values();
        let same = all.find(|one| one.address == channel.address);
        same.map_or(&channel.name, |one| &one.name)
    }

    fn side(&self, view: Option<&'v ContractView<'v>>, name: &str) -> Option<Side<'v>> {
        let view = view?;
        let all = || view.contract.channels.values();
        let does = |one: &&ChannelView| view.contract.does(self.action, &one.name);
        let own = all().filter(does).find(|one| one.name == name);
        let channel = own.or_else(|| all().filter(does).find(|one| self.name_now(one) == name));
        Some(Side { view, channel: channel? })
    }

    fn channel(&self, name: &str, mode: Mode, found: &mut Vec<Compared>) {
        let now = self.side(self.now, name);
        let versions = self.versions(mode);
        let before: Vec<_> =
            versions.iter().map(|(label, view)| (*label, self.side(view.as_ref(), name))).collect();
        let mut facts = Vec::new();
        for (_, old) in &before {
            for fact in envelope::channel(*old, now, self.action) {
                envelope::add(&mut facts, fact);
            }
        }
        let last = before.iter().rev().find_map(|(label, old)| Some((*label, (*old)?)));
        let places = || {
            let old = last.map(|(label, old)| old.place(&format!("the channel in {label}")));
            now.map(|now| now.place("the channel")).into_iter().chain(old).collect::<Vec<_>>()
        };
        if !facts.is_empty() {
            let said = of_facts(&facts, "the channel is still there for who uses it");
            found.push(self.one((name, None, mode), said, facts, places()));
        }
        let Some(now) = now else { return };
        let tags = |side: Side<'v>| side.view.messages(self.action, &side.channel.name).into_iter();
        let mut all: BTreeSet<&str> = tags(now).map(|one| one.tag.as_str()).collect();
        for (_, old) in &before {
            all.extend(old.iter().flat_map(|old| tags(*old)).map(|one| one.tag.as_str()));
        }
        for tag in all {
            let of = |side: Side<'v>| tags(side).find(|one| one.tag == tag);
            let olds: Vec<_> =
                before.iter().filter_map(|(label, old)| Some((*label, *old.as_ref()?))).collect();
            let olds: Vec<_> = olds.into_iter().map(|(label, old)| (label, old, of(old))).collect();
            if !olds.is_empty() {
                found.push(self.message((name, tag, mode), &olds, (now, of(now))));
            }
        }
    }

    fn one(
        &self,
        (channel, message, mode): (&str, Option<&str>, Mode),
        said: Said,
        changes: Vec<Named>,
        places: Vec<Place>,
    ) -> Compared {
        Compared {
            service: self.name.to_owned(),
            action: self.action,
            channel: channel.to_owned(),
            message: message.map(str::to_owned),
            mode,
            said,
            changes,
            places,
        }
    }

    fn message(
        &self,
        (channel, tag, mode): (&str, &str, Mode),
        olds: &[(&str, Side<'v>, Option<&'v MessageView<'v>>)],
        (now_side, now): (Side<'v>, Option<&'v MessageView<'v>>),
    ) -> Compared {
        let mut facts = Vec::new();
        for direction in mode.directions() {
            for (_, _, old) in olds {
                for fact in envelope::message(*old, now, *direction) {
                    envelope::add(&mut facts, fact);
                }
            }
        }
        let known: Vec<_> =
            olds.iter().filter_map(|(label, _, old)| Some((*label, (*old)?))).collect();
        let mut places: Vec<_> = now.iter().map(|now| message_place(now, "the message")).collect();
        let last = known.last();
        places
            .extend(last.map(|(label, old)| message_place(old, &format!("as it was in {label}"))));
        if places.is_empty() {
            places.push(now_side.place("the channel"));
        }
        let said = match (now, &known[..]) {
            (Some(now), [_, ..]) => self.schemas(now, &known, (mode, &mut facts)),
            (Some(now), []) => self.added(now, olds, mode),
            (None, _) => of_facts(&facts, ""),
        };
        let said = match (of_facts(&facts, ""), said) {
            (Said::Breaking(why, _), Said::Compatible(_) | Said::Undecided(_)) => {
                Said::Breaking(why, None)
            }
            (Said::Breaking(why, _), Said::Breaking(other, shown)) if why != other => {
                Said::Breaking(format!("{other}; {why}"), shown)
            }
            (_, said) => said,
        };
        self.one((channel, Some(tag), mode), said, facts, places)
    }

    /// The schemas of a message that is there now and was there before.
    fn schemas(
        &self,
        now: &MessageView<'_>,
        known: &[(&str, &MessageView<'_>)],
        (mode, changes): (Mode, &mut Vec<Named>),
    ) -> Said {
        let olds: Vec<_> = known.iter().map(|(_, old)| old.payload.clone()).collect();
        let compared = evolution::compare(&olds, &now.payload, mode, self.how.policy);
        let named = compared.changes.iter().map(|change| Named {
            rule: change.rule.name,
            path: change.path.clone(),
            breaks: None,
            refuses: !change.rule.lenient,
        });
        changes.extend(named);
        match compared.verdict {
            Verdict::Compatible if changes.is_empty() => Said::Compatible("nothing changed".into()),
            Verdict::Compatible => {
                Said::Compatible("each value that is written is accepted where it is read".into())
            }
            Verdict::Undecided(why) => Said::Undecided(why),
            Verdict::Breaking(witness) => {
                let old_accepts = witness.direction == Direction::OldToNew;
                let old = known.get(witness.old).map_or("", |(label, _)| label).to_owned();
                let text = match old_accepts {
                    true => format!("what was valid in {old} is refused now"),
                    false => format!("what is valid now is refused by readers of {old}"),
                };
                let policy = self.how.policy;
                let before = olds.get(witness.old).unwrap_or(&now.payload);
                let (writer, reader) = match old_accepts {
                    true => (policy.writer(before), policy.reader(&now.payload)),
                    false => (policy.writer(&now.payload), policy.reader(before)),
                };
                let value = formatted(witness.value, &writer, &reader);
                let value = value.to_serde().unwrap_or_default();
                Said::Breaking(text, Some(Shown { value, old_accepts, old }))
            }
        }
    }

    /// A message that was not there before: who reads may not know it.
    fn added(
        &self,
        now: &MessageView<'_>,
        olds: &[(&str, Side<'v>, Option<&'v MessageView<'v>>)],
        mode: Mode,
    ) -> Said {
        let policy = self.how.policy;
        if !mode.directions().contains(&Direction::NewToOld) {
            return Said::Compatible("nobody sent it before".into());
        }
        if matches!(policy, Policy::RoleAware | Policy::TolerantReader) {
            return Said::Compatible("who reads ignores messages that it does not know".into());
        }
        for (label, side, _) in olds {
            let known = side.view.messages(self.action, &side.channel.name);
            let known = known.iter().map(|one| one.payload.schema.clone()).collect();
            let any = Json::Record([("anyOf".into(), Json::List(known))].into());
            let reader = Document { schema: any, draft: Draft::Latest };
            let writer = policy.writer(&now.payload);
            match included(&writer, &reader) {
                Inclusion::Holds => {}
                Inclusion::Fails(value) => {
                    let value = formatted(value, &writer, &reader).to_serde().unwrap_or_default();
                    let text = format!("readers of {label} know no such message");
                    let shown = Shown { value, old_accepts: false, old: (*label).to_owned() };
                    return Said::Breaking(text, Some(shown));
                }
                Inclusion::Unknown(why) => return Said::Undecided(why),
            }
        }
        Said::Compatible("another message has the same values".into())
    }
}

fn message_place(view: &MessageView<'_>, what: &str) -> Place {
    Place { file: view.file().clone(), span: view.message.span, what: what.to_owned() }
}

/// What facts alone say.
fn of_facts(facts: &[Named], otherwise: &str) -> Said {
    let broken: Vec<_> = facts
        .iter()
        .filter(|fact| fact.breaks == Some(true))
        .map(|fact| format!("{} {}", fact.rule, fact.path).trim_end().to_owned())
        .collect();
    match broken.is_empty() {
        true => Said::Compatible(otherwise.to_owned()),
        false => Said::Breaking(broken.join(", "), None),
    }
}
