//! What AsyncAPI itself demands of a document, apart from whether it can be used.
//!
//! What this is: the fields of each object ([`shapes`]), references that must lead to certain
//! places, parameters of addresses, and schemas by the schema of their draft. What it is not: a
//! look at what a document says; examples and discriminators are reviewed with compiled schemas.
//!
//! What always holds: a document that the official schema of AsyncAPI refuses is refused, but for
//! the bindings of other protocols than Kafka, which nothing here reads.

mod shapes;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::format::Format;
use super::model::Document;
use super::scope::Scope;
use super::tree::{Entry, Tree, Value};
use crate::evolution::Draft;
use shapes::{DOCUMENT, Kind, SECURITY, Shape, is_open};

/// Data inside of schemas, which has no references.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "example"];
/// So many problems of a schema are told.
const MOST_OF_A_SCHEMA: usize = 10;

/// Reports what AsyncAPI refuses in a document.
pub(super) fn demand(scope: &mut Scope, root: &Arc<Tree>) {
    let mut rules = Rules { scope, seen: BTreeSet::new() };
    rules.object(root, &DOCUMENT, "the document");
    rules.places(root);
}

struct Rules<'a> {
    scope: &'a mut Scope,
    /// What was looked at, by address and as what, so that each is looked at once.
    seen: BTreeSet<(usize, &'static str)>,
}

