//! The table of rules.

/// The id of a rule, e.g. `BAN-5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

impl RuleId {
    /// The id as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}
