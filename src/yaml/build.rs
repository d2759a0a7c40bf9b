//! From the parser's events to a tree, with what the strict subset refuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, options};

use super::any::{Anchors, plain};
use super::{Node, Scalar, Style, Value, Which, is_secret_name};
use crate::diagnostic::{Diagnostic, MAX_FILE_BYTES, SourceFile, Span};

/// Mappings and lists may be nested this deep.
pub const MAX_DEPTH: usize = 64;
/// A file with more values is refused, so that a small file cannot take much memory.
const MAX_NODES: usize = 250_000;
/// After so many problems of one file nothing more is looked for.
const MAX_PROBLEMS: usize = 200;

pub(super) fn build(
    file: &Arc<SourceFile>,
    which: Which,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let options = options! {
        emit_comments: false,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        disallow_directives: which == Which::Strict,
        flow_nesting_limit: 2 * MAX_DEPTH,
        block_nesting_limit: 2 * MAX_DEPTH,
    };
    let text = Arc::clone(&file.text);
    let problems = diagnostics.len();
    let mut builder = Builder {
        file,
        diagnostics,
        anchors: (which == Which::Any).then(Anchors::default),
        stack: Vec::new(),
        root: None,
        documents: 0,
        nodes: 0,
    };
    for event in Parser::new_from_str_with_options(&text, options) {
        let go_on = match event {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => builder.syntax_error(&error),
        };
        if !go_on || builder.diagnostics.len() > problems + MAX_PROBLEMS {
            return None;
        }
    }
    if builder.root.is_none() {
        let end = text.len();
        builder.report("yaml::empty", "the file has no content", Span::new(end, end));
    }
    builder.root
}

/// A mapping or list that is still open.
struct Frame {
    start: usize,
    style: StructureStyle,
    kind: Kind,
    /// Whether its scalars are secrets: a list under a secret name.
    secret: bool,
    /// The number of its anchor; 0 where it has none.
    anchor: usize,
}

enum Kind {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<(Node, Node)>, key: Key, keys: BTreeMap<String, Span> },
}

/// The state of a mapping: what the next node is.
enum Key {
    /// A key.
    Awaited,
    /// The value of this key.
    Read(Node),
    /// The value of a key that cannot be used; it is dropped.
    Refused,
}

struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// Where all of YAML is read: the nodes that aliases may name.
    anchors: Option<Anchors>,
    stack: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl Builder<'_> {
    /// Takes an event; false ends the reading.
    fn event(&mut self, event: Event<'_>, at: &granit_parser::Span) -> bool {
        let span = bytes(at);
        let is_strict = self.anchors.is_none();
        if let Some(tag) = at.tag_span().filter(|_| is_strict) {
            self.report("yaml::tag", "tags are not part of the format", bytes(&tag));
        } else if event.tag().is_some() && is_strict {
            self.report("yaml::tag", "tags are not part of the format", span);
        }
        let is_text =
            event.tag().is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix() == "str");
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a file holds one document; here a second one starts";
                    self.report("yaml::several-documents", message, span);
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, ..) => {
                let style = if is_text { ScalarStyle::DoubleQuoted } else { style };
                return self.scalar(&text, style, (span, anchor));
            }
            Event::Anchor(..) if is_strict => {
                self.report("yaml::anchor", "anchors are not part of the format", span);
            }
            Event::Alias(number) if !is_strict => return self.alias(number, span),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.report("yaml::alias", "aliases are not part of the format", span);
                return self.scalar("null", ScalarStyle::Plain, (span, 0));
            }
            Event::SequenceStart(style, anchor, ..) => {
                return self.open(style, (span, anchor), Kind::Sequence(Vec::new()));
            }
            Event::MappingStart(style, anchor, ..) => {
                let (entries, keys) = (Vec::new(), BTreeMap::new());
                let kind = Kind::Mapping { entries, key: Key::Awaited, keys };
                return self.open(style, (span, anchor), kind);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            _ => {}
        }
        true
    }

    /// What an alias names, once more.
    fn alias(&mut self, number: usize, span: Span) -> bool {
        let named = self.anchors.as_ref().and_then(|anchors| anchors.get(number));
        let Some((node, size)) = named else {
            self.report("yaml::alias", "the alias names what it stands in", span);
            return false;
        };
        self.nodes += size;
        self.add(node, 0)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        (mut span, anchor): (Span, usize),
    ) -> bool {
        let style = style_of(style);
        // What a value that is left out stands for has no bytes.
        let missing = style == Style::Plain && span.start == span.end;
        if matches!(style, Style::Literal | Style::Folded) {
            let text = &self.file.text[span.start..span.end];
            span.end = span.start + text.trim_end().len();
        }
        let is_value = !self.awaits_key();
        if is_value && self.under_secret() {
            self.file.mask(span);
        }
        let is_plain_value = is_value && !missing && style == Style::Plain;
        let is_strict = self.anchors.is_none();
        let text = if is_plain_value && !is_strict { plain(text) } else { text };
        if is_plain_value && is_strict && is_ambiguous(text) {
            let message = "this word means different things to different readers of YAML";
            self.diagnostics.push(
                Diagnostic::error("yaml::ambiguous-word", message, self.file, span)
                    .help("write true, false or null, or put the text in quotes"),
            );
        }
        let text = if missing { String::new() } else { text.to_owned() };
        self.add(Node { span, value: Value::Scalar(Scalar { text, style }) }, anchor)
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame { kind: Kind::Mapping { key: Key::Awaited, .. }, .. })
        )
    }

    /// Whether a value that comes now stands under a secret name.
    fn under_secret(&self) -> bool {
        match self.stack.last() {
            None => false,
            Some(Frame { kind: Kind::Sequence(_), secret, .. }) => *secret,
            Some(Frame { kind: Kind::Mapping { key: Key::Read(key), .. }, .. }) => {
                key.text().is_some_and(is_secret_name)
            }
            Some(_) => false,
        }
    }

    fn open(&mut self, style: StructureStyle, (span, anchor): (Span, usize), kind: Kind) -> bool {
        if self.stack.len() >= MAX_DEPTH {
            let message = format!("values are nested more than {MAX_DEPTH} deep");
            self.report("yaml::too-deep", &message, span);
            return false;
        }
        let secret = matches!(kind, Kind::Sequence(_)) && self.under_secret();
        self.stack.push(Frame { start: span.start, style, kind, secret, anchor });
        true
    }

    fn close(&mut self, end: Span) -> bool {
        let Some(frame) = self.stack.pop() else {
            return true;
        };
        let (last, value) = match frame.kind {
            Kind::Sequence(items) => {
                (items.last().map(|item| item.span.end), Value::Sequence(items))
            }
            Kind::Mapping { entries, .. } => (
                entries.last().map(|(key, value)| key.span.end.max(value.span.end)),
                Value::Mapping(entries),
            ),
        };
        // The end of a block is only known from what follows it, blank lines and comments included.
        let end = match frame.style {
            StructureStyle::Flow => end.end,
            StructureStyle::Block => last.unwrap_or(frame.start),
        };
        let value = match (value, &self.anchors) {
            (Value::Mapping(entries), Some(_)) => Value::Mapping(super::any::merged(entries)),
            (value, _) => value,
        };
        self.add(Node { span: Span::new(frame.start, end.max(frame.start)), value }, frame.anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> bool {
        self.nodes += 1;
        if let Some(anchors) = self.anchors.as_mut().filter(|_| anchor > 0) {
            anchors.keep(anchor, &node);
        }
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            self.report("yaml::too-large", &message, node.span);
            return false;
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return true;
        };
        match &mut frame.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping { entries, key, keys } => match std::mem::replace(key, Key::Awaited) {
                Key::Read(name) => entries.push((name, node)),
                Key::Refused => {}
                Key::Awaited => {
                    let is_strict = self.anchors.is_none();
                    *key = new_key(node, (keys, is_strict), self.file, self.diagnostics);
                }
            },
        }
        true
    }

    fn report(&mut self, code: &'static str, message: &str, span: Span) {
        let diagnostic = Diagnostic::error(code, message, self.file, span);
        let help = match code {
            "yaml::anchor" | "yaml::alias" => Some("write the value out"),
            "yaml::several-documents" => Some("put it into a file of its own"),
            "yaml::tag" => Some("quote the text if it really starts with `!`"),
            _ => None,
        };
        self.diagnostics.push(Diagnostic { help: help.map(str::to_owned), ..diagnostic });
    }

    fn syntax_error(&mut self, error: &ScanError) -> bool {
        let at = error.marker().byte_offset().unwrap_or(0).min(MAX_FILE_BYTES);
        let span = self.file.clamp(Span::new(at, at + 1));
        let (code, help) = match error.kind() {
            ErrorKind::RecursionLimitExceeded => ("yaml::too-deep", None),
            ErrorKind::DirectiveDisallowed => {
                ("yaml::directive", Some("remove the line; quote a text that starts with `%`"))
            }
            kind => ("yaml::syntax", hint(kind)),
        };
        let message = match code {
            "yaml::too-deep" => format!("values are nested more than {MAX_DEPTH} deep"),
            "yaml::directive" => "directives are not part of the format".to_owned(),
            _ => format!("this is not YAML: {}", error.kind()),
        };
        let diagnostic = Diagnostic::error(code, message, self.file, span);
        self.diagnostics.push(Diagnostic { help: help.map(str::to_owned), ..diagnostic });
        false
    }
}

