//! Where the journal, the unsent events and the positions of a service are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition,
};

use super::journal::{Entry, Unreadable, Unsent};
use super::window::Window;
use crate::kafka::caught::caught;
use crate::message::{ChannelIx, Partition, Seed};

/// The version of the files.
const FORMAT: &str = "1";

const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("about");
const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");
const UNSENT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("unsent");
/// By channel and partition: the first offset that is not handled, and those behind it that are.
const POSITIONS: TableDefinition<'_, (u16, u32), (u64, Vec<u64>)> =
    TableDefinition::new("positions");

/// Why state cannot be kept, or what was kept cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The folder or a file in it.
    #[error("{path} cannot be used: {why}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        why: String,
    },
    /// Another process has it open.
    #[error("{path} is in use by another process: stop it, or name another folder with `--data`")]
    InUse {
        /// The file.
        path: String,
    },
    /// It is not what this program writes.
    #[error("{path} is no data of quintet, or damaged ({why}): name another folder with `--data`")]
    Damaged {
        /// The file.
        path: String,
        /// What does not fit.
        why: String,
    },
    /// It was written for something else.
    #[error(
        "{path} was kept for another {what} ({kept}, not {here}): name another folder with `--data`"
    )]
    Foreign {
        /// The file.
        path: String,
        /// `format`, `service`, `set of contracts`, `cluster`.
        what: &'static str,
        /// What it was kept for.
        kept: String,
        /// What it would be used for.
        here: String,
    },
    /// The topic has been made anew since, or lost records.
    #[error(
        "{path} knows {topic}/{partition} up to offset {kept}, which now ends at {end}: the topic is \
         another one; name another folder with `--data`"
    )]
    Shorter {
        /// The file.
        path: String,
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset behind the last record that was handled.
        kept: u64,
        /// Where the partition ends.
        end: i64,
    },
    /// The service does not do again what it did.
    #[error("{path} cannot be replayed: {why}; the service has changed since it was kept")]
    Replay {
        /// The file.
        path: String,
        /// Where it differs.
        why: String,
    },
}

/// What was kept of a service.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) journal: Vec<Entry>,
    pub(super) unsent: BTreeMap<u64, Unsent>,
    pub(super) positions: BTreeMap<(ChannelIx, Partition), Window>,
}

/// What is kept together after an input.
#[derive(Debug, Default)]
pub(super) struct Keep<'a> {
    /// The input; none where it changed nothing.
    pub(super) entry: Option<&'a Entry>,
    pub(super) unsent: &'a [(u64, Unsent)],
    pub(super) position: Option<((ChannelIx, Partition), &'a Window)>,
}

/// Keeps the state of one service.
pub(super) trait Store: Send {
    /// What was kept.
    fn load(&mut self) -> Result<Kept, StoreError>;

    /// Keeps all of it, or nothing.
    fn keep(&mut self, keep: &Keep<'_>) -> Result<(), StoreError>;

    /// An event has been sent.
    fn mark(&mut self, event: u64) -> Result<(), StoreError>;

    /// Forgets inputs and events, but not the positions.
    fn forget(&mut self) {}

    /// What errors call it.
    fn shown(&self) -> String;
}

/// Keeps nothing: all is gone with the process.
#[derive(Debug)]
pub(super) struct Forgets;

impl Store for Forgets {
    fn load(&mut self) -> Result<Kept, StoreError> {
        Ok(Kept::default())
    }

    fn keep(&mut self, _: &Keep<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn mark(&mut self, _: u64) -> Result<(), StoreError> {
        Ok(())
    }

    fn shown(&self) -> String {
        "nothing".to_owned()
    }
}

/// Keeps it as long as the host is there, for services that are killed and restarted in it.
#[derive(Debug, Default)]
pub(super) struct InMemory {
    journal: Vec<Vec<u8>>,
    unsent: BTreeMap<u64, Vec<u8>>,
    positions: BTreeMap<(ChannelIx, Partition), Window>,
}

impl Store for InMemory {
    fn load(&mut self) -> Result<Kept, StoreError> {
        let path = self.shown();
        let damaged = |why: Unreadable| {
            let path = path.clone();
            StoreError::Damaged { path, why: why.to_string() }
        };
        let journal = self.journal.iter().map(|bytes| Entry::from_bytes(bytes));
        let journal = journal.collect::<Result<_, _>>().map_err(&damaged)?;
        let unsent = self.unsent.iter();
        let unsent = unsent.map(|(event, bytes)| Ok((*event, Unsent::from_bytes(bytes)?)));
        let unsent = unsent.collect::<Result<_, _>>().map_err(damaged)?;
        Ok(Kept { journal, unsent, positions: self.positions.clone() })
    }

