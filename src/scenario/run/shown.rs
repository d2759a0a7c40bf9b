//! Templates and durations as reports show them.

use std::time::Duration;

use super::scope::Scope;
use crate::scenario::{MatcherKind, Template, TemplateKind};

/// The template with the values of its variables, and where the first of them was bound.
pub(super) fn show_template(template: &Template, scope: &Scope) -> (String, Option<String>) {
    let text = text_of(template, scope);
    let mut names = Vec::new();
    variables(template, &mut names);
    let bound_at = names
        .first()
        .and_then(|name| scope.get(name))
        .map(|bound| bound.at.clone());
    (text, bound_at)
}

/// `$account = 41, $session = "…"` for the variables of a template; empty where it has none.
pub(super) fn show_variables(template: Option<&Template>, scope: &Scope) -> String {
    let mut names = Vec::new();
    if let Some(template) = template {
        variables(template, &mut names);
    }
    names.dedup();
    let shown: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let bound = scope.get(name)?;
            let value = if bound.secret {
                "***".to_owned()
            } else {
                bound.value.to_string()
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
            _ => {}
        },
        _ => {}
    }
    for child in template.children() {
        variables(child, names);
    }
}

/// Whether one of the templates reads a variable that another one binds.
pub(super) fn depend_on_each_other(templates: &[Option<&Template>]) -> bool {
    let mut bound = Vec::new();
    let mut read = Vec::new();
    for template in templates.iter().copied().flatten() {
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

fn text_of(template: &Template, scope: &Scope) -> String {
    let list = |items: &[Template]| {
        items
            .iter()
            .map(|item| text_of(item, scope))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match &template.kind {
        TemplateKind::Literal(json) => json.to_string(),
        TemplateKind::Var(name) => match scope.get(name) {
            Some(bound) if bound.secret => "***".to_owned(),
            Some(bound) => bound.value.to_string(),
            None => format!("${name}"),
        },
        TemplateKind::Object(fields) => {
            let fields = fields
                .iter()
                .map(|field| format!("{}: {}", field.name, text_of(&field.value, scope)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        TemplateKind::List(items) => format!("[{}]", list(items)),
        TemplateKind::Matcher(matcher) => match &matcher.kind {
            MatcherKind::OneOf(items) => format!("one of {}", list(items)),
            MatcherKind::Has(items) => format!("a list with {}", list(items)),
            MatcherKind::AnyOrder(items) => format!("in any order {}", list(items)),
            MatcherKind::Each(item) => format!("a list, each {}", text_of(item, scope)),
            MatcherKind::Length(item) => format!("length {}", text_of(item, scope)),
            MatcherKind::Not(item) => format!("not {}", text_of(item, scope)),
            other => simple_matcher(other),
        },
    }
}

fn simple_matcher(kind: &MatcherKind) -> String {
    match kind {
        MatcherKind::Int {
            range: Some((least, greatest)),
        } => format!("<int {least}..{greatest}>"),
        MatcherKind::Int { range: None } => "<int>".to_owned(),
        MatcherKind::Uuid { not: Some(name) } => format!("<uuid not ${}>", name.name),
        MatcherKind::Uuid { not: None } => "<uuid>".to_owned(),
        MatcherKind::Matches { pattern } => format!("<matches {pattern}>"),
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
    let shown: Vec<_> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if shown.is_empty() {
        "0 s".to_owned()
    } else {
        shown.join(" ")
    }
}
