//! Codes of the area `scenario`: a scenario or fragment does not follow the format.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "scenario::unreadable",
        title: "a file cannot be read",
        explanation: "The file, or a fragment it uses, is not there or may not be opened.",
        example: None,
    },
    CodeInfo {
        code: "scenario::unknown-format",
        title: "the version of the format is not known",
        explanation: "This program reads version 1 of the format.",
        example: Some("format: 2"),
    },
    CodeInfo {
        code: "scenario::unknown-field",
        title: "a field is not part of the format",
        explanation: "The name is misspelt, or belongs elsewhere. The fields that can stand \
                      there are listed, and a near one is suggested.",
        example: Some("tgas: [ban]"),
    },
    CodeInfo {
        code: "scenario::missing-field",
        title: "a field that must be there is not",
        explanation: "The place shown is that of the mapping in which the field is missing.",
        example: Some("- never: ban.status   # needs `for`"),
    },
    CodeInfo {
        code: "scenario::wrong-type",
        title: "a value is of another kind than it must be",
        explanation: "A list, a mapping, text, a number, or true and false is expected. A \
                      text that looks like a number or a word of YAML is written in quotes.",
        example: Some("tags: ban   # a list: [ban]"),
    },
    CodeInfo {
        code: "scenario::out-of-range",
        title: "a number is too small or too large",
        explanation: "The message names the range.",
        example: Some("- repeat: -1\n  steps: []"),
    },
    CodeInfo {
        code: "scenario::empty-list",
        title: "a list has nothing in it",
        explanation: "A table without rows, or an expectation of nothing, would always hold. \
                      Remove it or fill it.",
        example: Some("- expect_all: []"),
    },
    CodeInfo {
        code: "scenario::unknown-verb",
        title: "a step has no verb, or one that does not exist",
        explanation: "Each step is one mapping with exactly one verb; what else stands in it \
                      are fields of that verb.",
        example: Some("- sned: ban.command/CREATE"),
    },
    CodeInfo {
        code: "scenario::several-verbs",
        title: "a step has more than one verb",
        explanation: "Steps happen one after the other, so the order of two verbs in one \
                      step would be a guess. Make it two steps.",
        example: Some("- send: ban.command/DELETE\n  expect: ban.status/DELETED"),
    },
    CodeInfo {
        code: "scenario::misplaced-field",
        title: "a field belongs to another verb",
        explanation: "The field exists, but says nothing for this verb or this kind of \
                      fault. The note names the verbs that it goes with.",
        example: Some("- send: ban.command/DELETE\n  within: 2s"),
    },
    CodeInfo {
        code: "scenario::conflicting-fields",
        title: "two fields say the same thing",
        explanation: "The value of a record is given by one of `with`, `raw`, `raw_base64` \
                      and `raw_hex`, its key by one of `key` and `key_hex`.",
        example: Some("- send: ban.command\n  raw: x\n  raw_hex: '78'"),
    },
    CodeInfo {
        code: "scenario::bad-bytes",
        title: "bytes are not written as they should be",
        explanation: "`raw_hex` and `key_hex` take pairs of hexadecimal digits, `raw_base64` \
                      takes base64 with the letters + and /.",
        example: Some("raw_hex: 7b7"),
    },
    CodeInfo {
        code: "scenario::bad-duration",
        title: "a duration is not written as one",
        explanation: "Durations are whole numbers with a unit, the larger unit first: 250ms, \
                      2s, 2m 40s, 1h.",
        example: Some("- advance: 2 seconds"),
    },
    CodeInfo {
        code: "scenario::unknown-matcher",
        title: "a matcher does not exist",
        explanation: "What stands in angle brackets is a matcher. If the text itself is \
                      meant, write it as `{ exactly: \"<text>\" }`.",
        example: Some("where: { banId: <integer> }"),
    },
    CodeInfo {
        code: "scenario::bad-matcher",
        title: "a matcher is not complete or has parts it does not take",
        explanation: "A matcher that holds one of `, : # [ ] { }` must be quoted, because \
                      YAML would cut it there.",
        example: Some("where: { banId: <int 9..1> }"),
    },
    CodeInfo {
        code: "scenario::cannot-generate",
        title: "a matcher stands where a value must be made",
        explanation: "Where something is sent a matcher makes a value, and some do not say \
                      which. Under `given` and in a table values must be known beforehand.",
        example: Some("with: { name: <matches ^a> }"),
    },
    CodeInfo {
        code: "scenario::binding-not-here",
        title: "a variable is bound where there is nothing to remember",
        explanation: "`never` has no record, and of several alternatives it would not be \
                      clear which one is remembered.",
        example: Some("- never: ban.status\n  where: { banId: <int as $ban> }\n  for: 1s"),
    },
    CodeInfo {
        code: "scenario::bad-variable",
        title: "a name of a variable is not one",
        explanation: "A variable is `$` and a name of letters, digits and `_` that does not \
                      start with a digit. A text that starts with `$` is written as `{ \
                      exactly: … }`.",
        example: Some("with: { name: $5 }"),
    },
    CodeInfo {
        code: "scenario::unbound-variable",
        title: "a variable has no value here",
        explanation: "A variable has a value after the step that binds it: by `as $name`, \
                      `let`, a column, a parameter, or what a fragment returns. Within one \
                      `expect_all` the items do not see each other's variables.",
        example: Some("- expect: ban.status/DELETED\n  where: { banId: $ban }"),
    },
    CodeInfo {
        code: "scenario::unused-variable",
        title: "a variable is never used",
        explanation: "A column, parameter or name that nothing uses is often a misspelt one. \
                      This is a warning: the file still runs.",
        example: Some("- let: { sesion: <uuid> }"),
    },
    CodeInfo {
        code: "scenario::rebound-variable",
        title: "a variable is bound a second time",
        explanation: "It would be unclear which value is meant. Only within `repeat` does \
                      binding again replace the value.",
        example: Some("- let: { a: 1 }\n- let: { a: 2 }"),
    },
    CodeInfo {
        code: "scenario::no-interpolation",
        title: "a variable stands within a text",
        explanation: "Values are substituted, not text: only a value that is `$name` as a \
                      whole is a variable. This is a warning: the text is used as it is.",
        example: Some("where: { name: the-$name }"),
    },
    CodeInfo {
        code: "scenario::unknown-channel",
        title: "a channel does not exist",
        explanation: "Channels are named as in the contracts, e.g. `ban.command`.",
        example: Some("- expect: bans.status"),
    },
    CodeInfo {
        code: "scenario::unknown-message",
        title: "a message does not exist on its channel",
        explanation: "A message is the channel, `/` and the type as the contracts have it. A \
                      channel with one kind of message is named alone.",
        example: Some("- expect: ban.status/CREATD"),
    },
    CodeInfo {
        code: "scenario::message-needed",
        title: "a channel alone does not say which message is sent",
        explanation: "Fields can only be filled in for one kind of message. A value that is \
                      none of them is given with `raw`.",
        example: Some("- send: ban.command\n  with: { body: { banId: 7 } }"),
    },
    CodeInfo {
        code: "scenario::unknown-message-field",
        title: "no contract declares the field",
        explanation: "A field can be sent and expected if any of the services' documents \
                      declares it for that message. To send another one on purpose, add \
                      `breaks_contract: true`.",
        example: Some("where: { bannId: 7 }"),
    },
    CodeInfo {
        code: "scenario::cannot-match",
        title: "no record can have the value that is expected",
        explanation: "The contract of the service that sends the message does not allow the \
                      value, so the expectation could never hold, and `never` always would.",
        example: Some("where: { banId: one }"),
    },
    CodeInfo {
        code: "scenario::breaks-contract",
        title: "what is sent breaks the contract of who reads it",
        explanation: "The value, key or headers are not what a reader's contract allows. If \
                      that is what the test is about, say so with `breaks_contract: true`.",
        example: Some("with: { body: { banType: 300 } }"),
    },
    CodeInfo {
        code: "scenario::keeps-contract",
        title: "`breaks_contract` stands at a record that breaks none",
        explanation: "The line says that the record is wrong on purpose, and it is not. This \
                      is a warning: the file still runs.",
        example: Some("- send: ban.command/DELETE\n  breaks_contract: true"),
    },
    CodeInfo {
        code: "scenario::unknown-header",
        title: "a header does not exist",
        explanation: "The contracts name the headers of each message. To send another one on \
                      purpose, add `breaks_contract: true`.",
        example: Some("headers: { TENANTID: <absent> }"),
    },
    CodeInfo {
        code: "scenario::unknown-service",
        title: "a service does not exist",
        explanation: "Services are named as in the contracts: ban, account, login, \
                      effective_stats, invite.",
        example: Some("service: bans"),
    },
    CodeInfo {
        code: "scenario::unknown-fault",
        title: "a fault does not exist",
        explanation: "The kinds of fault are a closed list.",
        example: Some("- fault: fire"),
    },
    CodeInfo {
        code: "scenario::fault-never-fires",
        title: "a fault can never happen",
        explanation: "A fault happens when its service is delivered a record, and this \
                      service does not read that channel.",
        example: Some("- fault: rebalance\n  service: ban\n  message: ban.status"),
    },
    CodeInfo {
        code: "scenario::unknown-property",
        title: "a property under `always` does not exist",
        explanation: "The properties are a closed list.",
        example: Some("always:\n  - at_most_onc: { message: ban.status, by: banId }"),
    },
    CodeInfo {
        code: "scenario::unknown-stimulus",
        title: "a service has no such stimulus",
        explanation: "A stimulus is `service.name`; each service has a fixed list.",
        example: Some("- stimulus: login.conect"),
    },
    CodeInfo {
        code: "scenario::unknown-query",
        title: "a service has no such query",
        explanation: "A query is `service.name`; each service has a fixed list.",
        example: Some("- query: effective_stats.stats\n  expect: {}"),
    },
    CodeInfo {
        code: "scenario::unknown-setting",
        title: "the service has no such setting",
        explanation: "Under `given`, `settings` has an entry a service with the settings that the \
                      service knows.",
        example: Some("given:\n  settings: { account: { automatic_regstration: true } }"),
    },
    CodeInfo {
        code: "scenario::unknown-data",
        title: "no service looks up data of this name, or a field of it",
        explanation: "What stands under `given` besides `settings` is data that services look up \
                      elsewhere: a list of entries, each with the fields that the service knows.",
        example: Some("given:\n  acounts: [{ name: alice, password: correct-horse }]"),
    },
    CodeInfo {
        code: "scenario::unknown-argument",
        title: "a stimulus or query does not take this argument",
        explanation: "Each stimulus and query has a fixed list of arguments.",
        example: Some("with: { charId: 7 }"),
    },
    CodeInfo {
        code: "scenario::duplicate-column",
        title: "two columns of a table have the same name",
        explanation: "Each column is a variable of the test, so it needs a name of its own.",
        example: Some("columns: [case, code, code]"),
    },
    CodeInfo {
        code: "scenario::row-length",
        title: "a row has more or fewer values than there are columns",
        explanation: "Each row has one value for each column.",
        example: Some("columns: [case, code]\n  rows:\n    - [one]"),
    },
    CodeInfo {
        code: "scenario::duplicate-row",
        title: "two rows have the same name",
        explanation: "The first column names the test of the row, and two tests cannot share \
                      a name.",
        example: Some("rows:\n    - [one, 1]\n    - [one, 2]"),
    },
    CodeInfo {
        code: "scenario::bad-fragment-path",
        title: "this is not the path of a fragment",
        explanation: "A fragment is named by words with `/` between them, without `..` and \
                      without its ending.",
        example: Some("- use: ../fixtures/login.fragment.yaml"),
    },
    CodeInfo {
        code: "scenario::fragment-not-found",
        title: "a fragment does not exist",
        explanation: "It is looked for beside the file, then in each folder above it up to \
                      one named `scenarios`, then among the built-in ones. The notes name \
                      the files that were looked for.",
        example: Some("- use: fixtures/registerd-account"),
    },
    CodeInfo {
        code: "scenario::fragment-cycle",
        title: "a fragment uses itself",
        explanation: "Directly or by way of others, the fragment would run for ever. The \
                      note shows the way round.",
        example: Some("- use: fixtures/this-very-fragment"),
    },
    CodeInfo {
        code: "scenario::unknown-parameter",
        title: "a fragment has no such parameter",
        explanation: "A fragment takes what it lists under `parameters`.",
        example: Some("with: { passwort: x }"),
    },
    CodeInfo {
        code: "scenario::missing-parameter",
        title: "a parameter of a fragment is not given",
        explanation: "Each parameter needs a value under `with`.",
        example: Some("- use: fixtures/try-login\n  with: { name: alice }"),
    },
    CodeInfo {
        code: "scenario::unknown-return",
        title: "a fragment does not return this",
        explanation: "A fragment gives back what it lists under `returns`; `as` gives it \
                      another name.",
        example: Some("as: { acount: $alice }"),
    },
    CodeInfo {
        code: "scenario::too-large",
        title: "a test has too many steps, or fragments are nested too deep",
        explanation: "A test runs at most 100,000 steps, repeated ones counted each time, \
                      and fragments use each other at most 32 deep.",
        example: Some("- repeat: 10000\n  steps:\n    - repeat: 10000\n      steps: []"),
    },
];