impl Rules<'_> {
    fn wrong(&mut self, tree: &Tree, what: &str, wanted: &str) {
        let message = format!("{what} is {wanted}, not {}", tree.kind());
        self.scope.error("asyncapi::wrong-type", message, tree.at);
    }

    fn bad(&mut self, tree: &Tree, message: String) {
        self.scope.error("asyncapi::bad-value", message, tree.at);
    }

    fn is_new(&mut self, tree: &Arc<Tree>, as_what: &'static str) -> bool {
        self.seen.insert((Arc::as_ptr(tree).addr(), as_what))
    }

    fn value(&mut self, tree: &Arc<Tree>, kind: &'static Kind, what: &str) {
        let number = match &tree.value {
            Value::Number(text) => text.parse::<i64>().ok(),
            _ => None,
        };
        match kind {
            Kind::Any => {}
            Kind::Text | Kind::Uri | Kind::Email | Kind::Location => self.text(tree, kind, what),
            Kind::TextOrNull if tree.text().is_none() && tree.value != Value::Null => {
                self.wrong(tree, what, "text or null");
            }
            Kind::Flag if !matches!(tree.value, Value::Bool(_)) => {
                self.wrong(tree, what, "true or false");
            }
            Kind::Whole(least) if number.is_none_or(|number| number < *least) => {
                let message = format!("{what} is a whole number of at least {least}");
                self.bad(tree, message);
            }
            Kind::Object if !matches!(tree.value, Value::Map(_)) => {
                self.wrong(tree, what, "an object");
            }
            Kind::Word(words) => self.word(tree, words, what),
            Kind::Reference if tree.reference().is_none() => {
                self.wrong(tree, what, "a reference (`$ref`)");
            }
            Kind::Schema => self.schema(tree, what),
            Kind::KeySchema => self.key_schema(tree, what),
            Kind::Of(shape) => self.shaped(tree, shape, what),
            Kind::Trait(shape) => match (&tree.value, tree.items().first()) {
                (Value::List(_), None) => {}
                (_, Some(first)) => self.shaped(first, shape, what),
                (_, None) => self.shaped(tree, shape, what),
            },
            Kind::Map(inner) => self.map(tree, inner, what),
            Kind::List(inner) => self.list(tree, inner, what),
            Kind::Set(inner) => {
                self.list(tree, inner, what);
                self.unique(tree, what);
            }
            Kind::Security => self.security(tree, what),
            Kind::TextOrNull | Kind::Flag | Kind::Whole(_) | Kind::Object | Kind::Reference => {}
        }
    }

    fn text(&mut self, tree: &Tree, kind: &Kind, what: &str) {
        let Some(text) = tree.text() else {
            let message = format!("{what} is text, not {}", tree.kind());
            let is_word = tree.word().is_some();
            return self.scope.tell("asyncapi::wrong-type", message, tree.at, |error| {
                if is_word { error.help("put it in quotes") } else { error }
            });
        };
        let wanted = match kind {
            Kind::Uri if !is_uri(text) => "a URI, such as `https://example.com`",
            Kind::Email if !is_mail(text) => "an address of mail, such as `me@example.com`",
            Kind::Location if !is_location(text) => {
                "a place in a message, such as `$message.header#/id`"
            }
            _ => return,
        };
        self.bad(tree, format!("{what} is {wanted}"));
    }

    fn word(&mut self, tree: &Tree, words: &[&'static str], what: &str) {
        let text = tree.text().unwrap_or_default();
        if words.contains(&text) {
            return;
        }
        let message = format!("{what} is {}", words.join(" or "));
        self.scope.tell("asyncapi::bad-value", message, tree.at, |error| {
            error.did_you_mean(text, words.iter().copied(), None)
        });
    }

    fn map(&mut self, tree: &Arc<Tree>, inner: &'static Kind, what: &str) {
        let Some(tree) = self.followed(tree) else { return };
        if !matches!(tree.value, Value::Map(_)) {
            return self.wrong(&tree, what, "an object");
        }
        for entry in tree.entries() {
            let what = match inner {
                Kind::Of(shape) => format!("{} `{}`", shape.name, entry.name),
                Kind::Schema => format!("schema `{}`", entry.name),
                _ => format!("`{}` of {what}", entry.name),
            };
            self.value(&entry.tree, inner, &what);
        }
    }

    fn list(&mut self, tree: &Tree, inner: &'static Kind, what: &str) {
        if !matches!(tree.value, Value::List(_)) {
            return self.wrong(tree, what, "a list");
        }
        for item in tree.items() {
            self.value(item, inner, &format!("an entry of {what}"));
        }
    }

    fn unique(&mut self, tree: &Tree, what: &str) {
        for (at, item) in tree.items().iter().enumerate() {
            let value = item.json();
            if tree.items()[..at].iter().any(|earlier| earlier.json() == value) {
                self.bad(item, format!("{what} has this twice"));
            }
        }
    }

    /// The tree, references followed; `None` where they lead nowhere, which reading tells.
    fn followed(&mut self, tree: &Arc<Tree>) -> Option<Arc<Tree>> {
        match tree.reference() {
            None => Some(Arc::clone(tree)),
            Some(_) => self.scope.follow(tree, "a part of the document"),
        }
    }

    fn shaped(&mut self, tree: &Arc<Tree>, shape: &'static Shape, what: &str) {
        if shape.may_refer && tree.get("$ref").is_some() {
            if let Some(found) = self.followed(tree) {
                self.object(&found, shape, what);
            }
            return;
        }
        self.object(tree, shape, what);
    }

    fn object(&mut self, tree: &Arc<Tree>, shape: &'static Shape, what: &str) {
        if !self.is_new(tree, shape.name) {
            return;
        }
        if !matches!(tree.value, Value::Map(_)) {
            return self.wrong(tree, what, "an object");
        }
        for (name, _, _) in shape.fields.iter().filter(|(_, is_needed, _)| *is_needed) {
            if tree.get(name).is_none() {
                self.missing(tree, name, what);
            }
        }
        let is_there = |name: &&str| tree.get(name).is_some();
        if !shape.one_of.is_empty() && !shape.one_of.iter().any(is_there) {
            let message = format!("{what} has neither `{}`", shape.one_of.join("` nor `"));
            self.scope.error("asyncapi::missing-keyword", message, tree.head());
        }
        for entry in tree.entries() {
            let known = shape.fields.iter().find(|(name, ..)| *name == entry.name);
            match known {
                Some((name, _, kind)) => {
                    self.value(&entry.tree, kind, &format!("`{name}` of {what}"));
                }
                None if is_open(shape) || shape.may_extend && is_extension(&entry.name) => {}
                None => {
                    let names = shape.fields.iter().map(|(name, ..)| *name);
                    self.unknown(entry, names, what);
                }
            }
        }
    }

    fn missing(&mut self, tree: &Tree, name: &str, what: &str) {
        let message = format!("{what} has no `{name}`");
        self.scope.error("asyncapi::missing-keyword", message, tree.head());
    }

    fn unknown(&mut self, entry: &Entry, known: impl Iterator<Item = &'static str>, what: &str) {
        let message = format!("{what} has no field `{}`", entry.name);
        let known: Vec<_> = known.collect();
        self.scope.tell("asyncapi::unknown-keyword", message, entry.at, |error| {
            let all = Some(format!("the fields are {}", known.join(", ")));
            error.did_you_mean(&entry.name, known.iter().copied(), all)
        });
    }

    fn security(&mut self, tree: &Arc<Tree>, what: &str) {
        let Some(tree) = self.followed(tree) else { return };
        if !self.is_new(&tree, "security") {
            return;
        }
        let Some(kind) = tree.get("type") else {
            return self.missing(&tree, "type", what);
        };
        let words: Vec<&'static str> = SECURITY.iter().map(|(name, ..)| *name).collect();
        self.word(kind, &words, &format!("`type` of {what}"));
        let name = kind.text().unwrap_or_default();
        if let Some((_, shape)) = SECURITY.iter().find(|(known, _)| *known == name) {
            self.object(&tree, shape, what);
        }
    }

    fn key_schema(&mut self, tree: &Arc<Tree>, what: &str) {
        let is_avro = |tree: &Tree| {
            let kind = tree.text_of("type").unwrap_or_default();
            ["record", "bytes", "fixed", "long", "int", "double", "float", "map"].contains(&kind)
        };
        if !is_avro(tree) {
            self.schema(tree, what);
        }
    }

    fn schema(&mut self, tree: &Arc<Tree>, what: &str) {
        let Some(mut tree) = self.followed(tree) else { return };
        if !self.is_new(&tree, "schema") {
            return;
        }
        if matches!(tree.value, Value::Bool(_)) {
            return self.wrong(&tree, what, "an object");
        }
        let mut draft = Draft::Seven;
        if tree.get("schemaFormat").is_some() || tree.get("schema").is_some() {
            let format = tree.text_of("schemaFormat").unwrap_or("application/schema;version=");
            let Some(inner) = tree.get("schema").cloned() else {
                return self.missing(&tree, "schema", what);
            };
            match Format::named(format) {
                Format::Other(_) => return,
                Format::Json(named) => draft = named,
            }
            let Some(inner) = self.followed(&inner) else { return };
            tree = inner;
        }
        if tree.text_of("$schema").is_some_and(|uri| uri.contains("2020-12")) {
            draft = Draft::Latest;
        }
        let validator = match draft {
            Draft::Seven => jsonschema::draft7::meta::validator(),
            Draft::Latest => jsonschema::draft202012::meta::validator(),
        };
        let value = tree.json();
        let errors = validator.iter_errors(&value).take(MOST_OF_A_SCHEMA);
        for error in errors {
            let path = error.instance_path().as_str();
            let at = below(&tree, path);
            let message = format!("{what} is no JSON Schema: {path} {}", error.masked());
            self.scope.error("asyncapi::bad-schema", message, at.at);
        }
        self.inside(&tree, what);
    }

    /// What a schema refers to is a schema too.
    fn inside(&mut self, tree: &Tree, what: &str) {
        for entry in tree.entries().iter().filter(|entry| !DATA.contains(&entry.name.as_str())) {
            let inner = std::iter::once(&entry.tree).chain(entry.tree.items());
            for inner in inner.filter(|inner| matches!(inner.value, Value::Map(_))) {
                match inner.reference() {
                    // What it refers to may be `true` as well.
                    Some(_) => {
                        let found = self.followed(inner);
                        if found.is_some_and(|found| !matches!(found.value, Value::Bool(_))) {
                            self.schema(inner, what);
                        }
                    }
                    None => self.inside(inner, what),
                }
            }
        }
    }

    /// References that must lead to certain places, and parameters of addresses.
    fn places(&mut self, root: &Arc<Tree>) {
        for (name, channel) in self.all(root, "channels") {
            for server in channel.get("servers").map(|servers| servers.items()).unwrap_or_default()
            {
                let what = format!("a server of channel `{name}`");
                self.points(server, "#/servers/", &what);
            }
            self.parameters(&name, &channel);
        }
        for (name, operation) in self.all(root, "operations") {
            let reply = operation.get("reply").cloned();
            let reply = reply.and_then(|reply| self.followed(&reply));
            for (tree, of) in [(Some(operation), "operation"), (reply, "the reply of operation")] {
                let Some(tree) = tree else { continue };
                let what = format!("{of} `{name}`");
                let Some(channel) = tree.get("channel") else { continue };
                self.points(channel, "#/channels/", &format!("the channel of {what}"));
                let prefix = format!("{}/messages/", channel.reference().unwrap_or_default());
                let messages = tree.get("messages").map(|all| all.items()).unwrap_or_default();
                for message in messages {
                    self.points(message, &prefix, &format!("a message of {what}"));
                }
            }
        }
    }

    fn all(&mut self, root: &Arc<Tree>, name: &str) -> Vec<(String, Arc<Tree>)> {
        let entries = root.get(name).map(|tree| tree.entries().to_vec()).unwrap_or_default();
        let all = entries
            .iter()
            .filter_map(|entry| Some((entry.name.clone(), self.followed(&entry.tree)?)));
        all.collect()
    }

    fn points(&mut self, tree: &Tree, prefix: &str, what: &str) {
        let Some(target) = tree.reference() else { return };
        let is_there = |rest: &str| !rest.contains('/');
        if tree.at.file == 0 && !target.strip_prefix(prefix).is_some_and(is_there) {
            let message = format!("{what} is referred to by `{prefix}…`, not by `{target}`");
            self.scope.error("asyncapi::bad-reference", message, tree.at);
        }
    }

    fn parameters(&mut self, name: &str, channel: &Tree) {
        let Some(address) = channel.get("address").filter(|address| address.text().is_some())
        else {
            return;
        };
        let text = address.text().unwrap_or_default();
        let used: Vec<&str> = text
            .split('{')
            .skip(1)
            .filter_map(|behind| behind.split_once('}').map(|(name, _)| name))
            .collect();
        let declared = channel.get("parameters").cloned();
        let declared = declared.and_then(|declared| self.followed(&declared));
        let entries = declared.as_ref().map(|declared| declared.entries()).unwrap_or_default();
        for one in &used {
            if !entries.iter().any(|entry| entry.name == *one) {
                let message = format!("channel `{name}` has no parameter `{one}`");
                self.scope.tell("asyncapi::bad-parameter", message, address.at, |error| {
                    let known = entries.iter().map(|entry| entry.name.as_str());
                    error.did_you_mean(one, known, None)
                });
            }
        }
        for entry in entries.iter().filter(|entry| !used.contains(&entry.name.as_str())) {
            let message = format!("the address of channel `{name}` does not use `{}`", entry.name);
            self.scope.warning("asyncapi::bad-parameter", message, entry.at);
        }
    }
}

fn is_extension(name: &str) -> bool {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.strip_prefix("x-").is_some_and(|rest| !rest.is_empty() && rest.chars().all(legal))
}

fn is_uri(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(legal)
            && !rest.chars().any(|c| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`'))
    })
}

fn is_mail(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(who, host)| {
        !who.is_empty() && !host.is_empty() && !host.contains(char::is_whitespace)
    })
}

fn is_location(text: &str) -> bool {
    let rest = text.strip_prefix("$message.header#").or(text.strip_prefix("$message.payload#"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The part of a tree at a JSON pointer, or what is nearest above it.
pub(super) fn below(tree: &Arc<Tree>, pointer: &str) -> Arc<Tree> {
    let mut here = Arc::clone(tree);
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match &here.value {
            Value::List(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
            _ => here.get(&part),
        };
        match next.cloned() {
            Some(next) => here = next,
            None => break,
        }
    }
    here
}

impl Document {
    /// The place of a part of a tree, by a JSON pointer into it.
    #[must_use]
    pub fn place_in(tree: &Arc<Tree>, pointer: &str) -> super::At {
        below(tree, pointer).at
    }
}
