//! Templates and durations as reports show them.

use std::time::Duration;

use super::scope::Scope;
use crate::message::Json;
use crate::scenario::template::text_of_parts;
use crate::scenario::{Expectation, MatcherKind, Template, TemplateKind, TextPart};
use crate::yaml::is_secret_name;

/// Whether values of fields of this name are never shown, by the contracts.
pub(super) type Sensitive<'a> = &'a dyn Fn(&str) -> bool;

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// A value without the secrets in it.
pub(super) fn show_value(value: &Json, is_sensitive: Sensitive<'_>) -> String {
    without_secrets(value, is_sensitive).to_string()
}

fn without_secrets(value: &Json, is_sensitive: Sensitive<'_>) -> Json {
    match value {
        Json::Array(items) => {
            let items = items.iter().map(|item| without_secrets(item, is_sensitive));
            Json::Array(items.collect())
        }
        Json::Object(fields) => {
            let shown = |(name, value): (&String, &Json)| {
                let hidden = is_sensitive(name) || is_secret_name(name);
                let value =
                    if hidden { HIDDEN.into() } else { without_secrets(value, is_sensitive) };
                (name.clone(), value)
            };
            Json::Object(fields.iter().map(shown).collect())
        }
        scalar => scalar.clone(),
    }
}

/// The template with the values of its variables, and where the first of them was bound.
pub(super) fn show_template(
    template: &Template,
    scope: &Scope,
    is_sensitive: Sensitive<'_>,
) -> (String, Option<String>) {
    let text = text_of(template, scope, is_sensitive);
    let mut names = Vec::new();
    variables(template, &mut names);
    let bound_at = names.first().and_then(|name| scope.get(name)).map(|bound| bound.at.clone());
    (text, bound_at)
}

/// `$account = 41, $session = "…"` for the variables of what is expected; empty where there are none.
pub(super) fn show_variables(
    expectation: &Expectation,
    scope: &Scope,
    is_sensitive: Sensitive<'_>,
) -> String {
    let mut names = Vec::new();
    expectation.templates().for_each(|template| variables(template, &mut names));
    names.dedup();
    let shown: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let bound = scope.get(name)?;
            let value = if bound.secret {
                HIDDEN.to_owned()
            } else {
                show_value(&bound.value, is_sensitive)
            };
            Some(format!("${name} = {value}"))
        })
        .collect();
    shown.join(", ")
}

fn variables<'a>(template: &'a Template, names: &mut Vec<&'a str>) {
    match &template.kind {
        TemplateKind::Var(name) => names.push(name),
        TemplateKind::Matcher(matcher) => match &matcher.kind {
            MatcherKind::Uuid { not: Some(name) } => names.push(&name.name),
            MatcherKind::Timestamp(moment) => {
                names.extend(moment.base.as_ref().map(|base| &*base.name));
            }
            MatcherKind::Text(parts) => names.extend(parts.iter().filter_map(|part| match part {
                TextPart::Var(name) => Some(&*name.name),
                TextPart::Plain(_) => None,
            })),
            _ => {}
        },
        _ => {}
    }
    for child in template.children() {
        variables(child, names);
    }
}

/// Whether one of the expectations reads a variable that another one binds.
pub(super) fn depend_on_each_other(expectations: &[Expectation]) -> bool {
    let mut bound = Vec::new();
    let mut read = Vec::new();
    for template in expectations.iter().flat_map(Expectation::templates) {
        bindings(template, &mut bound);
        variables(template, &mut read);
    }
    bound.iter().any(|name| read.contains(name))
}

fn bindings<'a>(template: &'a Template, names: &mut Vec<&'a str>) {
    if let TemplateKind::Matcher(matcher) = &template.kind {
        names.extend(matcher.bind.as_ref().map(|bind| &*bind.name));
    }
    for child in template.children() {
        bindings(child, names);
    }
}

