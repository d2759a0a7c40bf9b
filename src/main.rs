//! The command-line tool `quintet`: [`quintet::cli`] with the packs that the library carries.

use std::process::ExitCode;

fn main() -> ExitCode {
    quintet::cli::run(&quintet::services::packs())
}
