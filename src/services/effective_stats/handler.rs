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

use self::stat::{Amount, Base, Character, Source, Stat};
use crate::message::typed::decode;
use crate::message::{Json, Key, Tenant};
use crate::service::support::{ArgError, Args, ByTenant, refused, required};
use crate::service::{Asked, Cx, Given, Incoming, Map, QueryError, Reject, Service, Vocabulary};
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
    characters: Map<u32, Character>,
    /// The base values that are looked up for a character.
    bases: Map<u32, Base>,
    /// The bonuses that are looked up for a piece of equipment.
    equipment: Map<u32, Vec<(Stat, Amount)>>,
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
                let no_base = cx.violates(id::EFF_1, "no-base");
                let base = if no_base { Base::default() } else { self.base(character_id) };
                self.initialise(character_id, base);
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

    /// The base values that are looked up.
    fn base(&self, character_id: u32) -> Base {
        self.bases.get(&character_id).copied().unwrap_or_default()
    }

    fn initialise(&mut self, character_id: u32, base: Base) {
        let mut character = self.character(character_id);
        character.base = Some(base);
        self.characters.insert(character_id, character);
    }

    /// A character as it is, or one of which nothing is known.
    fn character(&self, character_id: u32) -> Character {
        self.characters.get(&character_id).cloned().unwrap_or_default()
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
                if cx.violates(id::EFF_3, "never-expires") {
                    return Ok(());
                }
                if cx.violates(id::EFF_3, "all-expire")
                    && let Some(mut character) = self.characters.get_mut(&buff.character_id)
                {
                    character.remove_buffs();
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
                "initialises" => self.initialise(character_id, self.base(character_id)),
                _ => {}
            }
        }
        let mut character = self.character(character_id);
        if character.has(source) {
            cx.applies(id::EFF_TWICE);
        }
        for (stat, amount) in bonuses {
            let adds_up = cx.violates(id::EFF_TWICE, "adds-up") && character.has(source);
            let amount = if adds_up { amount.twice() } else { *amount };
            character.add(source, *stat, amount);
        }
        self.characters.insert(character_id, character);
        Ok(())
    }

    fn remove(&mut self, character_id: u32, source: Source, cx: &mut Cx<'_>) {
        let Some(mut character) = self.characters.get_mut(&character_id) else {
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
        let is_empty = character.is_empty();
        drop(character);
        if is_empty {
            self.characters.remove(&character_id);
        }
    }
}

impl State {
    /// Takes what is looked up for characters and equipment.
    fn look_up(&mut self, given: &Given<'_>) -> Result<(), String> {
        for entry in given.entries("characters")? {
            let args = Args(entry);
            args.only(&CHARACTER_FIELDS)?;
            let mut base = Base::default();
            for stat in Stat::BASE {
                base.set(stat, args.integer(stat.as_str())?.unwrap_or_default());
            }
            self.bases.insert(required("id", args.integer("id")?)?, base);
        }
        for entry in given.entries("equipment")? {
            let args = Args(entry);
            args.only(&EQUIPMENT_FIELDS)?;
            let amounts = Stat::ALL.into_iter().map(|stat| {
                let amount = args.integer(stat.as_str())?;
                Ok(amount.map(|amount| (stat, Amount::Flat(amount))))
            });
            let amounts: Result<Vec<_>, ArgError> = amounts.filter_map(Result::transpose).collect();
            self.equipment.insert(required("assetId", args.integer("assetId")?)?, amounts?);
        }
        Ok(())
    }
}

impl Service for EffectiveStats {
    fn name(&self) -> &'static str {
        "effective_stats"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let tenant = cx.tenant();
        self.0.with(tenant, |state| {
            let handled = match incoming.channel {
                "session.status" => state.session(&decode(incoming.value)?, cx),
                "buff.status" => state.buff(&decode(incoming.value)?, cx),
                "asset.status" => state.asset(&decode(incoming.value)?, cx),
                other => refused(format!("effective stats does not read {other}")),
            };
            cx.applies(id::EFF_7);
            handled
        })
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
        self.0.with(tenant, |state| state.look_up(given))
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
