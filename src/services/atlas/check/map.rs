//! Maps in order of insertion, with a quick hash that is the same on every machine.

use rustc_hash::FxBuildHasher;

pub(in crate::services) type FxMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;
pub(in crate::services) type FxSet<K> = indexmap::IndexSet<K, FxBuildHasher>;
