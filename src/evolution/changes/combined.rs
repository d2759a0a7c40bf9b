//! Changes of compositions and dependencies.

use std::collections::BTreeSet;

use super::Diff;
use crate::evolution::json::{Json, token};

impl Diff<'_> {
    pub(super) fn combined(&mut self, old: &Json, new: &Json, path: &str) {
        let criteria = ["allOf", "anyOf", "oneOf"];
        let of = |schema: &Json| {
            criteria.iter().copied().filter(|one| schema.get(one).is_some()).collect::<Vec<_>>()
        };
        if let ([before], [after]) = (&of(old)[..], &of(new)[..])
            && before != after
        {
            // `allOf` accepts no more than `oneOf` of one, and `oneOf` no more than `anyOf`.
            let wider = *before == "allOf" || *after == "anyOf";
            let name = if wider { "combined-type-extended" } else { "combined-type-changed" };
            return self.add(name, &format!("{path}/{after}"));
        }
        for keyword in criteria {
            let here = &format!("{path}/{keyword}");
            match (old.get(keyword), new.get(keyword)) {
                (Some(Json::List(before)), Some(Json::List(after))) => {
                    self.branches(before, after, (here, keyword));
                }
                (None, Some(_)) if keyword == "allOf" => self.add("product-type-extended", here),
                (Some(_), None) if keyword == "allOf" => self.add("product-type-narrowed", here),
                (None, Some(_)) => self.add("combined-type-changed", here),
                (Some(_), None) => self.add("combined-type-extended", here),
                _ => {}
            }
        }
        let here = &format!("{path}/not");
        match (old.get("not"), new.get("not")) {
            (None, Some(_)) => self.add("not-type-extended", here),
            (Some(_), None) => self.add("not-type-narrowed", here),
            (Some(before), Some(after)) if before != after => self.negated(before, after, here),
            _ => {}
        }
    }

    /// A negation accepts more where what it negates accepts less.
    fn negated(&mut self, before: &Json, after: &Json, path: &str) {
        let from = self.changes.len();
        std::mem::swap(&mut self.old, &mut self.new);
        self.schema(after, before, path);
        std::mem::swap(&mut self.old, &mut self.new);
        let fewer = self.changes[from..].iter().all(|change| change.rule.strict);
        self.changes.truncate(from);
        self.add(if fewer { "not-type-narrowed" } else { "not-type-extended" }, path);
    }

    fn branches(&mut self, before: &[Json], after: &[Json], (path, keyword): (&str, &str)) {
        let kind = if keyword == "allOf" { "product-type" } else { "sum-type" };
        match before.len().cmp(&after.len()) {
            std::cmp::Ordering::Less => self.add(&format!("{kind}-extended"), path),
            std::cmp::Ordering::Greater => self.add(&format!("{kind}-narrowed"), path),
            std::cmp::Ordering::Equal => {}
        }
        let mut left: Vec<(usize, &Json)> = after.iter().enumerate().collect();
        let mut changed: Vec<&Json> = Vec::new();
        for one in before {
            match left.iter().position(|(_, other)| *other == one) {
                Some(at) => drop(left.remove(at)),
                None => changed.push(one),
            }
        }
        if changed.len() == left.len() {
            for (old, (at, new)) in changed.iter().zip(&left) {
                self.schema(old, new, &format!("{path}/{at}"));
            }
        } else if !changed.is_empty() && !left.is_empty() {
            self.add("combined-type-subschemas-changed", path);
        }
    }

    pub(super) fn dependencies(&mut self, old: &Json, new: &Json, path: &str) {
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            let names = |schema: &Json| -> Vec<_> {
                let all = schema.get(keyword).into_iter().flat_map(Json::members);
                all.map(|(name, _)| name.clone()).collect()
            };
            let all: BTreeSet<_> = names(old).into_iter().chain(names(new)).collect();
            for name in all {
                let here = &format!("{path}/{keyword}/{}", token(&name));
                let of =
                    |schema: &Json| schema.get(keyword).and_then(|all| all.get(&name)).cloned();
                self.dependency(of(old), of(new), here);
            }
        }
    }

    fn dependency(&mut self, old: Option<Json>, new: Option<Json>, path: &str) {
        let kind = |one: &Json| match one {
            Json::List(_) => "dependency-array",
            _ => "dependency-schema",
        };
        match (old, new) {
            (None, Some(new)) => self.add(&format!("{}-added", kind(&new)), path),
            (Some(old), None) => self.add(&format!("{}-removed", kind(&old)), path),
            (Some(Json::List(old)), Some(Json::List(new))) => {
                let old: BTreeSet<_> = old.into_iter().collect();
                let new: BTreeSet<_> = new.into_iter().collect();
                let change = match () {
                    () if old == new => return,
                    () if new.is_superset(&old) => "extended",
                    () if new.is_subset(&old) => "narrowed",
                    () => "changed",
                };
                self.add(&format!("dependency-array-{change}"), path);
            }
            (Some(old), Some(new)) if kind(&old) != kind(&new) => {
                self.add(&format!("{}-removed", kind(&old)), path);
                self.add(&format!("{}-added", kind(&new)), path);
            }
            // A copy has places of its own, so that the pair is not taken for one that was seen.
            (Some(old), Some(new)) => {
                self.depth += 1;
                if old != new {
                    self.resolved(&old, &new, path);
                }
                self.depth -= 1;
            }
            (None, None) => {}
        }
    }
}
