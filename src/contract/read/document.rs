//! Reads the frame of a document: information, channels, operations.

use indexmap::IndexMap;

use super::keywords::{self, Keywords};
use super::{Fields, Reader, text};
use crate::contract::{
    Action, Basis, ChannelView, Contract, Group, GroupName, Message, Operation, Schema,
};
use crate::diagnostic::Span;
use crate::message::Json;
use crate::yaml::Node;

/// The only content type.
pub(super) const JSON: &str = "application/json";

impl<'a> Reader<'a> {
    /// The whole document.
    pub(super) fn document(&mut self) -> Option<Contract> {
        let what = "the document";
        let root = self.root;
        let fields = self.object(root, what, keywords::DOCUMENT)?;
        if let Some(node) = self.required(&fields, what, "asyncapi") {
            self.version(node);
        }
        let content = self.optional_string(&fields, what, "defaultContentType");
        if let Some(node) = fields.get("defaultContentType")
            && content.as_deref().is_some_and(|content| content != JSON)
        {
            self.bad_value(node, "`defaultContentType`", &[JSON]);
        }
        let info = self.required(&fields, what, "info");
        let info = info.and_then(|node| self.object(node, "`info`", keywords::INFO));
        let mut named = |name| {
            let node = info.as_ref().and_then(|info| self.required(info, "`info`", name))?;
            self.string(node, &format!("`{name}` of `info`"))
        };
        let (title, version) = (named("title"), named("version"));
        let service = named("x-service");
        self.service_name(info.as_ref(), service.as_deref());
        let span = info.as_ref().and_then(|info| info.get("x-service")).map(|node| node.span);
        let span = span.unwrap_or_default();
        self.components(&fields);
        let mut channels = IndexMap::new();
        if let Some(node) = self.required(&fields, what, "channels")
            && let Some(inner) = self.fields(node, "`channels`")
        {
            for (name, span, node) in inner.entries {
                if let Some(view) = self.channel((name, span), node, content.as_deref()) {
                    channels.insert(name.to_owned(), view);
                }
            }
        }
        let operations = self.operations(&fields, &channels);
        Some(Contract {
            service: service?,
            title: title?,
            version: version?,
            file: std::sync::Arc::clone(self.file),
            span,
            channels,
            operations,
            open: None,
        })
    }

    fn version(&mut self, node: &Node) {
        let known =
            text(node).is_some_and(|text| text.starts_with("3.0.") || text.starts_with("3.1."));
        if !known {
            let message = "`asyncapi` must be 3.0.0 or 3.1.0";
            let error = self.error("contract::version", message, node.span);
            self.push(error.label("this version is not read"));
        }
    }

