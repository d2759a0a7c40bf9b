//! Verifying an implementation that runs: it is found, told things, watched, and judged.
//!
//! What this is: [`verify`], which plays scripts against whatever reads the topics of a service,
//! kills and restarts it where it was started here, and has [`crate::verify::judge`] say what to
//! think of it. What it is not: it prints nothing and decides no exit code.
//!
//! What always holds: every wait is bounded; nothing is judged before it is settled, by what was
//! observed and the implementation's own slowest answers; each script has tenants of its own. Start
//! at [`verify`].

mod absence;
mod asking;
mod diagnosis;
mod external;
mod field;
mod halt;
mod halt_finding;
mod lane;
mod late;
mod lifecycle;
mod pace;
mod phases;
mod presence;
mod probe;
mod probe_file;
mod process;
mod reading;
mod run;
mod shrink;
mod stand_in;
mod trial;
mod verdict;

pub use diagnosis::Diagnosis;
pub use external::{External, ExternalError};
pub(crate) use external::{Limits, Outside, Reach, explained, possible};
pub(crate) use lifecycle::ENDED;
pub(crate) use phases::SWEEP;
pub use probe::{Commands, Probe, ProbeError};
pub use probe_file::{probe_schema, read_probe};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use self::run::Run;
use super::script::{KindNames, Script};
use super::{Found, Judgement, Judging, Observation};
use crate::contract::Contracts;
use crate::kafka::host::HostError;
use crate::kafka::{Connection, GroupError, SendError, TapError, Topics};
use crate::message::{Seed, Tenant};

/// What is verified, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The service that the implementation stands for, e.g. `ban`.
    pub subject: String,
    /// Its consumer group.
    pub group: String,
    /// Where the group begins to read.
    pub group_from: GroupFrom,
    /// Topics that were made for this verification: an implementation that was started before may
    /// not know them.
    pub made: Vec<String>,
    /// The tenants that scripts play in, in turn, for services that know only some; each script has
    /// tenants of its own where none are named.
    pub tenants: Vec<Tenant>,
    /// The command that starts it; none where it runs already. `{bootstrap}` and `{group}` stand
    /// for the broker's address and the group.
    pub command: Option<String>,
    /// What asks it and tells it things.
    pub probe: Arc<dyn Probe>,
    /// Scripts from scenarios, to be played first.
    pub scripts: Vec<Script>,
    /// Only these scripts, by name; all where empty.
    pub only: BTreeSet<String>,
    /// For how long random scripts are played.
    pub budget: Duration,
    /// When the implementation is killed (`kill -9`) and started again, after so much of the
    /// random scripts; only where a command starts it. In order.
    pub kills: Vec<Duration>,
    /// How long it may take until the implementation takes inputs.
    pub wait: Duration,
    /// Where random scripts come from.
    pub seed: Seed,
    /// Who stands in for its neighbours.
    pub neighbours: Neighbours,
    /// How it is judged.
    pub judging: Judging,
    /// How many violations are made smaller by playing them again, at most.
    pub shrink: usize,
    /// Kinds of input that are not sent.
    pub skip: KindNames,
    /// When everything is to be said, from the start on; what is not verified by then is not
    /// exercised.
    pub limit: Duration,
    /// Raised from outside to end everything.
    pub stop: Arc<Stop>,
}

/// Where the implementation's group begins to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupFrom {
    /// Where it left off.
    #[default]
    Committed,
    /// Behind everything that is there when the verification begins.
    Latest,
}

/// Ends a verification from another thread.
#[derive(Debug, Default)]
pub struct Stop {
    raised: AtomicBool,
    /// The process that was started here, by its number; 0 for none.
    child: AtomicU32,
}

impl Stop {
    /// Asks the verification to end as soon as it can.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Kills the process that was started here, for a caller that ends without waiting.
    pub fn kill_child(&self) {
        process::kill_group(self.child.load(Ordering::Relaxed));
    }
}

