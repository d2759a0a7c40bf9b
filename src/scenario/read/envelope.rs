//! What a record has besides its value: its key, its headers, its partition.

use crate::diagnostic::Span;
use crate::message::{Json, hex};
use crate::scenario::plan::Expectation;
use crate::scenario::template::{
    Field, HEX, MatcherKind, Template, TemplateKind, as_hex, bytes_of,
};
use crate::yaml::{Meaning, Node, Scalar};

use super::template::{Role, Secret};
use super::{Fields, Reader, clip};

impl Reader<'_, '_> {
    /// Reads what is expected besides the value.
    pub(crate) fn expected_envelope(
        &mut self,
        fields: &Fields<'_>,
        role: Role,
        expectation: &mut Expectation,
    ) -> Option<()> {
        self.one_key(fields);
        let key = fields.get("key").map(|node| self.key(node, role));
        let key_hex = fields.get("key_hex").map(|node| self.key_hex(node, role));
        let partition = fields.get("partition").map(|node| self.partition(node, role));
        if let Some(node) = fields.get("headers") {
            expectation.headers = self.headers(node, role);
        }
        expectation.key = key.map_or(Some(None), |key| key.map(Some))?;
        expectation.key_hex = key_hex.map_or(Some(None), |key| key.map(Some))?;
        expectation.partition = partition.map_or(Some(None), |number| number.map(Some))?;
        Some(())
    }

    /// Reports a key that is given in two ways.
    pub(crate) fn one_key(&mut self, fields: &Fields<'_>) {
        if fields.get("key").is_some() && fields.get("key_hex").is_some() {
            self.conflict(fields, "key", "key_hex", "the key of a record is given once");
        }
    }

    /// A key as an id, or null.
    pub(crate) fn key(&mut self, node: &Node, role: Role) -> Option<Template> {
        let key = self.template(node, role, Secret::No)?;
        match &key.kind {
            TemplateKind::Literal(Json::Null) => Some(key),
            TemplateKind::Literal(json) if whole_number(json).is_none() => {
                let message = format!("`key` must be a whole number from 0 to {}", u32::MAX);
                let diagnostic = self
                    .error("scenario::out-of-range", message, node.span)
                    .help("write other keys as bytes with `key_hex`");
                self.push(diagnostic);
                None
            }
            TemplateKind::Object(_) | TemplateKind::List(_) => {
                self.wrong_type(node, "`key`", "a number or a variable");
                None
            }
            _ => Some(key),
        }
    }

