//! Variables of scenarios: what the file declares, and what a command line puts in its place.

use super::files::{Said, folder};

const BAN: &str = "\
format: 1
scenario: A ban of an address that is given
variables: { ip: 10.0.0.7, permanent: true, password: hunter2 }
given:
  accounts: [{ name: alice, password: $password }]
steps:
  - send: ban.command/CREATE
    with: { body: { value: $ip, reason: '<text of {ip}: {{{permanent}}}>', permanent: $permanent } }
  - expect: ban.status/CREATED
  - query: ban.check
    with: { ip: 10.0.0.8 }
    expect: { banned: true, reason: 'of 10.0.0.8: {true}' }
";

#[test]
fn a_command_line_gives_values() {
    let folder = folder(&[("x.scenario.yaml", BAN)]);
    let own = Said::of(folder.path(), "run");
    assert_eq!(own.code, 1, "{own:?}");
    let given = Said::of(folder.path(), "run --var ip=10.0.0.8");
    assert_eq!(given.code, 0, "{given:?}");
    std::fs::write(folder.path().join("values.yaml"), "# of this machine\nip: 10.0.0.8\n").unwrap();
    assert_eq!(Said::of(folder.path(), "run --vars values.yaml").code, 0);
    let both = Said::of(folder.path(), "run --vars values.yaml --var ip=10.0.0.9");
    assert_eq!(both.code, 1);
    let again = "run scenarios/x.scenario.yaml --seed 0 --vars values.yaml --var ip=10.0.0.9";
    assert!(both.out.contains(again), "{}", both.out);
}

#[test]
fn a_value_of_the_wrong_type_is_found_before_anything_runs() {
    let folder = folder(&[("x.scenario.yaml", BAN)]);
    let said = Said::of(folder.path(), "run --var permanent=2");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("scenario::breaks-contract"), "{}", said.err);
}

#[test]
fn secrets_are_not_said_again() {
    let folder = folder(&[("x.scenario.yaml", BAN)]);
    let said = Said::of(folder.path(), "run --var password=correct-horse");
    assert_eq!(said.code, 1);
    assert!(said.out.contains("--var 'password=***'"), "{}", said.out);
    for secret in ["hunter2", "correct-horse"] {
        assert!(!said.out.contains(secret) && !said.err.contains(secret), "{said:?}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let folder = folder(&[("x.scenario.yaml", BAN)]);
    std::fs::write(folder.path().join("bad.yaml"), "ip: [1]\n2x: 1\n").unwrap();
    for (arguments, part) in [
        (
            "run --var permanant=1",
            "no scenario declares a variable `permanant`; did you mean `permanent`?",
        ),
        ("run --var ip", "write `name=value`"),
        ("run --var 1=2", "a name has letters"),
        ("run --vars gone.yaml", "cannot read gone.yaml"),
        ("run --vars bad.yaml", "`ip` must be a single value"),
        ("run --vars bad.yaml", "bad.yaml:2:1"),
    ] {
        let said = Said::of(folder.path(), arguments);
        assert_eq!(said.code, 2, "{arguments}: {said:?}");
        assert!(said.err.contains(part), "{arguments}: {}", said.err);
    }
}