    fn service_name(&mut self, info: Option<&Fields<'_>>, name: Option<&str>) {
        let letters = |name: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits)
        };
        let node = info.and_then(|info| info.get("x-service"));
        if let (Some(name), Some(node)) = (name, node)
            && !letters(name)
        {
            let message = format!("`{name}` cannot be the name of a service");
            let error = self.error("contract::bad-value", message, node.span);
            self.push(error.help("use lower-case letters, digits and `_`"));
        }
    }

    /// Schemas that nothing refers to are read too, so that their problems are seen.
    fn components(&mut self, fields: &Fields<'a>) {
        let Some(node) = fields.get("components") else {
            return;
        };
        let Some(components) = self.fields(node, "`components`") else {
            return;
        };
        let Some(node) = components.get("schemas") else {
            return;
        };
        let Some(schemas) = self.fields(node, "`schemas` of `components`") else {
            return;
        };
        self.components = schemas.entries.iter().map(|(.., node)| node.span).collect();
        for (name, _, node) in schemas.entries {
            self.schema(node, &format!("schema `{name}`"), 0);
        }
    }

    fn channel(
        &mut self,
        (name, span): (&str, Span),
        node: &'a Node,
        content: Option<&str>,
    ) -> Option<ChannelView> {
        let what = format!("channel `{name}`");
        let node = self.resolve(node, &what)?;
        let fields = self.object(node, &what, keywords::CHANNEL)?;
        let address = self.required(&fields, &what, "address");
        let address = address.and_then(|node| self.string(node, &format!("`address` of {what}")));
        self.topic(&fields, &what, address.as_deref());
        let discriminator = self.optional_string(&fields, &what, "x-discriminator");
        let mut messages = IndexMap::new();
        if let Some(node) = self.required(&fields, &what, "messages")
            && let Some(inner) = self.fields(node, &format!("`messages` of {what}"))
        {
            for (kind, span, node) in inner.entries {
                if let Some(message) = self.message((kind, span), node, content) {
                    self.told_apart(&message, &what, discriminator.as_deref());
                    messages.insert(kind.to_owned(), message);
                }
            }
        }
        if discriminator.is_none() && messages.len() > 1 {
            self.missing(&fields, &what, "x-discriminator");
        }
        Some(ChannelView {
            name: name.to_owned(),
            address: address?,
            description: self.optional_string(&fields, &what, "description"),
            discriminator,
            messages,
            span,
            open: None,
        })
    }

    /// The discriminator of each kind must be the kind's own name.
    fn told_apart(&mut self, message: &Message, channel: &str, discriminator: Option<&str>) {
        let Some(field) = discriminator else {
            return;
        };
        let property = message.payload.properties.get(field);
        let wanted = Json::from(message.name.as_str());
        let good = property.is_some_and(|property| {
            property.required && property.schema.allowed.as_deref() == Some(&[wanted])
        });
        if !good {
            let message_name = &message.name;
            let text =
                format!("`{field}` does not tell message `{message_name}` of {channel} apart");
            let span = property.map_or(message.span, |property| property.schema.span);
            let error = self.error("contract::bad-schema", text, span);
            let label = format!("expected a required `{field}` with `const: {message_name}`");
            self.push(error.label(label));
        }
    }

    fn topic(&mut self, fields: &Fields<'_>, what: &str, address: Option<&str>) {
        let Some(binding) = self.kafka(fields, what, keywords::CHANNEL_BINDING) else {
            return;
        };
        let topic =
            self.optional_string(&binding, &format!("the Kafka binding of {what}"), "topic");
        if let (Some(topic), Some(address), Some(node)) = (topic, address, binding.get("topic"))
            && topic != address
        {
            let message = format!("{what} has the address `{address}` and the topic `{topic}`");
            let error = self.error("contract::bad-value", message, node.span);
            self.push(error.help("leave `topic` out or make it the address"));
        }
    }

    /// The Kafka binding of a channel, operation or message.
    pub(super) fn kafka<'n>(
        &mut self,
        fields: &Fields<'n>,
        what: &str,
        known: Keywords,
    ) -> Option<Fields<'n>> {
        let bindings = self.fields(fields.get("bindings")?, &format!("`bindings` of {what}"))?;
        self.object(bindings.get("kafka")?, &format!("the Kafka binding of {what}"), known)
    }

    fn operations(
        &mut self,
        fields: &Fields<'a>,
        channels: &IndexMap<String, ChannelView>,
    ) -> Vec<Operation> {
        let Some(node) = self.required(fields, "the document", "operations") else {
            return Vec::new();
        };
        let inner = self.fields(node, "`operations`");
        let mut operations = Vec::new();
        for (name, span, node) in inner.into_iter().flat_map(|inner| inner.entries) {
            operations.extend(self.operation((name, span), node, channels));
        }
        operations
    }

    fn operation(
        &mut self,
        (name, span): (&str, Span),
        node: &'a Node,
        channels: &IndexMap<String, ChannelView>,
    ) -> Option<Operation> {
        let what = format!("operation `{name}`");
        let node = self.resolve(node, &what)?;
        let fields = self.object(node, &what, keywords::OPERATION)?;
        self.required(&fields, &what, "action");
        let action =
            self.named(&fields, &what, "action", &["receive", "send"], |name| match name {
                "receive" => Some(Action::Receive),
                "send" => Some(Action::Send),
                _ => None,
            });
        let group = self.group(&fields, &what);
        let channel = self.required(&fields, &what, "channel")?;
        let channel = self.pointed(channel, &what, "#/channels/")?;
        let view = channels.get(&channel)?;
        let messages = self.chosen(&fields, &what, view);
        Some(Operation { name: name.to_owned(), action: action?, channel, messages, group, span })
    }

    /// The name that a `$ref` below `prefix` ends in.
    fn pointed(&mut self, node: &'a Node, what: &str, prefix: &str) -> Option<String> {
        let Some((reference, span)) = super::reference(node) else {
            self.wrong_type(node, &format!("a part of {what}"), "a mapping with a `$ref`");
            return None;
        };
        self.resolve(node, what)?;
        let name = reference.strip_prefix(prefix).filter(|name| !name.contains('/'));
        if name.is_none() {
            let message = format!("`{reference}` of {what} does not begin with `{prefix}`");
            let error = self.error("contract::bad-reference", message, span);
            self.push(error);
        }
        name.map(|name| name.replace("~1", "/").replace("~0", "~"))
    }

    fn chosen(
        &mut self,
        fields: &Fields<'a>,
        what: &str,
        view: &ChannelView,
    ) -> Option<Vec<String>> {
        let node = fields.get("messages")?;
        let crate::yaml::Value::Sequence(items) = &node.value else {
            self.wrong_type(node, &format!("`messages` of {what}"), "a list");
            return None;
        };
        let prefix = format!("#/channels/{}/messages/", view.name);
        Some(items.iter().filter_map(|item| self.pointed(item, what, &prefix)).collect())
    }

    fn group(&mut self, fields: &Fields<'a>, what: &str) -> Option<Group> {
        let binding = self.kafka(fields, what, keywords::OPERATION_BINDING)?;
        let node = binding.get("groupId")?;
        let schema = self.schema(node, &format!("the group of {what}"), 0)?;
        let basis = if schema.remarks.field_basis { Basis::Field } else { Basis::Documented };
        let Schema { allowed, pattern, .. } = schema;
        let exactly = allowed.as_deref().and_then(|allowed| match allowed {
            [only] => only.as_str(),
            _ => None,
        });
        let name = match (exactly, pattern) {
            (Some(name), _) => GroupName::Exactly(name.to_owned()),
            (None, Some(pattern)) => GroupName::Like(pattern),
            (None, None) => {
                let message = format!("the group of {what} is neither a `const` nor a `pattern`");
                let error = self.error("contract::bad-schema", message, node.span);
                self.push(error);
                return None;
            }
        };
        Some(Group { name, basis })
    }
}
