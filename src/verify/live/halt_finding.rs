//! What is said of an implementation that read nothing more: the finding, its rule, and the input
//! that it names.
//!
//! What always holds: what its group explains as well is inconclusive; the rule that asks to refuse
//! an input is named only where that input was not seen to be harmless.

use super::Reproduction;
use super::halt::{Halt, Suspect, Tried};
use super::run::Run;
use super::trial::How;
use crate::message::{RecordId, Tenant};
use crate::pack::Packs;
use crate::rule::{Rule, RuleId, Severity};
use crate::verify::script::Phase;
use crate::verify::{Found, Judgement, Observation, Reproduced, Standing};

/// So many records are named where it is not known which it was.
const MOST_NAMED: usize = 20;

impl Halt {
    /// The rule that it breaks: the one that asks to refuse the input, where that input did it.
    fn rule(&self, packs: &Packs) -> RuleId {
        match (self.suspects.first(), &self.tried) {
            (None, _) | (_, Tried::InVain { .. }) => packs.roles().unreadable,
            (Some(suspect), _) => rule_of(suspect, packs),
        }
    }

    /// What it says of the implementation; it is one of so many that did not happen again.
    fn weight(&self, in_vain: usize) -> Weight {
        match self.tried {
            Tried::Together | Tried::Alone(_) => Weight::Proven,
            Tried::InVain { all: true } if self.is_doubtful => Weight::Passing,
            _ if self.is_doubtful => Weight::Doubtful,
            // Something else may have held it up once, as a busy machine does.
            Tried::InVain { all: true } if in_vain == 1 && self.lived() => Weight::Single,
            _ => Weight::Proven,
        }
    }

    /// Whether nothing that it may have stopped at stopped it again.
    pub(super) fn is_in_vain(&self) -> bool {
        matches!(self.tried, Tried::InVain { all: true })
    }

    fn lived(&self) -> bool {
        matches!(self.how, How::Stands(_))
    }
}

/// What a halt says of the implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It ended, it did it again, or nothing but the implementation explains it.
    Proven,
    /// Its group explains it as well.
    Doubtful,
    /// It stood still once, for no reason that was found, and not again.
    Single,
    /// Its group explains it, and all that it may have stopped at was read when it was sent again.
    Passing,
}

impl Weight {
    /// Why nothing is proven.
    const fn why(self) -> Option<&'static str> {
        match self {
            Self::Proven => None,
            Self::Doubtful | Self::Passing => Some(
                "its group was rebalanced, or the broker did not say how it was, while nothing \
                 was read",
            ),
            Self::Single => Some("it happened once, and not when it was sent again"),
        }
    }
}

impl Run<'_> {
    /// Adds a violation for each halt. Where an input was tried alone and did it again, that is the
    /// reproduction.
    pub(super) fn name_halts(
        &mut self,
        observation: &Observation,
        judgement: &mut Judgement,
    ) -> Vec<Reproduction> {
        let halts = std::mem::take(&mut self.halts);
        let mut reproductions = Vec::new();
        let mut findings = Vec::new();
        let in_vain = halts.iter().filter(|halt| halt.is_in_vain()).count();
        for halt in &halts {
            let Some(found) = self.found(observation, halt) else { continue };
            let weight = halt.weight(in_vain);
            if let Some(why) = weight.why() {
                self.doubt(&found, (weight, why), judgement);
                continue;
            }
            let asked_for = self.plan.judging.rules.as_ref();
            if asked_for.is_some_and(|rules| !rules.contains(&found.rule)) {
                self.notes.push(format!("{} (not asked for): {}", found.rule, found.message));
                continue;
            }
            if let (Tried::Alone(seen), Some(suspect)) = (&halt.tried, halt.suspects.first()) {
                let (script, of) = suspect.script.clone();
                let alone = seen.history.records().first();
                let tenant = alone.and_then(|one| one.record.headers.tenant().ok().cloned());
                let found = Found { tenant, ..found.clone() };
                let (finding, observation) = (findings.len(), (**seen).clone());
                reproductions.push(Reproduction { finding, script, of, observation, found });
            }
            findings.push(found);
        }
        findings.extend(self.choked(observation));
        for found in &findings {
            let times = match judgement.rules.get(&found.rule) {
                Some(Standing::Violated { times }) => times + 1,
                _ => 1,
            };
            judgement.rules.insert(found.rule, Standing::Violated { times });
        }
        judgement.findings.splice(0..0, findings);
        reproductions
    }

    /// Says of what is not proven why.
    fn doubt(&mut self, found: &Found, (weight, why): (Weight, &str), judgement: &mut Judgement) {
        if weight == Weight::Passing {
            self.notes.push(format!("held against nobody, since {why}: {}", found.message));
            return;
        }
        self.notes.push(format!("{}: inconclusive, since {why}: {}", found.rule, found.message));
        let standing = judgement.rules.entry(found.rule).or_insert(Standing::Passed { times: 0 });
        if matches!(standing, Standing::Passed { .. } | Standing::NotExercised { .. }) {
            *standing = Standing::Inconclusive { why: why.to_owned() };
        }
    }

    fn found(&self, observation: &Observation, halt: &Halt) -> Option<Found> {
        let placed = halt.suspects.iter().filter_map(|one| placed(observation, one.trace));
        let placed: Vec<_> = placed.take(MOST_NAMED).collect();
        let (first, tenant) = placed.first().cloned()?;
        let suspect = halt.suspects.first()?;
        let mut input = self.tell_input(observation, first);
        if let Some(kind) = &suspect.step.kind {
            input.push_str(&format!(" [{kind}]"));
        }
        let which = match (halt.suspects.len(), &halt.tried) {
            (1, Tried::Alone(_)) => format!("behind {input}, and again when that was sent alone"),
            (1, Tried::InVain { .. }) => format!("behind {input}, which does not do it alone"),
            (1, _) => format!("behind {input}"),
            (many, Tried::InVain { .. }) => {
                format!("behind one of {many} inputs, none of which does it alone, as of {input}")
            }
            (many, _) => format!("behind one of {many} inputs, as of {input}"),
        };
        let message = match &halt.how {
            How::Ended(status) => format!("the process ended ({status}) {which}"),
            How::Stands(_) if self.launch.is_some() => {
                format!("nothing more was read {which}, while the process lived")
            }
            How::Stands(_) => {
                format!("nothing more was read {which}, while the group kept its members")
            }
            How::Left(_) => format!("no member of the group has the partition any more, {which}"),
        };
        let message = format!("{message}{}", self.last_words(&halt.said));
        let records = placed.into_iter().map(|(record, _)| record).collect();
        let rule = halt.rule(observation.history.contracts().packs());
        let found = Found::new(Severity::Violation, rule, message, (tenant, records));
        let reproduced = match halt.tried {
            Tried::Not => Reproduced::NotTried,
            Tried::InVain { .. } => Reproduced::No,
            Tried::Together | Tried::Alone(_) => Reproduced::Yes,
        };
        Some(Found { reproduced, ..found })
    }

    /// A record: `#585 (a record without a value, COMMAND_TOPIC_BAN/0 offset 342)`.
    fn tell_input(&self, observation: &Observation, record: RecordId) -> String {
        let placed = observation.history.record(record);
        let what = match placed.record.value_bytes() {
            None => "a record without a value".to_owned(),
            Some([]) => "a record with an empty value".to_owned(),
            Some(_) => observation.history.message_name(placed),
        };
        let topic = self.topics.name(placed.channel);
        format!("{record} ({what}, {topic}/{} offset {})", placed.partition.0, placed.offset.0)
    }

    /// The last lines that it wrote, without what contracts call sensitive.
    fn last_words(&self, said: &[String]) -> String {
        let lines: Vec<_> = said.iter().map(|line| self.field.redacted(line)).collect();
        if lines.is_empty() { String::new() } else { format!("; it wrote: {}", lines.join(" | ")) }
    }
}

