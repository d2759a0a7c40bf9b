//! The command line: one definition a flag, from which parsing, help and documents are made.

mod compatibility;
mod contracts;
mod coverage;
mod explore;
mod external;
mod traffic;
mod verify;

pub(super) use compatibility::{Breaking, Drift, Matrix, Reported};
pub(super) use contracts::{
    CheckDocuments, Compare, Contracts, ContractsCommand, Page, ShowDocuments,
};
pub(super) use coverage::{Coverage, Needs};
pub(super) use explore::{Budget, Explore, Shard};
pub(super) use external::External;
#[cfg(feature = "kafka")]
pub(super) use traffic::Start;
pub(super) use traffic::{Accepting, Capture, Check, ClockSkew, Monitor, duration, with_rules};
pub(super) use verify::Verify;
#[cfg(feature = "kafka")]
pub(super) use verify::{From, Stand};

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::completions::{Completions, Man};
use super::fmt::Fmt;
use super::link::Link;
use super::mutants::Mutants;
use super::schema::Schema;
use super::variables::VariablesFrom;

const EXAMPLES: &str = "\
Examples:
  quintet run                          every test of the folder scenarios
  quintet run scenarios/ban --seed 7   one folder, with another seed
  quintet lint && quintet list         what is there, and what is wrong with it
  quintet explain BAN-5                what a rule, code or word means

`quintet COMMAND --help` says more about each. Exit codes: `quintet explain exit`.";

