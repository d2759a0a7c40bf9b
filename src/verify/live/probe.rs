//! The probe: commands of the user that ask the implementation for a state, or make something
//! happen to it that does not come through Kafka.
//!
//! What always holds: what is put into a command is quoted for the shell; a command that fails,
//! prints no JSON or takes too long is an error that says which one, never an answer. It costs its
//! question and not the run: [`super::asking`].

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::message::{Json, Tenant};
use crate::verify::What;
use crate::verify::script::random::Abilities;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks an implementation, and tells it what does not come through Kafka.
pub trait Probe: std::fmt::Debug + Send + Sync {
    /// What it can ask and tell.
    fn abilities(&self) -> Abilities;

    /// Asks, or makes something happen.
    ///
    /// # Errors
    /// [`ProbeError`].
    fn ask(&self, what: What, name: &str, tenant: &Tenant, args: &Json)
    -> Result<Json, ProbeError>;

    /// Makes an entry of some data known where the implementation looks it up.
    ///
    /// # Errors
    /// [`ProbeError`].
    fn give(&self, data: &str, tenant: &Tenant, entry: &Json) -> Result<(), ProbeError>;
}

/// What stands for the tenant in a command, and for all arguments.
pub(super) const ALWAYS: [&str; 5] = ["tenant", "region", "major", "minor", "args"];

/// A probe of commands, by what they are for; without any, nothing is asked.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    /// By the name of the query without its service, e.g. `check`.
    pub queries: BTreeMap<String, String>,
    /// By the name of the stimulus.
    pub stimuli: BTreeMap<String, String>,
    /// By the kind of data, e.g. `equipment`.
    pub data: BTreeMap<String, String>,
    /// Arguments that may be given or not: in a command, those that are not are empty.
    pub arguments: BTreeSet<String>,
}

/// Why a probe gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// There is no command for it.
    #[error("the probe has no command for the {0} {1:?}")]
    Missing(&'static str, String),
    /// The command cannot be run.
    #[error("the probe's command for the {asked}, `{command}`, cannot be run: {why}")]
    NotRun {
        /// What was asked or told: `query "check"`.
        asked: String,
        /// The command.
        command: String,
        /// Why not.
        why: String,
    },
    /// The command took too long and was ended.
    #[error(
        "the probe's command for the {asked}, `{command}`, took more than {} s", LIMIT.as_secs()
    )]
    TooSlow {
        /// What was asked or told.
        asked: String,
        /// The command.
        command: String,
    },
    /// The command ended with an error.
    #[error(
        "the probe's command for the {asked}, `{command}`, ended with {status} and {}",
        wrote(said)
    )]
    Failed {
        /// What was asked or told.
        asked: String,
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The last line that it wrote to stderr; empty where there is none.
        said: String,
    },
    /// It refuses, in its own words.
    #[error("{0}")]
    Refused(String),
    /// What it printed is not JSON.
    #[error("the probe's command for the {asked}, `{command}`, printed no JSON: {why}")]
    NoJson {
        /// What was asked or told.
        asked: String,
        /// The command.
        command: String,
        /// What is wrong.
        why: String,
    },
}

impl Probe for Commands {
    fn abilities(&self) -> Abilities {
        Abilities {
            stimuli: self.stimuli.keys().cloned().collect(),
            queries: self.queries.keys().cloned().collect(),
            data: self.data.keys().cloned().collect(),
        }
    }

