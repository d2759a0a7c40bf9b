//! The reference effective stats service.
//!
//! What this is: for each character, base values and the bonuses of buffs and equipment, and what
//! they come to. What it is not: it emits nothing; a query is the only way to see anything, and no
//! buff expires here by time.
//!
//! What always holds: taking a bonus away leaves every stat as it was before the bonus came. Start
//! at [`EffectiveStats`].

mod stat;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::stat::{Amount, Base, Character, Source, Stat};
use crate::message::typed::decode;
use crate::message::{Json, Key, Tenant};
use crate::service::support::{ArgError, Args, ByTenant, refused, required};
use crate::service::{Asked, Cx, Given, Incoming, QueryError, Reject, Service, Vocabulary};
use crate::services::effective_stats::messages::{
    AssetStatus, AssetStatusBody, BuffStatus, BuffStatusBody,
};
use crate::services::id;
use crate::services::login::messages::{ClientSession, ClientSessionType};

/// What a character can be given.
const CHARACTER_FIELDS: [&str; 1 + Stat::BASE.len()] = stat::fields("id", &Stat::BASE);
/// What a piece of equipment can be given.
const EQUIPMENT_FIELDS: [&str; 1 + Stat::ALL.len()] = stat::fields("assetId", &Stat::ALL);

/// The effective stats service.
#[derive(Clone, Debug, Default, Hash)]
pub struct EffectiveStats(ByTenant<State>);

#[derive(Clone, Debug, Default, Hash)]
struct State {
    characters: BTreeMap<u32, Character>,
    /// The base values that are looked up for a character.
    bases: BTreeMap<u32, Base>,
    /// The bonuses that are looked up for a piece of equipment.
    equipment: BTreeMap<u32, Vec<(Stat, Amount)>>,
}

impl State {
    fn session(&mut self, session: &ClientSession<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        match session.kind {
            ClientSessionType::Created => {
                cx.applies(id::EFF_1);
                if &*session.issuer != "CHANNEL" && !cx.violates(id::EFF_1, "login-too") {
                    return refused("only a channel initialises a character");
                }
                let character_id = session.character_id;
                let uninitialised = |it: &Character| it.base.is_none();
                if cx.violates(id::EFF_9, "lost")
                    && self.characters.get(&character_id).is_some_and(uninitialised)
                {
                    self.characters.remove(&character_id);
                }
                self.initialise(character_id);
                if cx.violates(id::EFF_1, "no-base") {
                    self.characters.entry(character_id).or_default().base = Some(Base::default());
                }
            }
            ClientSessionType::Destroyed => {
                cx.applies(id::EFF_2);
                if !cx.violates(id::EFF_2, "stays") {
                    self.characters.remove(&session.character_id);
                }
            }
        }
        Ok(())
    }

    fn initialise(&mut self, character_id: u32) {
        let base = self.bases.get(&character_id).copied().unwrap_or_default();
        self.characters.entry(character_id).or_default().base = Some(base);
    }

    fn buff(&mut self, buff: &BuffStatus<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        cx.applies(id::EFF_3);
        match &buff.body {
            BuffStatusBody::Applied(applied) => {
                let mut bonuses = Vec::new();
                for change in &applied.changes.0 {
                    stat::push_changes(&mut bonuses, &change.kind, change.amount);
                    if cx.violates(id::EFF_6, "unknown-is-speed") && !stat::is_known(&change.kind) {
                        bonuses.push((Stat::Speed, Amount::Flat(change.amount)));
                    }
                }
                cx.applies(id::EFF_6);
                if cx.violates(id::EFF_6, "multiplier-is-flat") {
                    bonuses.iter_mut().for_each(|(_, amount)| *amount = amount.flat());
                }
                if cx.violates(id::EFF_7, "announces") {
                    cx.emit("buff.status", &Key::None, &"stronger")?;
                }
                if cx.violates(id::EFF_3, "never-applied") {
                    return Ok(());
                }
                self.add(buff.character_id, Source::Buff(applied.source_id), &bonuses, cx)
            }
            BuffStatusBody::Expired(expired) => {
                let character = self.characters.get_mut(&buff.character_id);
                match character {
                    Some(character) if cx.violates(id::EFF_3, "all-expire") => {
                        character.remove_buffs();
                    }
                    _ if cx.violates(id::EFF_3, "never-expires") => return Ok(()),
                    _ => {}
                }
                self.remove(buff.character_id, Source::Buff(expired.source_id), cx);
                Ok(())
            }
        }
    }

