//! The commands that compare documents with documents.

use std::path::PathBuf;

use clap::Args;

use super::Accepting;
use super::contracts::{mode, policy};
use crate::evolution::{Mode, Policy};
use crate::report::findings::Form;

/// How findings about documents are reported.
#[derive(Debug, Args)]
pub(in crate::cli) struct Reported {
    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: Form,

    /// Write the report into this file, and the text to stdout
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// `contracts drift`
#[derive(Debug, Args)]
pub(in crate::cli) struct Drift {
    /// AsyncAPI documents (.yaml, .yml or .json), or folders with such files; the built-in
    /// contracts if not given
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Without --accept, the file accepted.yaml of a folder is taken, and that of the built-in
    /// contracts
    #[command(flatten)]
    pub(in crate::cli) accepting: Accepting,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}

/// `contracts breaking`
#[derive(Debug, Args)]
pub(in crate::cli) struct Breaking {
    /// The document as it is now, or a folder of documents
    #[arg(value_name = "PATH", default_value = "contracts")]
    pub(in crate::cli) path: PathBuf,

    /// What it was: a commit, branch or tag of git, or a folder or file; several, the oldest
    /// first, for the _TRANSITIVE modes
    #[arg(long, value_name = "REF|DIR", required = true)]
    pub(in crate::cli) against: Vec<String>,

    /// BACKWARD if what was sent must be read now, FORWARD if what is sent now must be read by who
    /// read before, FULL for both, each with _TRANSITIVE for all versions from --against on; may be
    /// given several times. Without it, BACKWARD for what a service reads and FORWARD for what it
    /// sends
    #[arg(long = "mode", value_name = "MODE", value_parser = mode)]
    pub(in crate::cli) modes: Vec<Mode>,

    /// What is taken for granted: role-aware, writers write only fields that are named, and readers
    /// ignore others; tolerant-reader, and readers take null and absent for zero; raw, nothing;
    /// confluent-strict and confluent-lenient, as that registry
    #[arg(long, value_name = "POLICY", default_value = "role-aware", value_parser = policy)]
    pub(in crate::cli) policy: Policy,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}

/// `contracts matrix`
#[derive(Debug, Args)]
pub(in crate::cli) struct Matrix {
    /// A folder of documents as they are now
    #[arg(value_name = "PATH", default_value = "contracts")]
    pub(in crate::cli) path: PathBuf,

    /// What they were: a commit, branch or tag of git and each later commit that changed them, or
    /// a folder; may be given several times
    #[arg(long, value_name = "REF|DIR", required = true)]
    pub(in crate::cli) against: Vec<String>,

    /// A file that says which versions run (`deployed: { SERVICE: [VERSION] }`, where the versions
    /// are named as the report names them, and `now`): only what is there now is held against these
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) deployed: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) accepting: Accepting,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}
