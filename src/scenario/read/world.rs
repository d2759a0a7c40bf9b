//! The verbs about services, and the properties: `fault`, `stimulus`, `query`, `always`.

use std::time::Duration;

use crate::property::{Kind, Property, Side, Tenants};
use crate::rule::{Basis, Rule, rule};
use crate::scenario::plan::{Always, Fault, Query, Stimulus, Target};
use crate::scenario::template::Template;
use crate::scenario::vocabulary::{ALWAYS, AlwaysKind, FAULTS, find, names};
use crate::yaml::Node;

use super::scope::Origin;
use super::template::{Role, Secret};
use super::{Bare, Fields, Reader, clip, list};

/// When a service that crashed starts again where a file does not say.
const DEFAULT_RESTART: Duration = Duration::from_secs(1);

/// Of a test all is known, so that it does not matter how soon an answer comes.
const ORDERED: Kind = Kind::Ordered { is_answer: false };

/// What stands for the rule of a property of a test, which has no name.
static RULE: Rule = rule("always", Basis::Documented, ("", ""), "What a test demands.");

impl Reader<'_, '_> {
    pub(crate) fn fault(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Fault> {
        let name = self.text(value, "`fault`");
        let word = name.and_then(|name| {
            let word = find(FAULTS, name);
            if word.is_none() {
                let message = format!("there is no fault `{}`", clip(name));
                let all = format!("the faults are {}", list(names(FAULTS)));
                let diagnostic = self
                    .error("scenario::unknown-fault", message, value.span)
                    .did_you_mean(name, names(FAULTS), Some(all));
                self.push(diagnostic);
            }
            word
        });
        let service = fields.get("service").and_then(|node| self.service(node));
        let target = fields.get("message").and_then(|node| self.target(node, "`message`"));
        let mut duration = |name: &str| {
            fields.get(name).and_then(|node| self.fixed_duration(node, &format!("`{name}`")))
        };
        let restart_after = duration("restart_after");
        let by = duration("by");
        let header = fields.get("header").and_then(|node| self.text(node, "`header`"));
        let word = word?;
        for name in ["restart_after", "by", "header"] {
            let takes = word.fields.iter().find(|field| field.name == name);
            match (takes, fields.key_span(name)) {
                (None, Some(span)) => {
                    let message = format!("`{name}` does not go with `{}`", word.name);
                    self.report("scenario::misplaced-field", message, span);
                }
                (Some(field), None)
                    if field.needed == crate::scenario::vocabulary::Needed::Required =>
                {
                    let message = format!("`{}` needs the field `{name}`", word.name);
                    let diagnostic = self
                        .error("scenario::missing-field", message, value.span)
                        .help(format!("`{name}`: {}", field.doc));
                    self.push(diagnostic);
                }
                _ => {}
            }
        }
        let fault = Fault {
            kind: word.kind,
            span: value.span,
            service: service?,
            target: target?,
            restart_after: restart_after.unwrap_or(DEFAULT_RESTART),
            by,
            header: header.map(str::to_owned),
        };
        self.check_fault(&fault, fields);
        Some(fault)
    }

    fn service(&mut self, node: &Node) -> Option<String> {
        let name = self.text(node, "`service`")?;
        self.check_service(name, node.span)?;
        Some(name.to_owned())
    }

    pub(crate) fn stimulus(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Stimulus> {
        let word = self.service_word(value, "stimulus");
        let arguments = self.service_arguments(fields, word.as_ref());
        let bind = fields.get("as").map(|node| self.new_name(node, "`as`", Bare::Refused));
        if let Some(Some(name)) = &bind {
            self.bind(name, Origin::Answer);
        }
        let (word, arguments) = (word?, arguments?);
        let bind = bind.map_or(Some(None), |name| name.map(Some))?;
        Some(Stimulus { service: word.service, name: word.name, span: value.span, arguments, bind })
    }

    pub(crate) fn query(&mut self, value: &Node, fields: &Fields<'_>) -> Option<Query> {
        let word = self.service_word(value, "query");
        let arguments = self.service_arguments(fields, word.as_ref());
        let expect = fields.get("expect").and_then(|n| self.template(n, Role::Match, Secret::No));
        let within = self.within(fields);
        let (word, arguments) = (word?, arguments?);
        Some(Query {
            service: word.service,
            name: word.name,
            span: value.span,
            arguments,
            expect: expect?,
            within: within?,
        })
    }

    /// `service.word`, which the service knows.
    fn service_word(&mut self, node: &Node, verb: &'static str) -> Option<ServiceWord> {
        let text = self.text(node, &format!("`{verb}`"))?;
        let Some((service, name)) = text.split_once('.') else {
            let example = match verb {
                "query" => "ban.check",
                _ => "login.connect",
            };
            let message = format!("`{verb}` takes a service and a word, as in `{example}`");
            self.report("scenario::wrong-type", message, node.span);
            return None;
        };
        let arguments = self.check_word(verb, service, name, node.span)?;
        Some(ServiceWord { service: service.to_owned(), name: name.to_owned(), arguments })
    }

    /// `with` of a stimulus or query; `Some(None)` where there is none.
    fn service_arguments(
        &mut self,
        fields: &Fields<'_>,
        word: Option<&ServiceWord>,
    ) -> Option<Option<Template>> {
        let Some(node) = fields.get("with") else {
            return Some(None);
        };
        let known = word.and_then(|word| word.arguments.as_ref());
        if let (Some(known), Some(entries)) = (known, node.mapping()) {
            for (key, _) in entries {
                let name = key.text().unwrap_or_default();
                if !known.iter().any(|argument| argument == name) {
                    let known = || known.iter().map(String::as_str);
                    let message = format!("there is no argument `{}`", clip(name));
                    let all = format!("the arguments are {}", list(known()));
                    let diagnostic = self
                        .error("scenario::unknown-argument", message, key.span)
                        .did_you_mean(name, known(), Some(all));
                    self.push(diagnostic);
                }
            }
        }
        self.object_template(node, "`with`", Role::Make).map(Some)
    }

    pub(crate) fn always(&mut self, node: &Node) -> Vec<Always> {
        let Some(items) = self.items(node, "`always`") else {
            return Vec::new();
        };
        items.iter().filter_map(|item| self.property(item)).collect()
    }

    fn property(&mut self, node: &Node) -> Option<Always> {
        let Some([(key, value)]) = node.mapping() else {
            let message = "a property is one name with its fields";
            let diagnostic = self
                .error("scenario::wrong-type", message, node.span)
                .help(format!("the properties are {}", list(names(ALWAYS))));
            self.push(diagnostic);
            return None;
        };
        let name = key.text().unwrap_or_default();
        let Some(word) = find(ALWAYS, name) else {
            let message = format!("there is no property `{}`", clip(name));
            let all = format!("the properties are {}", list(names(ALWAYS)));
            let diagnostic = self
                .error("scenario::unknown-property", message, key.span)
                .did_you_mean(name, names(ALWAYS), Some(all));
            self.push(diagnostic);
            return None;
        };
        let fields = self.fields(value, &format!("`{}`", word.name), word.fields)?;
        let (kind, first, then, by) = match word.kind {
            AlwaysKind::AnswersCarry => (ORDERED, Some("from"), "to", "field"),
            AlwaysKind::AtMostOnce => (Kind::AtMostOnce, None, "message", "by"),
            AlwaysKind::ExactlyOnce => (Kind::ExactlyOnce, Some("for_each"), "message", "by"),
            AlwaysKind::Ordered => (ORDERED, Some("first"), "then", "by"),
        };
        let mut target = |name: &str| {
            let node = fields.get(name)?;
            self.target(node, &format!("`{name}`"))
        };
        let (first, then) = (first.map(&mut target), target(then));
        let path = (self.path(&fields, by)?, fields.get(by)?.span);
        let mut side = |target: &Target| self.side(target, (&path.0, path.1));
        let first = match first {
            Some(first) => side(&first?),
            None => Side::default(),
        };
        let then = side(&then?);
        let property = Property {
            rule: RULE.id(),
            kind,
            first,
            then,
            excuse: None,
            tenants: Tenants::Apart,
            emitted_only: false,
        };
        Some(Always { span: node.span, property })
    }

    fn path(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        let node = fields.get(name)?;
        self.text(node, &format!("`{name}`")).map(str::to_owned)
    }
}

/// A stimulus or query that exists.
pub(crate) struct ServiceWord {
    service: String,
    name: String,
    /// Its arguments, where they are known.
    arguments: Option<Vec<String>>,
}
