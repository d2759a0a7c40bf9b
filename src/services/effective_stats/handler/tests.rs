//! What stats come to.
#![expect(clippy::needless_pass_by_value, reason = "json!(…) at each call reads better")]

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::EffectiveStats;
use crate::service::testing::{Bench, session, tenant};
use crate::services::id;

type Stats = Bench<EffectiveStats>;

fn client(kind: &str, issuer: &str, character: u32) -> Value {
    json!({ "sessionId": session(1), "accountId": 1, "characterId": character, "worldId": 0,
        "channelId": 0, "issuer": issuer, "type": kind })
}

fn buff(kind: &str, source: i32, changes: Value) -> Value {
    json!({ "worldId": 0, "channelId": 0, "characterId": 7, "type": kind,
        "body": { "sourceId": source, "changes": changes } })
}

fn moved(asset: u32, from: i32, to: i32, reference_type: &str) -> Value {
    json!({ "characterId": 7, "assetId": asset, "slot": to, "type": "MOVED",
        "body": { "oldSlot": from, "referenceType": reference_type } })
}

fn deleted(asset: u32, slot: i32) -> Value {
    json!({ "characterId": 7, "assetId": asset, "slot": slot, "type": "DELETED", "body": {} })
}

/// Character 7 with 10 strength and 50 HP, a ring (31) and a hat (32).
fn bench() -> Stats {
    let mut bench = Stats::new();
    let characters = json!([{ "id": 7, "strength": 10, "max_hp": 50 }]);
    let equipment = json!([{ "assetId": 31, "strength": 4, "speed": -9 },
        { "assetId": 32, "strength": 1 }]);
    bench.give(json!({}), &[("characters", characters), ("equipment", equipment)]).unwrap();
    bench
}

fn initialised() -> Stats {
    let mut bench = bench();
    bench.send("session.status", client("CREATED", "CHANNEL", 7));
    bench
}

fn stat(bench: &Stats, name: &str) -> Value {
    bench.query("character", json!({ "characterId": 7 }))[name].clone()
}

#[test]
fn only_a_channel_initialises_and_destroyed_removes() {
    let mut bench = bench();
    assert_eq!(bench.send("session.status", client("CREATED", "LOGIN", 7)), []);
    assert_eq!(stat(&bench, "initialised"), false);
    bench.send("session.status", client("CREATED", "CHANNEL", 7));
    assert_eq!((stat(&bench, "strength"), stat(&bench, "max_hp")), (json!(10), json!(50)));
    assert_eq!((stat(&bench, "luck"), stat(&bench, "jump")), (json!(0), json!(0)));
    bench.send("buff.status", buff("APPLIED", 1, json!([{ "type": "SPEED", "amount": 5 }])));
    bench.send("session.status", client("DESTROYED", "CHANNEL", 7));
    assert_eq!(stat(&bench, "initialised"), false);
    bench.send("session.status", client("CREATED", "CHANNEL", 7));
    assert_eq!(stat(&bench, "speed"), 0);
}

#[rstest]
#[case("WEAPON_ATTACK", "weapon_attack", 30)]
#[case("PAD", "weapon_attack", 30)]
#[case("MAGIC_ATTACK", "magic_attack", 30)]
#[case("MAD", "magic_attack", 30)]
#[case("WEAPON_DEFENSE", "weapon_defense", 30)]
#[case("PDD", "weapon_defense", 30)]
#[case("MAGIC_DEFENSE", "magic_defense", 30)]
#[case("MDD", "magic_defense", 30)]
#[case("ACCURACY", "accuracy", 30)]
#[case("ACC", "accuracy", 30)]
#[case("AVOIDABILITY", "avoidability", 30)]
#[case("AVOID", "avoidability", 30)]
#[case("EVA", "avoidability", 30)]
#[case("SPEED", "speed", 30)]
#[case("JUMP", "jump", 30)]
#[case("HYPER_BODY_HP", "max_hp", 65)]
#[case("MAPLE_WARRIOR", "strength", 13)]
#[case("HYPER_BODY_MP", "max_hp", 50)]
#[case("SLEEP", "strength", 10)]
fn changes_become_bonuses(#[case] kind: &str, #[case] name: &str, #[case] value: u32) {
    let mut bench = initialised();
    let changes = json!([{ "type": kind, "amount": 30 }]);
    assert_eq!(bench.send("buff.status", buff("APPLIED", 5, changes.clone())), []);
    assert_eq!(stat(&bench, name), value);
    bench.send("buff.status", buff("EXPIRED", 6, changes.clone()));
    assert_eq!(stat(&bench, name), value);
    bench.send("buff.status", buff("EXPIRED", 5, json!(null)));
    let base = match name {
        "strength" => 10,
        "max_hp" => 50,
        _ => 0,
    };
    assert_eq!(stat(&bench, name), base);
}

#[test]
fn bonuses_of_all_sources_are_summed_multiplied_and_floored() {
    let mut bench = initialised();
    let warrior = |amount: i32| json!([{ "type": "MAPLE_WARRIOR", "amount": amount }]);
    bench.send("buff.status", buff("APPLIED", 5, warrior(15)));
    bench.send("asset.status", moved(31, 3, -11, "equipable"));
    assert_eq!(stat(&bench, "strength"), 16); // (10 + 4) x 1.15 = 16.1
    bench.send("buff.status", buff("APPLIED", 5, warrior(10)));
    assert_eq!(stat(&bench, "strength"), 15); // replaced: (10 + 4) x 1.1 = 15.4
    bench.send("buff.status", buff("APPLIED", 6, warrior(20)));
    assert_eq!(stat(&bench, "strength"), 18); // (10 + 4) x 1.3 = 18.2
    assert_eq!(stat(&bench, "speed"), 0); // -9 is at least 0
    bench.send("buff.status", buff("APPLIED", 7, warrior(-500)));
    assert_eq!(stat(&bench, "strength"), 0);
    let sources: Vec<_> = stat(&bench, "bonuses")
        .as_array()
        .unwrap()
        .iter()
        .map(|bonus| bonus["source"].as_str().unwrap().to_owned())
        .collect();
    assert!(sources.contains(&"buff:5".to_owned()));
    assert!(sources.contains(&"equipment:31".to_owned()));
}

