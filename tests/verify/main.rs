//! Served implementations, verified over the mock broker: the reference and all that is accepted
//! pass, planted bugs are found by the right rule.

#[path = "../support/bare.rs"]
mod bare;
mod bench;
mod bugs;
mod calm;
mod command;
#[path = "../bugs/table.rs"]
mod table;
