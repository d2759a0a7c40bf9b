//! A panic is a bug of quintet: it is said so, and the process ends with the code for it.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::exit::Exit;

/// Does the work; of a panic in it, on whatever thread, people are told that it is our bug. One of
/// a library that is caught is none.
pub(super) fn caught(work: impl FnOnce() -> Exit) -> Exit {
    let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|set| set != "0");
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        #[cfg(feature = "kafka")]
        if crate::kafka::catches() {
            return;
        }
        // Nothing can be done where stderr is closed.
        let _ = writeln!(std::io::stderr(), "{}", said(info));
        if backtrace {
            default(info);
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(Exit::Bug)
}

/// The place and, where it is a fixed text, the message: others may hold a user's values.
fn said(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, ToString::to_string);
    let message = info.payload().downcast_ref::<&'static str>().unwrap_or(&"");
    format!(
        "error: this is a bug of quintet {}, at {place}\n  {message}\n  \
         Please report it with the command and the files; RUST_BACKTRACE=1 shows more.",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::caught;
    use crate::cli::Exit;

    #[test]
    fn a_panic_ends_with_the_code_for_a_bug() {
        assert_eq!(caught(|| panic!("on purpose")), Exit::Bug);
        assert_eq!(caught(|| Exit::Unchecked), Exit::Unchecked);
        drop(std::panic::take_hook());
    }
}
