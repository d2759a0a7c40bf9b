//! Changes of members of objects and of items of arrays.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Diff, is_empty, resolved};
use crate::evolution::json::{Json, token};
use crate::evolution::regex::Languages;

/// Steps to find out whether a pattern matches a name.
const STEPS: u64 = 20_000;

fn names(schema: &Json) -> impl Iterator<Item = &Arc<str>> {
    schema.get("properties").into_iter().flat_map(Json::members).map(|(name, _)| name)
}

fn property<'a>(schema: &'a Json, name: &str) -> Option<&'a Json> {
    schema.get("properties").and_then(|all| all.get(name))
}

fn required(schema: &Json) -> BTreeSet<&Arc<str>> {
    schema.get("required").map_or(&[][..], Json::items).iter().filter_map(Json::as_text).collect()
}

/// Whether any other member may be there, whatever it is.
fn is_open(schema: &Json) -> bool {
    let more = schema.get("additionalProperties").or(schema.get("unevaluatedProperties"));
    schema.get("patternProperties").is_none() && more.is_none_or(is_empty)
}

/// What a member that is not named must be; `None` where it may not be there.
fn partial<'a>(schema: &'a Json, name: &str) -> Option<&'a Json> {
    for (pattern, value) in schema.get("patternProperties").into_iter().flat_map(Json::members) {
        let mut languages = Languages::new(STEPS);
        if languages.pattern(pattern).is_ok_and(|rx| languages.matches(rx, name)) {
            return Some(value);
        }
    }
    match schema.get("additionalProperties").or(schema.get("unevaluatedProperties")) {
        Some(Json::Bool(false)) => None,
        other => other,
    }
}

