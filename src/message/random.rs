//! Randomness as a function of where it is used: no draw depends on another place's draws.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};
use uuid::Uuid;

/// The number a run's randomness comes from; the default is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

/// A stream of random numbers for one place, keyed by the seed and the place's name.
#[derive(Clone, Debug)]
pub struct Stream(SplitMix64);

impl Stream {
    /// The stream of `place` under `seed`. The same two give the same numbers, on any machine.
    #[must_use]
    pub fn keyed(seed: Seed, place: &impl Hash) -> Self {
        let mut hasher = FxHasher::default();
        hasher.write_u64(seed.0);
        place.hash(&mut hasher);
        Self(SplitMix64::seed_from_u64(hasher.finish()))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `bound - 1`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.bits()) * (bound as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A random (version 4) UUID.
    pub fn uuid(&mut self) -> Uuid {
        let bits = u128::from(self.bits()) << 64 | u128::from(self.bits());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::{Seed, Stream};

    #[test]
    fn a_place_has_its_own_numbers() {
        let mut a = Stream::keyed(Seed(1), &("ban", 7));
        let mut again = Stream::keyed(Seed(1), &("ban", 7));
        let mut other = Stream::keyed(Seed(1), &("ban", 8));
        let first = a.uuid();
        assert_eq!(first, again.uuid());
        assert_ne!(first, other.uuid());
        assert!((0..1000).all(|_| a.below(3) < 3));
    }
}
