//! Regular languages of strings: terms that can be combined by and, or and not, and searched.
//!
//! What this is: an engine by derivatives over code points. Terms are interned, so that equal ones
//! have one number; a derivative is the language that is left after a character. What it is not:
//! a matcher for production. What always holds: the same questions in the same order get the same
//! answers, within a budget of steps. Start at [`Languages`].

mod class;
mod ecma;
mod search;
mod term;

pub(crate) use term::{Languages, Rx};
