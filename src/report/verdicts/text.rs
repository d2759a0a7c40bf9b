//! Verdicts for people: what is broken first, with all that shows it; then the rest, ever shorter.

use indexmap::IndexMap;

use super::super::style::{BAD, FAINT, GOOD, STRONG, UNSURE, count, one_line, paint, words, wrap};
use super::{Acceptance, Reported, Reproduction, Shown, Verdicts, times};
use crate::message::Json;
use crate::rule::{RuleId, Severity};
use crate::verify::{Reproduced, Standing, kind_of};

/// Lines are broken here.
const WIDTH: usize = 100;
/// Longer values are cut.
const MAX_VALUE_CHARS: usize = 600;
/// Of more records only the first and the last are shown.
const MAX_RECORDS: usize = 12;
/// Of more violations of a rule and kind only the first are shown with all that shows them.
const MAX_OF_A_KIND: usize = 3;
/// The column in which facts begin.
const INDENT: usize = 13;

/// All of it.
pub(crate) fn all(verdicts: &Verdicts) -> String {
    let mut parts: Vec<String> = Vec::new();
    let (violations, others): (Vec<_>, Vec<_>) =
        verdicts.listed().into_iter().partition(|one| one.severity == Severity::Violation);
    let (broken, accepted): (Vec<_>, Vec<_>) = violations.into_iter().partition(|one| one.counts());
    parts.extend(shown(broken));
    parts.extend(accepted.into_iter().map(finding));
    parts.extend(others.into_iter().map(finding));
    parts.push(end(verdicts));
    parts.join("\n\n")
}

/// The first violations of each kind, rule by rule: those that came again in front, and of those
/// the ones with a reproduction; how many more there are.
fn shown(mut broken: Vec<&Reported>) -> Vec<String> {
    broken.sort_by_key(|one| (one.reproduced, one.reproduction.is_none()));
    let mut of_rule: IndexMap<RuleId, IndexMap<String, Vec<&Reported>>> = IndexMap::new();
    for one in broken {
        let kinds = of_rule.entry(one.rule).or_default();
        kinds.entry(kind_of(&one.message)).or_default().push(one);
    }
    let mut parts = Vec::new();
    for (rule, all) in
        of_rule.iter().flat_map(|(rule, kinds)| kinds.values().map(move |of| (rule, of)))
    {
        parts.extend(all.iter().take(MAX_OF_A_KIND).map(|one| finding(one)));
        if let Some(more) = all.len().checked_sub(MAX_OF_A_KIND).filter(|more| *more > 0) {
            let more = count(more, "more violation", "more violations");
            parts.push(paint(FAINT, format!("{more} of {rule}: --format json has all of them")));
        }
    }
    parts
}

/// All of it but the findings.
pub(crate) fn end(verdicts: &Verdicts) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(messages(verdicts));
    parts.extend(table(verdicts));
    let notes: Vec<_> = verdicts.notes.iter().map(|note| fact("note", note)).collect();
    if !notes.is_empty() {
        parts.push(notes.concat().trim_start_matches('\n').to_owned());
    }
    parts.push(counts(verdicts));
    parts.join("\n\n")
}

/// One finding with its evidence.
pub(crate) fn finding(one: &Reported) -> String {
    let rule = one.rule.rule();
    let style = if one.counts() { BAD } else { UNSURE };
    let head = paint(style, format!("{}[{}]", one.word(), one.rule));
    let mut text = format!("{head}: {}", paint(STRONG, one_line(&one.message)));
    text.push_str(&fact("rule", rule.text));
    text.push_str(&fact("document", &one.cited()));
    if let Some(tenant) = &one.tenant {
        text.push_str(&fact("tenant", tenant));
    }
    text.push_str(&records(&one.records));
    if let Some(relaxation) = &one.relaxation {
        text.push_str(&fact("explained if", relaxation));
    }
    if let Some(more) = one.and_more() {
        text.push_str(&fact("and", &more));
    }
    match one.reproduced {
        Reproduced::Yes => text.push_str(&fact("reproduced", "yes")),
        Reproduced::No => text.push_str(&fact(
            "reproduced",
            "no: it did not come again when what was sent was played by itself, and so weighs less",
        )),
        Reproduced::NotTried => {}
    }
    if let Some(reproduction) = &one.reproduction {
        text.push_str(&again(reproduction));
    }
    if let Some(acceptance) = &one.acceptance {
        text.push_str(&fact("accepted", &accepted(acceptance)));
    }
    text
}