    /// A key as bytes that are expected, or null.
    fn key_hex(&mut self, node: &Node, role: Role) -> Option<Template> {
        let kind = match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Null) => TemplateKind::Literal(Json::Null),
            Some(Meaning::Text(text)) if text.starts_with(['$', '<']) => {
                return self.template(node, role, Secret::No);
            }
            None if node.mapping().is_some() => return self.template(node, role, Secret::No),
            _ => TemplateKind::Literal(Json::String(hex(&self.bytes(node, "key_hex")?))),
        };
        Some(Template { span: node.span, kind })
    }

    fn partition(&mut self, node: &Node, role: Role) -> Option<Template> {
        let number = self.template(node, role, Secret::No)?;
        let good = match &number.kind {
            TemplateKind::Literal(json) => whole_number(json).is_some(),
            TemplateKind::Object(_) | TemplateKind::List(_) => false,
            TemplateKind::Var(_) | TemplateKind::Matcher(_) => true,
        };
        if !good {
            let message = "`partition` must be a whole number from 0";
            self.report("scenario::out-of-range", message, node.span);
        }
        good.then_some(number)
    }

    /// Headers by name. A list stands for a header that is there several times.
    pub(crate) fn headers(&mut self, node: &Node, role: Role) -> Vec<Field> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "`headers`", "a mapping");
            return Vec::new();
        };
        let mut headers = Vec::new();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let secret = if self.is_secret(name) { Secret::Yes } else { Secret::No };
            let Some(mut value) = self.template(value, role, secret) else {
                continue;
            };
            let fine = match &mut value.kind {
                TemplateKind::List(items) => {
                    let fine = |item: &mut Template| self.header_value(name, item);
                    // All are looked at before the first failure counts.
                    items.iter_mut().map(fine).filter(|fine| !fine).count() == 0
                }
                _ => self.header_value(name, &mut value),
            };
            if fine {
                headers.push(Field { name: name.to_owned(), span: key.span, value });
            }
        }
        headers
    }

    /// Whether a header can have the value; bytes in hexadecimal are brought into one spelling.
    fn header_value(&mut self, name: &str, value: &mut Template) -> bool {
        let (code, message) = match &mut value.kind {
            TemplateKind::Object(fields) => match fields.as_mut_slice() {
                [Field { name: field, value: inner, .. }] if field == HEX => match spelled(inner) {
                    Some(bytes) => {
                        value.kind = TemplateKind::Literal(bytes);
                        return true;
                    }
                    None if !matches!(inner.kind, TemplateKind::Literal(_)) => return true,
                    None => {
                        let wanted = "`hex` must be pairs of hexadecimal digits";
                        ("scenario::bad-bytes", wanted.to_owned())
                    }
                },
                _ => not_one_value(name),
            },
            TemplateKind::List(_) => not_one_value(name),
            _ => return true,
        };
        self.report(code, message, value.span);
        false
    }

    /// Whether what is expected of headers can be: a record without the headers of its tenant
    /// belongs to no test, and a name that is nearly a known one is a slip.
    pub(crate) fn check_expected_headers(&mut self, expectation: &Expectation) {
        for Field { name, span, value } in &expectation.headers {
            if crate::message::is_tenant_header(name) {
                self.check_tenant_header(name, value);
            } else if !is_absent(value) {
                self.check_near_header(&expectation.target, name, *span);
            }
        }
    }

    fn check_tenant_header(&mut self, name: &str, value: &Template) {
        let never = match &value.kind {
            TemplateKind::Literal(Json::Null) | TemplateKind::List(_) => true,
            TemplateKind::Matcher(matcher) => {
                matches!(matcher.kind, MatcherKind::Absent | MatcherKind::Null)
            }
            _ => false,
        };
        if never {
            let message = format!("no record of this test can have this: `{name}` is there once");
            let diagnostic = self
                .error("scenario::cannot-match", message, value.span)
                .note("a test sees the records of its own tenant, which their headers name");
            self.push(diagnostic);
        }
    }

    fn check_near_header(&mut self, target: &crate::scenario::Target, name: &str, span: Span) {
        let known = self.header_names(target);
        let is_known = known.iter().any(|header| header == name);
        let near = crate::diagnostic::suggest(name, known.iter().map(String::as_str));
        if let (false, Some(near)) = (is_known, near) {
            let message = format!("`{}` has no header `{}`", target.channel, clip(name));
            let diagnostic = self
                .error("scenario::unknown-header", message, span)
                .help(format!("did you mean `{near}`?"));
            self.push(diagnostic);
        }
    }
}

fn not_one_value(name: &str) -> (&'static str, String) {
    let message = format!(
        "the header `{}` must be a single value, a list of such, or bytes as `{{ hex: 00ff }}`",
        clip(name)
    );
    ("scenario::wrong-type", message)
}

fn is_absent(value: &Template) -> bool {
    matches!(&value.kind, TemplateKind::Matcher(matcher) if matcher.kind == MatcherKind::Absent)
}

/// Bytes in hexadecimal, in the one spelling that they are compared in. Digits alone are a number
/// to YAML.
fn spelled(value: &Template) -> Option<Json> {
    let text = match &value.kind {
        TemplateKind::Literal(Json::String(text)) => text.clone(),
        TemplateKind::Literal(Json::Number(number)) => number.as_str().to_owned(),
        _ => return None,
    };
    let written = Json::Object([(HEX.to_owned(), Json::String(text))].into_iter().collect());
    bytes_of(&written).map(|bytes| as_hex(&bytes))
}

fn whole_number(json: &Json) -> Option<u32> {
    u32::try_from(json.as_integer()?).ok()
}
