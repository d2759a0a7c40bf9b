//! A JSON Schema, compiled, and what is wrong with a value by it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use super::approximate;
use crate::asyncapi::{At, Document, Schema};
use crate::contract::encoding::is_uuid;
use crate::contract::judge::MASK;
use crate::contract::problem::{Problem, ProblemKind, Severity};
use crate::contract::program::Program;
use crate::evolution::Draft;
use crate::yaml::is_secret_name;

/// Longer values are cut where they are shown.
const SHOWN_CHARS: usize = 60;
/// So many problems of one value are told.
const MOST_PROBLEMS: usize = 50;

/// A schema that values are checked against.
pub(in crate::contract) struct Compiled {
    pub(in crate::contract) schema: Arc<Schema>,
    /// As near as the portable keywords come to it.
    pub(in crate::contract) typed: crate::contract::Schema,
    validator: jsonschema::Validator,
    /// What may say *yes* at once.
    program: Option<Program>,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compiled({})", self.schema.value)
    }
}

/// Whose problems are told, and what is never shown.
#[derive(Clone, Copy)]
pub(in crate::contract) struct Voice<'a> {
    pub(in crate::contract) document: &'a Document,
    pub(in crate::contract) sensitive: &'a BTreeSet<String>,
}

impl Compiled {
    /// Compiles a schema; where it is none, the place and what is wrong.
    pub(in crate::contract) fn new(schema: &Arc<Schema>) -> Result<Self, (At, String)> {
        let draft = match schema.draft {
            Draft::Seven => jsonschema::Draft::Draft7,
            Draft::Latest => jsonschema::Draft::Draft202012,
        };
        let validator = validator(draft, &schema.value).map_err(|error| {
            let pointer = error.instance_path().as_str().to_owned();
            let at = if pointer.is_empty() { "the schema" } else { &pointer };
            (schema.place(&pointer), format!("{at} is not as JSON Schema has it: {error}"))
        })?;
        let (typed, is_exact) = approximate(&schema.value);
        let program = is_exact.then(|| Program::new(&typed, None));
        Ok(Self { schema: Arc::clone(schema), typed, validator, program })
    }

    /// Whether bytes surely are a value that the schema accepts.
    pub(super) fn surely_accepts(&self, bytes: &[u8]) -> bool {
        self.program.as_ref().is_some_and(|program| program.accepts(bytes).is_some())
    }

    /// Whether a value is accepted.
    pub(in crate::contract) fn accepts(&self, value: &Json) -> bool {
        self.validator.is_valid(value)
    }

    /// All that is wrong with a value. Paths begin with `prefix`.
    pub(in crate::contract) fn problems(
        &self,
        value: &Json,
        prefix: &str,
        voice: Voice<'_>,
    ) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for error in self.validator.iter_errors(value).take(MOST_PROBLEMS) {
            for problem in self.told(&error, prefix, voice) {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        problems
    }

    fn told(&self, error: &ValidationError<'_>, prefix: &str, voice: Voice<'_>) -> Vec<Problem> {
        let path = error.instance_path().as_str();
        let keyword = error.kind().keyword();
        let demand = self.schema.value.pointer(error.schema_path().as_str());
        let demand = match demand {
            Some(Json::Object(_) | Json::Array(_)) | None => format!("`{keyword}`"),
            Some(value) => format!("`{keyword}: {}`", cut(&value.to_string())),
        };
        let got = shown(error.instance(), path, voice.sensitive);
        let problem = |path: String, message: String, got: String| Problem {
            severity: Severity::Violation,
            kind: kind_of(error.kind()),
            path: format!("{prefix}{path}"),
            message,
            expected: demand.clone(),
            got,
            contract: voice.document.service.clone(),
            place: Some(voice.document.shown(self.schema.place(error.schema_path().as_str()))),
        };
        let below = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        match error.kind() {
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let message = "is missing, and `required` names it".to_owned();
                vec![problem(below(name), message, "nothing".to_owned())]
            }
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                let one = |name: &String| {
                    let message = format!("is no field that {demand} leaves room for");
                    problem(below(name), message, "a field".to_owned())
                };
                unexpected.iter().map(one).collect()
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                let nearest = context.iter().min_by_key(|errors| rank(errors));
                let nearest = nearest.and_then(|errors| errors.first()).map(|first| {
                    let said = self.told(first, prefix, voice);
                    let said = said.first().map(|one| format!("{} {}", one.path, one.message));
                    format!("; nearest: {}", said.unwrap_or_default().trim())
                });
                let message = format!(
                    "fits none of the {} schemas of `{keyword}`{}",
                    context.len(),
                    nearest.unwrap_or_default()
                );
                vec![problem(path.to_owned(), message, got)]
            }
            Kind::OneOfMultipleValid { .. } => {
                let message = "fits more than one of the schemas of `oneOf`".to_owned();
                vec![problem(path.to_owned(), message, got)]
            }
            Kind::Not { .. } => {
                let message = format!("is {got}, and fits what `not` excludes");
                vec![problem(path.to_owned(), message, got)]
            }
            Kind::FalseSchema => {
                vec![problem(path.to_owned(), "may not be there".to_owned(), got)]
            }
            _ => {
                let allowed = match error.kind() {
                    Kind::Enum { options } => format!(" {}", cut(&options.to_string())),
                    _ => String::new(),
                };
                let message = format!("is {got}, and {demand}{allowed} refuses that");
                vec![problem(path.to_owned(), message, got)]
            }
        }
    }
}

