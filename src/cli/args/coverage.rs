//! The commands that play tests to see what contracts are worth.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ClockSkew, Reported, Selection, duration};

/// `contracts coverage`
#[derive(Debug, Args)]
pub(in crate::cli) struct Coverage {
    #[command(flatten)]
    pub(in crate::cli) selection: Selection,

    /// Play no tests: what is exercised is what captures hold
    #[arg(long)]
    pub(in crate::cli) no_scenarios: bool,

    /// Captured records, as `quintet capture` writes them; may be given several times
    #[arg(long = "capture", value_name = "FILE")]
    pub(in crate::cli) captures: Vec<PathBuf>,

    /// Topics by channel or variable: lines `CHANNEL = TOPIC`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) topics: Option<PathBuf>,

    /// How long an answer may take in captures
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(in crate::cli) settle: Duration,

    #[command(flatten)]
    pub(in crate::cli) clocks: ClockSkew,

    /// Fail where a contract refuses fewer than so many in a hundred damages
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(in crate::cli) min: Option<u8>,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}

/// `contracts needs`
#[derive(Debug, Args)]
pub(in crate::cli) struct Needs {
    /// The service, as its contract names it
    #[arg(value_name = "SERVICE")]
    pub(in crate::cli) service: String,

    #[command(flatten)]
    pub(in crate::cli) selection: Selection,

    /// The number that all random choices come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}
