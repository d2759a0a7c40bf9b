//! Which keywords each part of a contract may have.

/// The keywords of one kind of object.
#[derive(Clone, Copy)]
pub(super) struct Keywords {
    /// Those with a meaning here.
    read: &'static [&'static str],
    /// Those that only tell people something.
    told: &'static [&'static str],
    /// Those that AsyncAPI or JSON Schema has and a contract may not use.
    pub(super) unsupported: &'static [&'static str],
}

impl Keywords {
    /// All keywords that may stand there.
    pub(super) fn all(self) -> impl Iterator<Item = &'static str> {
        self.read.iter().chain(self.told).copied()
    }
}

pub(super) const DOCUMENT: Keywords = Keywords {
    read: &["asyncapi", "info", "defaultContentType", "channels", "operations", "components"],
    told: &["id", "servers"],
    unsupported: &[],
};

pub(super) const INFO: Keywords = Keywords {
    read: &["title", "version", "x-service"],
    told: &["description", "termsOfService", "contact", "license", "tags", "externalDocs"],
    unsupported: &[],
};

pub(super) const CHANNEL: Keywords = Keywords {
    read: &["address", "messages", "description", "bindings", "x-discriminator"],
    told: &["title", "summary", "servers", "tags", "externalDocs", "x-basis"],
    unsupported: &["parameters"],
};

pub(super) const OPERATION: Keywords = Keywords {
    read: &["action", "channel", "messages", "bindings"],
    told: &["title", "summary", "description", "tags", "externalDocs", "x-basis"],
    unsupported: &["security", "traits", "reply"],
};

pub(super) const MESSAGE: Keywords = Keywords {
    read: &[
        "name",
        "title",
        "description",
        "headers",
        "payload",
        "contentType",
        "bindings",
        "x-key",
    ],
    told: &["summary", "tags", "externalDocs", "examples", "correlationId", "x-basis"],
    unsupported: &["traits"],
};

pub(super) const KEY: Keywords =
    Keywords { read: &["field", "encoding", "basis"], told: &["description"], unsupported: &[] };

pub(super) const CHANNEL_BINDING: Keywords = Keywords {
    read: &["topic"],
    told: &["partitions", "replicas", "topicConfiguration", "bindingVersion"],
    unsupported: &[],
};

pub(super) const OPERATION_BINDING: Keywords =
    Keywords { read: &["groupId"], told: &["clientId", "bindingVersion"], unsupported: &[] };

pub(super) const MESSAGE_BINDING: Keywords = Keywords {
    read: &["key"],
    told: &["bindingVersion"],
    unsupported: &["schemaIdLocation", "schemaIdPayloadEncoding", "schemaLookupStrategy"],
};

pub(super) const SCHEMA: Keywords = Keywords {
    read: &[
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "const",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "description",
        "x-encoding",
        "x-sensitive",
        "x-type",
        "x-unit",
        "x-known-values",
        "x-basis",
    ],
    told: &["title", "examples"],
    unsupported: &[
        "$id",
        "$schema",
        "$defs",
        "definitions",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "unevaluatedItems",
        "prefixItems",
        "additionalItems",
        "contains",
        "minContains",
        "maxContains",
        "minItems",
        "maxItems",
        "uniqueItems",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "contentEncoding",
        "contentMediaType",
        "default",
        "readOnly",
        "writeOnly",
        "deprecated",
        "discriminator",
        "nullable",
    ],
};
