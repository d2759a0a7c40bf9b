//! A test that fails says why, in words that help whoever wrote it.

use quintet::diagnostic::render;
use quintet::scenario::run::{Options, Verdict, run};
use quintet::scenario::{Known, NoFiles, load_bytes, words_of};
use rstest::rstest;

use super::support::{SETUP, told};

const BAN: &str = "
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.7, permanent: true } }";
const LOGIN: &str = "
  - use: fixtures/registered-account
    with: { name: alice, password: correct-horse }
  - use: fixtures/try-login
    with: { name: alice, password: correct-horse }";

#[rstest]
#[case::not_seen(
    &format!("steps:{BAN}\n  - expect: ban.status/CREATED\n    where: {{ banId: 7 }}"),
    "expect::not-seen",
    "banId: expected 7, got 1"
)]
#[case::wrong_order(
    &format!("steps:{BAN}{BAN}
  - expect_in_order:
      - {{ message: ban.status, where: {{ banId: 2 }} }}
      - {{ message: ban.status/CREATED, where: {{ banId: 1 }} }}"),
    "expect_in_order::wrong-order",
    "line 9, ban.status/CREATED: fits #"
)]
#[case::too_few(
    &format!("steps:{BAN}\n  - expect_all: [ban.status/CREATED, ban.status]"),
    "expect_all::too-few",
    "line 5, ban.status: fits #1"
)]
#[case::seen(
    &format!("steps:{BAN}\n  - never: ban.status\n    for: 3s"),
    "never::seen",
    "as #1"
)]
#[case::unclaimed(&format!("steps:{BAN}"), "end::unclaimed", "#1 ban.status/CREATED")]
#[case::property(
    &format!("steps:{BAN}\n  - expect: ban.status
always:\n  - ordered: {{ first: ban.status/DELETED, then: ban.status/CREATED, by: banId }}"),
    "always::broken",
    "no ban.status/DELETED with the same banId came before it"
)]
#[case::fault(
    "steps:\n  - fault: rebalance\n    service: ban\n    message: ban.command",
    "fault::not-struck",
    "rebalance"
)]
#[case::answer_of_other_fields(
    "steps:\n  - query: ban.check\n    with: { ip: 10.0.0.7 }\n    expect: { baned: true }",
    "query::differs",
    "the answer has banned"
)]
#[case::stimulus(
    "steps:\n  - stimulus: login.disconnect\n    with: { session: nobody }",
    "stimulus::refused",
    "must be a UUID"
)]
#[case::envelope(
    &format!("steps:{BAN}\n  - expect: ban.status
    key: 7\n    headers: {{ REGION: GMS, X: <present> }}\n    partition: 99"),
    "expect::not-seen",
    "headers.X: expected <present>, got nothing"
)]
#[case::password(
    &format!("steps:{LOGIN}
  - expect: account.session.command/CREATE\n    where: {{ body: {{ password: wrong }} }}"),
    "expect::not-seen",
    "no account.session.command/CREATE"
)]
fn a_failure_helps(#[case] body: &str, #[case] code: &str, #[case] part: &str) {
    let told = fails(body, Verdict::Failed, code);
    assert!(told.contains(part), "{told}");
}

#[rstest]
#[case::given(
    "given: { accounts: [{ name: alice }] }\nsteps:\n  - advance: 1s",
    "given::refused",
    "account cannot use what is given: password: is missing"
)]
#[case::setup(
    "setup:\n  - expect: ban.status\nsteps:\n  - advance: 1s",
    "expect::not-seen",
    "no ban.status within 1 s"
)]
fn a_setup_that_fails_breaks_the_test(#[case] body: &str, #[case] code: &str, #[case] part: &str) {
    let told = fails(body, Verdict::Broken, code);
    assert!(told.contains(part), "{told}");
}

/// What is told of a scenario that must not pass.
fn fails(body: &str, verdict: Verdict, code: &str) -> String {
    let words = words_of(&quintet::services::reference());
    let known = Known { contracts: &SETUP.contracts, words: &words };
    let text = format!("format: 1\n{body}\nscenario: It holds\n");
    let loaded = load_bytes("t.scenario.yaml", text.as_bytes(), &known, &NoFiles);
    let remarks: Vec<_> = loaded.diagnostics.iter().map(|one| render(one, false)).collect();
    assert!(remarks.is_empty(), "{}", remarks.join("\n"));
    let outcome = run(&loaded.plans[0], &SETUP, &Options::default());
    let told = told(&outcome);
    assert_eq!(outcome.verdict, verdict, "{told}");
    assert!(outcome.troubles.iter().any(|one| one.code == code), "{told}");
    assert!(!told.contains("correct-horse"), "{told}");
    told
}
