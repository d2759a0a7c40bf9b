//! Fields of a value, and how one can be wrong.

use crate::message::{Json, Number};

/// How a field is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edit {
    /// A number is one more.
    PlusOne,
    /// A number is 0.
    Zero,
    /// A number is below every range.
    Negative,
    /// A text is another one: this.
    Other(String),
    /// A text is empty.
    Empty,
    /// A truth value is the other one.
    Flipped,
    /// A number is written as a text, a text as a number.
    Retyped,
    /// There is null in its place.
    Null,
    /// It is not there.
    Missing,
}

const ANOTHER_ID: &str = "5e55ffff-0000-4000-8000-00000000ffff";

impl Edit {
    /// Every way in which this value can be wrong; `others` are what the field has elsewhere.
    pub(super) fn of(value: &Json, others: &[String]) -> Vec<Self> {
        let own: Vec<Self> = match value {
            Json::Number(_) => vec![Self::PlusOne, Self::Zero, Self::Negative, Self::Retyped],
            Json::String(text) => {
                let is_id = uuid::Uuid::try_parse(text).is_ok();
                let another = if is_id { ANOTHER_ID.to_owned() } else { format!("{text}?") };
                let others = others.iter().filter(|other| *other != text).cloned();
                let others = others.chain([another]).map(Self::Other);
                others.chain([Self::Empty, Self::Retyped]).collect()
            }
            Json::Bool(_) => vec![Self::Flipped, Self::Retyped],
            Json::Null | Json::Array(_) | Json::Object(_) => vec![Self::Retyped],
        };
        own.into_iter().chain([Self::Null, Self::Missing]).collect()
    }

    /// The name in lists.
    pub(super) fn name(&self) -> String {
        match self {
            Self::PlusOne => "plus-one".to_owned(),
            Self::Zero => "zero".to_owned(),
            Self::Negative => "negative".to_owned(),
            Self::Other(text) => format!("other:{text}"),
            Self::Empty => "empty".to_owned(),
            Self::Flipped => "flipped".to_owned(),
            Self::Retyped => "retyped".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Missing => "missing".to_owned(),
        }
    }

    fn applied(&self, value: &Json) -> Option<Json> {
        Some(match (self, value) {
            (Self::PlusOne, Json::Number(number)) => {
                Json::Number(Number::parse(&(number.as_integer()? + 1).to_string())?)
            }
            (Self::Zero, Json::Number(_)) => Json::Number(Number::from(0u32)),
            (Self::Negative, Json::Number(_)) => Json::Number(Number::parse("-5000000000")?),
            (Self::Other(text), Json::String(_)) => Json::from(text.as_str()),
            (Self::Empty, Json::String(_)) => Json::from(""),
            (Self::Flipped, Json::Bool(truth)) => Json::Bool(!truth),
            (Self::Retyped, Json::Number(number)) => Json::from(number.as_str()),
            (Self::Retyped, _) => Json::Number(Number::from(7u32)),
            (Self::Null, _) => Json::Null,
            _ => return None,
        })
    }
}

/// The value with one field wrong; `None` where it has no such field, or it does not change.
pub(super) fn edited(value: &Json, path: &[String], edit: &Edit) -> Option<Json> {
    let mut changed = value.clone();
    let (last, above) = path.split_last()?;
    let mut at = &mut changed;
    for name in above {
        let Json::Object(fields) = at else { return None };
        at = fields.get_mut(name)?;
    }
    let Json::Object(fields) = at else { return None };
    if *edit == Edit::Missing {
        fields.shift_remove(last)?;
    } else {
        let field = fields.get_mut(last)?;
        *field = edit.applied(field)?;
    }
    (changed != *value).then_some(changed)
}

/// Every field of a value that holds no object of fields, by path; what lies in `opaque` fields and
/// in lists is one field.
pub(super) fn leaves(value: &Json) -> Vec<(Vec<String>, &Json)> {
    let mut found = Vec::new();
    collect(value, &mut Vec::new(), &mut found);
    found
}

fn collect<'a>(value: &'a Json, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, &'a Json)>) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                path.push(name.clone());
                collect(value, path, found);
                path.pop();
            }
        }
        other if !path.is_empty() => found.push((path.clone(), other)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Edit, edited, leaves};
    use crate::message::Json;

    #[test]
    fn each_field_can_be_wrong() {
        let value = Json::from(json!({ "a": 1, "b": { "c": "x" }, "d": [1] }));
        let paths: Vec<_> = leaves(&value).into_iter().map(|(path, _)| path.join(".")).collect();
        assert_eq!(paths, ["a", "b.c", "d"]);
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let shown = |at: &str, edit: &Edit| {
            edited(&value, &path(at), edit).map(|changed| changed.to_string())
        };
        let one = shown("a", &Edit::PlusOne);
        assert_eq!(one.as_deref(), Some(r#"{"a":2,"b":{"c":"x"},"d":[1]}"#));
        let none = shown("b.c", &Edit::Missing);
        assert_eq!(none.as_deref(), Some(r#"{"a":1,"b":{},"d":[1]}"#));
        assert_eq!(shown("b.c", &Edit::PlusOne), None);
        assert_eq!(shown("a", &Edit::Other("x".to_owned())), None);
    }
}
