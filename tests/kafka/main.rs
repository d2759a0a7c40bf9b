//! The clients and the mock broker: what they promise to everything that is built on them.
#![cfg(feature = "kafka")]

mod bed;
mod bytes;
mod reach;
mod recover;
mod topics;
