//! Traffic: captures and what is said of them, reports in every form, and what flows on a broker.

#[path = "../cli/files.rs"]
mod files;
mod foreign;
mod forms;
#[cfg(feature = "kafka")]
mod live;
mod offline;
#[path = "../scenarios/support.rs"]
mod support;
#[cfg(feature = "kafka")]
mod whole;
