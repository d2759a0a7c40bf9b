//! What the user says about the connection: librdkafka's properties, with secrets that stay inside.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

/// Properties of librdkafka, by name. Shown without the values of secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings {
    properties: BTreeMap<String, String>,
}

/// One setting that cannot be used, and where it stands. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    /// `--kafka-config` or `FILE:LINE`.
    pub place: String,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// Why the settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The file.
    #[error("{file} cannot be read: {why}")]
    File {
        /// Its path.
        file: String,
        /// What the system says.
        why: String,
    },
    /// Settings, each with its place.
    #[error("{}", join(.0))]
    Bad(Vec<BadSetting>),
}

fn join(bad: &[BadSetting]) -> String {
    let lines: Vec<_> = bad.iter().map(|bad| format!("{}: {}", bad.place, bad.problem)).collect();
    lines.join("\n")
}

const ARGUMENT: &str = "--kafka-config";

/// What quintet decides itself, and why.
const OURS: [(&str, &str); 6] = [
    ("bootstrap.servers", "the broker is named by `--on`"),
    ("metadata.broker.list", "the broker is named by `--on`"),
    ("group.id", "quintet's own reader has no group, and services have those of their contracts"),
    ("enable.auto.commit", "offsets are committed after handling"),
    ("enable.auto.offset.store", "offsets are committed after handling"),
    ("transactional.id", "quintet sends without transactions"),
];

