//! Maps and sets for the state of a service: cheap to copy, and cheap to tell apart.
//!
//! What this is: [`Map`] and [`Set`], ordered by key. A copy shares all entries with its original,
//! and a digest of the entries is kept up to date, so that neither [`super::Model::fork`] nor
//! [`super::Model::fingerprint`] takes longer the more a service remembers. State that grows with
//! the number of records belongs into them; the judge of a long history copies it at each step.
//!
//! What always holds: the digest is the sum of the entries' 128-bit hashes, whatever order they
//! came and went in, so that equal contents have equal digests. It is kept from the moment on at
//! which it is first asked for: who only runs a service never pays for it.

use std::cell::OnceCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Bound, Deref, DerefMut, RangeBounds};

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use xxhash_rust::xxh3::Xxh3;

/// A hash of 128 bits, which may stand for the value: that two of a billion different values share
/// one is less likely than 10⁻²⁰. With 64 bits it would be one in forty.
pub(crate) fn digest(value: &(impl Hash + ?Sized)) -> u128 {
    let mut hasher = Xxh3::new();
    value.hash(&mut hasher);
    hasher.digest128()
}

/// The sum of the digests of all entries, once it was asked for.
#[derive(Clone, Default)]
struct Sum(OnceCell<u128>);

impl Sum {
    fn get(&self, all: impl Iterator<Item = u128>) -> u128 {
        *self.0.get_or_init(|| all.fold(0, u128::wrapping_add))
    }

    fn is_kept(&self) -> bool {
        self.0.get().is_some()
    }

    fn add(&mut self, entry: &impl Hash) {
        if let Some(sum) = self.0.get_mut() {
            *sum = sum.wrapping_add(digest(entry));
        }
    }

    fn take(&mut self, entry: &impl Hash) {
        if let Some(sum) = self.0.get_mut() {
            *sum = sum.wrapping_sub(digest(entry));
        }
    }
}

/// A map ordered by key.
pub struct Map<K, V> {
    entries: RedBlackTreeMapSync<K, V>,
    sum: Sum,
}

impl<K: Ord, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { entries: RedBlackTreeMapSync::new_sync(), sum: Sum::default() }
    }
}

impl<K: Ord, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), sum: self.sum.clone() }
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries.iter()).finish()
    }
}

impl<K: Ord + Hash, V: Hash> Hash for Map<K, V> {
    /// Takes the digest for the entries.
    fn hash<H: Hasher>(&self, to: &mut H) {
        to.write_u128(self.sum.get(self.entries.iter().map(|entry| digest(&entry))));
    }
}

impl<K: Ord, V> Map<K, V> {
    /// The value of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.get(key)
    }

    /// Whether there is a value of this key.
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.entries.contains_key(key)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.size()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry with the least key.
    #[must_use]
    pub fn first(&self) -> Option<(&K, &V)> {
        self.entries.first()
    }

    /// The entry with the greatest key.
    #[must_use]
    pub fn last(&self) -> Option<(&K, &V)> {
        self.entries.last()
    }

    /// All entries, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// All values, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The entries whose keys lie in a range, by key.
    pub fn range(
        &self,
        keys: impl RangeBounds<K> + Clone,
    ) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.range::<K, _>(keys)
    }
}

impl<K: Ord + Hash, V: Hash> Map<K, V> {
    /// Puts a value under a key, instead of the one that was there.
    pub fn insert(&mut self, key: K, value: V) {
        if self.sum.is_kept()
            && let Some(before) = self.entries.get(&key)
        {
            self.sum.take(&(&key, before));
        }
        self.sum.add(&(&key, &value));
        self.entries.insert_mut(key, value);
    }

    /// Takes a key out, with its value, if it is there.
    pub fn remove(&mut self, key: &K) -> Option<V>
    where
        V: Clone,
    {
        let value = self.entries.get(key).cloned()?;
        self.sum.take(&(key, &value));
        self.entries.remove_mut(key);
        Some(value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<Changing<'_, K, V>>
    where
        K: Clone,
        V: Clone,
    {
        let value = self.entries.get_mut(key)?;
        self.sum.take(&(key, &*value));
        Some(Changing { key: key.clone(), value, sum: &mut self.sum })
    }
}

/// A value of a [`Map`] that is being changed.
pub struct Changing<'a, K: Hash, V: Hash> {
    key: K,
    value: &'a mut V,
    sum: &'a mut Sum,
}

impl<K: Hash, V: Hash> Deref for Changing<'_, K, V> {
    type Target = V;

