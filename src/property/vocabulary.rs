//! The words in which properties are written.

/// One word.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What it demands, in a sentence.
    pub doc: &'static str,
    /// Its fields besides the key field.
    pub fields: &'static [FieldInfo],
    /// The field with the messages that come first or call for others; none for `at_most_once`.
    pub first: Option<&'static str>,
    /// The field with the messages that come then.
    pub then: &'static str,
    /// The field that names the key fields.
    pub by: &'static str,
    /// One in a file.
    pub example: &'static str,
}

/// A field of a word.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub doc: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

const fn field(name: &'static str, doc: &'static str) -> FieldInfo {
    FieldInfo { name, doc, required: true }
}

/// What may cause a record whatever came before it.
pub(super) const EXCUSE: FieldInfo = FieldInfo {
    name: "unless_caused_by",
    doc: "messages with the same key that may cause it whatever came before",
    required: false,
};

impl Word {
    /// Whether it has exceptions by cause.
    pub(super) fn takes_excuse(&self) -> bool {
        self.fields.iter().any(|field| field.name == EXCUSE.name)
    }
}

/// All words.
pub static WORDS: &[Word] = &[
    Word {
        name: "answers_carry",
        doc: "Each record of `to` answers an earlier record of `from`, at most a minute before, and \
              carries its value of the field.",
        fields: &[field("from", "the commands"), field("to", "the answers"), EXCUSE],
        first: Some("from"),
        then: "to",
        by: "field",
        example: "answers_carry: { from: order.command, to: order.status, field: orderId }",
    },
    Word {
        name: "at_most_once",
        doc: "No two records of `message` have the same key.",
        fields: &[field("message", "the records"), EXCUSE],
        first: None,
        then: "message",
        by: "by",
        example: "at_most_once: { message: order.status, by: orderId }",
    },
    Word {
        name: "exactly_once",
        doc: "For each record of `for_each` there is exactly one record of `message` with its key.",
        fields: &[
            field("message", "the records"),
            field("for_each", "the records that call for one"),
        ],
        first: Some("for_each"),
        then: "message",
        by: "by",
        example: "exactly_once: { message: order.status, for_each: order.command, by: orderId }",
    },
    Word {
        name: "ordered",
        doc: "Each record of `then` comes after a record of `first` with its key.",
        fields: &[
            field("first", "what comes first"),
            field("then", "what comes only after it"),
            EXCUSE,
        ],
        first: Some("first"),
        then: "then",
        by: "by",
        example: "ordered: { first: order.command, then: order.status, by: orderId }",
    },
    Word {
        name: "answered_within",
        doc: "After each record of `for_each` a record of `message` with its key comes within the \
              time.",
        fields: &[
            field("message", "the answers"),
            field("for_each", "the records that call for one"),
            field("within", "the time: `250ms`, `2s`, `1m`"),
        ],
        first: Some("for_each"),
        then: "message",
        by: "by",
        example: "answered_within: { message: order.status, for_each: order.command, by: orderId, \
                  within: 2s }",
    },
    Word {
        name: "not_before",
        doc: "No record of `message` comes before the first record of `first` with its key. It may \
              come without any.",
        fields: &[field("message", "what comes no earlier"), field("first", "what comes first")],
        first: Some("first"),
        then: "message",
        by: "by",
        example: "not_before: { message: order.status, first: order.command, by: orderId }",
    },
    Word {
        name: "not_after",
        doc: "No record of `message` comes after a record of `last` with its key.",
        fields: &[
            field("message", "what comes no later"),
            field("last", "what comes last"),
            EXCUSE,
        ],
        first: Some("last"),
        then: "message",
        by: "by",
        example: "not_after: { message: order.command, last: order.status, by: orderId }",
    },
    Word {
        name: "alternates",
        doc: "Of the records with one key, each record of `then` comes after one of `first` of its \
              own, and no second `first` comes before it.",
        fields: &[
            field("first", "what begins"),
            field("then", "what ends it"),
            FieldInfo {
                name: "first_may_repeat",
                doc: "`true` where another `first` may come before `then`",
                required: false,
            },
            EXCUSE,
        ],
        first: Some("first"),
        then: "then",
        by: "by",
        example: "alternates: { first: order.command, then: order.status, by: orderId }",
    },
];
