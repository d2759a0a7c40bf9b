//! Mutants that are known to survive, each with the reason, as a file has them.
//!
//! What always holds: one whose reason begins with `missed:` is a gap in the rules, and counts as a
//! mutant that is not killed; any other is no mistake at all, and does not count.

use std::collections::BTreeMap;

use super::survey::Audit;

/// The mutants of a file, by name, with the reason why nothing finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survivors(pub BTreeMap<String, String>);

impl Survivors {
    /// Whether a mutant is known to do nothing that is forbidden.
    #[must_use]
    pub fn is_equivalent(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|reason| !reason.starts_with("missed:"))
    }

    /// Whether a mutant that is listed is found after all: by a rule, or, where it is listed as a
    /// gap, by anything.
    #[must_use]
    pub fn is_outdated(&self, name: &str, audit: &Audit) -> bool {
        let Some(reason) = self.0.get(name) else { return false };
        if reason.starts_with("missed:") { audit.is_killed() } else { !audit.is_harmless() }
    }

    /// Reads lines `NAME  reason`; `#` begins a comment.
    ///
    /// # Errors
    /// A sentence with the number of the first line that has no reason, or a name twice.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut found = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, reason)) = line.split_once(char::is_whitespace) else {
                return Err(format!("line {number}: a reason is missing behind the name"));
            };
            if found.insert(name.to_owned(), reason.trim().to_owned()).is_some() {
                return Err(format!("line {number}: {name} stands there twice"));
            }
        }
        Ok(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use super::Survivors;

    #[test]
    fn each_survivor_has_a_reason() {
        let read = Survivors::read("# known\n\na/B-1/c  nobody sees it\n").unwrap();
        assert_eq!(read.0.get("a/B-1/c").map(String::as_str), Some("nobody sees it"));
        let bare = Survivors::read("a/B-1/c\n").unwrap_err();
        assert_eq!(bare, "line 1: a reason is missing behind the name");
        let twice = Survivors::read("a x\na y\n").unwrap_err();
        assert_eq!(twice, "line 2: a stands there twice");
    }
}
