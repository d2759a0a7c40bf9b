//! Steps: which verb, its fields, and the verbs that are not about records.

use crate::diagnostic::{Span, suggest};
use crate::scenario::plan::{DurationSpec, Let, Repeat, Return, Step, Use, Verb};
use crate::scenario::template::{Field, Name, NameAt, Template, TemplateKind};
use crate::scenario::vocabulary::{VERBS, VerbKind, Word, find, names};
use crate::yaml::{Meaning, Node, Scalar};

use super::duration::{HELP, parse_duration};
use super::scope::Origin;
use super::template::{Role, Secret, literal_spans};
use super::{Bare, Fields, Reader, clip, list};

/// How often `repeat` may repeat.
const MAX_REPEATS: i128 = 10_000;

impl Reader<'_, '_> {
    /// Reads a list of steps; what cannot be read is reported and left out.
    pub(crate) fn steps(&mut self, node: &Node, what: &str) -> Vec<Step> {
        let Some(items) = self.items(node, what) else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for item in items {
            if self.loader.is_full() {
                self.scope.incomplete = true;
                break;
            }
            steps.extend(self.step(item));
            self.scope.show_all();
        }
        steps
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "a step", "a mapping with a verb");
            self.scope.incomplete = true;
            return None;
        };
        let Some((word, verb_key)) = self.verb(node, entries) else {
            self.scope.incomplete = true;
            return None;
        };
        let fields = self.step_fields(node, entries, word, verb_key);
        let verb = self.read_verb(word, &fields)?;
        Some(Step { span: node.span, verb_span: verb_key.span, verb })
    }

    /// The one verb of a step.
    fn verb<'n>(
        &mut self,
        node: &Node,
        entries: &'n [(Node, Node)],
    ) -> Option<(&'static Word<VerbKind>, &'n Node)> {
        let named = entries.iter().filter_map(|(key, _)| Some((find(VERBS, key.text()?)?, key)));
        let named: Vec<_> = named.collect();
        // `expect` is a field of `query`, not a second verb.
        let is_query = named.iter().any(|(word, _)| word.kind == VerbKind::Query);
        let verbs: Vec<_> = named
            .into_iter()
            .filter(|(word, _)| !(is_query && word.kind == VerbKind::Expect))
            .collect();
        match verbs.as_slice() {
            [one] => Some(*one),
            [first, second, ..] => {
                let message =
                    format!("a step has one verb, not `{}` and `{}`", first.0.name, second.0.name);
                let diagnostic = self
                    .error("scenario::several-verbs", message, second.1.span)
                    .related(&self.file.clone(), first.1.span, "the first one")
                    .help("make it two steps, each with a `-`");
                self.push(diagnostic);
                Some(*first)
            }
            [] => self.near_verb(node, entries),
        }
    }

    /// The verb that a step without one is probably meant to have.
    fn near_verb<'n>(
        &mut self,
        node: &Node,
        entries: &'n [(Node, Node)],
    ) -> Option<(&'static Word<VerbKind>, &'n Node)> {
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            let is_field = VERBS.iter().any(|verb| verb.field_names().any(|field| field == name));
            if let Some(near) = suggest(name, names(VERBS)).filter(|_| !is_field) {
                let message = format!("there is no verb `{}`", clip(name));
                let diagnostic = self
                    .error("scenario::unknown-verb", message, key.span)
                    .help(format!("did you mean `{near}`?"));
                self.push(diagnostic);
                return find(VERBS, near).map(|word| (word, key));
            }
        }
        let span = entries.first().map_or(node.span, |(key, _)| key.span);
        let diagnostic = self
            .error("scenario::unknown-verb", "this step has no verb", span)
            .help(format!("the verbs are {}", list(names(VERBS))));
        self.push(diagnostic);
        None
    }

    /// The fields of a step that belong to its verb.
    fn step_fields<'n>(
        &mut self,
        node: &Node,
        entries: &'n [(Node, Node)],
        word: &'static Word<VerbKind>,
        verb_key: &Node,
    ) -> Fields<'n> {
        let mut fields = Fields { entries: Vec::new() };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            if key.span == verb_key.span {
                fields.entries.push((word.name, key, value));
            } else if let Some(field) = word.fields[1..].iter().find(|field| field.name == name) {
                fields.entries.push((field.name, key, value));
            } else if find(VERBS, name).is_none() {
                let near = self.foreign_field(key, word);
                fields.read_as(near, entries, (key, value));
            }
        }
        self.missing_fields(&fields, node, &format!("`{}`", word.name), word.fields);
        fields
    }

    /// Reports a field that does not go with the verb; returns the one that is probably meant.
    fn foreign_field(&mut self, key: &Node, word: &'static Word<VerbKind>) -> Option<&'static str> {
        let name = key.text().unwrap_or_default();
        let owners = VERBS.iter().filter(|verb| verb.field_names().any(|field| field == name));
        let owners: Vec<_> = owners.map(|verb| verb.name).collect();
        if owners.is_empty() {
            let what = format!("`{}`", word.name);
            return self.unknown_field(key, &what, &word.fields[1..]);
        }
        let message = format!("`{name}` does not go with `{}`", word.name);
        let diagnostic = self
            .error("scenario::misplaced-field", message, key.span)
            .note(format!("it goes with {}", list(owners)));
        let own = word.field_names().skip(1);
        let diagnostic = match own.clone().count() {
            0 => diagnostic,
            _ => diagnostic.help(format!("`{}` takes {}", word.name, list(own))),
        };
        self.push(diagnostic);
        None
    }

    fn read_verb(&mut self, word: &'static Word<VerbKind>, fields: &Fields<'_>) -> Option<Verb> {
        let value = fields.get(word.name)?;
        match word.kind {
            VerbKind::Send => self.send(value, fields).map(Verb::Send),
            VerbKind::Expect => self.expect(value, fields).map(Verb::Expect),
            VerbKind::ExpectAll => {
                self.expect_many(value, fields, "`expect_all`").map(Verb::ExpectAll)
            }
            VerbKind::ExpectInOrder => {
                self.expect_many(value, fields, "`expect_in_order`").map(Verb::ExpectInOrder)
            }
            VerbKind::Never => self.never(value, fields).map(Verb::Never),
            VerbKind::Allow => self.allow(value).map(Verb::Allow),
            VerbKind::Advance => self.duration(value, "`advance`").map(Verb::Advance),
            VerbKind::Fault => self.fault(value, fields).map(Verb::Fault),
            VerbKind::Repeat => self.repeat(value, fields).map(Verb::Repeat),
            VerbKind::Use => self.use_fragment(value, fields).map(Verb::Use),
            VerbKind::Let => self.let_names(value).map(Verb::Let),
            VerbKind::Stimulus => self.stimulus(value, fields).map(Verb::Stimulus),
            VerbKind::Query => self.query(value, fields).map(Verb::Query),
        }
    }

    /// A duration, or a variable that holds one.
    pub(crate) fn duration(&mut self, node: &Node, what: &str) -> Option<DurationSpec> {
        if let Some(name) = self.as_variable(node) {
            let cells = self.cells(&name.name);
            let bad = cells.into_iter().find(|cell| duration_of(&cell.value).is_none());
            if let Some(cell) = bad {
                let message = format!("{what} takes this value, which is no duration");
                let diagnostic =
                    self.error("scenario::bad-duration", message, cell.span).help(HELP);
                self.push(diagnostic);
            }
            return Some(DurationSpec::Var(name));
        }
        self.fixed_duration(node, what).map(DurationSpec::Fixed)
    }

    /// A duration that is written out.
    pub(crate) fn fixed_duration(
        &mut self,
        node: &Node,
        what: &str,
    ) -> Option<std::time::Duration> {
        let text = node.text().filter(|_| node.scalar().is_some());
        let duration = text.and_then(parse_duration);
        if duration.is_none() {
            let message = format!("{what} must be a duration");
            let diagnostic = self.error("scenario::bad-duration", message, node.span).help(HELP);
            self.push(diagnostic);
        }
        duration
    }

    /// The variable that a node is, taken note of as used.
    pub(crate) fn as_variable(&mut self, node: &Node) -> Option<NameAt> {
        let Some(Meaning::Text(text)) = node.scalar().map(Scalar::meaning) else {
            return None;
        };
        let name = text.strip_prefix('$').filter(|name| super::is_name(name))?;
        self.use_variable(name, node.span);
        Some(NameAt { name: Name::from(name), span: node.span })
    }

    fn repeat(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Repeat> {
        let times = self.times(value);
        self.scope.repeats += 1;
        let steps = fields.get("steps").map(|node| self.steps(node, "`steps`"));
        self.scope.repeats -= 1;
        Some(Repeat { times: times?, steps: steps? })
    }

    fn times(&mut self, node: &Node) -> Option<Template> {
        let times = self.template(node, Role::Make, Secret::No)?;
        let in_range = |json: &crate::message::Json| {
            json.as_integer().is_some_and(|times| (0..=MAX_REPEATS).contains(&times))
        };
        let message = format!("`repeat` takes a whole number from 0 to {MAX_REPEATS}");
        match &times.kind {
            TemplateKind::Literal(json) if in_range(json) => Some(times),
            TemplateKind::Var(name) => {
                let bad = self.cells(name).into_iter().find(|cell| !in_range(&cell.value));
                if let Some(cell) = bad {
                    self.report("scenario::out-of-range", message, cell.span);
                }
                Some(times)
            }
            _ => {
                self.report("scenario::out-of-range", message, node.span);
                None
            }
        }
    }

    fn let_names(&mut self, node: &Node) -> Option<Vec<Let>> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "`let`", "a mapping of names to values");
            return None;
        };
        let mut lets = Vec::new();
        for (key, value) in entries {
            let name = self.new_name(key, "a name of `let`", Bare::Allowed);
            let secret = match &name {
                Some(NameAt { name, .. })
                    if self.is_secret(name) || self.scope.secrets.contains(name) =>
                {
                    Secret::Yes
                }
                _ => Secret::No,
            };
            let value = self.template(value, Role::Make, secret);
            let Some(name) = name else { continue };
            self.bind(&name, Origin::Let);
            if let Some(value) = value {
                self.scope.value_stands_at(&name.name, literal_spans(&value));
                if secret == Secret::Yes {
                    self.scope.make_secret(&name.name);
                }
                lets.push(Let { name, value });
            }
        }
        Some(lets)
    }

    fn use_fragment(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Use> {
        let path = self.text(value, "`use`");
        let fragment = path.and_then(|path| self.loader.fragment(&self.file, path, value.span));
        let mut arguments = Vec::new();
        if let Some(with) = fields.get("with") {
            arguments = self.arguments(with, fragment.as_deref());
        }
        let Some(fragment) = fragment else {
            // What it would have returned is not known.
            self.scope.incomplete = true;
            return None;
        };
        for parameter in &fragment.parameters {
            let given = |field: &Field| field.name == *parameter.name;
            let with = fields.get("with").and_then(Node::mapping).unwrap_or_default();
            let named = with.iter().any(|(key, _)| key.text() == Some(&parameter.name));
            if !named && !arguments.iter().any(given) {
                let message = format!("the fragment needs `{}`", parameter.name);
                let diagnostic = self
                    .error("scenario::missing-parameter", message, value.span)
                    .related(&fragment.file, parameter.span, "its parameter")
                    .help(format!("add `with: {{ {}: … }}`", parameter.name));
                self.push(diagnostic);
            }
        }
        let returns = self.returns(&fragment, fields.get("as"), value.span);
        let path = path.unwrap_or_default().to_owned();
        Some(Use { path, span: value.span, fragment, arguments, returns })
    }

    fn arguments(
        &mut self,
        node: &Node,
        fragment: Option<&crate::scenario::plan::Fragment>,
    ) -> Vec<Field> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "`with`", "a mapping");
            return Vec::new();
        };
        let mut arguments = Vec::new();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let known = fragment.map(|f| f.parameters.iter().map(|p| &*p.name).collect());
            let known: Option<Vec<&str>> = known;
            if let (Some(known), Some(fragment)) = (&known, fragment)
                && !known.contains(&name)
            {
                let message = format!("the fragment has no parameter `{}`", clip(name));
                let all = match known.as_slice() {
                    [] => "it has no parameters".to_owned(),
                    known => format!("its parameters are {}", list(known.iter().copied())),
                };
                let diagnostic = self
                    .error("scenario::unknown-parameter", message, key.span)
                    .note(format!("the fragment is {}", fragment.file.path))
                    .did_you_mean(name, known.iter().copied(), Some(all));
                self.push(diagnostic);
            }
            let is_secret =
                self.is_secret(name) || fragment.is_some_and(|f| f.secrets.contains(name));
            let secret = if is_secret { Secret::Yes } else { Secret::No };
            if let Some(value) = self.template(value, Role::Make, secret) {
                arguments.push(Field { name: name.to_owned(), span: key.span, value });
            }
        }
        arguments
    }

    /// What a fragment gives back, and under which names.
    fn returns(
        &mut self,
        fragment: &crate::scenario::plan::Fragment,
        renamed: Option<&Node>,
        span: Span,
    ) -> Vec<Return> {
        let mut outer: Vec<(Name, NameAt)> = Vec::new();
        match renamed.map(|node| (node, node.mapping())) {
            None => {}
            Some((_, Some(entries))) => {
                for (key, value) in entries {
                    let inner = key.text().unwrap_or_default();
                    let inner = inner.strip_prefix('$').unwrap_or(inner);
                    if !fragment.returns.iter().any(|name| *name.name == *inner) {
                        self.unknown_return(key.span, inner, fragment);
                    }
                    if let Some(name) = self.new_name(value, "the new name", Bare::Refused) {
                        outer.push((Name::from(inner), name));
                    }
                }
            }
            Some((node, None)) => {
                let name = self.new_name(node, "`as`", Bare::Refused);
                match (fragment.returns.as_slice(), name) {
                    ([one], Some(name)) => outer.push((one.name.clone(), name)),
                    (_, None) => {}
                    (_, Some(_)) => {
                        let message = "`as` with one name is for fragments that return one value";
                        let all = list(fragment.returns.iter().map(|name| &*name.name));
                        let diagnostic = self
                            .error("scenario::unknown-return", message, node.span)
                            .note(format!("this one returns {all}"))
                            .help("write `as: { returned: $name }`");
                        self.push(diagnostic);
                    }
                }
            }
        }
        let mut returns = Vec::new();
        for inner in &fragment.returns {
            let renamed = outer.iter().find(|(name, _)| *name == inner.name);
            let outer =
                renamed.map_or(NameAt { name: inner.name.clone(), span }, |(_, to)| to.clone());
            self.bind(&outer, Origin::Matched);
            if fragment.secrets.contains(&inner.name) {
                self.scope.make_secret(&outer.name);
            }
            returns.push(Return { inner: inner.name.clone(), outer });
        }
        returns
    }

    fn unknown_return(
        &mut self,
        span: Span,
        name: &str,
        fragment: &crate::scenario::plan::Fragment,
    ) {
        let known = || fragment.returns.iter().map(|name| &*name.name);
        let message = format!("the fragment does not return `{}`", clip(name));
        let diagnostic = self.error("scenario::unknown-return", message, span).did_you_mean(
            name,
            known(),
            Some(format!("it returns {}", list(known()))),
        );
        self.push(diagnostic);
    }
}

/// The duration that a value means where a variable stands for one.
pub(crate) fn duration_of(value: &crate::message::Json) -> Option<std::time::Duration> {
    match value {
        crate::message::Json::String(text) => parse_duration(text),
        crate::message::Json::Number(number) => {
            let seconds = u64::try_from(number.as_integer()?).ok()?;
            parse_duration(&format!("{seconds}s"))
        }
        _ => None,
    }
}
