//! quintet: a deterministic test harness and contract verifier for Kafka services.

pub mod bus;
pub mod cli;
pub mod contract;
pub mod diagnostic;
pub mod driver;
pub mod history;
pub mod message;
pub mod report;
pub mod rule;
pub mod scenario;
pub mod service;
pub mod yaml;
