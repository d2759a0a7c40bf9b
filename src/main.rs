//! The command-line tool `quintet`; all of it is in [`quintet::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    quintet::cli::main()
}
