//! Verdicts about an implementation that runs somewhere else.
//!
//! What this is: an [`Observation`] of what an implementation did, seen from outside, and the
//! [`Judgement`] on each rule, with the evidence: whether the reference, in some order and with
//! some choice of accepted behaviours, does what was seen. What it is not: it reads no topic and no
//! clock; what was observed may be live traffic or a file.
//!
//! What always holds: what a rule accepts besides the reference is no violation; a rule whose
//! premise never held is not a pass. Start at [`judge`].

mod again;
mod answer;
pub(crate) mod attribution;
mod bits;
pub(crate) mod blame;
mod bound;
mod breach;
pub(crate) mod case;
mod ending;
mod envelope;
mod evidence;
mod exercise;
mod holes;
mod index;
mod judge;
mod judgement;
mod kind;
#[cfg(feature = "kafka")]
pub mod live;
mod lookup;
pub(crate) mod neighbour;
pub(crate) mod node;
mod observation;
mod order;
mod other;
mod output;
mod premise;
mod properties;
mod repair;
mod run;
pub mod script;
pub(crate) mod search;
mod sequence;
pub(crate) mod shape;
mod span;
mod supposition;
mod tally;
pub mod traffic;
pub(crate) mod words;

pub(crate) use evidence::SKEW;
pub use holes::Hole;
pub(crate) use holes::{Gap, Offsets};
pub use judge::{judge, judge_until};
pub use judgement::{Found, Judgement, More, Reproduced, Standing};
pub(crate) use kind::kind_of;
pub use observation::{
    Asked, Judging, KnownCause, KnownOrder, Observation, Persistence, Provided, What,
};
