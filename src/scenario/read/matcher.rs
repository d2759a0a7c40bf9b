//! Matchers in angle brackets: `<int 1..65535 as $port>`.

use crate::contract::Pattern;
use crate::diagnostic::Span;
use crate::message::Number;
use crate::scenario::template::{
    Matcher, MatcherKind, Name, NameAt, Offset, TextPart, TimestampMatcher,
};
use crate::scenario::vocabulary::{MATCHERS, MatcherShape, Word};

use super::duration::{HELP, parse_duration};
use super::scope::Origin;
use super::template::Role;
use super::{Reader, clip, is_name, list};

/// Whether a text is meant as a matcher: in angle brackets, or the beginning of one that a `#` or
/// a bracket has cut off.
pub(crate) fn looks_like_one(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('<') else {
        return false;
    };
    text.len() > 1 && text.ends_with('>') || angle_word(first_word(inner)).is_some()
}

fn angle_words() -> impl Iterator<Item = &'static Word<MatcherShape>> + Clone {
    MATCHERS.iter().filter(|word| word.kind == MatcherShape::Angle)
}

fn angle_word(name: &str) -> Option<&'static Word<MatcherShape>> {
    angle_words().find(|word| word.name == name)
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("")
}

/// Why the words behind a matcher's name cannot be read.
struct Bad {
    message: String,
    help: String,
}

impl Bad {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Reader<'_, '_> {
    pub(crate) fn angle_matcher(&mut self, text: &str, span: Span, role: Role) -> Option<Matcher> {
        let Some(inner) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) else {
            let diagnostic = self
                .error("scenario::bad-matcher", "this matcher has no closing `>`", span)
                .help("quote a matcher that holds one of `, : # [ ] { }`");
            self.push(diagnostic);
            return None;
        };
        let (inner, bind) = split_binding(inner.trim());
        let name = first_word(inner);
        let Some(word) = angle_word(name) else {
            let known = angle_words().map(|word| word.name);
            let diagnostic = self
                .error(
                    "scenario::unknown-matcher",
                    if self.is_hidden(span) {
                        "there is no such matcher".to_owned()
                    } else {
                        format!("there is no matcher `<{}>`", clip(name))
                    },
                    span,
                )
                .did_you_mean(
                    name,
                    known,
                    Some(format!(
                        "the matchers are {}; write `{{ exactly: … }}` if this very text is meant",
                        list(angle_words().map(|word| word.name)),
                    )),
                );
            self.push(diagnostic);
            return None;
        };
        self.check_role(word.name, span, role)?;
        let rest = inner[name.len()..].trim();
        let kind = match parse(word, rest) {
            Ok(kind) => kind,
            Err(bad) => {
                let diagnostic =
                    self.error("scenario::bad-matcher", bad.message, span).help(bad.help);
                self.push(diagnostic);
                return None;
            }
        };
        self.use_variables_of(&kind, span);
        let kind = at(kind, span);
        let bind = bind.map(|name| NameAt { name: Name::from(name), span });
        if let Some(name) = &bind {
            self.bind_matched(name, &kind, role)?;
        }
        Some(Matcher { kind, bind })
    }

    fn use_variables_of(&mut self, kind: &MatcherKind, span: Span) {
        match kind {
            MatcherKind::Uuid { not: Some(name) }
            | MatcherKind::Timestamp(TimestampMatcher { base: Some(name), .. }) => {
                self.use_variable(&name.name, span);
            }
            MatcherKind::Text(parts) => {
                for part in parts {
                    if let TextPart::Var(name) = part {
                        self.use_variable(&name.name, span);
                    }
                }
            }
            _ => {}
        }
    }

    fn bind_matched(&mut self, name: &NameAt, kind: &MatcherKind, role: Role) -> Option<()> {
        let problem = match role {
            Role::MatchOnly(why) => Some(why),
            _ if *kind == MatcherKind::Absent => Some("what is absent has no value"),
            _ => None,
        };
        if let Some(why) = problem {
            let message = format!("`${}` cannot be bound here: {why}", name.name);
            self.report("scenario::binding-not-here", message, name.span);
            return None;
        }
        self.bind(name, Origin::Matched);
        Some(())
    }
}