impl Settings {
    /// Reads the lines of `file` (`key=value`; empty ones and those that start with `#` are
    /// skipped), and then `pairs` of the same form, which win over the file.
    ///
    /// # Errors
    /// [`SettingsError`] with each bad line and its place, without values.
    pub fn read(pairs: &[String], file: Option<&Path>) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        let mut bad = Vec::new();
        if let Some(file) = file {
            let shown = crate::input::shown(file);
            let text = crate::input::read_text(file).map_err(|error| SettingsError::File {
                file: shown.clone(),
                why: error.to_string(),
            })?;
            settings.take_lines(&shown, &text, &mut bad);
        }
        let mut own = Self::default();
        for pair in pairs {
            own.take(ARGUMENT, pair, &mut bad);
        }
        settings.properties.append(&mut own.properties);
        if bad.is_empty() { Ok(settings) } else { Err(SettingsError::Bad(bad)) }
    }

    fn take_lines(&mut self, file: &str, text: &str, bad: &mut Vec<BadSetting>) {
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                self.take(&format!("{file}:{number}"), line, bad);
            }
        }
    }

    /// Takes one `key=value`. What is wrong is told without the text, which may be a secret.
    fn take(&mut self, place: &str, pair: &str, bad: &mut Vec<BadSetting>) {
        let parts = pair.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let problem = match parts {
            None => Some("there is no `=`; write key=value".to_owned()),
            Some(("", _)) => Some("there is no name before `=`; write key=value".to_owned()),
            Some((key, _)) if self.properties.contains_key(key) => {
                Some(format!("{key} is set already; keep one of the two"))
            }
            Some((key, value)) => problem_of(key, value),
        };
        match (problem, parts) {
            (Some(problem), _) => bad.push(BadSetting { place: place.to_owned(), problem }),
            (None, Some((key, value))) => {
                self.properties.insert(key.to_owned(), value.to_owned());
            }
            (None, None) => {}
        }
    }

    /// A property, with its value as it was given.
    #[must_use]
    pub fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str)
    }

    /// The first property that asks for TLS or for a user.
    pub(super) fn of_security(&self) -> Option<&str> {
        let asks = |(key, value): &(&String, &String)| match key.as_str() {
            "security.protocol" => !value.eq_ignore_ascii_case("plaintext"),
            key => key.starts_with("sasl.") || key.starts_with("ssl."),
        };
        self.properties.iter().find(asks).map(|(key, _)| key.as_str())
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_tls(&self) -> bool {
        let protocol = self.get("security.protocol").unwrap_or_default();
        protocol.to_ascii_lowercase().ends_with("ssl")
    }

    /// Adds the properties to those of a client.
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        for (key, value) in &self.properties {
            config.set(key, value);
        }
    }

    /// A text of librdkafka's without any secret that is set here.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.properties.iter().filter(|(key, _)| is_secret(key));
        let secrets = secrets.map(|(_, value)| value).filter(|value| !value.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

const HIDDEN: &str = "***";

/// Whether the values of a property are shown to nobody.
fn is_secret(property: &str) -> bool {
    const MARKS: [&str; 7] =
        ["password", "secret", "jaas", "key", "token", "oauthbearer.config", "credential"];
    let property = property.to_ascii_lowercase();
    MARKS.iter().any(|mark| property.contains(mark))
}

/// Why a property cannot be used, and what to do.
fn problem_of(key: &str, value: &str) -> Option<String> {
    if let Some((_, why)) = OURS.iter().find(|(ours, _)| *ours == key) {
        return Some(format!("{key} is not for users to set: {why}"));
    }
    if key.contains('\0') || value.contains('\0') {
        return Some("there is a NUL character in it".to_owned());
    }
    if !cfg!(feature = "tls") && needs_tls(key, value) {
        return Some(format!(
            "{key} needs TLS or SCRAM, which this build does not have: \
             build quintet with `--features tls`"
        ));
    }
    let refused = ClientConfig::new().set(key, value).create_native_config().err()?;
    let KafkaError::ClientConfig(_, why, ..) = refused else {
        return Some(format!("librdkafka refuses {key}"));
    };
    let hides = is_secret(key) && !value.is_empty();
    let why = if hides { why.replace(value, HIDDEN) } else { why };
    Some(format!("librdkafka refuses {key}: {why}"))
}

/// Whether a property means nothing in a build without OpenSSL.
fn needs_tls(key: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    match key {
        "security.protocol" => value.ends_with("ssl"),
        "sasl.mechanism" | "sasl.mechanisms" => value.starts_with("scram"),
        "enable.ssl.certificate.verification" => true,
        key => key.starts_with("ssl."),
    }
}

impl fmt::Display for Settings {
    /// `key=value` lines; the values of secrets are `***`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, value)) in self.properties.iter().enumerate() {
            let value = if is_secret(key) { HIDDEN } else { value };
            let end = if at + 1 < self.properties.len() { "\n" } else { "" };
            write!(f, "{key}={value}{end}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, SettingsError};
    use rstest::rstest;

    fn of_pairs(pairs: &[&str]) -> Result<Settings, SettingsError> {
        let pairs: Vec<_> = pairs.iter().map(|&pair| pair.to_owned()).collect();
        Settings::read(&pairs, None)
    }

    #[test]
    fn secrets_are_shown_nowhere() {
        let pairs = [
            ("sasl.username", "alice"),
            ("sasl.password", "hunter2"),
            ("sasl.oauthbearer.client.secret", "hunter3"),
            ("ssl.key.pem", "hunter4"),
            ("ssl.keystore.password", "hunter5"),
        ];
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let settings = Settings { properties: pairs.into_iter().map(own).collect() };
        assert_eq!(settings.get("sasl.password"), Some("hunter2"));
        for shown in [settings.to_string(), format!("{settings:?}"), format!("{settings:#?}")] {
            assert!(shown.contains("sasl.username=alice"), "{shown}");
            assert!(shown.contains("sasl.password=***"), "{shown}");
            assert!(!shown.contains("hunter"), "{shown}");
        }
        assert_eq!(settings.redact("alice:hunter2?"), "alice:***?");
    }

    #[rstest]
    #[case("sasl.passwrod=hunter2", "--kafka-config: librdkafka refuses sasl.passwrod: ")]
    #[case("linger.ms=soon", "--kafka-config: librdkafka refuses linger.ms: ")]
    #[case("sasl.jaas.config=hunter2", "librdkafka refuses sasl.jaas.config: ")]
    #[case("hunter2", "--kafka-config: there is no `=`; write key=value")]
    #[case("=hunter2", "--kafka-config: there is no name before `=`")]
    #[case("group.id=g", "group.id is not for users to set: quintet's own reader has no group")]
    fn a_bad_pair_says_why(#[case] pair: &str, #[case] start: &str) {
        let told = of_pairs(&[pair]).expect_err("it is bad").to_string();
        assert!(told.contains(start), "{told}");
        assert!(!told.contains("hunter"), "{told}");
    }

    #[test]
    fn each_bad_line_has_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("client.properties");
        let lines = "# comment\n\nsasl.username = alice\nnonsense\nsasl.username=bob\nno.such=1\n";
        std::fs::write(&file, lines).expect("it is written");
        let Err(SettingsError::Bad(bad)) = Settings::read(&[], Some(&file)) else {
            panic!("three lines are bad");
        };
        let ends: Vec<_> = bad.iter().map(|bad| bad.place.rsplit(':').next()).collect();
        assert_eq!(ends, [Some("4"), Some("5"), Some("6")]);
        assert!(bad[2].problem.contains("no.such"), "{bad:?}");
    }

    #[test]
    fn pairs_win_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("client.properties");
        std::fs::write(&file, "linger.ms=1\nclient.id=file\n").expect("it is written");
        let settings = Settings::read(&["client.id=pair".to_owned()], Some(&file));
        let settings = settings.expect("they are fine");
        assert_eq!(
            (settings.get("linger.ms"), settings.get("client.id")),
            (Some("1"), Some("pair"))
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let told = Settings::read(&[], Some("no/such.file".as_ref())).expect_err("it is not there");
        assert!(told.to_string().starts_with("no/such.file cannot be read: "), "{told}");
    }

    #[cfg(not(feature = "tls"))]
    #[rstest]
    #[case("security.protocol=SASL_SSL")]
    #[case("sasl.mechanism=SCRAM-SHA-512")]
    #[case("ssl.ca.location=ca.pem")]
    fn a_build_without_tls_says_so(#[case] pair: &str) {
        let told = of_pairs(&[pair]).expect_err("this build has no TLS").to_string();
        assert!(told.contains("build quintet with `--features tls`"), "{told}");
    }
}