    fn keep(&mut self, keep: &Keep<'_>) -> Result<(), StoreError> {
        self.journal.extend(keep.entry.map(Entry::to_bytes));
        self.unsent.extend(keep.unsent.iter().map(|(event, unsent)| (*event, unsent.to_bytes())));
        if let Some((at, window)) = keep.position {
            let window = Window::kept(window.low(), window.ahead().clone());
            self.positions.insert(at, window);
        }
        Ok(())
    }

    fn mark(&mut self, event: u64) -> Result<(), StoreError> {
        self.unsent.remove(&event);
        Ok(())
    }

    fn forget(&mut self) {
        self.journal.clear();
        self.unsent.clear();
    }

    fn shown(&self) -> String {
        "memory".to_owned()
    }
}

/// Whose state a file holds.
#[derive(Clone, Debug)]
pub(super) struct About<'a> {
    pub(super) service: &'a str,
    /// A hash of the contracts: channels are kept by number.
    pub(super) contracts: String,
    /// The cluster and its topics: positions mean nothing on another.
    pub(super) cluster: String,
}

/// Keeps it in a file.
#[derive(Debug)]
pub(super) struct InFile {
    path: PathBuf,
    database: Database,
    /// The number of the next journal entry.
    next: u64,
    /// The seed from which all ids of this state are drawn.
    pub(super) seed: Seed,
}

impl InFile {
    /// Opens the file of a service in a folder, or makes it. A new one draws ids from `seed`.
    pub(super) fn open(folder: &Path, about: &About<'_>, seed: Seed) -> Result<Self, StoreError> {
        let file = |path: &Path, why: String| StoreError::File { path: shown(path), why };
        std::fs::create_dir_all(folder).map_err(|error| file(folder, error.to_string()))?;
        let path = folder.join(format!("{}.redb", about.service));
        let created = unbroken(&path, || Ok(Database::create(&path)))?;
        let database = match created {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(StoreError::InUse { path: shown(&path) });
            }
            Err(DatabaseError::Storage(redb::StorageError::Io(error)))
                if !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
            {
                return Err(file(&path, error.to_string()));
            }
            Err(error) => return Err(damaged(&path, error)),
        };
        let mut opened = Self { path: path.clone(), database, next: 0, seed };
        unbroken(&path, || opened.belongs_to(about))?;
        Ok(opened)
    }

