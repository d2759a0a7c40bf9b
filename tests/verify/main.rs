//! Served implementations, verified over the mock broker: the reference and all that is accepted
//! pass, planted bugs are found by the right rule.

#![cfg(feature = "kafka")]

#[path = "../support/bare.rs"]
mod bare;
mod bench;
mod broker;
mod bugs;
mod calm;
mod command;
mod external;
mod in_turn;
mod manners;
#[path = "../bugs/outside.rs"]
mod outside;
#[expect(dead_code, reason = "how scenarios find them is the business of another test")]
#[path = "../bugs/table.rs"]
mod table;
