//! Maps in order of insertion, with a quick hash that is the same on every machine.

use rustc_hash::FxBuildHasher;

pub(super) type FxMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;
pub(super) type FxSet<K> = indexmap::IndexSet<K, FxBuildHasher>;
