//! Where sets of contracts come from: files, a folder.

use std::path::Path;
use std::sync::Arc;

use super::{Contracts, read};
use crate::diagnostic::{Diagnostic, SourceFile, Span};

/// How the names of contract files end.
const SUFFIX: &str = ".asyncapi.yaml";

impl Contracts {
    /// Reads contracts that belong together. All problems are reported; `None` if any is an error.
    pub fn read(files: &[Arc<SourceFile>], diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut found = Vec::new();
        let contracts = files.iter().filter_map(|file| read::contract(file, &mut found)).collect();
        let set = Self::of(contracts, &mut found);
        let good = !found.iter().any(Diagnostic::is_error);
        diagnostics.append(&mut found);
        good.then_some(set)
    }

    /// Reads all `*.asyncapi.yaml` of a folder, in the order of their names.
    pub fn read_dir(folder: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let unreadable = |path: &Path, message: String| {
            let file = SourceFile::new(path.display().to_string(), "");
            Diagnostic::error("contract::unreadable", message, &file, Span::default())
        };
        let entries = std::fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        });
        let mut paths = match entries {
            Ok(paths) => paths,
            Err(error) => {
                diagnostics.push(unreadable(folder, format!("the folder cannot be read: {error}")));
                return None;
            }
        };
        paths.retain(|path| path.to_string_lossy().ends_with(SUFFIX));
        paths.sort();
        if paths.is_empty() {
            let message = format!("the folder has no file that ends in {SUFFIX}");
            diagnostics.push(unreadable(folder, message));
            return None;
        }
        let mut files = Vec::with_capacity(paths.len());
        for path in &paths {
            match std::fs::read(path) {
                Ok(bytes) => {
                    let name = path.display().to_string();
                    files.extend(SourceFile::from_bytes(name, &bytes, diagnostics));
                }
                Err(error) => {
                    diagnostics.push(unreadable(path, format!("the file cannot be read: {error}")));
                }
            }
        }
        let set = Self::read(&files, diagnostics)?;
        (files.len() == paths.len()).then_some(set)
    }
}