/// Tests whether Kafka services keep their message contracts and event sequences
#[derive(Debug, Parser)]
#[command(
    name = "quintet",
    version,
    disable_help_subcommand = true,
    after_help = EXAMPLES
)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run tests in the simulator, or on a broker
    #[command(after_help = "Examples:\n  \
        quintet run\n  \
        quintet run scenarios/account my-own.yaml --keep-going\n  \
        quintet run --tag lockout --tag '!slow'\n  \
        quintet run 'my-own.yaml::the name of a row'\n  \
        quintet run --last-failed\n  \
        quintet run --format json > run.jsonl\n  \
        quintet run scenarios/invite --save choices && quintet replay choices/NAME.json\n  \
        quintet run --on mock\n\n\
        With --on, the reference services read and write a real broker, in groups of their own. \
        Crashes\nand redeliveries are done for real; their clock is moved on when nothing is in \
        hand, so that\nno test waits for hours.")]
    Run(Box<Run>),
    /// Explore tests under many orders and faults, in the simulator
    #[command(after_help = "Examples:\n  \
        quintet explore\n  \
        quintet explore scenarios/faults --budget 1000 --faults none\n  \
        quintet explore my.scenario.yaml --strategy lag --save choices\n  \
        quintet explore --exhaustive scenarios/explore/three-by-three.scenario.yaml\n\n\
        With a number as budget, the same bytes are reported for any --jobs. More: \
        docs/exploring.md.")]
    Explore(Box<Explore>),
    /// List tests, one a line
    #[command(after_help = "Examples:\n  \
        quintet list\n  \
        quintet list scenarios/account --tag smoke")]
    List(List),
    /// Say everything that is wrong with scenario and fragment files, without running them
    #[command(after_help = "Examples:\n  \
        quintet lint\n  \
        quintet lint my-own.yaml")]
    Lint(Lint),
    /// Bring scenario and fragment files into one layout; comments stay
    #[command(after_help = "Examples:\n  \
        quintet fmt\n  \
        quintet fmt --check my-own.yaml\n  \
        quintet fmt - < my-own.yaml")]
    Fmt(Fmt),
    /// Print the JSON Schema of a kind of file, for editors
    #[command(after_help = "Examples:\n  \
        quintet schema scenario > scenario.schema.json\n\n\
        How editors take it: docs/scenarios.md.")]
    Schema(Schema),
    /// Print a script that completes words in a shell
    #[command(after_help = "Examples:\n  \
        quintet completions bash > /etc/bash_completion.d/quintet\n  \
        quintet completions fish > ~/.config/fish/completions/quintet.fish")]
    Completions(Completions),
    /// Print a page of the manual
    #[command(after_help = "Examples:\n  \
        quintet man | man -l -\n  \
        quintet man contracts drift > quintet-contracts-drift.1")]
    Man(Man),
    /// Explain a code, a rule, a word of the format or an exit code
    #[command(after_help = "Examples:\n  \
        quintet explain expect::not-seen     a code of a failure or of a problem in a file\n  \
        quintet explain BAN-5                a rule, and the document that it rests on\n  \
        quintet explain duplicate_delivery   a fault, verb, matcher or property\n  \
        quintet explain exit                 the exit codes\n  \
        quintet explain                      everything that can be explained")]
    Explain(Explain),
    /// Run a test again with the choices of a choice file
    #[command(after_help = "Examples:\n  \
        quintet run --save choices           writes a choice file for each test that fails\n  \
        quintet replay choices/NAME.json")]
    Replay(Replay),
    /// Run reference services on a broker, as live stand-ins
    #[command(after_help = "Examples:\n  \
        quintet serve ban account --on localhost:9092\n  \
        quintet serve login --on localhost:9092 --data ./state\n  \
        quintet serve ban account login effective_stats invite --on mock --verbose\n\n\
        When all groups have their partitions, a line `ready: …` goes to stdout. SIGTERM and \
        SIGINT\nstop it: what is in hand is finished and committed first. A second signal stops \
        it at once.")]
    Serve(Serve),
    /// Create the topics of all channels that are missing, and say how many partitions each has
    #[command(after_help = "Examples:\n  \
        quintet topics --on localhost:9092\n  \
        quintet topics --on localhost:9092 --partitions 6\n  \
        quintet topics --on localhost:9092 --no-create      which are missing\n\n\
        For services that do not look for topics that are created after they have started: create \
        the\ntopics, start the service, and then verify it.")]
    Topics(Topics),
    /// Verify an implementation of a service over Kafka
    #[command(after_help = "Examples:\n  \
        quintet verify ban --on mock --command './ban --bootstrap {bootstrap}'\n  \
        quintet verify account --on localhost:9092 --budget 2m\n  \
        quintet verify invite --on localhost:9092 --format junit --out invite.xml\n\n\
        What happens, the probe, and what verdicts mean: docs/verifying.md.")]
    Verify(Box<Verify>),
    /// Judge captured records offline
    #[command(after_help = "Examples:\n  \
        quintet check traffic.jsonl --service ban\n  \
        quintet check monday.jsonl tuesday.jsonl\n  \
        quintet check traffic.jsonl --service ban --format junit --out ban.xml\n\n\
        The form of the file: docs/capture.md.")]
    Check(Check),
    /// Write what flows on a broker into a file, to be judged by `check`
    #[command(after_help = "Examples:\n  \
        quintet capture --on localhost:9092 --out traffic.jsonl --for 10m\n  \
        quintet capture --on localhost:9092 --out all.jsonl --from beginning --for 30s\n\n\
        SIGTERM and SIGINT end it as well. A file that is there is added to.")]
    Capture(Capture),
    /// Judge what flows on a broker as it flows, by contracts and by what comes before what
    #[command(after_help = "Examples:\n  \
        quintet monitor --on localhost:9092\n  \
        quintet monitor --on localhost:9092 --for 5m --format json\n  \
        quintet monitor --on localhost:9092 --from beginning --for 30s\n\n\
        Nothing is produced, and no group is joined. SIGTERM and SIGINT end it as well.")]
    Monitor(Monitor),
    /// Check and compare contracts and schemas, offline
    #[command(after_help = "Examples:\n  \
        quintet contracts check contracts\n  \
        quintet contracts show contracts --format markdown\n  \
        quintet contracts drift\n  \
        quintet contracts compare old.json new.json")]
    Contracts(Contracts),
    /// Plant each mistake that a rule forbids into the reference, and see whether the rules find it
    #[command(after_help = "Examples:\n  \
        quintet mutants\n  \
        quintet mutants --budget 40\n  \
        quintet mutants --format json --survivors mutants.txt\n\n\
        Fails when a mutant survives that FILE does not list, when FILE lists one that is killed, \
        and when\na rule finds no mutant at all. More: docs/mutants.md.")]
    Mutants(Mutants),
}

/// Which tests.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Files, or folders with *.scenario.yaml files; `FILE::ROW` is one row of a table, `-` is
    /// standard input
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,

    /// Only tests with this tag; `!TAG` for those without it; of several all must hold
    #[arg(long, value_name = "TAG", value_parser = tag)]
    pub(super) tag: Vec<Tag>,

    /// Only tests whose name has this text in it; of several one is enough
    #[arg(long, value_name = "TEXT")]
    pub(super) name: Vec<String>,

    /// Only tests that did not pass when `run` ran them last in this folder
    #[arg(long)]
    pub(super) last_failed: bool,

    #[command(flatten)]
    pub(super) variables: VariablesFrom,

    #[command(flatten)]
    pub(super) contracts: ContractsFrom,
}

/// Where the contracts come from.
#[derive(Debug, Args)]
pub(super) struct ContractsFrom {
    /// Use this AsyncAPI document (.yaml, .yml or .json), or all those in this folder and below it,
    /// instead of the built-in contracts
    #[arg(long = "contracts", value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
}

/// What is demanded besides the rules of packs.
#[derive(Debug, Args)]
pub(super) struct PropertiesFrom {
    /// Demand the sequence properties of this file as well; may be given several times
    #[arg(long = "properties", value_name = "FILE")]
    pub(super) property_files: Vec<PathBuf>,
}

