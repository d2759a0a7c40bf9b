//! A service with a bug: it delegates to another one, and spoils what goes in or comes out.

use quintet::message::{Json, Outgoing, Payload, Record, Tenant};
use quintet::service::{
    Asked, Cx, Given, Incoming, QueryError, Reject, Service, StimulusError, Timer, Vocabulary,
};

type Inner = Box<dyn Service>;
type OnHandle = Box<dyn FnMut(&mut Inner, &Incoming<'_>, &mut Cx<'_>) -> Result<(), Reject> + Send>;
type OnTimer = Box<dyn FnMut(&mut Inner, &Timer, &mut Cx<'_>) -> Result<(), Reject> + Send>;
type OnStimulus =
    Box<dyn FnMut(&mut Inner, &str, &Json, &mut Cx<'_>) -> Result<Json, StimulusError> + Send>;
type OnQuery = Box<dyn Fn(&Inner, &str, &Json, &Asked<'_>) -> Answer + Send>;
type Answer = Result<Json, QueryError>;
type OnRestart = Box<dyn FnMut(&mut Inner) + Send>;

/// A wrapper that delegates, but for what it is told to do otherwise.
pub(crate) struct Warp {
    inner: Inner,
    handle: Option<OnHandle>,
    timer: Option<OnTimer>,
    stimulus: Option<OnStimulus>,
    query: Option<OnQuery>,
    restart: Option<OnRestart>,
}

impl Warp {
    pub(crate) fn of(inner: Inner) -> Self {
        Self { inner, handle: None, timer: None, stimulus: None, query: None, restart: None }
    }

    pub(crate) fn on_handle(
        mut self,
        handle: impl FnMut(&mut Inner, &Incoming<'_>, &mut Cx<'_>) -> Result<(), Reject>
        + Send
        + 'static,
    ) -> Self {
        self.handle = Some(Box::new(handle));
        self
    }

    pub(crate) fn on_timer(
        mut self,
        timer: impl FnMut(&mut Inner, &Timer, &mut Cx<'_>) -> Result<(), Reject> + Send + 'static,
    ) -> Self {
        self.timer = Some(Box::new(timer));
        self
    }

    pub(crate) fn on_stimulus(
        mut self,
        stimulus: impl FnMut(&mut Inner, &str, &Json, &mut Cx<'_>) -> Result<Json, StimulusError>
        + Send
        + 'static,
    ) -> Self {
        self.stimulus = Some(Box::new(stimulus));
        self
    }

    pub(crate) fn on_query(
        mut self,
        query: impl Fn(&Inner, &str, &Json, &Asked<'_>) -> Answer + Send + 'static,
    ) -> Self {
        self.query = Some(Box::new(query));
        self
    }

    pub(crate) fn on_restart(mut self, restart: impl FnMut(&mut Inner) + Send + 'static) -> Self {
        self.restart = Some(Box::new(restart));
        self
    }

    /// Spoils every effect of every handler, timer and stimulus.
    pub(crate) fn spoil(self, spoil: fn(&mut Cx<'_>)) -> Self {
        self.on_handle(move |inner, incoming, cx| {
            inner.handle(incoming, cx).inspect(|()| spoil(cx))
        })
        .on_timer(move |inner, timer, cx| inner.timer(timer, cx).inspect(|()| spoil(cx)))
        .on_stimulus(move |inner, name, args, cx| {
            let answer = inner.stimulus(name, args, cx);
            answer.inspect(|_| spoil(cx))
        })
    }

    pub(crate) fn boxed(self) -> Inner {
        Box::new(self)
    }
}

impl Service for Warp {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        match &mut self.handle {
            Some(handle) => handle(&mut self.inner, incoming, cx),
            None => self.inner.handle(incoming, cx),
        }
    }

    fn timer(&mut self, timer: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        match &mut self.timer {
            Some(on_timer) => on_timer(&mut self.inner, timer, cx),
            None => self.inner.timer(timer, cx),
        }
    }

    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        match &mut self.stimulus {
            Some(stimulus) => stimulus(&mut self.inner, name, args, cx),
            None => self.inner.stimulus(name, args, cx),
        }
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        match &self.query {
            Some(query) => query(&self.inner, name, args, asked),
            None => self.inner.query(name, args, asked),
        }
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        self.inner.configure(tenant, given)
    }

    fn restarted(&mut self) {
        match &mut self.restart {
            Some(restart) => restart(&mut self.inner),
            None => self.inner.restarted(),
        }
    }

    fn vocabulary(&self) -> Vocabulary {
        self.inner.vocabulary()
    }
}

/// The JSON of a value; null where it is none.
pub(crate) fn json(value: Option<&[u8]>) -> Json {
    value.and_then(|bytes| Json::parse(bytes).ok()).unwrap_or_default()
}

/// The type of a message, by either discriminator.
pub(crate) fn kind(value: &Json) -> &str {
    let kind = value.get("type").or_else(|| value.get("status"));
    kind.and_then(Json::as_str).unwrap_or_default()
}

/// Changes the value of each record about to be emitted.
pub(crate) fn edit(cx: &mut Cx<'_>, change: impl Fn(&mut Json)) {
    for outgoing in &mut cx.effects().emits {
        let mut value = json(outgoing.record.value_bytes());
        change(&mut value);
        outgoing.record.value = Some(Payload::new(&value.to_bytes()));
    }
}

/// Sets a field at a dotted path, which must be there.
pub(crate) fn set(value: &mut Json, path: &str, new: impl Into<Json>) {
    let mut at = value;
    for name in path.split('.') {
        let Json::Object(fields) = at else { return };
        let Some(field) = fields.get_mut(name) else { return };
        at = field;
    }
    *at = new.into();
}

/// Drops the records about to be emitted whose type is `which`.
pub(crate) fn drop_kind(cx: &mut Cx<'_>, which: &str) {
    cx.effects().emits.retain(|outgoing| kind(&json(outgoing.record.value_bytes())) != which);
}

/// Emits each record of a type twice.
pub(crate) fn double_kind(cx: &mut Cx<'_>, which: &str) {
    let is_it = |outgoing: &Outgoing| kind(&json(outgoing.record.value_bytes())) == which;
    let again: Vec<_> = cx.effects().emits.iter().filter(|one| is_it(one)).cloned().collect();
    cx.effects().emits.extend(again);
}

/// Changes each record about to be emitted as a whole: key, headers.
pub(crate) fn edit_records(cx: &mut Cx<'_>, change: impl Fn(&mut Record)) {
    cx.effects().emits.iter_mut().for_each(|outgoing| change(&mut outgoing.record));
}
