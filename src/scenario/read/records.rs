//! The verbs about records: `send`, `expect`, `expect_all`, `expect_in_order`, `never`, `allow`.

use crate::message::{Json, unbase64, unhex};
use crate::scenario::plan::{
    DurationSpec, ExpectMany, ExpectOne, Expectation, Never, Send, SendKey, SendValue, Target,
};
use crate::scenario::template::{Template, TemplateKind};
use crate::scenario::vocabulary::EXPECTATION;
use crate::yaml::{Meaning, Node, Scalar};

use super::template::{Role, Secret};
use super::{Fields, Reader};

/// How long is waited where a file does not say.
const DEFAULT_WITHIN: DurationSpec = DurationSpec::Fixed(std::time::Duration::from_secs(1));

const NEVER_BINDS: &str = "`never` has no record to remember anything of";

impl Reader<'_, '_> {
    /// A message or channel.
    pub(crate) fn target(&mut self, node: &Node, what: &str) -> Option<Target> {
        let text = self.text(node, what)?;
        let (channel, message) = match text.split_once('/') {
            Some((channel, message)) => (channel, Some(message.to_owned())),
            None => (text, None),
        };
        let target = Target { channel: channel.to_owned(), message, span: node.span };
        self.check_target(&target)?;
        Some(target)
    }