/// In which forms a command reports, and where to.
#[derive(Debug, Args)]
pub(super) struct Forms {
    /// How to report: text for people (the default), JSON lines, JUnit XML, or GitHub annotations;
    /// may be given several times
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Vec<Format>,

    /// The file of a report in JSON or JUnit, so that stdout has the text; of several reports each
    /// has its own, in their order
    #[arg(long, value_name = "FILE")]
    pub(super) out: Vec<PathBuf>,
}

/// How a run is reported.
#[derive(Debug, Args)]
pub(super) struct Reporting {
    #[command(flatten)]
    pub(super) forms: Forms,

    /// Say how long each test took, in JSON too; without it the same seed gives the same JSON
    #[arg(long)]
    pub(super) timings: bool,
}

/// `run`
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) selection: Selection,

    /// The number that all random choices come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,

    /// Of tests that try many schedules, run only this one (from 0)
    #[arg(long, value_name = "N")]
    pub(super) schedule: Option<u32>,

    /// How many tests run at once; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,

    /// Run all tests; without it a run ends with the file of the first test that does not pass
    #[arg(long)]
    pub(super) keep_going: bool,

    #[command(flatten)]
    pub(super) properties: PropertiesFrom,

    #[command(flatten)]
    pub(super) reporting: Reporting,

    /// Run each test a second time on another thread, and compare step by step
    #[arg(long)]
    pub(super) twin: bool,

    /// Write a choice file into this folder for each test that fails
    #[arg(long, value_name = "DIR")]
    pub(super) save: Option<PathBuf>,

    #[command(flatten)]
    pub(super) link: Link,

    #[command(flatten)]
    pub(super) external: External,
}

/// `list`
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// `lint`
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Files, or folders with *.scenario.yaml and *.fragment.yaml files
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) contracts: ContractsFrom,
}

/// `explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// What to explain; everything is listed if not given
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

/// `replay`
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// A choice file, as `run --save` writes it
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    #[command(flatten)]
    pub(super) variables: VariablesFrom,

    #[command(flatten)]
    pub(super) contracts: ContractsFrom,

    #[command(flatten)]
    pub(super) properties: PropertiesFrom,

    #[command(flatten)]
    pub(super) reporting: Reporting,
}

/// `serve`
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The reference services: ban, account, login, effective_stats, invite
    #[arg(value_name = "SERVICE", required = true)]
    pub(super) services: Vec<String>,

    /// Keep state and unsent events in this folder: neither kill nor restart loses them
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,

    /// Another consumer group than that of the contract
    #[arg(long, value_name = "SERVICE=NAME")]
    pub(super) group: Vec<String>,

    /// The number that ids come from; one of its own each time if not given (with --data, the one
    /// that is kept there)
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Say on stderr what is read and sent, a line each, without what is sensitive
    #[arg(long)]
    pub(super) verbose: bool,

    #[command(flatten)]
    pub(super) contracts: ContractsFrom,

    #[command(flatten)]
    pub(super) link: Link,
}

/// `topics`
#[derive(Debug, Args)]
pub(super) struct Topics {
    #[command(flatten)]
    pub(super) contracts: ContractsFrom,

    #[command(flatten)]
    pub(super) link: Link,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// JUnit XML.
    Junit,
    /// GitHub's workflow commands, which become annotations; they go to stdout.
    Github,
}

/// A tag that tests must have, or must not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `--tag smoke`
    With(String),
    /// `--tag '!slow'`
    Without(String),
}

impl Tag {
    /// Whether a test with these tags is meant.
    pub(super) fn admits(&self, tags: &[String]) -> bool {
        match self {
            Self::With(tag) => tags.contains(tag),
            Self::Without(tag) => !tags.contains(tag),
        }
    }
}

fn tag(text: &str) -> Result<Tag, String> {
    let (name, without) = match text.strip_prefix('!') {
        Some(name) => (name, true),
        None => (text, false),
    };
    if name.trim().is_empty() {
        return Err("a tag has a name".to_owned());
    }
    let name = name.to_owned();
    Ok(if without { Tag::Without(name) } else { Tag::With(name) })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use rstest::rstest;

    use super::{CommandLine, tag};

    #[test]
    fn the_definition_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[rstest]
    #[case("smoke", &["smoke", "ban"], true)]
    #[case("smoke", &["ban"], false)]
    #[case("!slow", &["ban"], true)]
    #[case("!slow", &["slow", "ban"], false)]
    fn a_tag_selects(#[case] text: &str, #[case] tags: &[&str], #[case] selected: bool) {
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        assert_eq!(tag(text).unwrap().admits(&tags), selected);
    }

    #[test]
    fn a_tag_has_a_name() {
        assert!(tag("!").is_err() && tag(" ").is_err());
    }
}
