//! The verbs: what a step can do.

use super::fields::{HEADERS, KEY, KEY_HEX, PARTITION, WHERE};
use super::{Word, optional, required};

/// Which verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerbKind {
    /// `send`
    Send,
    /// `expect`
    Expect,
    /// `expect_all`
    ExpectAll,
    /// `expect_in_order`
    ExpectInOrder,
    /// `never`
    Never,
    /// `allow`
    Allow,
    /// `advance`
    Advance,
    /// `fault`
    Fault,
    /// `repeat`
    Repeat,
    /// `use`
    Use,
    /// `let`
    Let,
    /// `stimulus`
    Stimulus,
    /// `query`
    Query,
}

/// All verbs. The first field of each is the verb itself: its doc says what the verb's value is.
pub static VERBS: &[Word<VerbKind>] = &[
    Word {
        name: "send",
        kind: VerbKind::Send,
        doc: "Puts a record on a channel. Fields that are not named are zero, `<absent>` leaves \
              one out; key and headers come from tenant and contract unless they are given.",
        fields: &[
            required("send", "the message, or the channel alone where it has one kind"),
            optional("with", "the fields of the value"),
            optional(
                "raw",
                "the value as text instead of `with`; null is a tombstone; a variable that holds \
                 neither goes as JSON",
            ),
            optional("raw_base64", "the value as bytes in base64"),
            optional("raw_hex", "the value as bytes in hexadecimal"),
            optional("key", "an id, encoded as the contract encodes ids; null for no key"),
            optional("key_hex", "the key as bytes in hexadecimal"),
            optional(
                "headers",
                "headers that differ; `<absent>` leaves one out, null is one without a value, a \
                 list repeats it, `{ hex: 00ff }` are bytes",
            ),
            optional("breaks_contract", "true where the record is wrong on purpose"),
        ],
        example: concat!(
            "- send: ban.command/CREATE\n",
            "  with: { body: { value: 10.0.0.9, permanent: true } }",
        ),
    },
    Word {
        name: "expect",
        kind: VerbKind::Expect,
        doc: "Claims the earliest record not yet claimed that matches, and waits for it. Named \
              fields must match, others may be anything.",
        fields: &[
            required("expect", "the message, or a channel"),
            optional("where", WHERE),
            optional("key", KEY),
            optional("key_hex", KEY_HEX),
            optional("headers", HEADERS),
            optional("partition", PARTITION),
            optional("within", "how long to wait, 1s by default"),
        ],
        example: concat!(
            "- expect: ban.status/CREATED\n",
            "  where: { banId: <int as $ban> }\n",
            "  within: 2s",
        ),
    },
    Word {
        name: "expect_all",
        kind: VerbKind::ExpectAll,
        doc: "Claims a different record for each item, in any order.",
        fields: &[
            required(
                "expect_all",
                "a list of messages, or of `{ message, where, … }` with the fields of `expect`",
            ),
            optional("within", "how long to wait for all of them, 1s by default"),
        ],
        example: concat!(
            "- expect_all:\n",
            "    - { message: invite.status/CREATED, where: { referenceId: 1 } }\n",
            "    - { message: invite.status/CREATED, where: { referenceId: 2 } }",
        ),
    },
    Word {
        name: "expect_in_order",
        kind: VerbKind::ExpectInOrder,
        doc: "Claims a record for each item, in this order: that of a partition where two share \
              one, else that in which they are seen.",
        fields: &[
            required(
                "expect_in_order",
                "a list of messages, or of `{ message, where, … }` with the fields of `expect`",
            ),
            optional("within", "how long to wait for all of them, 1s by default"),
        ],
        example: concat!(
            "- expect_in_order:\n",
            "    - account.status/LOGGED_IN\n",
            "    - account.status/LOGGED_OUT",
        ),
    },
    Word {
        name: "never",
        kind: VerbKind::Never,
        doc: "Fails on any unclaimed record that matches, there already or while it waits. Its \
              time is over for the next step too.",
        fields: &[
            required("never", "the message, or a channel"),
            optional("where", WHERE),
            optional("key", KEY),
            optional("key_hex", KEY_HEX),
            optional("headers", HEADERS),
            optional("partition", PARTITION),
            required("for", "how long to wait"),
        ],
        example: concat!(
            "- never: account.status/LOGGED_IN\n",
            "  where: { account_id: $account }\n",
            "  for: 30s",
        ),
    },
    Word {
        name: "allow",
        kind: VerbKind::Allow,
        doc: "Records of these messages may stay unclaimed. It holds for the whole file, wherever \
              it stands.",
        fields: &[required("allow", "a message or channel, or a list of them")],
        example: "- allow: [account.status, session.status/CREATED]",
    },
    Word {
        name: "advance",
        kind: VerbKind::Advance,
        doc: "Lets this much time pass; timers that come due on the way fire.",
        fields: &[required("advance", "a duration")],
        example: "- advance: 2m 40s",
    },
    Word {
        name: "fault",
        kind: VerbKind::Fault,
        doc: "Arms a fault. It fires once, at the next delivery that matches.",
        fields: &[
            required("fault", "the kind of fault"),
            required("service", "the service that it happens to"),
            required("message", "the message, or channel, at whose delivery it happens"),
            optional("restart_after", "of crashes: when the service starts again, 1s by default"),
            optional("by", "of `delay` and `partition_lag`: for how long"),
            optional("header", "of `missing_header` and `malformed_header`: which"),
        ],
        example: concat!(
            "- fault: crash_before_commit\n",
            "  service: invite\n",
            "  message: invite.command/ACCEPT",
        ),
    },
    Word {
        name: "repeat",
        kind: VerbKind::Repeat,
        doc: "Runs steps several times, in the scope around it: a variable that is bound again is \
              replaced, and is seen afterwards.",
        fields: &[
            required("repeat", "how often: a number or a variable"),
            required("steps", "the steps"),
        ],
        example: concat!("- repeat: 3\n", "  steps:\n", "    - advance: 1s",),
    },
    Word {
        name: "use",
        kind: VerbKind::Use,
        doc: "Runs a fragment: `fixtures/x` is `fixtures/x.fragment.yaml`, looked for beside the \
              file, then in each folder above it up to one named `scenarios`, then among the \
              built-in ones. Of its variables only those that it returns are seen.",
        fields: &[
            required("use", "the fragment's path, without `.fragment.yaml`"),
            optional("with", "a value for each parameter"),
            optional("as", "other names for what it returns: `{ account: $alice }`"),
        ],
        example: concat!(
            "- use: fixtures/registered-account\n",
            "  with: { name: alice, password: pw }\n",
            "  as: { account: $alice }",
        ),
    },
    Word {
        name: "let",
        kind: VerbKind::Let,
        doc: "Gives names to values; a matcher makes a fresh value.",
        fields: &[required("let", "names with their values")],
        example: "- let: { alice: 1001, transaction: <uuid> }",
    },
    Word {
        name: "stimulus",
        kind: VerbKind::Stimulus,
        doc: "Something happens to a service that does not come through Kafka: a client connects, \
              an operator accepts a licence.",
        fields: &[
            required("stimulus", "service and stimulus: `login.connect`"),
            optional("with", "what it happens with"),
            optional("as", "the variable that remembers the answer"),
        ],
        example: concat!(
            "- stimulus: login.connect\n",
            "  with: { ip: 10.0.0.7, hwid: HW-1 }\n",
            "  as: $client",
        ),
    },
    Word {
        name: "query",
        kind: VerbKind::Query,
        doc: "Asks a service for a state that no message shows, again and again until the answer \
              matches or the time is over.",
        fields: &[
            required("query", "service and query: `effective_stats.character`"),
            optional("with", "whom or what it is asked about"),
            required("expect", "what the answer must match"),
            optional("within", "how long to ask, 1s by default"),
        ],
        example: concat!(
            "- query: effective_stats.character\n",
            "  with: { characterId: 7 }\n",
            "  expect: { strength: 14 }",
        ),
    },
];
