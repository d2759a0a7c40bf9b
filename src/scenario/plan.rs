//! What is to be run: test plans and their steps, each with its place in its file.
//!
//! This is the whole language of scenario files as types; nothing here runs anything. A plan is
//! complete: fragments are found, names are known to exist, durations are read. What remains open
//! is what only a run knows: the values of variables.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::resolve::test_name;
use super::template::{Field, Name, NameAt, Template};
use crate::diagnostic::{SourceFile, Span};
use crate::driver::FaultKind;
use crate::message::Json;

/// One test: a scenario, or one row of its table.
#[derive(Clone, Debug)]
pub struct TestPlan {
    /// `account/login`; of a row `account/lockout::first try`.
    pub name: String,
    /// What all tests of the file share.
    pub scenario: Arc<Scenario>,
    /// The values of the row by column, and those of `variables`.
    pub row: IndexMap<Name, Cell>,
}

impl TestPlan {
    /// The name of its row; none where there is no table.
    pub fn row_name(&self) -> Option<&str> {
        let file = test_name(&self.scenario.file.path);
        self.name.strip_prefix(&file)?.strip_prefix("::")
    }
}

/// The value of a column in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The value.
    pub value: Json,
    /// Where it stands.
    pub span: Span,
}

/// A scenario file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub file: Arc<SourceFile>,
    /// One sentence that says what holds.
    pub title: String,
    /// Where the title stands.
    pub title_span: Span,
    /// Words to select tests by.
    pub tags: Vec<String>,
    /// A longer text for readers.
    pub about: Option<String>,
    /// Whose records the test sends and judges.
    pub tenant: TenantSpec,
    /// What the world holds before the first step.
    pub given: Given,
    /// How many schedules are tried; 1 where the file does not say.
    pub schedules: u32,
    /// What must succeed before the test proper; if it fails, the test is broken, not failed.
    pub setup: Vec<Step>,
    /// The test.
    pub steps: Vec<Step>,
    /// What must hold of the whole history.
    pub always: Vec<Always>,
    /// Variables whose values are never shown.
    pub secrets: BTreeSet<Name>,
    /// The names that it declares under `variables`.
    pub variables: BTreeSet<Name>,
}

/// The tenant of a scenario, without its id: each run has its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSpec {
    /// E.g. `GMS`.
    pub region: String,
    /// The major version.
    pub major: u16,
    /// The minor version.
    pub minor: u16,
}

impl Default for TenantSpec {
    fn default() -> Self {
        Self { region: "GMS".to_owned(), major: 83, minor: 1 }
    }
}

/// What the world holds before the first step. The only variables in it are columns of the table.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Settings by service.
    pub settings: Vec<Field>,
    /// Data by name (`characters`, `equipment`, …); each a list.
    pub data: Vec<Field>,
}

/// A fragment file: steps with parameters that other files use.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The file; spans of the fragment's steps lie in it.
    pub file: Arc<SourceFile>,
    /// One sentence that says what it does.
    pub title: String,
    /// The variables that its user gives.
    pub parameters: Vec<NameAt>,
    /// What it does.
    pub steps: Vec<Step>,
    /// The variables that its user gets; nothing else leaves it.
    pub returns: Vec<NameAt>,
    /// Variables whose values are never shown.
    pub secrets: BTreeSet<Name>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The whole step.
    pub span: Span,
    /// The verb's name in it.
    pub verb_span: Span,
    /// What it does.
    pub verb: Verb,
}

/// What a step does; the names are those of the table in
/// [`vocabulary`](crate::scenario::vocabulary).
#[derive(Clone, Debug)]
pub enum Verb {
    /// Puts a record on a channel.
    Send(Send),
    /// Claims one record.
    Expect(ExpectOne),
    /// Claims a different record for each expectation, in any order.
    ExpectAll(ExpectMany),
    /// Claims a record for each expectation, in their order.
    ExpectInOrder(ExpectMany),
    /// No unclaimed record may match until the time is over.
    Never(Never),
    /// Records of these messages may stay unclaimed; holds for the whole file.
    Allow(Vec<Target>),
    /// Lets time pass.
    Advance(DurationSpec),
    /// Arms a fault.
    Fault(Fault),
    /// Runs steps several times.
    Repeat(Repeat),
    /// Runs a fragment.
    Use(Use),
    /// Gives names to values.
    Let(Vec<Let>),
    /// Something happens that does not come through Kafka.
    Stimulus(Stimulus),
    /// Asks a service for a state that no message shows.
    Query(Query),
}

/// A message (`ban.command/CREATE`), or a channel alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The channel's name in the contracts.
    pub channel: String,
    /// The message's name there; `None` for any message of the channel.
    pub message: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// `send`
#[derive(Clone, Debug)]
pub struct Send {
    /// What is sent, and where to.
    pub target: Target,
    /// The value.
    pub value: SendValue,
    /// The key.
    pub key: SendKey,
    /// Headers that differ from what tenant and contract say; `<absent>` leaves one out, a list
    /// repeats one.
    pub headers: Vec<Field>,
    /// Whether the record is meant to break the contract of its receivers.
    pub breaks_contract: bool,
}

