//! The objects of AsyncAPI 3.0 and 3.1, as tables: which fields each has and of what kind.

/// What a value must be.
pub(super) enum Kind {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// Text or null.
    TextOrNull,
    /// A URI with a scheme.
    Uri,
    /// An address of mail.
    Email,
    /// `true` or `false`.
    Flag,
    /// A whole number that is not less.
    Whole(i64),
    /// Any object.
    Object,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A place in a message: `$message.header#/id`.
    Location,
    /// A reference and nothing else.
    Reference,
    /// A schema, in any language.
    Schema,
    /// A JSON Schema or a schema of Avro, which nothing tells apart.
    KeySchema,
    /// An object of this shape, or a reference to one where the shape may stand elsewhere.
    Of(&'static Shape),
    /// An object of any names with such values.
    Map(&'static Kind),
    /// A list of such values.
    List(&'static Kind),
    /// A list of such values without one that comes twice.
    Set(&'static Kind),
    /// A scheme of security: of a shape by its `type`.
    Security,
    /// A trait: an object of a shape, or a list that begins with one.
    Trait(&'static Shape),
}

/// An object.
pub(super) struct Shape {
    /// What it is called.
    pub(super) name: &'static str,
    /// Its fields: name, whether it must be there, kind.
    pub(super) fields: &'static [(&'static str, bool, Kind)],
    /// Whether a reference may stand in its place.
    pub(super) may_refer: bool,
    /// Whether `x-…` may be there.
    pub(super) may_extend: bool,
    /// At least one of these is there.
    pub(super) one_of: &'static [&'static str],
}

const fn shape(name: &'static str, fields: &'static [(&'static str, bool, Kind)]) -> Shape {
    Shape { name, fields, may_refer: true, may_extend: true, one_of: &[] }
}

const fn fixed(name: &'static str, fields: &'static [(&'static str, bool, Kind)]) -> Shape {
    Shape { may_refer: false, ..shape(name, fields) }
}

use Kind::{
    Any, Email, Flag, KeySchema, List, Location, Map, Object, Of, Reference, Schema, Security, Set,
    Text, TextOrNull, Trait, Uri, Whole, Word,
};

pub(super) static DOCUMENT: Shape = fixed(
    "the document",
    &[
        ("asyncapi", true, Any),
        ("id", false, Uri),
        ("info", true, Of(&INFO)),
        ("servers", false, Map(&Of(&SERVER))),
        ("defaultContentType", false, Text),
        ("channels", false, Map(&Of(&CHANNEL))),
        ("operations", false, Map(&Of(&OPERATION))),
        ("components", false, Of(&COMPONENTS)),
    ],
);

static INFO: Shape = fixed(
    "info",
    &[
        ("title", true, Text),
        ("version", true, Text),
        ("description", false, Text),
        ("termsOfService", false, Uri),
        ("contact", false, Of(&CONTACT)),
        ("license", false, Of(&LICENSE)),
        ("tags", false, Set(&Of(&TAG))),
        ("externalDocs", false, Of(&DOCS)),
        ("x-service", false, Text),
    ],
);

static CONTACT: Shape =
    fixed("contact", &[("name", false, Text), ("url", false, Uri), ("email", false, Email)]);
static LICENSE: Shape = fixed("license", &[("name", true, Text), ("url", false, Uri)]);
static TAG: Shape = shape(
    "tag",
    &[("name", true, Text), ("description", false, Text), ("externalDocs", false, Of(&DOCS))],
);
static DOCS: Shape = shape("externalDocs", &[("url", true, Uri), ("description", false, Text)]);

static SERVER: Shape = shape(
    "server",
    &[
        ("host", true, Text),
        ("protocol", true, Text),
        ("pathname", false, Text),
        ("title", false, Text),
        ("summary", false, Text),
        ("description", false, Text),
        ("protocolVersion", false, Text),
        ("variables", false, Map(&Of(&VARIABLE))),
        ("security", false, List(&Security)),
        ("tags", false, Set(&Of(&TAG))),
        ("externalDocs", false, Of(&DOCS)),
        ("bindings", false, Of(&SERVER_BINDINGS)),
    ],
);

static VARIABLE: Shape = shape(
    "server variable",
    &[
        ("enum", false, Set(&Text)),
        ("default", false, Text),
        ("description", false, Text),
        ("examples", false, List(&Text)),
    ],
);

static CHANNEL: Shape = shape(
    "channel",
    &[
        ("address", false, TextOrNull),
        ("messages", false, Map(&Of(&MESSAGE))),
        ("parameters", false, Map(&Of(&PARAMETER))),
        ("title", false, Text),
        ("summary", false, Text),
        ("description", false, Text),
        ("servers", false, Set(&Reference)),
        ("tags", false, Set(&Of(&TAG))),
        ("externalDocs", false, Of(&DOCS)),
        ("bindings", false, Of(&CHANNEL_BINDINGS)),
        ("x-discriminator", false, Text),
    ],
);

static PARAMETER: Shape = shape(
    "parameter",
    &[
        ("description", false, Text),
        ("enum", false, List(&Text)),
        ("default", false, Text),
        ("examples", false, List(&Text)),
        ("location", false, Location),
    ],
);

static MESSAGE: Shape = shape(
    "message",
    &[
        ("contentType", false, Text),
        ("headers", false, Schema),
        ("payload", false, Schema),
        ("correlationId", false, Of(&CORRELATION)),
        ("tags", false, Set(&Of(&TAG))),
        ("summary", false, Text),
        ("name", false, Text),
        ("title", false, Text),
        ("description", false, Text),
        ("externalDocs", false, Of(&DOCS)),
        ("deprecated", false, Flag),
        ("examples", false, List(&Of(&EXAMPLE))),
        ("bindings", false, Of(&MESSAGE_BINDINGS)),
        ("traits", false, List(&Trait(&MESSAGE_TRAIT))),
        ("x-invalid-examples", false, List(&Of(&EXAMPLE))),
    ],
);

static MESSAGE_TRAIT: Shape = shape(
    "message trait",
    &[
        ("contentType", false, Text),
        ("headers", false, Schema),
        ("correlationId", false, Of(&CORRELATION)),
        ("tags", false, Set(&Of(&TAG))),
        ("summary", false, Text),
        ("name", false, Text),
        ("title", false, Text),
        ("description", false, Text),
        ("externalDocs", false, Of(&DOCS)),
        ("deprecated", false, Flag),
        ("examples", false, List(&Of(&EXAMPLE))),
        ("bindings", false, Of(&MESSAGE_BINDINGS)),
    ],
);

static EXAMPLE: Shape = Shape {
    name: "message example",
    fields: &[
        ("name", false, Text),
        ("summary", false, Text),
        ("headers", false, Object),
        ("payload", false, Any),
    ],
    may_refer: false,
    may_extend: false,
    one_of: &["payload", "headers"],
};

static CORRELATION: Shape =
    shape("correlation id", &[("location", true, Location), ("description", false, Text)]);

static OPERATION: Shape = shape(
    "operation",
    &[
        ("action", true, Word(&["send", "receive"])),
        ("channel", true, Reference),
        ("messages", false, List(&Reference)),
        ("reply", false, Of(&REPLY)),
        ("traits", false, List(&Of(&OPERATION_TRAIT))),
        ("title", false, Text),
        ("summary", false, Text),
        ("description", false, Text),
        ("security", false, List(&Security)),
        ("tags", false, Set(&Of(&TAG))),
        ("externalDocs", false, Of(&DOCS)),
        ("bindings", false, Of(&OPERATION_BINDINGS)),
    ],
);

static OPERATION_TRAIT: Shape = shape(
    "operation trait",
    &[
        ("title", false, Text),
        ("summary", false, Text),
        ("description", false, Text),
        ("security", false, List(&Security)),
        ("tags", false, Set(&Of(&TAG))),
        ("externalDocs", false, Of(&DOCS)),
        ("bindings", false, Of(&OPERATION_BINDINGS)),
    ],
);

static REPLY: Shape = shape(
    "reply",
    &[
        ("address", false, Of(&REPLY_ADDRESS)),
        ("channel", false, Reference),
        ("messages", false, List(&Reference)),
    ],
);

static REPLY_ADDRESS: Shape =
    shape("reply address", &[("location", true, Location), ("description", false, Text)]);

static COMPONENTS: Shape = fixed(
    "components",
    &[
        ("schemas", false, Map(&Schema)),
        ("servers", false, Map(&Of(&SERVER))),
        ("channels", false, Map(&Of(&CHANNEL))),
        ("serverVariables", false, Map(&Of(&VARIABLE))),
        ("operations", false, Map(&Of(&OPERATION))),
        ("messages", false, Map(&Of(&MESSAGE))),
        ("securitySchemes", false, Map(&Security)),
        ("parameters", false, Map(&Of(&PARAMETER))),
        ("correlationIds", false, Map(&Of(&CORRELATION))),
        ("operationTraits", false, Map(&Of(&OPERATION_TRAIT))),
        ("messageTraits", false, Map(&Of(&MESSAGE_TRAIT))),
        ("replies", false, Map(&Of(&REPLY))),
        ("replyAddresses", false, Map(&Of(&REPLY_ADDRESS))),
        ("serverBindings", false, Map(&Of(&SERVER_BINDINGS))),
        ("channelBindings", false, Map(&Of(&CHANNEL_BINDINGS))),
        ("operationBindings", false, Map(&Of(&OPERATION_BINDINGS))),
        ("messageBindings", false, Map(&Of(&MESSAGE_BINDINGS))),
        ("tags", false, Map(&Of(&TAG))),
        ("externalDocs", false, Map(&Of(&DOCS))),
    ],
);

/// The bindings of a kind: what Kafka has is read, that of other protocols is only named.
macro_rules! bindings {
    ($name:ident, $title:literal, $kafka:ident) => {
        static $name: Shape = shape(
            $title,
            &[
                ("kafka", false, Of(&$kafka)),
                ("http", false, Any),
                ("ws", false, Any),
                ("amqp", false, Any),
                ("amqp1", false, Any),
                ("mqtt", false, Any),
                ("mqtt5", false, Any),
                ("anypointmq", false, Any),
                ("nats", false, Any),
                ("jms", false, Any),
                ("sns", false, Any),
                ("sqs", false, Any),
                ("solace", false, Any),
                ("stomp", false, Any),
                ("redis", false, Any),
                ("mercure", false, Any),
                ("ibmmq", false, Any),
                ("googlepubsub", false, Any),
                ("pulsar", false, Any),
                ("ros2", false, Any),
            ],
        );
    };
}

bindings!(SERVER_BINDINGS, "server bindings", KAFKA_SERVER);
bindings!(CHANNEL_BINDINGS, "channel bindings", KAFKA_CHANNEL);
bindings!(OPERATION_BINDINGS, "operation bindings", KAFKA_OPERATION);
bindings!(MESSAGE_BINDINGS, "message bindings", KAFKA_MESSAGE);

static KAFKA_SERVER: Shape = fixed(
    "Kafka server binding",
    &[
        ("schemaRegistryUrl", false, Text),
        ("schemaRegistryVendor", false, Text),
        ("bindingVersion", false, Text),
    ],
);
static KAFKA_CHANNEL: Shape = fixed(
    "Kafka channel binding",
    &[
        ("topic", false, Text),
        ("partitions", false, Whole(1)),
        ("replicas", false, Whole(1)),
        ("topicConfiguration", false, Of(&TOPIC_CONFIGURATION)),
        ("bindingVersion", false, Text),
    ],
);
static TOPIC_CONFIGURATION: Shape = Shape {
    name: "topic configuration",
    fields: &[
        ("cleanup.policy", false, List(&Word(&["compact", "delete"]))),
        ("retention.ms", false, Whole(-1)),
        ("retention.bytes", false, Whole(-1)),
        ("delete.retention.ms", false, Whole(0)),
        ("max.message.bytes", false, Whole(0)),
        ("confluent.key.schema.validation", false, Flag),
        ("confluent.key.subject.name.strategy", false, Text),
        ("confluent.value.schema.validation", false, Flag),
        ("confluent.value.subject.name.strategy", false, Text),
    ],
    may_refer: false,
    may_extend: true,
    one_of: &[],
};
static KAFKA_OPERATION: Shape = fixed(
    "Kafka operation binding",
    &[("groupId", false, Schema), ("clientId", false, Schema), ("bindingVersion", false, Text)],
);
static KAFKA_MESSAGE: Shape = fixed(
    "Kafka message binding",
    &[
        ("key", false, KeySchema),
        ("schemaIdLocation", false, Word(&["header", "payload"])),
        ("schemaIdPayloadEncoding", false, Text),
        ("schemaLookupStrategy", false, Text),
        ("bindingVersion", false, Text),
    ],
);

/// Objects that may have any other field.
pub(super) fn is_open(shape: &Shape) -> bool {
    std::ptr::eq(shape, &TOPIC_CONFIGURATION)
}

/// The schemes of security, by `type`.
pub(super) static SECURITY: &[(&str, Shape)] = &[
    ("userPassword", scheme(&[TYPE, ABOUT])),
    ("apiKey", scheme(&[TYPE, ABOUT, ("in", true, Word(&["user", "password"]))])),
    ("X509", scheme(&[TYPE, ABOUT])),
    ("symmetricEncryption", scheme(&[TYPE, ABOUT])),
    ("asymmetricEncryption", scheme(&[TYPE, ABOUT])),
    ("http", scheme(&[TYPE, ABOUT, ("scheme", true, Text), ("bearerFormat", false, Text)])),
    (
        "httpApiKey",
        scheme(&[
            TYPE,
            ABOUT,
            ("name", true, Text),
            ("in", true, Word(&["header", "query", "cookie"])),
        ]),
    ),
    ("oauth2", scheme(&[TYPE, ABOUT, ("flows", true, Of(&FLOWS)), SCOPES])),
    ("openIdConnect", scheme(&[TYPE, ABOUT, ("openIdConnectUrl", true, Uri), SCOPES])),
    ("plain", scheme(&[TYPE, ABOUT])),
    ("scramSha256", scheme(&[TYPE, ABOUT])),
    ("scramSha512", scheme(&[TYPE, ABOUT])),
    ("gssapi", scheme(&[TYPE, ABOUT])),
];

type Field = (&'static str, bool, Kind);
const TYPE: Field = ("type", true, Any);
const ABOUT: Field = ("description", false, Text);
const SCOPES: Field = ("scopes", false, List(&Text));

const fn scheme(fields: &'static [Field]) -> Shape {
    fixed("security scheme", fields)
}

static FLOWS: Shape = Shape {
    may_extend: false,
    ..fixed(
        "flows",
        &[
            ("implicit", false, Of(&IMPLICIT)),
            ("password", false, Of(&PASSWORD)),
            ("clientCredentials", false, Of(&PASSWORD)),
            ("authorizationCode", false, Of(&CODE)),
        ],
    )
};
static IMPLICIT: Shape = fixed(
    "flow",
    &[
        ("authorizationUrl", true, Uri),
        ("availableScopes", true, Map(&Text)),
        ("refreshUrl", false, Uri),
    ],
);
static PASSWORD: Shape = fixed(
    "flow",
    &[("tokenUrl", true, Uri), ("availableScopes", true, Map(&Text)), ("refreshUrl", false, Uri)],
);
static CODE: Shape = fixed(
    "flow",
    &[
        ("authorizationUrl", true, Uri),
        ("tokenUrl", true, Uri),
        ("availableScopes", true, Map(&Text)),
        ("refreshUrl", false, Uri),
    ],
);
