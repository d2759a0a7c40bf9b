//! What is nearly an effective stats service: the mistakes by which a breach is named.

use serde_json::json;

use crate::message::Json;
use crate::services::id;
use crate::verify::neighbour::{Does, Neighbour, Told, with};
use crate::verify::words::{integer, text};

/// The mistakes, cheapest first.
pub(super) static NEIGHBOURS: &[Neighbour] = &[
    Neighbour::new(id::EFF_4, "equipment that is put on has no effect", |told| {
        deaf(told.is("MOVED") && is_worn(told))
    }),
    Neighbour::new(id::EFF_4, "equipment that is taken off keeps its effect", |told| {
        deaf(told.is("MOVED") && !is_worn(told))
    }),
    Neighbour::new(id::EFF_4, "equipment has no effect", |told| deaf(told.is("MOVED"))),
    Neighbour::new(
        id::EFF_8,
        "equipment that is taken off keeps its effect under a buff",
        |told| deaf(told.is("MOVED") && !is_worn(told) && has_buff(told)),
    ),
    Neighbour::new(id::EFF_5, "equipment that is deleted keeps its effect", |told| {
        deaf(told.is("DELETED"))
    }),
    Neighbour::new(id::EFF_3, "EXPIRED is not heard", |told| deaf(told.is("EXPIRED"))),
    Neighbour::new(id::EFF_3, "APPLIED is not heard", |told| deaf(told.is("APPLIED"))),
    Neighbour::new(id::EFF_2, "DESTROYED is not heard", |told| deaf(told.is("DESTROYED"))),
    Neighbour::new(
        id::EFF_9,
        "a character that has something already is not initialised",
        |told| deaf(told.is("CREATED") && has_something(told)),
    ),
    Neighbour::new(id::EFF_1, "CREATED is not heard", |told| deaf(told.is("CREATED"))),
    Neighbour::new(id::EFF_1, "any CREATED initialises", |told| match told.is("CREATED") {
        true => vec![vec![Does::AsIf(with(told.value(), "/issuer", "CHANNEL"))]],
        false => Vec::new(),
    }),
];

/// An event without effect.
fn deaf(is_it: bool) -> Vec<Vec<Does>> {
    if is_it { vec![Vec::new()] } else { Vec::new() }
}

fn is_worn(told: &Told<'_>) -> bool {
    told.integer("/slot").is_some_and(|slot| slot < 0)
}

/// The bonuses of the character that an event is about.
fn bonuses(told: &Told<'_>) -> Vec<Json> {
    let of = told.integer("/characterId").and_then(|of| u32::try_from(of).ok());
    let shown = of.map(|of| told.asks("character", &Json::from(json!({ "characterId": of }))));
    match shown.as_ref().and_then(|shown| shown.get("bonuses")) {
        Some(Json::Array(bonuses)) => bonuses.clone(),
        _ => Vec::new(),
    }
}

fn has_buff(told: &Told<'_>) -> bool {
    let source = |bonus: &Json| text(bonus, "/source").is_some_and(|of| of.starts_with("buff:"));
    bonuses(told).iter().any(source)
}

/// Whether anything was said of the character but that it comes and goes.
fn has_something(told: &Told<'_>) -> bool {
    let of = told.integer("/characterId");
    let mut about = told.sent().filter(|value| integer(value, "/characterId") == of);
    about.any(|value| matches!(text(value, "/type"), Some("APPLIED" | "MOVED")))
}