/// The value of a record that is sent.
#[derive(Clone, Debug)]
pub enum SendValue {
    /// `with`: these fields; declared fields that are not named are zero.
    Fields(Option<Template>),
    /// `raw`, `raw_base64`, `raw_hex`: these bytes; `None` is a tombstone (`raw: null`).
    Raw(Option<Vec<u8>>),
    /// `raw: $name`: what the variable holds: null is a tombstone, text goes as it is, all else as
    /// JSON.
    RawOf(NameAt),
}

/// The key of a record that is sent.
#[derive(Clone, Debug)]
pub enum SendKey {
    /// As the contract says.
    Contract,
    /// `key: 7`: an id, encoded as the contract encodes ids.
    Id(Template),
    /// `key_hex`: these bytes.
    Bytes(Vec<u8>),
    /// `key: null`: no key.
    None,
}

/// A record that is to be seen.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What kind of record, on which channel; its span is the place to show.
    pub target: Target,
    /// What its value must match.
    pub value: Option<Template>,
    /// What the id that its key stands for must match; null is no key.
    pub key: Option<Template>,
    /// What its key in lower-case hexadecimal must match; null is no key.
    pub key_hex: Option<Template>,
    /// What its headers must match, by name; a list is a header that is there several times.
    pub headers: Vec<Field>,
    /// What the number of its partition must match.
    pub partition: Option<Template>,
}

impl Expectation {
    /// All that the record must match.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let headers = self.headers.iter().map(|field| &field.value);
        let own = [&self.value, &self.key, &self.key_hex, &self.partition];
        own.into_iter().flatten().chain(headers)
    }
}

/// `expect`
#[derive(Clone, Debug)]
pub struct ExpectOne {
    /// The record.
    pub expectation: Expectation,
    /// How long to wait; 1 s where the file does not say.
    pub within: DurationSpec,
}

/// `expect_all`, `expect_in_order`
#[derive(Clone, Debug)]
pub struct ExpectMany {
    /// The records.
    pub expectations: Vec<Expectation>,
    /// How long to wait for all of them; 1 s where the file does not say.
    pub within: DurationSpec,
}

/// `never`
#[derive(Clone, Debug)]
pub struct Never {
    /// The record that must not be there.
    pub expectation: Expectation,
    /// How long to wait for it.
    pub wait: DurationSpec,
}

/// A duration, or the variable that holds one as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationSpec {
    /// This long.
    Fixed(Duration),
    /// As long as the variable says: `2s` as text, or a number of seconds.
    Var(NameAt),
}

/// `fault`
#[derive(Clone, Debug)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Where it stands.
    pub span: Span,
    /// The service that it happens to.
    pub service: String,
    /// The delivery that it happens at.
    pub target: Target,
    /// After a crash: when the service starts again; 1 s where the file does not say.
    pub restart_after: Duration,
    /// Of `delay` and `partition_lag`: for how long.
    pub by: Option<Duration>,
    /// Of `missing_header` and `malformed_header`: which.
    pub header: Option<String>,
}

/// `repeat`
#[derive(Clone, Debug)]
pub struct Repeat {
    /// How often: a number or a variable.
    pub times: Template,
    /// What is repeated, in the scope around it.
    pub steps: Vec<Step>,
}

/// `use`
#[derive(Clone, Debug)]
pub struct Use {
    /// As it is written: `fixtures/registered-account`.
    pub path: String,
    /// Where the path stands.
    pub span: Span,
    /// What it names.
    pub fragment: Arc<Fragment>,
    /// A value for each parameter, made in the scope of the user.
    pub arguments: Vec<Field>,
    /// What is bound afterwards.
    pub returns: Vec<Return>,
}

/// A variable that leaves a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Its name in the fragment.
    pub inner: Name,
    /// Its name for the user: the same, unless `as` says otherwise.
    pub outer: NameAt,
}

/// One name of `let`.
#[derive(Clone, Debug)]
pub struct Let {
    /// The name.
    pub name: NameAt,
    /// Its value.
    pub value: Template,
}

/// `stimulus`
#[derive(Clone, Debug)]
pub struct Stimulus {
    /// The service that it happens to.
    pub service: String,
    /// What happens: `connect` of `login.connect`.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What it happens with.
    pub arguments: Option<Template>,
    /// The variable that remembers the answer.
    pub bind: Option<NameAt>,
}

/// `query`
#[derive(Clone, Debug)]
pub struct Query {
    /// The service that is asked.
    pub service: String,
    /// What is asked for: `character` of `effective_stats.character`.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Whom or what it is asked about.
    pub arguments: Option<Template>,
    /// What the answer must match.
    pub expect: Template,
    /// How long it is asked again; 1 s where the file does not say.
    pub within: DurationSpec,
}

/// What must hold of the whole history of a test.
#[derive(Clone, Debug)]
pub struct Always {
    /// Where it stands.
    pub span: Span,
    /// What must hold.
    pub property: crate::property::Property,
}
