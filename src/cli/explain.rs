//! `explain`: what a name means. All of it comes from the tables of the program.

use super::args;
use super::exit::{EXITS, Exit, ExitInfo};
use super::terminal::Terminal;
use crate::diagnostic::{CODES, CodeInfo, suggest};
use crate::pack::Packs;
use crate::report::style::{FAINT, STRONG, paint, words, wrap};
use crate::rule::{Basis, OWN, Rule};
use crate::scenario::vocabulary::{ALWAYS, FAULTS, FieldWord, MATCHERS, Needed, VERBS, Word};

/// Lines are broken here.
const WIDTH: usize = 92;

/// Something that can be explained.
enum Topic {
    Code(&'static CodeInfo),
    Rule(&'static Rule),
    Word(Entry),
    Exit(&'static ExitInfo),
}

/// A word of the format.
struct Entry {
    name: &'static str,
    what: &'static str,
    doc: &'static str,
    fields: &'static [FieldWord],
    example: &'static str,
}

/// Says what a name means, or lists all names.
pub(super) fn explain(args: &args::Explain, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let topics = topics(packs);
    let Some(asked) = args.name.as_deref().map(str::trim) else {
        terminal.line(&listed(&topics));
        return Exit::Holds;
    };
    let bare = asked.trim_start_matches('<').trim_end_matches('>').to_lowercase();
    if matches!(bare.as_str(), "exit" | "exits" | "exit code" | "exit codes") {
        terminal.line(&exits());
        return Exit::Holds;
    }
    let bare = bare.strip_prefix("exit ").unwrap_or(&bare);
    let found: Vec<_> = topics.iter().filter(|topic| topic.name().to_lowercase() == bare).collect();
    if found.is_empty() {
        let mut text = format!("nothing is called `{}`", asked.escape_debug());
        let names: Vec<_> = topics.iter().map(Topic::name).collect();
        match suggest(asked, names.iter().map(String::as_str)) {
            Some(near) => text.push_str(&format!("; did you mean `{near}`?")),
            None => text.push_str("; `quintet explain` lists everything that can be explained"),
        }
        terminal.error(&text);
        return Exit::Unusable;
    }
    let texts: Vec<_> = found.into_iter().map(Topic::explained).collect();
    terminal.line(&texts.join("\n\n"));
    Exit::Holds
}

fn topics(packs: &Packs) -> Vec<Topic> {
    fn entries<K>(what: &'static str, table: &'static [Word<K>]) -> impl Iterator<Item = Topic> {
        table.iter().map(move |word| {
            Topic::Word(Entry {
                name: word.name,
                what,
                doc: word.doc,
                fields: word.fields,
                example: word.example,
            })
        })
    }
    let mut all: Vec<Topic> = entries("verb", VERBS).collect();
    all.extend(entries("matcher", MATCHERS));
    all.extend(entries("property", ALWAYS));
    all.extend(entries("fault", FAULTS));
    all.extend(packs.rules().map(Topic::Rule));
    all.extend(OWN.iter().map(|rule| Topic::Rule(rule.rule())));
    all.extend(CODES.iter().map(Topic::Code));
    all.extend(EXITS.iter().map(Topic::Exit));
    all
}

impl Topic {
    fn name(&self) -> String {
        match self {
            Self::Code(info) => info.code.to_owned(),
            Self::Rule(rule) => rule.name.to_owned(),
            Self::Word(entry) => entry.name.to_owned(),
            Self::Exit(info) => info.code.to_string(),
        }
    }

    /// The heading under which it is listed.
    fn kind(&self) -> &'static str {
        match self {
            Self::Code(_) => "Codes of problems and failures",
            Self::Rule(_) => "Rules",
            Self::Exit(_) => "Exit codes",
            Self::Word(entry) => match entry.what {
                "verb" => "Verbs",
                "matcher" => "Matchers",
                "property" => "Properties (always)",
                _ => "Faults",
            },
        }
    }

    fn explained(&self) -> String {
        match self {
            Self::Code(info) => code(info),
            Self::Rule(one) => rule(one),
            Self::Word(entry) => word(entry),
            Self::Exit(info) => exit(info),
        }
    }
}

fn heading(name: &str, about: &str) -> String {
    format!("{}  {}", paint(STRONG, name), paint(FAINT, about))
}

fn paragraph(text: &str) -> String {
    format!("\n\n  {}", wrap(&words(text), 2, WIDTH))
}

fn example(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("    {line}")).collect();
    format!("\n\n  Example:\n{}", lines.join("\n"))
}

fn code(info: &CodeInfo) -> String {
    let mut text = heading(info.code, info.title);
    text.push_str(&paragraph(info.explanation));
    text.push_str(&info.example.map(example).unwrap_or_default());
    text
}

fn rule(rule: &Rule) -> String {
    let means = match rule.basis {
        Basis::Documented => "documented: the document says it; breaking it is a violation",
        Basis::Safety => "safety: it follows from the document; breaking it is a violation",
        Basis::Choice => {
            "choice: the document is silent and this is what the reference does; what is also \
             accepted below is at most an advisory"
        }
    };
    let mut text = heading(rule.name, "rule");
    text.push_str(&paragraph(rule.text));
    if !rule.also_accepted.is_empty() {
        text.push_str("\n\n  Also accepted:");
        for other in rule.also_accepted {
            let line = format!("{}: {}", other.name, other.text);
            text.push_str(&format!("\n    - {}", wrap(&words(&line), 6, WIDTH)));
        }
    }
    if !rule.forbidden.is_empty() {
        text.push_str("\n\n  Forbidden, as an example:");
        for other in rule.forbidden {
            let line = format!("{}: {}", other.name, other.text);
            text.push_str(&format!("\n    - {}", wrap(&words(&line), 6, WIDTH)));
        }
    }
    text.push_str(&format!("\n\n  Basis:    {}", wrap(&words(means), 12, WIDTH)));
    text.push_str(&format!("\n  Document: {}", rule.document));
    if !rule.section.is_empty() {
        text.push_str(&format!(", section {}", rule.section));
    }
    text
}

fn word(entry: &Entry) -> String {
    let mut text = heading(entry.name, entry.what);
    text.push_str(&paragraph(entry.doc));
    if !entry.fields.is_empty() {
        text.push_str("\n\n  Fields:");
        let width = entry.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        for field in entry.fields {
            let needed = match field.needed {
                Needed::Required => "",
                Needed::Optional => " (optional)",
            };
            let doc = format!("{}{needed}", field.doc);
            let doc = wrap(&words(&doc), 6 + width, WIDTH);
            text.push_str(&format!("\n    {:width$}  {doc}", field.name));
        }
    }
    text.push_str(&example(entry.example));
    text
}

fn exit(info: &ExitInfo) -> String {
    heading(&format!("exit {}", info.code), info.title) + &paragraph(info.explanation)
}

fn exits() -> String {
    let mut text = heading("exit codes", "where several apply the order is 101, 2, 1, 3, 4");
    text.push('\n');
    for info in EXITS {
        let about = format!("{}. {}", info.title, info.explanation);
        text.push_str(&format!("\n  {:>3}  {}", info.code, wrap(&words(&about), 7, WIDTH)));
    }
    text
}

fn listed(topics: &[Topic]) -> String {
    let mut text = String::new();
    let mut kinds: Vec<&'static str> = Vec::new();
    for topic in topics {
        if !kinds.contains(&topic.kind()) {
            kinds.push(topic.kind());
        }
    }
    for kind in kinds {
        let names = topics.iter().filter(|topic| topic.kind() == kind).map(Topic::name);
        let names = wrap(&names.collect::<Vec<_>>(), 2, WIDTH);
        text.push_str(&format!("{}\n  {names}\n\n", paint(STRONG, kind)));
    }
    text.push_str("`quintet explain NAME` explains one of them.");
    text
}
