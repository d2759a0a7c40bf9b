//! Fields of messages: whether any contract declares them, and whether what is expected of them
//! can be.

use crate::contract::{MessageKind, Side};
use crate::diagnostic::Span;
use crate::message::Json;
use crate::scenario::plan::{Cell, Expectation, Target};
use crate::scenario::read::{Reader, clip, list};
use crate::scenario::template::{MatcherKind, Template, TemplateKind};

use super::{below, parts};

impl Reader<'_, '_> {
    /// The kinds of message that a target can be.
    pub(crate) fn kinds(&self, target: &Target) -> Vec<&'_ MessageKind> {
        let contracts = self.loader.known.contracts;
        let Some(channel) = contracts.channel_ix(&target.channel) else {
            return Vec::new();
        };
        let named = |kind: &&MessageKind| {
            target.message.as_ref().is_none_or(|message| *message == kind.name)
        };
        contracts.messages(channel).filter(named).collect()
    }

    /// Whether what is expected can be in a record.
    pub(crate) fn check_expectation(&mut self, expectation: &Expectation) {
        if let Some(value) = &expectation.value {
            self.check_expected(&expectation.target, "", value);
        }
        self.check_expected_headers(expectation);
    }

    fn check_expected(&mut self, target: &Target, pointer: &str, template: &Template) {
        match &template.kind {
            TemplateKind::Object(fields) => {
                for field in fields {
                    let inner = below(pointer, &field.name);
                    if self.check_pointer(target, &inner, field.span).is_some() {
                        self.check_expected(target, &inner, &field.value);
                    }
                }
            }
            TemplateKind::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.check_expected(target, &below(pointer, &at.to_string()), item);
                }
            }
            TemplateKind::Literal(json) => {
                self.check_possible(target, pointer, json, template.span);
            }
            TemplateKind::Var(name) => {
                for Cell { value, span } in self.cells(name) {
                    self.check_possible(target, pointer, &value, span);
                }
            }
            TemplateKind::Matcher(matcher) => match &matcher.kind {
                // What is not to be may well be impossible.
                MatcherKind::Not(_) | MatcherKind::Length(_) => {}
                MatcherKind::OneOf(items) => {
                    items.iter().for_each(|item| self.check_expected(target, pointer, item));
                }
                MatcherKind::Has(items) | MatcherKind::AnyOrder(items) => {
                    let inner = below(pointer, "0");
                    items.iter().for_each(|item| self.check_expected(target, &inner, item));
                }
                MatcherKind::Each(item) => self.check_expected(target, &below(pointer, "0"), item),
                _ => {}
            },
        }
    }

    /// Whether any contract declares the field.
    pub(crate) fn check_pointer(
        &mut self,
        target: &Target,
        pointer: &str,
        span: Span,
    ) -> Option<()> {
        let kinds = self.kinds(target);
        if kinds.is_empty() || kinds.iter().any(|kind| declares(kind, pointer)) {
            return Some(());
        }
        let (outer, name) = pointer.rsplit_once('/')?;
        let name = parts(&format!("/{name}")).next()?;
        let mut known: Vec<String> = Vec::new();
        for inner in kinds.iter().flat_map(|kind| kind.names_in(outer)) {
            if inner != "*" && !known.iter().any(|one| one == inner) {
                known.push(inner.to_owned());
            }
        }
        let elsewhere = kinds
            .iter()
            .flat_map(|kind| kind.fields())
            .find(|field| parts(&field.path).last().as_deref() == Some(&*name));
        let elsewhere = elsewhere.map(|field| dots(&field.path));
        let what = match (outer, kinds.as_slice()) {
            ("", [kind]) => format!("`{}`", kind.label),
            ("", _) => format!("`{}`", target.channel),
            _ => format!("`{}` of `{}`", dots(outer), target.channel),
        };
        let message = format!("{what} has no field `{}`", clip(&name));
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let all = match (elsewhere, known.as_slice()) {
            (Some(path), _) => format!("there is `{path}`"),
            (None, []) => "it has no fields".to_owned(),
            (None, known) => format!("its fields are {}", list(known.iter().copied())),
        };
        let diagnostic = self.error("scenario::unknown-message-field", message, span).did_you_mean(
            &name,
            known,
            Some(all),
        );
        self.push(diagnostic);
        None
    }

    /// Whether the sender's contract allows the value that is expected.
    fn check_possible(&mut self, target: &Target, pointer: &str, json: &Json, span: Span) {
        let contracts = self.loader.known.contracts;
        let kinds = self.kinds(target);
        let problems: Vec<_> = kinds
            .iter()
            .map(|kind| {
                let found = contracts.check_field(kind.index, Side::Emitted, pointer, json);
                found.into_iter().find(crate::contract::Problem::is_violation)
            })
            .collect();
        // One kind of the channel that can have the value is enough.
        let Some(Some(Some(problem))) = (!problems.is_empty()
            && problems.iter().all(Option::is_some))
        .then(|| problems.into_iter().next()) else {
            return;
        };
        let field = dots(pointer);
        let message = format!("no record can have this value: `{field}` {}", problem.message);
        let diagnostic = self
            .error("scenario::cannot-match", message, span)
            .note(format!("by the contract of {}", problem.contract));
        let diagnostic = if problem.expected.is_empty() {
            diagnostic
        } else {
            diagnostic.help(format!("`{field}` is {}", problem.expected))
        };
        self.push(diagnostic);
    }
}

/// Whether a message has the field, or may hold anything where it is.
pub(crate) fn declares(kind: &MessageKind, pointer: &str) -> bool {
    if kind.field(pointer).is_some() {
        return true;
    }
    let mut outer = pointer;
    while let Some((shorter, _)) = outer.rsplit_once('/') {
        outer = shorter;
        if let Some(field) = kind.field(outer) {
            return field.schema.accepts_anything();
        }
    }
    kind.union().accepts_anything()
}

/// A pointer as people write it: `body.code`.
pub(crate) fn dots(pointer: &str) -> String {
    parts(pointer).collect::<Vec<_>>().join(".")
}
