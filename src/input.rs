//! Files that a command line names, where `-` is standard input.
//!
//! What always holds: standard input is handed out once; who asks for it again is told so, and does
//! not get an empty file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// What reports call standard input.
pub const SHOWN_STDIN: &str = "<stdin>";

static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether a path stands for standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// A path as reports show it, with `/` between its parts.
#[must_use]
pub fn shown(path: &Path) -> String {
    if is_stdin(path) {
        return SHOWN_STDIN.to_owned();
    }
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// Opens a file, or standard input.
///
/// # Errors
/// Where the file cannot be opened, or standard input was read before.
pub fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if !is_stdin(path) {
        return Ok(Box::new(File::open(path)?));
    }
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::Error::other("standard input can be read once, and `-` is there twice"));
    }
    Ok(Box::new(io::stdin()))
}

/// All bytes of a file, or of standard input.
///
/// # Errors
/// As [`open`], and where reading fails.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file, or of standard input.
///
/// # Errors
/// As [`read`], and where it is no UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}
