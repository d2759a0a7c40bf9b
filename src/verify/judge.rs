//! The judgement of an observation.

use super::case::Scene;
use super::search::{Found as Searched, Search};
use super::{Found, Judgement, Judging, Observation};
use crate::rule::{Severity, id};

const BUDGET: u64 = 200_000;

/// Says what the rules have to say about what was seen.
#[must_use]
pub fn judge(seen: &Observation, judging: &Judging) -> Judgement {
    let scene = Scene::new(seen, judging.persistence);
    let mut judgement = Judgement::default();
    for case in scene.cases() {
        let mut search = Search::new(&scene, &case, false, BUDGET);
        let Some(start) = search.start() else { continue };
        let found = search.run(start);
        judgement.states += search.states;
        if let Searched::Nothing(ends) = found {
            let end = &ends[0];
            let records = search.unexplained(end).map(|(_, output)| output.record).collect();
            judgement.findings.push(Found {
                severity: Severity::Violation,
                rule: id::COM_1,
                message: "unexplained".to_owned(),
                tenant: Some(case.tenant.clone()),
                records,
                relaxation: None,
            });
        }
    }
    judgement
}