    pub(crate) fn send(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Send> {
        let target = self.target(value, "`send`");
        let value = self.send_value(fields);
        let headers = fields.get("headers").map(|node| self.headers(node, Role::Make));
        let headers = headers.unwrap_or_default();
        let key = self.send_key(fields);
        let breaks_contract =
            fields.get("breaks_contract").map(|node| self.boolean(node, "`breaks_contract`"));
        let breaks_contract = breaks_contract.unwrap_or(Some(false));
        let send = Send {
            target: target?,
            value: value?,
            key: key?,
            headers,
            breaks_contract: breaks_contract?,
        };
        self.check_send(&send);
        Some(send)
    }

    fn send_value(&mut self, fields: &Fields<'_>) -> Option<SendValue> {
        let given: Vec<_> = ["with", "raw", "raw_base64", "raw_hex"]
            .into_iter()
            .filter(|name| fields.get(name).is_some())
            .collect();
        if let [first, second, ..] = given.as_slice() {
            self.conflict(fields, first, second, "the value of a record is given once");
        }
        match given.first() {
            None => Some(SendValue::Fields(None)),
            Some(&"with") => {
                let node = fields.get("with")?;
                let with = self.object_template(node, "`with`", Role::Make)?;
                Some(SendValue::Fields(Some(with)))
            }
            Some(&"raw") => {
                let node = fields.get("raw")?;
                if let Some(name) = self.as_variable(node) {
                    return Some(SendValue::RawOf(name));
                }
                match node.scalar().map(Scalar::meaning) {
                    Some(Meaning::Null) => Some(SendValue::Raw(None)),
                    Some(Meaning::Missing) | None => {
                        self.wrong_type(node, "`raw`", "text or null");
                        None
                    }
                    _ => Some(SendValue::Raw(node.text().map(|text| text.as_bytes().to_vec()))),
                }
            }
            Some(name) => {
                let bytes = self.bytes(fields.get(name)?, name)?;
                Some(SendValue::Raw(Some(bytes)))
            }
        }
    }

    fn send_key(&mut self, fields: &Fields<'_>) -> Option<SendKey> {
        self.one_key(fields);
        if let Some(node) = fields.get("key_hex") {
            return self.bytes(node, "key_hex").map(SendKey::Bytes);
        }
        let Some(node) = fields.get("key") else {
            return Some(SendKey::Contract);
        };
        let key = self.key(node, Role::Make)?;
        Some(match key.kind {
            TemplateKind::Literal(Json::Null) => SendKey::None,
            _ => SendKey::Id(key),
        })
    }

    pub(crate) fn conflict(
        &mut self,
        fields: &Fields<'_>,
        first: &str,
        second: &str,
        message: &str,
    ) {
        let span = |name| fields.key_span(name).unwrap_or_default();
        let diagnostic = self
            .error("scenario::conflicting-fields", message, span(second))
            .related(&self.file.clone(), span(first), "given here")
            .help(format!("remove `{first}` or `{second}`"));
        self.push(diagnostic);
    }

    pub(crate) fn bytes(&mut self, node: &Node, name: &str) -> Option<Vec<u8>> {
        let what = format!("`{name}`");
        // Digits alone are a number to YAML and bytes here.
        let Some(text) = node.text() else {
            self.wrong_type(node, &what, "text");
            return None;
        };
        let text: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        let bytes = if name == "raw_base64" { unbase64(&text) } else { unhex(&text) };
        if bytes.is_none() {
            let message = match name {
                "raw_base64" => format!("{what} must be base64"),
                _ => format!("{what} must be pairs of hexadecimal digits"),
            };
            self.report("scenario::bad-bytes", message, node.span);
        }
        bytes
    }

    /// A template that must be an object, or a matcher for one.
    pub(crate) fn object_template(
        &mut self,
        node: &Node,
        what: &str,
        role: Role,
    ) -> Option<Template> {
        if node.mapping().is_none() {
            self.wrong_type(node, what, "a mapping");
            return None;
        }
        self.template(node, role, Secret::No)
    }

    /// What is expected of a record: of which message it is, and the fields beside that.
    fn expectation(
        &mut self,
        (target, what): (&Node, &str),
        fields: Option<&Fields<'_>>,
        role: Role,
    ) -> Option<Expectation> {
        let target = self.target(target, what);
        let value = fields.and_then(|fields| fields.get("where"));
        let value = value.map(|node| self.object_template(node, "`where`", role));
        let mut expectation = Expectation {
            target: target.clone().unwrap_or_default(),
            value: None,
            key: None,
            key_hex: None,
            headers: Vec::new(),
            partition: None,
        };
        let rest = fields.map(|fields| self.expected_envelope(fields, role, &mut expectation));
        expectation.value = value.map_or(Some(None), |value| value.map(Some))?;
        rest.unwrap_or(Some(()))?;
        target?;
        self.check_expectation(&expectation);
        Some(expectation)
    }

    pub(crate) fn within(&mut self, fields: &Fields<'_>) -> Option<DurationSpec> {
        fields.get("within").map_or(Some(DEFAULT_WITHIN), |node| self.duration(node, "`within`"))
    }

    pub(crate) fn expect(&mut self, value: &Node, fields: &Fields<'_>) -> Option<ExpectOne> {
        let expectation = self.expectation((value, "`expect`"), Some(fields), Role::Match);
        let within = self.within(fields);
        Some(ExpectOne { expectation: expectation?, within: within? })
    }

    pub(crate) fn expect_many(
        &mut self,
        value: &Node,
        fields: &Fields<'_>,
        what: &str,
    ) -> Option<ExpectMany> {
        let mut expectations = Some(Vec::new());
        for item in self.items(value, what)? {
            self.scope.start_item();
            let expectation = if item.mapping().is_some() {
                let item_what = format!("an item of {what}");
                self.fields(item, &item_what, EXPECTATION).and_then(|fields| {
                    let target = fields.get("message")?;
                    self.expectation((target, "`message`"), Some(&fields), Role::Match)
                })
            } else {
                self.expectation((item, &format!("an item of {what}")), None, Role::Match)
            };
            // Which record each item gets is open until all are found.
            self.scope.hide_item();
            expectations = match (expectations, expectation) {
                (Some(mut all), Some(one)) => {
                    all.push(one);
                    Some(all)
                }
                _ => None,
            };
        }
        let within = self.within(fields);
        Some(ExpectMany { expectations: expectations?, within: within? })
    }

    pub(crate) fn never(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Never> {
        let role = Role::MatchOnly(NEVER_BINDS);
        let expectation = self.expectation((value, "`never`"), Some(fields), role);
        let wait = fields.get("for").and_then(|node| self.duration(node, "`for`"));
        Some(Never { expectation: expectation?, wait: wait? })
    }

    pub(crate) fn allow(&mut self, value: &Node) -> Option<Vec<Target>> {
        if value.sequence().is_none() {
            return self.target(value, "`allow`").map(|target| vec![target]);
        }
        let items = self.items(value, "`allow`")?;
        let targets: Vec<_> =
            items.iter().map(|item| self.target(item, "an item of `allow`")).collect();
        targets.into_iter().collect()
    }
}
