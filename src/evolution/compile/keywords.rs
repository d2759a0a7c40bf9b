//! Keywords that say something of the value itself or of its parts.

use super::{Compiler, Draft, Place};
use crate::evolution::json::Json;
use crate::evolution::node::{Id, Names, Node, types};

impl Compiler<'_> {
    /// All keywords of a schema but those that apply other schemas to the same value.
    pub(super) fn own(&mut self, place: &Place, schema: &Json) -> Id {
        let mut all = Vec::new();
        self.values(schema, &mut all);
        self.numbers(schema, &mut all);
        self.texts(schema, &mut all);
        self.sizes(schema, &mut all);
        self.items(place, schema, &mut all);
        self.contained(place, schema, &mut all);
        self.members(place, schema, &mut all);
        self.dependent_names(schema, &mut all);
        self.nodes.all(all)
    }

    fn values(&mut self, schema: &Json, all: &mut Vec<Id>) {
        if let Some(names) = schema.get("type") {
            let names = match names {
                Json::List(names) => names.as_slice(),
                one => std::slice::from_ref(one),
            };
            let some: Vec<_> = names.iter().map(|name| self.named_type(name)).collect();
            all.push(self.nodes.some(some));
        }
        if let Some(values) = schema.get("enum") {
            let values: std::collections::BTreeSet<_> = values.items().iter().cloned().collect();
            all.push(match values.is_empty() {
                true => self.nodes.none,
                false => self.nodes.put(Node::Enum(values.into_iter().collect())),
            });
        }
        if let Some(value) = schema.get("const") {
            all.push(self.nodes.put(Node::Enum([value.clone()].into())));
        }
    }

    fn named_type(&mut self, name: &Json) -> Id {
        let mask = match name.as_text().map_or("", |name| &**name) {
            "null" => types::NULL,
            "boolean" => types::BOOL,
            "number" => types::NUMBER,
            "string" => types::TEXT,
            "array" => types::LIST,
            "object" => types::RECORD,
            "integer" => {
                let number = self.nodes.types(types::NUMBER);
                let whole = self.nodes.put(Node::Multiple(crate::evolution::exact::whole(1)));
                return self.nodes.all([number, whole]);
            }
            _ => 0,
        };
        self.nodes.types(mask)
    }

    fn numbers(&mut self, schema: &Json, all: &mut Vec<Id>) {
        let number = |keyword| match schema.get(keyword) {
            Some(Json::Number(number)) => Some(number.clone()),
            _ => None,
        };
        let nodes = [
            number("minimum").map(|least| Node::Least(least, false)),
            number("exclusiveMinimum").map(|least| Node::Least(least, true)),
            number("maximum").map(|most| Node::Most(most, false)),
            number("exclusiveMaximum").map(|most| Node::Most(most, true)),
            number("multipleOf").map(Node::Multiple),
        ];
        all.extend(nodes.into_iter().flatten().map(|node| self.nodes.put(node)));
    }

    fn texts(&mut self, schema: &Json, all: &mut Vec<Id>) {
        let size = |keyword| schema.get(keyword).and_then(Json::size);
        if let (least @ Some(_), most) | (least, most @ Some(_)) =
            (size("minLength"), size("maxLength"))
        {
            let rx = self.nodes.languages.length(least.unwrap_or(0), most);
            all.push(self.nodes.put(Node::Text(rx)));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Json::as_text) {
            match self.nodes.languages.pattern(pattern) {
                Ok(rx) => all.push(self.nodes.put(Node::Text(rx))),
                Err(why) => {
                    let opaque = self.nodes.opaque(format!("the pattern `{pattern}`: {}", why.0));
                    let others = self.nodes.types(types::ALL & !types::TEXT);
                    all.push(self.nodes.some([others, opaque]));
                }
            }
        }
    }

    fn sizes(&mut self, schema: &Json, all: &mut Vec<Id>) {
        let size = |keyword| schema.get(keyword).and_then(Json::size);
        let nodes = [
            size("minItems").map(Node::MinItems),
            size("maxItems").map(Node::MaxItems),
            size("minProperties").map(Node::MinProps),
            size("maxProperties").map(Node::MaxProps),
        ];
        all.extend(nodes.into_iter().flatten().map(|node| self.nodes.put(node)));
        if schema.get("uniqueItems") == Some(&Json::Bool(true)) {
            all.push(self.nodes.put(Node::Unique));
        }
        for name in schema.get("required").map_or(&[][..], Json::items) {
            if let Some(name) = name.as_text() {
                all.push(self.nodes.put(Node::Required(name.clone())));
            }
        }
    }

    fn items(&mut self, place: &Place, schema: &Json, all: &mut Vec<Id>) {
        let (prefix, rest) = match self.draft {
            Draft::Latest => ("prefixItems", "items"),
            Draft::Seven => match schema.get("items") {
                Some(Json::List(_)) => ("items", "additionalItems"),
                _ => ("", "items"),
            },
        };
        let first = schema.get(prefix).map_or(0, |prefix| prefix.items().len());
        for at in 0..first {
            let id = self.child(place, &[prefix, &at.to_string()]);
            all.push(self.nodes.put(Node::Item(at, id)));
        }
        if schema.get(rest).is_some() {
            let id = self.child(place, &[rest]);
            if id != self.nodes.any {
                all.push(self.nodes.put(Node::ItemsFrom(first, id)));
            }
        }
    }

    fn contained(&mut self, place: &Place, schema: &Json, all: &mut Vec<Id>) {
        if schema.get("contains").is_none() {
            return;
        }
        let size = |keyword| match self.draft {
            Draft::Latest => schema.get(keyword).and_then(Json::size),
            Draft::Seven => None,
        };
        let (least, most) = (size("minContains").unwrap_or(1), size("maxContains"));
        let id = self.child(place, &["contains"]);
        all.push(self.nodes.put(Node::Contains(id, least, most)));
    }

    fn members(&mut self, place: &Place, schema: &Json, all: &mut Vec<Id>) {
        let (mut names, mut patterns) = (std::collections::BTreeSet::new(), Vec::new());
        for (name, _) in schema.get("properties").into_iter().flat_map(Json::members) {
            names.insert(name.clone());
            let id = self.child(place, &["properties", name]);
            if id != self.nodes.any {
                all.push(self.nodes.put(Node::Props(Names::One(name.clone()), id)));
            }
        }
        let mut unread = None;
        for (pattern, _) in schema.get("patternProperties").into_iter().flat_map(Json::members) {
            let id = self.child(place, &["patternProperties", pattern]);
            match self.nodes.languages.pattern(pattern) {
                Ok(rx) => {
                    patterns.push(rx);
                    all.push(self.nodes.put(Node::Props(Names::Match(rx), id)));
                }
                Err(why) => unread = Some(format!("the pattern `{pattern}`: {}", why.0)),
            }
        }
        if let Some(reason) = unread {
            // What the names are that additionalProperties is for is not known either.
            let number = self.nodes.opaque.len();
            self.for_records(format!("{reason} of `patternProperties` (no. {number})"), all);
            return;
        }
        if schema.get("additionalProperties").is_some() {
            let id = self.child(place, &["additionalProperties"]);
            if id != self.nodes.any {
                all.push(self.nodes.put(Node::Props(Names::Except(names, patterns), id)));
            }
        }
        if schema.get("propertyNames").is_some() {
            let id = self.child(place, &["propertyNames"]);
            match self.nodes.language(id, 0) {
                Some(rx) => {
                    let others = self.nodes.languages.not(rx);
                    let none = self.nodes.none;
                    all.push(self.nodes.put(Node::Props(Names::Match(others), none)));
                }
                None => {
                    let number = self.nodes.opaque.len();
                    self.for_records(format!("a `propertyNames` (no. {number})"), all);
                }
            }
        }
    }

    /// Something about objects that is not understood.
    fn for_records(&mut self, reason: String, all: &mut Vec<Id>) {
        let opaque = self.nodes.opaque(reason);
        let others = self.nodes.types(types::ALL & !types::RECORD);
        all.push(self.nodes.some([others, opaque]));
    }

    fn dependent_names(&mut self, schema: &Json, all: &mut Vec<Id>) {
        let keyword = match self.draft {
            Draft::Latest => "dependentRequired",
            Draft::Seven => "dependencies",
        };
        for (name, needed) in schema.get(keyword).into_iter().flat_map(Json::members) {
            let Json::List(needed) = needed else { continue };
            let needed = needed.iter().filter_map(Json::as_text).cloned();
            let needed: Vec<_> = needed.map(|name| self.nodes.put(Node::Required(name))).collect();
            let needed = self.nodes.all(needed);
            let absent = self.absent(name);
            all.push(self.nodes.some([absent, needed]));
        }
    }

    /// The value is no object with this member.
    pub(super) fn absent(&mut self, name: &std::sync::Arc<str>) -> Id {
        let others = self.nodes.types(types::ALL & !types::RECORD);
        let none = self.nodes.none;
        let without = self.nodes.put(Node::Props(Names::One(name.clone()), none));
        self.nodes.some([others, without])
    }
}
