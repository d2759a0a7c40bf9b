//! What the records that belong together say of one property.

use std::time::Duration;

use super::evidence::{AMID, CLOCKS, ENDS, Evidence, HOLE, Holes, UNREAD};
use super::roles::Channels;
use super::{Kind, Property};
use crate::message::{ChannelIx, Partition, RecordId, VirtualTime};

/// Nobody answers later than this.
const REACH: Duration = Duration::from_secs(60);

/// A record, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) record: RecordId,
    pub(super) place: (ChannelIx, Partition),
    pub(super) at: VirtualTime,
    pub(super) is_timed: bool,
}

/// What is judged, and by what.
#[derive(Clone, Copy)]
pub(super) struct What<'a> {
    pub(super) property: &'a Property,
    pub(super) evidence: &'a Evidence,
    pub(super) holes: &'a Holes,
    pub(super) channels: &'a Channels,
    pub(super) excuse: Excuse,
}

/// Whether one of the messages caused a record that may cause it whatever came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    None,
    Holds,
    /// It cannot be told, and why not.
    Unknown(&'static str),
}

impl What<'_> {
    /// Whether two records came in the order in which they stand.
    fn is_sure(self, earlier: Mark, later: Mark) -> bool {
        let apart = later.at.since(earlier.at);
        let skew = self.evidence.skew;
        let timed = earlier.is_timed && later.is_timed;
        earlier.place == later.place || timed && (skew.is_zero() || apart > skew)
    }

    /// Why a record on these channels that came soon before may have been missed, if it may.
    fn misses_asked(self, channels: &[ChannelIx], mark: Mark) -> Option<&'static str> {
        let reach = u64::try_from(REACH.as_millis()).unwrap_or(u64::MAX);
        let from = VirtualTime::from_ms(mark.at.as_ms().saturating_sub(reach));
        let is_known = !self.evidence.amid
            || mark.at.as_ms() >= reach && self.holes.are_known_from(channels, from);
        if !is_known {
            return Some(AMID);
        }
        self.holes.overlap(channels, (from, mark.at)).then_some(HOLE)
    }

    /// Why one of `first` that came before may have been missed, if it may. What came last with the
    /// same key shows what was before it, where all of them lie in one partition.
    fn misses_first(self, mark: Mark, last: Option<Mark>) -> Option<&'static str> {
        let channels = &self.channels.first[..];
        let is_here = |last: &Mark| {
            last.place == mark.place && channels.iter().all(|one| *one == mark.place.0)
        };
        let from = match (self.property.kind, last.filter(is_here)) {
            (Kind::Ordered { is_answer: true }, _) => return self.misses_asked(channels, mark),
            (Kind::Alternates { .. }, Some(last)) => last.at,
            _ if self.evidence.amid => return Some(AMID),
            _ => VirtualTime::ZERO,
        };
        self.holes.overlap(channels, (from, mark.at)).then_some(HOLE)
    }

    fn misses_then(self, between: (VirtualTime, VirtualTime)) -> bool {
        self.holes.overlap(&self.channels.then, between)
    }

    /// What is said of a record that breaks the property, unless something excuses it.
    fn broken(self, (how, mark, other): (Waits, Mark, Option<Mark>)) -> Vec<Said> {
        vec![match self.excuse {
            Excuse::None => Said::Broken(how, mark, other),
            Excuse::Holds => Said::Held,
            Excuse::Unknown(why) => Said::Doubt(why, mark.record),
        }]
    }

    /// Up to when a record may come that in truth was before this one.
    fn until(self, mark: Mark) -> VirtualTime {
        if mark.is_timed { mark.at.after(self.evidence.skew) } else { VirtualTime::NEVER }
    }
}

/// How a property is broken; while it is not sure, what is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// None of `first` came before it.
    Lacks,
    /// Another of `first` came, and none of `then` between.
    Repeats,
    /// None of `then` came within the time.
    Answer,
    /// There are two of `then`.
    Twice,
    /// None of `then` came at all.
    Never,
    /// It came before one of `first`.
    Early,
    /// It came after one of `first`.
    Late,
}

impl Waits {
    pub(super) fn told(self, property: &Property) -> String {
        let (first, then) = (&property.first.name, &property.then.name);
        let same = format!("with the same {}", property.then.fields());
        match (self, property.kind) {
            (Self::Lacks, Kind::Alternates { .. }) => {
                format!("no {first} {same} came before it that was not ended")
            }
            (Self::Lacks, _) => format!("no {first} {same} came before it"),
            (Self::Repeats, _) => format!("no {then} {same} came since the one before"),
            (Self::Answer, Kind::AnsweredWithin(within)) => {
                format!("no {then} {same} came within {}", shown(within))
            }
            (Self::Answer | Self::Never, _) => format!("no {then} {same} came"),
            (Self::Twice, _) => format!("it is not the only {then} {same}"),
            (Self::Early, _) => format!("it comes before {first} {same}"),
            (Self::Late, _) => format!("it comes after {first} {same}"),
        }
    }
}

