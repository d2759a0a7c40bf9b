//! One step of the reference, with every choice that it could make in it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use uuid::Uuid;

use super::case::{Act, Input, Scene};
use super::neighbour::{self, Does, Mistake, Taken};
use super::shape::Shape;
use crate::message::{Headers, Json, Record, Seed, Tenant, TraceParent, VirtualTime};
use crate::rule::RuleId;
use crate::service::{
    AskError, Cx, Effects, Host, Incoming, Model, Mutation, Reject, StimulusError, Timer,
    TimerChange,
};

/// More ways to go on from one input are not tried, and then nothing is held against anybody.
const MOST_OUTCOMES: usize = 400;
/// Of ways that need not show, fewer tell what is wrong.
const MOST_UNSHOWN: usize = 64;

/// One way in which the reference may go on.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) model: Rc<dyn Model>,
    pub(crate) emits: Rc<[Shape]>,
    pub(crate) timers: Vec<TimerChange>,
    /// The rules whose premise held, in order.
    pub(crate) applied: Rc<[RuleId]>,
    pub(crate) decided: Rc<[Decided]>,
    /// Why it had no effect.
    pub(crate) reject: Option<String>,
    /// When what a timer ended could end.
    pub(crate) due: VirtualTime,
    /// Whether ids that nothing shows were made up.
    pub(crate) guessed: bool,
    /// The rule that is broken in it, where it is a mistake.
    pub(crate) mistaken: Option<RuleId>,
}

/// Which of several accepted behaviours it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decided {
    pub(crate) rule: RuleId,
    pub(crate) option: &'static str,
    /// The reference's, among the same.
    pub(crate) reference: &'static str,
}

/// A way to differ from the reference that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Another behaviour of a rule.
    Option(RuleId, &'static str),
    /// What is in hand at a kill is lost, or handled twice.
    Loss,
}

/// The ways to differ from the reference that are tried: all where none are named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Freedom(pub(crate) Option<BTreeSet<Way>>);

impl Freedom {
    pub(crate) fn has(&self, way: Way) -> bool {
        self.0.as_ref().is_none_or(|ways| ways.contains(&way))
    }
}

impl Decided {
    /// The way, where it is not the reference's.
    pub(crate) fn way(&self) -> Option<Way> {
        (self.option != self.reference).then_some(Way::Option(self.rule, self.option))
    }
}

/// The ids that events show, for what is new.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offered {
    pub(crate) ids: Vec<u32>,
    pub(crate) uuids: Vec<Uuid>,
    /// Whether only the likeliest may be taken.
    likely: bool,
}

impl Offered {
    /// Lets only the likeliest of each kind be taken; whether there are others. Most services
    /// count: of ids it is the reference's, where it was seen, and else what was seen first.
    pub(crate) fn likely_only(&mut self) -> bool {
        self.likely = true;
        self.ids.len() > 1 || self.uuids.len() > 1
    }
}

/// Whether an event may be, which is (or is not) as the reference would have it.
type May<'a> = &'a dyn Fn(&Shape, bool) -> bool;

