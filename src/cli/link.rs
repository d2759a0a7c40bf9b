//! The broker of a command: the options that say where it is, and the connection made of them.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::terminal::Terminal;

#[cfg(feature = "kafka")]
pub(super) use live::Linked;

/// Where Kafka is, and how it is reached.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Kafka")]
pub(super) struct Link {
    /// The broker: `mock` (inside this process), `container`, or HOST:PORT[,HOST:PORT]
    #[arg(long, value_name = "BROKER")]
    pub(super) on: Option<String>,

    /// Take the names of topics from this file (VARIABLE=TOPIC or CHANNEL=TOPIC a line) and only
    /// the others from the environment
    #[arg(long, value_name = "FILE", requires = "on")]
    pub(super) topics: Option<PathBuf>,

    /// A property of librdkafka, e.g. security.protocol=SASL_SSL; secrets are never shown
    #[arg(long = "kafka-config", value_name = "KEY=VALUE", requires = "on")]
    pub(super) config: Vec<String>,

    /// A file with a property a line
    #[arg(long = "kafka-config-file", value_name = "FILE", requires = "on")]
    pub(super) config_file: Option<PathBuf>,

    /// Do not create topics that are missing: name them and stop
    #[arg(long, requires = "on")]
    pub(super) no_create: bool,

    /// Create topics that are missing with so many partitions each, instead of as many as the
    /// broker gives by default
    #[arg(long, value_name = "N", requires = "on", conflicts_with = "no_create",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) partitions: Option<u32>,
}

/// Says that this build cannot do what was asked for.
#[cfg(not(feature = "kafka"))]
pub(super) fn absent(terminal: &mut Terminal) -> Exit {
    terminal.error("this quintet was built without Kafka (feature `kafka`)");
    Exit::Unusable
}

#[cfg(feature = "kafka")]
mod live {
    use std::fmt::Display;
    use std::num::NonZeroU32;

    use super::{Exit, Link, Terminal};
    use std::sync::Arc;

    use crate::contract::Contracts;
    use crate::kafka::{
        Broker, ConnectError, Connection, Create, On, Settings, TopicError, Topics,
    };

    /// A broker that answers and has all topics. It is there as long as this is.
    #[derive(Debug)]
    pub(in crate::cli) struct Linked {
        pub(in crate::cli) connection: Connection,
        pub(in crate::cli) topics: Topics,
        /// The topics that were created.
        pub(in crate::cli) made: Vec<String>,
        /// Dropped after everything that talks to it.
        pub(in crate::cli) broker: Broker,
    }

    impl Link {
        /// Starts or reaches the broker, and sees that the topics are there. What is wrong is told,
        /// and the exit code for it returned.
        pub(in crate::cli) fn open(
            &self,
            contracts: &Contracts,
            terminal: &mut Terminal,
        ) -> Result<Linked, Exit> {
            let mut linked = self.reach(contracts, terminal)?;
            let create = if self.no_create { Create::Never } else { self.create() };
            let Linked { connection, topics, .. } = &linked;
            let made = connection.ensure_topics(topics, contracts, create);
            linked.made = made.map_err(|error| told(Exit::Unchecked, &error, terminal))?;
            Ok(linked)
        }

        /// How topics are created.
        fn create(&self) -> Create {
            let partitions = self.partitions.and_then(NonZeroU32::new);
            partitions.map_or(Create::Missing, Create::MissingWith)
        }

        /// As [`Link::open`], to look on: on a broker of somebody else no topic is created, and
        /// those that are missing are named and not read. Each topic that an address with
        /// parameters names becomes a channel of the contracts.
        pub(in crate::cli) fn look_on(
            &self,
            contracts: &mut Arc<Contracts>,
            terminal: &mut Terminal,
        ) -> Result<Linked, Exit> {
            let mut linked = self.reach(contracts, terminal)?;
            if contracts.has_open() {
                let names = linked.connection.topic_names();
                let names = names.map_err(|error| told(Exit::Unchecked, &error, terminal))?;
                if let Some(more) = contracts.with_topics(names.iter().map(String::as_str)) {
                    *contracts = Arc::new(more);
                    linked.topics = Topics::resolve(contracts, self.topics.as_deref())
                        .map_err(|error| told(Exit::Unusable, &error, terminal))?;
                }
            }
            let of_others = matches!(linked.broker.on(), On::At(_));
            let create = if of_others { Create::Never } else { self.create() };
            match linked.connection.ensure_topics(&linked.topics, contracts, create) {
                Ok(_) => {}
                Err(TopicError::Missing(missing)) => {
                    linked.topics = linked.topics.without(&missing);
                    if linked.topics.iter().next().is_none() {
                        let error = TopicError::Missing(missing);
                        return Err(told(Exit::Unchecked, &error, terminal));
                    }
                    let names = missing.join(", ");
                    terminal.trouble(&format!("not there, and so not read: {names}"));
                }
                Err(error) => return Err(told(Exit::Unchecked, &error, terminal)),
            }
            Ok(linked)
        }

        fn reach(&self, contracts: &Contracts, terminal: &mut Terminal) -> Result<Linked, Exit> {
            let mut unusable = |error: &dyn Display| told(Exit::Unusable, error, terminal);
            let Some(on) = &self.on else {
                let why = "name a broker: `--on mock`, `--on container` or `--on HOST:PORT`";
                return Err(unusable(&why));
            };
            let on: On = on.parse().map_err(|error| unusable(&error))?;
            let settings = Settings::read(&self.config, self.config_file.as_deref())
                .map_err(|error| unusable(&error))?;
            let topics = Topics::resolve(contracts, self.topics.as_deref())
                .map_err(|error| unusable(&error))?;
            let broker = Broker::start(&on, &settings)
                .map_err(|error| told(Exit::Unchecked, &error, terminal))?;
            let opened = Connection::open(&broker, &settings, Connection::WAIT);
            let connection = opened.map_err(|error| {
                let is_usage = matches!(error, ConnectError::Settings(_));
                told(if is_usage { Exit::Unusable } else { Exit::Unchecked }, &error, terminal)
            })?;
            Ok(Linked { connection, topics, made: Vec::new(), broker })
        }
    }

    fn told(exit: Exit, error: &dyn Display, terminal: &mut Terminal) -> Exit {
        terminal.error(&error.to_string());
        exit
    }
}
