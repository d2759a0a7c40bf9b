//! `run --external`

use std::time::Duration;

use clap::Args;

use super::traffic::{duration, encoding};
use crate::contract::KeyEncoding;

/// Which services are implementations that run elsewhere.
#[derive(Debug, Args)]
#[command(next_help_heading = "Implementations")]
pub(in crate::cli) struct External {
    /// Do not start these services: what answers for them is an implementation, and time is real
    #[arg(long, value_name = "SERVICE", value_delimiter = ',', requires = "on")]
    pub(in crate::cli) external: Vec<String>,

    /// An implementation's consumer group, where it is not the documented one; of several
    /// implementations each is named
    #[arg(long, value_name = "[SERVICE=]NAME", requires = "external")]
    pub(in crate::cli) group: Vec<String>,

    /// Start an implementation with this line for `sh`, and kill it where a test says so;
    /// {bootstrap} and {group} are filled in
    #[arg(long, value_name = "[SERVICE=]COMMAND", requires = "external")]
    pub(in crate::cli) command: Vec<String>,

    /// A file with the commands that ask an implementation, and tell it what does not come through
    /// Kafka
    #[arg(long, value_name = "[SERVICE=]FILE", requires = "external")]
    pub(in crate::cli) probe: Vec<String>,

    /// How ids become keys; by default equal ids need equal keys, and different ids different ones
    #[arg(long, value_name = "ENCODING", value_parser = encoding, requires = "external")]
    pub(in crate::cli) key_encoding: Option<KeyEncoding>,

    /// How long it may take until an implementation takes inputs
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration,
        requires = "external")]
    pub(in crate::cli) wait: Duration,

    /// For how long a test may wait in all; one that waits longer is not run
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration,
        requires = "external")]
    pub(in crate::cli) max_wait: Duration,

    /// Leave out what can be had in the simulator only, instead of reporting it as not run
    #[arg(long, requires = "external")]
    pub(in crate::cli) only_possible: bool,
}
