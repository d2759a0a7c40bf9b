//! Traffic: records that flow on topics, whoever wrote them.
//!
//! What this is: [`gather`], which makes a history of captured records; [`Flow`], which judges
//! records as they flow by contracts and by the rules on what comes before what; and [`Writers`],
//! which tells whose a record is. What it is not: it asks nobody and knows nothing of how a record
//! was handled; whether a service did what it should is judged by [`crate::verify::judge`].
//!
//! What always holds: inside a partition records keep their order; a record is a service's where
//! that service's contract sends on its channel and the value does not name another author; memory
//! is bounded, and what was forgotten is held against nobody. Start at [`Flow`].

mod documents;
mod doubts;
mod flow;
mod gather;
mod merge;
mod sluice;
mod times;
mod writers;

pub use flow::{Flow, judge, skew_note};
pub use gather::{Gathered, gather, gather_some};
pub use sluice::{Disordered, Passing, Place, Sluice};
pub(crate) use times::MOST_SKEW_MS;
pub use times::is_time;
pub use writers::Writers;
