//! A neighbour answers at once, and its answers are seen before what they answer: it writes them,
//! and whoever looks on hears of them later than of its own. No answer is taken for the cause of
//! its question.

use quintet::service::Service;
use quintet::services::account::Account;
use quintet::services::ban::Ban;
use quintet::services::login::Login;
use quintet::verify::{Judging, Standing, judge};
use rstest::rstest;
use serde_json::json;

use crate::outsider::View;
use crate::play::{Course, Play, as_reference};
use crate::random::violations;
use crate::steps;

/// Login and whom it asks.
fn with_neighbours() -> Vec<Box<dyn Service>> {
    vec![Box::new(Login::default()), Box::new(Account::default()), Box::new(Ban::default())]
}

/// As slow as those who look on may be.
const DELAYS_MS: [usize; 4] = [0, 1, 15, 90];

#[rstest]
fn an_answer_is_not_the_cause_of_its_question(#[values(0, 1, 2, 3)] delay: usize) {
    let delay_ms = DELAYS_MS[delay];
    for seed in 0..4 {
        let course = Course { seed, inputs: 24, partitions: 2, crashes: false, pick: as_reference };
        let mut play = Play::new(with_neighbours(), course);
        play.send("account.create", &json!({ "name": "eve", "password": "secret" }));
        play.wait_ms(200);
        for _ in 0..course.inputs {
            steps::login(&mut play);
            play.wait_ms(300);
        }
        let seen = play.observed("login", View { delay_ms, seed });
        let judgement = judge(&seen, &Judging::default());
        let found = violations(&judgement);
        assert!(found.is_empty(), "seed {seed}, {delay_ms} ms: {found:#?}");
        let passed = |standing: &&Standing| matches!(standing, Standing::Passed { .. });
        assert!(judgement.rules.values().filter(passed).count() > 5, "{:?}", judgement.rules);
    }
}
