//! `unevaluatedProperties` and `unevaluatedItems`: what they are for depends on which other schemas
//! a value meets. So the schema is taken apart into cases, in each of which that is known.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Compiler, Place};
use crate::evolution::json::Json;
use crate::evolution::node::{Id, Names, Node};
use crate::evolution::regex::Rx;

/// A schema with more cases is not understood.
const MAX_CASES: usize = 256;

/// Which members and items are taken care of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Evaluated {
    names: BTreeSet<Arc<str>>,
    patterns: BTreeSet<Rx>,
    all_names: bool,
    /// Items up to this index.
    items: usize,
    all_items: bool,
    /// Items that are such.
    contained: BTreeSet<Id>,
}

impl Evaluated {
    fn with(&self, other: &Self) -> Self {
        Self {
            names: self.names.union(&other.names).cloned().collect(),
            patterns: self.patterns.union(&other.patterns).copied().collect(),
            all_names: self.all_names || other.all_names,
            items: self.items.max(other.items),
            all_items: self.all_items || other.all_items,
            contained: self.contained.union(&other.contained).copied().collect(),
        }
    }
}

/// A condition, and what is evaluated under it.
type Case = (Id, Evaluated);

/// There are too many cases.
struct TooMany;

impl Compiler<'_> {
    /// A schema that has one of the two keywords.
    pub(super) fn with_unevaluated(&mut self, place: &Place, schema: &Json) -> Id {
        let Ok(cases) = self.cases_without(place, schema) else {
            return self.too_many();
        };
        let mut some = Vec::new();
        for (condition, evaluated) in cases {
            let mut all = vec![condition];
            if schema.get("unevaluatedProperties").is_some() && !evaluated.all_names {
                let id = self.child(place, &["unevaluatedProperties"]);
                let patterns = evaluated.patterns.iter().copied().collect();
                let names = Names::Except(evaluated.names.clone(), patterns);
                all.push(self.nodes.put(Node::Props(names, id)));
            }
            if schema.get("unevaluatedItems").is_some() && !evaluated.all_items {
                let id = self.child(place, &["unevaluatedItems"]);
                let id = self.nodes.some(evaluated.contained.iter().copied().chain([id]));
                all.push(self.nodes.put(Node::ItemsFrom(evaluated.items, id)));
            }
            some.push(self.nodes.all(all));
        }
        self.nodes.some(some)
    }

    fn too_many(&mut self) -> Id {
        let number = self.nodes.opaque.len();
        let reason = format!("a schema with `unevaluated…` and many cases (no. {number})");
        self.nodes.opaque(reason)
    }

    /// The cases of a schema, its own unevaluated keywords included.
    fn cases(&mut self, place: &Place) -> Result<Vec<Case>, TooMany> {
        if self.here.contains(place) || self.depth > super::MAX_DEPTH {
            return Err(TooMany);
        }
        let Some(schema) = self.root.at(&place.pointer) else { return Err(TooMany) };
        let schema = schema.clone();
        self.here.push(place.clone());
        self.depth += 1;
        let cases = self.cases_of(place, &schema);
        self.depth -= 1;
        self.here.pop();
        cases
    }

    fn cases_of(&mut self, place: &Place, schema: &Json) -> Result<Vec<Case>, TooMany> {
        let (names, items) = ("unevaluatedProperties", "unevaluatedItems");
        let (names, items) = (schema.get(names).is_some(), schema.get(items).is_some());
        if !matches!(schema, Json::Record(_)) {
            return Ok(vec![(self.schema(place), Evaluated::default())]);
        }
        let mut cases = self.cases_without(place, schema)?;
        if names || items {
            for (_, evaluated) in &mut cases {
                evaluated.all_names |= names;
                evaluated.all_items |= items;
            }
            let whole = self.with_unevaluated(place, schema);
            cases = product(self, &cases, &[(whole, Evaluated::default())])?;
        }
        Ok(cases)
    }

    fn cases_without(&mut self, place: &Place, schema: &Json) -> Result<Vec<Case>, TooMany> {
        let own = self.own(place, schema);
        let mut cases = vec![(own, self.evaluated_by(place, schema))];
        for keyword in ["$ref", "$dynamicRef"] {
            if schema.get(keyword).is_none() {
                continue;
            }
            let next = match self.target(place, schema, keyword) {
                Ok(target) => self.cases(&target)?,
                Err(reason) => vec![(self.nodes.opaque(reason), Evaluated::default())],
            };
            cases = product(self, &cases, &next)?;
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            if schema.get(keyword).is_some() {
                cases = self.branched(place, schema, (keyword, cases))?;
            }
        }
        if schema.get("not").is_some() {
            let inner = self.beside(place, &["not"]);
            let not = self.nodes.not(inner);
            cases = product(self, &cases, &[(not, Evaluated::default())])?;
        }
        if schema.get("if").is_some() {
            cases = self.conditional_cases(place, schema, &cases)?;
        }
        for (keyword, name) in self.dependent_schemas(schema) {
            let absent = self.absent(&name);
            let present = self.nodes.not(absent);
            let met = self.cases(&self.below(place, &[keyword, &name]))?;
            let mut next = product(self, &met, &[(present, Evaluated::default())])?;
            next.push((absent, Evaluated::default()));
            cases = product(self, &cases, &next)?;
        }
        Ok(cases)
    }

    fn branched(
        &mut self,
        place: &Place,
        schema: &Json,
        (keyword, mut cases): (&str, Vec<Case>),
    ) -> Result<Vec<Case>, TooMany> {
        let of = self.branches(place, schema, keyword);
        let mut met = Vec::new();
        for at in 0..of.len() {
            met.push(self.cases(&self.below(place, &[keyword, &at.to_string()]))?);
        }
        match keyword {
            "allOf" => {
                for next in met {
                    cases = product(self, &cases, &next)?;
                }
                Ok(cases)
            }
            "anyOf" => {
                let mut some = vec![(self.nodes.any, Evaluated::default())];
                for (id, mut next) in of.iter().zip(met) {
                    if next.iter().any(|(_, evaluated)| *evaluated != Evaluated::default()) {
                        next.push((self.nodes.not(*id), Evaluated::default()));
                    } else {
                        next = vec![(self.nodes.any, Evaluated::default())];
                    }
                    some = product(self, &some, &next)?;
                }
                let any = self.nodes.some(of);
                let some = product(self, &some, &[(any, Evaluated::default())])?;
                product(self, &cases, &some)
            }
            _ => {
                let one = self.nodes.one(of.clone());
                let mut some = Vec::new();
                for next in met {
                    some.extend(next);
                }
                let some = product(self, &some, &[(one, Evaluated::default())])?;
                product(self, &cases, &some)
            }
        }
    }

    fn conditional_cases(
        &mut self,
        place: &Place,
        schema: &Json,
        cases: &[Case],
    ) -> Result<Vec<Case>, TooMany> {
        let condition = self.beside(place, &["if"]);
        let mut met = self.cases(&self.below(place, &["if"]))?;
        if schema.get("then").is_some() {
            let then = self.cases(&self.below(place, &["then"]))?;
            met = product(self, &met, &then)?;
        }
        let mut other = vec![(self.nodes.not(condition), Evaluated::default())];
        if schema.get("else").is_some() {
            let otherwise = self.cases(&self.below(place, &["else"]))?;
            other = product(self, &other, &otherwise)?;
        }
        met.extend(other);
        product(self, cases, &met)
    }

    /// What a schema's own keywords evaluate.
    fn evaluated_by(&mut self, place: &Place, schema: &Json) -> Evaluated {
        let names = schema.get("properties").into_iter().flat_map(Json::members);
        let mut evaluated = Evaluated {
            names: names.map(|(name, _)| name.clone()).collect(),
            all_names: schema.get("additionalProperties").is_some(),
            items: schema.get("prefixItems").map_or(0, |prefix| prefix.items().len()),
            all_items: schema.get("items").is_some(),
            ..Evaluated::default()
        };
        for (pattern, _) in schema.get("patternProperties").into_iter().flat_map(Json::members) {
            if let Ok(rx) = self.nodes.languages.pattern(pattern) {
                evaluated.patterns.insert(rx);
            }
        }
        if schema.get("contains").is_some() {
            evaluated.contained.insert(self.child(place, &["contains"]));
        }
        evaluated
    }
}

/// Each with each; cases that evaluate the same become one.
fn product(
    compiler: &mut Compiler<'_>,
    first: &[Case],
    second: &[Case],
) -> Result<Vec<Case>, TooMany> {
    let mut found: Vec<Case> = Vec::new();
    for (condition, evaluated) in first {
        for (other, also) in second {
            let both = compiler.nodes.all([*condition, *other]);
            if both == compiler.nodes.none {
                continue;
            }
            let evaluated = evaluated.with(also);
            match found.iter_mut().find(|(_, same)| *same == evaluated) {
                Some((condition, _)) => *condition = compiler.nodes.some([*condition, both]),
                None => found.push((both, evaluated)),
            }
            if found.len() > MAX_CASES {
                return Err(TooMany);
            }
        }
    }
    Ok(found)
}
