//! Documents as they are and as they were, from folders and from git.

use std::path::Path;

use super::git::{self, Snapshot};
use super::terminal::Terminal;
use super::{documents, load};
use crate::compatibility::breaking::Version;

/// Which commits are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum History {
    /// That which is named.
    One,
    /// And each later one that changed the documents.
    Since,
}

/// The versions that are named, the oldest first; what is wrong is told.
pub(super) fn versions(
    path: &Path,
    against: &[String],
    history: History,
    terminal: &mut Terminal,
) -> Option<Vec<Version>> {
    let mut olds = Vec::new();
    for against in against {
        let folder = Path::new(against);
        if folder.exists() {
            let contracts = documents::contracts(&[folder.to_owned()], terminal)?;
            olds.push(Version { label: load::shown(folder), contracts });
            continue;
        }
        let snapshots = git::snapshots(path, against, history == History::Since);
        let snapshots = match snapshots {
            Ok(snapshots) => snapshots,
            Err(error) => {
                terminal.error(&error.to_string());
                return None;
            }
        };
        for Snapshot { label, sources, commit } in snapshots {
            let contracts = documents::of_sources((sources, &commit), terminal)?;
            olds.push(Version { label, contracts });
        }
    }
    Some(olds)
}