fn shown(time: Duration) -> String {
    let ms = time.as_millis();
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}

/// What is said of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Its premise held, and so did it.
    Held,
    /// It is broken, by this record; the other one shows it.
    Broken(Waits, Mark, Option<Mark>),
    /// It cannot be told of this record.
    Doubt(&'static str, RecordId),
}

/// What is known of the records that belong together.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The first of `first`; for [`Kind::Alternates`] the one that is not ended.
    first: Option<Mark>,
    /// The last of `then`; for [`Kind::NotBefore`] the first that came without a `first`.
    then: Option<Mark>,
    /// How many of `then` there were.
    count: u64,
    /// The last record.
    last: Option<Mark>,
    /// Whether there was a record that may cause one of `then` whatever came before it.
    is_excused: bool,
    waiting: Vec<(Waits, Mark, Option<Mark>, VirtualTime)>,
}

impl State {
    /// Until when the next waits that does.
    pub(super) fn waits_until(&self) -> Option<VirtualTime> {
        self.waiting.iter().map(|one| one.3).min().filter(|until| *until < VirtualTime::NEVER)
    }

    /// A record came that may cause one of `then` whatever came before it.
    pub(super) fn excuse(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        self.is_excused = true;
        self.settle(what, mark)
    }

    /// Whether such a record came before this one, whose cause is not known.
    pub(super) fn excused(&self, what: What<'_>, mark: Mark) -> Excuse {
        match what.misses_asked(&what.channels.excuse, mark) {
            _ if self.is_excused => Excuse::Holds,
            Some(why) => Excuse::Unknown(why),
            None => Excuse::None,
        }
    }

    /// A record of `then` came.
    pub(super) fn then(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        let said = self.then_came(what, mark);
        self.last = Some(mark);
        said
    }

    fn then_came(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        self.count += 1;
        let before = self.then.replace(mark);
        match what.property.kind {
            Kind::Ordered { .. } => match self.first {
                Some(_) => vec![Said::Held],
                None => self.lacks(what, mark),
            },
            Kind::AtMostOnce => match before {
                None => vec![Said::Held],
                Some(_) => what.broken((Waits::Twice, mark, before)),
            },
            Kind::ExactlyOnce => match (self.first, before) {
                (None, _) => Vec::new(),
                (Some(_), None) => vec![Said::Held],
                (Some(_), Some(_)) => what.broken((Waits::Twice, mark, before)),
            },
            Kind::AnsweredWithin(_) => self.answered(mark),
            Kind::NotBefore => {
                if self.first.is_some() {
                    return vec![Said::Held];
                }
                self.then = before.or(self.then);
                Vec::new()
            }
            Kind::NotAfter => match self.first {
                None => Vec::new(),
                Some(last) if last.record == mark.record => Vec::new(),
                Some(last) if what.is_sure(last, mark) => {
                    what.broken((Waits::Late, mark, self.first))
                }
                Some(_) => vec![Said::Doubt(CLOCKS, mark.record)],
            },
            Kind::Alternates { .. } => {
                if let Some(at) = self.unsure(what, Waits::Repeats, mark) {
                    self.waiting.remove(at);
                    return vec![Said::Doubt(CLOCKS, mark.record)];
                }
                match self.first.take() {
                    Some(_) => vec![Said::Held],
                    None => self.lacks(what, mark),
                }
            }
        }
    }

    /// A record of `first` came.
    pub(super) fn first(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        let said = self.first_came(what, mark);
        self.last = Some(mark);
        said
    }

    fn first_came(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        let before = self.first;
        match what.property.kind {
            Kind::Ordered { .. } => {
                self.first = before.or(Some(mark));
                self.settle(what, mark)
            }
            Kind::AtMostOnce => Vec::new(),
            Kind::ExactlyOnce => {
                self.first = before.or(Some(mark));
                match (before, self.count) {
                    (None, 1) => vec![Said::Held],
                    (None, 2..) => {
                        vec![Said::Broken(Waits::Twice, self.then.unwrap_or(mark), Some(mark))]
                    }
                    _ => Vec::new(),
                }
            }
            Kind::AnsweredWithin(within) => {
                if self
                    .then
                    .is_some_and(|then| then.record != mark.record && !what.is_sure(then, mark))
                {
                    return vec![Said::Held];
                }
                let until = match mark.is_timed {
                    true => mark.at.after(within).after(what.evidence.skew),
                    false => VirtualTime::NEVER,
                };
                self.waiting.push((Waits::Answer, mark, None, until));
                Vec::new()
            }
            Kind::NotBefore => {
                self.first = before.or(Some(mark));
                let (Some(then), None) = (self.then, before) else { return Vec::new() };
                if then.record == mark.record {
                    return Vec::new();
                }
                let doubt = what.misses_first(then, None);
                let doubt = doubt.or((!what.is_sure(then, mark)).then_some(CLOCKS));
                match doubt {
                    Some(why) => vec![Said::Doubt(why, then.record)],
                    None => vec![Said::Broken(Waits::Early, then, Some(mark))],
                }
            }
            Kind::NotAfter => {
                self.first = before.or(Some(mark));
                vec![Said::Held]
            }
            Kind::Alternates { may_repeat } => {
                let said = self.settle(what, mark);
                if !said.is_empty() {
                    return said;
                }
                self.first = Some(mark);
                match before.filter(|_| !may_repeat) {
                    None => Vec::new(),
                    Some(open) => self.repeats(what, (open, mark)),
                }
            }
        }
    }

