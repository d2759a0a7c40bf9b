//! JSON values with exact numbers, equal when JSON Schema calls them equal.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exact::{self, Number};

/// A value. `1` and `1.0` are the same; members have no order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly.
    Number(Number),
    /// A string.
    Text(Arc<str>),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Record(BTreeMap<Arc<str>, Json>),
}

impl Json {
    /// The value of a member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Record(members) => members.get(name),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub(crate) fn as_text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is an array.
    pub(crate) fn items(&self) -> &[Json] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The members, if it is an object.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&Arc<str>, &Json)> {
        let members = match self {
            Self::Record(members) => Some(members),
            _ => None,
        };
        members.into_iter().flatten()
    }

    /// A size as keywords such as `minLength` give it; `None` for what is none.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Number(number) if number.is_integer() => {
                let digits = number.numer();
                // A size beyond 64 bits cannot be met by anything.
                (digits.sign() != num_bigint::Sign::Minus)
                    .then(|| u64::try_from(digits).unwrap_or(u64::MAX))
            }
            _ => None,
        }
    }

    /// What a JSON pointer leads to.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Json> {
        let mut here = self;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            here = match here {
                Self::Record(members) => members.get(token.as_str())?,
                Self::List(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(here)
    }

    /// How many values it consists of, itself included.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Self::Record(members) => 1 + members.values().map(Self::weight).sum::<usize>(),
            _ => 1,
        }
    }

    /// The value as serde knows it; `None` where a number is out of the range of a float.
    pub(crate) fn to_serde(&self) -> Option<serde_json::Value> {
        use serde_json::Value;
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(is) => Value::Bool(*is),
            Self::Number(number) => serde_json::from_str(&exact::text(number)?).ok()?,
            Self::Text(text) => Value::String(text.to_string()),
            Self::List(items) => {
                Value::Array(items.iter().map(Self::to_serde).collect::<Option<_>>()?)
            }
            Self::Record(members) => {
                let member = |(name, value): (&Arc<str>, &Json)| {
                    value.to_serde().map(|value| (name.to_string(), value))
                };
                Value::Object(members.iter().map(member).collect::<Option<_>>()?)
            }
        })
    }
}

/// The value of serde's; numbers by their text.
impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(is) => Self::Bool(*is),
            Value::Number(number) => {
                let number = exact::parse(&number.to_string());
                Self::Number(number.unwrap_or_else(|| exact::whole(0)))
            }
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| (name.as_str().into(), value.into());
                Self::Record(members.iter().map(member).collect())
            }
        }
    }
}

/// A token of a JSON pointer, escaped.
pub(crate) fn token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
