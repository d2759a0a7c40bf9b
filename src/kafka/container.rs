//! Apache Kafka in a container that lives as long as its value.

use std::time::Duration;

use testcontainers::core::error::{ClientError, WaitContainerError};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ImageExt as _, TestcontainersError};
use testcontainers_modules::kafka::apache::{KAFKA_PORT, Kafka};
use tokio::runtime::Runtime;

use super::create::PARTITIONS;

/// The environment variable with the name of the image, instead of `apache/kafka`.
pub const IMAGE_VARIABLE: &str = "QUINTET_KAFKA_IMAGE";
/// The environment variable with the tag of the image.
pub const TAG_VARIABLE: &str = "QUINTET_KAFKA_TAG";

const IMAGE: &str = "apache/kafka";
const TAG: &str = "4.1.0";
const STARTUP: Duration = Duration::from_secs(60);

/// What a broker for one run can do without: waits for others, and spare partitions.
const QUICK: [(&str, &str); 7] = [
    ("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0"),
    ("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "1"),
    ("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "1"),
    ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
    ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"),
    ("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000"),
    ("KAFKA_HEAP_OPTS", "-Xmx384m"),
];

/// Why there is no container. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// No Docker is installed or running.
    #[error(
        "no Docker here ({0}): start it, point DOCKER_HOST to one that runs, or use `--on mock` \
         (needs nothing) or `--on HOST:PORT`"
    )]
    NoDocker(String),
    /// Docker's socket is there and nobody answers, or refuses us.
    #[error(
        "Docker does not answer ({0}): see that it runs and that you may use it (the group docker), \
         or use `--on mock` or `--on HOST:PORT`"
    )]
    Silent(String),
    /// The image is not there and cannot be had.
    #[error(
        "the image {image} is not here and cannot be pulled ({why}): pull or load it beforehand, or \
         name another with {IMAGE_VARIABLE} and {TAG_VARIABLE}"
    )]
    Image {
        /// The image with its tag.
        image: String,
        /// What Docker says.
        why: String,
    },
    /// The broker in the container ended.
    #[error(
        "Kafka in the container of {image} ended before it was ready ({why}): is it an image of \
         apache/kafka, and are 512 MiB of memory free?"
    )]
    Died {
        /// The image with its tag.
        image: String,
        /// What was seen.
        why: String,
    },
    /// The broker was not ready in time.
    #[error(
        "Kafka in the container of {image} was not ready after {} s: the machine may be too busy; try \
         again, or start a broker yourself and use `--on HOST:PORT`",
        STARTUP.as_secs()
    )]
    Slow {
        /// The image with its tag.
        image: String,
    },
    /// Anything else.
    #[error(
        "the container of {image} cannot be started: {why}; `docker run {image}` may tell more"
    )]
    Other {
        /// The image with its tag.
        image: String,
        /// What was seen.
        why: String,
    },
}

/// A container with a broker.
pub(super) struct Container {
    bootstrap: String,
    /// `None` once it is stopped.
    running: Option<ContainerAsync<Kafka>>,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container").field("bootstrap", &self.bootstrap).finish_non_exhaustive()
    }
}

impl Container {
    /// Starts one and waits until its broker is ready.
    pub(super) fn start() -> Result<Self, ContainerError> {
        let from_variable = |name: &str, default: &str| {
            std::env::var(name).ok().filter(|set| !set.is_empty()).unwrap_or_else(|| default.into())
        };
        let image = (from_variable(IMAGE_VARIABLE, IMAGE), from_variable(TAG_VARIABLE, TAG));
        // The container is asked for in a thread of its own: whoever calls may be async already.
        std::thread::scope(|scope| {
            let started = scope.spawn(|| Self::start_image(&image.0, &image.1)).join();
            started.unwrap_or_else(|_| {
                let image = format!("{}:{}", image.0, image.1);
                Err(ContainerError::Other { image, why: "the client of Docker gave up".into() })
            })
        })
    }

    fn start_image(name: &str, tag: &str) -> Result<Self, ContainerError> {
        let image = format!("{name}:{tag}");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("container")
            .enable_all()
            .build()
            .map_err(|error| other(&image, &error))?;
        let mut request = Kafka::default()
            .with_jvm_image()
            .with_name(name)
            .with_tag(tag)
            .with_startup_timeout(STARTUP)
            // Without an init process the shell is process 1, and a stop waits ten seconds.
            .with_host_config_modifier(|host| host.init = Some(true));
        for (name, value) in QUICK {
            request = request.with_env_var(name, value);
        }
        request = request.with_env_var("KAFKA_NUM_PARTITIONS", PARTITIONS.to_string());
        let started = runtime.block_on(async {
            let container = request.start().await?;
            let port = container.get_host_port_ipv4(KAFKA_PORT).await?;
            Ok((container, port))
        });
        let (container, port) = started.map_err(|error| sentence(&image, &error))?;
        let bootstrap = format!("127.0.0.1:{port}");
        Ok(Self { bootstrap, running: Some(container), runtime: Some(runtime) })
    }

    pub(super) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let (Some(container), Some(runtime)) = (self.running.take(), self.runtime.take()) else {
            return;
        };
        std::thread::scope(|scope| {
            let removed = scope.spawn(move || runtime.block_on(container.rm())).join();
            if !matches!(removed, Ok(Ok(()))) {
                let at = &self.bootstrap;
                eprintln!("the container of {at} may still run: `docker ps` shows it");
            }
        });
    }
}

fn other(image: &str, error: &dyn std::error::Error) -> ContainerError {
    ContainerError::Other { image: image.to_owned(), why: with_causes(error) }
}

/// What is to be done about an error of the container's client.
fn sentence(image: &str, error: &TestcontainersError) -> ContainerError {
    let (image, why) = (image.to_owned(), with_causes(error));
    match error {
        TestcontainersError::Client(ClientError::PullImage { .. }) => {
            ContainerError::Image { image, why }
        }
        TestcontainersError::Client(
            ClientError::Init(_)
            | ClientError::Configuration(_)
            | ClientError::InvalidDockerHost(_),
        ) => ContainerError::NoDocker(why),
        TestcontainersError::WaitContainer(WaitContainerError::StartupTimeout) => {
            ContainerError::Slow { image }
        }
        TestcontainersError::WaitContainer(_) | TestcontainersError::Exec(_) => {
            ContainerError::Died { image, why }
        }
        _ if why.contains("(Connect)") || why.contains("Permission denied") => {
            ContainerError::Silent(why)
        }
        _ => ContainerError::Other { image, why },
    }
}

/// An error with what it was caused by; many say the cause only there.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
