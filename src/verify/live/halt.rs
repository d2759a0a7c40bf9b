//! An implementation, or one of its readers, that reads nothing more: since when, behind which
//! input, and how it goes on.
//!
//! What always holds: what was not read is held against nobody; an input is named as the cause
//! where it was tried alone, or nothing else was in flight; that kind of input is not sent again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::VerifyError;
use super::field::Turn;
use super::reading::{Place, Standstill};
use super::run::Run;
use super::trial::How;
use crate::kafka::{Deadline, wall_ms};
use crate::message::Offset;
use crate::verify::Observation;
use crate::verify::script::{Act, InputKind, Message, Phase, Step};

/// After so many halts the implementation is not started again.
const MOST_HALTS: usize = 12;
/// After so many halts on input that breaks a contract no more such input is sent.
const MOST_UNDECODABLE: usize = 3;
/// So many candidates are tried one by one.
const MOST_TRIED: usize = 40;
/// Where it takes longer until inputs are seen to be read, many are tried at a time.
const SLOW_TRIAL: Duration = Duration::from_secs(1);
/// One that takes longer to come back is not made to stop again only to be sure of an input.
const QUICK_RETURN: Duration = Duration::from_secs(20);
/// What was sent so shortly before it stopped may have been in hand, however fast it was before.
const IN_HAND: Duration = Duration::from_secs(2);
/// For how long it is waited behind an input that is tried, at least and at most.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5);
/// So many kinds of input are named to be left out.
const MOST_KINDS: usize = 4;

/// From one moment on nothing more was read.
pub(super) struct Halt {
    pub(super) how: How,
    /// What it may have been, the most likely first.
    pub(super) suspects: Vec<Suspect>,
    pub(super) tried: Tried,
    /// The last lines that the process wrote.
    pub(super) said: Vec<String>,
    /// Whether its group was not in order meanwhile, which may be why nothing was read.
    pub(super) is_doubtful: bool,
}

/// What came of sending what it may have been once more, apart.
pub(super) enum Tried {
    /// That was not done: nothing else was in flight, or there was no time.
    Not,
    /// It did not happen again; whether all that it may have been was sent.
    InVain { all: bool },
    /// It happened again, with all that are left.
    Together,
    /// It happened again with the one that is left; what was seen of that.
    Alone(Box<Observation>),
}

/// An input that it may have been.
#[derive(Clone)]
pub(super) struct Suspect {
    pub(super) trace: u128,
    /// When it was sent, in Unix milliseconds.
    pub(super) at_ms: i64,
    pub(super) step: Step,
    /// The name of its script, and how many steps that has.
    pub(super) script: (String, usize),
}

impl Suspect {
    fn phase(&self) -> Phase {
        self.step.kind.as_ref().map_or(Phase::Expected, |kind| kind.phase)
    }
}

