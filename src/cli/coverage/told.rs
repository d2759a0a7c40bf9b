//! The report of `contracts coverage`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::args::Coverage;
use super::super::drift;
use super::super::exit::Exit;
use super::super::load::Loaded;
use crate::contract::Action;
use crate::coverage::{DAMAGES, Damaged, ELEMENTS, Element, ElementKind, Fate, Score, Surface};
use crate::report::findings::{Item, Report, Standing};
use crate::report::style::count;

/// The version of the JSON lines.
const FORMAT: u32 = 1;

/// What each rule of the report means, beside the kinds of damage.
const RULES: [(&str, &str); 9] = [
    ("message-never", "a message of a contract that nothing exercised"),
    ("header-never", "a header of a contract that nothing exercised"),
    ("field-never", "a field of a contract that nothing exercised"),
    ("type-never", "one of several types of a field that nothing exercised"),
    ("value-never", "a listed value of a field that nothing exercised"),
    ("branch-never", "an alternative of a schema that nothing exercised"),
    ("rule-never", "a rule whose precondition never held"),
    ("score", "how many damages of a valid example a contract refuses"),
    ("no-example", "no valid example of a message is known, so none can be damaged"),
];

/// The sums of one service.
#[derive(Default)]
struct Sums {
    /// By kind of element: how many are exercised, and how many there are.
    elements: BTreeMap<ElementKind, (usize, usize)>,
    refused: usize,
    accepted: usize,
    equivalent: usize,
}

impl Sums {
    /// How many of a hundred damages are refused, rounded down to a tenth; none without damages.
    fn score(&self) -> Option<f64> {
        let all = self.refused + self.accepted;
        // A tenth of a percent is a thousandth.
        let tenths = (self.refused * 1000).checked_div(all)?;
        Some(f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0)
    }

    fn is_below(&self, min: u8) -> bool {
        let all = self.refused + self.accepted;
        self.refused * 100 < usize::from(min) * all
    }
}

/// The report, and how the command ends.
pub(super) fn told(
    surface: &Surface,
    scores: &[Score],
    loaded: &Loaded,
    args: &Coverage,
) -> (Report, Exit) {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for element in &surface.elements {
        let of = sums.entry(element.service.clone()).or_default();
        let of = of.elements.entry(element.kind).or_default();
        of.0 += usize::from(element.is_exercised());
        of.1 += 1;
    }
    for score in scores {
        let of = sums.entry(score.service.clone()).or_default();
        of.refused += score.count(|fate| fate == Fate::Refused);
        of.accepted += score.count(|fate| fate == Fate::Accepted);
        of.equivalent += score.count(|fate| matches!(fate, Fate::Equivalent(_)));
    }
    let mut items: Vec<Item> = surface.elements.iter().map(of_element).collect();
    for score in scores {
        items.push(of_message(score));
        items.extend(score.damaged.iter().filter_map(|one| of_damage(score, one)));
    }
    let below = below(&sums, args.min);
    items.extend(below.iter().map(|name| of_service(name, &sums[name], args.min)));
    let has_damages = scores.iter().any(|score| !score.damaged.is_empty());
    let exit = match (below.is_empty(), has_damages) {
        (false, _) => Exit::Violation,
        (true, false) => Exit::Inconclusive,
        (true, true) => Exit::Holds,
    };
    let all = Sums::over(sums.values());
    let rules = RULES.into_iter().chain(DAMAGES).collect();
    let report = Report {
        command: "contracts coverage",
        head: Some(json!({
            "event": "coverage",
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "tests": loaded.plans.len(),
            "captures": args.captures.len(),
        })),
        items,
        rules,
        table: table(&sums, &all),
        summary: summary(&all, &below, (loaded, args)),
        tail: Some(json!({
            "event": "summary",
            "elements": all.by_kind(),
            "services": services(&sums),
            "refused": all.refused,
            "accepted": all.accepted,
            "equivalent": all.equivalent,
            "score": all.score(),
            "min": args.min,
            "below": below,
            "exit": exit.info().code,
        })),
    };
    (report, exit)
}

