//! Checks headers against what a contract says about them.

use super::judge::Judge;
use super::kind::View;
use super::problem::{Problem, ProblemKind, Severity};
use super::{HeaderEncoding, HeaderRule};
use crate::message::Headers;

/// What made a service emit a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A record or a client: its trace goes on.
    Input,
    /// A timer: there may be no span to go on from, so a missing span header is no problem.
    Timer,
}

const TRACE_PARENT: &str = "traceparent";

/// The headers that a parsed tenant and trace stand for.
const USUAL: [(&str, HeaderEncoding); 6] = [
    ("TENANT_ID", HeaderEncoding::UuidText),
    ("REGION", HeaderEncoding::Utf8),
    ("MAJOR_VERSION", HeaderEncoding::Uint16Be),
    ("MINOR_VERSION", HeaderEncoding::Uint16Be),
    (TRACE_PARENT, HeaderEncoding::TraceParent),
    ("tracestate", HeaderEncoding::TraceState),
];

/// Whether the rules speak of no other headers than the usual ones.
pub(super) fn are_usual(rules: &[HeaderRule]) -> bool {
    rules.iter().all(|rule| USUAL.contains(&(rule.name.as_str(), rule.encoding)))
}

/// Whether there is surely nothing to say: a whole tenant, a trace, and nothing else.
pub(super) fn are_surely_good(view: &View, headers: &Headers) -> bool {
    view.usual_headers && headers.only_tenant() && headers.trace().is_some()
}

/// Judges headers.
pub(super) fn judge(view: &View, headers: &Headers, cause: Cause, judge: &mut Judge<'_>) {
    let list = headers.to_list();
    for rule in &view.headers {
        let mut found = list.iter().filter(|header| *header.name == rule.name);
        let first = found.next();
        let mut report = |severity, kind, message: &str, got: String| {
            judge.problems.push(Problem {
                severity,
                kind,
                path: format!("header {}", rule.name),
                message: message.to_owned(),
                expected: rule.encoding.phrase().to_owned(),
                got,
                contract: view.service.clone(),
                place: None,
            });
        };
        let Some((header, value)) = first.and_then(|one| Some((one, one.value.as_deref()?))) else {
            let excused = cause == Cause::Timer && rule.name == TRACE_PARENT;
            if rule.required && !excused {
                let got = first.map_or("nothing", |_| "null").to_owned();
                report(Severity::Violation, ProblemKind::MissingHeader, "is missing", got);
            }
            continue;
        };
        if !rule.encoding.admits(value) || (rule.non_empty && value.is_empty()) {
            let message = match rule.encoding.admits(value) {
                true => "is empty".to_owned(),
                false => format!("is not {}", rule.encoding.phrase()),
            };
            report(Severity::Violation, ProblemKind::MalformedHeader, &message, header.shown());
        } else if rule.encoding == HeaderEncoding::UuidText
            && value.iter().any(u8::is_ascii_uppercase)
        {
            let message = "is a UUID in upper case, which not every reader takes";
            report(Severity::Advisory, ProblemKind::Spelling, message, header.shown());
        }
        if found.next().is_some() {
            let message = "is there more than once, and readers may take any of them";
            report(Severity::Violation, ProblemKind::RepeatedHeader, message, header.shown());
        }
    }
}
