//! Reads messages: payload, headers, key.

use super::document::JSON;
use super::{Fields, Reader, keywords};
use crate::contract::{
    Basis, HeaderEncoding, HeaderRule, KEY_ENCODINGS, KeyRule, Message, Schema, Types,
};
use crate::diagnostic::Span;
use crate::yaml::Node;

impl<'a> Reader<'a> {
    /// The message `name` of a channel.
    pub(super) fn message<'n>(
        &mut self,
        (name, span): (&str, Span),
        node: &'n Node,
        content: Option<&str>,
    ) -> Option<Message>
    where
        'a: 'n,
    {
        let what = format!("message `{name}`");
        let node = self.resolve(node, &what)?;
        let fields = self.object(node, &what, keywords::MESSAGE)?;
        if let Some(own) = self.optional_string(&fields, &what, "name")
            && own != name
            && let Some(node) = fields.get("name")
        {
            let message = format!("{what} calls itself `{own}`");
            let error = self.error("contract::bad-value", message, node.span);
            self.push(error.help(format!("write `{name}`, the key it stands under")));
        }
        self.content_type(&fields, &what, content);
        let headers = self.headers(&fields, &what);
        self.key_binding(&fields, &what);
        let payload = self.required(&fields, &what, "payload")?;
        let payload = self.schema(payload, &format!("the payload of {what}"), 0)?;
        let key = self.key(&fields, &what, &payload);
        Some(Message {
            name: name.to_owned(),
            title: self.optional_string(&fields, &what, "title"),
            description: self.optional_string(&fields, &what, "description"),
            payload,
            headers,
            key,
            span,
        })
    }

    fn content_type(&mut self, fields: &Fields<'_>, what: &str, default: Option<&str>) {
        let own = self.optional_string(fields, what, "contentType");
        match own.as_deref().or(default) {
            Some(JSON) => {}
            Some(_) => {
                if let Some(node) = fields.get("contentType") {
                    self.bad_value(node, &format!("`contentType` of {what}"), &[JSON]);
                }
            }
            None => self.missing(fields, what, "contentType"),
        }
    }

    fn headers<'n>(&mut self, fields: &Fields<'n>, what: &str) -> Vec<HeaderRule>
    where
        'a: 'n,
    {
        let Some(node) = fields.get("headers") else {
            return Vec::new();
        };
        let Some(schema) = self.schema(node, &format!("the headers of {what}"), 0) else {
            return Vec::new();
        };
        let mut rules = Vec::with_capacity(schema.properties.len());
        for (name, property) in &schema.properties {
            let header = &property.schema;
            // What could not be read has been reported.
            if header.span == Span::default() {
                continue;
            }
            let encoding = header
                .encoding
                .or_else(|| (header.types == Types::STRING).then_some(HeaderEncoding::Utf8));
            let Some(encoding) = encoding else {
                let message = format!("header `{name}` of {what} has no `x-encoding`");
                let error = self.error("contract::missing-keyword", message, header.span);
                self.push(error.label("only text can do without"));
                continue;
            };
            rules.push(HeaderRule {
                name: name.clone().into_string(),
                encoding,
                required: property.required,
                non_empty: header.min_length.is_some_and(|length| length > 0),
                description: header.remarks.description.clone(),
            });
        }
        rules
    }

    /// The Kafka binding's key schema repeats what `x-key` says for readers that know only the
    /// standard; it has to be a schema.
    fn key_binding<'n>(&mut self, fields: &Fields<'n>, what: &str)
    where
        'a: 'n,
    {
        let Some(binding) = self.kafka(fields, what, keywords::MESSAGE_BINDING) else {
            return;
        };
        if let Some(key) = binding.get("key") {
            self.schema(key, &format!("the key of {what}"), 0);
        }
    }

    fn key(&mut self, fields: &Fields<'_>, what: &str, payload: &Schema) -> Option<KeyRule> {
        let node = fields.get("x-key")?;
        let what = format!("`x-key` of {what}");
        let key = self.object(node, &what, keywords::KEY)?;
        for name in ["field", "encoding", "basis"] {
            self.required(&key, &what, name);
        }
        let names = KEY_ENCODINGS.map(|(name, _)| name);
        let encoding = self.named(&key, &what, "encoding", &names, |name| {
            KEY_ENCODINGS.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
        });
        let basis = self.named(&key, &what, "basis", &["documented", "field"], |name| match name {
            "documented" => Some(Basis::Documented),
            "field" => Some(Basis::Field),
            _ => None,
        });
        let field = self.optional_string(&key, &what, "field")?;
        let span = key.get("field").map_or(key.span, |node| node.span);
        let problem = match payload.at(&field) {
            None => "the payload has no such field",
            Some(schema) if schema.types != Types::INTEGER => "the field is not an integer",
            Some(schema) if !is_uint32(schema) => "the field is not a number from 0 to 4294967295",
            Some(_) => {
                return Some(KeyRule { field, encoding: encoding?, basis: basis?, span });
            }
        };
        let message = format!("no key can be made from `{field}`");
        let error = self.error("contract::bad-key", message, span);
        self.push(error.label(problem));
        None
    }
}

fn is_uint32(schema: &Schema) -> bool {
    let least = schema.minimum.is_some_and(|minimum| minimum >= 0);
    least && schema.maximum.is_some_and(|maximum| maximum <= i128::from(u32::MAX))
}
