//! quintet: a deterministic test harness and contract verifier for Kafka services.

pub mod contract;
pub mod diagnostic;
pub mod message;
pub mod rule;
pub mod service;
pub mod yaml;
