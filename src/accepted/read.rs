//! Reading the file of accepted violations.

use std::sync::Arc;

use jiff::civil::Date;

use super::{Accepted, Entry};
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::rule::{Rule, RuleId};
use crate::yaml::{self, Meaning, Node, Scalar};

/// The version of the file's form.
const FORMAT: &str = "1";
pub(super) const TOP: [&str; 2] = ["format", "accepted"];
pub(super) const ENTRY: [&str; 5] = ["rule", "reason", "until", "service", "contains"];

impl Accepted {
    /// Reads a file. `None` where it cannot be used; all that is wrong with it is in `diagnostics`.
    pub fn read(
        file: &Arc<SourceFile>,
        contracts: &Contracts,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let before = diagnostics.len();
        let node = yaml::read(file, diagnostics)?;
        let mut reader = Reader { file, contracts, diagnostics };
        let entries = reader.file(&node, Reader::entry);
        let bad = diagnostics[before..].iter().any(Diagnostic::is_error);
        (!bad).then_some(Self { entries })
    }
}

pub(super) struct Reader<'a> {
    pub(super) file: &'a Arc<SourceFile>,
    pub(super) contracts: &'a Contracts,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, message: String, span: Span) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(code, message, self.file, span));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    pub(super) fn wrong_type(&mut self, what: &str, must_be: &str, node: &Node) {
        let message = format!("{what} must be {must_be}, and is {}", node.describe());
        self.error("accepted::wrong-type", message, node.span);
    }

    /// The entries of a file, each read by itself.
    pub(super) fn file<T>(
        &mut self,
        node: &Node,
        mut entry: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        if node.mapping().is_none() {
            self.wrong_type("the file", "a mapping with `format` and `accepted`", node);
            return Vec::new();
        }
        self.known(node, &TOP);
        match self.needed(node, "format") {
            Some(format) if format.text() != Some(FORMAT) => {
                let message = format!("this version reads format {FORMAT}");
                self.error("accepted::unknown-format", message, format.span);
            }
            _ => {}
        }
        let Some(list) = self.needed(node, "accepted") else {
            return Vec::new();
        };
        let Some(items) = list.sequence() else {
            self.wrong_type("`accepted`", "a list", list);
            return Vec::new();
        };
        items.iter().filter_map(|item| entry(self, item)).collect()
    }

    fn entry(&mut self, node: &Node) -> Option<Entry> {
        if node.mapping().is_none() {
            self.wrong_type("an entry", "a mapping with `rule`, `reason` and `until`", node);
            return None;
        }
        self.known(node, &ENTRY);
        let rule = self.needed(node, "rule").and_then(|rule| self.rule(rule));
        let reason = self.needed(node, "reason").and_then(|reason| self.text("reason", reason));
        let until = self.needed(node, "until").and_then(|until| self.date(until));
        let service = node.get("service").map(|service| self.service(service));
        let contains = node.get("contains").map(|contains| self.text("contains", contains));
        Some(Entry {
            rule: rule?,
            reason: reason?,
            until: until?,
            service: service.transposed()?,
            contains: contains.transposed()?,
            file: Arc::clone(self.file),
            span: node.span,
        })
    }

    pub(super) fn known(&mut self, node: &Node, names: &[&'static str]) {
        for (key, _) in node.mapping().unwrap_or_default() {
            let name = key.scalar().map_or("", |scalar| scalar.text.as_str());
            if !names.contains(&name) {
                let message = format!("unknown field `{name}`");
                let fields = format!("the fields are {}", names.join(", "));
                let known = names.iter().copied();
                let error =
                    Diagnostic::error("accepted::unknown-field", message, self.file, key.span);
                self.diagnostics.push(error.did_you_mean(name, known, Some(fields)));
            }
        }
    }

    pub(super) fn needed<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n Node> {
        let found = node.get(name);
        if found.is_none() {
            let message = format!("`{name}` is missing");
            self.error("accepted::missing-field", message, node.span);
        }
        found
    }

    pub(super) fn text(&mut self, name: &str, node: &Node) -> Option<String> {
        let is = match node.scalar().map(Scalar::meaning) {
            Some(Meaning::Text(text)) if !text.trim().is_empty() => return Some(text.to_owned()),
            Some(Meaning::Text(_)) => "empty",
            _ => node.describe(),
        };
        let message = format!("`{name}` must be a text that is not empty, and is {is}");
        self.error("accepted::wrong-type", message, node.span);
        None
    }

    fn rule(&mut self, node: &Node) -> Option<RuleId> {
        let name = self.text("rule", node)?;
        let packs = self.contracts.packs();
        let found = packs.rule(&name).map(Rule::id);
        if found.is_none() {
            let message = format!("there is no rule `{name}`");
            let known = packs.rules().map(|rule| rule.name);
            let help = "`quintet explain` lists the rules".to_owned();
            let error = Diagnostic::error("accepted::unknown-rule", message, self.file, node.span);
            self.diagnostics.push(error.did_you_mean(&name, known, Some(help)));
        }
        found
    }

    fn service(&mut self, node: &Node) -> Option<String> {
        let name = self.text("service", node)?;
        if self.contracts.contract(&name).is_some() {
            return Some(name);
        }
        let names: Vec<_> = self.contracts.contracts().iter().map(|one| &*one.service).collect();
        let message = format!("no contract is of a service `{name}`");
        let services = format!("the services are {}", names.join(", "));
        let error = Diagnostic::error("accepted::unknown-service", message, self.file, node.span);
        self.diagnostics.push(error.did_you_mean(&name, names, Some(services)));
        None
    }

    pub(super) fn date(&mut self, node: &Node) -> Option<Date> {
        let text = self.text("until", node)?;
        let date = (text.len() == "2026-12-31".len()).then(|| text.parse().ok()).flatten();
        if date.is_none() {
            let message = "`until` is not a day".to_owned();
            let error = self.error("accepted::bad-date", message, node.span);
            error.help = Some("write the last day on which it is accepted: 2026-12-31".to_owned());
        }
        date
    }
}

/// A field that need not be there: `None` where it is there and wrong.
trait Transposed<T> {
    fn transposed(self) -> Option<Option<T>>;
}

impl<T> Transposed<T> for Option<Option<T>> {
    fn transposed(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(None) => None,
            Some(Some(read)) => Some(Some(read)),
        }
    }
}