/// `  rule       For one ban id: …`
fn fact(name: &str, what: &str) -> String {
    let what = wrap(&words(&one_line(what)), INDENT + 2, WIDTH);
    format!("\n  {}{what}", paint(FAINT, format!("{name:INDENT$}")))
}

fn records(records: &[Shown]) -> String {
    let left_out = records.len().saturating_sub(MAX_RECORDS);
    let (first, last) = match left_out {
        0 => (records, &records[..0]),
        _ => (&records[..MAX_RECORDS / 2], &records[records.len() - MAX_RECORDS / 2..]),
    };
    let mut text = String::new();
    for (at, shown) in first.iter().enumerate() {
        text.push_str(&record(if at == 0 { "records" } else { "" }, shown));
    }
    if left_out > 0 {
        text.push_str(&fact("", &format!("… {left_out} more …")));
    }
    last.iter().for_each(|shown| text.push_str(&record("", shown)));
    text
}

/// `#4  ban.command/DELETE  partition 0 offset 7  key e803…  by test  at …`, and its value below.
fn record(name: &str, shown: &Shown) -> String {
    let field = |name: &str| match shown.placed.get(name) {
        Some(Json::String(text)) => one_line(text),
        Some(Json::Null) | None => "none".to_owned(),
        Some(other) => one_line(&other.to_string()),
    };
    let name = paint(FAINT, format!("{name:INDENT$}"));
    let by = if shown.is_known { format!("by {} ", shown.producer) } else { String::new() };
    let at = shown.at.to_rfc3339();
    let head = format!(
        "{}  {}  partition {} offset {}  key {}  {by}at {at}",
        shown.id,
        field("message"),
        field("partition"),
        field("offset"),
        field("key"),
    );
    let value = match shown.placed.get("value") {
        Some(Json::Null) | None => "no value (a tombstone)".to_owned(),
        Some(value) => cut(&one_line(&value.to_string())),
    };
    let pad = " ".repeat(INDENT + 4);
    format!("\n  {name}{head}\n{pad}{}", paint(FAINT, value))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn again(reproduction: &Reproduction) -> String {
    let mut text = String::new();
    for (at, step) in reproduction.steps.iter().enumerate() {
        text.push_str(&fact(if at == 0 { "to see it" } else { "" }, &cut(step)));
    }
    let mut from = Vec::new();
    from.extend(reproduction.seed.map(|seed| format!("seed {seed}")));
    from.extend(reproduction.tenant.as_ref().map(|tenant| format!("last seen in {tenant}")));
    if !from.is_empty() {
        text.push_str(&fact("", &from.join(", ")));
    }
    // A command is copied: it is not wrapped.
    let name = paint(FAINT, format!("{:INDENT$}", "again"));
    format!("{text}\n  {name}{}", one_line(&reproduction.command))
}

/// `until 2026-12-31 (accepted.yaml:3): known`
pub(super) fn accepted(acceptance: &Acceptance) -> String {
    let Acceptance { reason, until, place, expired } = acceptance;
    match expired {
        false => format!("until {until} ({place}): {reason}"),
        true => {
            format!("only until {until}, which is over, so it counts again ({place}): {reason}")
        }
    }
}

/// How many records of each message there were.
fn messages(verdicts: &Verdicts) -> Option<String> {
    let lines = verdicts.messages.iter();
    let lines: String =
        lines.map(|(name, records)| format!("\n  {records:8}  {}", one_line(name))).collect();
    (!lines.is_empty()).then(|| format!("{}{lines}", paint(STRONG, "records")))
}

/// Every rule, by verdict: a line each for those that say something, the others in one.
fn table(verdicts: &Verdicts) -> Option<String> {
    let word = |rule: RuleId, standing: &Standing| verdicts.word(rule, standing);
    let lines = verdicts.rules.iter().filter_map(|(rule, standing)| {
        let (word, style) = (word(*rule, standing), style_of(standing));
        let about = match standing {
            Standing::Violated { times } | Standing::Advisory { times } => {
                count(usize::try_from(*times).unwrap_or(usize::MAX), "time", "times")
            }
            Standing::Inconclusive { why } => one_line(why),
            Standing::Passed { .. } | Standing::NotExercised { .. } => return None,
        };
        let about = wrap(&words(&about), 26, WIDTH);
        let line = format!("  {rule:8}  {}  {about}", paint(style, format!("{word:12}")));
        Some((rank(standing), line))
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|(rank, _)| *rank);
    let mut lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    let mut list = |name: &str, style, rules: Vec<String>| {
        if !rules.is_empty() {
            let rules = wrap(&rules, 17, WIDTH);
            lines.push(format!("  {}{rules}", paint(style, format!("{name:15}"))));
        }
    };
    let rules = || verdicts.rules.iter();
    let passed = rules().filter(|(_, standing)| matches!(standing, Standing::Passed { .. }));
    for (why, rules) in not_exercised(verdicts) {
        let mut rules: Vec<_> = rules.iter().map(ToString::to_string).collect();
        rules.last_mut().into_iter().for_each(|last| last.push(':'));
        rules.extend(words(&one_line(why)));
        list("not exercised", UNSURE, rules);
    }
    let counted = passed.map(|(rule, standing)| format!("{rule}×{}", times(standing)));
    list("passed", GOOD, counted.collect());
    let head = paint(STRONG, "rules");
    (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")))
}

/// The rules that are not exercised, by why.
fn not_exercised(verdicts: &Verdicts) -> IndexMap<&str, Vec<RuleId>> {
    let mut by_why: IndexMap<&str, Vec<RuleId>> = IndexMap::new();
    for (rule, standing) in &verdicts.rules {
        if let Standing::NotExercised { why } = standing {
            by_why.entry(why).or_default().push(*rule);
        }
    }
    by_why
}

fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Violated { .. } => 0,
        Standing::Advisory { .. } => 1,
        Standing::Inconclusive { .. } => 2,
        Standing::NotExercised { .. } => 3,
        Standing::Passed { .. } => 4,
    }
}

fn style_of(standing: &Standing) -> anstyle::Style {
    match standing {
        Standing::Violated { .. } => BAD,
        Standing::Passed { .. } => GOOD,
        _ => UNSURE,
    }
}

/// How much there is of each kind, in one line.
pub(crate) fn counts(verdicts: &Verdicts) -> String {
    let counts = verdicts.counts();
    let mut parts = vec![match counts.violations {
        0 => paint(GOOD, "no violations"),
        number => paint(BAD, count(number, "violation", "violations")),
    }];
    let mut part = |number: usize, style, what: &str| {
        if number > 0 {
            parts.push(paint(style, format!("{number} {what}")));
        }
    };
    part(counts.accepted, UNSURE, "accepted");
    part(counts.advisories, UNSURE, if counts.advisories == 1 { "advisory" } else { "advisories" });
    let mut rules = vec![format!("{} passed", counts.passed)];
    if counts.inconclusive > 0 {
        rules.push(format!("{} inconclusive", counts.inconclusive));
    }
    rules.push(format!("{} not exercised", counts.not_exercised));
    let whose = paint(STRONG, one_line(verdicts.whose()));
    format!("{whose}: {}; rules: {}", parts.join(", "), rules.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::{Reported, Verdicts, json};
    use super::all;
    use crate::contract::Contracts;
    use crate::history::{History, Producer, ServiceIx};
    use crate::message::{Headers, Offset, Partition, Record, VirtualTime};
    use crate::rule::{RuleId, Severity};
    use crate::services::id;
    use crate::verify::{Found, More, Reproduced};

    fn found(rule: RuleId, message: String) -> Reported {
        Reported {
            severity: Severity::Violation,
            rule,
            message,
            tenant: None,
            records: Vec::new(),
            relaxation: None,
            document: ("ban.md", "Message Types"),
            more: None,
            reproduced: Reproduced::NotTried,
            reproduction: None,
            acceptance: None,
        }
    }

    #[test]
    fn of_many_violations_of_a_kind_the_first_are_shown() {
        let mut verdicts = Verdicts::on(Some("ban"));
        verdicts.findings =
            (0..5).map(|number| found(id::BAN_5, format!("breach {number}"))).collect();
        verdicts.findings.push(found(id::BAN_5, "another kind".to_owned()));
        verdicts.findings.push(found(id::COM_9, "breach 5".to_owned()));
        let text = all(&verdicts);
        for (number, is_shown) in [true, true, true, false, false, true].into_iter().enumerate() {
            assert_eq!(text.contains(&format!("breach {number}")), is_shown, "{text}");
        }
        assert!(text.contains("another kind"), "{text}");
        assert!(text.contains("2 more violations of BAN-5"), "{text}");
        assert!(!text.contains("more violations of COM-9"), "{text}");
    }

    #[test]
    fn what_flows_is_held_against_the_document_of_whoever_wrote_it() {
        let all = ["invite.md", "account.md"];
        let of = ["invite.status", "account.status"];
        for (at, (channel, document)) in (0_u16..).zip(of.into_iter().zip(all)) {
            let services = vec!["invite".to_owned(), "account".to_owned()];
            let mut history = History::new(Contracts::builtin(), services);
            let channel = history.contracts().channel_ix(channel).expect("a channel");
            let headers = Headers::from_list(Vec::new());
            let record = Record { key: None, headers, value: None };
            let written = Producer::Service { service: ServiceIx(at), cause: None };
            for producer in [Producer::Test, written] {
                let place = (channel, Partition(0), Offset(0));
                let id = history.append(VirtualTime::ZERO, place, record.clone(), producer);
                let about = (None, vec![id]);
                let found = Found::new(Severity::Violation, id::COM_7, "it is".to_owned(), about);
                let mut verdicts = Verdicts::on_traffic(None);
                verdicts.find(&history, &found);
                assert_eq!(verdicts.findings[0].document.0, document);
            }
        }
    }

    #[test]
    fn what_came_again_is_listed_before_what_did_not() {
        let reproduced = [Reproduced::No, Reproduced::NotTried, Reproduced::Yes];
        let mut verdicts = Verdicts::on(Some("ban"));
        verdicts.findings = reproduced
            .into_iter()
            .map(|one| Reported {
                reproduced: one,
                ..found(id::BAN_5, format!("tried: {}!", one.as_str()))
            })
            .collect();
        verdicts.findings[0].more = Some(More { times: 22, tenants: 11 });
        let text = all(&verdicts);
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
        assert!(at("tried: yes!") < at("tried: not tried!"), "{text}");
        assert!(at("tried: not tried!") < at("tried: no!"), "{text}");
        assert!(at("tried: no!") < at("no: it did not come again"), "{text}");
        assert!(text.contains("22 more of this kind, in 11 tenants"), "{text}");
        assert!(text.contains("25 violations"), "{text}");
        let lines: Vec<_> = verdicts.listed().into_iter().map(json::finding).collect();
        let says = |line: &String, what: &str| assert!(line.contains(what), "{line}");
        says(&lines[0], r#""more":null,"reproduced":"yes""#);
        says(&lines[1], r#""reproduced":"not tried""#);
        says(&lines[2], r#""more":{"times":22,"tenants":11},"reproduced":"no""#);
    }
}
