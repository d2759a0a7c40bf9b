//! Matching: does a value look as a template says, and if not, where does it differ?
//!
//! All differences are found, not the first, so that a report can show the record that comes
//! nearest.

use std::time::Duration;

use super::outcome::Difference;
use super::scope::{Bound, Scope};
use super::shown::{show_template, show_value};
use crate::message::{Json, Number, VirtualTime, parse_timestamp};
use crate::scenario::template::text_of_parts;
use crate::scenario::{
    Field, Matcher, MatcherKind, Name, Offset, Template, TemplateKind, TimestampMatcher,
};
use crate::yaml::is_secret_name;

/// What matching needs besides the template and the value.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) scope: &'a Scope,
    pub(super) now: VirtualTime,
    /// Whether a field's values must not be shown.
    pub(super) is_sensitive: &'a dyn Fn(&str) -> bool,
    /// `path:line` of a place in the file at hand.
    pub(super) place: &'a dyn Fn(crate::diagnostic::Span) -> String,
}

/// What came of matching one value.
#[derive(Clone, Debug, Default)]
pub(super) struct Matched {
    pub(super) compared: usize,
    pub(super) differences: Vec<Difference>,
    /// What `as $name` remembers, if the whole matches.
    pub(super) bindings: Vec<(Name, Bound)>,
}

impl Matched {
    pub(super) fn holds(&self) -> bool {
        self.differences.is_empty()
    }

    fn bound(&self, name: &str) -> Option<&Json> {
        let own = self.bindings.iter().rev().find(|(bound, _)| &**bound == name);
        own.map(|(_, bound)| &bound.value)
    }
}

/// Compares a value (`None`: it is not there) with a template.
pub(super) fn compare(template: &Template, value: Option<&Json>, context: Context<'_>) -> Matched {
    let mut matched = Matched::default();
    compare_at((template, value), String::new(), context, &mut matched);
    matched
}

/// Compares one part of a record, whose differences bear this path, after other parts of it.
pub(super) fn compare_at(
    (template, value): (&Template, Option<&Json>),
    mut path: String,
    context: Context<'_>,
    matched: &mut Matched,
) {
    Comparison { context, out: matched }.walk(template, value, &mut path);
}

struct Comparison<'a, 'b> {
    context: Context<'a>,
    out: &'b mut Matched,
}

impl Comparison<'_, '_> {
    fn walk(&mut self, template: &Template, value: Option<&Json>, path: &mut String) {
        match (&template.kind, value) {
            (TemplateKind::Object(fields), Some(Json::Object(_))) => {
                self.walk_fields(fields, value, path);
            }
            (TemplateKind::List(items), Some(Json::Array(values)))
                if items.len() == values.len() =>
            {
                for (at, (item, value)) in items.iter().zip(values).enumerate() {
                    self.nested(item, Some(value), path, &at.to_string());
                }
            }
            (TemplateKind::Matcher(Matcher { kind: MatcherKind::Each(each), .. }), Some(list)) => {
                match list {
                    Json::Array(values) => {
                        for (at, value) in values.iter().enumerate() {
                            self.nested(each, Some(value), path, &at.to_string());
                        }
                    }
                    _ => self.differs(template, value, path),
                }
            }
            _ => {
                self.out.compared += 1;
                if !self.leaf(template, value, path) {
                    self.differs(template, value, path);
                }
            }
        }
        if let TemplateKind::Matcher(Matcher { bind: Some(bind), .. }) = &template.kind {
            let field = path.rsplit('.').next().unwrap_or_default();
            let bound = Bound {
                value: value.cloned().unwrap_or_default(),
                at: (self.context.place)(bind.span),
                secret: (self.context.is_sensitive)(field) || is_secret_name(field),
            };
            self.out.bindings.push((bind.name.clone(), bound));
        }
    }

    fn walk_fields(&mut self, fields: &[Field], value: Option<&Json>, path: &mut String) {
        for field in fields {
            let inner = value.and_then(|value| value.get(&field.name));
            self.nested(&field.value, inner, path, &field.name);
        }
    }

    fn nested(&mut self, template: &Template, value: Option<&Json>, path: &mut String, name: &str) {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        self.walk(template, value, path);
        path.truncate(length);
    }

    fn differs(&mut self, template: &Template, value: Option<&Json>, path: &str) {
        let hidden = |field: &str| (self.context.is_sensitive)(field) || is_secret_name(field);
        let secret = path.split('.').any(hidden);
        let hide = |text: String| if secret { "***".to_owned() } else { text };
        let is_sensitive = self.context.is_sensitive;
        let (expected, bound_at) = show_template(template, self.context.scope, is_sensitive);
        let got = value.map(|value| show_value(value, is_sensitive));
        self.out.differences.push(Difference {
            path: if path.is_empty() { "the value".to_owned() } else { path.to_owned() },
            expected: hide(expected),
            got: hide(got.unwrap_or_else(|| "nothing".to_owned())),
            bound_at,
        });
    }

    /// Compares what is no open object or list of the same shape.
    fn leaf(&mut self, template: &Template, value: Option<&Json>, path: &str) -> bool {
        match &template.kind {
            TemplateKind::Literal(json) => value == Some(json),
            TemplateKind::Var(name) => value.is_some() && value == self.variable(name),
            TemplateKind::Matcher(matcher) => self.matcher(&matcher.kind, value, path),
            TemplateKind::Object(_) | TemplateKind::List(_) => false,
        }
    }

