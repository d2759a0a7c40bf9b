//! Services on a broker: the library's host, and the command `serve`.

#![cfg(feature = "kafka")]

#[path = "../support/bare.rs"]
mod bare;
mod bed;
mod command;
mod host;
