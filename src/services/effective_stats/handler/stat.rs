//! Stats, bonuses, and what they come to.

use serde_json::{Map, Value, json};

use crate::message::Json;

macro_rules! stats {
    ($($stat:ident $name:literal,)*) => {
        /// A stat of a character.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Stat { $($stat,)* }

        impl Stat {
            /// All of them.
            pub(super) const ALL: [Self; [$($name),*].len()] = [$(Self::$stat),*];

            /// As queries and data name it.
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$stat => $name,)* }
            }
        }
    };
}

stats! {
    Strength "strength",
    Dexterity "dexterity",
    Luck "luck",
    Intelligence "intelligence",
    MaxHp "max_hp",
    MaxMp "max_mp",
    WeaponAttack "weapon_attack",
    WeaponDefense "weapon_defense",
    MagicAttack "magic_attack",
    MagicDefense "magic_defense",
    Accuracy "accuracy",
    Avoidability "avoidability",
    Speed "speed",
    Jump "jump",
}

impl Stat {
    /// Those with a base value: the first six.
    pub(super) const BASE: [Self; 6] =
        [Self::Strength, Self::Dexterity, Self::Luck, Self::Intelligence, Self::MaxHp, Self::MaxMp];
}

/// The names of an id and of stats.
pub(super) const fn fields<const STATS: usize, const FIELDS: usize>(
    id: &'static str,
    stats: &[Stat; STATS],
) -> [&'static str; FIELDS] {
    let mut fields = [id; FIELDS];
    let mut at = 0;
    while at < STATS {
        fields[at + 1] = stats[at].as_str();
        at += 1;
    }
    fields
}

/// How much a bonus is.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub(super) enum Amount {
    /// Added to the base.
    Flat(i32),
    /// Hundredths by which the sum is multiplied beyond 1.
    Percent(i32),
}

impl Amount {
    /// The same number, added and not multiplied.
    pub(super) fn flat(self) -> Self {
        let (Self::Flat(amount) | Self::Percent(amount)) = self;
        Self::Flat(amount)
    }

    /// Twice as much.
    pub(super) fn twice(self) -> Self {
        match self {
            Self::Flat(amount) => Self::Flat(amount.wrapping_mul(2)),
            Self::Percent(amount) => Self::Percent(amount.wrapping_mul(2)),
        }
    }
}

/// Where a bonus comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// A skill.
    Buff(i32),
    /// An asset.
    Equipment(u32),
}

impl Source {
    fn shown(self) -> String {
        match self {
            Self::Buff(source_id) => format!("buff:{source_id}"),
            Self::Equipment(asset_id) => format!("equipment:{asset_id}"),
        }
    }
}

/// The bonuses of one change of a buff; none for a change that nobody knows.
pub(super) fn push_changes(bonuses: &mut Vec<(Stat, Amount)>, kind: &str, amount: i32) {
    use Stat::{Dexterity, Intelligence, Luck, MaxHp, MaxMp, Strength};
    let flat = match kind {
        "WEAPON_ATTACK" | "PAD" => Stat::WeaponAttack,
        "MAGIC_ATTACK" | "MAD" => Stat::MagicAttack,
        "WEAPON_DEFENSE" | "PDD" => Stat::WeaponDefense,
        "MAGIC_DEFENSE" | "MDD" => Stat::MagicDefense,
        "ACCURACY" | "ACC" => Stat::Accuracy,
        "AVOIDABILITY" | "AVOID" | "EVA" => Stat::Avoidability,
        "SPEED" => Stat::Speed,
        "JUMP" => Stat::Jump,
        _ => {
            let multiplied: &[Stat] = match kind {
                "HYPER_BODY_HP" => &[MaxHp],
                "HYPER_BODY_MP" => &[MaxMp],
                "MAPLE_WARRIOR" => &[Strength, Dexterity, Intelligence, Luck],
                _ => &[],
            };
            bonuses.extend(multiplied.iter().map(|stat| (*stat, Amount::Percent(amount))));
            return;
        }
    };
    bonuses.push((flat, Amount::Flat(amount)));
}

/// Whether a change of a buff has an effect.
pub(super) fn is_known(kind: &str) -> bool {
    let mut bonuses = Vec::new();
    push_changes(&mut bonuses, kind, 1);
    !bonuses.is_empty()
}

/// The base values of a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Base([u32; Stat::BASE.len()]);

impl Base {
    pub(super) fn set(&mut self, stat: Stat, value: u32) {
        self.0[stat as usize] = value;
    }

    fn of(&self, stat: Stat) -> u32 {
        self.0.get(stat as usize).copied().unwrap_or_default()
    }
}

/// A character: its base values once it is initialised, and its bonuses in the order they came.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Character {
    pub(super) base: Option<Base>,
    bonuses: Vec<(Source, Stat, Amount)>,
}

impl Character {
    pub(super) fn is_empty(&self) -> bool {
        self.base.is_none() && self.bonuses.is_empty()
    }

    pub(super) fn has(&self, source: Source) -> bool {
        self.bonuses.iter().any(|(of, _, _)| *of == source)
    }

    /// Adds a bonus, or replaces the one of that source for that stat.
    pub(super) fn add(&mut self, source: Source, stat: Stat, amount: Amount) {
        let same = |bonus: &&mut (Source, Stat, Amount)| bonus.0 == source && bonus.1 == stat;
        match self.bonuses.iter_mut().find(same) {
            Some(bonus) => bonus.2 = amount,
            None => self.bonuses.push((source, stat, amount)),
        }
    }

    pub(super) fn remove(&mut self, source: Source) {
        self.bonuses.retain(|(of, _, _)| *of != source);
    }

    /// Takes every buff away.
    pub(super) fn remove_buffs(&mut self) {
        self.bonuses.retain(|(of, _, _)| !matches!(of, Source::Buff(_)));
    }

    /// Takes the youngest bonus away.
    pub(super) fn remove_last(&mut self) {
        self.bonuses.pop();
    }

    /// What a stat comes to: the flat sum in 32 bits, the multipliers as 64-bit floats in order.
    pub(super) fn effective(&self, stat: Stat) -> u32 {
        let base = self.base.unwrap_or_default().of(stat);
        let (mut flat, mut multiplier) = (0_i32, 0.0_f64);
        for (_, _, amount) in self.bonuses.iter().filter(|(_, of, _)| *of == stat) {
            match amount {
                Amount::Flat(amount) => flat = flat.wrapping_add(*amount),
                Amount::Percent(amount) => multiplier += f64::from(*amount) / 100.0,
            }
        }
        let sum = f64::from(base) + f64::from(flat);
        let value = (sum * (1.0 + multiplier)).floor();
        saturated(value)
    }

    /// The character as a query shows it.
    pub(super) fn shown(&self) -> Json {
        if self.base.is_none() {
            return Json::from(json!({ "initialised": false }));
        }
        let stats = Stat::ALL.into_iter();
        let mut shown: Map<String, Value> =
            stats.map(|stat| (stat.as_str().to_owned(), json!(self.effective(stat)))).collect();
        let bonuses = self.bonuses.iter().map(|(source, stat, amount)| {
            let (field, amount) = match amount {
                Amount::Flat(amount) => ("amount", amount),
                Amount::Percent(amount) => ("percent", amount),
            };
            json!({ "source": source.shown(), "stat": stat.as_str(), field: amount })
        });
        shown.insert("bonuses".to_owned(), bonuses.collect());
        shown.insert("initialised".to_owned(), json!(true));
        Json::from(Value::Object(shown))
    }
}

/// A whole number as 32 bits without sign, the nearest that there is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped before")]
fn saturated(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}
