//! What is found of a field against what the contract says of it.

use super::trace::Effect;
use super::{Need, Probe, ReadField, Usage};

const UNDECLARED: &str = "reads-undeclared";
const OPTIONAL: &str = "needs-optional";
const VALID: &str = "refuses-valid";
const UNKNOWN: &str = "not-exercised";
const UNUSED: &str = "not-used";
const READ: &str = "no-use-shown";
const USED: &str = "used";

/// What can be said of a field, in the order in which the first that is true is said.
pub const RULES: [(&str, &str); 7] = [
    (UNDECLARED, "the service depends on a field that its contract does not name"),
    (OPTIONAL, "the contract lets a field be left out, and without it the record cannot be read"),
    (VALID, "the service cannot read a value that its contract takes"),
    (UNKNOWN, "no test that passes shows the service the field"),
    (UNUSED, "nothing that is done to the field shows in any test"),
    (READ, "the service reads the field, and what the field says shows in no test"),
    (USED, "the service depends on a field that its contract names"),
];

/// How a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The contract says something else.
    Fails,
    /// It is to be known.
    Remark,
    /// Contract and service agree.
    Holds,
}

/// What is said of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// One of [`RULES`].
    pub rule: &'static str,
    /// How it counts.
    pub weight: Weight,
    /// A sentence.
    pub text: String,
}

/// What is said of a field after it was probed.
pub fn judged(field: &ReadField, need: &Need) -> Judged {
    let usage = need.usage();
    let refused = |probe| need.effect(probe) == Some(Effect::Refused);
    let name = &field.field;
    let (rule, weight, text) = if !field.is_declared {
        match usage {
            Usage::Unknown | Usage::Unused => (
                UNUSED,
                Weight::Holds,
                format!("the contract does not name {name}, nor is it used"),
            ),
            _ => {
                let text = format!("{name} is used, and the contract does not name it");
                (UNDECLARED, Weight::Fails, text)
            }
        }
    } else if !field.is_required && refused(Probe::Absent) {
        let text = format!("the contract lets {name} be left out; then the record cannot be read");
        (OPTIONAL, Weight::Fails, text)
    } else if refused(Probe::Other) {
        let text = format!("a value of {name} that the contract takes cannot be read");
        (VALID, Weight::Fails, text)
    } else {
        match usage {
            Usage::Unknown => {
                let text = format!("no test shows {name}: nothing is known of it");
                (UNKNOWN, Weight::Remark, text)
            }
            Usage::Unused => {
                let text = format!("nothing that is done to {name} shows in a test");
                (UNUSED, Weight::Remark, text)
            }
            Usage::Read => {
                (READ, Weight::Remark, format!("{name} is read, and no test shows a use of it"))
            }
            Usage::Copied => (USED, Weight::Holds, format!("what {name} says is passed on")),
            Usage::Decides => {
                (USED, Weight::Holds, format!("what the service does depends on {name}"))
            }
        }
    };
    Judged { rule, weight, text }
}
