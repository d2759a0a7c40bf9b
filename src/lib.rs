//! quintet: a deterministic test harness and contract verifier for Kafka services.
//!
//! Contracts, rules and reference implementations of five services, a simulated Kafka on which they
//! (or your own [`service::Service`]) run in virtual time, and scenario files that say what must be
//! seen. Everything that happens is in one [`history::History`]; the same seed gives the same one.
//!
//! ```
//! use quintet::contract::Contracts;
//! use quintet::scenario::run::{Options, Setup, Verdict, run};
//! use quintet::scenario::{Known, NoFiles, load_bytes};
//!
//! let text = "
//! format: 1
//! scenario: A ban is announced
//! steps:
//!   - send: ban.command/CREATE
//!     with: { body: { value: 10.0.0.9, permanent: true } }
//!   - expect: ban.status/CREATED
//!     where: { banId: <int> }
//! ";
//! let contracts = Contracts::builtin();
//! let known = Known { contracts: &contracts, words: &[] };
//! let loaded = load_bytes("ban.scenario.yaml", text.as_bytes(), &known, &NoFiles);
//! assert!(!loaded.has_errors());
//! let outcome = run(&loaded.plans[0], &Setup::reference(contracts.clone()), &Options::default());
//! assert_eq!(outcome.verdict, Verdict::Passed);
//! ```
//!
//! Start at [`bus::World`] to run services of your own (`examples/own_service.rs`), at
//! [`scenario::run::run`] to run scenarios, and at [`contract::Contracts`] to check records.

pub mod accepted;
pub mod asyncapi;
pub mod bus;
pub mod capture;
pub mod cli;
pub mod compatibility;
pub mod contract;
pub mod coverage;
pub mod diagnostic;
pub mod driver;
pub mod evolution;
pub mod explore;
pub mod history;
pub mod input;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod message;
pub mod mutants;
pub mod needs;
pub mod pack;
pub mod property;
mod report;
pub mod rule;
pub mod scenario;
pub mod service;
pub mod services;
pub mod topics;
pub mod verify;
pub mod yaml;
