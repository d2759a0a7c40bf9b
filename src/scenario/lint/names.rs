//! Channels, messages, services, stimuli and queries: whether they exist.

use crate::diagnostic::Span;
use crate::driver::FaultKind;
use crate::property::{self, Selected, Side};
use crate::scenario::plan::{Fault, Target};
use crate::scenario::read::{Fields, Reader, clip, list};

use super::dotted;

impl Reader<'_, '_> {
    /// Whether the channel and message are in the contracts.
    pub(crate) fn check_target(&mut self, target: &Target) -> Option<()> {
        let contracts = self.loader.known.contracts;
        let Some(channel) = contracts.channel_ix(&target.channel) else {
            let channels = contracts.channels().iter().map(|channel| channel.name.as_str());
            let labels = contracts.all_messages().iter().map(|kind| kind.label.as_str());
            let whole = self.file.shown(target.span);
            let message = format!("there is no channel `{}`", clip(&target.channel));
            let all = format!("the channels are {}", list(channels.clone()));
            // With the type the channel is better known: `account.session/CREATE`.
            let near = crate::diagnostic::suggest(&target.channel, channels)
                .or_else(|| crate::diagnostic::suggest(&whole, labels));
            let help = near.map_or(all, |near| format!("did you mean `{near}`?"));
            let diagnostic =
                self.error("scenario::unknown-channel", message, target.span).help(help);
            self.push(diagnostic);
            return None;
        };
        let Some(message) = &target.message else {
            return Some(());
        };
        let discriminator = contracts.channel(channel)?.discriminator.as_ref();
        if discriminator.is_none() {
            let text = format!("`{}` carries one kind of message", target.channel);
            let diagnostic = self
                .error("scenario::unknown-message", text, target.span)
                .help(format!("write `{}`", target.channel));
            self.push(diagnostic);
            return None;
        }
        if contracts.message_named(channel, message).is_none() {
            let known = contracts.messages(channel).map(|kind| kind.name.as_str());
            let known: Vec<_> = known.collect();
            let text = format!("`{}` carries no message `{}`", target.channel, clip(message));
            let all = format!("its messages are {}", list(known.iter().copied()));
            let diagnostic = self
                .error("scenario::unknown-message", text, target.span)
                .did_you_mean(message, known, Some(all));
            self.push(diagnostic);
            return None;
        }
        Some(())
    }

    /// Whether there is such a service.
    pub(crate) fn check_service(&mut self, name: &str, span: Span) -> Option<()> {
        let known = self.loader.known;
        let of_contracts = known.contracts.contracts().iter().map(|one| one.service.as_str());
        let mut services: Vec<&str> = of_contracts.collect();
        for (service, _) in known.words {
            if !services.contains(&service.as_str()) {
                services.push(service);
            }
        }
        if services.contains(&name) {
            return Some(());
        }
        let message = format!("there is no service `{}`", clip(name));
        let all = format!("the services are {}", list(services.iter().copied()));
        let diagnostic = self.error("scenario::unknown-service", message, span).did_you_mean(
            name,
            services,
            Some(all),
        );
        self.push(diagnostic);
        None
    }

    /// Whether the service knows a stimulus or query; returns its arguments where they are known.
    #[expect(clippy::option_option, reason = "refused, unchecked and known are three things")]
    pub(crate) fn check_word(
        &mut self,
        verb: &'static str,
        service: &str,
        name: &str,
        span: Span,
    ) -> Option<Option<Vec<String>>> {
        self.check_service(service, span)?;
        let words = self.loader.known.words;
        let Some((_, vocabulary)) = words.iter().find(|(known, _)| known == service) else {
            return Some(None);
        };
        let (known, code) = match verb {
            "stimulus" => (vocabulary.stimuli, "scenario::unknown-stimulus"),
            _ => (vocabulary.queries, "scenario::unknown-query"),
        };
        if let Some((_, arguments)) = known.iter().find(|(word, _)| *word == name) {
            return Some(Some(arguments.iter().map(|one| (*one).to_owned()).collect()));
        }
        let plural = if verb == "stimulus" { "stimuli" } else { "queries" };
        let names: Vec<String> =
            known.iter().map(|(word, _)| format!("{service}.{word}")).collect();
        let message = format!("`{service}` has no {verb} `{}`", clip(name));
        let all = match names.as_slice() {
            [] => format!("it has no {plural}"),
            names => format!("its {plural} are {}", list(names.iter().map(String::as_str))),
        };
        let whole = format!("{service}.{name}");
        let diagnostic = self.error(code, message, span).did_you_mean(
            &whole,
            names.iter().map(String::as_str),
            Some(all),
        );
        self.push(diagnostic);
        None
    }

    /// Whether a fault can ever happen, and its header exists.
    pub(crate) fn check_fault(&mut self, fault: &Fault, fields: &Fields<'_>) {
        let contracts = self.loader.known.contracts;
        let Some(channel) = contracts.channel_ix(&fault.target.channel) else {
            return;
        };
        let reads = contracts.consumers(channel);
        // Of a service without a contract nobody knows what it reads.
        let described = contracts.contract(&fault.service).is_some();
        if described && !reads.contains(&fault.service) {
            let (service, channel) = (&fault.service, &fault.target.channel);
            let message = format!("`{service}` does not read `{channel}`: this never fires");
            let help = match reads {
                [] => "no service reads it".to_owned(),
                reads => format!("it is read by {}", list(reads.iter().map(String::as_str))),
            };
            let diagnostic =
                self.error("scenario::fault-never-fires", message, fault.target.span).help(help);
            self.push(diagnostic);
        }
        let about_headers =
            matches!(fault.kind, FaultKind::MissingHeader | FaultKind::MalformedHeader);
        if let (true, Some(name), Some(node)) = (about_headers, &fault.header, fields.get("header"))
        {
            self.check_header(&fault.target, name, node.span);
        }
    }

    /// Whether a channel's messages have a header of this name.
    pub(crate) fn check_header(&mut self, target: &Target, name: &str, span: Span) -> Option<()> {
        let known = self.header_names(target);
        if known.is_empty() || known.iter().any(|header| header == name) {
            return Some(());
        }
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        let message = format!("`{}` has no header `{}`", target.channel, clip(name));
        let all = format!("its headers are {}", list(known.iter().copied()));
        let diagnostic = self.error("scenario::unknown-header", message, span).did_you_mean(
            name,
            known,
            Some(all),
        );
        self.push(diagnostic);
        None
    }

    pub(crate) fn header_names(&self, target: &Target) -> Vec<String> {
        let contracts = self.loader.known.contracts.contracts();
        let views = contracts.iter().filter_map(|one| one.channels.get(&target.channel));
        let mut names: Vec<String> = Vec::new();
        let headers = views.flat_map(|view| view.messages.values()).flat_map(|m| &m.headers);
        for header in headers {
            if !names.contains(&header.name) {
                names.push(header.name.clone());
            }
        }
        names
    }

    /// One side of a property, whose field must exist.
    pub(crate) fn side(&mut self, target: &Target, (path, span): (&str, Span)) -> Side {
        let pointer = dotted(path);
        self.check_pointer(target, &pointer, span);
        let (channel, message) = (target.channel.clone(), target.message.clone());
        let kind = message.as_ref().map_or_else(String::new, |message| format!("/{message}"));
        let name = format!("{channel}{kind}");
        let target = property::Target { channel, message };
        let messages = vec![Selected { target, ..Selected::default() }];
        Side { messages, by: vec![pointer], name }
    }
}