/// Places the variables of a matcher.
fn at(kind: MatcherKind, span: Span) -> MatcherKind {
    let place = |name: NameAt| NameAt { span, ..name };
    match kind {
        MatcherKind::Uuid { not } => MatcherKind::Uuid { not: not.map(place) },
        MatcherKind::Timestamp(matcher) => {
            let base = matcher.base.map(place);
            MatcherKind::Timestamp(TimestampMatcher { base, ..matcher })
        }
        MatcherKind::Text(parts) => {
            let place = |part| match part {
                TextPart::Var(name) => TextPart::Var(place(name)),
                plain @ TextPart::Plain(_) => plain,
            };
            MatcherKind::Text(parts.into_iter().map(place).collect())
        }
        kind => kind,
    }
}

/// Splits `… as $name` off.
fn split_binding(inner: &str) -> (&str, Option<&str>) {
    if let Some((before, name)) = inner.rsplit_once('$')
        && is_name(name)
        && let Some(before) = before.strip_suffix("as ")
        && (before.is_empty() || before.ends_with(' '))
    {
        return (before.trim_end(), Some(name));
    }
    (inner, None)
}

fn parse(word: &Word<MatcherShape>, rest: &str) -> Result<MatcherKind, Bad> {
    let kind = match word.name {
        "uuid" => return parse_uuid(rest),
        "int" => return parse_int(rest),
        "timestamp" => return parse_timestamp(rest),
        "matches" => return parse_matches(rest),
        "text" => return parse_text(rest),
        "contains" if rest.is_empty() => {
            return Err(Bad::new("`<contains …>` needs a text", "write it as in `<contains abc>`"));
        }
        "contains" => {
            return Ok(MatcherKind::Contains { text: rest.to_owned() });
        }
        "present" => MatcherKind::Present,
        "absent" => MatcherKind::Absent,
        "null" => MatcherKind::Null,
        "number" => MatcherKind::Number,
        "bool" => MatcherKind::Bool,
        "string" => MatcherKind::String,
        "non-empty" => MatcherKind::NonEmpty,
        _ => MatcherKind::Any,
    };
    if rest.is_empty() {
        return Ok(kind);
    }
    let message = format!("`<{}>` takes nothing but `as $name`", word.name);
    Err(Bad::new(message, format!("write `{}`", word.example)))
}

fn variable(text: &str) -> Option<NameAt> {
    let name = text.strip_prefix('$').filter(|name| is_name(name))?;
    Some(NameAt { name: Name::from(name), span: Span::default() })
}

fn parse_uuid(rest: &str) -> Result<MatcherKind, Bad> {
    if rest.is_empty() {
        return Ok(MatcherKind::Uuid { not: None });
    }
    let not = rest.strip_prefix("not ").and_then(|name| variable(name.trim()));
    let bad = || Bad::new("`<uuid>` takes `not $name`", "write it as in `<uuid not $session>`");
    Ok(MatcherKind::Uuid { not: Some(not.ok_or_else(bad)?) })
}

fn parse_int(rest: &str) -> Result<MatcherKind, Bad> {
    if rest.is_empty() {
        return Ok(MatcherKind::Int { range: None });
    }
    let help = "write it as in `<int 1..65535>`";
    let bound = |text: &str| {
        let number = Number::parse(text.trim())?;
        number.as_integer().map(|value| (number, value))
    };
    let range = rest.split_once("..").and_then(|(least, most)| Some((bound(least)?, bound(most)?)));
    match range {
        None => Err(Bad::new("`<int>` takes a range of two whole numbers", help)),
        Some(((_, least), (_, most))) if least > most => {
            Err(Bad::new("the range is empty: its end is less than its start", help))
        }
        Some(((least, _), (most, _))) => Ok(MatcherKind::Int { range: Some((least, most)) }),
    }
}

