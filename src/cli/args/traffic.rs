//! The commands about records that flow, or that were written down.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ContractsFrom, Forms, Link, PropertiesFrom};
use crate::accepted::Date;
use crate::cli::part::Part;
use crate::contract::{KEY_ENCODINGS, KeyEncoding};
use crate::diagnostic::suggest;
use crate::pack::Packs;
use crate::rule::{Rule, RuleId};
use crate::scenario::parse_duration;
use crate::verify::{Judging, Persistence};

/// Which rules are judged, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct Judged {
    /// Judge only this rule; may be given several times
    #[arg(long = "rule", value_name = "RULE", value_parser = no_rule)]
    pub(in crate::cli) rules: Vec<RuleId>,

    /// How ids become keys; by default equal ids need equal keys, and different ids different ones
    #[arg(long, value_name = "ENCODING", value_parser = encoding)]
    pub(in crate::cli) key_encoding: Option<KeyEncoding>,

    #[command(flatten)]
    pub(in crate::cli) clocks: ClockSkew,
}

/// How far clocks are believed.
#[derive(Debug, Args)]
pub(in crate::cli) struct ClockSkew {
    /// Clocks may differ by this much; more where an event was stamped before its cause
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = duration)]
    pub(in crate::cli) clock_skew: Duration,
}

impl Judged {
    /// As the judge takes it.
    pub(in crate::cli) fn judging(&self, persistence: Persistence) -> Judging {
        let rules = (!self.rules.is_empty()).then(|| self.rules.iter().copied().collect());
        Judging { rules, keys: self.key_encoding, persistence, clock_skew: self.clocks.clock_skew }
    }
}

/// Which violations are known.
#[derive(Debug, Args)]
pub(in crate::cli) struct Accepting {
    /// A file of accepted violations: they are reported and do not fail
    #[arg(long = "accept", value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,

    /// The day that accepted violations are looked at, instead of the real one (UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, hide = true)]
    pub(in crate::cli) today: Option<Date>,
}

/// `check`
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// Files of records, as `quintet capture` or `kcat -J` writes them, packed with gzip or zstd or
    /// not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,

    /// The service to judge; without it all channels are judged by contracts and by what comes
    /// before what
    #[arg(long, value_name = "SERVICE")]
    pub(in crate::cli) service: Option<String>,

    /// How long an answer may take: what is unanswered at the end for less is held against nobody
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(in crate::cli) settle: Duration,

    /// Leave damaged lines out, and say how many they were
    #[arg(long)]
    pub(in crate::cli) skip_damaged: bool,

    /// Topics by channel or variable: lines `ban.command = TOPIC`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) topics: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) part: Part,

    #[command(flatten)]
    pub(in crate::cli) judged: Judged,

    #[command(flatten)]
    pub(in crate::cli) properties: PropertiesFrom,

    #[command(flatten)]
    pub(in crate::cli) accepting: Accepting,

    #[command(flatten)]
    pub(in crate::cli) contracts: ContractsFrom,

    #[command(flatten)]
    pub(in crate::cli) forms: Forms,
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Start {
    /// With what comes from now on.
    End,
    /// With the oldest records that the broker keeps.
    Beginning,
}

/// `capture`
#[derive(Debug, Args)]
pub(in crate::cli) struct Capture {
    /// The file that records are added to, one a line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,

    /// End after so long; without it a signal ends it
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) time: Option<Duration>,

    /// Where to begin
    #[arg(long, value_enum, default_value_t = Start::End, value_name = "WHERE")]
    pub(in crate::cli) from: Start,

    #[command(flatten)]
    pub(in crate::cli) contracts: ContractsFrom,

    #[command(flatten)]
    pub(in crate::cli) link: Link,
}

/// `monitor`
#[derive(Debug, Args)]
pub(in crate::cli) struct Monitor {
    /// End after so long; without it a signal ends it
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) time: Option<Duration>,

    /// Where to begin
    #[arg(long, value_enum, default_value_t = Start::End, value_name = "WHERE")]
    pub(in crate::cli) from: Start,

    /// Say so often on stderr how many records of each message there were
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) every: Option<Duration>,

    /// Judge only this rule; may be given several times
    #[arg(long = "rule", value_name = "RULE", value_parser = no_rule)]
    pub(in crate::cli) rules: Vec<RuleId>,

    #[command(flatten)]
    pub(in crate::cli) clocks: ClockSkew,

    #[command(flatten)]
    pub(in crate::cli) properties: PropertiesFrom,

    #[command(flatten)]
    pub(in crate::cli) accepting: Accepting,

    #[command(flatten)]
    pub(in crate::cli) contracts: ContractsFrom,

    #[command(flatten)]
    pub(in crate::cli) forms: Forms,

    #[command(flatten)]
    pub(in crate::cli) link: Link,
}

/// A time as people write it.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| "write a duration like `250ms`, `2s`, `2m 40s` or `1h`".to_owned())
}

/// The same command line, whose rules are those of these packs.
pub(in crate::cli) fn with_rules(command: clap::Command, packs: &Packs) -> clap::Command {
    let rules = |command: clap::Command| {
        let packs = packs.clone();
        let parser = move |text: &str| rule(text, &packs);
        command.mut_arg("rules", |arg| arg.value_parser(parser))
    };
    let command = command.mut_subcommand("verify", rules).mut_subcommand("check", rules);
    command.mut_subcommand("monitor", rules)
}

fn rule(text: &str, packs: &Packs) -> Result<RuleId, String> {
    let found = packs.rule(text).map(Rule::id);
    found.ok_or_else(|| match suggest(text, packs.rules().map(|rule| rule.name)) {
        Some(near) => format!("there is no such rule; did you mean {near}?"),
        None => "there is no such rule; `quintet explain` lists them".to_owned(),
    })
}

/// Stands where [`with_rules`] puts the rules of packs.
fn no_rule(_: &str) -> Result<RuleId, String> {
    Err("there are no rules".to_owned())
}

pub(super) fn encoding(text: &str) -> Result<KeyEncoding, String> {
    let found = KEY_ENCODINGS.iter().find(|(name, _)| *name == text);
    found.map(|(_, encoding)| *encoding).ok_or_else(|| {
        let names: Vec<_> = KEY_ENCODINGS.iter().map(|(name, _)| *name).collect();
        format!("it is one of {}", names.join(", "))
    })
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day like 2026-12-31".to_owned())
}
