//! A set of small numbers.

/// Numbers from 0 on, most of them small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    pub(crate) fn has(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    pub(crate) fn add(&mut self, at: usize) {
        if self.words.len() <= at / 64 {
            self.words.resize(at / 64 + 1, 0);
        }
        let bit = 1 << (at % 64);
        self.count += usize::from(self.words[at / 64] & bit == 0);
        self.words[at / 64] |= bit;
    }

    /// How many numbers are in it.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The first number from `from` on that is not in it.
    pub(crate) fn first_free(&self, from: usize) -> usize {
        let mut at = from;
        while self.has(at) {
            at = match self.words[at / 64] {
                u64::MAX => (at / 64 + 1) * 64,
                _ => at + 1,
            };
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn numbers_are_counted_once_and_gaps_are_found() {
        let mut bits = Bits::default();
        (0..130).filter(|at| *at != 70).for_each(|at| bits.add(at));
        bits.add(3);
        assert_eq!((bits.count(), bits.first_free(0), bits.first_free(71)), (129, 70, 130));
        assert!(bits.has(69) && !bits.has(70) && !bits.has(1000));
    }
}