fn parse_timestamp(rest: &str) -> Result<MatcherKind, Bad> {
    let bad = |message: &str| Bad::new(message, "write it as in `<timestamp $t + 60s within 1s>`");
    let mut matcher = TimestampMatcher::default();
    let mut rest = rest;
    if let Some((before, within)) = split_word(rest, "within") {
        let within = parse_duration(within).ok_or_else(|| Bad::new("this is no duration", HELP));
        matcher.within = Some(within?);
        rest = before;
    }
    if rest.starts_with('$') {
        let end = rest.find([' ', '+', '-']).unwrap_or(rest.len());
        let base = variable(&rest[..end]);
        matcher.base = Some(base.ok_or_else(|| bad("a moment starts with a variable"))?);
        rest = rest[end..].trim_start();
    }
    if rest.is_empty() {
        return Ok(MatcherKind::Timestamp(matcher));
    }
    let duration = |text: &str| {
        parse_duration(text).ok_or_else(|| Bad::new("this offset is no duration", HELP))
    };
    matcher.offset = Some(match (rest.strip_prefix('+'), rest.strip_prefix('-')) {
        (Some(after), _) => Offset::After(duration(after)?),
        (_, Some(before)) => Offset::Before(duration(before)?),
        _ => {
            return Err(bad("`<timestamp>` takes a variable, an offset and `within`"));
        }
    });
    Ok(MatcherKind::Timestamp(matcher))
}

/// Splits `a word b` at the word, which stands alone.
fn split_word<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = text.rfind(word)?;
    let (before, after) = (&text[..at], &text[at + word.len()..]);
    let alone = (before.is_empty() || before.ends_with(' ')) && after.starts_with(' ');
    alone.then(|| (before.trim_end(), after.trim_start()))
}

/// `user-{name}`, where `{{` and `}}` are braces.
fn parse_text(rest: &str) -> Result<MatcherKind, Bad> {
    let bad = |message: &str| {
        Bad::new(message, "write it as in `<text user-{name}>`; braces are `{{` and `}}`")
    };
    let (mut parts, mut plain, mut left) = (Vec::new(), String::new(), rest);
    while let Some(at) = left.find(['{', '}']) {
        plain.push_str(&left[..at]);
        let (brace, doubled) = (&left[at..at + 1], &left[at..]);
        if let Some(after) = doubled.strip_prefix("{{").or(doubled.strip_prefix("}}")) {
            plain.push_str(brace);
            left = after;
            continue;
        }
        let inner = doubled.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let (name, after) = inner.ok_or_else(|| bad("a brace stands alone in `<text …>`"))?;
        let name = variable(&format!("${name}"));
        let name = name.ok_or_else(|| bad("in braces stands the name of a variable"))?;
        if !plain.is_empty() {
            parts.push(TextPart::Plain(std::mem::take(&mut plain)));
        }
        parts.push(TextPart::Var(name));
        left = after;
    }
    plain.push_str(left);
    if !plain.is_empty() {
        parts.push(TextPart::Plain(plain));
    }
    match parts.is_empty() {
        true => Err(bad("`<text …>` needs a text")),
        false => Ok(MatcherKind::Text(parts)),
    }
}

fn parse_matches(rest: &str) -> Result<MatcherKind, Bad> {
    let help = "write it as in `<matches ^ab+$>`";
    if rest.is_empty() {
        return Err(Bad::new("`<matches …>` needs a regular expression", help));
    }
    let bad = |why| Bad::new(format!("the regular expression cannot be read: {why}"), help);
    let pattern = Pattern::new(rest).map_err(bad)?;
    Ok(MatcherKind::Matches { pattern })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{looks_like_one, split_binding};

    #[rstest]
    #[case("<uuid>", true)]
    #[case("<what is this>", true)]
    #[case("<contains", true)]
    #[case("<3", false)]
    #[case("<", false)]
    #[case("a<b>", false)]
    fn shapes(#[case] text: &str, #[case] matcher: bool) {
        assert_eq!(looks_like_one(text), matcher);
    }

    #[rstest]
    #[case("uuid as $x", "uuid", Some("x"))]
    #[case("int 1..2 as $x", "int 1..2", Some("x"))]
    #[case("uuid not $x", "uuid not $x", None)]
    #[case("uuid not $x as $y", "uuid not $x", Some("y"))]
    #[case("contains bias $x", "contains bias $x", None)]
    #[case("matches a as $", "matches a as $", None)]
    fn bindings(#[case] inner: &str, #[case] rest: &str, #[case] name: Option<&str>) {
        assert_eq!(split_binding(inner), (rest, name));
    }
}