    /// Notes whose state this is, or checks that it is theirs.
    fn belongs_to(&mut self, about: &About<'_>) -> Result<(), StoreError> {
        let seed = self.seed.0.to_string();
        let wanted: [(&str, &'static str, &str); 4] = [
            ("format", "format", FORMAT),
            ("service", "service", about.service),
            ("contracts", "set of contracts", &about.contracts),
            ("cluster", "cluster or set of topics", &about.cluster),
        ];
        let path = self.path.clone();
        let damaged = |why: String| damaged(&path, why);
        let write = || -> Result<_, redb::Error> {
            let transaction = self.database.begin_write()?;
            let mut found = BTreeMap::new();
            {
                let mut table = transaction.open_table(ABOUT)?;
                let fresh = table.is_empty()?;
                if fresh {
                    for (key, _, value) in wanted {
                        table.insert(key, value)?;
                    }
                    table.insert("seed", seed.as_str())?;
                }
                for row in table.iter()? {
                    let (key, value) = row?;
                    found.insert(key.value().to_owned(), value.value().to_owned());
                }
            }
            transaction.open_table(JOURNAL)?;
            transaction.open_table(UNSENT)?;
            transaction.open_table(POSITIONS)?;
            transaction.commit()?;
            Ok(found)
        };
        let found = write().map_err(|error| damaged(error.to_string()))?;
        for (key, what, here) in wanted {
            let kept = found.get(key).ok_or_else(|| damaged(format!("it has no {key}")))?;
            if kept != here {
                let (kept, here) = (kept.clone(), here.to_owned());
                return Err(StoreError::Foreign { path: shown(&path), what, kept, here });
            }
        }
        let seed = found.get("seed").and_then(|seed| seed.parse().ok());
        self.seed = Seed(seed.ok_or_else(|| damaged("it has no seed".to_owned()))?);
        Ok(())
    }

    fn read(&mut self) -> Result<Kept, Trouble> {
        let mut kept = Kept::default();
        let transaction = self.database.begin_read().map_err(redb::Error::from)?;
        for row in transaction.open_table(JOURNAL)?.iter()? {
            let (number, bytes) = row?;
            kept.journal.push(Entry::from_bytes(bytes.value())?);
            self.next = number.value() + 1;
        }
        for row in transaction.open_table(UNSENT)?.iter()? {
            let (event, bytes) = row?;
            kept.unsent.insert(event.value(), Unsent::from_bytes(bytes.value())?);
        }
        for row in transaction.open_table(POSITIONS)?.iter()? {
            let (at, position) = row?;
            let ((channel, partition), (low, ahead)) = (at.value(), position.value());
            let ahead: BTreeSet<u64> = ahead.into_iter().collect();
            let at = (ChannelIx(channel), Partition(partition));
            kept.positions.insert(at, Window::kept(low, ahead));
        }
        Ok(kept)
    }

    fn write(&mut self, keep: &Keep<'_>) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        if let Some(entry) = keep.entry {
            transaction.open_table(JOURNAL)?.insert(self.next, entry.to_bytes().as_slice())?;
        }
        for (event, unsent) in keep.unsent {
            transaction.open_table(UNSENT)?.insert(event, unsent.to_bytes().as_slice())?;
        }
        if let Some(((channel, partition), window)) = keep.position {
            let ahead: Vec<u64> = window.ahead().iter().copied().collect();
            let mut positions = transaction.open_table(POSITIONS)?;
            positions.insert((channel.0, partition.0), (window.low(), ahead))?;
        }
        transaction.commit()?;
        self.next += u64::from(keep.entry.is_some());
        Ok(())
    }

    fn failed(&self, error: impl Into<redb::Error>) -> StoreError {
        StoreError::File { path: shown(&self.path), why: error.into().to_string() }
    }
}

impl Store for InFile {
    fn load(&mut self) -> Result<Kept, StoreError> {
        let path = self.path.clone();
        unbroken(&path, || self.read().map_err(|trouble| damaged(&path, trouble)))
    }

    fn keep(&mut self, keep: &Keep<'_>) -> Result<(), StoreError> {
        self.write(keep).map_err(|error| self.failed(error))
    }

