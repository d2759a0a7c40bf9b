//! GitHub's workflow commands: lines of a step's output that become annotations.

use super::Told;
use crate::diagnostic::{Diagnostic, Severity};
use crate::scenario::run::{Trouble, Verdict};

/// How grave an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Something does not hold.
    Error,
    /// Something could not be checked.
    Warning,
    /// Something is remarked.
    Notice,
}

/// `::error file=…,line=…,col=…,title=…::…`; `at` is a path of the repository with line and column.
pub(crate) fn annotation(
    level: Level,
    title: &str,
    at: Option<(&str, usize, usize)>,
    message: &str,
) -> String {
    let command = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let place = at.map_or_else(String::new, |(path, line, column)| {
        format!("file={},line={line},col={column},", property(path))
    });
    format!("::{command} {place}title={}::{}", property(title), data(message))
}

/// A line for each reason why a test did not pass, and for each remark of a rule.
pub(crate) fn test(told: &Told<'_>) -> Vec<String> {
    let outcome = told.outcome;
    let level = match outcome.verdict {
        Verdict::Passed => Level::Notice,
        Verdict::Failed | Verdict::Broken => Level::Error,
        Verdict::NotRun => Level::Warning,
    };
    let own = (told.path().to_owned(), 1, 1);
    let place = |trouble: &Trouble| match &trouble.place {
        Some(place) => {
            let (line, column) = place.file.position(place.span.start);
            (place.file.path.clone(), line, column)
        }
        None => own.clone(),
    };
    let troubles = outcome.troubles.iter().map(|trouble| {
        let (path, line, column) = place(trouble);
        let title = format!("{}: {}", outcome.test, trouble.code);
        let message = format!("{}\ntest: {}\nagain: {}", trouble.message, told.title(), told.again);
        annotation(level, &title, Some((&path, line, column)), &message)
    });
    let advisories = outcome.advisories.iter().map(|finding| {
        let title = format!("{}: advisory of {}", outcome.test, finding.rule);
        annotation(Level::Notice, &title, Some((&own.0, 1, 1)), &finding.message)
    });
    troubles.chain(advisories).collect()
}

/// Why no test could be run.
#[cfg(feature = "kafka")]
pub(crate) fn error(message: &str) -> String {
    annotation(Level::Error, "no test is run", None, message)
}

/// A problem of a file.
pub(crate) fn diagnostic(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    };
    let (line, column) = diagnostic.position();
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let at = (diagnostic.file.path.as_str(), line, column);
    annotation(level, diagnostic.code, Some(at), &message)
}

/// Text as the message of a command.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    // What a terminal would act on has no place in a log either.
    text.replace(|c: char| c.is_control(), "\u{fffd}")
}

/// Text as a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{Level, annotation};

    #[test]
    fn what_github_would_take_for_its_own_is_escaped() {
        let line = annotation(
            Level::Error,
            "BAN-5: 50%, at once",
            Some(("a,b:c.yaml", 3, 7)),
            "first: 100%\r\n::error::second\u{1b}[31m",
        );
        assert_eq!(
            line,
            "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=BAN-5%3A 50%25%2C at once\
             ::first: 100%25%0D%0A::error::second\u{fffd}[31m"
        );
        assert_eq!(annotation(Level::Notice, "t", None, "m"), "::notice title=t::m");
    }
}
