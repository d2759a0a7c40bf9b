//! Several threads do the work; its results are taken in the order of the work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Enough for the deepest values that files may hold.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// A worker panicked; it has been said so.
#[derive(Debug)]
pub(super) struct Panicked;

/// Does the work of the indices below `count` on up to `jobs` threads, and hands each result to
/// `take`, in the order of the indices, whatever ended first. `take` can lower the end: what lies
/// behind it is not started, or dropped.
pub(super) fn in_order<R: Send>(
    count: usize,
    jobs: usize,
    work: impl Fn(usize) -> R + Sync,
    mut take: impl FnMut(usize, R) -> Option<usize>,
) -> Result<(), Panicked> {
    let (next, end) = (AtomicUsize::new(0), AtomicUsize::new(count));
    let (sender, results) = mpsc::channel();
    let toil = |sender: &mpsc::Sender<(usize, R)>| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= end.load(Ordering::Relaxed) || sender.send((at, work(at))).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let mut handles = Vec::new();
        for _ in 0..jobs.clamp(1, count.max(1)) {
            let (sender, toil) = (sender.clone(), &toil);
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            match builder.spawn_scoped(scope, move || toil(&sender)) {
                Ok(handle) => handles.push(handle),
                Err(_) => break,
            }
        }
        if handles.is_empty() {
            // The system gives no thread: this one works.
            toil(&sender);
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut at = 0;
        for (index, result) in results {
            waiting.insert(index, result);
            while at < end.load(Ordering::Relaxed)
                && let Some(result) = waiting.remove(&at)
            {
                if let Some(lower) = take(at, result) {
                    end.fetch_min(lower, Ordering::Relaxed);
                }
                at += 1;
            }
        }
        let panicked = handles.into_iter().filter_map(|handle| handle.join().err()).count();
        if panicked > 0 { Err(Panicked) } else { Ok(()) }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::in_order;

    #[rstest]
    #[case(1)]
    #[case(2)]
    #[case(9)]
    fn results_come_in_order_and_stop_where_told(#[case] jobs: usize) {
        let mut taken = Vec::new();
        let work = |at: usize| {
            // Later ones are done sooner.
            (0..(50 - at) * 1000).sum::<usize>();
            at * 2
        };
        let done = in_order(50, jobs, work, |at, twice| {
            taken.push((at, twice));
            (at == 7).then_some(10)
        });
        assert!(done.is_ok());
        let expected: Vec<_> = (0..10).map(|at| (at, at * 2)).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_panic_is_not_lost() {
        let work = |at: usize| assert_ne!(at, 3, "on purpose");
        assert!(in_order(9, 2, work, |_, ()| None).is_err());
    }

    #[test]
    fn no_work_is_done_at_once() {
        assert!(in_order(0, 4, |_| (), |_, ()| None).is_ok());
    }
}
