//! Random runs of the reference, and of every accepted behaviour, break no rule.

use quintet::rule::Severity;
use quintet::service::{Service, ban::Ban, invite::Invite};
use quintet::verify::{Judging, judge};
use rstest::rstest;

use crate::outsider::View;
use crate::play::{Course, Play, as_reference, play};
use crate::steps;

fn subject(name: &str) -> (Vec<Box<dyn Service>>, fn(&mut Play)) {
    match name {
        "ban" => (vec![Box::new(Ban::default())], steps::ban),
        _ => (vec![Box::new(Invite::default())], steps::invite),
    }
}

#[rstest]
fn the_reference_passes(#[values("ban", "invite")] name: &str) {
    let runs = std::env::var("RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(10);
    let mut most = 0;
    let start = std::time::SystemTime::UNIX_EPOCH;
    let _ = start;
    let mut bad = 0;
    for seed in 0..runs {
        let (services, step) = subject(name);
        let partitions = 1 + (seed % 3) as u32;
        let course =
            Course { seed, inputs: 40, partitions, crashes: seed % 2 == 1, pick: as_reference };
        let view = View { delay_ms: (seed % 4) as usize * 100, seed };
        let seen = play(services, name, course, step).observed(name, view);
        let judgement = judge(&seen, &Judging::default());
        most = most.max(judgement.states);
        if std::env::var_os("TELL").is_some() {
            println!("{name} {seed}: {}", judgement.states);
        }
        let violations: Vec<_> =
            judgement.findings.iter().filter(|one| one.severity == Severity::Violation).collect();
        if !violations.is_empty() && bad < 3 {
            bad += 1;
            println!("{}", quintet::history::to_json_lines(&seen.history));
            println!("{name} seed {seed}: {violations:#?}");
        }
    }
    println!("{name}: at most {most} states");
    assert_eq!(bad, 0);
}
