//! Values: literals, variables, matchers in braces, objects and lists.

use crate::diagnostic::{Diagnostic, Span};
use crate::message::{Json, Number};
use crate::scenario::template::{
    Field, Matcher, MatcherKind, Name, Template, TemplateKind, TextPart,
};
use crate::scenario::vocabulary::{MATCHERS, MatcherShape};
use crate::yaml::{Meaning, Node, Value, is_secret_name};

use super::{Reader, is_name, matcher};

/// What becomes of a template where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A value is made: matchers generate.
    Make,
    /// A value is matched, and parts of it can be remembered.
    Match,
    /// A value is matched where nothing can be remembered; this says why.
    MatchOnly(&'static str),
    /// A value that is known before anything runs: literals and columns.
    Data,
}

impl Reader<'_, '_> {
    /// Reads a value. `secret` hides its literals.
    pub(crate) fn template(&mut self, node: &Node, role: Role, secret: Secret) -> Option<Template> {
        match &node.value {
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Missing => {
                    let message = "a value is missing; write null if that is meant";
                    self.report("scenario::wrong-type", message, node.span);
                    None
                }
                Meaning::Text(text) => self.text_template(text, node.span, role, secret),
                _ => Some(literal(node)),
            },
            Value::Sequence(items) => {
                let items = items.iter().map(|item| self.template(item, role, secret));
                // All are read before the first failure counts.
                let items: Vec<_> = items.collect();
                let items = items.into_iter().collect::<Option<_>>()?;
                Some(Template { span: node.span, kind: TemplateKind::List(items) })
            }
            Value::Mapping(entries) => match entries.as_slice() {
                [(key, value)] if key_matcher(key).is_some() => {
                    self.key_matcher(node.span, key, value, role, secret)
                }
                entries => self.object(node.span, entries, role, secret),
            },
        }
    }

    fn object(
        &mut self,
        span: Span,
        entries: &[(Node, Node)],
        role: Role,
        secret: Secret,
    ) -> Option<Template> {
        let mut fields = Vec::new();
        let mut complete = true;
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let secret = if self.is_secret(name) { Secret::Yes } else { secret };
            match self.template(value, role, secret) {
                Some(value) => fields.push(Field { name: name.to_owned(), span: key.span, value }),
                None => complete = false,
            }
        }
        complete.then_some(Template { span, kind: TemplateKind::Object(fields) })
    }

    fn text_template(
        &mut self,
        text: &str,
        span: Span,
        role: Role,
        secret: Secret,
    ) -> Option<Template> {
        if let Some(name) = text.strip_prefix('$') {
            return self.variable(name, span, secret);
        }
        if matcher::looks_like_one(text) {
            if secret == Secret::Yes {
                self.file.mask(span);
            }
            let matcher = self.angle_matcher(text, span, role)?;
            if let (Secret::Yes, MatcherKind::Text(parts)) = (secret, &matcher.kind) {
                self.hide_variables_of(parts);
            }
            return Some(Template { span, kind: TemplateKind::Matcher(matcher) });
        }
        if secret == Secret::Yes {
            self.file.mask(span);
        }
        self.warn_of_interpolation(text, span);
        Some(Template { span, kind: TemplateKind::Literal(Json::from(text)) })
    }

    /// What is put into a secret text is a secret itself.
    fn hide_variables_of(&mut self, parts: &[TextPart]) {
        for part in parts {
            if let TextPart::Var(name) = part {
                for value in self.scope.make_secret(&name.name) {
                    self.file.mask(value);
                }
            }
        }
    }

    fn variable(&mut self, name: &str, span: Span, secret: Secret) -> Option<Template> {
        if !is_name(name) {
            if secret == Secret::Yes {
                self.file.mask(span);
            }
            let diagnostic = self
                .error("scenario::bad-variable", "this is not the name of a variable", span)
                .help("write a text that starts with `$` as `{ exactly: … }`");
            self.push(diagnostic);
            return None;
        }
        self.use_variable(name, span);
        if secret == Secret::Yes {
            for value in self.scope.make_secret(name) {
                self.file.mask(value);
            }
        }
        Some(Template { span, kind: TemplateKind::Var(Name::from(name)) })
    }

    /// `a-$name` is no substitution; whoever writes it may think so.
    fn warn_of_interpolation(&mut self, text: &str, span: Span) {
        let named = text.split('$').skip(1).any(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            is_name(name) && self.scope.is_bound(name)
        });
        if named {
            let message = "a variable within a text is not replaced";
            let warning = Diagnostic::warning(
                "scenario::no-interpolation",
                message,
                &self.file,
                span,
            )
            .help("only a value that is `$name` as a whole is a variable; write `<text a-{name}>`");
            self.push(warning);
        }
    }

    fn key_matcher(
        &mut self,
        span: Span,
        key: &Node,
        value: &Node,
        role: Role,
        secret: Secret,
    ) -> Option<Template> {
        let name = key_matcher(key)?;
        if name == "exactly" {
            let json = self.exact(value, secret)?;
            return Some(Template { span, kind: TemplateKind::Literal(json) });
        }
        self.check_role(name, key.span, role)?;
        let inner = match role {
            Role::Match => {
                Role::MatchOnly("which of several values it would remember is not clear")
            }
            role => role,
        };
        let one = |reader: &mut Self| reader.template(value, inner, secret).map(Box::new);
        let kind = match name {
            "each" => MatcherKind::Each(one(self)?),
            "length" => MatcherKind::Length(one(self)?),
            "not" => MatcherKind::Not(one(self)?),
            _ => {
                let items = self.items(value, &format!("`{name}`"))?;
                let items: Vec<_> =
                    items.iter().map(|item| self.template(item, inner, secret)).collect();
                let items: Vec<Template> = items.into_iter().collect::<Option<_>>()?;
                match name {
                    "one_of" => MatcherKind::OneOf(items),
                    "has" => MatcherKind::Has(items),
                    _ => MatcherKind::AnyOrder(items),
                }
            }
        };
        let matcher = Matcher { kind, bind: None };
        Some(Template { span, kind: TemplateKind::Matcher(matcher) })
    }

    /// Whether a matcher of this name can stand where it does.
    pub(crate) fn check_role(&mut self, name: &str, span: Span, role: Role) -> Option<()> {
        let cannot_make =
            ["any", "present", "matches", "each", "has", "length", "not"].contains(&name);
        let message = match role {
            Role::Data => format!("`{name}` is a matcher; here values must be known beforehand"),
            Role::Make if cannot_make => {
                format!("`{name}` does not say which value is to be sent")
            }
            _ => return Some(()),
        };
        let diagnostic = self
            .error("scenario::cannot-generate", message, span)
            .help("write a value, or `{ exactly: … }` if this very text is meant");
        self.push(diagnostic);
        None
    }

    /// Whether values under this name are never shown.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        is_secret_name(name) || self.loader.known.contracts.is_sensitive(name)
    }

    /// The value as it is written.
    fn exact(&mut self, node: &Node, secret: Secret) -> Option<Json> {
        match &node.value {
            Value::Scalar(scalar) => {
                if scalar.meaning() == Meaning::Missing {
                    self.wrong_type(node, "`exactly`", "a value");
                    return None;
                }
                if secret == Secret::Yes {
                    self.file.mask(node.span);
                }
                Some(scalar_json(node))
            }
            Value::Sequence(items) => {
                let items: Vec<_> = items.iter().map(|item| self.exact(item, secret)).collect();
                Some(Json::Array(items.into_iter().collect::<Option<_>>()?))
            }
            Value::Mapping(entries) => {
                let fields: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| {
                        let name = key.text().unwrap_or_default();
                        let secret = if self.is_secret(name) { Secret::Yes } else { secret };
                        Some((name.to_owned(), self.exact(value, secret)?))
                    })
                    .collect();
                Some(Json::Object(fields.into_iter().collect::<Option<_>>()?))
            }
        }
    }
}

/// Whether a value must not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// It stands under a secret name.
    Yes,
    /// It can be shown.
    No,
}

/// The places of the literals in a template.
pub(crate) fn literal_spans(template: &Template) -> Vec<Span> {
    match &template.kind {
        TemplateKind::Literal(_) => vec![template.span],
        _ => template.children().into_iter().flat_map(literal_spans).collect(),
    }
}

fn key_matcher(key: &Node) -> Option<&'static str> {
    let word = crate::scenario::vocabulary::find(MATCHERS, key.text()?)?;
    (word.kind == MatcherShape::Key).then_some(word.name)
}

fn literal(node: &Node) -> Template {
    Template { span: node.span, kind: TemplateKind::Literal(scalar_json(node)) }
}

/// What a scalar means as JSON.
pub(crate) fn scalar_json(node: &Node) -> Json {
    match node.scalar().map(crate::yaml::Scalar::meaning) {
        Some(Meaning::Bool(value)) => Json::Bool(value),
        Some(Meaning::Number(text)) => {
            Number::parse(text).map_or_else(|| Json::from(text), Json::Number)
        }
        Some(Meaning::Text(text)) => Json::from(text),
        Some(Meaning::Missing | Meaning::Null) | None => Json::Null,
    }
}
