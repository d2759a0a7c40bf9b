//! Virtual time: milliseconds since a run began, and the calendar it is shown in.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;

/// A moment of a run, in milliseconds since its start. Runs start at 2026-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualTime(u64);

/// Unix time, in seconds, at which every run starts.
const EPOCH_S: i64 = 1_767_225_600;

impl VirtualTime {
    /// The start of a run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// A moment `ms` milliseconds after the start.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the start.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// The moment `duration` later; stops at [`VirtualTime::NEVER`].
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after another moment this is; nothing where it is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment at which Unix time reads `seconds`; moments before the start are the start.
    #[must_use]
    pub fn from_unix_s(seconds: i64) -> Self {
        let since = i128::from(seconds) - i128::from(EPOCH_S);
        Self(u64::try_from(since.max(0) * 1000).unwrap_or(u64::MAX))
    }

    /// The moment at which Unix time reads `ms` milliseconds; moments before the start are the
    /// start.
    #[must_use]
    pub fn from_unix_ms(ms: i64) -> Self {
        let since = i128::from(ms) - i128::from(EPOCH_S) * 1000;
        Self(u64::try_from(since.max(0)).unwrap_or(u64::MAX))
    }

    /// Unix time in milliseconds.
    #[must_use]
    pub fn as_unix_ms(self) -> i64 {
        (EPOCH_S * 1000).saturating_add_unsigned(self.0)
    }

    /// Unix time in whole seconds.
    #[must_use]
    pub fn as_unix_s(self) -> i64 {
        EPOCH_S.saturating_add_unsigned(self.0 / 1000)
    }

    /// The first multiple of `period` that is not before this moment.
    #[must_use]
    pub fn next_multiple(self, period: Duration) -> Self {
        let period = u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1);
        Self(self.0.checked_next_multiple_of(period).unwrap_or(u64::MAX))
    }

    /// RFC 3339 text in UTC with milliseconds, as timestamps are written in messages.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let ms = EPOCH_S.saturating_mul(1000).saturating_add_unsigned(self.0);
        let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
        format!("{at:.3}")
    }
}

impl fmt::Display for VirtualTime {
    /// Seconds with three digits: `2.001 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1000, self.0 % 1000)
    }
}

/// Unix time in nanoseconds of an RFC 3339 timestamp (at most nine fractional digits, an offset or
/// `Z`), `None` where the text is not one or is of the last days that can be told.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i128> {
    let timestamp: Timestamp = is_rfc3339(text).then(|| text.parse().ok()).flatten()?;
    Some(timestamp.as_nanosecond())
}

/// Whether a text is a moment as RFC 3339 writes it: `2026-01-01T00:00:00.123456789+01:00`, with at
/// most nine fractional digits, capital letters and no leap second. Which days there are jiff
/// knows, which also reads other forms of ISO 8601.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    const SHAPE: &[u8; 19] = b"0000-00-00T00:00:00";
    let Some((whole, rest)) = text.split_at_checked(SHAPE.len()) else {
        return false;
    };
    let mut shaped = whole.bytes().zip(SHAPE).map(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == *shape,
    });
    let offset = rest.strip_prefix('.').map_or(Some(rest), |fraction| {
        let offset = fraction.trim_start_matches(|char: char| char.is_ascii_digit());
        (1..=9).contains(&(fraction.len() - offset.len())).then_some(offset)
    });
    let is_offset = |offset: &str| match offset.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', hour @ .., b':', b'0'..=b'5', b'0'..=b'9'] => {
            matches!(hour, [b'0' | b'1', b'0'..=b'9'] | [b'2', b'0'..=b'3'])
        }
        _ => false,
    };
    shaped.all(|fits| fits)
        && offset.is_some_and(is_offset)
        && !whole.ends_with("60")
        && whole.parse::<DateTime>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{VirtualTime, parse_timestamp};

    #[test]
    fn a_moment_is_written_and_read_back() {
        let text = VirtualTime::from_ms(61_007).to_rfc3339();
        assert_eq!(text, "2026-01-01T00:01:01.007Z");
        assert_eq!(parse_timestamp(&text), Some(1_767_225_661_007_000_000));
        assert_eq!(VirtualTime::from_ms(61_007).as_unix_s(), 1_767_225_661);
    }

    #[test]
    fn moments_stay_in_range() {
        assert_eq!(VirtualTime::from_unix_s(i64::MIN), VirtualTime::ZERO);
        assert!(VirtualTime::from_unix_s(i64::MAX) > VirtualTime::from_unix_s(4_000_000_000));
        assert!(!VirtualTime::NEVER.to_rfc3339().is_empty());
        assert_eq!(parse_timestamp("2026-01-01"), None);
        assert_eq!(parse_timestamp("0001-01-01T00:00:00Z"), Some(-62_135_596_800_000_000_000));
    }
}
