//! The arguments of `explore`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Forms, PropertiesFrom, Selection};
use crate::driver::FaultKind;
use crate::explore::Strategy;

/// `explore`
#[derive(Debug, Args)]
pub(in crate::cli) struct Explore {
    #[command(flatten)]
    pub(in crate::cli) selection: Selection,

    #[command(flatten)]
    pub(in crate::cli) properties: PropertiesFrom,

    /// Only tests that send something to this service, or tell it something
    #[arg(long, value_name = "SERVICE")]
    pub(in crate::cli) service: Vec<String>,

    /// How long to explore (`10s`), or how many schedules of each test
    #[arg(long, value_name = "TIME|N", default_value = "10s", value_parser = budget)]
    pub(in crate::cli) budget: Budget,

    /// How schedules are drawn
    #[arg(long, value_enum, value_name = "NAME", default_value = "portfolio")]
    pub(in crate::cli) strategy: Strategy,

    /// The faults that may strike: `all`, `none`, or names
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "all",
        value_parser = faults)]
    pub(in crate::cli) faults: Vec<Faults>,

    /// Play each class of equivalent orders once: without faults, then with one, then with two
    #[arg(long)]
    pub(in crate::cli) exhaustive: bool,

    /// Play only this schedule (from 0)
    #[arg(long, value_name = "N", conflicts_with = "exhaustive")]
    pub(in crate::cli) schedule: Option<u32>,

    /// Play only one part of the schedules, e.g. the second of eight: all parts together are the
    /// whole
    #[arg(long, value_name = "PART/ALL", default_value = "1/1", value_parser = shard,
        conflicts_with_all = ["exhaustive", "schedule"])]
    pub(in crate::cli) shard: Shard,

    /// How many threads explore; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub(in crate::cli) jobs: Option<NonZeroUsize>,

    /// The number that ids and schedules come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,

    #[command(flatten)]
    pub(in crate::cli) forms: Forms,

    /// Write a choice file into this folder for each kind of failure of each test
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) save: Option<PathBuf>,
}

impl Explore {
    /// The kinds of faults that are meant, each once.
    pub(in crate::cli) fn kinds(&self) -> Vec<FaultKind> {
        let named = |kind: &FaultKind| {
            self.faults.iter().any(|one| match one {
                Faults::All => true,
                Faults::None => false,
                Faults::One(named) => named == kind,
            })
        };
        FaultKind::ALL.into_iter().filter(named).collect()
    }
}

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Budget {
    /// For so long.
    Time(Duration),
    /// So many schedules of each test.
    Schedules(u32),
}

/// A word of `--faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Faults {
    /// Each kind.
    All,
    /// No kind.
    None,
    /// This one.
    One(FaultKind),
}

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Shard {
    /// Which, from 0.
    pub(in crate::cli) part: u32,
    /// Of how many.
    pub(in crate::cli) all: u32,
}

impl ValueEnum for Strategy {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self {
            Self::Random => "each option with the same probability",
            Self::Pct => "priorities that change at a few points",
            Self::Lag => "some readers wait for all others",
            Self::Turns => "readers take turns",
            Self::Swarm => "a random order with some of the faults, in each schedule others",
            Self::Portfolio => "all of these in turn",
        };
        Some(clap::builder::PossibleValue::new(self.name()).help(help))
    }
}

fn budget(text: &str) -> Result<Budget, String> {
    if let Ok(schedules) = text.parse::<u32>() {
        return match schedules {
            0 => Err("no schedule would be played".to_owned()),
            some => Ok(Budget::Schedules(some)),
        };
    }
    let time = crate::scenario::parse_duration(text);
    time.map(Budget::Time).ok_or_else(|| "a time such as `10s`, or a number".to_owned())
}

fn faults(text: &str) -> Result<Faults, String> {
    match text {
        "all" => Ok(Faults::All),
        "none" => Ok(Faults::None),
        name => {
            let kind = FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
            let names = FaultKind::ALL.map(FaultKind::name).join(", ");
            kind.map(Faults::One).ok_or_else(|| format!("`all`, `none`, or of {names}"))
        }
    }
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(part, all)| {
        let (part, all) = (part.parse::<u32>().ok()?, all.parse::<u32>().ok()?);
        (1..=all).contains(&part).then(|| Shard { part: part - 1, all })
    });
    parts.ok_or_else(|| "a part of all, such as `2/8`".to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use std::time::Duration;

    use super::{Budget, Faults, Shard, budget, faults, shard};
    use crate::driver::FaultKind;

    #[rstest]
    #[case("10s", Some(Budget::Time(Duration::from_secs(10))))]
    #[case("200", Some(Budget::Schedules(200)))]
    #[case("0", None)]
    #[case("-1", None)]
    #[case("soon", None)]
    fn a_budget_is_a_time_or_a_number(#[case] text: &str, #[case] expected: Option<Budget>) {
        assert_eq!(budget(text).ok(), expected);
    }

    #[rstest]
    #[case("2/8", Some(Shard { part: 1, all: 8 }))]
    #[case("0/8", None)]
    #[case("9/8", None)]
    #[case("1", None)]
    fn a_shard_is_one_of_all(#[case] text: &str, #[case] expected: Option<Shard>) {
        assert_eq!(shard(text).ok(), expected);
    }

    #[test]
    fn faults_have_names() {
        assert_eq!(faults("delay"), Ok(Faults::One(FaultKind::Delay)));
        assert!(faults("quake").is_err());
    }
}
