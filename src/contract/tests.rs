use super::{BUILTIN, Contracts};
use crate::diagnostic::{SourceFile, render};

#[test]
fn the_contracts_of_the_program_have_no_problem() {
    let files = BUILTIN.map(|(path, text)| SourceFile::new(path, text));
    let mut diagnostics = Vec::new();
    let set = Contracts::read(&files, &mut diagnostics);
    let shown: Vec<_> = diagnostics.iter().map(|one| render(one, false)).collect();
    assert!(diagnostics.is_empty(), "{}", shown.join("\n"));
    assert_eq!(set.map(|set| set.channels().len()), Some(13));
}