/// The rule that a halt breaks: the one that asks to refuse the input, where it is well-formed.
pub(super) fn rule_of(suspect: &Suspect, packs: &Packs) -> RuleId {
    let kind = suspect.step.kind.as_ref().filter(|kind| kind.phase == Phase::Refused);
    let rule = kind.and_then(|kind| kind.name.rsplit_once(':')).map(|(_, rule)| rule);
    rule.and_then(|name| packs.rule(name)).map_or(packs.roles().unreadable, Rule::id)
}

/// The record that was sent with a trace.
pub(super) fn placed(observation: &Observation, trace: u128) -> Option<(RecordId, Option<Tenant>)> {
    let has = |one: &&crate::history::Placed| {
        one.record.headers.trace().is_some_and(|found| found.trace == trace)
    };
    let placed = observation.history.records().iter().find(has)?;
    Some((placed.id, placed.record.headers.tenant().ok().cloned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::message::{ChannelIx, Offset, Partition};
    use crate::verify::live::reading::Standstill;

    const IN_VAIN: Tried = Tried::InVain { all: true };
    const NO_TIME: Tried = Tried::InVain { all: false };
    const ENDED: fn() -> How = || How::Ended("exit status: 1".to_owned());
    const STANDS: fn() -> How =
        || How::Stands(Standstill { place: (ChannelIx(0), Partition(0)), from: Offset(7) });

    /// How it was seen, whether its group was in order, what came of sending it again, and how many
    /// did not come again.
    #[rstest]
    #[case::in_order(STANDS, true, Tried::Not, 0, Weight::Proven)]
    #[case::in_order_and_in_vain(STANDS, true, IN_VAIN, 1, Weight::Single)]
    #[case::in_order_and_in_vain_twice(STANDS, true, IN_VAIN, 2, Weight::Proven)]
    #[case::in_order_and_no_time(STANDS, true, NO_TIME, 0, Weight::Proven)]
    #[case::ended_and_in_vain(ENDED, true, IN_VAIN, 1, Weight::Proven)]
    #[case::rebalanced(STANDS, false, Tried::Not, 0, Weight::Doubtful)]
    #[case::rebalanced_and_again(STANDS, false, Tried::Together, 0, Weight::Proven)]
    #[case::rebalanced_and_in_vain(STANDS, false, IN_VAIN, 2, Weight::Passing)]
    #[case::rebalanced_and_no_time(STANDS, false, NO_TIME, 0, Weight::Doubtful)]
    fn what_something_else_explains_weighs_less(
        #[case] how: fn() -> How,
        #[case] in_order: bool,
        #[case] tried: Tried,
        #[case] in_vain: usize,
        #[case] weight: Weight,
    ) {
        let (how, is_doubtful) = (how(), !in_order);
        let halt = Halt { how, suspects: Vec::new(), tried, said: Vec::new(), is_doubtful };
        assert_eq!(halt.weight(in_vain), weight);
    }
}
