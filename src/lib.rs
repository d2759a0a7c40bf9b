//! quintet: a deterministic test harness and contract verifier for Kafka services.

pub mod message;
