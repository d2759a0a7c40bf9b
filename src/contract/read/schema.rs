//! Reads schemas.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Fields, MAX_DEPTH, MAX_SCHEMAS, Reader, head, json, keywords, reference, text};
use crate::contract::schema::Remarks;
use crate::contract::{Format, HEADER_ENCODINGS, HeaderEncoding, Pattern, Property, Schema, Types};
use crate::message::Json;
use crate::yaml::{Node, Value};

impl<'a> Reader<'a> {
    /// The schema at `node`, references followed; `None` where nothing of it can be used.
    pub(super) fn schema<'n>(&mut self, node: &'n Node, what: &str, depth: usize) -> Option<Schema>
    where
        'a: 'n,
    {
        if depth > MAX_DEPTH || self.schemas >= MAX_SCHEMAS {
            self.too_large(node);
            return None;
        }
        self.schemas += 1;
        let target = if reference(node).is_none() {
            node
        } else {
            self.only_reference(node, what);
            self.resolve(node, what)?
        };
        if let Some((_, known)) = self.compiled.iter().find(|(span, _)| *span == target.span) {
            let known = known.clone();
            self.schemas += known.as_ref().map_or(0, size);
            return known;
        }
        if self.active.contains(&target.span) {
            let message = format!("{what} refers to a schema that it is part of");
            let error = self.error("contract::bad-reference", message, node.span);
            self.push(error.label("such a schema has no end"));
            return None;
        }
        self.active.push(target.span);
        let schema = self.own_schema(target, what, depth);
        self.active.pop();
        if self.is_component(target) {
            self.compiled.push((target.span, schema.clone()));
        }
        schema
    }

    /// Whether the node is a whole schema of `components`, so that references may name it.
    fn is_component(&self, node: &Node) -> bool {
        self.components
            .binary_search_by_key(&node.span.start, |span| span.start)
            .is_ok_and(|at| self.components[at] == node.span)
    }

    fn too_large(&mut self, node: &Node) {
        if self.diagnostics.iter().any(|known| known.code == "contract::too-large") {
            return;
        }
        let message =
            format!("schemas are nested deeper than {MAX_DEPTH}, or are more than {MAX_SCHEMAS}");
        let error = self.error("contract::too-large", message, head(node));
        self.push(error.label("given up here"));
    }

    /// Keywords beside a `$ref` have no effect by the standard, so they are refused.
    fn only_reference(&mut self, node: &Node, what: &str) {
        let Value::Mapping(entries) = &node.value else {
            return;
        };
        for (key, _) in entries {
            if let Some(name) = text(key).filter(|name| *name != "$ref") {
                let message = format!("`{name}` beside the `$ref` of {what} has no effect");
                let error = self.error("contract::unsupported-keyword", message, key.span);
                self.push(error.label("readers skip it"));
            }
        }
    }

    fn own_schema<'n>(&mut self, node: &'n Node, what: &str, depth: usize) -> Option<Schema>
    where
        'a: 'n,
    {
        let fields = self.object(node, what, keywords::SCHEMA)?;
        let mut schema = Schema {
            types: self.types(&fields, what),
            allowed: self.allowed(&fields, what),
            minimum: self.whole(&fields, what, "minimum"),
            maximum: self.whole(&fields, what, "maximum"),
            min_length: self.length(&fields, what, "minLength"),
            max_length: self.length(&fields, what, "maxLength"),
            pattern: self.pattern(&fields, what),
            format: self.named(&fields, what, "format", &Format::NAMES, Format::named),
            encoding: self.header_encoding(&fields, what),
            sensitive: self.flag(&fields, what, "x-sensitive"),
            remarks: Arc::new(self.remarks(&fields, what)),
            span: node.span,
            ..Schema::default()
        };
        if let Some(items) = fields.get("items") {
            let items = self.schema(items, &format!("`items` of {what}"), depth + 1);
            schema.items = items.map(Box::new);
        }
        schema.properties = self.properties(&fields, what, depth);
        self.consistent(&schema, &fields, what);
        Some(schema)
    }

    fn properties<'n>(
        &mut self,
        fields: &Fields<'n>,
        what: &str,
        depth: usize,
    ) -> IndexMap<Box<str>, Property>
    where
        'a: 'n,
    {
        let mut properties = IndexMap::new();
        if let Some(node) = fields.get("properties") {
            let inner = self.fields(node, &format!("`properties` of {what}"));
            for (name, _, node) in inner.into_iter().flat_map(|inner| inner.entries) {
                let schema = self.schema(node, &format!("`{name}`"), depth + 1).unwrap_or_default();
                properties
                    .insert(name.into(), Property { schema, required: false, foreign: false });
            }
        }
        let Some(node) = fields.get("required") else {
            return properties;
        };
        for (name, node) in self.names(node, &format!("`required` of {what}")) {
            if let Some(property) = properties.get_mut(name.as_str()) {
                property.required = true;
                continue;
            }
            let message = format!("`{name}` is required but not among the properties of {what}");
            let error = self.error("contract::bad-schema", message, node.span);
            let known: Vec<_> = properties.keys().map(|name| &**name).collect();
            let error = error.did_you_mean(&name, known, None);
            self.push(error);
        }
        properties
    }

    /// The texts of a list.
    pub(super) fn names<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(String, &'n Node)> {
        let Value::Sequence(items) = &node.value else {
            self.wrong_type(node, what, "a list");
            return Vec::new();
        };
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            if let Some(name) = self.string(item, &format!("an entry of {what}")) {
                names.push((name, item));
            }
        }
        names
    }

    fn types(&mut self, fields: &Fields<'_>, what: &str) -> Types {
        let Some(node) = fields.get("type") else {
            return Types::ANY;
        };
        let what = format!("`type` of {what}");
        let names = match &node.value {
            Value::Sequence(_) => self.names(node, &what),
            _ => self.string(node, &what).map(|name| (name, node)).into_iter().collect(),
        };
        let mut types = Types::ANY;
        for (name, node) in names {
            match Types::named(&name) {
                Some(one) => types = types.and(one),
                None => self.bad_value(node, &what, &Types::NAMES),
            }
        }
        types
    }

    fn allowed(&mut self, fields: &Fields<'_>, what: &str) -> Option<Vec<Json>> {
        if let Some(node) = fields.get("const") {
            return Some(json(node, 0).into_iter().collect());
        }
        let node = fields.get("enum")?;
        let Value::Sequence(items) = &node.value else {
            self.wrong_type(node, &format!("`enum` of {what}"), "a list");
            return None;
        };
        if items.is_empty() {
            let message = format!("`enum` of {what} is empty, so no value is accepted");
            let error = self.error("contract::bad-schema", message, node.span);
            self.push(error);
            return None;
        }
        Some(items.iter().filter_map(|item| json(item, 0)).collect())
    }

    fn whole(&mut self, fields: &Fields<'_>, what: &str, name: &str) -> Option<i128> {
        let node = fields.get(name)?;
        let value = json(node, 0).and_then(|value| value.as_integer());
        if value.is_none() {
            self.wrong_type(node, &format!("`{name}` of {what}"), "an integer");
        }
        value
    }

    fn length(&mut self, fields: &Fields<'_>, what: &str, name: &str) -> Option<u64> {
        let length = u64::try_from(self.whole(fields, what, name)?);
        if let (Err(_), Some(node)) = (&length, fields.get(name)) {
            let message = format!("`{name}` of {what} cannot be negative or so large");
            let error = self.error("contract::bad-schema", message, node.span);
            self.push(error);
        }
        length.ok()
    }

    fn pattern(&mut self, fields: &Fields<'_>, what: &str) -> Option<Pattern> {
        let text = self.optional_string(fields, what, "pattern")?;
        match Pattern::new(&text) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let span = fields.get("pattern").map_or(fields.span, |node| node.span);
                let message = format!("`pattern` of {what} is no regular expression");
                let error = self.error("contract::bad-schema", message, span);
                self.push(error.label(why));
                None
            }
        }
    }

    /// A keyword whose value is one of a list.
    pub(super) fn named<T>(
        &mut self,
        fields: &Fields<'_>,
        what: &str,
        keyword: &str,
        known: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let name = self.optional_string(fields, what, keyword)?;
        let found = read(&name);
        if let (None, Some(node)) = (&found, fields.get(keyword)) {
            self.bad_value(node, &format!("`{keyword}` of {what}"), known);
        }
        found
    }

    fn header_encoding(&mut self, fields: &Fields<'_>, what: &str) -> Option<HeaderEncoding> {
        let known = HEADER_ENCODINGS.map(|(name, _)| name);
        self.named(fields, what, "x-encoding", &known, |name| {
            HEADER_ENCODINGS.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
        })
    }

    fn flag(&mut self, fields: &Fields<'_>, what: &str, name: &str) -> bool {
        let Some(node) = fields.get(name) else {
            return false;
        };
        match json(node, 0) {
            Some(Json::Bool(flag)) => flag,
            _ => {
                self.wrong_type(node, &format!("`{name}` of {what}"), "true or false");
                // A field that was meant to be sensitive is treated so.
                true
            }
        }
    }

    fn remarks(&mut self, fields: &Fields<'_>, what: &str) -> Remarks {
        let known_values = match fields.get("x-known-values").and_then(|node| json(node, 0)) {
            Some(Json::Array(values)) => values,
            _ => Vec::new(),
        };
        let basis = self.named(fields, what, "x-basis", &["documented", "field"], |name| {
            ["documented", "field"].iter().position(|known| *known == name)
        });
        Remarks {
            description: self.optional_string(fields, what, "description"),
            declared_type: self.optional_string(fields, what, "x-type"),
            unit: self.optional_string(fields, what, "x-unit"),
            known_values,
            field_basis: basis == Some(1),
        }
    }

    fn consistent(&mut self, schema: &Schema, fields: &Fields<'_>, what: &str) {
        let crossed =
            |low: Option<i128>, high: Option<i128>| low.zip(high).is_some_and(|(l, h)| l > h);
        let lengths = (schema.min_length.map(i128::from), schema.max_length.map(i128::from));
        for (name, wrong) in [
            ("minimum", crossed(schema.minimum, schema.maximum)),
            ("minLength", crossed(lengths.0, lengths.1)),
        ] {
            if let (true, Some(node)) = (wrong, fields.get(name)) {
                let message = format!("`{name}` of {what} is above its maximum");
                let error = self.error("contract::bad-schema", message, node.span);
                self.push(error.label("no value is accepted"));
            }
        }
        let keyword = if fields.get("const").is_some() { "const" } else { "enum" };
        let types = schema.types;
        for value in schema.allowed.iter().flatten().filter(|value| !types.admits(type_of(value))) {
            let node = fields.get(keyword);
            let span = node.map_or(fields.span, |node| node.span);
            let message = format!("`{keyword}` of {what} has {value}, which its type excludes");
            let error = self.error("contract::bad-schema", message, span);
            self.push(error.label(format!("the type admits {}", types.phrase())));
        }
    }
}

/// How many schemas a schema is made of.
fn size(schema: &Schema) -> usize {
    let properties: usize = schema.properties.values().map(|one| size(&one.schema)).sum();
    1 + properties + schema.items.as_deref().map_or(0, size)
}

/// The type of a value; integers count as numbers too.
pub(in crate::contract) fn type_of(value: &Json) -> Types {
    match value {
        Json::Null => Types::NULL,
        Json::Bool(_) => Types::BOOLEAN,
        Json::Number(number)
            if number.as_str().bytes().all(|b| b == b'-' || b.is_ascii_digit()) =>
        {
            Types::INTEGER.and(Types::NUMBER)
        }
        Json::Number(_) => Types::NUMBER,
        Json::String(_) => Types::STRING,
        Json::Array(_) => Types::ARRAY,
        Json::Object(_) => Types::OBJECT,
    }
}