    /// Nothing came that it waited for.
    pub(super) fn expire(&mut self, what: What<'_>, now: VirtualTime) -> Vec<Said> {
        let over = |one: &(Waits, Mark, Option<Mark>, VirtualTime)| one.3 < now;
        let (over, left): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(over);
        self.waiting = left;
        over.into_iter().map(|one| unanswered(what, one)).collect()
    }

    /// No record comes any more.
    pub(super) fn end(&mut self, what: What<'_>, ended: VirtualTime) -> Vec<Said> {
        let mut said: Vec<_> = Vec::new();
        for one in std::mem::take(&mut self.waiting) {
            let ends = one.0 == Waits::Answer && one.3 > ended;
            said.push(if ends { Said::Doubt(ENDS, one.1.record) } else { unanswered(what, one) });
        }
        if let (Kind::ExactlyOnce, Some(first), 0) = (what.property.kind, self.first, self.count) {
            let evidence = what.evidence;
            let doubt = if evidence.unread.contains(&first.record) {
                Some(UNREAD)
            } else if evidence.amid {
                Some(AMID)
            } else if what.misses_then((VirtualTime::ZERO, ended)) {
                Some(HOLE)
            } else {
                (first.at.after(evidence.settle) > ended).then_some(ENDS)
            };
            said.push(match doubt {
                Some(why) => Said::Doubt(why, first.record),
                None => Said::Broken(Waits::Never, first, None),
            });
        }
        said
    }

    /// None of `first` came before it, or it is not sure that none did.
    fn lacks(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        if what.excuse == Excuse::Holds {
            return vec![Said::Held];
        }
        if let Some(why) = what.misses_first(mark, self.last) {
            return vec![Said::Doubt(why, mark.record)];
        }
        self.wait(what, (Waits::Lacks, mark, None))
    }

    /// A second of `first` came, and none of `then` between, or it is not sure that none did.
    fn repeats(&mut self, what: What<'_>, (open, mark): (Mark, Mark)) -> Vec<Said> {
        if what.misses_then((open.at, mark.at)) {
            return vec![Said::Doubt(HOLE, mark.record)];
        }
        self.wait(what, (Waits::Repeats, mark, Some(open)))
    }

    fn wait(&mut self, what: What<'_>, one: (Waits, Mark, Option<Mark>)) -> Vec<Said> {
        let (how, mark, other) = one;
        if what.excuse != Excuse::None || what.evidence.skew.is_zero() && mark.is_timed {
            return what.broken(one);
        }
        self.waiting.push((how, mark, other, what.until(mark)));
        Vec::new()
    }

    /// The first that waits like that and may in truth have come behind this record.
    fn unsure(&self, what: What<'_>, how: Waits, mark: Mark) -> Option<usize> {
        let is = |one: &(Waits, Mark, Option<Mark>, VirtualTime)| {
            one.0 == how && !what.is_sure(one.1, mark)
        };
        self.waiting.iter().position(is)
    }

    /// Takes back what a record of `first` may explain, which comes a little behind it.
    fn settle(&mut self, what: What<'_>, mark: Mark) -> Vec<Said> {
        let Some(at) = self.unsure(what, Waits::Lacks, mark) else { return Vec::new() };
        let (_, lacking, ..) = self.waiting.remove(at);
        vec![Said::Doubt(CLOCKS, lacking.record)]
    }

    fn answered(&mut self, mark: Mark) -> Vec<Said> {
        let said = |(_, asked, _, until): (Waits, Mark, Option<Mark>, VirtualTime)| {
            if !asked.is_timed || !mark.is_timed {
                Said::Doubt(CLOCKS, asked.record)
            } else if mark.at <= until {
                Said::Held
            } else {
                Said::Broken(Waits::Answer, asked, Some(mark))
            }
        };
        self.waiting.drain(..).map(said).collect()
    }
}

/// What is said of one that waited for too long.
fn unanswered(
    what: What<'_>,
    (how, mark, other, until): (Waits, Mark, Option<Mark>, VirtualTime),
) -> Said {
    if how == Waits::Answer {
        if what.evidence.unread.contains(&mark.record) {
            return Said::Doubt(UNREAD, mark.record);
        }
        if what.misses_then((mark.at, until)) {
            return Said::Doubt(HOLE, mark.record);
        }
    }
    Said::Broken(how, mark, other)
}
