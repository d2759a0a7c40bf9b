//! Keywords that apply other schemas to the same value.

use super::{Compiler, Draft, Place};
use crate::evolution::json::Json;
use crate::evolution::node::Id;

impl Compiler<'_> {
    /// All of them together.
    pub(super) fn applied(&mut self, place: &Place, schema: &Json) -> Id {
        let mut all = Vec::new();
        if self.draft == Draft::Latest {
            for keyword in ["$ref", "$dynamicRef"] {
                if schema.get(keyword).is_some() {
                    all.push(self.reference(place, schema, keyword));
                }
            }
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            if schema.get(keyword).is_none() {
                continue;
            }
            let of = self.branches(place, schema, keyword);
            all.push(match keyword {
                "allOf" => self.nodes.all(of),
                "anyOf" => self.nodes.some(of),
                _ => self.nodes.one(of),
            });
        }
        if schema.get("not").is_some() {
            let inner = self.beside(place, &["not"]);
            all.push(self.nodes.not(inner));
        }
        if schema.get("if").is_some() {
            all.push(self.conditional(place, schema));
        }
        for (keyword, name) in self.dependent_schemas(schema) {
            let id = self.beside(place, &[keyword, &name]);
            let absent = self.absent(&name);
            all.push(self.nodes.some([absent, id]));
        }
        self.nodes.all(all)
    }

    pub(super) fn branches(&mut self, place: &Place, schema: &Json, keyword: &str) -> Vec<Id> {
        let count = schema.get(keyword).map_or(0, |of| of.items().len());
        (0..count).map(|at| self.beside(place, &[keyword, &at.to_string()])).collect()
    }

    fn conditional(&mut self, place: &Place, schema: &Json) -> Id {
        let condition = self.beside(place, &["if"]);
        let mut branch = |keyword| match schema.get(keyword) {
            Some(_) => self.beside(place, &[keyword]),
            None => self.nodes.any,
        };
        let (then, other) = (branch("then"), branch("else"));
        let otherwise = self.nodes.not(condition);
        if then == self.nodes.any {
            return self.nodes.some([condition, other]);
        }
        if other == self.nodes.any {
            return self.nodes.some([otherwise, then]);
        }
        let (then, other) = (self.nodes.all([condition, then]), self.nodes.all([otherwise, other]));
        self.nodes.some([then, other])
    }

    /// The names on which schemas depend, with the keyword.
    pub(super) fn dependent_schemas(
        &self,
        schema: &Json,
    ) -> Vec<(&'static str, std::sync::Arc<str>)> {
        let keyword = match self.draft {
            Draft::Latest => "dependentSchemas",
            Draft::Seven => "dependencies",
        };
        let all = schema.get(keyword).into_iter().flat_map(Json::members);
        let schemas = all.filter(|(_, value)| !matches!(value, Json::List(_)));
        schemas.map(|(name, _)| (keyword, name.clone())).collect()
    }
}
