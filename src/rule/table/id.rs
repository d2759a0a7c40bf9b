//! The names of the rules, as constants: `id::BAN_4` is `BAN-4`.

use super::RuleId;

macro_rules! ids {
    ($($constant:ident $name:literal)*) => {
        #[expect(non_camel_case_types, reason = "only counts")]
        #[repr(u8)]
        enum Place { $($constant),* }

        $(
            #[doc = concat!("`", $name, "`")]
            pub const $constant: RuleId = RuleId(Place::$constant as u8);
        )*

        /// The names, in the order of the table.
        pub(super) const NAMES: &[&str] = &[$($name),*];
    };
}

ids! {
    COM_1 "COM-1"
    COM_2 "COM-2"
    COM_3 "COM-3"
    COM_4 "COM-4"
    COM_5 "COM-5"
    COM_6 "COM-6"
    COM_7 "COM-7"
    COM_8 "COM-8"
    COM_9 "COM-9"
    COM_10 "COM-10"
    COM_11 "COM-11"
    COM_12 "COM-12"
    BAN_1 "BAN-1"
    BAN_2 "BAN-2"
    BAN_3 "BAN-3"
    BAN_4 "BAN-4"
    BAN_5 "BAN-5"
    BAN_6 "BAN-6"
    BAN_7 "BAN-7"
    BAN_8 "BAN-8"
    BAN_TWICE "BAN-TWICE"
    ACC_1 "ACC-1"
    ACC_2 "ACC-2"
    ACC_3 "ACC-3"
    ACC_4 "ACC-4"
    ACC_5 "ACC-5"
    ACC_6 "ACC-6"
    ACC_7 "ACC-7"
    ACC_8 "ACC-8"
    ACC_9 "ACC-9"
    ACC_10 "ACC-10"
    ACC_11 "ACC-11"
    ACC_12 "ACC-12"
    ACC_13 "ACC-13"
    ACC_TWICE "ACC-TWICE"
    LOG_1 "LOG-1"
    LOG_2 "LOG-2"
    LOG_3 "LOG-3"
    LOG_4 "LOG-4"
    LOG_5 "LOG-5"
    LOG_6 "LOG-6"
    LOG_7 "LOG-7"
    LOG_8 "LOG-8"
    LOG_9 "LOG-9"
    LOG_10 "LOG-10"
    LOG_11 "LOG-11"
    EFF_1 "EFF-1"
    EFF_2 "EFF-2"
    EFF_3 "EFF-3"
    EFF_4 "EFF-4"
    EFF_5 "EFF-5"
    EFF_6 "EFF-6"
    EFF_7 "EFF-7"
    EFF_8 "EFF-8"
    EFF_9 "EFF-9"
    EFF_TWICE "EFF-TWICE"
    INV_1 "INV-1"
    INV_2 "INV-2"
    INV_3 "INV-3"
    INV_4 "INV-4"
    INV_5 "INV-5"
    INV_6 "INV-6"
    INV_7 "INV-7"
    INV_8 "INV-8"
    INV_9 "INV-9"
    INV_10 "INV-10"
    INV_11 "INV-11"
    INV_12 "INV-12"
    INV_TWICE "INV-TWICE"
    SEQ_1 "SEQ-1"
    SEQ_2 "SEQ-2"
    SEQ_3 "SEQ-3"
    SEQ_4 "SEQ-4"
    SEQ_5 "SEQ-5"
    SEQ_6 "SEQ-6"
}
