//! Reading files of properties.

use std::sync::Arc;

use super::vocabulary::{WORDS, Word};
use super::{Kind, Properties, Property, Side, Target};
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::rule::{Basis, Rule, RuleId, rule};
use crate::scenario::parse_duration;
use crate::yaml::{self, Meaning, Node, Scalar};

/// The version of the file's form.
const FORMAT: &str = "1";
const TOP: [&str; 2] = ["format", "properties"];
/// The fields of a property besides its word.
const OWN: [&str; 3] = ["name", "says", "per_tenant"];

impl Properties {
    /// Reads a file. `None` where it cannot be used; all that is wrong with it is in `diagnostics`.
    /// What is `taken` is no name for a property. Rules live as long as the program: a file is
    /// read once in it.
    pub fn read(
        file: &Arc<SourceFile>,
        contracts: &Contracts,
        taken: &dyn Fn(&str) -> bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let before = diagnostics.len();
        let node = yaml::read(file, diagnostics)?;
        let mut reader = Reader { file, contracts, taken, names: Vec::new(), diagnostics };
        let all = reader.file(&node);
        let bad = diagnostics[before..].iter().any(Diagnostic::is_error);
        (!bad).then_some(Self { all })
    }
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    contracts: &'a Contracts,
    taken: &'a dyn Fn(&str) -> bool,
    names: Vec<(String, Span)>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// What becomes a rule once all of a property is read.
struct Named {
    name: String,
    says: Option<String>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, message: String, span: Span) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(code, message, self.file, span));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    fn wrong_type(&mut self, what: &str, must_be: &str, node: &Node) {
        let message = format!("{what} must be {must_be}, and is {}", node.describe());
        self.error("property::wrong-type", message, node.span);
    }

    fn file(&mut self, node: &Node) -> Vec<Property> {
        if node.mapping().is_none() {
            self.wrong_type("the file", "a mapping with `format` and `properties`", node);
            return Vec::new();
        }
        self.known(node, &TOP);
        match self.needed(node, "format") {
            Some(format) if format.text() != Some(FORMAT) => {
                let message = format!("this version reads format {FORMAT}");
                self.error("property::unknown-format", message, format.span);
            }
            _ => {}
        }
        let Some(list) = self.needed(node, "properties") else { return Vec::new() };
        let Some(items) = list.sequence() else {
            self.wrong_type("`properties`", "a list", list);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.property(item)).collect()
    }

    fn property(&mut self, node: &Node) -> Option<Property> {
        let Some(fields) = node.mapping() else {
            self.wrong_type("a property", "a mapping with `name` and a word", node);
            return None;
        };
        let name = self.needed(node, "name").and_then(|name| self.name(name));
        let says = node.get("says").map(|says| self.text("`says`", says));
        let per_tenant = node.get("per_tenant").map(|is| self.truth("`per_tenant`", is));
        let mut words = Vec::new();
        for (key, value) in fields {
            let text = key.text().unwrap_or_default();
            match WORDS.iter().find(|word| word.name == text) {
                Some(word) => words.push((word, key, value)),
                None if OWN.contains(&text) => {}
                None => {
                    let known = WORDS.iter().map(|word| word.name).chain(OWN);
                    let list: Vec<_> = WORDS.iter().map(|word| word.name).collect();
                    let help = format!("the words are {}", list.join(", "));
                    let message = format!("there is no word `{text}`");
                    let error =
                        Diagnostic::error("property::unknown-word", message, self.file, key.span);
                    self.diagnostics.push(error.did_you_mean(text, known, Some(help)));
                }
            }
        }
        let (word, value) = match words[..] {
            [(word, _, value)] => (word, value),
            [] => {
                if fields.iter().all(|(key, _)| OWN.contains(&key.text().unwrap_or_default())) {
                    let message = "it says nothing that must hold".to_owned();
                    self.error("property::missing-field", message, node.span);
                }
                return None;
            }
            [_, (_, key, _), ..] => {
                let message = "a property says one thing: make two of it".to_owned();
                self.error("property::two-words", message, key.span);
                return None;
            }
        };
        let (kind, first, then) = self.word(word, value)?;
        let named = Named { name: name?, says: says.map_or(Some(None), |says| says.map(Some))? };
        let per_tenant = per_tenant.unwrap_or(Some(true))?;
        let rule = self.rule(named, (word, &first, &then), node.span);
        Some(Property { rule, kind, first, then, per_tenant })
    }

    fn name(&mut self, node: &Node) -> Option<String> {
        let name = self.text("`name`", node)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(fits) || name.len() > 60 {
            let message = "a name is made of up to 60 letters, digits and `-`, `_`, `.`".to_owned();
            self.error("property::bad-name", message, node.span);
            return None;
        }
        if (self.taken)(&name) {
            let message = format!("`{name}` is the name of a rule or of another property");
            self.error("property::name-is-taken", message, node.span);
            return None;
        }
        let before = self.names.iter().find(|(known, _)| *known == name).map(|(_, span)| *span);
        if let Some(first) = before {
            let message = format!("`{name}` is the name of two properties");
            let error = Diagnostic::error("property::name-is-taken", message, self.file, node.span);
            self.diagnostics.push(error.related(self.file, first, "the first is here"));
            return None;
        }
        self.names.push((name.clone(), node.span));
        Some(name)
    }

    fn word(&mut self, word: &Word, node: &Node) -> Option<(Kind, Side, Side)> {
        let of = format!("`{}`", word.name);
        if node.mapping().is_none() {
            self.wrong_type(&of, "a mapping with its fields", node);
            return None;
        }
        let names: Vec<_> = word.fields.iter().map(|field| field.name).chain([word.by]).collect();
        self.known(node, &names);
        let needed = word.fields.iter().filter(|field| field.required).map(|field| field.name);
        let missing = needed.chain([word.by]).filter(|name| self.needed(node, name).is_none());
        let missing = missing.count() > 0;
        let first = word.first.and_then(|name| Some((name, node.get(name)?)));
        let first = first.map(|(name, node)| self.side(name, node));
        let then = node.get(word.then).map(|then| self.side(word.then, then));
        let within = node.get("within").map(|within| self.within(within));
        let repeats = node.get("first_may_repeat").map(|is| self.truth("`first_may_repeat`", is));
        let (mut first, mut then) = (first.unwrap_or(Some(Side::default())), then.flatten());
        if let Some(by) = node.get(word.by) {
            let named = [word.first.unwrap_or_default(), word.then];
            self.by(by, named, [first.as_mut(), then.as_mut()]);
        }
        if missing {
            return None;
        }
        let kind = match word.name {
            "at_most_once" => Kind::AtMostOnce,
            "exactly_once" => Kind::ExactlyOnce,
            "answered_within" => Kind::AnsweredWithin(within??),
            "not_before" => Kind::NotBefore,
            "not_after" => Kind::NotAfter,
            "alternates" => Kind::Alternates { may_repeat: repeats.unwrap_or(Some(false))? },
            _ => Kind::Ordered,
        };
        Some((kind, first?, then?))
    }

    /// One message or several.
    fn side(&mut self, name: &str, node: &Node) -> Option<Side> {
        let one = std::slice::from_ref(node);
        let items = node.sequence().unwrap_or(one);
        if items.is_empty() {
            self.wrong_type(&format!("`{name}`"), "a message or a list of them", node);
            return None;
        }
        let read: Vec<_> = items.iter().map(|item| self.target(name, item)).collect();
        let read = read.into_iter().collect::<Option<Vec<_>>>()?;
        let (messages, names): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let name = names.join(" or ");
        Some(Side { messages, by: Vec::new(), name, takes_absent: false })
    }

    fn target(&mut self, name: &str, node: &Node) -> Option<(Target, String)> {
        let text = self.text(&format!("`{name}`"), node)?;
        let (channel, message) = match text.split_once('/') {
            Some((channel, message)) => (channel, Some(message)),
            None => (text.as_str(), None),
        };
        let contracts = self.contracts;
        let Some(found) = contracts.channel_ix(channel) else {
            let known: Vec<_> = contracts.channels().iter().map(|one| &*one.name).collect();
            let help = format!("the channels are {}", known.join(", "));
            let message = format!("no contract has a channel `{channel}`");
            let error =
                Diagnostic::error("property::unknown-message", message, self.file, node.span);
            self.diagnostics.push(error.did_you_mean(channel, known, Some(help)));
            return None;
        };
        let Some(message) = message else {
            return Some((Target { channel: found, message: None }, text));
        };
        let Some(kind) = contracts.message_named(found, message) else {
            let known: Vec<_> = contracts.messages(found).map(|kind| &*kind.name).collect();
            let help = format!("its messages are {}", known.join(", "));
            let wrong = format!("channel `{channel}` has no message `{message}`");
            let error = Diagnostic::error("property::unknown-message", wrong, self.file, node.span);
            self.diagnostics.push(error.did_you_mean(message, known, Some(help)));
            return None;
        };
        Some((Target { channel: found, message: Some(kind.index) }, text))
    }

    /// The key fields: the same for both sides, or by side.
    fn by(&mut self, node: &Node, names: [&'static str; 2], sides: [Option<&mut Side>; 2]) {
        if node.mapping().is_some() {
            let named: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
            self.known(node, &named);
            let mut counts = Vec::new();
            for (name, side) in names.into_iter().zip(sides) {
                if name.is_empty() {
                    continue;
                }
                let Some(own) = self.needed(node, name) else { continue };
                let paths = self.paths(own);
                counts.push(paths.len());
                self.assign(&paths, side);
            }
            if counts.windows(2).any(|two| two[0] != two[1]) {
                let message = "both have the same number of key fields".to_owned();
                self.error("property::wrong-type", message, node.span);
            }
            return;
        }
        let paths = self.paths(node);
        for side in sides {
            self.assign(&paths, side);
        }
    }

    fn paths(&mut self, node: &Node) -> Vec<(String, Span)> {
        let one = std::slice::from_ref(node);
        let items = node.sequence().unwrap_or(one);
        if items.is_empty() {
            self.wrong_type("the key", "a field or a list of fields", node);
        }
        let read = items.iter().filter_map(|item| Some((self.text("a key field", item)?, item)));
        read.map(|(path, item)| (format!("/{}", path.replace('.', "/")), item.span)).collect()
    }

    /// Gives a side its key fields, which its messages must have.
    fn assign(&mut self, paths: &[(String, Span)], side: Option<&mut Side>) {
        let Some(side) = side else { return };
        for (pointer, span) in paths {
            for target in &side.messages {
                let kinds = self.contracts.messages(target.channel);
                let mut kinds = kinds.filter(|one| target.message.is_none_or(|of| of == one.index));
                if !kinds.any(|kind| kind.field(pointer).is_some()) {
                    let path = pointer.trim_start_matches('/').replace('/', ".");
                    let message = format!("{} has no field `{path}`", side.name);
                    self.error("property::unknown-key", message, *span);
                    break;
                }
            }
        }
        side.by = paths.iter().map(|(pointer, _)| pointer.clone()).collect();
    }

    fn within(&mut self, node: &Node) -> Option<std::time::Duration> {
        let text = self.text("`within`", node)?;
        let read = parse_duration(&text);
        if read.is_none() {
            let message = "`within` is not a time".to_owned();
            let error = self.error("property::bad-time", message, node.span);
            error.help = Some("write a time like `250ms`, `2s`, `2m 40s` or `1h`".to_owned());
        }
        read
    }

    fn known(&mut self, node: &Node, names: &[&'static str]) {
        for (key, _) in node.mapping().unwrap_or_default() {
            let name = key.scalar().map_or("", |scalar| scalar.text.as_str());
            if !names.contains(&name) {
                let message = format!("unknown field `{name}`");
                let help = format!("the fields are {}", names.join(", "));
                let error =
                    Diagnostic::error("property::unknown-field", message, self.file, key.span);
                let known = names.iter().copied();
                self.diagnostics.push(error.did_you_mean(name, known, Some(help)));
            }
        }
    }

    fn needed<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n Node> {
        let found = node.get(name);
        if found.is_none() {
            let message = format!("`{name}` is missing");
            self.error("property::missing-field", message, node.span);
        }
        found
    }

    fn text(&mut self, what: &str, node: &Node) -> Option<String> {
        match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Text(text)) if !text.trim().is_empty() => Some(text.to_owned()),
            _ => {
                self.wrong_type(what, "a text that is not empty", node);
                None
            }
        }
    }

    fn truth(&mut self, what: &str, node: &Node) -> Option<bool> {
        match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Bool(is)) => Some(is),
            _ => {
                self.wrong_type(what, "true or false", node);
                None
            }
        }
    }

    /// Makes a rule of it, which stays for as long as the program runs.
    fn rule(&self, named: Named, (word, first, then): (&Word, &Side, &Side), at: Span) -> RuleId {
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let says = named.says.unwrap_or_else(|| {
            let of = [first, then].into_iter().filter(|side| !side.name.is_empty());
            let of: Vec<_> = of.map(|side| side.name.as_str()).collect();
            format!("{}, of {} by {}: {}", word.name, of.join(" and "), then.fields(), word.doc)
        });
        let line = self.file.position(at.start).0;
        let place = (leak(self.file.path.clone()), leak(format!("line {line}")));
        let made = rule(leak(named.name), Basis::Documented, place, leak(says));
        let made: &'static Rule = Box::leak(Box::new(made));
        made.id()
    }
}
