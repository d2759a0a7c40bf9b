//! What the world holds before the first step: whether any service takes it.

use crate::diagnostic::Span;
use crate::scenario::read::{Reader, clip, list};
use crate::scenario::template::{Template, TemplateKind};

/// Data by name, with the fields of its entries.
type Data = Vec<(&'static str, &'static [&'static str])>;

impl Reader<'_, '_> {
    /// Whether the service takes these settings.
    pub(crate) fn check_settings(&mut self, service: &str, settings: &Template) {
        let words = self.loader.known.words;
        let Some((_, vocabulary)) = words.iter().find(|(known, _)| known == service) else {
            return;
        };
        let known = vocabulary.settings;
        self.check_names(settings, known, |name| {
            let message = format!("`{service}` has no setting `{name}`");
            ("scenario::unknown-setting", message)
        });
    }

    /// Whether any service looks up data of this name, and knows the fields of its entries.
    pub(crate) fn check_data(&mut self, (name, span): (&str, Span), entries: &Template) {
        let Some(all) = self.all_data() else { return };
        let Some((_, fields)) = all.iter().find(|(known, _)| *known == name) else {
            let names = || all.iter().map(|(known, _)| *known);
            let message = format!("no service looks up `{}`", clip(name));
            let help = format!("besides `settings` there are {}", list(names()));
            let diagnostic = self.error("scenario::unknown-data", message, span).did_you_mean(
                name,
                names().chain(["settings"]),
                Some(help),
            );
            self.push(diagnostic);
            return;
        };
        let TemplateKind::List(entries) = &entries.kind else {
            return;
        };
        for entry in entries {
            self.check_names(entry, fields, |field| {
                let message = format!("an entry of `{name}` has no field `{field}`");
                ("scenario::unknown-data", message)
            });
        }
    }

    /// The data that services look up; `None` where what one of them looks up is not known.
    fn all_data(&self) -> Option<Data> {
        let known = self.loader.known;
        let mut contracts = known.contracts.contracts().iter();
        let described = |service: &str| known.words.iter().any(|(name, _)| name == service);
        contracts.all(|one| described(&one.service)).then(|| {
            let data = known.words.iter().map(|(_, words)| words.data);
            data.flatten().copied().collect()
        })
    }

    fn check_names(
        &mut self,
        object: &Template,
        known: &'static [&'static str],
        problem: impl Fn(&str) -> (&'static str, String),
    ) {
        let TemplateKind::Object(fields) = &object.kind else {
            return;
        };
        for field in fields {
            if known.contains(&field.name.as_str()) {
                continue;
            }
            let (code, message) = problem(&clip(&field.name));
            let all = match known {
                [] => "it has none".to_owned(),
                known => format!("there are {}", list(known.iter().copied())),
            };
            let diagnostic = self.error(code, message, field.span).did_you_mean(
                &field.name,
                known.iter().copied(),
                Some(all),
            );
            self.push(diagnostic);
        }
    }
}
