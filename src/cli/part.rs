//! Which part of captured records is judged: from when or where, until when or where, of whom.

use clap::Args;
use uuid::Uuid;

use crate::capture::Captured;
use crate::message::{Record, parse_timestamp};

/// The part of some records.
#[derive(Debug, Args)]
pub(super) struct Part {
    /// Only records from this time (2026-11-28 or 2026-11-28T14:05:00Z) on, or from this offset of
    /// each partition (a whole number)
    #[arg(long, value_name = "TIME|OFFSET", value_parser = bound)]
    from: Option<Bound>,

    /// Only records before this time, or before this offset of each partition
    #[arg(long, value_name = "TIME|OFFSET", value_parser = bound)]
    to: Option<Bound>,

    /// Only records of this tenant, by its id; those that name no tenant stay
    #[arg(long, value_name = "UUID")]
    tenant: Option<Uuid>,
}

/// A moment, or a place in each partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// Milliseconds of Unix time.
    Time(i64),
    /// An offset.
    Offset(u64),
}

impl Bound {
    /// Whether a record lies before it.
    fn is_behind(self, one: &Captured) -> bool {
        match self {
            Self::Time(ms) => one.timestamp_ms < ms,
            Self::Offset(offset) => one.offset.0 < offset,
        }
    }
}

impl Part {
    /// Leaves out what lies before or behind.
    pub(super) fn cut(&self, records: &mut Vec<Captured>) {
        records.retain(|one| {
            self.from.is_none_or(|from| !from.is_behind(one))
                && self.to.is_none_or(|to| to.is_behind(one))
        });
    }

    /// Whether a record is of the tenant that is asked for, or of none.
    pub(super) fn admits(&self, record: &Record) -> bool {
        let of = |wanted: Uuid| record.headers.tenant().map_or(true, |own| own.id == wanted);
        self.tenant.is_none_or(of)
    }

    /// How many records are judged, where not all that were read are.
    pub(super) fn note(&self, read: usize, judged: usize) -> Option<String> {
        let all = self.from.is_none() && self.to.is_none() && self.tenant.is_none();
        (!all)
            .then(|| format!("{judged} of {read} records are judged: the others are not asked for"))
    }
}

fn bound(text: &str) -> Result<Bound, String> {
    if let Ok(offset) = text.parse() {
        return Ok(Bound::Offset(offset));
    }
    let day = text.len() == "2026-11-28".len();
    let moment =
        if day { parse_timestamp(&format!("{text}T00:00:00Z")) } else { parse_timestamp(text) };
    let ms = moment.and_then(|ns| i64::try_from(ns.div_euclid(1_000_000)).ok());
    let help = "write a time like 2026-11-28T14:05:00Z or 2026-11-28, or an offset";
    ms.map(Bound::Time).ok_or_else(|| help.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Bound, bound};

    #[rstest]
    #[case("0", Some(Bound::Offset(0)))]
    #[case("1795000000000", Some(Bound::Offset(1_795_000_000_000)))]
    #[case("1970-01-02", Some(Bound::Time(86_400_000)))]
    #[case("1970-01-01T01:00:00.5+01:00", Some(Bound::Time(500)))]
    #[case("2026-02-30", None)]
    #[case("-1", None)]
    #[case("noon", None)]
    fn a_bound_is_a_time_or_an_offset(#[case] text: &str, #[case] expected: Option<Bound>) {
        assert_eq!(bound(text).ok(), expected);
    }
}
