//! What the five services share: the rules for all of them, and those about what comes before what.

pub mod check;
pub mod rules;
pub mod sequence_rules;

use std::sync::{Arc, OnceLock};

use self::rules::{
    COM_1, COM_2, COM_3, COM_4, COM_5, COM_6, COM_7, COM_8, COM_9, COM_10, COM_11, COM_12,
    COMMON_RULES,
};
use self::sequence_rules::{SEQ_6, SEQUENCE_RULES};
use super::document::{ACCOUNT, BAN, EFFECTIVE_STATS, INVITE, LOGIN};
use crate::diagnostic::SourceFile;
use crate::pack::{Roles, Shared};
use crate::property::Properties;
use crate::rule::RuleId;

/// A section that each of the documents has.
const fn in_each(section: &'static str) -> [(&'static str, &'static str); 5] {
    [
        (BAN, section),
        (ACCOUNT, section),
        (LOGIN, section),
        (EFFECTIVE_STATS, section),
        (INVITE, section),
    ]
}

/// The rules of both lists.
const RULES: &[RuleId] = &{
    let (mut all, mut at) = ([COM_1; COMMON_RULES.len() + SEQUENCE_RULES.len()], 0);
    while at < all.len() {
        let of_order = at.checked_sub(COMMON_RULES.len());
        all[at] = match of_order {
            None => COMMON_RULES[at],
            Some(at) => SEQUENCE_RULES[at],
        };
        at += 1;
    }
    all
};

/// What comes before what.
fn sequences() -> Arc<Properties> {
    static READ: OnceLock<Arc<Properties>> = OnceLock::new();
    let read = || {
        let file = SourceFile::new(SEQUENCES.0, SEQUENCES.1);
        let read = Properties::read_of(&file, SEQUENCE_RULES, &mut Vec::new());
        Arc::new(read.unwrap_or_default())
    };
    Arc::clone(READ.get_or_init(read))
}

/// The file of the rules of sequences: its path, and its text.
const SEQUENCES: (&str, &str) =
    ("src/services/atlas/sequence.properties.yaml", include_str!("sequence.properties.yaml"));

/// What the services share.
pub static SHARED: Shared = Shared {
    rules: RULES,
    of_order: SEQUENCE_RULES,
    roles: Roles {
        held_back: COM_1,
        headers: COM_2,
        no_tenant: COM_3,
        no_trace: COM_4,
        unreadable: COM_5,
        isolation: COM_6,
        contract: COM_7,
        again: COM_8,
        restart: COM_9,
        crash: COM_10,
        key_order: COM_11,
        span: COM_12,
        known_id: SEQ_6,
    },
    checks: || Box::new(check::Checks::new()),
    properties: Some(sequences),
    accepted_disagreements: Some((
        "contracts/accepted.yaml",
        include_str!("../../../contracts/accepted.yaml"),
    )),
};
