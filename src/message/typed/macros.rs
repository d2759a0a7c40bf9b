//! The shapes of messages: plain fields, a flat message with a discriminator, an envelope with a
//! body.
//!
//! serde's derive writes them but does not read them: it takes a list for an object, and has no
//! zero for `null`. Each macro names the lifetime of what is borrowed from the text `'a`.

/// An object: `fields! { struct Name { /// doc field "wireName": Type, … } }`.
macro_rules! fields {
    (
        $(#[$doc:meta])*
        pub struct $name:ident $(<$life:lifetime>)? {
            $($(#[$field_doc:meta])* $field:ident $wire:literal: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        pub struct $name $(<$life>)? {
            $($(#[$field_doc])* #[serde(rename = $wire)] pub $field: $type,)*
        }

        const _: () = {
            use crate::message::typed::macros::*;

            keys! { $($field $wire)* }

            #[derive(Clone, Copy)]
            struct Visit;

            impl<'a> Visitor<'a> for Visit {
                type Value = $name $(<$life>)?;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    $(let mut $field: Option<$type> = None;)*
                    while let Some(key) = map.next_key::<Key>()? {
                        match key {
                            $(Key::$field => fill(&mut $field, &mut map)?,)*
                            Key::Unknown => drop(map.next_value::<IgnoredAny>()?),
                        }
                    }
                    Ok($name { $($field: $field.unwrap_or_default(),)* })
                }
            }

            impl<'a> Deserialize<'a> for $name $(<$life>)? {
                fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
                    from.deserialize_map(Visit)
                }
            }

            impl<'a> Message<'a> for $name $(<$life>)? {
                fn read(text: &'a str) -> Result<Result<Self, String>, serde_json::Error> {
                    serde_json::from_str(text).map(Ok)
                }
            }
        };
    };
}

/// The values of a discriminator or another closed list: `tags! { enum Name { Created "CREATED" }
/// }`.
macro_rules! tags {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $($(#[$tag_doc:meta])* $tag:ident $wire:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$tag_doc])* $tag,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$tag),*];

            /// As it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$tag => $wire,)* }
            }

            /// The one that is written like this.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$tag),)* _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }
    };
}

/// An object whose last field, from a list of tags, says of which type it is.
macro_rules! flat {
    (
        $(#[$doc:meta])*
        pub struct $name:ident $(<$life:lifetime>)? {
            $($(#[$field_doc:meta])* $field:ident $wire:literal: $type:ty,)*
        }
        $(#[$tag_doc:meta])* $tag:ident $tag_wire:literal: $tags:ty
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name $(<$life>)? {
            $($(#[$field_doc])* #[serde(rename = $wire)] pub $field: $type,)*
            $(#[$tag_doc])*
            #[serde(rename = $tag_wire)]
            pub $tag: $tags,
        }

        const _: () = {
            use crate::message::typed::macros::*;

            keys! { $($field $wire)* $tag $tag_wire }

            #[derive(Clone, Copy)]
            struct Visit;

            impl<'a> Visitor<'a> for Visit {
                type Value = Result<$name $(<$life>)?, String>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    $(let mut $field: Option<$type> = None;)*
                    let mut tag: Option<Text<'a>> = None;
                    while let Some(key) = map.next_key::<Key>()? {
                        match key {
                            $(Key::$field => fill(&mut $field, &mut map)?,)*
                            Key::$tag => fill(&mut tag, &mut map)?,
                            Key::Unknown => drop(map.next_value::<IgnoredAny>()?),
                        }
                    }
                    let tag = tag.unwrap_or_default();
                    let Some($tag) = <$tags>::parse(&tag) else { return Ok(Err(shown_type(&tag))) };
                    Ok(Ok($name { $($field: $field.unwrap_or_default(),)* $tag }))
                }
            }

            impl<'a> Message<'a> for $name $(<$life>)? {
                fn read(text: &'a str) -> Result<Result<Self, String>, serde_json::Error> {
                    read_map(text, Visit)
                }
            }
        };
    };
}

/// The bodies of an envelope: `bodies! { enum Name { Create(CreateBan<'a>) "CREATE" } }`.
macro_rules! bodies {
    (
        $(#[$doc:meta])*
        pub enum $name:ident $(<$life:lifetime>)? {
            $($(#[$body_doc:meta])* $body:ident($type:ty) $wire:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum $name $(<$life>)? { $($(#[$body_doc])* $body($type),)* }

        const _: () = {
            use crate::message::typed::macros::*;

            #[derive(Clone, Copy)]
            pub(crate) enum Kind { $($body,)* }

            impl<'a> Body<'a> for $name $(<$life>)? {
                type Kind = Kind;

                fn kind(tag: &str) -> Option<Kind> {
                    match tag { $($wire => Some(Kind::$body),)* _ => None }
                }

                fn tag(&self) -> &'static str {
                    match self { $(Self::$body(_) => $wire,)* }
                }

                fn read<D: Deserializer<'a>>(kind: Kind, from: D) -> Result<Self, D::Error> {
                    match kind {
                        $(Kind::$body => {
                            Nullable::<$type>::deserialize(from).map(|body| Self::$body(body.0))
                        })*
                    }
                }
            }
        };
    };
}

/// An object with fields, a `type`, and a `body` whose shape is that of the type.
macro_rules! envelope {
    (
        $(#[$doc:meta])*
        pub struct $name:ident $(<$life:lifetime>)? {
            $($(#[$field_doc:meta])* $field:ident $wire:literal: $type:ty,)*
        }
        $body:ty
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name $(<$life>)? {
            $($(#[$field_doc])* pub $field: $type,)*
            /// What it says, and so its type.
            pub body: $body,
        }

        const _: () = {
            use crate::message::typed::macros::*;

            keys! { $($field $wire)* type_ "type" body "body" }

            #[derive(Clone, Copy)]
            struct Visit;

            impl<'a> Visitor<'a> for Visit {
                type Value = Result<$name $(<$life>)?, String>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    $(let mut $field: Option<$type> = None;)*
                    let mut body = BodySlot::default();
                    while let Some(key) = map.next_key::<Key>()? {
                        match key {
                            $(Key::$field => fill(&mut $field, &mut map)?,)*
                            Key::type_ => body.take_type(&mut map)?,
                            Key::body => body.take_body(&mut map)?,
                            Key::Unknown => drop(map.next_value::<IgnoredAny>()?),
                        }
                    }
                    let body: $body = match body.finish()? {
                        Ok(body) => body,
                        Err(unknown) => return Ok(Err(unknown)),
                    };
                    Ok(Ok($name { $($field: $field.unwrap_or_default(),)* body }))
                }
            }

            impl<'a> Message<'a> for $name $(<$life>)? {
                fn read(text: &'a str) -> Result<Result<Self, String>, serde_json::Error> {
                    read_map(text, Visit)
                }
            }

            impl $(<$life>)? serde::Serialize for $name $(<$life>)? {
                fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    let mut to = to.serialize_struct(stringify!($name), [$($wire,)* "", ""].len())?;
                    $(to.serialize_field($wire, &self.$field)?;)*
                    to.serialize_field("type", self.body.tag())?;
                    to.serialize_field("body", &self.body)?;
                    to.end()
                }
            }
        };
    };
}

/// The names of an object's fields, as they are looked up.
macro_rules! keys {
    ($($field:ident $wire:literal)*) => {
        #[expect(non_camel_case_types, reason = "named like the fields")]
        enum Key { $($field,)* Unknown }

        struct VisitKey;

        impl Visitor<'_> for VisitKey {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(match name { $($wire => Key::$field,)* _ => Key::Unknown })
            }
        }

        impl<'de> Deserialize<'de> for Key {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_identifier(VisitKey)
            }
        }
    };
}

// What the macros use.

pub(crate) use super::{Message, Text, shown_type};
pub(crate) use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
pub(crate) use serde::ser::SerializeStruct;
pub(crate) use std::fmt;
pub(crate) use {bodies, envelope, fields, flat, keys, tags};

use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::value::{MapDeserializer, UnitDeserializer};
use serde_json::value::RawValue;

/// A value, or zero where there is `null`.
pub(crate) struct Nullable<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(|value: Option<T>| Self(value.unwrap_or_default()))
    }
}

/// Reads the value of a field; of one that comes again the last counts.
pub(crate) fn fill<'de, A: MapAccess<'de>, T: Deserialize<'de> + Default>(
    slot: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    *slot = Some(map.next_value::<Nullable<T>>()?.0);
    Ok(())
}

/// Reads an object that fills `text`. Where its type or its body comes twice, the last counts.
pub(crate) fn read_map<'de, V: Visitor<'de> + Copy>(
    text: &'de str,
    visitor: V,
) -> Result<V::Value, serde_json::Error> {
    let mut from = serde_json::Deserializer::from_str(text);
    match (&mut from).deserialize_map(visitor) {
        Ok(value) => from.end().map(|()| value),
        Err(error) if error.is_data() && error.to_string().contains(TWICE) => {
            let fields: IndexMap<&str, &RawValue> = serde_json::from_str(text)?;
            visitor.visit_map(MapDeserializer::new(fields.into_iter()))
        }
        Err(error) => Err(error),
    }
}

/// What is said of a type or a body that comes again.
const TWICE: &str = "the envelope names it twice";

/// The bodies of one envelope.
pub(crate) trait Body<'de>: Sized {
    /// A type that is known.
    type Kind: Copy;

    fn kind(tag: &str) -> Option<Self::Kind>;
    fn tag(&self) -> &'static str;
    fn read<D: Deserializer<'de>>(kind: Self::Kind, from: D) -> Result<Self, D::Error>;
}

struct OfKind<'de, B: Body<'de>>(B::Kind, PhantomData<&'de ()>);

impl<'de, B: Body<'de>> de::DeserializeSeed<'de> for OfKind<'de, B> {
    type Value = B;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<B, D::Error> {
        B::read(self.0, from)
    }
}

/// The type and the body of an envelope, whichever comes first.
pub(crate) struct BodySlot<'de, B: Body<'de>> {
    kind: Option<Result<B::Kind, String>>,
    body: Option<B>,
    /// A body that came before its type.
    early: Option<&'de RawValue>,
}

impl<'de, B: Body<'de>> Default for BodySlot<'de, B> {
    fn default() -> Self {
        Self { kind: None, body: None, early: None }
    }
}

impl<'de, B: Body<'de>> BodySlot<'de, B> {
    pub(crate) fn take_type<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if self.kind.is_some() {
            return Err(de::Error::custom(TWICE));
        }
        let tag = map.next_value::<Nullable<Text<'de>>>()?.0;
        self.kind = Some(B::kind(&tag).ok_or_else(|| shown_type(&tag)));
        Ok(())
    }

    pub(crate) fn take_body<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if self.body.is_some() || self.early.is_some() {
            return Err(de::Error::custom(TWICE));
        }
        match self.kind {
            Some(Ok(kind)) => self.body = Some(map.next_value_seed(OfKind(kind, PhantomData))?),
            Some(Err(_)) => drop(map.next_value::<IgnoredAny>()?),
            None => self.early = Some(map.next_value()?),
        }
        Ok(())
    }

    pub(crate) fn finish<E: de::Error>(self) -> Result<Result<B, String>, E> {
        let kind = match self.kind {
            Some(Ok(kind)) => kind,
            Some(Err(unknown)) => return Ok(Err(unknown)),
            None => return Ok(Err(String::new())),
        };
        match (self.body, self.early) {
            (Some(body), _) => Ok(Ok(body)),
            (None, Some(early)) => B::read(kind, early).map(Ok).map_err(E::custom),
            (None, None) => B::read(kind, UnitDeserializer::new()).map(Ok),
        }
    }
}