impl Run<'_> {
    /// Notes that nothing more is read, and starts the implementation again where that is ours to
    /// do; the kind of input that did it is not sent any more.
    pub(super) fn halted(
        &mut self,
        how: How,
        suspects: Vec<Suspect>,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        let said = self.last_lines();
        let what = self.tell_how(&how);
        tell(&what);
        self.field.turns.push((wall_ms(), Turn::Seen(what)));
        let is_doubtful = match &how {
            How::Stands(stands) => self.unsettled_ms >= self.field.reading.moved_ms(stands.place),
            How::Ended(_) | How::Left(_) => false,
        };
        let mut halt = Halt { how, suspects, tried: Tried::Not, said, is_doubtful };
        self.recover(&halt.how.clone(), &halt.suspects, tell)?;
        if self.is_to_be_tried(&halt) {
            self.single_out(&mut halt, tell)?;
        }
        // What did not do it again is sent on, unless that seems to be no use.
        let is_first = !self.halts.iter().any(Halt::is_in_vain);
        if !halt.is_in_vain() || !halt.is_doubtful && !is_first {
            self.avoid(&halt, tell);
        }
        if self.launch.is_none() {
            self.note_how_to_go_on(&halt);
        }
        self.halts.push(halt);
        Ok(())
    }

    /// Whether what it may have stopped at is sent once more: where there are several such inputs;
    /// where one is well-formed, so that a rule of its own is broken if it did it, which is not
    /// worth another long wait for the group; and where it only seems to stand still, until it was
    /// seen to stop at something.
    fn is_to_be_tried(&self, halt: &Halt) -> bool {
        let is_costly = self.last_outage > QUICK_RETURN;
        let is_due = match halt.suspects.as_slice() {
            [] => false,
            [one] if one.phase() == Phase::Undecodable => {
                let is_seen = |halt: &Halt| matches!(halt.tried, Tried::Alone(_));
                halt.how.standstill().is_some() && !self.halts.iter().any(is_seen)
            }
            [_] => !is_costly,
            _ => true,
        };
        is_due && !self.is_gone()
    }

    /// Says how the rest is verified where the implementation is not ours to start.
    fn note_how_to_go_on(&mut self, halt: &Halt) {
        let kinds = halt.suspects.iter().filter_map(|suspect| suspect.step.kind.as_ref());
        let kinds: BTreeSet<_> = kinds.map(|kind| format!(" --skip-input {kind}")).collect();
        let kinds: String = match kinds.len() {
            0..=MOST_KINDS => kinds.into_iter().collect(),
            _ => " --skip-input KIND for each kind that stops it".to_owned(),
        };
        self.notes.push(format!(
            "what was sent after that was not read, and is held against nobody: to verify the \
             rest, stop {}, and start it again while this runs: quintet verify {} --group-from \
             latest{kinds}",
            self.plan.subject, self.plan.subject
        ));
    }

    /// What became of it, in words.
    fn tell_how(&self, how: &How) -> String {
        let place = |Standstill { place: (channel, partition), from }: &Standstill| {
            let topic = self.topics.name(*channel);
            format!("{topic}/{} from offset {} on", partition.0, from.0)
        };
        match how {
            How::Ended(status) => format!("{} ended ({status})", self.plan.subject),
            How::Stands(standstill) => format!("nobody reads {}", place(standstill)),
            How::Left(standstill) => {
                format!("no member of the group has {}", place(standstill))
            }
        }
    }

    /// The inputs under way on which it may have halted, the most likely first: bad input before
    /// good, and of one partition what it had to read next.
    pub(super) fn suspects(&self, how: &How) -> Vec<Suspect> {
        let (patience, now_ms) = (self.pace.patience(), wall_ms());
        let open = self.lanes.iter().flat_map(|lane| lane.open_inputs(patience, now_ms));
        let lanes = || self.lanes.iter().chain(&self.played);
        let unread: Vec<_> =
            lanes().flat_map(|lane| lane.inputs(|sent| !self.field.has_read(sent.trace))).collect();
        // Where its end is not seen, it may be one that was committed before it was handled.
        let first_ms = unread.iter().map(|suspect| suspect.at_ms).min();
        let since_ms = first_ms.filter(|_| self.launch.is_none()).map(|ms| ms - self.in_hand_ms());
        let in_hand = lanes().flat_map(|lane| {
            lane.inputs(|sent| {
                let place = self.field.place_of(sent.trace);
                since_ms.is_some_and(|since_ms| sent.at_ms >= since_ms)
                    && place.is_some_and(|(place, at)| !self.field.reading.was_handled(place, at))
            })
        });
        self.likeliest_first(how, open.chain(in_hand).chain(unread))
    }

    /// For how long before it stopped an input may have been in hand, in milliseconds.
    fn in_hand_ms(&self) -> i64 {
        let in_hand = (self.pace.slowest() * 2).max(IN_HAND);
        i64::try_from(in_hand.as_millis()).unwrap_or(i64::MAX)
    }

    /// Candidates for what it halted on, without those that cannot be it.
    pub(super) fn likeliest_first(
        &self,
        how: &How,
        candidates: impl Iterator<Item = Suspect>,
    ) -> Vec<Suspect> {
        let now_ms = wall_ms();
        // A process whose end is not seen stops all of its partitions.
        let stands_too =
            |place| self.launch.is_none() && self.field.reading.seems_to_stand(place, now_ms);
        let mut traces = BTreeSet::new();
        let mut suspects: Vec<_> = candidates
            .filter(|suspect| traces.insert(suspect.trace))
            .filter_map(|suspect| {
                let (place, offset) = self.field.place_of(suspect.trace)?;
                let distance = match how.standstill() {
                    Some(standstill) if standstill.place != place && !stands_too(place) => {
                        return None;
                    }
                    _ => offset.0.abs_diff(self.field.reading.handled_to(place).0),
                };
                let skipped = self.field.reading.was_skipped(place, offset);
                (!skipped).then_some((suspect, distance))
            })
            .collect();
        suspects.sort_by_key(|(suspect, distance)| (std::cmp::Reverse(suspect.phase()), *distance));
        suspects.into_iter().map(|(suspect, _)| suspect).collect()
    }

    /// Ends what is left of it and starts it again, behind what it stands before; where that is not
    /// ours to do, or it does not come back, it is gone.
    fn recover(
        &mut self,
        how: &How,
        suspects: &[Suspect],
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        let halts = self.halts.len();
        if self.launch.is_none() || self.mortal || halts >= MOST_HALTS || self.is_over() {
            let first_ms = suspects.iter().map(|suspect| suspect.at_ms).min();
            let since_ms = first_ms.map(|at_ms| at_ms.saturating_sub(self.in_hand_ms()));
            self.field.in_hand_since_ms = since_ms;
            self.lose();
            return Ok(());
        }
        if let Some(process) = &mut self.process {
            process.stop();
            self.field.turns.push((wall_ms(), Turn::Killed));
        }
        self.look_at_group();
        let is_left = |suspect: &Suspect| {
            let place = self.field.place_of(suspect.trace);
            place.is_some_and(|(place, offset)| {
                self.field.reading.committed_at(place).is_none_or(|next| next <= offset)
            })
        };
        if how.standstill().is_some() || suspects.iter().any(is_left) {
            tell("committing the offsets of its group behind what it has not read");
            self.skip_unread();
        }
        let done = self.restart(tell);
        if self.may_be_absent(done)?.is_none() {
            let why = "it did not come back after it was started again";
            self.field.turns.push((wall_ms(), Turn::Seen(why.to_owned())));
            self.notes.push(format!("{why}: what was verified until then stands"));
        }
        Ok(())
    }

    /// Takes what the group has committed by now.
    fn look_at_group(&mut self) {
        let Ok(group) = self.connection.group(&self.plan.group, self.topics, &self.reads) else {
            return;
        };
        for lag in group.lag {
            if let Some(next) = lag.committed {
                let place = (lag.channel, lag.partition);
                self.field.reading.committed(place, Offset(next.unsigned_abs()), wall_ms());
            }
        }
    }

    /// Commits where the topics end, on behalf of the group, so that it goes on behind all that is
    /// there. What is skipped was not read.
    pub(super) fn skip_unread(&mut self) -> bool {
        let place = (self.plan.group.as_str(), self.plan.wait);
        if let Err(error) = self.connection.skip(place, self.topics, &self.reads) {
            self.notes.push(format!("the offsets of its group could not be moved on: {error}"));
            return false;
        }
        let group = self.connection.group(&self.plan.group, self.topics, &self.reads);
        let lags = group.map(|group| group.lag).unwrap_or_default();
        let ends = lags.iter().filter_map(|lag| {
            let next = Offset(lag.committed?.unsigned_abs());
            Some(((lag.channel, lag.partition), next))
        });
        let ends: BTreeMap<Place, Offset> = ends.collect();
        self.field.reading.skipped(&ends, wall_ms());
        true
    }

    /// Waits for as long as answers take: what is committed before it is handled is not handled yet
    /// once all is read. How the process ended meanwhile, if it did.
    fn linger(&mut self) -> Result<Option<How>, VerifyError> {
        let deadline = Deadline::after((self.pace.slowest() * 2).clamp(SHORTEST, LONGEST));
        while !deadline.is_over() && !self.is_over() {
            self.hear()?;
            if let Some(status) = self.ended() {
                return Ok(Some(How::Ended(status)));
            }
        }
        Ok(None)
    }

    /// Sends each suspect alone, one after the other, until one does it again; then it is the only
    /// one. That costs one more restart, however many there are.
    fn single_out(
        &mut self,
        halt: &mut Halt,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        tell("looking for the input that it stopped at");
        halt.tried = Tried::InVain { all: false };
        let alone = |suspect: &Suspect| match &suspect.step.act {
            Act::Send(message) if message.needs().is_empty() => Some(message.clone()),
            _ => None,
        };
        let suspects: Vec<(Suspect, Message)> = halt
            .suspects
            .iter()
            .filter_map(|suspect| Some((suspect.clone(), alone(suspect)?)))
            .take(MOST_TRIED)
            .collect();
        let is_all = suspects.len() == halt.suspects.len();
        let mut left = VecDeque::from(suspects);
        // The likeliest first, and by itself.
        let mut size = 1;
        while !left.is_empty() && !self.is_over() {
            let group: Vec<_> = left.drain(..size.min(left.len())).collect();
            size = self.group_size(left.len());
            let inputs: Vec<_> = group
                .iter()
                .map(|(suspect, message)| (message.clone(), suspect.step.kind.clone()))
                .collect();
            let mut trial = self.try_inputs("alone", &inputs)?;
            if trial.end.is_none() {
                trial.end = self.linger()?;
            }
            let Some(how) = trial.end else {
                if let Tried::InVain { all } = &mut halt.tried {
                    *all = is_all && left.is_empty();
                }
                continue;
            };
            halt.suspects = group.iter().map(|(suspect, _)| suspect.clone()).collect();
            halt.tried = match trial.lanes.as_slice() {
                [lane] => Tried::Alone(Box::new(self.observe_lane(lane))),
                _ => Tried::Together,
            };
            let inputs: Vec<_> =
                trial.lanes.iter().flat_map(|lane| lane.inputs(|_| true)).collect();
            self.recover(&how, &inputs, tell)?;
            if group.len() == 1 || self.is_gone() {
                break;
            }
            (left, size) = (VecDeque::from(group), 1);
        }
        Ok(())
    }

    /// How many inputs are tried at a time: few where it is quickly seen that they are read, so
    /// that one is named at once; many where only committed offsets tell, every few seconds. One
    /// that is not ours to start is stopped once only, so that which did it must be clear then.
    pub(super) fn group_size(&self, of: usize) -> usize {
        if self.trial_took > SLOW_TRIAL {
            return of.div_ceil(3).max(1);
        }
        if self.launch.is_none() {
            return 1;
        }
        let ms = self.trial_took.as_millis();
        usize::try_from(ms / 200).unwrap_or(usize::MAX).clamp(1, 8)
    }

    /// Sends what it stopped at no more.
    fn avoid(&mut self, halt: &Halt, tell: &mut dyn FnMut(&str)) {
        let kinds = halt.suspects.iter().filter_map(|suspect| suspect.step.kind.clone());
        let mut kinds: BTreeSet<InputKind> = kinds.collect();
        // Where it may have been any, bad input is the likelier.
        let worst = kinds.iter().map(|kind| kind.phase).max().unwrap_or(Phase::Expected);
        kinds.retain(|kind| kind.phase == worst);
        for kind in kinds {
            tell(&format!("{kind} is not sent any more"));
            self.stopped_at += usize::from(kind.phase == Phase::Undecodable);
            self.skip.insert(kind.name);
        }
        if self.stopped_at >= MOST_UNDECODABLE && !self.is_wary {
            self.is_wary = true;
            tell("no further kind of undecodable input is sent");
            self.notes.push(format!(
                "{} kinds of undecodable input stopped it: the other kinds are not sent",
                self.stopped_at
            ));
        }
    }

    /// What came of something, unless it did not come back: then it is gone, and what was found
    /// before stands.
    pub(super) fn may_be_absent<T>(
        &mut self,
        done: Result<T, VerifyError>,
    ) -> Result<Option<T>, VerifyError> {
        match done {
            Err(VerifyError::Absent { .. }) => {
                self.lose();
                Ok(None)
            }
            done => done.map(|done| (!self.is_gone()).then_some(done)),
        }
    }
}
