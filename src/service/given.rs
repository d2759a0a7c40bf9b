//! What a scenario says the world holds before it starts.

use crate::message::Json;

/// The `given` of a scenario, as one service sees it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The service's own entry under `settings`.
    pub settings: Option<&'a Json>,
    /// All data by name (`characters`, `equipment`, …); each a list.
    pub data: &'a [(String, Json)],
}

impl Given<'_> {
    /// The entries of one kind of data, none where it is not given.
    ///
    /// # Errors
    /// A sentence when the data is not a list.
    pub fn entries(&self, kind: &str) -> Result<&[Json], String> {
        match self.data.iter().find(|(name, _)| name == kind) {
            None => Ok(&[]),
            Some((_, Json::Array(entries))) => Ok(entries),
            Some((_, other)) => Err(format!("{kind} must be a list, not {}", other.kind())),
        }
    }
}
