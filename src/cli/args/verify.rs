//! `verify`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::traffic::{Accepting, Judged, duration};
use super::{ContractsFrom, Forms};
use crate::cli::link::Link;

/// `verify`
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// The service that the implementation stands for
    #[arg(value_name = "SERVICE")]
    pub(in crate::cli) service: String,

    /// Start the implementation with this line for `sh`, and kill and restart it meanwhile;
    /// {bootstrap} and {group} are filled in, quoted as their place needs it
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) command: Option<String>,

    /// The implementation's consumer group, where it is not the documented one
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) group: Option<String>,

    /// Who stands in for its neighbours
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Stand::Reference)]
    pub(in crate::cli) neighbours: Stand,

    /// For how long random sequences are played
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(in crate::cli) budget: Duration,

    /// How long it may take until the implementation takes inputs
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(in crate::cli) wait: Duration,

    /// The number that random sequences come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,

    /// Play only this script, as reports name it: `ban/twice` or `random 17`; may be given several
    /// times
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) script: Vec<String>,

    /// A file with the commands that ask the implementation for its state, and tell it what does
    /// not come through Kafka
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) probe: Option<PathBuf>,

    /// A restart may lose all state
    #[arg(long)]
    pub(in crate::cli) not_persistent: bool,

    /// How many violations are made smaller by playing them again, at most
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(in crate::cli) shrink: usize,

    #[command(flatten)]
    pub(in crate::cli) judged: Judged,

    #[command(flatten)]
    pub(in crate::cli) accepting: Accepting,

    #[command(flatten)]
    pub(in crate::cli) contracts: ContractsFrom,

    #[command(flatten)]
    pub(in crate::cli) forms: Forms,

    #[command(flatten)]
    pub(in crate::cli) link: Link,
}

/// Who stands in for the neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Stand {
    /// Nobody.
    None,
    /// The reference services.
    Reference,
}
