//! Making values: what a template is where something is sent.

use super::matching::{nanoseconds, shifted};
use super::scope::{Bound, Scope};
use crate::diagnostic::Span;
use crate::message::{Json, Number, Stream, VirtualTime};
use crate::scenario::template::text_of_parts;
use crate::scenario::{
    Field, Matcher, MatcherKind, Name, NameAt, Template, TemplateKind, TimestampMatcher,
};

/// Makes values; each draw comes from the step's own stream.
pub(super) struct Maker<'a> {
    pub(super) scope: &'a Scope,
    pub(super) now: VirtualTime,
    pub(super) ids: Stream,
    pub(super) is_sensitive: &'a dyn Fn(&str) -> bool,
    pub(super) place: &'a dyn Fn(Span) -> String,
    /// What `as $name` remembers.
    pub(super) bindings: Vec<(Name, Bound)>,
}

/// Why a value cannot be made, and where that stands.
pub(super) type NotMade = (String, Span);

impl Maker<'_> {
    /// The value of a template; `None` for `<absent>`. `zero` is what the field would be if it were
    /// not named: it tells what an open matcher makes, and gives the fields that are not named.
    pub(super) fn make(
        &mut self,
        template: &Template,
        zero: Option<&Json>,
        field: &str,
    ) -> Result<Option<Json>, NotMade> {
        let made = match &template.kind {
            TemplateKind::Literal(json) => Some(json.clone()),
            TemplateKind::Var(name) => Some(self.variable(name, template.span)?),
            TemplateKind::List(items) => {
                let mut made = Vec::new();
                for item in items {
                    made.extend(self.make(item, None, field)?);
                }
                Some(Json::Array(made))
            }
            TemplateKind::Object(fields) => Some(self.object(fields, zero)?),
            TemplateKind::Matcher(matcher) => self.matched(matcher, template.span, zero, field)?,
        };
        if let TemplateKind::Matcher(Matcher { bind: Some(bind), .. }) = &template.kind {
            let bound = Bound {
                value: made.clone().unwrap_or_default(),
                at: (self.place)(bind.span),
                secret: (self.is_sensitive)(field),
            };
            self.bindings.push((bind.name.clone(), bound));
        }
        Ok(made)
    }

    fn variable(&self, name: &str, span: Span) -> Result<Json, NotMade> {
        let own = self.bindings.iter().rev().find(|(bound, _)| &**bound == name);
        let bound = own.map(|(_, bound)| bound).or_else(|| self.scope.get(name));
        let value = bound.map(|bound| bound.value.clone());
        value.ok_or_else(|| (format!("${name} has no value here"), span))
    }

    fn object(&mut self, fields: &[Field], zero: Option<&Json>) -> Result<Json, NotMade> {
        let mut made = match zero {
            Some(Json::Object(zero)) => zero.clone(),
            _ => indexmap::IndexMap::new(),
        };
        for field in fields {
            let zero = made.get(&field.name).cloned();
            match self.make(&field.value, zero.as_ref(), &field.name)? {
                Some(value) => made.insert(field.name.clone(), value),
                None => made.shift_remove(&field.name),
            };
        }
        Ok(Json::Object(made))
    }

    fn matched(
        &mut self,
        matcher: &Matcher,
        span: Span,
        zero: Option<&Json>,
        field: &str,
    ) -> Result<Option<Json>, NotMade> {
        let number = |value: usize| Json::Number(value.into());
        Ok(Some(match &matcher.kind {
            MatcherKind::Absent => return Ok(None),
            MatcherKind::Any | MatcherKind::Present => zero.cloned().unwrap_or_default(),
            MatcherKind::Null => Json::Null,
            MatcherKind::Uuid { .. } => Json::String(self.ids.uuid().to_string()),
            MatcherKind::Int { range } => self.integer(range.as_ref()),
            MatcherKind::Number => number(1 + self.ids.below(100)),
            MatcherKind::Bool => Json::Bool(self.ids.below(2) == 1),
            MatcherKind::String | MatcherKind::NonEmpty => {
                Json::String(format!("text-{:08x}", self.ids.bits() >> 32))
            }
            MatcherKind::Timestamp(moment) => self.timestamp(moment, span, zero)?,
            MatcherKind::Contains { text } => Json::String(text.clone()),
            MatcherKind::OneOf(options) => match options.first() {
                Some(option) => return self.make(option, zero, field),
                None => return Err(("one of nothing cannot be made".to_owned(), span)),
            },
            MatcherKind::Each(item) => {
                Json::Array(self.make(item, None, field)?.into_iter().collect())
            }
            MatcherKind::Has(items) | MatcherKind::AnyOrder(items) => {
                let mut made = Vec::new();
                for item in items {
                    made.extend(self.make(item, None, field)?);
                }
                Json::Array(made)
            }
            MatcherKind::Text(parts) => {
                let made = text_of_parts(parts, |name| self.variable(name, span).ok());
                let failed = |name: &NameAt| {
                    (format!("${} has no single value that a text can hold", name.name), span)
                };
                Json::String(made.map_err(failed)?)
            }
            MatcherKind::Matches { .. } | MatcherKind::Length(_) | MatcherKind::Not(_) => {
                let why = "this says what a value must look like, not which value to send";
                return Err((why.to_owned(), span));
            }
        }))
    }

    /// Without a range a number that any integer field holds, and never 0.
    fn integer(&mut self, range: Option<&(Number, Number)>) -> Json {
        let bounds =
            range.and_then(|(least, greatest)| Some((least.as_integer()?, greatest.as_integer()?)));
        let (least, greatest) = bounds.unwrap_or((1, 100));
        let width = u128::try_from(greatest.saturating_sub(least)).unwrap_or(0).saturating_add(1);
        let drawn = i128::try_from(u128::from(self.ids.bits()) % width).unwrap_or(0);
        Json::Number((least + drawn).into())
    }

    /// In an integer field whole Unix seconds, else RFC 3339 text.
    fn timestamp(
        &self,
        moment: &TimestampMatcher,
        span: Span,
        zero: Option<&Json>,
    ) -> Result<Json, NotMade> {
        let base = match &moment.base {
            None => i128::from(self.now.as_unix_s()) * 1_000_000_000,
            Some(base) => {
                let value = self.variable(&base.name, base.span)?;
                let no_moment = || (format!("${} is not a timestamp", base.name), base.span);
                nanoseconds(&value).ok_or_else(no_moment)?
            }
        };
        let seconds = shifted(base, moment.offset).div_euclid(1_000_000_000);
        if matches!(zero, Some(Json::Number(_))) {
            return Ok(Json::Number(seconds.into()));
        }
        let seconds = i64::try_from(seconds).map_err(|_| ("too far away".to_owned(), span))?;
        Ok(Json::String(VirtualTime::from_unix_s(seconds).to_rfc3339()))
    }
}