/// What makes the model act.
#[derive(Clone, Copy)]
pub(crate) enum Call<'a> {
    Input(&'a Input),
    /// A timer of this name fires.
    Timer(&'a str),
}

/// Tries the model of one tenant.
pub(crate) struct Runner<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) tenant: &'a Tenant,
    /// Whether somebody of the tenant may be banned, as far as the account service can tell.
    pub(crate) bans: bool,
    pub(crate) freedom: Freedom,
    /// The mistake that is supposed, if any.
    pub(super) mistake: Option<Mistake>,
    /// Whether there were more ways to go on than are tried.
    overflowed: Cell<bool>,
    /// How often the model was tried.
    tried: Cell<u64>,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(scene: &'a Scene<'a>, tenant: &'a Tenant, bans: bool) -> Self {
        let (overflowed, tried) = (Cell::new(false), Cell::new(0));
        let freedom = Freedom::default();
        Self { scene, tenant, bans, freedom, mistake: None, overflowed, tried }
    }

    /// How often the model was tried.
    pub(crate) fn tried(&self) -> u64 {
        self.tried.get()
    }

    /// Notes that some way to go on is not tried.
    pub(crate) fn overflow(&self) {
        self.overflowed.set(true);
    }

    /// Whether some way to go on was not tried.
    pub(crate) fn has_overflowed(&self) -> bool {
        self.overflowed.get()
    }

    /// The first ways in which a call can go, whatever it emits.
    pub(crate) fn first_outcomes(
        &self,
        model: &dyn Model,
        call: Call<'_>,
        now: VirtualTime,
        offered: &Offered,
    ) -> Vec<Outcome> {
        self.some_outcomes(model, (call, None), (now, offered), (MOST_UNSHOWN, &|_, _| true))
    }

    /// Whether a timer that fires now may announce something.
    pub(crate) fn announces(&self, model: &dyn Model, call: Call<'_>, now: VirtualTime) -> bool {
        let outcomes = self.first_outcomes(model, call, now, &Offered::default());
        outcomes.iter().any(|outcome| !outcome.emits.is_empty())
    }

    /// All ways in which a call can go where it emits nothing but what `may` be, by the event and
    /// whether it is as the reference would have it. What comes after an event that may not be is
    /// not tried: events are many, and each can be said in many ways.
    pub(crate) fn outcomes(
        &self,
        model: &dyn Model,
        call: Call<'_>,
        at: (VirtualTime, &Offered),
        may: May<'_>,
    ) -> Vec<Outcome> {
        let mut found = Vec::new();
        for plan in self.plans(model, call, at.0) {
            let some = self.some_outcomes(model, (call, plan.as_deref()), at, (MOST_OUTCOMES, may));
            if some.len() >= MOST_OUTCOMES {
                self.overflow();
            }
            found.extend(some);
        }
        found
    }

    fn some_outcomes(
        &self,
        model: &dyn Model,
        (call, plan): (Call<'_>, Option<&[Does]>),
        (now, offered): (VirtualTime, &Offered),
        (most, may): (usize, May<'_>),
    ) -> Vec<Outcome> {
        let mut found = Vec::new();
        let mut script = Vec::new();
        loop {
            let mut host = Trial::new(script, offered, (self.bans, &self.freedom));
            host.not_firing = self.scene.attribution().not_firing();
            let outcome = self.once(model, (call, plan), now, &mut host);
            self.tried.set(self.tried.get() + 1);
            let wanted = match call {
                Call::Timer(_) => host.ended.is_some(),
                Call::Input(_) => true,
            };
            script = host.script;
            let arity = host.arity;
            let choices = |event: usize| {
                let from = event.checked_sub(1).map_or(0, |before| host.emitted[before]);
                &script[from..host.emitted[event]]
            };
            let as_reference = |event: usize| choices(event).iter().all(|picked| *picked == 0);
            let mut events = outcome.emits.iter().enumerate();
            match events.position(|(event, emit)| !may(emit, as_reference(event))) {
                // Whatever is chosen after it, it stays.
                Some(event) => script.truncate(host.emitted[event]),
                None if wanted => found.push(outcome),
                None => {}
            }
            // The next script: the last choice that has another option takes it.
            loop {
                match script.pop() {
                    None => return found,
                    Some(picked) if picked + 1 < arity[script.len()] => {
                        script.push(picked + 1);
                        break;
                    }
                    Some(_) => {}
                }
            }
            if found.len() >= most {
                return found;
            }
        }
    }

    fn once(
        &self,
        model: &dyn Model,
        (call, plan): (Call<'_>, Option<&[Does]>),
        now: VirtualTime,
        host: &mut Trial<'_>,
    ) -> Outcome {
        let mut model = model.fork();
        let mut effects = Effects::default();
        let start = Headers::of_tenant(self.tenant, TraceParent { trace: 1, span: 1, flags: 1 });
        let history = &self.scene.seen.history;
        let placed = match call {
            Call::Input(Input { act: Act::Record(record), .. }) => Some(history.record(*record)),
            _ => None,
        };
        let cause = placed.map_or(&start, |placed| &placed.record.headers);
        let untraced = placed.is_some() && cause.trace().is_none();
        if untraced {
            host.applied.push(self.scene.roles().no_trace);
        }
        let contracts = self.scene.contracts;
        let place = (Seed(0), &0u8);
        let mut cx =
            Cx::new(contracts, (&mut *host, &mut effects), (self.tenant, cause), now, place);
        let taken = self.forbidden().map(|forbidden| Arc::new(Taken::new(forbidden)));
        if let Some(taken) = &taken {
            let mutation: Arc<dyn Mutation> = Arc::<Taken>::clone(taken);
            cx.mutate(&mutation);
        }
        let result = self.act(&mut *model, (call, plan), &mut cx);
        let reject = result.err();
        if reject.is_some() {
            effects.emits.clear();
            effects.timers.clear();
        }
        let subject = &self.scene.seen.subject;
        let shape = |record: &Record, channel| Shape::of(contracts, subject, channel, record);
        let mut emits =
            effects.emits.iter().map(|out| shape(&out.record, out.channel)).collect::<Vec<_>>();
        let mistaken = match plan {
            Some(_) => self.neighbour().map(|neighbour| neighbour.rule),
            None => self.miscounted(call, &mut emits, host),
        };
        let mistaken = mistaken.or_else(|| taken.and_then(|taken| taken.rule()));
        Outcome {
            model: Rc::from(model),
            emits: emits.into(),
            timers: effects.timers,
            applied: host.applied.as_slice().into(),
            decided: host.decided.as_slice().into(),
            reject,
            due: host.ended.unwrap_or(now),
            guessed: host.guessed,
            mistaken,
        }
    }

    fn act(
        &self,
        model: &mut dyn Model,
        (call, plan): (Call<'_>, Option<&[Does]>),
        cx: &mut Cx<'_>,
    ) -> Result<(), String> {
        let input = match call {
            Call::Input(input) => input,
            Call::Timer(name) => {
                let (tenant, at) = (self.tenant.clone(), cx.now());
                let timer = Timer { name: name.to_owned(), tenant, at };
                return model.timer(&timer, cx).map_err(|reject| reject.to_string());
            }
        };
        match input.act {
            Act::Record(record) => {
                let placed = self.scene.seen.history.record(record);
                let incoming = Incoming {
                    channel: self.scene.contracts.channel_name(placed.channel),
                    tenant: self.tenant,
                    key: placed.record.key.as_deref(),
                    value: placed.record.value_bytes(),
                    record,
                    partition: placed.partition,
                    offset: placed.offset,
                    attempt: 1,
                };
                let handled = match plan {
                    Some(plan) => neighbour::act(model, &incoming, plan, cx),
                    None => model.handle(&incoming, cx),
                };
                handled.map_err(|reject| {
                    if !matches!(reject, Reject::Refused(_) | Reject::Unemittable(_)) {
                        cx.applies(self.scene.roles().unreadable);
                    }
                    reject.shown()
                })
            }
            Act::Stimulus(at) => {
                let asked = &self.scene.seen.asked[at];
                let told = model.stimulus(&asked.name, &asked.args, cx);
                told.map(|_| ()).map_err(|error: StimulusError| error.to_string())
            }
            Act::Query(_) => Ok(()),
            Act::Restart(_) => {
                model.restarted();
                Ok(())
            }
        }
    }
}

/// Takes the choices of a script, and the first option after its end.
pub(super) struct Trial<'a> {
    script: Vec<usize>,
    arity: Vec<usize>,
    /// How many choices there were before each event.
    pub(super) emitted: Vec<usize>,
    offered: &'a Offered,
    bans: bool,
    freedom: &'a Freedom,
    not_firing: &'static [(RuleId, &'static str)],
    pub(super) applied: Vec<RuleId>,
    decided: Vec<Decided>,
    /// When the one thing that a timer ends could end.
    ended: Option<VirtualTime>,
    guessed: bool,
}