/// Who stands in for the neighbours of the implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// Nobody: they run already, or are not wanted.
    None,
    /// The reference services.
    Reference,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Everything that was observed of the scripts.
    pub observation: Observation,
    /// What is said of it.
    pub judgement: Judgement,
    /// For findings, by their place in the judgement: the inputs that show them, made as few as
    /// could be.
    pub reproductions: Vec<Reproduction>,
    /// What was withdrawn, since an event came late; and what else is to be known.
    pub notes: Vec<String>,
    /// What was done.
    pub done: Done,
}

/// The inputs that show a finding.
#[derive(Clone, Debug)]
pub struct Reproduction {
    /// The place of the finding in the judgement.
    pub finding: usize,
    /// The script that it was found in.
    pub script: String,
    /// How many inputs that script had.
    pub of: usize,
    /// The inputs that are left, as they were sent.
    pub observation: Observation,
    /// What was found with them.
    pub found: Found,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Scripts that were played.
    pub scripts: usize,
    /// Records that were sent.
    pub inputs: usize,
    /// Records of the implementation that were seen.
    pub events: usize,
    /// How often it was killed and started again.
    pub kills: usize,
    /// Its slowest answer.
    pub slowest: Duration,
    /// How long was waited for answers in the end.
    pub settle: Duration,
}

/// Why an implementation cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Nobody takes what is sent.
    #[error(
        "nobody takes what is sent for {subject}: within {waited_s} s nothing was answered or \
         committed on {}; {why}.{}",
        topics.join(", "),
        said_lines(said)
    )]
    Absent {
        /// The service.
        subject: String,
        /// The topics that were tried.
        topics: Vec<String>,
        /// How long, in seconds.
        waited_s: u64,
        /// Why, as far as it can be told.
        why: Box<Diagnosis>,
        /// What the implementation wrote last, where it was started here.
        said: Option<Vec<String>>,
    },
    /// The group is to be moved and somebody is in it.
    #[error(
        "the group {group:?} cannot be moved to the ends of its topics while somebody is in it: {}; \
         stop the implementation first (one that was killed stays in its group until its session \
         time-out), or leave `--group-from latest` out",
        members.join(", ")
    )]
    GroupInUse {
        /// The group.
        group: String,
        /// Who is in it.
        members: Vec<String>,
    },
    /// Nothing is known of the group, or it cannot be moved.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The command cannot be started.
    #[error("the command cannot be started: {0}")]
    Command(std::io::Error),
    /// The implementation ends whenever it is started.
    #[error("the command ended at once, with {status}.{}", said_lines(&Some(said.clone())))]
    Ended {
        /// How.
        status: String,
        /// What it wrote last.
        said: Vec<String>,
    },
    /// It was told to end.
    #[error("stopped before anything could be judged")]
    Stopped,
    /// A stand-in cannot run.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The broker does not take records.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The broker does not give records.
    #[error(transparent)]
    Tap(#[from] TapError),
}

fn said_lines(said: &Option<Vec<String>>) -> String {
    match said.as_deref() {
        None => String::new(),
        Some([]) => " It wrote nothing.".to_owned(),
        Some(lines) => format!(" It wrote last:\n  {}\n", lines.join("\n  ")),
    }
}

/// Verifies an implementation.
///
/// # Errors
/// [`VerifyError`] when nothing can be said: nobody is there, or the broker fails.
pub fn verify(
    plan: &Plan,
    contracts: &Arc<Contracts>,
    (connection, topics): (&Connection, &Topics),
    tell: &mut dyn FnMut(&str),
) -> Result<Verified, VerifyError> {
    let mut run = Run::open(plan, Arc::clone(contracts), (connection, topics))?;
    let _neighbours = stand_in::start(plan, contracts, (connection, topics), tell)?;
    run.start(tell)?;
    run.play_all(tell)?;
    run.judge(tell)
}
