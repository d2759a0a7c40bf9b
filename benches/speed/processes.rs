//! `suite` and `startup`: what a user waits for, whole processes, cold start included.

use std::process::{Command, Stdio};

use crate::{Figure, median_s};

const ROUNDS: usize = 15;

/// Milliseconds for 100 tests of the scenario suite, with one thread.
pub(crate) fn suite() -> Figure {
    let listed = Command::new(env!("CARGO_BIN_EXE_quintet")).arg("list").output();
    let tests = listed.expect("the binary runs").stdout.split(|byte| *byte == b'\n').count() - 1;
    assert!(tests > 0, "there is no suite below {}", env!("CARGO_MANIFEST_DIR"));
    let value = milliseconds(&["run", "--jobs", "1"]) * 100.0 / tests as f64;
    Figure { value, unit: "ms/100 tests", ratio: value / 50.0, to: "50 ms" }
}

/// Milliseconds for `quintet --version`.
pub(crate) fn startup() -> Figure {
    let value = milliseconds(&["--version"]);
    Figure { value, unit: "ms", ratio: value / 5.0, to: "5 ms" }
}

fn milliseconds(args: &[&str]) -> f64 {
    1000.0
        * median_s(ROUNDS, || {
            let status = Command::new(env!("CARGO_BIN_EXE_quintet"))
                .args(args)
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            assert!(status.expect("the binary runs").success(), "quintet {args:?} failed");
        })
}