#[rstest]
#[case::put_on(3, -11, "equipable", 14)]
#[case::put_on_cash(3, -101, "cash_equipable", 14)]
#[case::another_type(3, -11, "consumable", 10)]
#[case::within_the_bag(3, 4, "equipable", 10)]
#[case::from_nowhere(0, -11, "equipable", 10)]
#[case::worn_elsewhere(-11, -12, "equipable", 10)]
#[case::taken_off(-11, 3, "equipable", 10)]
fn equipment_counts_from_a_positive_to_a_negative_slot(
    #[case] from: i32,
    #[case] to: i32,
    #[case] reference_type: &str,
    #[case] strength: u32,
) {
    let mut bench = initialised();
    assert_eq!(bench.send("asset.status", moved(31, from, to, reference_type)), []);
    assert_eq!(stat(&bench, "strength"), strength);
}

#[rstest]
#[case::taken_off(moved(31, -11, 3, "equipable"), 11)]
#[case::of_another_type(moved(31, -11, 3, "consumable"), 15)]
#[case::to_slot_0(moved(31, -11, 0, "equipable"), 15)]
#[case::moved_while_worn(moved(31, -11, -12, "equipable"), 15)]
#[case::deleted(deleted(31, -11), 11)]
#[case::deleted_from_the_bag(deleted(31, 3), 15)]
#[case::deleted_from_slot_0(deleted(31, 0), 15)]
fn equipment_that_is_worn_ceases_to_count(#[case] event: Value, #[case] strength: u32) {
    let mut bench = initialised();
    bench.send("asset.status", moved(31, 3, -11, "equipable"));
    bench.send("asset.status", moved(32, 4, -12, "equipable"));
    assert_eq!(bench.send("asset.status", event), []);
    assert_eq!(stat(&bench, "strength"), strength);
    assert!(bench.has_applied(id::EFF_7));
}

#[rstest]
#[case("kept", json!(false), json!(14))]
#[case("ignored", json!(false), json!(10))]
#[case("initialises", json!(true), json!(14))]
fn what_comes_before_initialisation(
    #[case] decision: &'static str,
    #[case] at_once: Value,
    #[case] strength: Value,
) {
    let mut bench = bench();
    bench.take(id::EFF_9, decision);
    bench.send("asset.status", moved(31, 3, -11, "equipable"));
    assert_eq!(stat(&bench, "initialised"), at_once);
    bench.send("session.status", client("CREATED", "CHANNEL", 7));
    assert_eq!(stat(&bench, "strength"), strength);
}

#[test]
fn tenants_have_their_own_characters() {
    let mut bench = initialised();
    bench.tenant = tenant(2);
    bench.send("session.status", client("CREATED", "CHANNEL", 7));
    bench.send("asset.status", moved(31, 3, -11, "equipable"));
    assert_eq!(stat(&bench, "strength"), 0);
    bench.tenant = tenant(1);
    assert_eq!(stat(&bench, "strength"), 10);
}

#[test]
fn data_that_cannot_be_used_is_named() {
    let mut bench = Stats::new();
    let give = |bench: &mut Stats, data: Value| {
        bench.give(json!({}), &[("characters", data)]).unwrap_err()
    };
    assert_eq!(give(&mut bench, json!([{ "id": 1, "speed": 3 }])), "speed: is not known");
    assert_eq!(give(&mut bench, json!([{ "strength": 3 }])), "id: is missing");
    let wrong = give(&mut bench, json!([{ "id": 1, "strength": -3 }]));
    assert_eq!(wrong, "strength: must be an integer of its range");
}

proptest! {
    /// Whatever is in force, one more buff that comes (twice) and goes (twice) changes nothing.
    #[test]
    fn a_bonus_that_goes_leaves_no_trace(
        others in prop::collection::vec((1..5_i32, 0..4_usize, any::<i32>()), 0..8),
        amount in any::<i32>(),
        kind in 0..4_usize,
    ) {
        const KINDS: [&str; 4] = ["MAPLE_WARRIOR", "HYPER_BODY_HP", "SPEED", "PAD"];
        let mut bench = initialised();
        let changes =
            |kind: usize, amount: i32| json!([{ "type": KINDS[kind], "amount": amount }]);
        for (source, kind, amount) in others {
            bench.send("buff.status", buff("APPLIED", source, changes(kind, amount)));
        }
        let before = bench.query("character", json!({ "characterId": 7 }));
        let mut during = Vec::new();
        for _ in 0..2 {
            bench.send("buff.status", buff("APPLIED", 9, changes(kind, amount)));
            during.push(bench.query("character", json!({ "characterId": 7 })));
        }
        prop_assert_eq!(&during[0], &during[1]);
        for _ in 0..2 {
            bench.send("buff.status", buff("EXPIRED", 9, changes(kind, amount)));
            prop_assert_eq!(&bench.query("character", json!({ "characterId": 7 })), &before);
        }
    }
}
