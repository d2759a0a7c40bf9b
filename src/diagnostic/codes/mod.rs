//! The one list of diagnostic codes; `explain` and the documents are made from it.
//!
//! A code is `area::name`; each area has its own file here, in the order of the modules. To add a
//! code, add its entry to the area's file; a test fails while the sources and the list disagree.

mod accepted;
mod asyncapi;
mod capture;
mod choices;
mod contract;
mod probe;
mod property;
mod run;
mod scenario;
mod schema;
mod yaml;

/// What one diagnostic code means.
#[derive(Clone, Copy, Debug)]
pub struct CodeInfo {
    /// The code, e.g. `scenario::unknown-field`.
    pub code: &'static str,
    /// The meaning in one line.
    pub title: &'static str,
    /// Why it is a problem and what to do, in a few sentences.
    pub explanation: &'static str,
    /// A file or part of one that has the problem.
    pub example: Option<&'static str>,
}

const AREAS: [&[CodeInfo]; 11] = [
    yaml::CODES,
    contract::CODES,
    asyncapi::CODES,
    scenario::CODES,
    run::CODES,
    choices::CODES,
    capture::CODES,
    accepted::CODES,
    property::CODES,
    probe::CODES,
    schema::CODES,
];

const COUNT: usize = {
    let mut count = 0;
    let mut area = 0;
    while area < AREAS.len() {
        count += AREAS[area].len();
        area += 1;
    }
    count
};

static ALL: [CodeInfo; COUNT] = {
    let mut all = [CodeInfo { code: "", title: "", explanation: "", example: None }; COUNT];
    let (mut area, mut to) = (0, 0);
    while area < AREAS.len() {
        let mut from = 0;
        while from < AREAS[area].len() {
            all[to] = AREAS[area][from];
            to += 1;
            from += 1;
        }
        area += 1;
    }
    all
};

/// All codes, by area.
pub static CODES: &[CodeInfo] = &ALL;

/// The entry of a code.
pub fn code_info(code: &str) -> Option<&'static CodeInfo> {
    CODES.iter().find(|info| info.code == code)
}