/// The services whose score is too low.
fn below(sums: &BTreeMap<String, Sums>, min: Option<u8>) -> BTreeSet<String> {
    let low = sums.iter().filter(|(_, sums)| min.is_some_and(|min| sums.is_below(min)));
    low.map(|(name, _)| name.clone()).collect()
}

impl Sums {
    fn over<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut whole = Self::default();
        for sums in all {
            for (kind, (some, of)) in &sums.elements {
                let known = whole.elements.entry(*kind).or_default();
                known.0 += some;
                known.1 += of;
            }
            whole.refused += sums.refused;
            whole.accepted += sums.accepted;
            whole.equivalent += sums.equivalent;
        }
        whole
    }

    fn by_kind(&self) -> serde_json::Value {
        let of = ELEMENTS.iter().map(|(kind, name, _)| {
            let (some, all) = self.elements.get(kind).copied().unwrap_or_default();
            ((*name).to_owned(), json!({ "exercised": some, "all": all }))
        });
        of.collect::<serde_json::Map<_, _>>().into()
    }
}

fn services(sums: &BTreeMap<String, Sums>) -> serde_json::Value {
    let of = sums.iter().filter(|(name, _)| !name.is_empty()).map(|(name, sums)| {
        let said = json!({
            "elements": sums.by_kind(),
            "refused": sums.refused,
            "accepted": sums.accepted,
            "equivalent": sums.equivalent,
            "score": sums.score(),
        });
        (name.clone(), said)
    });
    of.collect::<serde_json::Map<_, _>>().into()
}

fn table(sums: &BTreeMap<String, Sums>, all: &Sums) -> Vec<Vec<String>> {
    let mut head = vec!["contract".to_owned()];
    head.extend(
        ELEMENTS.iter().map(|(_, name, _)| format!("{name}s").replace("branchs", "branches")),
    );
    head.extend(["refused", "accepted", "equivalent", "score"].map(str::to_owned));
    let row = |name: &str, sums: &Sums| {
        let mut row = vec![name.to_owned()];
        row.extend(ELEMENTS.iter().map(|(kind, ..)| match sums.elements.get(kind) {
            Some((some, all)) => format!("{some}/{all}"),
            None => "–".to_owned(),
        }));
        row.extend([sums.refused, sums.accepted, sums.equivalent].map(|sum| sum.to_string()));
        let score = sums.score().map_or_else(|| "–".to_owned(), |score| format!("{score:.1} %"));
        row.push(score);
        row
    };
    let named = |name: &String| if name.is_empty() { "(shared)".to_owned() } else { name.clone() };
    let rows = sums.iter().map(|(name, sums)| row(&named(name), sums));
    std::iter::once(head).chain(rows).chain([row("all", all)]).collect()
}

fn summary(all: &Sums, below: &BTreeSet<String>, (loaded, args): (&Loaded, &Coverage)) -> String {
    let (mut some, mut whole) = (0, 0);
    for (exercised, of) in all.elements.values() {
        some += exercised;
        whole += of;
    }
    let mut text = format!(
        "{} and {}: {some} of {whole} exercised; ",
        count(loaded.plans.len(), "test", "tests"),
        count(args.captures.len(), "capture", "captures"),
    );
    match all.score() {
        Some(score) => text.push_str(&format!(
            "{} of {} refused ({score:.1} %), {} equivalent",
            all.refused,
            count(all.refused + all.accepted, "damage", "damages"),
            all.equivalent,
        )),
        None => text.push_str("nothing could be damaged"),
    }
    if let Some(min) = args.min.filter(|_| !below.is_empty()) {
        let names: Vec<_> = below.iter().map(String::as_str).collect();
        text.push_str(&format!("; below {min} %: {}", names.join(", ")));
    }
    text
}

fn does(action: Action) -> &'static str {
    match action {
        Action::Send => "sends",
        Action::Receive => "reads",
    }
}

