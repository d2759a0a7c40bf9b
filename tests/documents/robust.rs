//! Whatever stands in a file, it is read or refused.

use proptest::prelude::*;
use quintet::asyncapi::{NoFiles, inspect};
use quintet::diagnostic::{SourceFile, render};

const JSON: &str = include_str!("../fixtures/documents/every.json");
const YAML: &str = include_str!("../fixtures/documents/drafts.yml");

#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Cut(usize, usize),
    Copy(usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (any::<usize>(), 1..100_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<usize>(), 1..100_usize, any::<usize>())
            .prop_map(|(at, length, to)| Damage::Copy(at, length, to)),
    ]
}

fn damaged(text: &str, damages: Vec<Damage>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for damage in damages {
        let size = bytes.len().max(1);
        let range = |at: usize, length: usize| {
            (at % size).min(bytes.len())..(at % size + length).min(bytes.len())
        };
        match damage {
            Damage::Flip(at, byte) => {
                if let Some(there) = bytes.get_mut(at % size) {
                    *there = byte;
                }
            }
            Damage::Cut(at, length) => drop(bytes.drain(range(at, length))),
            Damage::Copy(at, length, to) => {
                let copied = bytes[range(at, length)].to_vec();
                let to = (to % size).min(bytes.len());
                bytes.splice(to..to, copied);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_file_is_read_or_refused(
        json in any::<bool>(),
        damages in proptest::collection::vec(damage(), 1..4)
    ) {
        let (name, text) = if json { ("a.json", JSON) } else { ("a.yaml", YAML) };
        let file = SourceFile::new(name, damaged(text, damages));
        let mut diagnostics = Vec::new();
        let document = inspect(&file, &NoFiles, &mut diagnostics);
        prop_assert!(document.is_some() || !diagnostics.is_empty());
        for one in &diagnostics {
            prop_assert!(!render(one, false).is_empty());
        }
    }
}
