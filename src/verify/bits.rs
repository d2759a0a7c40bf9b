//! A set of small numbers, most of which come in order.

/// Numbers from 0 on. Those up to which all are in it take no room, so that a copy costs no more
/// than what is out of order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bits {
    /// So many words of 64 numbers are full; they are not kept.
    full: usize,
    /// The words behind them: the first is not full, the last not empty.
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    pub(crate) fn has(&self, at: usize) -> bool {
        let Some(word) = (at / 64).checked_sub(self.full) else { return true };
        self.words.get(word).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    pub(crate) fn add(&mut self, at: usize) {
        if self.has(at) {
            return;
        }
        let word = at / 64 - self.full;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (at % 64);
        self.count += 1;
        let full = self.words.iter().take_while(|word| **word == u64::MAX).count();
        self.words.drain(..full);
        self.full += full;
    }

    /// How many numbers are in it.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The first number from `from` on that is not in it.
    pub(crate) fn first_free(&self, from: usize) -> usize {
        let mut at = from.max(self.full * 64);
        while self.has(at) {
            at += 1;
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

    #[test]
    fn sets_are_the_same_whatever_came_first() {
        let of = |numbers: &mut dyn Iterator<Item = usize>| {
            let mut bits = Bits::default();
            numbers.for_each(|at| bits.add(at));
            bits
        };
        assert_eq!(of(&mut (0..200)), of(&mut (0..200).rev()));
        assert!(of(&mut (0..200)).words.len() < 2);
        assert_ne!(of(&mut (0..200)), of(&mut (0..201)));
    }
}
