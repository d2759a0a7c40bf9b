//! Reads a document: information, channels, messages.

use std::sync::Arc;

use super::bundle::bundle;
use super::format::{Format, is_json};
use super::library::{Files, Library};
use super::model::{Body, Channel, Document, Example, Framing, Key, Message, Parameter, Schema};
use super::operations::operations;
use super::rules::demand;
use super::scope::Scope;
use super::tree::{Entry, Tree, Value};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::evolution::Draft;

/// Whether a text looks like an AsyncAPI document, and not like a part of one or anything else.
#[must_use]
pub fn is_document(text: &str) -> bool {
    let is_named = |rest: &str| rest.trim_start().starts_with(':');
    // In JSON it may stand anywhere in a line.
    text.split("\"asyncapi\"").skip(1).any(is_named)
        || text.lines().any(|line| {
            let line = line.trim_start_matches('\u{feff}');
            let rest = ["asyncapi", "'asyncapi'"].iter().find_map(|word| line.strip_prefix(word));
            rest.is_some_and(is_named)
        })
}

/// Reads a document, and the files that it refers to. What is wrong is reported, all at once;
/// `None` where that leaves nothing to be used.
pub fn read(
    file: &Arc<SourceFile>,
    files: &dyn Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Document> {
    let (document, is_sound) = read_and(file, files, diagnostics, |_, _| {})?;
    is_sound.then_some(document)
}

/// As [`read`]; everything that AsyncAPI itself demands of a document is reported too, and what
/// could be read is returned in spite of errors.
pub fn inspect(
    file: &Arc<SourceFile>,
    files: &dyn Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Document> {
    read_and(file, files, diagnostics, demand).map(|(document, _)| document)
}

fn read_and(
    file: &Arc<SourceFile>,
    files: &dyn Files,
    diagnostics: &mut Vec<Diagnostic>,
    more: fn(&mut Scope, &Arc<Tree>),
) -> Option<(Document, bool)> {
    let (library, root) = Library::open(file, files, diagnostics)?;
    let mut scope = Scope::new(library);
    let mut document = scope.document(&root);
    if let Some(document) = &mut document {
        more(&mut scope, &root);
        document.not_checked.append(&mut scope.not_checked);
    }
    let is_sound = !scope.has_errors();
    diagnostics.append(&mut scope.diagnostics);
    document.map(|document| (document, is_sound))
}

/// A channel with what its operations need to know of it.
pub(super) struct Read {
    pub(super) channel: Channel,
    /// The channel, references followed.
    pub(super) tree: Arc<Tree>,
    /// Its messages, references followed, in the same order.
    pub(super) messages: Vec<Arc<Tree>>,
}

impl Scope {
    fn document(&mut self, root: &Arc<Tree>) -> Option<Document> {
        let what = "the document";
        let root = self.object(root, what)?;
        let version = root.get("asyncapi").and_then(|tree| tree.word());
        match (&version, root.get("asyncapi")) {
            (Some(version), Some(_)) if is_known(version) => {}
            (_, Some(tree)) => {
                let message = "`asyncapi` is not 3.0 or 3.1; no other version is read";
                self.error("asyncapi::version", message, tree.at);
                return None;
            }
            (_, None) => {
                let message = "this is no AsyncAPI document: it has no `asyncapi`";
                self.error("asyncapi::version", message, root.head());
                return None;
            }
        }
        let info = root.get("info").and_then(|info| self.object(info, "`info`"));
        let title = info.as_ref().and_then(|info| self.text(info, "title", "`info`"));
        let title = title.unwrap_or_default();
        let named = info.as_ref().and_then(|info| self.text(info, "x-service", "`info`"));
        let service = named.unwrap_or_else(|| service_of(&title));
        let place = |name: &str| Some(info.as_ref()?.get(name)?.at);
        let at = place("x-service").or_else(|| place("title")).unwrap_or(root.head());
        let version = info.as_ref().and_then(|info| info.get("version")?.word());
        let content = self.text(&root, "defaultContentType", what);
        let mut channels = Vec::new();
        for entry in self.members(&root, "channels", what) {
            channels.extend(self.channel(&entry.name, &entry.tree, content.as_deref()));
        }
        let operations = operations(self, &root, &mut channels, content.as_deref());
        Some(Document {
            service,
            title,
            version: version.unwrap_or_default(),
            files: self.library.files.clone().into(),
            at,
            channels: channels.into_iter().map(|read| read.channel).collect(),
            operations,
            not_checked: std::mem::take(&mut self.not_checked),
            root,
        })
    }

    pub(super) fn channel(
        &mut self,
        name: &str,
        tree: &Arc<Tree>,
        content: Option<&str>,
    ) -> Option<Read> {
        let what = format!("channel `{name}`");
        let tree = self.object(tree, &what)?;
        let address = match tree.get("address").map(|address| &address.value) {
            None | Some(Value::Null) => None,
            Some(_) => self.text(&tree, "address", &what),
        };
        let binding = self.below(&tree, &["bindings", "kafka"]);
        let topic = binding.as_ref().and_then(|binding| binding.get("topic")?.word());
        let partitions = binding.as_ref().and_then(|binding| binding.get("partitions")?.word());
        let policy = self.below(&tree, &["bindings", "kafka", "topicConfiguration"]);
        let policy = policy.and_then(|configuration| configuration.get("cleanup.policy").cloned());
        let is_compacted = policy.is_some_and(|policy| {
            let is = |tree: &Tree| tree.text().is_some_and(|text| text.contains("compact"));
            is(&policy) || policy.items().iter().any(|item| is(item))
        });
        let parameters = self.members(&tree, "parameters", &what);
        let parameters = parameters.iter().filter_map(|entry| self.parameter(entry)).collect();
        let (mut messages, mut trees) = (Vec::new(), Vec::new());
        for entry in self.members(&tree, "messages", &what) {
            if let Some((message, tree)) = self.message(&entry, content) {
                messages.push(message);
                trees.push(tree);
            }
        }
        let servers = tree.get("servers").map(|servers| servers.items()).unwrap_or_default();
        let server = |item: &Arc<Tree>| Some(item.reference()?.rsplit('/').next()?.to_owned());
        let channel = Channel {
            name: name.to_owned(),
            topic: topic.or(address),
            parameters,
            description: described(&tree),
            discriminator: self.text(&tree, "x-discriminator", &what),
            is_compacted,
            partitions,
            servers: servers.iter().filter_map(server).collect(),
            messages,
            at: tree.head(),
        };
        Some(Read { channel, tree, messages: trees })
    }

    fn parameter(&mut self, entry: &Entry) -> Option<Parameter> {
        let tree = self.object(&entry.tree, &format!("parameter `{}`", entry.name))?;
        let allowed = tree.get("enum").map(|allowed| allowed.items()).unwrap_or_default();
        Some(Parameter {
            name: entry.name.clone(),
            allowed: allowed.iter().filter_map(|value| value.word()).collect(),
            description: described(&tree),
        })
    }

    fn message(&mut self, entry: &Entry, content: Option<&str>) -> Option<(Message, Arc<Tree>)> {
        let what = format!("message `{}`", entry.name);
        let own = self.object(&entry.tree, &what)?;
        let tree = self.with_traits(&own, &what);
        let at = own.head();
        let content = self.text(&tree, "contentType", &what).or(content.map(str::to_owned));
        let part = |part: &str| format!("the {part} of {what}");
        let mut payload = match tree.get("payload") {
            None => Body::Free,
            Some(payload) => self.body(payload, &part("value")),
        };
        if let Some(content) = content.as_deref().filter(|content| !is_json(content)) {
            if let Body::Schema(schema) = &payload {
                let what = format!("{} is `{content}`, not JSON", part("value"));
                self.not_checked(what, schema.at);
            }
            payload = Body::NotChecked;
        }
        let headers = match tree.get("headers") {
            None => Body::Free,
            Some(headers) => self.body(headers, &part("headers")),
        };
        let binding = self.below(&tree, &["bindings", "kafka"]);
        let key = binding.as_ref().and_then(|binding| binding.get("key").cloned());
        let record_key = match key {
            None => Body::Free,
            Some(key) => self.record_key(&key, &part("key")),
        };
        let is_framed =
            binding.is_some_and(|binding| binding.text_of("schemaIdLocation") == Some("payload"));
        let message = Message {
            key: entry.name.clone(),
            name: self.text(&tree, "name", &what).unwrap_or_else(|| entry.name.clone()),
            title: self.text(&tree, "title", &what),
            description: described(&tree),
            content_type: content,
            payload,
            headers,
            record_key,
            framing: if is_framed { Framing::Registry } else { Framing::Plain },
            made_key: self.made_key(&tree),
            examples: self.examples(&tree, "examples", &what),
            invalid_examples: self.examples(&tree, "x-invalid-examples", &what),
            at,
        };
        Some((message, own))
    }

    /// A schema, or why there is nothing to check.
    fn body(&mut self, tree: &Arc<Tree>, what: &str) -> Body {
        let Some(mut tree) = self.follow(tree, what) else {
            return Body::NotChecked;
        };
        let mut draft = Draft::Seven;
        if let Some(format) = tree.get("schemaFormat") {
            match Format::named(format.text().unwrap_or_default()) {
                Format::Json(named) => draft = named,
                Format::Other(name) => {
                    self.not_checked(format!("{what} is {name}"), tree.head());
                    return Body::NotChecked;
                }
            }
            let Some(schema) = tree.get("schema") else {
                let message = format!("{what} has a `schemaFormat` and no `schema`");
                self.error("asyncapi::missing-keyword", message, tree.head());
                return Body::NotChecked;
            };
            let schema = Arc::clone(schema);
            match self.follow(&schema, what) {
                Some(schema) => tree = schema,
                None => return Body::NotChecked,
            }
        }
        Body::Schema(Arc::new(self.schema(&tree, draft, what)))
    }

    fn schema(&mut self, tree: &Arc<Tree>, draft: Draft, what: &str) -> Schema {
        bundle(self, tree, draft, what)
    }

    /// The key of a Kafka binding is a JSON Schema or one of Avro, and nothing says which.
    fn record_key(&mut self, tree: &Arc<Tree>, what: &str) -> Body {
        const OF_AVRO: [&str; 8] =
            ["record", "bytes", "fixed", "long", "int", "double", "float", "map"];
        let Some(tree) = self.follow(tree, what) else {
            return Body::NotChecked;
        };
        if tree.text_of("type").is_some_and(|kind| OF_AVRO.contains(&kind)) {
            self.not_checked(format!("{what} is Avro"), tree.head());
            return Body::NotChecked;
        }
        self.body(&tree, what)
    }

    fn made_key(&mut self, tree: &Tree) -> Option<Key> {
        let key = tree.get("x-key")?;
        Some(Key {
            field: key.text_of("field")?.to_owned(),
            encoding: key.text_of("encoding")?.to_owned(),
            is_documented: key.text_of("basis") != Some("field"),
            at: key.at,
        })
    }

    fn examples(&mut self, tree: &Tree, name: &str, what: &str) -> Vec<Example> {
        let all = tree.get(name).map(|all| all.items().to_vec()).unwrap_or_default();
        let mut examples = Vec::new();
        for item in &all {
            let Some(example) = self.object(item, &format!("an example of {what}")) else {
                continue;
            };
            examples.push(Example {
                name: example.text_of("name").map(str::to_owned),
                payload: example.get("payload").cloned(),
                headers: example.get("headers").cloned(),
                at: example.head(),
            });
        }
        examples
    }
}

fn is_known(version: &str) -> bool {
    ["3.0", "3.1"].iter().any(|known| {
        version.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

fn described(tree: &Tree) -> Option<String> {
    tree.text_of("description").or_else(|| tree.text_of("summary")).map(str::to_owned)
}

/// A title as the name of a service: letters and digits in lower case, `_` for all else.
fn service_of(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_alphanumeric() => name.push(c),
            _ if name.is_empty() || name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    name.trim_end_matches('_').to_owned()
}
