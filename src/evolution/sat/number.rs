//! Numbers: an interval, multiples, and what is left out.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use super::{Literal, Outcome, Search};
use crate::evolution::exact::{Number, common_multiple, is_multiple, whole};
use crate::evolution::json::Json;
use crate::evolution::node::Node;

/// So many candidates are tried in a row.
const MAX_TRIED: usize = 4000;

#[derive(Default)]
struct Bounds {
    least: Option<(Number, bool)>,
    most: Option<(Number, bool)>,
    multiple: Option<Number>,
    no_multiples: Vec<Number>,
    not: BTreeSet<Number>,
}

impl Bounds {
    fn at_least(&mut self, bound: (Number, bool)) {
        // Of two equal bounds the exclusive one is the greater.
        if self.least.as_ref().is_none_or(|least| bound > *least) {
            self.least = Some(bound);
        }
    }

    fn at_most(&mut self, (number, exclusive): (Number, bool)) {
        let tighter = |(most, already): &(Number, bool)| {
            number < *most || number == *most && exclusive && !already
        };
        if self.most.as_ref().is_none_or(tighter) {
            self.most = Some((number, exclusive));
        }
    }

    fn is_within(&self, number: &Number) -> bool {
        self.least.as_ref().is_none_or(|(least, out)| number > least || number == least && !out)
            && self.most.as_ref().is_none_or(|(most, out)| number < most || number == most && !out)
    }

    fn takes(&self, number: &Number) -> bool {
        self.is_within(number)
            && self.multiple.as_ref().is_none_or(|of| is_multiple(number, of))
            && !self.no_multiples.iter().any(|of| is_multiple(number, of))
            && !self.not.contains(number)
    }
}

impl Search<'_> {
    /// A number within bounds.
    pub(super) fn number(&mut self, literals: &[Literal]) -> Outcome {
        let mut bounds = Bounds::default();
        for (id, is) in literals {
            match (self.nodes.node(*id), is) {
                (Node::Least(least, out), true) => bounds.at_least((least.clone(), *out)),
                (Node::Least(least, out), false) => bounds.at_most((least.clone(), !out)),
                (Node::Most(most, out), true) => bounds.at_most((most.clone(), *out)),
                (Node::Most(most, out), false) => bounds.at_least((most.clone(), !out)),
                (Node::Multiple(of), true) => {
                    let before = bounds.multiple.take();
                    let both = before.map_or_else(|| of.clone(), |one| common_multiple(&one, of));
                    bounds.multiple = Some(both);
                }
                (Node::Multiple(of), false) => bounds.no_multiples.push(of.clone()),
                (Node::Enum(values), false) => {
                    bounds.not.extend(values.iter().filter_map(|value| match value {
                        Json::Number(number) => Some(number.clone()),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        match &bounds.multiple {
            Some(of) => multiple(&bounds, &of.clone()),
            None => any(&bounds),
        }
    }
}

fn found(number: Number) -> Outcome {
    Outcome::Found(Json::Number(number))
}

/// The multiples of a number.
fn multiple(bounds: &Bounds, of: &Number) -> Outcome {
    if of.is_zero() {
        return Outcome::Unknown("a `multipleOf` of zero".to_owned());
    }
    if bounds.no_multiples.iter().any(|not| is_multiple(of, not)) {
        return Outcome::Empty;
    }
    // The multiples are `of` times whole numbers from `from` to `to`.
    let from = bounds.least.as_ref().map(|(least, out)| {
        let first = (least / of).ceil();
        if *out && &first * of == *least { first + Number::one() } else { first }
    });
    let to = bounds.most.as_ref().map(|(most, out)| {
        let last = (most / of).floor();
        if *out && &last * of == *most { last - Number::one() } else { last }
    });
    if let (Some(from), Some(to)) = (&from, &to)
        && from > to
    {
        return Outcome::Empty;
    }
    let start = nearest_zero(from.as_ref(), to.as_ref());
    for tried in 0..MAX_TRIED {
        let away = whole(i64::try_from(tried).unwrap_or(0));
        let (above, below) = (&start + &away, &start - &away);
        let fits = |n: &Number| {
            from.as_ref().is_none_or(|from| n >= from) && to.as_ref().is_none_or(|to| n <= to)
        };
        let (up, down) = (fits(&above), fits(&below));
        for (n, fits) in [(above, up), (below, down)] {
            if fits && bounds.takes(&(&n * of)) {
                return found(n * of);
            }
        }
        if !up && !down {
            return Outcome::Empty;
        }
    }
    Outcome::Unknown("a number for it is too hard to find".to_owned())
}

fn nearest_zero(from: Option<&Number>, to: Option<&Number>) -> Number {
    match (from, to) {
        (Some(from), _) if from.is_positive() => from.clone(),
        (_, Some(to)) if to.is_negative() => to.clone(),
        _ => Number::zero(),
    }
}

/// Any number: whole ones first, then those with few digits.
fn any(bounds: &Bounds) -> Outcome {
    if let (Some((least, out)), Some((most, also))) = (&bounds.least, &bounds.most) {
        if least > most || least == most && (*out || *also) {
            return Outcome::Empty;
        }
        if least == most {
            return if bounds.takes(least) { found(least.clone()) } else { Outcome::Empty };
        }
    }
    let mut grain = Number::one();
    let ten = Number::from_integer(BigInt::from(10));
    let wanted = bounds.not.len() + 10;
    for _ in 0..60 {
        let from = bounds.least.as_ref().map(|(least, _)| (least / &grain).floor());
        let to = bounds.most.as_ref().map(|(most, _)| (most / &grain).ceil());
        let start = nearest_zero(from.as_ref(), to.as_ref());
        for away in 0..wanted {
            let away = whole(i64::try_from(away).unwrap_or(0));
            for n in [&start + &away, &start - &away] {
                let number = n * &grain;
                if bounds.takes(&number) {
                    return found(number);
                }
            }
        }
        // Where all multiples of the grain are ruled out, a finer one is not.
        grain /= &ten;
    }
    Outcome::Unknown("a number for it is too hard to find".to_owned())
}
