//! Services on a broker: the library's host, and the command `serve`.

#![cfg(feature = "kafka")]

mod bed;
mod command;
mod host;
