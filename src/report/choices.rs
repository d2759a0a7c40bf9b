//! Choice files: the choices of one run by name, from which it can be replayed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::scenario::TestPlan;
use crate::scenario::run::Outcome;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// What a choice file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceFile {
    /// The version of the file's form.
    format: u32,
    /// The test's name.
    pub(crate) test: String,
    /// The path of its scenario, as it was named for the run.
    pub(crate) path: String,
    /// The seed of the run.
    pub(crate) seed: u64,
    /// Which of the run's schedules it is.
    pub(crate) schedule: u32,
    /// What was chosen wherever there was more than one option.
    pub(crate) choices: Vec<String>,
}

impl ChoiceFile {
    /// The choices of a run.
    pub(crate) fn of(plan: &TestPlan, outcome: &Outcome) -> Self {
        Self {
            format: FORMAT,
            test: outcome.test.clone(),
            path: plan.scenario.file.path.clone(),
            seed: outcome.seed.0,
            schedule: outcome.schedule,
            choices: outcome.choices.clone(),
        }
    }

    /// The text of the file.
    pub(crate) fn written(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("texts and numbers are always written") + "\n"
    }

    /// Reads a choice file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn read(file: &Arc<SourceFile>) -> Result<Self, Box<Diagnostic>> {
        let read: Self = serde_json::from_str(&file.text).map_err(|error| {
            let start = file.line_span(error.line().max(1)).start;
            // serde_json counts columns in bytes.
            let span = file.clamp(Span::new(start + error.column().saturating_sub(1), start));
            let said = error.to_string();
            let (why, _) = said.rsplit_once(" at line ").unwrap_or((&said, ""));
            let diagnostic = Diagnostic::error("choices::damaged", why, file, span);
            Box::new(diagnostic.help("`quintet run --save DIR` writes such files"))
        })?;
        if read.format == FORMAT {
            return Ok(read);
        }
        let message = format!("choice files of format {} cannot be read", read.format);
        let at = file.text.find("\"format\"").unwrap_or(0);
        let span = Span::new(at, at + "\"format\"".len());
        let diagnostic = Diagnostic::error("choices::unknown-format", message, file, span);
        Err(Box::new(diagnostic.label(format!("this version reads format {FORMAT}"))))
    }
}

/// A name for the choice file of a test: its name with what no file name bears replaced.
pub(crate) fn file_name(test: &str) -> String {
    const MAX_CHARS: usize = 100;
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }
    };
    let name: String = test.replace("::", "--").chars().map(plain).take(MAX_CHARS).collect();
    format!("{}.choices.json", name.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ChoiceFile, file_name};
    use crate::diagnostic::SourceFile;

    const GOOD: &str = r#"{"format":1,"test":"a::b","path":"a.yaml","seed":18446744073709551615,
"schedule":3,"choices":["step ban"]}"#;

    fn read(text: &str) -> Result<ChoiceFile, (&'static str, (usize, usize))> {
        let file = SourceFile::new("x.json", text);
        ChoiceFile::read(&file).map_err(|wrong| (wrong.code, wrong.position()))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let good = read(GOOD).unwrap();
        assert_eq!((good.seed, good.schedule), (u64::MAX, 3));
        assert_eq!(read(&good.written()), Ok(good));
    }

    #[rstest]
    #[case::cut("{\"format\":1,", ("choices::damaged", (1, 12)))]
    #[case::empty("", ("choices::damaged", (1, 1)))]
    #[case::other_json("[]", ("choices::damaged", (1, 2)))]
    #[case::wide_characters("{\"ü\":1}", ("choices::damaged", (1, 4)))]
    #[case::unknown_field("{\n\"formt\":1}", ("choices::damaged", (2, 7)))]
    fn damage_has_a_place(#[case] text: &str, #[case] place: (&str, (usize, usize))) {
        let (code, at) = read(text).unwrap_err();
        assert_eq!((code, at), place);
    }

    #[test]
    fn another_format_is_refused() {
        let text = GOOD.replace("\"format\":1", "\"format\":2");
        assert_eq!(read(&text).unwrap_err().0, "choices::unknown-format");
    }

    #[test]
    fn any_cut_file_is_refused() {
        for end in 0..GOOD.len() {
            assert!(read(&GOOD[..end]).is_err(), "{end}");
        }
    }

    #[rstest]
    #[case("account/lockout::first try", "account-lockout--first-try.choices.json")]
    #[case("../../etc", "-..-etc.choices.json")]
    fn names_of_files_are_plain(#[case] test: &str, #[case] name: &str) {
        assert_eq!(file_name(test), name);
    }
}
