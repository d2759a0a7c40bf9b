//! `contracts`: what is said of contracts and schemas themselves, offline.

use super::args::{Contracts, ContractsCommand};
use super::exit::Exit;
use super::terminal::Terminal;
use super::{breaking, drift, matrix};
use crate::pack::Packs;

/// A comparison nests as deep as schemas do, and each level takes some stack.
const STACK_BYTES: usize = 256 << 20;

/// Does what is asked for.
pub(super) fn contracts(args: &Contracts, packs: &Packs, terminal: &mut Terminal) -> Exit {
    match &args.command {
        ContractsCommand::Breaking(args) => breaking::breaking(args, terminal),
        ContractsCommand::Matrix(args) => matrix::matrix(args, terminal),
        ContractsCommand::Drift(args) => drift::drift(args, packs, terminal),
        ContractsCommand::Compare(args) => super::compare::compare(args, terminal),
        ContractsCommand::Show(args) => super::contracts_show::show(args, terminal),
        ContractsCommand::Coverage(args) => super::coverage::coverage(args, packs, terminal),
        ContractsCommand::Needs(args) => super::needs::needs(args, packs, terminal),
        ContractsCommand::Check(args) => super::contracts_check::check(args, terminal),
    }
}

pub(super) fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, work).ok()?.join() {
            Ok(done) => Some(done),
            Err(bug) => std::panic::resume_unwind(bug),
        }
    })
}
