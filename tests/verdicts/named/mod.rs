//! Which rule names a mistake: one bug at a time, in several manners of its kind, and all that is
//! said of it, to the rule. What follows from a mistake is no breach of other rules.

mod account;
mod ban;
mod effective_stats;
mod headers;
mod invite;

use std::collections::BTreeSet;

use quintet::contract::Contracts;
use quintet::history::{History, Placed};
use quintet::message::{Header, Headers, Record};
use quintet::rule::{RuleId, Severity};
use quintet::service::Service;
use quintet::verify::{Judging, Observation, Standing, judge};

use crate::outsider::View;
use crate::play::{Course, Play, as_reference};

/// How a case is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) partitions: u32,
    /// So many others of its kind come first.
    pub(crate) before: u32,
    /// One input comes so long after another.
    pub(crate) apart_ms: u64,
    /// Something comes before that nobody can read.
    pub(crate) nonsense: bool,
    /// Each event is seen so many ms later at most.
    pub(crate) delay_ms: usize,
}

pub(crate) const MANNERS: [Manner; 2] = [
    Manner { partitions: 1, before: 0, apart_ms: 2_500, nonsense: false, delay_ms: 0 },
    Manner { partitions: 2, before: 2, apart_ms: 1_400, nonsense: true, delay_ms: 200 },
];

impl Manner {
    pub(crate) fn start(self, service: Box<dyn Service>) -> Play {
        let seed = u64::from(self.before);
        let (partitions, crashes) = (self.partitions, false);
        Play::new(
            vec![service],
            Course { seed, inputs: 0, partitions, crashes, pick: as_reference },
        )
    }

    pub(crate) fn view(self) -> View {
        View { delay_ms: self.delay_ms, seed: u64::from(self.before) }
    }

    /// Waits, and says something in between that nobody can read.
    pub(crate) fn pause(self, play: &mut Play, channel: &'static str) {
        play.wait_ms(self.apart_ms);
        if self.nonsense {
            play.nonsense(channel);
            play.wait_ms(self.apart_ms);
        }
    }
}

/// That one rule names all that is wrong, and that it does so where nothing else is judged.
#[track_caller]
pub(crate) fn names_only(rule: RuleId, seen: &Observation, what: &str) {
    let judgement = judge(seen, &Judging::default());
    let all: BTreeSet<_> =
        judgement.findings.iter().map(|found| (found.rule, found.severity)).collect();
    let told: Vec<_> = judgement.findings.iter().map(|one| (one.rule, &one.message)).collect();
    let expected = BTreeSet::from([(rule, Severity::Violation)]);
    assert_eq!(all, expected, "{what}: {told:#?} {:?}", judgement.unsettled);
    let alone = judge(seen, &Judging { rules: Some([rule].into()), ..Judging::default() });
    let standing = &alone.rules[&rule];
    assert!(matches!(standing, Standing::Violated { .. }), "{what}: {standing:?}");
}

/// The same records, some of them under other headers.
pub(crate) fn under_other_headers(
    seen: &Observation,
    change: impl Fn(&Placed) -> Option<Headers>,
) -> Observation {
    let old = &seen.history;
    let mut history = History::new(Contracts::builtin(), old.services().to_vec());
    for placed in old.records() {
        let headers = change(placed).unwrap_or_else(|| placed.record.headers.clone());
        let place = (placed.channel, placed.partition, placed.offset);
        let record = Record { headers, ..placed.record.clone() };
        history.append(placed.at, place, record, placed.producer);
    }
    Observation { history, ..seen.clone() }
}

/// The headers with one of them changed, or left out.
pub(crate) fn with_header(headers: &Headers, name: &str, value: Option<&[u8]>) -> Headers {
    let list = headers.to_list().into_iter();
    let list = list.filter_map(|header| match value {
        _ if &*header.name != name => Some(header),
        Some(value) => Some(Header::new(name, value)),
        None => None,
    });
    Headers::from_list(list.collect())
}
