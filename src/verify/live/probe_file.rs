//! The file in which a user writes down the probe: a command for each query, stimulus and kind of
//! data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Commands;
use super::probe::ALWAYS;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::pack::Packs;
use crate::service::Vocabulary;
use crate::yaml::{self, Node};

const KEYS: [&str; 4] = ["format", "queries", "stimuli", "data"];

/// Reads a probe file for a service. All problems are reported; `None` if any is an error.
pub fn read_probe(
    file: &Arc<SourceFile>,
    (service, packs): (&str, &Packs),
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Commands> {
    let before = diagnostics.len();
    let root = yaml::read(file, diagnostics);
    let mut reader = Reader { file, diagnostics };
    let probe = root.and_then(|root| reader.probe(&root, service, packs));
    probe.filter(|_| !diagnostics[before..].iter().any(Diagnostic::is_error))
}

/// The JSON Schema of probe files, for editors: for all services of these packs.
#[must_use]
pub fn probe_schema(packs: &Packs) -> serde_json::Value {
    use serde_json::{Map, Value, json};
    let [mut queries, mut stimuli, mut data] = [(); 3].map(|()| Map::new());
    for service in packs.services() {
        let Vocabulary { queries: asked, stimuli: told, data: given, .. } = service.vocabulary();
        for (part, words) in [(&mut queries, asked), (&mut stimuli, told), (&mut data, given)] {
            for (word, arguments) in words {
                let service = service.name();
                let arguments = arguments.join(", ");
                let doc = format!("the command of {service}.{word}; its arguments: {arguments}");
                let command = json!({ "type": "string", "pattern": "\\S", "description": doc });
                part.insert(format!("{service}.{word}"), command.clone());
                part.insert((*word).to_owned(), command);
            }
        }
    }
    let part = |words: Map<String, Value>| json!({ "type": "object", "properties": words, "additionalProperties": false });
    json!({
        "$schema": crate::scenario::DRAFT,
        "title": "A probe file of quintet",
        "type": "object",
        "properties": {
            "format": { "const": 1 },
            "queries": part(queries),
            "stimuli": part(stimuli),
            "data": part(data),
        },
        "required": ["format"],
        "additionalProperties": false,
    })
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, message: String, span: Span) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(code, message, self.file, span));
        self.diagnostics.last_mut().expect("it was just put there")
    }

    fn probe(&mut self, root: &Node, service: &str, packs: &Packs) -> Option<Commands> {
        let Some(entries) = root.mapping() else {
            let message = format!("a probe file is a mapping, not {}", root.describe());
            let error = self.error("probe::wrong-shape", message, root.span);
            error.help =
                Some("it has the keys `format: 1`, `queries`, `stimuli` and `data`".to_owned());
            return None;
        };
        if root.get("format").and_then(Node::text) != Some("1") {
            let span = root
                .get("format")
                .map_or(Span { end: root.span.start, ..root.span }, |one| one.span);
            let message = "a probe file says `format: 1`".to_owned();
            self.error("probe::wrong-shape", message, span);
        }
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if !KEYS.contains(&name) {
                let unknown = Diagnostic::error(
                    "probe::unknown-name",
                    format!("a probe file has no key `{name}`"),
                    self.file,
                    key.span,
                );
                self.diagnostics.push(unknown.did_you_mean(name, KEYS, None));
            }
        }
        let vocabulary = packs.model(service);
        let vocabulary = vocabulary.map(|one| one.vocabulary()).unwrap_or_default();
        let Vocabulary { queries, stimuli, data, .. } = vocabulary;
        let looked_up = packs.looked_up(service);
        let data: Vec<_> =
            data.iter().filter(|(name, _)| looked_up.contains(name)).copied().collect();
        let known = queries.iter().chain(stimuli).chain(&data);
        let arguments = known.flat_map(|(_, names)| names.iter().map(|name| (*name).to_owned()));
        let commands = Commands {
            arguments: arguments.collect(),
            queries: self.commands(root.get("queries"), (service, "query", queries)),
            stimuli: self.commands(root.get("stimuli"), (service, "stimulus", stimuli)),
            data: self.commands(root.get("data"), (service, "data", &data)),
        };
        let parts = ["queries", "stimuli", "data"].into_iter();
        for (_, value) in parts.filter_map(|part| root.get(part).and_then(Node::mapping)).flatten()
        {
            self.placeholders(value, (service, &commands.arguments));
        }
        Some(commands)
    }

    /// Tells of words in braces for which nothing is filled in.
    fn placeholders(&mut self, value: &Node, (service, arguments): (&str, &BTreeSet<String>)) {
        let command = value.text().unwrap_or_default();
        let known = || arguments.iter().map(String::as_str).chain(ALWAYS);
        for name in words_in_braces(command).filter(|name| !known().any(|one| one == *name)) {
            let unknown = Diagnostic::error(
                "probe::unknown-name",
                format!("{service} has no argument `{name}`"),
                self.file,
                place_of(&format!("{{{name}}}"), value.span, self.file),
            );
            let all = known().collect::<Vec<_>>().join(", ");
            let unknown = unknown.did_you_mean(name, known(), Some(format!("there are: {all}")));
            let blanks = format!("braces that the shell is to see have blanks: `{{ {name} }}`");
            self.diagnostics.push(unknown.note(blanks));
        }
    }

    fn commands(
        &mut self,
        node: Option<&Node>,
        (service, kind, known): (&str, &str, &[(&'static str, &[&str])]),
    ) -> BTreeMap<String, String> {
        let mut commands = BTreeMap::new();
        let Some(node) = node else {
            return commands;
        };
        let Some(entries) = node.mapping() else {
            let message =
                format!("this is {}, not a mapping of names to commands", node.describe());
            self.error("probe::wrong-shape", message, node.span);
            return commands;
        };
        let names = || known.iter().map(|(name, _)| *name);
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let short = name.strip_prefix(&format!("{service}.")).unwrap_or(name);
            if !names().any(|one| one == short) {
                let unknown = Diagnostic::error(
                    "probe::unknown-name",
                    format!("{service} has no {kind} `{name}`"),
                    self.file,
                    key.span,
                );
                let all = names().collect::<Vec<_>>().join(", ");
                let fallback = if all.is_empty() {
                    format!("it has no {kind} at all")
                } else {
                    format!("there are: {all}")
                };
                self.diagnostics.push(unknown.did_you_mean(short, names(), Some(fallback)));
                continue;
            }
            match value.text().filter(|text| !text.trim().is_empty()) {
                Some(command) => drop(commands.insert(short.to_owned(), command.to_owned())),
                None => {
                    let is = value.text().map_or_else(|| value.describe(), |_| "empty");
                    let message = format!("this is {is}, not a command");
                    self.error("probe::wrong-shape", message, value.span);
                }
            }
        }
        commands
    }
}

/// What stands for an argument, or would if there were one: letters in braces, and no variable of
/// the shell.
fn words_in_braces(command: &str) -> impl Iterator<Item = &str> {
    command.match_indices('{').filter_map(|(at, _)| {
        let (word, _) = command[at + 1..].split_once('}')?;
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic());
        (is_word && !command[..at].ends_with('$')).then_some(word)
    })
}