fn text_of(template: &Template, scope: &Scope, is_sensitive: Sensitive<'_>) -> String {
    let text_of = |template: &Template| text_of(template, scope, is_sensitive);
    let list = |items: &[Template]| items.iter().map(text_of).collect::<Vec<_>>().join(", ");
    match &template.kind {
        TemplateKind::Literal(json) => show_value(json, is_sensitive),
        TemplateKind::Var(name) => match scope.get(name) {
            Some(bound) if bound.secret => HIDDEN.to_owned(),
            Some(bound) => show_value(&bound.value, is_sensitive),
            None => format!("${name}"),
        },
        TemplateKind::Object(fields) => {
            let fields = fields.iter().map(|field| {
                let hidden = is_sensitive(&field.name) || is_secret_name(&field.name);
                let value = if hidden { HIDDEN.to_owned() } else { text_of(&field.value) };
                format!("{}: {value}", field.name)
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        TemplateKind::List(items) => format!("[{}]", list(items)),
        TemplateKind::Matcher(matcher) => match &matcher.kind {
            MatcherKind::OneOf(items) => format!("one of {}", list(items)),
            MatcherKind::Has(items) => format!("a list with {}", list(items)),
            MatcherKind::AnyOrder(items) => format!("in any order {}", list(items)),
            MatcherKind::Each(item) => format!("a list, each {}", text_of(item)),
            MatcherKind::Length(item) => format!("length {}", text_of(item)),
            MatcherKind::Not(item) => format!("not {}", text_of(item)),
            MatcherKind::Text(parts) => shown_text(parts, scope),
            other => simple_matcher(other),
        },
    }
}

/// A text with the values of its variables, unless one of them is a secret.
fn shown_text(parts: &[TextPart], scope: &Scope) -> String {
    let is_secret = |part: &TextPart| match part {
        TextPart::Var(name) => scope.get(&name.name).is_some_and(|bound| bound.secret),
        TextPart::Plain(_) => false,
    };
    if parts.iter().any(is_secret) {
        return HIDDEN.to_owned();
    }
    let made = text_of_parts(parts, |name| scope.get(name).map(|bound| bound.value.clone()));
    match made {
        Ok(text) => Json::String(text).to_string(),
        Err(name) => format!("a text with ${}", name.name),
    }
}

fn simple_matcher(kind: &MatcherKind) -> String {
    match kind {
        MatcherKind::Int { range: Some((least, greatest)) } => format!("<int {least}..{greatest}>"),
        MatcherKind::Int { range: None } => "<int>".to_owned(),
        MatcherKind::Uuid { not: Some(name) } => format!("<uuid not ${}>", name.name),
        MatcherKind::Uuid { not: None } => "<uuid>".to_owned(),
        MatcherKind::Matches { pattern } => format!("<matches {}>", pattern.as_str()),
        MatcherKind::Contains { text } => format!("<contains {text}>"),
        MatcherKind::Present => "<present>".to_owned(),
        MatcherKind::Absent => "<absent>".to_owned(),
        MatcherKind::Null => "<null>".to_owned(),
        MatcherKind::Number => "<number>".to_owned(),
        MatcherKind::Bool => "<bool>".to_owned(),
        MatcherKind::String => "<string>".to_owned(),
        MatcherKind::NonEmpty => "<non-empty>".to_owned(),
        MatcherKind::Timestamp(moment) if moment.base.is_none() && moment.offset.is_none() => {
            "<timestamp>".to_owned()
        }
        MatcherKind::Timestamp(moment) => {
            let base = moment.base.as_ref().map_or("now", |base| &*base.name);
            format!("<timestamp near {base}>")
        }
        _ => "<any>".to_owned(),
    }
}

/// `2 s`, `250 ms`, `2 min 40 s`.
pub(super) fn show_duration(duration: Duration) -> String {
    let (minutes, seconds) = (duration.as_secs() / 60, duration.as_secs() % 60);
    let ms = duration.subsec_millis();
    let parts = [(minutes, "min"), (seconds, "s"), (u64::from(ms), "ms")];
    let shown: Vec<_> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}
