//! What of contracts is exercised, and what contracts refuse.
//!
//! What this is: every message, header, field, type, listed value and branch of each contract as an
//! element that records of scenarios or captures exercise or never do ([`Surface`]), and the
//! mutation score of each message: a valid example is damaged in every way, and each damage is
//! refused by the contract or not ([`score`]). What it is not: a judge of services.
//!
//! What always holds: a record that its contract refuses exercises nothing; a damage counts as
//! equivalent only where the contract says that the damaged value is allowed; no
//! value of a record is in a result, for it may be a secret.

mod damage;
mod element;
mod example;
mod facts;
mod score;
mod surface;
mod tree;

pub use damage::DAMAGES;
pub use element::{ELEMENTS, Element, ElementKind, Source};
pub(crate) use score::placed;
pub use score::{Damaged, Fate, Records, Score, score};
pub use surface::Surface;
