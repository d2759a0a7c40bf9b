//! Verdicts on runs of the bus, seen from outside: the reference and all that is accepted pass, and
//! planted bugs are found by the right rule.

mod again;
mod calm;
mod evidence;
mod faults;
mod inputs;
mod lane;
mod length;
#[path = "../support/long.rs"]
mod long;
mod named;
mod neighbours;
#[path = "../bugs/outside.rs"]
mod outside;
mod outsider;
mod planted;
mod play;
mod random;
mod scripts;
mod steps;
#[expect(dead_code, reason = "how scenarios find them is the business of another test")]
#[path = "../bugs/table.rs"]
mod table;
