//! `list` and `lint`: what is there, and what is wrong with it.

use super::args::{Lint, List};
use super::exit::Exit;
use super::files::{FRAGMENT, SCENARIO};
use super::load;
use super::terminal::Terminal;
use crate::diagnostic::Severity;
use crate::pack::Packs;
use crate::report::style::{BAD, FAINT, GOOD, UNSURE, count, one_line, paint};

/// Names are padded up to this.
const NAME_WIDTH: usize = 48;

/// One line a test: its name, what it says, its tags.
pub(super) fn list(args: &List, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let Some(loaded) = load::select(&args.selection, packs, terminal) else {
        return Exit::Unusable;
    };
    let name_width = |name: &str| name.chars().count();
    let widest = loaded.plans.iter().map(|plan| name_width(&plan.name)).max();
    let width = widest.unwrap_or(0).min(NAME_WIDTH);
    for plan in &loaded.plans {
        let name = one_line(&plan.name);
        let title = one_line(&plan.scenario.title);
        let mut line = format!("{name:width$}  {title}");
        if !plan.scenario.tags.is_empty() {
            let tags = one_line(&plan.scenario.tags.join(", "));
            line.push_str(&paint(FAINT, format!("  [{tags}]")));
        }
        terminal.line(&line);
    }
    loaded.exit
}

/// All problems of all files, and how many there are.
pub(super) fn lint(args: &Lint, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let endings = [SCENARIO, FRAGMENT];
    let Some(loaded) = load::load((&args.paths, &endings), (&args.contracts, packs), terminal)
    else {
        return Exit::Unusable;
    };
    for diagnostic in &loaded.diagnostics {
        terminal.line(&load::told(diagnostic));
        terminal.line("");
    }
    let files = count(loaded.files, "file", "files");
    if loaded.diagnostics.is_empty() {
        if loaded.files > 0 {
            let tests = count(loaded.plans.len(), "test", "tests");
            let fine = paint(GOOD, "no problems");
            terminal.line(&format!("{fine} in {files} with {tests}"));
        } else if loaded.exit == Exit::Holds {
            terminal.error("there is no *.scenario.yaml or *.fragment.yaml file there");
            return Exit::Inconclusive;
        }
        return loaded.exit;
    }
    let [errors, warnings] = [Severity::Error, Severity::Warning].map(|of| loaded.count(of));
    let style = if errors > 0 { BAD } else { UNSURE };
    let errors = paint(style, count(errors, "error", "errors"));
    let warnings = count(warnings, "warning", "warnings");
    terminal.line(&format!("{errors} and {warnings} in {files}"));
    loaded.exit
}