    fn mark(&mut self, event: u64) -> Result<(), StoreError> {
        let mark = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            transaction.open_table(UNSENT)?.remove(event)?;
            transaction.commit()?;
            Ok(())
        };
        mark().map_err(|error| self.failed(error))
    }

    fn shown(&self) -> String {
        shown(&self.path)
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Database(#[from] redb::Error),
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    #[error("{0}")]
    Table(#[from] redb::TableError),
    #[error("{0}")]
    Storage(#[from] redb::StorageError),
}

/// Reads a file that may be damaged: redb panics at pages that it could not have written.
fn unbroken<T>(path: &Path, read: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let broken = || Err(damaged(path, "its pages do not fit together"));
    caught(read).unwrap_or_else(broken)
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { path: shown(path), why: why.to_string() }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::journal::Input;
    use super::{About, Entry, InFile, InMemory, Keep, Store, StoreError, Unsent, Window};
    use crate::message::{ChannelIx, Headers, Outgoing, Partition, Record, Seed, VirtualTime};
    use rstest::rstest;

    fn about() -> About<'static> {
        About { service: "ban", contracts: "c".to_owned(), cluster: "k".to_owned() }
    }

    fn keep_something(store: &mut dyn Store) {
        let entry = Entry {
            at: VirtualTime::from_ms(5),
            input: Input::Restarted,
            decided: Vec::new(),
            answers: Vec::new(),
        };
        let record = Record { key: None, headers: Headers::from_list(Vec::new()), value: None };
        let unsent = Unsent { outgoing: Outgoing { channel: ChannelIx(1), record }, cause: None };
        let unsent = [(0, unsent.clone()), (1, unsent)];
        let mut window = Window::default();
        [3, 4].into_iter().for_each(|offset| window.begin(offset));
        window.finish(4);
        let position = Some(((ChannelIx(1), Partition(2)), &window));
        store.keep(&Keep { entry: Some(&entry), unsent: &unsent, position }).unwrap();
        store.mark(0).unwrap();
        store.keep(&Keep { entry: Some(&entry), ..Keep::default() }).unwrap();
    }

    fn check(store: &mut dyn Store) {
        let kept = store.load().unwrap();
        assert_eq!(kept.journal.len(), 2);
        assert_eq!(kept.unsent.keys().collect::<Vec<_>>(), [&1]);
        let window = &kept.positions[&(ChannelIx(1), Partition(2))];
        assert_eq!((window.low(), window.is_finished(4), window.is_finished(3)), (3, true, false));
    }

    #[test]
    fn what_is_kept_in_a_file_outlives_it_being_closed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = InFile::open(folder.path(), &about(), Seed(7)).unwrap();
        keep_something(&mut store);
        drop(store);
        let mut again = InFile::open(folder.path(), &about(), Seed(8)).unwrap();
        assert_eq!(again.seed, Seed(7));
        check(&mut again);
        let other = InFile::open(folder.path(), &about(), Seed(8));
        assert!(matches!(other, Err(StoreError::InUse { .. })));
    }

    #[test]
    fn memory_keeps_as_a_file_does() {
        let mut store = InMemory::default();
        keep_something(&mut store);
        check(&mut store);
    }

    #[rstest]
    #[case("set of contracts", About { contracts: "d".to_owned(), ..about() })]
    #[case("cluster or set of topics", About { cluster: "l".to_owned(), ..about() })]
    fn what_was_kept_for_something_else_is_refused(#[case] what: &str, #[case] here: About<'_>) {
        let folder = tempfile::tempdir().unwrap();
        drop(InFile::open(folder.path(), &about(), Seed(7)).unwrap());
        match InFile::open(folder.path(), &here, Seed(7)) {
            Err(StoreError::Foreign { what: told, .. }) => assert_eq!(told, what),
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case::no_database(b"this is no database, but some text that somebody put there".as_slice())]
    #[case::cut_short(b"redb\x1a\x0a\xa9\x0d\x0a".as_slice())]
    fn damage_is_told(#[case] bytes: &[u8]) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ban.redb"), bytes).unwrap();
        let opened = InFile::open(folder.path(), &about(), Seed(7));
        assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{opened:?}");
    }

    /// Whatever is damaged in a file, nobody panics, and what can be read is what was written.
    #[test]
    fn damage_anywhere_is_told_or_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ban.redb");
        let mut store = InFile::open(folder.path(), &about(), Seed(7)).unwrap();
        keep_something(&mut store);
        drop(store);
        let whole = std::fs::read(&path).unwrap();
        let mut told = 0;
        for step in 0..60 {
            let mut bytes = whole.clone();
            let at = step * whole.len() / 60;
            let end = (at + 2000).min(bytes.len());
            bytes[at..end].fill(0x5a);
            std::fs::write(&path, bytes).unwrap();
            let opened = InFile::open(folder.path(), &about(), Seed(7));
            match opened.and_then(|mut store| store.load()) {
                Err(StoreError::Damaged { .. } | StoreError::Foreign { .. }) => told += 1,
                Err(other) => panic!("{other}"),
                Ok(kept) => assert!(kept.journal.len() <= 2),
            }
        }
        assert!(told > 0);
    }

    #[test]
    fn a_folder_that_is_a_file_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let opened = InFile::open(file.path(), &about(), Seed(7));
        assert!(matches!(opened, Err(StoreError::File { .. })), "{opened:?}");
    }
}