/// What becomes of a node that stands where a key is expected.
fn new_key(
    node: Node,
    (keys, is_strict): (&mut BTreeMap<String, Span>, bool),
    file: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Key {
    let Some(scalar) = node.scalar() else {
        let message = "a key must be a word, not a list or mapping";
        diagnostics.push(
            Diagnostic::error("yaml::complex-key", message, file, node.span)
                .help("quote a text that starts with `[` or `{`"),
        );
        return Key::Refused;
    };
    if scalar.text.is_empty() && scalar.style == Style::Plain {
        let message = "a key is missing before the colon";
        diagnostics.push(Diagnostic::error("yaml::complex-key", message, file, node.span));
        return Key::Refused;
    }
    if scalar.text == "<<" && scalar.style == Style::Plain && is_strict {
        let message = "merge keys are not part of the format";
        diagnostics.push(
            Diagnostic::error("yaml::merge-key", message, file, node.span)
                .help("write the fields out"),
        );
        return Key::Refused;
    }
    if let Some(first) = keys.get(&scalar.text) {
        let message = format!("the key `{}` stands here a second time", scalar.text);
        diagnostics.push(
            Diagnostic::error("yaml::duplicate-key", message, file, node.span)
                .label("again")
                .related(file, *first, "first here"),
        );
        return Key::Refused;
    }
    keys.insert(scalar.text.clone(), node.span);
    Key::Read(node)
}

/// Words that YAML 1.1 and 1.2, or two readers of either, understand differently.
fn is_ambiguous(text: &str) -> bool {
    if matches!(text, "true" | "false" | "null") {
        return false;
    }
    let words = ["yes", "no", "on", "off", "y", "n", "true", "false", "null", "~"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::MappingValueNotAllowed => Some(
            "indent the line like its neighbours; quote a text that holds one of `, : # [ ] { }`",
        ),
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedCharacter { .. }
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            Some("quote a text that holds one of `, : # [ ] { }`")
        }
        ErrorKind::UnclosedQuotedScalar => Some("close the quote"),
        ErrorKind::UnclosedFlowCollection { .. } => Some("close the bracket"),
        ErrorKind::SimpleKeyExpected | ErrorKind::ExpectedBlockMappingKey => {
            Some("a line of a mapping is `key: value`, indented like its neighbours")
        }
        _ => None,
    }
}

fn bytes(span: &granit_parser::Span) -> Span {
    let range = span.byte_range().unwrap_or_default();
    Span::new(range.start, range.end)
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}
