//! Scenarios against implementations: the world in which some services run elsewhere.
//!
//! What this is: [`External`], the [`crate::driver::Driver`] whose time is real, in which the named
//! services are other people's processes, seen from outside, and the others are the reference
//! services; [`possible`], which says what of a test can only be had in the simulator; and
//! [`Outside`], which judges what was seen as a verification would. What it is not: a search for
//! mistakes; what is sent is what the test says.
//!
//! What always holds: a test that cannot be had outside is known before anything is sent for it;
//! what an implementation did is in the history only where it wrote a record, was asked or ended;
//! every wait is bounded. Start at [`External::start`].

mod aside;
mod possible;
mod verdict;
mod world;

pub(crate) use possible::{Limits, Reach, possible};
pub(crate) use verdict::{Outside, explained};
pub use world::{External, ExternalError};
