//! Reading a word and its fields: messages, filters, key fields.

use super::{Demand, Reader};
use crate::diagnostic::{Diagnostic, Span};
use crate::message::Json;
use crate::property::vocabulary::{EXCUSE, Word};
use crate::property::{Kind, Selected, Side, Target};
use crate::scenario::parse_duration;
use crate::yaml::{Meaning, Node, Scalar};

/// The fields of a message that is not all of its records.
const SELECTED: [&str; 4] = ["message", "where", "caused_by", "by"];

impl Reader<'_> {
    pub(super) fn word(&mut self, word: &'static Word, node: &Node) -> Option<Demand> {
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
        let mut side = |name: &'static str| node.get(name).map(|side| self.side(name, side));
        let (first, then) = (word.first.map(&mut side), side(word.then));
        let excuse = word.takes_excuse().then(|| side(EXCUSE.name)).flatten();
        let within = node.get("within").map(|within| self.within(within));
        let repeats = node.get("first_may_repeat").map(|is| self.truth("`first_may_repeat`", is));
        let mut first = first.flatten().unwrap_or(Some(Side::default()));
        let (mut then, mut excuse) =
            (then.flatten(), excuse.map_or(Some(None), |one| one.map(Some)));
        if let Some(by) = node.get(word.by) {
            let mut sides = Vec::new();
            if let (Some(name), Some(side)) = (word.first, first.as_mut()) {
                sides.push((name, side));
            }
            sides.extend(then.as_mut().map(|side| (word.then, side)));
            sides.extend(excuse.as_mut().and_then(Option::as_mut).map(|one| (EXCUSE.name, one)));
            self.by(by, sides);
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
            name => Kind::Ordered { is_answer: name == "answers_carry" },
        };
        Some(Demand { word, kind, first: first?, then: then?, excuse: excuse? })
    }

    /// One message or several.
    fn side(&mut self, name: &str, node: &Node) -> Option<Side> {
        let one = std::slice::from_ref(node);
        let items = node.sequence().unwrap_or(one);
        if items.is_empty() {
            self.wrong_type(&format!("`{name}`"), "a message or a list of them", node);
            return None;
        }
        let read: Vec<_> = items.iter().map(|item| self.selected(name, item)).collect();
        let read = read.into_iter().collect::<Option<Vec<_>>>()?;
        let (messages, names): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let name = names.join(" or ");
        Some(Side { messages, by: Vec::new(), name })
    }

    /// A message, with all its records or some of them.
    fn selected(&mut self, name: &str, node: &Node) -> Option<(Selected, String)> {
        if node.mapping().is_none() {
            let (target, text) = self.target(name, node)?;
            return Some((Selected { target, ..Selected::default() }, text));
        }
        self.known(node, &SELECTED);
        let message = self.needed(node, "message").and_then(|one| self.target("message", one));
        let filters = match (node.get("where"), &message) {
            (Some(filters), Some((target, _))) => self.filters(target, filters),
            _ => Some(Vec::new()),
        };
        let causes = node.get("caused_by").map(|causes| self.side("caused_by", causes));
        let own = node.get("by").map(|by| self.paths(by));
        let (target, text) = message?;
        for (pointer, span) in own.iter().flatten() {
            self.has_field(&target, pointer, *span);
        }
        let by = own.map(|own| own.into_iter().map(|(pointer, _)| pointer).collect());
        let causes = causes.unwrap_or(Some(Side::default()))?;
        let caused_by = causes.messages.into_iter().map(|one| one.target).collect();
        Some((Selected { target, filters: filters?, caused_by, by }, text))
    }

    /// What fields must hold.
    fn filters(&mut self, target: &Target, node: &Node) -> Option<Vec<(String, Json)>> {
        let Some(fields) = node.mapping() else {
            self.wrong_type("`where`", "a mapping of fields to values", node);
            return None;
        };
        let mut all = Vec::new();
        for (key, value) in fields {
            let pointer = format!("/{}", key.text().unwrap_or_default().replace('.', "/"));
            self.has_field(target, &pointer, key.span);
            let value = match value.scalar().map(Scalar::meaning) {
                Some(Meaning::Text(text)) => Json::from(text),
                Some(Meaning::Bool(is)) => Json::Bool(is),
                Some(Meaning::Number(text)) => Json::parse(text.as_bytes()).ok()?,
                Some(Meaning::Null) => Json::Null,
                Some(Meaning::Missing) | None => {
                    self.wrong_type("the value of a field", "a text, number or truth", value);
                    return None;
                }
            };
            all.push((pointer, value));
        }
        Some(all)
    }

    fn target(&mut self, name: &str, node: &Node) -> Option<(Target, String)> {
        let text = self.text(&format!("`{name}`"), node)?;
        let (channel, message) = match text.split_once('/') {
            Some((channel, message)) => (channel, Some(message)),
            None => (text.as_str(), None),
        };
        let named = (channel.to_owned(), message.map(str::to_owned));
        let target = Target { channel: named.0, message: named.1 };
        let Some(contracts) = self.contracts else { return Some((target, text)) };
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
            return Some((target, text));
        };
        if contracts.message_named(found, message).is_none() {
            let known: Vec<_> = contracts.messages(found).map(|kind| &*kind.name).collect();
            let help = format!("its messages are {}", known.join(", "));
            let wrong = format!("channel `{channel}` has no message `{message}`");
            let error = Diagnostic::error("property::unknown-message", wrong, self.file, node.span);
            self.diagnostics.push(error.did_you_mean(message, known, Some(help)));
            return None;
        }
        Some((target, text))
    }

    /// The key fields: the same for all sides, or by side.
    fn by(&mut self, node: &Node, sides: Vec<(&'static str, &mut Side)>) {
        if node.mapping().is_none() {
            let paths = self.paths(node);
            for (_, side) in sides {
                self.assign(&paths, side);
            }
            return;
        }
        let names: Vec<_> = sides.iter().map(|(name, _)| *name).collect();
        self.known(node, &names);
        let mut counts = Vec::new();
        for (name, side) in sides {
            let Some(own) = self.needed(node, name) else { continue };
            let paths = self.paths(own);
            counts.push(paths.len());
            self.assign(&paths, side);
        }
        if counts.windows(2).any(|two| two[0] != two[1]) {
            let message = "all sides have the same number of key fields".to_owned();
            self.error("property::wrong-type", message, node.span);
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
    fn assign(&mut self, paths: &[(String, Span)], side: &mut Side) {
        for (pointer, span) in paths {
            for one in side.messages.iter().filter(|one| one.by.is_none()) {
                if !self.has_field(&one.target, pointer, *span) {
                    break;
                }
            }
        }
        side.by = paths.iter().map(|(pointer, _)| pointer.clone()).collect();
        let own = side.messages.iter().filter_map(|one| one.by.as_ref());
        if let (Some((_, span)), false) =
            (paths.first(), own.clone().all(|own| own.len() == paths.len()))
        {
            let message = "a message has another number of key fields of its own".to_owned();
            self.error("property::wrong-type", message, *span);
        }
    }

    /// Whether a message has a field; that it has not is told.
    fn has_field(&mut self, target: &Target, pointer: &str, span: Span) -> bool {
        let Some(contracts) = self.contracts else { return true };
        let channel = contracts.channel_ix(&target.channel);
        let kinds = channel.into_iter().flat_map(|channel| contracts.messages(channel));
        let named = |name: &str| target.message.as_ref().is_none_or(|of| of == name);
        let mut kinds = kinds.filter(|kind| named(&kind.name));
        let has = kinds.any(|kind| kind.field(pointer).is_some());
        if !has {
            let path = pointer.trim_start_matches('/').replace('/', ".");
            let message = format!("{} has no field `{path}`", target.told());
            self.error("property::unknown-key", message, span);
        }
        has
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
}
