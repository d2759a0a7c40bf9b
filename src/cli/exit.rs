//! Exit codes: one table, from which the program, `explain`, the documents and the tests are made.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All that was asked was checked and holds.
    Holds,
    /// Something that was checked does not hold.
    Violation,
    /// The command line or a file cannot be used.
    Unusable,
    /// Something could not be checked.
    Unchecked,
    /// Nothing can be said.
    Inconclusive,
    /// A bug of quintet.
    Bug,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ExitInfo {
    /// Which.
    pub exit: Exit,
    /// The code that the process ends with.
    pub code: u8,
    /// What it means, in one line.
    pub title: &'static str,
    /// When it comes, and what to do.
    pub explanation: &'static str,
}

/// All exit codes, by code.
pub static EXITS: &[ExitInfo] = &[
    ExitInfo {
        exit: Exit::Holds,
        code: 0,
        title: "all that was asked was checked and holds",
        explanation: "Every selected test ran and passed; no rule that was judged is broken, but for \
                      violations that are accepted. Advisories, and single rules and messages \
                      that were not exercised, are reported and keep 0.",
    },
    ExitInfo {
        exit: Exit::Violation,
        code: 1,
        title: "something that was checked does not hold",
        explanation: "A test failed: an expectation was not met, a record was not claimed, a \
                      contract or a rule was broken; or an implementation, or what flows, breaks a \
                      rule; or a change of a schema or document breaks its readers; or \
                      documents disagree, and that is not accepted. The report shows where, with \
                      the records, or the value.",
    },
    ExitInfo {
        exit: Exit::Unusable,
        code: 2,
        title: "the command line or a file cannot be used",
        explanation: "An option is not known, a file cannot be read or written, or it does not \
                      follow the format, like a capture with damaged lines. Other files are still \
                      used by `run`, so that one call shows everything.",
    },
    ExitInfo {
        exit: Exit::Unchecked,
        code: 3,
        title: "something could not be checked",
        explanation: "The setup of a test did not succeed, so nothing is known about what the \
                      test is for: it is reported as broken, not as failed. Or no broker answers \
                      at the address, it refuses the login or goes away, a topic is missing, or no \
                      implementation takes what is sent: the message on stderr says which. Or a \
                      signal ended a verification: the report has what was known by then.",
    },
    ExitInfo {
        exit: Exit::Inconclusive,
        code: 4,
        title: "nothing can be said",
        explanation: "No test was selected, or a test that was could not run here; a verdict on a \
                      rule is inconclusive, or no rule at all was exercised; or whether a change \
                      of a schema breaks is undecided. What was not run or not exercised is not a \
                      pass.",
    },
    ExitInfo {
        exit: Exit::Bug,
        code: 101,
        title: "a bug of quintet",
        explanation: "The program met a state that its authors held impossible. No input should \
                      do that; please report it with the command and the files.",
    },
];

impl Exit {
    /// The row of the table.
    #[must_use]
    pub fn info(self) -> &'static ExitInfo {
        let row = EXITS.iter().find(|info| info.exit == self);
        row.expect("a test holds that each exit has a row")
    }

    /// The code that stands for both: a bug before all, then 2, 1, 3, 4.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        const ORDER: [Exit; 6] = [
            Exit::Bug,
            Exit::Unusable,
            Exit::Violation,
            Exit::Unchecked,
            Exit::Inconclusive,
            Exit::Holds,
        ];
        let either = ORDER.into_iter().find(|one| *one == self || *one == other);
        either.unwrap_or(Exit::Bug)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.info().code)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{EXITS, Exit};

    #[rstest]
    #[case(Exit::Holds, 0)]
    #[case(Exit::Violation, 1)]
    #[case(Exit::Unusable, 2)]
    #[case(Exit::Unchecked, 3)]
    #[case(Exit::Inconclusive, 4)]
    #[case(Exit::Bug, 101)]
    fn each_exit_has_its_code(#[case] exit: Exit, #[case] code: u8) {
        assert_eq!(exit.info().code, code);
        assert_eq!(EXITS.iter().filter(|info| info.exit == exit).count(), 1);
    }

    #[rstest]
    #[case(&[], Exit::Holds)]
    #[case(&[Exit::Inconclusive], Exit::Inconclusive)]
    #[case(&[Exit::Inconclusive, Exit::Unchecked], Exit::Unchecked)]
    #[case(&[Exit::Unchecked, Exit::Violation, Exit::Inconclusive], Exit::Violation)]
    #[case(&[Exit::Violation, Exit::Unusable, Exit::Unchecked], Exit::Unusable)]
    #[case(&[Exit::Unusable, Exit::Bug], Exit::Bug)]
    fn the_gravest_of_several_counts(#[case] several: &[Exit], #[case] all: Exit) {
        assert_eq!(several.iter().fold(Exit::Holds, |a, b| a.and(*b)), all);
        assert_eq!(several.iter().rev().fold(Exit::Holds, |a, b| a.and(*b)), all);
    }
}
