//! Scenario files: their words, their types, and how they are read and checked.
//!
//! This is the language in which tests are written down, not what runs them. It does no input or
//! output: files come through a [`Resolver`].
//!
//! Always true: reading reports all problems of a file in one go; a file with an error gives no
//! plan; nothing that stands under a secret name is ever shown.
//!
//! Start with [`load`], then [`TestPlan`].

mod lint;
mod load;
mod plan;
mod read;
mod resolve;
pub mod run;
mod schema;
mod suite;
mod template;
pub mod vocabulary;

pub use load::{Known, Loaded, load, load_bytes, load_bytes_with, words_of};
pub use plan::{
    Always, Cell, DurationSpec, ExpectMany, ExpectOne, Expectation, Fault, Fragment, Given, Let,
    Never, Query, Repeat, Return, Scenario, Send, SendKey, SendValue, Step, Stimulus, Target,
    TenantSpec, TestPlan, Use, Verb,
};
pub(crate) use read::is_name as is_variable_name;
pub use read::{parse_duration, read_variables, variable_value};
pub use resolve::{BUILTIN_FRAGMENTS, FRAGMENT_ENDING, NoFiles, ROOT, Resolver, SCENARIO_ENDING};
pub(crate) use schema::DRAFT;
pub use schema::{properties_schema, schema};
pub use suite::suite;
pub use template::{
    Field, Matcher, MatcherKind, Name, NameAt, Offset, Template, TemplateKind, TextPart,
    TimestampMatcher,
};