impl<'a> Trial<'a> {
    fn new(script: Vec<usize>, offered: &'a Offered, (bans, freedom): (bool, &'a Freedom)) -> Self {
        Self {
            script,
            arity: Vec::new(),
            emitted: Vec::new(),
            offered,
            bans,
            freedom,
            not_firing: &[],
            applied: Vec::new(),
            decided: Vec::new(),
            ended: None,
            guessed: false,
        }
    }

    fn pick(&mut self, options: usize) -> usize {
        if options < 2 {
            return 0;
        }
        let at = self.arity.len();
        self.arity.push(options);
        if self.script.len() == at {
            self.script.push(0);
        }
        self.script[at]
    }
}

impl Host for Trial<'_> {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        let tried = |at: &usize| {
            let option = options[*at];
            !self.not_firing.contains(&(rule, option))
                && (*at == 0 || self.freedom.has(Way::Option(rule, option)))
        };
        let possible: Vec<_> = (0..options.len()).filter(tried).collect();
        let picked = self.pick(possible.len());
        let picked = possible.get(picked).copied().unwrap_or_default();
        if let (Some(option), Some(reference)) = (options.get(picked), options.first()) {
            self.decided.push(Decided { rule, option, reference });
        }
        picked
    }

    fn applies(&mut self, rule: RuleId) {
        self.applied.push(rule);
    }

    fn emitted(&mut self) {
        self.emitted.push(self.arity.len());
    }

    fn withdrawn(&mut self, left: usize) {
        self.emitted.truncate(left);
    }

    fn assign_id(&mut self, proposed: u32) -> u32 {
        let ids = &self.offered.ids;
        if self.offered.likely && ids.contains(&proposed) {
            return proposed;
        }
        let picked = self.pick(if self.offered.likely { 1 } else { ids.len() });
        match self.offered.ids.get(picked) {
            Some(id) => *id,
            None => {
                self.guessed = true;
                // Far from what others count up to.
                proposed | 1 << 31
            }
        }
    }

    fn assign_uuid(&mut self, proposed: Uuid) -> Uuid {
        let many = if self.offered.likely { 1 } else { self.offered.uuids.len() };
        let picked = self.pick(many);
        self.offered.uuids.get(picked).copied().unwrap_or(proposed)
    }

    fn sweeps_at(&mut self, at: VirtualTime, _: std::time::Duration) -> VirtualTime {
        at
    }

    fn is_due(&mut self, earliest: VirtualTime, _: VirtualTime, now: VirtualTime) -> bool {
        if self.ended.is_some() || earliest > now {
            return false;
        }
        let ends = self.pick(2) == 0;
        if ends {
            self.ended = Some(earliest);
        }
        ends
    }

    fn ask(&mut self, _: &str, _: &str, _: &Json, _: &Tenant) -> Result<Json, AskError> {
        let banned = self.bans && self.pick(2) == 1;
        let answer = serde_json::json!({ "banned": banned, "permanent": true });
        Ok(Json::from(answer))
    }
}
