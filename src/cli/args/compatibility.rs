//! The commands that compare documents with documents.

use std::path::PathBuf;

use clap::Args;

use super::Accepting;
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
    /// AsyncAPI documents, or folders with *.asyncapi.yaml files; the built-in contracts if not
    /// given
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Without --accept, the file accepted.yaml of a folder is taken, and that of the built-in
    /// contracts
    #[command(flatten)]
    pub(in crate::cli) accepting: Accepting,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}
