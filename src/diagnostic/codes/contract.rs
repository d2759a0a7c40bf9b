//! Codes of the area `contract`: the contract documents are wrong.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "contract::unreadable",
        title: "a contract or its folder cannot be read",
        explanation: "A path given with `--contracts` is an AsyncAPI document, or a folder with at \
                      least one in it or below it, and all of them must be readable.",
        example: None,
    },
    CodeInfo {
        code: "contract::version",
        title: "the document is of another AsyncAPI version",
        explanation: "AsyncAPI 3.0 and 3.1 are read. Version 2 puts channels and operations \
                      together and has to be converted first.",
        example: Some("asyncapi: 2.6.0"),
    },
    CodeInfo {
        code: "contract::wrong-type",
        title: "a keyword has a value of the wrong type",
        explanation: "For example a list stands where a mapping is needed, or a number where text \
                      is needed. Text that looks like a number or a boolean goes in quotes.",
        example: Some("info: { title: 5 }"),
    },
    CodeInfo {
        code: "contract::missing-keyword",
        title: "a keyword is missing",
        explanation: "Besides what AsyncAPI asks for, a contract needs `x-service` in `info`, \
                      `x-discriminator` on a channel with several kinds of message, and \
                      `x-encoding` on a header that is not text.",
        example: None,
    },
    CodeInfo {
        code: "contract::unknown-keyword",
        title: "a keyword is not known",
        explanation: "An unknown keyword would be skipped, and what it is meant to check would not \
                      be checked. Extensions (`x-…`) are free unless they look like one of ours.",
        example: Some("x-senstive: true"),
    },
    CodeInfo {
        code: "contract::unsupported-keyword",
        title: "a keyword of the standard that contracts may not use",
        explanation: "Contracts keep to a portable part of JSON Schema and AsyncAPI, so that every \
                      check is fast and means the same to everyone. Say it with `type`, \
                      `properties`, `required`, `items`, `enum`, `const`, `minimum`, `maximum`, \
                      `minLength`, `maxLength`, `pattern` and `format`.",
        example: Some("payload: { oneOf: [{ type: string }, { type: integer }] }"),
    },
    CodeInfo {
        code: "contract::bad-value",
        title: "a keyword has a value that it cannot have",
        explanation: "The keyword takes one of a few words, or must agree with something beside it: \
                      the name of a message with its key, a topic with its channel's address.",
        example: Some("action: publish"),
    },
    CodeInfo {
        code: "contract::bad-reference",
        title: "a `$ref` leads nowhere",
        explanation: "References stay inside the document (`#/components/schemas/Headers`), name \
                      something that is there, and do not lead back to themselves.",
        example: Some("headers: { $ref: '#/components/schemas/Heders' }"),
    },
    CodeInfo {
        code: "contract::bad-schema",
        title: "a schema contradicts itself",
        explanation: "For example the minimum is above the maximum, a required field is not among \
                      the properties, a constant is not of the type, or the field that tells \
                      messages apart does not.",
        example: Some("{ type: integer, minimum: 5, maximum: 1 }"),
    },
    CodeInfo {
        code: "contract::bad-key",
        title: "no key can be made from the field",
        explanation: "`x-key` names a field of the payload by a JSON pointer; it must be an integer \
                      from 0 to 4294967295 at most, since keys are encoded ids.",
        example: Some("x-key: { field: /name, encoding: uint32-le-8, basis: documented }"),
    },
    CodeInfo {
        code: "contract::too-large",
        title: "a contract is too large",
        explanation: "Schemas may be nested 32 deep and a document may hold 20,000 of them with \
                      references followed. A schema that refers to itself is endless.",
        example: None,
    },
    CodeInfo {
        code: "contract::duplicate-service",
        title: "two contracts are of one service",
        explanation: "Each service has one contract; `x-service` tells whose it is. Remove one of \
                      the files or correct its `x-service`.",
        example: None,
    },
    CodeInfo {
        code: "contract::views-differ",
        title: "two contracts mean different topics by one channel",
        explanation: "Contracts may disagree about messages: that is reported elsewhere. But a \
                      channel must have the same address and the same discriminator in all of \
                      them, or nobody knows which topic and which message is meant.",
        example: None,
    },
];