    fn deref(&self) -> &V {
        self.value
    }
}

impl<K: Hash, V: Hash> DerefMut for Changing<'_, K, V> {
    fn deref_mut(&mut self) -> &mut V {
        self.value
    }
}

impl<K: Hash, V: Hash> Drop for Changing<'_, K, V> {
    fn drop(&mut self) {
        self.sum.add(&(&self.key, &*self.value));
    }
}

/// A set in order.
pub struct Set<T: Ord> {
    items: RedBlackTreeSetSync<T>,
    sum: Sum,
}

impl<T: Ord> Default for Set<T> {
    fn default() -> Self {
        Self { items: RedBlackTreeSetSync::new_sync(), sum: Sum::default() }
    }
}

impl<T: Ord> Clone for Set<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), sum: self.sum.clone() }
    }
}

impl<T: Ord + fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.items.iter()).finish()
    }
}

impl<T: Ord + Hash> Hash for Set<T> {
    /// Takes the digest for the items.
    fn hash<H: Hasher>(&self, to: &mut H) {
        to.write_u128(self.sum.get(self.items.iter().map(digest)));
    }
}

impl<T: Ord> Set<T> {
    /// Whether an item is in it.
    #[must_use]
    pub fn contains(&self, item: &T) -> bool {
        self.items.contains(item)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The least item.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.items.first()
    }

    /// The greatest item.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.items.last()
    }

    /// All items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter()
    }

    /// The items from the least on up to this one, in order.
    pub fn up_to<'a>(&'a self, last: &'a T) -> impl DoubleEndedIterator<Item = &'a T> {
        let bounds: (Bound<&T>, Bound<&T>) = (Bound::Unbounded, Bound::Included(last));
        self.items.range::<T, _>(bounds)
    }
}

impl<T: Ord + Hash> Set<T> {
    /// Puts an item in; whether it was not there.
    pub fn insert(&mut self, item: T) -> bool {
        if self.items.contains(&item) {
            return false;
        }
        self.sum.add(&item);
        self.items.insert_mut(item);
        true
    }

    /// Takes an item out; whether it was there.
    pub fn remove(&mut self, item: &T) -> bool {
        let was_there = self.items.remove_mut(item);
        if was_there {
            self.sum.take(item);
        }
        was_there
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::{Map, Set, digest};

    proptest! {
        /// Whatever came and went, and however: equal contents have equal digests, others do not,
        /// and a copy stays as it was.
        #[test]
        fn a_map_is_told_by_what_is_in_it(
            changes in prop::collection::vec((0..3_u8, 0..8_u8, 0..4_u16), 0..60),
        ) {
            let (mut map, mut model) = (Map::<u8, u16>::default(), BTreeMap::new());
            for (how, key, value) in changes {
                let (copy, before) = (map.clone(), model.clone());
                match how {
                    0 => {
                        map.insert(key, value);
                        model.insert(key, value);
                    }
                    1 => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    _ => {
                        map.get_mut(&key).into_iter().for_each(|mut one| *one = value);
                        model.get_mut(&key).into_iter().for_each(|one| *one = value);
                    }
                }
                let fresh = model.iter().rev().fold(Map::default(), |mut map, (key, value)| {
                    map.insert(*key, *value);
                    map
                });
                prop_assert_eq!(digest(&map), digest(&fresh));
                prop_assert_eq!(digest(&map) == digest(&copy), model == before);
                prop_assert!(map.iter().eq(model.iter()));
                prop_assert!(copy.iter().eq(before.iter()));
            }
        }

        #[test]
        fn a_set_is_told_by_what_is_in_it(
            changes in prop::collection::vec((any::<bool>(), 0..8_u8), 0..60),
        ) {
            let (mut set, mut model) = (Set::<u8>::default(), BTreeSet::new());
            for (puts, item) in changes {
                match puts {
                    true => prop_assert_eq!(set.insert(item), model.insert(item)),
                    false => prop_assert_eq!(set.remove(&item), model.remove(&item)),
                }
                let fresh = model.iter().rev().fold(Set::default(), |mut set, item| {
                    set.insert(*item);
                    set
                });
                prop_assert_eq!(digest(&set), digest(&fresh));
                prop_assert!(set.iter().eq(model.iter()));
                prop_assert!(set.up_to(&4).eq(model.range(..=4)));
            }
        }
    }
}