    fn asset(&mut self, asset: &AssetStatus<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let source = Source::Equipment(asset.asset_id);
        match &asset.body {
            AssetStatusBody::Moved(moved) => {
                cx.applies(id::EFF_4);
                let is_worn = matches!(&*moved.reference_type, "equipable" | "cash_equipable");
                if !is_worn && !cx.violates(id::EFF_4, "any-type") {
                    return refused("the asset cannot be worn");
                }
                let slots = (moved.old_slot.signum(), asset.slot.signum());
                match slots {
                    (-1, 1) if cx.violates(id::EFF_4, "stays-on") => Ok(()),
                    (1, slot) if slot < 0 || slot > 0 && cx.violates(id::EFF_4, "in-the-bag") => {
                        let bonuses = self.equipment.get(&asset.asset_id).cloned();
                        self.add(asset.character_id, source, &bonuses.unwrap_or_default(), cx)
                    }
                    (-1, 1) => {
                        self.remove(asset.character_id, source, cx);
                        Ok(())
                    }
                    _ => refused("the asset is neither put on nor taken off"),
                }
            }
            AssetStatusBody::Deleted(_) => {
                cx.applies(id::EFF_5);
                if asset.slot >= 0 && !cx.violates(id::EFF_5, "any-slot")
                    || asset.slot < 0 && cx.violates(id::EFF_5, "stays-on")
                {
                    return refused("the asset was not worn");
                }
                self.remove(asset.character_id, source, cx);
                Ok(())
            }
        }
    }

    fn add(
        &mut self,
        character_id: u32,
        source: Source,
        bonuses: &[(Stat, Amount)],
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        let character = self.characters.get(&character_id);
        if character.is_none_or(|character| character.base.is_none()) {
            cx.applies(id::EFF_9);
            match cx.decide(id::EFF_9, &["kept", "ignored", "initialises"]) {
                "ignored" => return refused("the character is not initialised"),
                "initialises" => self.initialise(character_id),
                _ => {}
            }
        }
        let character = self.characters.entry(character_id).or_default();
        if character.has(source) {
            cx.applies(id::EFF_TWICE);
        }
        for (stat, amount) in bonuses {
            let adds_up = cx.violates(id::EFF_TWICE, "adds-up") && character.has(source);
            let amount = if adds_up { amount.twice() } else { *amount };
            character.add(source, *stat, amount);
        }
        Ok(())
    }

    fn remove(&mut self, character_id: u32, source: Source, cx: &mut Cx<'_>) {
        let Some(character) = self.characters.get_mut(&character_id) else {
            return;
        };
        if character.has(source) {
            cx.applies(id::EFF_8);
            character.remove(source);
            if cx.violates(id::EFF_8, "one-too-many") {
                character.remove_last();
            }
        } else {
            cx.applies(id::EFF_TWICE);
        }
        if character.is_empty() {
            self.characters.remove(&character_id);
        }
    }
}

impl Service for EffectiveStats {
    fn name(&self) -> &'static str {
        "effective_stats"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let tenant = cx.tenant();
        let handled = match incoming.channel {
            "session.status" => self.0.of(tenant).session(&decode(incoming.value)?, cx),
            "buff.status" => self.0.of(tenant).buff(&decode(incoming.value)?, cx),
            "asset.status" => self.0.of(tenant).asset(&decode(incoming.value)?, cx),
            other => refused(format!("effective stats does not read {other}")),
        };
        cx.applies(id::EFF_7);
        handled
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        if name != "character" {
            return Err(QueryError::Unknown { name: name.to_owned() });
        }
        let args = Args(args);
        args.only(&["characterId"])?;
        let character_id: u32 = required("characterId", args.integer("characterId")?)?;
        let state = self.0.get(asked.tenant);
        let character = state.and_then(|state| state.characters.get(&character_id));
        Ok(character.cloned().unwrap_or_default().shown())
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        if let Some(settings) = given.settings {
            Args(settings).only(&[])?;
        }
        let state = self.0.of(tenant);
        for entry in given.entries("characters")? {
            let args = Args(entry);
            args.only(&CHARACTER_FIELDS)?;
            let mut base = Base::default();
            for stat in Stat::BASE {
                base.set(stat, args.integer(stat.as_str())?.unwrap_or_default());
            }
            state.bases.insert(required("id", args.integer("id")?)?, base);
        }
        for entry in given.entries("equipment")? {
            let args = Args(entry);
            args.only(&EQUIPMENT_FIELDS)?;
            let amounts = Stat::ALL.into_iter().map(|stat| {
                let amount = args.integer(stat.as_str())?;
                Ok(amount.map(|amount| (stat, Amount::Flat(amount))))
            });
            let amounts: Result<Vec<_>, ArgError> = amounts.filter_map(Result::transpose).collect();
            state.equipment.insert(required("assetId", args.integer("assetId")?)?, amounts?);
        }
        Ok(())
    }

    fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            stimuli: &[],
            queries: &[("character", &["characterId"])],
            settings: &[],
            data: &[("characters", &CHARACTER_FIELDS), ("equipment", &EQUIPMENT_FIELDS)],
        }
    }
}
