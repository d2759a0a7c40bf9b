//! Exploration: planted ordering bugs are found, exhaustive search plays each class once and finds
//! what naive enumeration finds, and the command says the same for any number of threads.

mod classes;
mod command;
mod ordering;
mod parts;
