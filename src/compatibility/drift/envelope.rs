//! Keys, headers and content types of a message that is sent and read.

use super::{Pair, Side};
use crate::compatibility::finding::{
    CONTENT_TYPE_DIFFERS, Disagreement, Effect, HEADER_ENCODING_DIFFERS, HEADER_MAY_BE_EMPTY,
    HEADER_NOT_PROMISED, HEADER_NOT_READ, KEY_ALWAYS_THE_SAME, KEY_ENCODING_DIFFERS,
    KEY_NOT_PROMISED, KEY_SOURCE_DIFFERS, Place,
};
use crate::compatibility::view::MessageView;
use crate::contract::{Basis, KeyRule};
use crate::evolution::Json;

pub(super) fn compare(
    pair: &Pair<'_>,
    sent: &MessageView<'_>,
    read: &MessageView<'_>,
    found: &mut Vec<Disagreement>,
) {
    if sent.content_type != read.content_type {
        let text = format!(
            "{} is sent as {} and read as {}",
            sent.tag, sent.content_type, read.content_type
        );
        let mut one = pair.found(CONTENT_TYPE_DIFFERS, Effect::Breaks, &sent.tag, text);
        one.places = message_places(pair, sent, read);
        one.detail = format!("{} {}", sent.content_type, read.content_type);
        found.push(one);
    }
    headers(pair, sent, read, found);
    keys(pair, sent, read, found);
}

fn message_places(pair: &Pair<'_>, sent: &MessageView<'_>, read: &MessageView<'_>) -> Vec<Place> {
    let place = |side: &Side<'_>, view: &MessageView<'_>| Place {
        file: view.file().clone(),
        span: view.message.span,
        what: format!("{}: message", side.service()),
    };
    vec![place(pair.sender, sent), place(pair.receiver, read)]
}

fn headers(
    pair: &Pair<'_>,
    sent: &MessageView<'_>,
    read: &MessageView<'_>,
    found: &mut Vec<Disagreement>,
) {
    let (sender, receiver) = (pair.sender.service(), pair.receiver.service());
    let mut add = |rule, effect, name: &str, text: String, detail: String| {
        let mut one = pair.found(rule, effect, &sent.tag, text);
        one.field = name.to_owned();
        one.places = message_places(pair, sent, read);
        one.detail = detail;
        found.push(one);
    };
    for theirs in &read.headers {
        let name = &theirs.name;
        let ours = sent.headers.iter().find(|own| own.name == *name);
        let Some(ours) = ours.filter(|own| own.required || !theirs.required) else {
            if theirs.required {
                let text =
                    format!("{receiver} needs the header {name}, {sender} does not promise it");
                add(HEADER_NOT_PROMISED, Effect::Breaks, name, text, String::new());
            }
            continue;
        };
        if ours.encoding != theirs.encoding {
            let (own, other) = (ours.encoding.name(), theirs.encoding.name());
            let text =
                format!("{sender} sends the header {name} as {own}, {receiver} reads {other}");
            let detail = format!("{own} {other}");
            add(HEADER_ENCODING_DIFFERS, Effect::Breaks, name, text, detail);
        } else if theirs.non_empty && !ours.non_empty {
            let text = format!("{receiver} refuses an empty header {name}, {sender} may send one");
            add(HEADER_MAY_BE_EMPTY, Effect::Breaks, name, text, String::new());
        }
    }
    for ours in &sent.headers {
        if read.headers.iter().all(|own| own.name != ours.name) {
            let name = &ours.name;
            let text = format!("{sender} sends the header {name}, {receiver} does not know it");
            add(HEADER_NOT_READ, Effect::LosesData, name, text, String::new());
        }
    }
}

/// Where one side's document says nothing of keys, they differ only from what the field does.
fn grave(rules: &[&KeyRule]) -> Effect {
    let documented = rules.iter().all(|rule| rule.basis == Basis::Documented);
    if documented { Effect::Breaks } else { Effect::Cosmetic }
}

fn keys(
    pair: &Pair<'_>,
    sent: &MessageView<'_>,
    read: &MessageView<'_>,
    found: &mut Vec<Disagreement>,
) {
    let (sender, receiver) = (pair.sender.service(), pair.receiver.service());
    let mut add = |rule, effect, text: String, detail: String| {
        let mut one = pair.found(rule, effect, &sent.tag, text);
        let key = |view: &MessageView<'_>| view.key.as_ref().map(|key| key.span);
        let mut places = message_places(pair, sent, read);
        for (place, span) in places.iter_mut().zip([key(sent), key(read)]) {
            place.span = span.unwrap_or(place.span);
        }
        one.places = places;
        one.detail = detail;
        found.push(one);
    };
    match (&sent.key, &read.key) {
        (None, Some(theirs)) => {
            let text =
                format!("{receiver} counts on the key {}, {sender} names none", theirs.field);
            add(KEY_NOT_PROMISED, grave(&[theirs]), text, theirs.field.clone());
        }
        (Some(ours), Some(theirs)) if ours.field != theirs.field => {
            let text = format!(
                "{sender} keys {} by {}, {receiver} takes it to be keyed by {}",
                sent.tag, ours.field, theirs.field
            );
            let detail = format!("{} {}", ours.field, theirs.field);
            add(KEY_SOURCE_DIFFERS, grave(&[ours, theirs]), text, detail);
        }
        (Some(ours), Some(theirs)) if ours.encoding != theirs.encoding => {
            let (own, other) = (ours.encoding.name(), theirs.encoding.name());
            let text = format!("{sender} writes the key as {own}, {receiver} reads {other}");
            add(KEY_ENCODING_DIFFERS, grave(&[ours, theirs]), text, format!("{own} {other}"));
        }
        _ => {}
    }
}

/// Keys of a sender that are always the same.
pub(super) fn own_keys(side: &Side<'_>, found: &mut Vec<Disagreement>) {
    for view in &side.messages {
        let Some(key) = &view.key else { continue };
        let at: String =
            key.field.split('/').skip(1).map(|part| format!("/properties/{part}")).collect();
        let Some(value) = view.payload.schema.at(&at).and_then(only_value) else { continue };
        let value = value.to_serde().unwrap_or_default();
        let service = side.service().to_owned();
        let text = format!(
            "{service} keys {} by {}, which is always {value}: all of them have one key, and their \
             order to messages of the same thing is not kept",
            view.tag, key.field
        );
        let (file, span) = view.place(&at);
        let place =
            |file, span, what: &str| Place { file, span, what: format!("{service}: {what}") };
        let places = vec![
            place(view.file().clone(), key.span, "key"),
            place(file, span, "the field that it is taken from"),
        ];
        found.push(Disagreement {
            rule: KEY_ALWAYS_THE_SAME,
            effect: Effect::LosesData,
            channel: side.channel.name.clone(),
            message: view.tag.clone(),
            field: key.field.clone(),
            sender: service,
            receiver: String::new(),
            text,
            places,
            witness: None,
            detail: value.to_string(),
        });
    }
}

/// The value that a field always has.
fn only_value(schema: &Json) -> Option<&Json> {
    if let Some(value) = schema.get("const") {
        return Some(value);
    }
    let listed = schema.get("enum").or_else(|| schema.get("x-known-values"));
    match listed.map(Json::items) {
        Some([only]) => Some(only),
        _ => None,
    }
}
