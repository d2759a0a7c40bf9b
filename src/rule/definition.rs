//! What a rule is, and how rules are declared.
//!
//! What this is: [`Rule`], one statement of what a service must do, as data, and [`RuleId`], the
//! name by which handlers, checkers and reports speak of it. What it is not: a list of rules. Each
//! pack declares its own with [`rules!`](crate::rules); how many there are is nobody's concern.
//!
//! What always holds: rules with equal names are the same rule, and a name leads to its rule
//! without a table. Start at [`Rule`].

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The name of a rule, `ORD-4`, which leads to the rule.
#[derive(Clone, Copy)]
pub struct RuleId(&'static Rule);

impl RuleId {
    /// The name as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    /// The rule.
    #[must_use]
    pub const fn rule(self) -> &'static Rule {
        self.0
    }

    /// How the name begins: `ORD`.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.parts().0
    }

    /// The beginning of the name and what follows, which most often is a number.
    fn parts(self) -> (&'static str, &'static str) {
        self.0.name.rsplit_once('-').unwrap_or((self.0.name, ""))
    }
}

impl PartialEq for RuleId {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0) || self.0.name == other.0.name
    }
}

impl Eq for RuleId {}

impl Hash for RuleId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl PartialOrd for RuleId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As people sort them: `ORD-2` comes before `ORD-10`, and both before `ORD-TWICE`.
impl Ord for RuleId {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |id: Self| {
            let (family, rest) = id.parts();
            (family, rest.parse::<u32>().unwrap_or(u32::MAX), rest)
        };
        if self == other { Ordering::Equal } else { key(*self).cmp(&key(*other)) }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a rule comes from, and so what breaking it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A document says it; breaking it is a violation.
    Documented,
    /// Safety that follows from the documents; breaking it is a violation.
    Safety,
    /// The documents are silent and the reference chose; what [`Rule::also_accepted`] lists is at
    /// most an advisory, only what is outside both is a violation.
    Choice,
}

impl Basis {
    /// One word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Safety => "safety",
            Self::Choice => "choice",
        }
    }
}

/// Another behaviour than the reference's: one that conforms, or one that is forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The name of the decision that takes it, in kebab case.
    pub name: &'static str,
    /// What is done instead.
    pub text: &'static str,
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name: `ORD-1`.
    pub name: &'static str,
    /// Where it comes from.
    pub basis: Basis,
    /// What must hold; for [`Basis::Choice`], what the reference does.
    pub text: &'static str,
    /// What else conforms.
    pub also_accepted: &'static [Alternative],
    /// What would break it: the mistakes that handlers can be made to make, each a sentence.
    pub forbidden: &'static [Alternative],
    /// The document it rests on (or that is silent about it), e.g. `orders.md`.
    pub document: &'static str,
    /// The section of that document.
    pub section: &'static str,
    /// Where it stands in other documents.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

/// Declares rules: a constant for the name of each, and one for all of them in order.
///
/// ```
/// use quintet::rule::Basis::Documented;
/// use quintet::rule::rule;
///
/// quintet::rules! {
///     RULES:
///     ORD_1 = rule("ORD-1", Documented, ("orders.md", "Events"), "PLACE emits one PLACED.");
/// }
///
/// assert_eq!(ORD_1.as_str(), "ORD-1");
/// assert_eq!(RULES, [ORD_1]);
/// ```
#[macro_export]
macro_rules! rules {
    ($all:ident: $($constant:ident = $rule:expr;)*) => {
        $(
            #[doc = concat!("`", stringify!($constant), "`")]
            pub const $constant: $crate::rule::RuleId = {
                static RULE: $crate::rule::Rule = $rule;
                RULE.id()
            };
        )*

        /// All of them, in order.
        pub const $all: &[$crate::rule::RuleId] = &[$($constant),*];
    };
}

pub(crate) use crate::rules;

/// A rule without alternatives; `of` is its document and section.
#[must_use]
pub const fn rule(
    name: &'static str,
    basis: Basis,
    of: (&'static str, &'static str),
    text: &'static str,
) -> Rule {
    Rule {
        name,
        basis,
        text,
        also_accepted: &[],
        forbidden: &[],
        document: of.0,
        section: of.1,
        elsewhere: &[],
    }
}

impl Rule {
    /// The name, which leads back here.
    #[must_use]
    pub const fn id(&'static self) -> RuleId {
        RuleId(self)
    }

    /// The same, with what else conforms.
    #[must_use]
    pub const fn or(mut self, also_accepted: &'static [Alternative]) -> Self {
        self.also_accepted = also_accepted;
        self
    }

    /// The same, with what would break it.
    #[must_use]
    pub const fn never(mut self, forbidden: &'static [Alternative]) -> Self {
        self.forbidden = forbidden;
        self
    }

    /// The same, with where it stands in other documents: each with its section.
    #[must_use]
    pub const fn and_in(mut self, elsewhere: &'static [(&'static str, &'static str)]) -> Self {
        self.elsewhere = elsewhere;
        self
    }

    /// The document, and its section, on which the rule rests for a service that has a document:
    /// its own, where that says it too.
    #[must_use]
    pub fn cited(&self, document: Option<&str>) -> (&'static str, &'static str) {
        let own = document.and_then(|own| self.elsewhere.iter().find(|(other, _)| *other == own));
        own.copied().unwrap_or((self.document, self.section))
    }
}

/// A behaviour that breaks a rule.
#[must_use]
pub const fn forbidden(name: &'static str, text: &'static str) -> Alternative {
    Alternative { name, text }
}

/// Another behaviour that conforms.
#[must_use]
pub const fn alternative(name: &'static str, text: &'static str) -> Alternative {
    Alternative { name, text }
}
