//! One service's schema with the fields that only other contracts declare.
//!
//! What always holds: what the own schema says about its own fields is unchanged, so a value that
//! the own schema refuses is refused by the merged one too.

use std::sync::Arc;

use super::schema::{Property, Schema, Types};

/// What becomes of the values of fields that only others declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// They must be what the other contract says, where they are there.
    Judged,
    /// They may be anything.
    Accepted,
}

/// `own` with the optional fields that only `other` declares.
pub(super) fn merge(own: &mut Schema, other: &Schema, foreign: Foreign) {
    own.sensitive |= other.sensitive;
    // Where anything goes, no field is extra and none needs to be known.
    if own.types.is_any() || !own.types.admits(Types::OBJECT) {
        return;
    }
    for (name, theirs) in &other.properties {
        if let Some(ours) = own.properties.get_mut(name) {
            merge(&mut ours.schema, &theirs.schema, foreign);
            continue;
        }
        let schema = match foreign {
            Foreign::Judged => theirs.schema.clone(),
            Foreign::Accepted => Schema {
                sensitive: theirs.schema.holds_sensitive(),
                remarks: Arc::clone(&theirs.schema.remarks),
                ..Schema::default()
            },
        };
        own.properties.insert(name.clone(), Property { schema, required: false, foreign: true });
    }
    if let (Some(ours), Some(theirs)) = (&mut own.items, &other.items) {
        merge(ours, theirs, foreign);
    }
}
