//! The clients and the mock broker: what they promise to everything that is built on them.
#![cfg(feature = "kafka")]

#[path = "../support/bare.rs"]
mod bare;
mod bed;
mod bytes;
mod commands;
mod container;
mod foreign;
mod reach;
mod recover;
mod restart;
#[cfg(feature = "tls")]
mod tls;
mod topics;
mod watched;
