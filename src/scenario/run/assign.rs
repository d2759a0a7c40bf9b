//! Giving each of several wants a thing of its own, by augmenting paths: complete where possible.

/// For each want the index of its thing, or `None` where no complete assignment exists. Things that
/// stand earlier in a want's list are preferred.
pub(super) fn complete(fits: &[Vec<usize>], things: usize) -> Option<Vec<usize>> {
    let mut owner: Vec<Option<usize>> = vec![None; things];
    for want in 0..fits.len() {
        let mut tried = vec![false; things];
        if !augment(want, fits, &mut owner, &mut tried) {
            return None;
        }
    }
    let mut assigned = vec![0; fits.len()];
    for (thing, want) in owner.iter().enumerate() {
        if let Some(want) = want {
            assigned[*want] = thing;
        }
    }
    Some(assigned)
}

fn augment(
    want: usize,
    fits: &[Vec<usize>],
    owner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for thing in &fits[want] {
        if std::mem::replace(&mut tried[*thing], true) {
            continue;
        }
        if owner[*thing].is_none_or(|other| augment(other, fits, owner, tried)) {
            owner[*thing] = Some(want);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::complete;
    use rstest::rstest;

    #[rstest]
    #[case::greedy_would_fail(&[vec![0, 1], vec![0]], 2, Some(vec![1, 0]))]
    #[case::too_few(&[vec![0], vec![0]], 2, None)]
    #[case::in_order(&[vec![0, 1], vec![0, 1]], 2, Some(vec![0, 1]))]
    #[case::nothing_wanted(&[], 3, Some(vec![]))]
    fn assignments(
        #[case] fits: &[Vec<usize>],
        #[case] things: usize,
        #[case] expected: Option<Vec<usize>>,
    ) {
        let got = complete(fits, things);
        assert_eq!(got.is_some(), expected.is_some());
        if let (Some(mut got), Some(mut expected)) = (got, expected) {
            assert!(got.iter().zip(fits).all(|(thing, fits)| fits.contains(thing)));
            got.sort_unstable();
            expected.sort_unstable();
            assert_eq!(got, expected);
        }
    }
}