impl Diff<'_> {
    pub(super) fn properties(&mut self, old: &Json, new: &Json, path: &str) {
        let all: BTreeSet<_> = names(old).chain(names(new)).collect();
        for name in all {
            let here = &format!("{path}/properties/{}", token(name));
            match (property(old, name), property(new, name)) {
                (Some(before), Some(after)) => self.schema(before, after, here),
                (Some(before), None) => self.removed(before, (new, name), here),
                (None, Some(after)) => self.added(after, (old, new, name), here),
                (None, None) => {}
            }
        }
        self.required(old, new, path);
        self.additional(old, new, (path, "additionalProperties", "additional-properties"));
    }

    fn removed(&mut self, before: &Json, (new, name): (&Json, &str), path: &str) {
        if is_open(new) {
            return self.add("property-removed-from-open-content-model", path);
        }
        match partial(new, name) {
            Some(after) => {
                let covered = self.covered(before, after, path);
                let is = if covered { "is" } else { "not" };
                self.add(
                    &format!("property-removed-{is}-covered-by-partially-open-content-model"),
                    path,
                );
            }
            None if *before == Json::Bool(false) => {
                self.add("property-with-false-removed-from-closed-content-model", path);
            }
            None => self.add("property-removed-from-closed-content-model", path),
        }
    }

    fn added(&mut self, after: &Json, (old, new, name): (&Json, &Json, &Arc<str>), path: &str) {
        let is_required = required(new).contains(name);
        if is_open(old) {
            let empty = is_empty(resolved(self.new, after));
            self.add(
                match empty {
                    true => "property-with-empty-schema-added-to-open-content-model",
                    false => "property-added-to-open-content-model",
                },
                path,
            );
            return;
        }
        if let Some(before) = partial(old, name) {
            let covered = self.covered(before, after, path);
            let is = if covered { "is" } else { "not" };
            self.add(&format!("property-added-{is}-covered-by-partially-open-content-model"), path);
        }
        self.add(
            match (is_required, after.get("default").is_some()) {
                (false, _) => "optional-property-added-to-unopen-content-model",
                (true, true) => "required-property-with-default-added-to-unopen-content-model",
                (true, false) => "required-property-added-to-unopen-content-model",
            },
            path,
        );
    }

    /// Whether the registry accepts the change from one schema to another; what it is, is told.
    fn covered(&mut self, before: &Json, after: &Json, path: &str) -> bool {
        let from = self.changes.len();
        self.schema(before, after, path);
        self.changes[from..].iter().all(|change| change.rule.strict)
    }

    fn required(&mut self, old: &Json, new: &Json, path: &str) {
        let (before, after) = (required(old), required(new));
        for name in before.symmetric_difference(&after) {
            let here = &format!("{path}/required/{}", token(name));
            // A member that is new is told of as such.
            if property(old, name).is_none() && property(new, name).is_some() && !is_open(old) {
                continue;
            }
            if before.contains(*name) {
                self.add("required-attribute-removed", here);
                continue;
            }
            let default = property(new, name).is_some_and(|one| one.get("default").is_some());
            self.add(
                match default {
                    true => "required-attribute-with-default-added",
                    false => "required-attribute-added",
                },
                here,
            );
        }
    }

    /// Members or items that are not named.
    fn additional(&mut self, old: &Json, new: &Json, (path, keyword, rule): (&str, &str, &str)) {
        let path = &format!("{path}/{keyword}");
        let refused = |schema: &Json| schema.get(keyword) == Some(&Json::Bool(false));
        let limit = |schema: &Json| schema.get(keyword).is_some_and(|one| !is_empty(one));
        match (refused(old), refused(new)) {
            (true, false) => self.add(&format!("{rule}-added"), path),
            (false, true) => self.add(&format!("{rule}-removed"), path),
            (true, true) => {}
            (false, false) => match (limit(old), limit(new)) {
                (false, true) => self.add(&format!("{rule}-narrowed"), path),
                (true, false) => self.add(&format!("{rule}-extended"), path),
                (true, true) => {
                    if let (Some(before), Some(after)) = (old.get(keyword), new.get(keyword)) {
                        self.schema(before, after, path);
                    }
                }
                (false, false) => {}
            },
        }
    }

    pub(super) fn items(&mut self, old: &Json, new: &Json, path: &str) {
        let (first, rest) = shape(old);
        let (first_new, rest_new) = shape(new);
        let prefix = if new.get("prefixItems").is_some() || old.get("prefixItems").is_some() {
            "prefixItems"
        } else {
            "items"
        };
        for at in 0..first.len().max(first_new.len()) {
            let here = &format!("{path}/{prefix}/{at}");
            match (first.get(at), first_new.get(at)) {
                (Some(before), Some(after)) => self.schema(before, after, here),
                (Some(before), None) => self.item("removed", (before, new, rest_new), here),
                (None, Some(after)) => self.item("added", (after, old, rest), here),
                (None, None) => {}
            }
        }
        if first.is_empty() && first_new.is_empty() {
            match (old.get("items"), new.get("items")) {
                (Some(before), Some(after)) => {
                    self.schema(before, after, &format!("{path}/items"));
                }
                (None, Some(after)) if !is_empty(after) => {
                    self.add("additional-items-narrowed", &format!("{path}/items"));
                }
                (Some(before), None) if !is_empty(before) => {
                    self.add("additional-items-extended", &format!("{path}/items"));
                }
                _ => {}
            }
            return;
        }
        let keyword = if prefix == "prefixItems" { "items" } else { "additionalItems" };
        self.additional(old, new, (path, keyword, "additional-items"));
    }

    fn item(&mut self, change: &str, (item, whole, rest): (&Json, &Json, &str), path: &str) {
        let rest = whole.get(rest);
        let name = match (change, rest) {
            ("added", Some(Json::Bool(false))) => "item-added-to-closed-content-model",
            ("removed", Some(Json::Bool(false))) => match item {
                Json::Bool(false) => "item-with-false-removed-from-closed-content-model",
                _ => "item-removed-from-closed-content-model",
            },
            (change, Some(schema)) if !is_empty(schema) => {
                let covered = match change {
                    "added" => self.covered(schema, item, path),
                    _ => self.covered(item, schema, path),
                };
                let is = if covered { "is" } else { "not" };
                let name = format!("item-{change}-{is}-covered-by-partially-open-content-model");
                return self.add(&name, path);
            }
            ("added", _) => match is_empty(item) {
                true => "item-with-empty-schema-added-to-open-content-model",
                false => "item-added-to-open-content-model",
            },
            _ => "item-removed-from-open-content-model",
        };
        self.add(name, path);
    }
}

/// The schemas of the first items, and the keyword for those behind them.
fn shape(schema: &Json) -> (&[Json], &'static str) {
    match (schema.get("prefixItems"), schema.get("items")) {
        (Some(Json::List(first)), _) => (first, "items"),
        (None, Some(Json::List(first))) => (first, "additionalItems"),
        _ => (&[], "items"),
    }
}