fn or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn of_element(element: &Element) -> Item {
    let kind = element.kind.name();
    let is_exercised = element.is_exercised();
    let standing = if is_exercised { Standing::Holds } else { Standing::Remark };
    let [scenarios, captures] = element.seen;
    Item {
        standing,
        grade: if is_exercised { "exercised" } else { "never" },
        rule: format!("{kind}-never"),
        subject: element.subject(),
        message: match is_exercised {
            true => format!("exercised {scenarios} times by tests, {captures} times by captures"),
            false => format!("no test or capture exercises this {kind}"),
        },
        notes: Vec::new(),
        places: element.place.clone().into_iter().collect(),
        witness: None,
        fingerprint: None,
        line: json!({
            "event": "element",
            "kind": kind,
            "service": or_null(&element.service),
            "action": element.action.map(Action::name),
            "channel": or_null(&element.channel),
            "type": or_null(&element.message),
            "field": or_null(&element.field),
            "detail": or_null(&element.detail),
            "scenarios": scenarios,
            "captures": captures,
            "places": element.place.iter().map(drift::place).collect::<Vec<_>>(),
        }),
    }
}

/// What is said of the examples of a message.
fn of_message(score: &Score) -> Item {
    let refused = score.count(|fate| fate == Fate::Refused);
    let accepted = score.count(|fate| fate == Fate::Accepted);
    let equivalent = score.count(|fate| matches!(fate, Fate::Equivalent(_)));
    let (standing, rule, message) = match &score.why_none {
        None => {
            let all = count(refused + accepted, "damage", "damages");
            (Standing::Holds, "score", format!("{refused} of {all} refused"))
        }
        Some(why) => {
            (Standing::Undecided, "no-example", format!("no valid example is known: {why}"))
        }
    };
    Item {
        standing,
        grade: if score.why_none.is_some() { "unknown" } else { "score" },
        rule: rule.to_owned(),
        subject: subject(score, "", ""),
        message,
        notes: Vec::new(),
        places: vec![score.place.clone()],
        witness: None,
        fingerprint: None,
        line: json!({
            "event": "score",
            "service": score.service,
            "action": score.action.name(),
            "channel": score.channel,
            "type": score.message,
            "examples": score.examples,
            "refused": refused,
            "accepted": accepted,
            "equivalent": equivalent,
            "reason": score.why_none,
            "places": [drift::place(&score.place)],
        }),
    }
}

fn subject(score: &Score, field: &str, detail: &str) -> String {
    let (service, channel, message) = (&score.service, &score.channel, &score.message);
    let text = format!("{service} {} {channel}/{message} {field} {detail}", does(score.action));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A damage that the contract takes; what it refuses is only counted.
fn of_damage(score: &Score, one: &Damaged) -> Option<Item> {
    let means = DAMAGES.iter().find(|(kind, _)| *kind == one.kind).map_or("", |(_, text)| *text);
    let (standing, grade, message) = match one.fate {
        Fate::Refused => return None,
        Fate::Equivalent(why) => (Standing::Holds, "equivalent", format!("{means}: {why}")),
        Fate::Accepted => {
            (Standing::Remark, "accepted", format!("{means}, and the contract takes it"))
        }
    };
    let why = match one.fate {
        Fate::Equivalent(why) => Some(why),
        _ => None,
    };
    Some(Item {
        standing,
        grade,
        rule: one.kind.to_owned(),
        subject: subject(score, &one.field, &one.detail),
        message,
        notes: Vec::new(),
        places: vec![one.place.clone()],
        witness: None,
        fingerprint: None,
        line: json!({
            "event": "damage",
            "damage": one.kind,
            "fate": grade,
            "service": score.service,
            "action": score.action.name(),
            "channel": score.channel,
            "type": score.message,
            "field": or_null(&one.field),
            "detail": or_null(&one.detail),
            "why": why,
            "places": [drift::place(&one.place)],
        }),
    })
}

/// A contract whose score is too low.
fn of_service(name: &str, sums: &Sums, min: Option<u8>) -> Item {
    let (score, min) = (sums.score().unwrap_or_default(), min.unwrap_or_default());
    let all = sums.refused + sums.accepted;
    Item {
        standing: Standing::Fails,
        grade: "below",
        rule: "score".to_owned(),
        subject: name.to_owned(),
        message: format!(
            "the contract refuses {} of {}, {score:.1} %; at least {min} % are asked for",
            sums.refused,
            count(all, "damage", "damages"),
        ),
        notes: Vec::new(),
        places: Vec::new(),
        witness: None,
        fingerprint: None,
        line: json!({ "event": "below", "service": name, "score": score, "min": min }),
    }
}
