//! Contracts: the five documents against the official schema, our checks against a general
//! validator, what is said about broken contracts, and what is said about broken records.

mod broken;
mod documents;
mod envelope;
mod opinion;
mod records;
mod support;