    fn variable(&self, name: &str) -> Option<&Json> {
        let outer = || self.context.scope.get(name).map(|bound| &bound.value);
        self.out.bound(name).or_else(outer)
    }

    fn matcher(&mut self, kind: &MatcherKind, value: Option<&Json>, path: &str) -> bool {
        let value = match (kind, value) {
            (MatcherKind::Any, _) => return true,
            (MatcherKind::Absent, value) => return value.is_none(),
            (MatcherKind::Not(inner), value) => return !self.inner(inner, value),
            (_, None) => return false,
            (_, Some(value)) => value,
        };
        let text = value.as_str();
        match kind {
            MatcherKind::Any | MatcherKind::Absent | MatcherKind::Not(_) => false,
            MatcherKind::Present => true,
            MatcherKind::Null => *value == Json::Null,
            MatcherKind::Uuid { not } => {
                let other = not.as_ref().and_then(|not| self.variable(&not.name));
                let spelt = |text: &str| text.len() == 36 && text.to_lowercase() == text;
                text.is_some_and(|text| spelt(text) && uuid::Uuid::try_parse(text).is_ok())
                    && other != Some(value)
            }
            MatcherKind::Int { range } => {
                value.as_integer().is_some_and(|value| in_range(value, range.as_ref()))
            }
            MatcherKind::Number => matches!(value, Json::Number(_)),
            MatcherKind::Bool => matches!(value, Json::Bool(_)),
            MatcherKind::String => text.is_some(),
            MatcherKind::NonEmpty => length(value).is_some_and(|length| length > 0),
            MatcherKind::Timestamp(moment) => self.timestamp(moment, value),
            MatcherKind::Matches { pattern } => text.is_some_and(|text| pattern.matches(text)),
            MatcherKind::Contains { text: part } => text.is_some_and(|text| text.contains(part)),
            MatcherKind::OneOf(options) => {
                options.iter().any(|option| self.inner(option, Some(value)))
            }
            MatcherKind::Text(parts) => {
                let made = text_of_parts(parts, |name| self.variable(name).cloned());
                made.is_ok_and(|made| text == Some(made.as_str()))
            }
            MatcherKind::Each(_) => {
                debug_assert!(false, "walked before, at {path}");
                false
            }
            MatcherKind::Has(wanted) => match value {
                Json::Array(items) => self.assigns(wanted, items),
                _ => false,
            },
            MatcherKind::AnyOrder(wanted) => match value {
                Json::Array(items) => items.len() == wanted.len() && self.assigns(wanted, items),
                _ => false,
            },
            MatcherKind::Length(wanted) => {
                let length = length(value).map(|length| Json::Number(length.into()));
                length.is_some_and(|length| self.inner(wanted, Some(&length)))
            }
        }
    }

    fn inner(&self, template: &Template, value: Option<&Json>) -> bool {
        compare(template, value, self.context).holds()
    }

    /// Whether each template can have an item of its own.
    fn assigns(&self, wanted: &[Template], items: &[Json]) -> bool {
        let fits: Vec<Vec<usize>> = wanted
            .iter()
            .map(|template| {
                let fits = |at: &usize| self.inner(template, Some(&items[*at]));
                (0..items.len()).filter(fits).collect()
            })
            .collect();
        super::assign::complete(&fits, items.len()).is_some()
    }

    fn timestamp(&self, moment: &TimestampMatcher, value: &Json) -> bool {
        let Some(got) = nanoseconds(value) else {
            return false;
        };
        if moment.base.is_none() && moment.offset.is_none() {
            return true;
        }
        let base = match &moment.base {
            Some(base) => self.variable(&base.name).and_then(nanoseconds),
            None => Some(i128::from(self.context.now.as_unix_s()) * 1_000_000_000),
        };
        let Some(base) = base else { return false };
        let within = moment.within.map_or(0, as_ns);
        (got - shifted(base, moment.offset)).abs() <= within
    }
}

fn as_ns(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// A moment in Unix nanoseconds, forward or back.
pub(super) fn shifted(base: i128, offset: Option<Offset>) -> i128 {
    match offset {
        None => base,
        Some(Offset::After(by)) => base.saturating_add(as_ns(by)),
        Some(Offset::Before(by)) => base.saturating_sub(as_ns(by)),
    }
}

/// The moment of a timestamp: text, or whole Unix seconds.
pub(super) fn nanoseconds(value: &Json) -> Option<i128> {
    match value {
        Json::String(text) => parse_timestamp(text),
        Json::Number(number) => number.as_integer()?.checked_mul(1_000_000_000),
        _ => None,
    }
}

fn in_range(value: i128, range: Option<&(Number, Number)>) -> bool {
    range.is_none_or(|(least, greatest)| {
        least.as_integer().is_some_and(|least| least <= value)
            && greatest.as_integer().is_some_and(|greatest| value <= greatest)
    })
}

fn length(value: &Json) -> Option<usize> {
    match value {
        Json::String(text) => Some(text.chars().count()),
        Json::Array(items) => Some(items.len()),
        Json::Object(fields) => Some(fields.len()),
        _ => None,
    }
}
