//! The one rule of the product itself, for documents of anybody.

use super::Basis::Documented;
use super::{rule, rules};

rules! {
    OWN:
    DOC_1 = rule(
        "DOC-1",
        Documented,
        ("the AsyncAPI document", ""),
        "A record is what the AsyncAPI document of its sender says; where no document sends on the \
         topic, what those say that know it.",
    );
}