    fn ask(
        &self,
        what: What,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, ProbeError> {
        let (kind, commands) = match what {
            What::Query => ("query", &self.queries),
            What::Stimulus => ("stimulus", &self.stimuli),
        };
        let command = commands.get(name);
        let command = command.ok_or_else(|| ProbeError::Missing(kind, name.to_owned()))?;
        run(&format!("{kind} {name:?}"), &self.filled(command, tenant, args))
    }

    fn give(&self, data: &str, tenant: &Tenant, entry: &Json) -> Result<(), ProbeError> {
        let command = self.data.get(data);
        let command = command.ok_or_else(|| ProbeError::Missing("data", data.to_owned()))?;
        run(&format!("the data {data:?}"), &self.filled(command, tenant, entry)).map(drop)
    }
}

impl Commands {
    /// A command with the tenant and the arguments in it; `{args}` is all of them as JSON. Braces
    /// around anything else stay as they are.
    fn filled(&self, command: &str, tenant: &Tenant, args: &Json) -> String {
        let absent = self.arguments.iter().map(|name| (name.clone(), String::new()));
        let mut values: BTreeMap<_, _> = absent.collect();
        values.extend([
            ("tenant".to_owned(), tenant.id.hyphenated().to_string()),
            ("region".to_owned(), tenant.region.to_string()),
            ("major".to_owned(), tenant.major.to_string()),
            ("minor".to_owned(), tenant.minor.to_string()),
            ("args".to_owned(), args.to_string()),
        ]);
        if let Json::Object(fields) = args {
            for (name, value) in fields {
                let text = match value {
                    Json::String(text) => text.clone(),
                    Json::Null => String::new(),
                    other => other.to_string(),
                };
                values.insert(name.clone(), text);
            }
        }
        let mut filled = String::new();
        let mut rest = command;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.find('}').unwrap_or(0);
            match values.get(rest.get(1..end).unwrap_or_default()) {
                Some(value) => {
                    filled.push_str(&quoted(value));
                    rest = &rest[end + 1..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

/// A text as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn wrote(said: &str) -> String {
    if said.is_empty() { "wrote nothing to stderr".to_owned() } else { format!("wrote: {said}") }
}

fn run(asked: &str, command: &str) -> Result<Json, ProbeError> {
    let told = || (asked.to_owned(), command.to_owned());
    let failed = |why: std::io::Error| {
        let (asked, command) = told();
        ProbeError::NotRun { asked, command, why: why.to_string() }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let output = runtime.map_err(failed)?.block_on(async {
        let child = tokio::process::Command::from(shell(command)).kill_on_drop(true).output();
        tokio::time::timeout(LIMIT, child).await
    });
    let Ok(output) = output else {
        let (asked, command) = told();
        return Err(ProbeError::TooSlow { asked, command });
    };
    let output = output.map_err(failed)?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let (asked, command) = told();
        return Err(ProbeError::Failed {
            asked,
            command,
            status: output.status.to_string(),
            said: text.trim().lines().last().unwrap_or_default().to_owned(),
        });
    }
    Json::parse(output.stdout.trim_ascii()).map_err(|error| {
        let (asked, command) = told();
        ProbeError::NoJson { asked, command, why: error.to_string() }
    })
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null());
    shell
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::{Commands, Probe, ProbeError};
    use crate::message::{Json, Tenant};
    use crate::verify::What;

    fn ask(command: &str, args: serde_json::Value) -> Result<Json, ProbeError> {
        let tenant = Tenant { id: Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
        let queries = [("check".to_owned(), command.to_owned())].into();
        let probe = Commands { queries, ..Commands::default() };
        probe.ask(What::Query, "check", &tenant, &Json::from(args))
    }

    #[test]
    fn tenant_and_arguments_are_filled_in_and_quoted() {
        let command = r#"printf '{"said":"%s %s %s"}' {region} {major} {ip}"#;
        let answer = ask(command, json!({ "ip": "a 'b'; exit 9" })).unwrap();
        assert_eq!(answer.get("said").and_then(Json::as_str), Some("GMS 83 a 'b'; exit 9"));
        let absent = Commands {
            arguments: ["ip".to_owned(), "hwid".to_owned()].into(),
            ..Commands::default()
        };
        let tenant = Tenant { id: Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
        let filled =
            absent.filled("x {ip} {hwid} {other}", &tenant, &Json::from(json!({ "ip": 1 })));
        assert_eq!(filled, "x 1 '' {other}");
        assert_eq!(ask("echo {args}", json!({ "a": 1 })).unwrap(), Json::from(json!({ "a": 1 })));
    }

    #[test]
    fn what_gives_no_answer_is_an_error() {
        let failed = |command| ask(command, json!({})).unwrap_err().to_string();
        assert_eq!(
            failed("echo nobody there >&2; exit 7"),
            "the probe's command for the query \"check\", `echo nobody there >&2; exit 7`, ended \
             with exit status: 7 and wrote: nobody there"
        );
        assert!(failed("exit 3").ends_with("exit status: 3 and wrote nothing to stderr"));
        assert!(matches!(ask("echo hello", json!({})), Err(ProbeError::NoJson { .. })));
        let tenant = Tenant { id: Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
        let missing = Commands::default().ask(What::Stimulus, "connect", &tenant, &Json::Null);
        assert_eq!(missing, Err(ProbeError::Missing("stimulus", "connect".to_owned())));
    }
}