/// A validator of a part of a schema, with all that the part refers to; `None` where it cannot be
/// looked at alone.
pub(crate) fn part_validator(schema: &Schema, part: &Json) -> Option<jsonschema::Validator> {
    let (name, draft) = match schema.draft {
        Draft::Seven => ("definitions", jsonschema::Draft::Draft7),
        Draft::Latest => ("$defs", jsonschema::Draft::Draft202012),
    };
    let mut alone = part.clone();
    if let (Json::Object(members), Some(all)) = (&mut alone, schema.value.get(name)) {
        members.insert(name.to_owned(), all.clone());
    }
    validator(draft, &alone).ok()
}

/// A validator that checks formats too; draft 7 does not know that of UUIDs.
pub(super) fn validator(
    draft: jsonschema::Draft,
    schema: &Json,
) -> Result<jsonschema::Validator, ValidationError<'static>> {
    let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
    options.with_format("uuid", |text: &str| is_uuid(text.as_bytes())).build(schema)
}

/// How far from right a branch is: first those that disagree about a constant or type.
fn rank(errors: &[ValidationError<'_>]) -> (bool, usize) {
    let is_other = errors.iter().any(|error| {
        let is_whole = error.instance_path().as_str().is_empty();
        matches!(error.kind(), Kind::Constant { .. })
            || is_whole && matches!(error.kind(), Kind::Type { .. })
    });
    (is_other, errors.len())
}

fn kind_of(kind: &Kind) -> ProblemKind {
    match kind {
        Kind::Required { .. } => ProblemKind::MissingField,
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            ProblemKind::ExtraField
        }
        Kind::Type { .. } => ProblemKind::WrongType,
        Kind::Enum { .. } | Kind::Constant { .. } => ProblemKind::NotListed,
        Kind::Minimum { .. }
        | Kind::Maximum { .. }
        | Kind::ExclusiveMinimum { .. }
        | Kind::ExclusiveMaximum { .. }
        | Kind::MultipleOf { .. } => ProblemKind::OutOfRange,
        Kind::Format { .. }
        | Kind::Pattern { .. }
        | Kind::MinLength { .. }
        | Kind::MaxLength { .. } => ProblemKind::BadFormat,
        _ => ProblemKind::NotAccepted,
    }
}

/// A value as a report may show it.
fn shown(value: &Json, path: &str, sensitive: &BTreeSet<String>) -> String {
    let is_secret = path
        .split('/')
        .any(|name| sensitive.contains(&name.to_lowercase()) || is_secret_name(name));
    match value {
        Json::Object(_) => "an object".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        _ if is_secret => MASK.to_owned(),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