/// The first place of a text within a span; all of it where an escape hides it.
fn place_of(text: &str, within: Span, file: &SourceFile) -> Span {
    let written = file.text.get(within.start..within.end).unwrap_or_default();
    let place = written.find(text).map(|at| within.start + at);
    place.map_or(within, |start| Span { start, end: start + text.len() })
}

#[cfg(test)]
mod tests {
    use super::read_probe;
    use crate::diagnostic::{Diagnostic, SourceFile};
    use crate::verify::live::Commands;

    #[test]
    fn what_is_not_filled_in_is_told() {
        let text = "format: 1\nqueries:\n  check: 'curl {ipp} -H {tenant} {region}'\n  \
                    ban: \"awk '{print}' {banId}\"\n  history: ''\n";
        let (probe, told) = read(text);
        assert!(probe.is_none());
        assert_eq!(
            told,
            [
                "5: this is empty, not a command ()",
                "3: ban has no argument `ipp` (did you mean `ip`?)",
                "4: ban has no argument `print` (there are: accountId, banId, hwid, ip, tenant, \
                 region, major, minor, args)",
            ]
        );
        let mut diagnostics = Vec::new();
        let file = SourceFile::new("probe.yaml", text);
        read_probe(&file, ("ban", &crate::services::packs()), &mut diagnostics);
        assert_eq!(diagnostics[1].position(), (3, 16));
    }

    #[test]
    fn other_braces_are_no_arguments() {
        let other = r#"x ${ipp} {"a":1} {} {a,b} { print } {1} {a-b} {ip {args}"#;
        let (probe, told) = read(&format!("format: 1\nqueries:\n  check: |\n    {other}\n"));
        assert_eq!(told, Vec::<String>::new());
        assert_eq!(probe.unwrap().queries["check"].trim_end(), other);
    }

    fn read(text: &str) -> (Option<Commands>, Vec<String>) {
        let mut diagnostics = Vec::new();
        let probe = read_probe(
            &SourceFile::new("probe.yaml", text),
            ("ban", &crate::services::packs()),
            &mut diagnostics,
        );
        let told = |one: &Diagnostic| {
            let (line, _) = one.position();
            format!("{line}: {} ({})", one.message, one.help.clone().unwrap_or_default())
        };
        (probe, diagnostics.iter().map(told).collect())
    }

    #[test]
    fn commands_are_read() {
        let text = "format: 1\nqueries:\n  ban.check: curl {ip}\n  history: 'h {accountId}'\n";
        let (probe, told) = read(text);
        assert_eq!(told, Vec::<String>::new());
        let probe = probe.unwrap();
        assert_eq!(probe.queries["check"], "curl {ip}");
        assert_eq!(probe.queries["history"], "h {accountId}");
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        let (probe, told) = read("format: 2\nquerys: {}\nqueries:\n  chekc: x\n  ban: []\n");
        assert!(probe.is_none());
        assert_eq!(
            told,
            [
                "1: a probe file says `format: 1` ()",
                "2: a probe file has no key `querys` (did you mean `queries`?)",
                "4: ban has no query `chekc` (did you mean `check`?)",
                "5: this is a list, not a command ()",
            ]
        );
    }
}
