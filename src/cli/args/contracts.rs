//! The commands about contracts and schemas themselves.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::compatibility::{Breaking, Drift, Matrix, Reported};
use super::coverage::{Coverage, Needs};
use crate::evolution::{Mode, Policy};

/// `contracts`
#[derive(Debug, Args)]
pub(in crate::cli) struct Contracts {
    #[command(subcommand)]
    pub(in crate::cli) command: ContractsCommand,
}

/// What is to be done with contracts.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ContractsCommand {
    /// Compare JSON Schema files: what changed, and whether a value shows that it breaks
    #[command(after_help = "Examples:\n  \
        quintet contracts compare old.json new.json\n  \
        quintet contracts compare old.yaml new.yaml --mode FORWARD --mode FULL --format json\n  \
        quintet contracts compare v1.json v2.json v3.json --mode BACKWARD_TRANSITIVE\n\n\
        Exit codes: 0 compatible, 1 breaking, 4 undecided. What is compared and how: \
        docs/contracts.md.")]
    Compare(Compare),
    /// Hold the documents of services against each other: what one sends and another reads
    #[command(after_help = "Examples:\n  \
        quintet contracts drift                        the built-in contracts\n  \
        quintet contracts drift contracts --format sarif --out drift.sarif\n  \
        quintet contracts drift one.asyncapi.yaml other.asyncapi.yaml --accept accepted.yaml\n\n\
        Exit codes: 0 what is found is accepted, 1 something new or no longer accepted, \
        4 undecided.\nWhat is compared, and the file of accepted ones: docs/contracts.md.")]
    Drift(Drift),
    /// Say what a change of documents breaks, against a commit of git or a folder
    #[command(after_help = "Examples:\n  \
        quintet contracts breaking --against main\n  \
        quintet contracts breaking contracts --against v1.4.0 --mode FULL_TRANSITIVE\n  \
        quintet contracts breaking new --against old --policy tolerant-reader --format markdown\n\n\
        Exit codes: 0 compatible, 1 breaking, 4 undecided. What is compared and how: \
        docs/contracts.md.")]
    Breaking(Breaking),
    /// Say which versions of services can run beside each other
    #[command(after_help = "Examples:\n  \
        quintet contracts matrix --against v1.4.0\n  \
        quintet contracts matrix new --against old --deployed deployed.yaml\n\n\
        Exit codes: 0 all pairs can, or what is there now may go out, 1 not, 4 undecided.")]
    Matrix(Matrix),
    /// Say what of contracts tests and traffic exercise, and how many damages contracts refuse
    #[command(after_help = "Examples:\n  \
        quintet contracts coverage                     the built-in contracts, and the folder \
        scenarios\n  \
        quintet contracts coverage --capture traffic.jsonl --min 95\n  \
        quintet contracts coverage --contracts shop.yaml --no-scenarios --format markdown\n\n\
        Exit codes: 0 counted, and no score is below --min, 1 one is, 4 nothing could be \
        damaged.\nWhat is counted: docs/contracts.md.")]
    Coverage(Coverage),
    /// Say which fields of its messages a service depends on, against what its contract says
    #[command(after_help = "Examples:\n  \
        quintet contracts needs SERVICE\n  \
        quintet contracts needs SERVICE scenarios/mine --format json\n\n\
        Exit codes: 0 the service needs what its contract says, 1 it needs more, 4 no test shows \
        it a message.\nWhat is tried: docs/contracts.md.")]
    Needs(Needs),
    /// Say everything that is wrong with AsyncAPI documents
    #[command(after_help = "Examples:\n  \
        quintet contracts check contracts\n  \
        quintet contracts check shop.yaml --format github\n  \
        quintet contracts check contracts --portable\n\n\
        Exit codes: 0 nothing but warnings, 1 errors, 2 a file cannot be read. What is checked: \
        docs/contracts.md.")]
    Check(CheckDocuments),
    /// Show AsyncAPI documents as tables
    #[command(after_help = "Examples:\n  \
        quintet contracts show shop.yaml\n  \
        quintet contracts show contracts --format html > contracts.html")]
    Show(ShowDocuments),
}

/// `contracts show`
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowDocuments {
    /// AsyncAPI documents (.yaml, .yml or .json), or folders with such files
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// In which form: text (the default), Markdown, or a page of HTML that needs nothing else
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: Page,
}

/// The form of what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Page {
    /// For a terminal.
    Text,
    /// With tables.
    Markdown,
    /// One page.
    Html,
}

/// `contracts check`
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckDocuments {
    /// AsyncAPI documents (.yaml, .yml or .json), or folders with such files
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Say too what keeps a document from being a portable contract
    #[arg(long)]
    pub(in crate::cli) portable: bool,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}

/// `contracts compare`
#[derive(Debug, Args)]
pub(in crate::cli) struct Compare {
    /// The schemas as they were, the oldest first: JSON (.json) or YAML
    #[arg(value_name = "OLD", required = true)]
    pub(in crate::cli) olds: Vec<PathBuf>,

    /// The schema as it is now
    #[arg(value_name = "NEW")]
    pub(in crate::cli) new: PathBuf,

    /// Who reads what: BACKWARD if new readers read old values (the default), FORWARD if old
    /// readers read new values, FULL for both, and each with _TRANSITIVE for all OLD files instead
    /// of the last; may be given several times
    #[arg(long = "mode", value_name = "MODE", value_parser = mode)]
    pub(in crate::cli) modes: Vec<Mode>,

    /// What is taken for granted: raw, nothing; role-aware, writers write only members that are
    /// named, and readers ignore others; confluent-strict and confluent-lenient, as that registry
    #[arg(long, value_name = "POLICY", default_value = "raw", value_parser = policy)]
    pub(in crate::cli) policy: Policy,

    #[command(flatten)]
    pub(in crate::cli) reported: Reported,
}

pub(super) fn mode(text: &str) -> Result<Mode, String> {
    let wanted = text.to_ascii_uppercase().replace('-', "_");
    let found = Mode::ALL.into_iter().find(|mode| mode.name() == wanted);
    found.ok_or_else(|| format!("the modes are {}", Mode::ALL.map(Mode::name).join(", ")))
}

pub(super) fn policy(text: &str) -> Result<Policy, String> {
    let found = Policy::ALL.into_iter().find(|policy| policy.name() == text);
    found.ok_or_else(|| format!("the policies are {}", Policy::ALL.map(Policy::name).join(", ")))
}
