//! What could never say anything, seen before it begins.

#[cfg(feature = "kafka")]
use super::args::Verify;
#[cfg(feature = "kafka")]
use crate::kafka::On;
use crate::pack::Packs;
use crate::rule::{Rule, RuleId};

/// Why the verification that is asked for could not say anything, and what to do.
#[cfg(feature = "kafka")]
pub(super) fn futile(args: &Verify, packs: &Packs) -> Option<String> {
    let (rules, on) = (&args.judged.rules, args.link.on.as_deref());
    beside(rules, (&args.service, packs)).or_else(|| alone(on, args.command.is_some()))
}

/// A rule that does not concern the service.
pub(super) fn beside(rules: &[RuleId], (service, packs): (&str, &Packs)) -> Option<String> {
    let beside = rules.iter().find(|rule| !packs.concerns(**rule, service))?;
    let concerning = packs.rules().map(Rule::id).filter(|rule| packs.concerns(*rule, service));
    let mut families: Vec<_> = concerning.map(|rule| format!("{}-*", rule.family())).collect();
    families.dedup();
    let last = families.pop().unwrap_or_default();
    let all = match &families[..] {
        [] => last,
        families => format!("{} and {last}", families.join(", ")),
    };
    Some(format!("{beside} does not concern {service}: the rules that do are {all}"))
}

/// A broker inside this process, to which no implementation comes that is not told of it.
#[cfg(feature = "kafka")]
pub(super) fn alone(on: Option<&str>, is_started: bool) -> Option<String> {
    let of_its_own = on.is_some_and(|on| on.parse() == Ok(On::Mock));
    (of_its_own && !is_started).then(|| {
        "no implementation that runs already knows the broker that `--on mock` starts: have it \
         started with `--command 'COMMAND {bootstrap}'`, or name its broker with `--on HOST:PORT`"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[cfg(feature = "kafka")]
    use super::alone;
    use super::beside;
    use crate::pack::Pack;
    use crate::rule::Rule;
    use crate::services::{packs, rule};

    #[rstest]
    #[case::own("ban", &["BAN-5"], None)]
    #[case::of_all("effective_stats", &["EFF-7", "COM-5", "SEQ-5"], None)]
    #[case::of_another("ban", &["BAN-5", "ACC-1"], Some("ACC-1 does not concern ban: "))]
    #[case::no_own("orders", &["BAN-5"], Some("the rules that do are COM-* and SEQ-*"))]
    fn a_rule_of_another_service_is_told(
        #[case] service: &str,
        #[case] rules: &[&str],
        #[case] expected: Option<&str>,
    ) {
        let rules: Vec<_> = rules.iter().map(|name| rule(name).expect("a rule").id()).collect();
        let told = beside(&rules, (service, &packs()));
        assert_eq!(told.is_some(), expected.is_some(), "{told:?}");
        assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()));
    }

    #[test]
    fn each_rule_concerns_one_service_or_all() {
        let packs = packs();
        for rule in packs.rules().map(Rule::id) {
            let concerns = |pack: &&Pack| beside(&[rule], (pack.name(), &packs)).is_none();
            let of = packs.all().filter(concerns).count();
            let is_shared = packs.shared_rules().contains(&rule);
            assert_eq!(of, if is_shared { packs.all().count() } else { 1 }, "{rule}");
        }
    }

    #[cfg(feature = "kafka")]
    #[rstest]
    #[case::mock(Some("mock"), false, true)]
    #[case::container(Some("container"), false, false)]
    #[case::started(Some("mock"), true, false)]
    #[case::running(Some("localhost:9092"), false, false)]
    #[case::no_broker(Some("nowhere"), false, false)]
    #[case::none(None, false, false)]
    fn nobody_comes_to_a_broker_inside(
        #[case] on: Option<&str>,
        #[case] is_started: bool,
        #[case] told: bool,
    ) {
        assert_eq!(alone(on, is_started).is_some(), told);
    }
}
