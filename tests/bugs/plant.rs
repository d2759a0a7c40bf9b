//! The usual ways to go wrong, each in a line where it is planted.

use quintet::message::Json;
use quintet::service::{Cx, Incoming, Reject, Service};

use super::warp::{Warp, json, kind};

type Inner = Box<dyn Service>;

/// Handles a record as if it said something else.
pub(crate) fn handle_as(
    inner: &mut Inner,
    incoming: &Incoming<'_>,
    value: &Json,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    inner.handle(&Incoming { value: Some(&value.to_bytes()), ..*incoming }, cx)
}

/// As [`handle_as`], without the events.
pub(crate) fn handle_silently(
    inner: &mut Inner,
    incoming: &Incoming<'_>,
    value: &Json,
    cx: &mut Cx<'_>,
) {
    let emitted = cx.effects().emits.len();
    let _ = handle_as(inner, incoming, value, cx);
    cx.effects().emits.truncate(emitted);
}

/// Misreads each value that is an object.
pub(crate) fn misread(inner: Inner, mut change: impl FnMut(&mut Json) + Send + 'static) -> Inner {
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        let mut value = json(incoming.value);
        if !matches!(value, Json::Object(_)) {
            return inner.handle(incoming, cx);
        }
        change(&mut value);
        handle_as(inner, incoming, &value, cx)
    });
    warp.boxed()
}

/// Does not hear some records.
pub(crate) fn deaf(inner: Inner, mut ignores: impl FnMut(&Json) -> bool + Send + 'static) -> Inner {
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        if ignores(&json(incoming.value)) {
            return Err(Reject::Refused("not heard".to_owned()));
        }
        inner.handle(incoming, cx)
    });
    warp.boxed()
}

/// Does something more after each record of a type that was handled.
pub(crate) fn after(
    inner: Inner,
    which: &'static str,
    mut more: impl FnMut(&mut Inner, &Incoming<'_>, Json, &mut Cx<'_>) + Send + 'static,
) -> Inner {
    let warp = Warp::of(inner).on_handle(move |inner, incoming, cx| {
        inner.handle(incoming, cx)?;
        let value = json(incoming.value);
        if kind(&value) == which {
            more(inner, incoming, value, cx);
        }
        Ok(())
    });
    warp.boxed()
}

/// Spoils the effects of each record of a type that was handled.
pub(crate) fn spoil_after(inner: Inner, which: &'static str, spoil: fn(&mut Cx<'_>)) -> Inner {
    after(inner, which, move |_, _, _, cx| spoil(cx))
}

/// The integer at a pointer; 0 where there is none.
pub(crate) fn int(value: &Json, pointer: &str) -> i128 {
    value.pointer(pointer).and_then(Json::as_integer).unwrap_or_default()
}
