//! `verify`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::traffic::{Accepting, Judged, duration};
use super::{ContractsFrom, Forms, PropertiesFrom};
use crate::cli::link::Link;
use crate::message::Tenant;

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

    /// Move the group to the ends of its topics before anything is sent; nobody may be in it
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(in crate::cli) group_from: Option<From>,

    /// Play in this tenant, for an implementation that knows only some; may be given several times
    #[arg(long, value_name = "REGION:MAJOR.MINOR:UUID", value_parser = tenant)]
    pub(in crate::cli) tenant: Vec<Tenant>,

    /// Who stands in for its neighbours
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Stand::Reference)]
    pub(in crate::cli) neighbours: Stand,

    /// For how long random sequences are played
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(in crate::cli) budget: Duration,

    /// How long it may take until the implementation takes inputs
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(in crate::cli) wait: Duration,

    /// When all is to be said, from the start on: four minutes and four budgets if not given. What
    /// is not verified by then is not exercised
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) limit: Option<Duration>,

    /// A kind of input that is not sent, as reports name it: `empty-value` or
    /// `ban.command/CREATE:BAN-2`; may be given several times
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) skip_input: Vec<String>,

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

/// Where the group begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum From {
    /// Behind everything that is there.
    Latest,
}

/// A tenant as people write it: `GMS:83.1:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10`.
fn tenant(text: &str) -> Result<Tenant, String> {
    let form = || {
        "write REGION:MAJOR.MINOR:UUID, e.g. GMS:83.1:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10"
            .to_owned()
    };
    let mut parts = text.split(':');
    let (Some(region), Some(version), Some(id), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(form());
    };
    if region.is_empty() || region.contains(char::is_whitespace) {
        return Err(format!("{region:?} is no region; {}", form()));
    }
    let (major, minor) = version.split_once('.').ok_or_else(form)?;
    let number = |what: &str, text: &str| {
        text.parse::<u16>().map_err(|_| format!("the {what} {text:?} is no number up to 65535"))
    };
    let (major, minor) = (number("major version", major)?, number("minor version", minor)?);
    let is_whole = id.len() == uuid::fmt::Hyphenated::LENGTH;
    let parsed = uuid::Uuid::try_parse(id).ok().filter(|_| is_whole);
    let id = parsed.ok_or_else(|| format!("{id:?} is no UUID; {}", form()))?;
    Ok(Tenant { id, region: region.into(), major, minor })
}

/// Who stands in for the neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Stand {
    /// Nobody.
    None,
    /// The reference services.
    Reference,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::tenant;

    #[test]
    fn a_tenant_is_read() {
        let read = tenant("GMS:83.1:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10").unwrap();
        assert_eq!((&*read.region, read.major, read.minor), ("GMS", 83, 1));
        assert_eq!(read.id.to_string(), "0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10");
    }

    #[rstest]
    #[case("GMS", "write REGION:MAJOR.MINOR:UUID")]
    #[case("GMS:83:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10", "write REGION:MAJOR.MINOR:UUID")]
    #[case("GMS:83.1:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10:x", "write REGION:MAJOR.MINOR:UUID")]
    #[case(":83.1:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10", "\"\" is no region")]
    #[case("GMS:70000.1:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10", "the major version \"70000\"")]
    #[case("GMS:83.x:0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10", "the minor version \"x\"")]
    #[case("GMS:83.1:0b8f5c1e", "\"0b8f5c1e\" is no UUID")]
    #[case("GMS:83.1:0b8f5c1e6b7a4b1f9a556c3f3f1f2a10", "is no UUID")]
    fn what_is_no_tenant_says_why(#[case] text: &str, #[case] why: &str) {
        let told = tenant(text).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
}
