//! Codes of the area `asyncapi`: documents of anybody.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "asyncapi::version",
        title: "the file is no AsyncAPI document of version 3",
        explanation: "AsyncAPI 3.0 and 3.1 are read. A file that others refer to is read with the \
                      document that does, not by itself.",
        example: Some("asyncapi: 2.6.0"),
    },
    CodeInfo {
        code: "asyncapi::bad-reference",
        title: "a `$ref` leads nowhere, or to something else",
        explanation: "A reference is a JSON pointer into the file (`#/components/messages/Paid`), or \
                      a path relative to the file that it stands in, with or without one. An \
                      operation names its channel by `#/channels/…`, and its messages by those of \
                      the channel.",
        example: Some("payload: { $ref: './schemas.yaml#/Piad' }"),
    },
    CodeInfo {
        code: "asyncapi::wrong-type",
        title: "a field has a value of the wrong type",
        explanation: "For example a list stands where an object is needed, or a number where text \
                      is needed: a version goes in quotes if it looks like a number.",
        example: Some("info: { title: Shop, version: 1 }"),
    },
    CodeInfo {
        code: "asyncapi::missing-keyword",
        title: "a field is missing",
        explanation: "AsyncAPI demands it.",
        example: Some("operations: { pay: { channel: { $ref: '#/channels/paid' } } }"),
    },
    CodeInfo {
        code: "asyncapi::unknown-keyword",
        title: "an object has a field that AsyncAPI does not know",
        explanation: "Readers pass over it, so what it is meant to say is said to nobody. Fields of \
                      your own begin with `x-`.",
        example: Some("channels: { paid: { adress: shop.paid } }"),
    },
    CodeInfo {
        code: "asyncapi::bad-value",
        title: "a field has a value that it cannot have",
        explanation: "The field takes one of a few words, a number that is not less than another, or \
                      a text of a certain form.",
        example: Some("action: publish"),
    },
    CodeInfo {
        code: "asyncapi::bad-schema",
        title: "a schema is not as its draft has it",
        explanation: "Schemas are of draft 7 unless `schemaFormat` or `$schema` name 2020-12. No \
                      record can be checked by what is no schema.",
        example: Some("payload: { type: text }"),
    },
    CodeInfo {
        code: "asyncapi::bad-parameter",
        title: "an address and the parameters of its channel do not fit",
        explanation: "Each `{name}` of an address is a parameter of the channel, and each parameter \
                      stands in the address.",
        example: Some("orders: { address: 'shop.{region}.orders', parameters: { zone: {} } }"),
    },
    CodeInfo {
        code: "asyncapi::bad-example",
        title: "an example is not what the schema says",
        explanation: "An example that the schema refuses misleads whoever copies it. Those of \
                      `x-invalid-examples` are to be refused. Of `examples` and `default` within \
                      schemas it is a warning.",
        example: Some("payload: { type: integer, examples: [one] }"),
    },
    CodeInfo {
        code: "asyncapi::not-told-apart",
        title: "the discriminator does not tell a message apart",
        explanation: "`x-discriminator` names a field of the channel's messages. Each message gives \
                      it a `const` (or an `enum`) that no other message has.",
        example: Some("orders: { x-discriminator: type, messages: { Paid: { payload: {} } } }"),
    },
    CodeInfo {
        code: "asyncapi::ambiguous",
        title: "a value can be two messages of a channel",
        explanation: "There is a value that both schemas accept, it is shown, and nothing else tells \
                      the messages apart, so a reader has to guess.",
        example: Some("messages: { A: { payload: {} }, B: { payload: {} } }"),
    },
    CodeInfo {
        code: "asyncapi::not-checked",
        title: "a part of a document that nothing here checks",
        explanation: "Schemas in Avro, Protobuf and other languages, values that are not JSON, and \
                      references into the network are passed over. Records are checked by all else \
                      that the document says of them.",
        example: Some("payload: { $ref: 'https://example.com/paid.json' }"),
    },
];
