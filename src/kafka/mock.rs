//! librdkafka's mock cluster: Kafka inside this process, without Docker and without Java.
//!
//! What it does not have, and what nothing may rest on: transactions have no semantics, offsets
//! cannot be looked up by time, nobody can ask who is in a group, and of a partition only the
//! newest 5 MiB are kept. A group waits three seconds for its first member, and one whose session
//! is shorter never joins.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;

/// Why the mock cluster does not do what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MockError {
    /// It did not start.
    #[error("the mock broker does not start: {0}; is the limit of open files or threads reached?")]
    Start(String),
    /// It refused.
    #[error("the mock broker refuses: {0}")]
    Refused(String),
    /// Its thread is gone.
    #[error("the mock broker has ended")]
    Ended,
}

enum Command {
    Create { topic: String, partitions: i32 },
    Down,
    Up,
}

type Answer = Result<(), MockError>;
/// What is asked for, and where the answer goes.
type Order = (Command, Sender<Answer>);

/// The cluster, which lives in a thread of its own until this is dropped.
#[derive(Debug)]
pub(super) struct Mock {
    bootstrap: String,
    /// `None` once it is to end.
    commands: Option<Mutex<Sender<Order>>>,
    thread: Option<JoinHandle<()>>,
}

impl Mock {
    /// Starts a cluster of one broker.
    ///
    /// # Errors
    /// [`MockError::Start`] when the machine has no resources left for it.
    pub(super) fn start() -> Result<Self, MockError> {
        let (commands, received) = mpsc::channel();
        let (started, bootstrap) = mpsc::channel();
        let serve = move || match MockCluster::new(1) {
            Ok(cluster) => {
                // Whoever waits for the address is gone only when the process ends.
                let _ = started.send(Ok(cluster.bootstrap_servers()));
                serve(&received, |command| carry_out(&cluster, command));
            }
            Err(error) => {
                let _ = started.send(Err(MockError::Start(error.to_string())));
            }
        };
        let thread = std::thread::Builder::new().name("mock-broker".into()).spawn(serve);
        let thread = thread.map_err(|error| MockError::Start(error.to_string()))?;
        let bootstrap = bootstrap.recv().map_err(|_| MockError::Ended)??;
        Ok(Self { bootstrap, commands: Some(Mutex::new(commands)), thread: Some(thread) })
    }

    pub(super) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Creates a topic; one that is there already stays as it is.
    pub(super) fn create(&self, topic: &str, partitions: i32) -> Answer {
        self.ask(Command::Create { topic: topic.to_owned(), partitions })
    }

    /// Refuses connections and closes those that are open; the records stay.
    pub(super) fn down(&self) -> Answer {
        self.ask(Command::Down)
    }

    /// Takes connections again.
    pub(super) fn up(&self) -> Answer {
        self.ask(Command::Up)
    }

    fn ask(&self, command: Command) -> Answer {
        let (answer, answered) = mpsc::channel();
        let commands = self.commands.as_ref().ok_or(MockError::Ended)?;
        let commands = commands.lock().map_err(|_| MockError::Ended)?;
        commands.send((command, answer)).map_err(|_| MockError::Ended)?;
        answered.recv().map_err(|_| MockError::Ended)?
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nobody to tell a second time.
            let _ = thread.join();
        }
    }
}

fn serve(received: &Receiver<Order>, carry_out: impl Fn(Command) -> Result<(), KafkaError>) {
    for (command, answer) in received {
        let done = carry_out(command).map_err(|error| MockError::Refused(error.to_string()));
        let _ = answer.send(done);
    }
}

fn carry_out<C: rdkafka::ClientContext>(
    cluster: &MockCluster<'_, C>,
    command: Command,
) -> Result<(), KafkaError> {
    const EVERY_BROKER: i32 = -1;
    match command {
        Command::Create { topic, partitions } => {
            match cluster.create_topic(&topic, partitions, 1) {
                Err(KafkaError::MockCluster(RDKafkaErrorCode::TopicAlreadyExists)) => Ok(()),
                done => done,
            }
        }
        Command::Down => cluster.broker_down(EVERY_BROKER),
        Command::Up => cluster.broker_up(EVERY_BROKER),
    }
}
