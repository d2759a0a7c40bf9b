//! A world on a broker, in which scenarios happen: our own services as real consumers and
//! producers.
//!
//! What this is: [`Live`], the [`crate::driver::Driver`] over a [`super::Tap`], a [`super::Sender`]
//! and a [`super::host::Host`]. What it is not: a way to judge other implementations; those have no
//! clock that could be moved, and say nothing of what they did.
//!
//! What always holds: reading starts before the first send; every record of a test was read back
//! from the broker, byte for byte as it was sent; the services' clock stands still while anything
//! is in hand, and is moved on by the test, as on the bus, so nobody waits for hours; crashes and
//! redeliveries are done for real; every wait is bounded, and a time-out says what was still in
//! hand. Start at [`Live::start`].

mod notebook;
mod world;

pub(crate) use notebook::Notebook;
pub use world::{Live, LiveError};
