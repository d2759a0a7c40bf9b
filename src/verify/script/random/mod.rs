//! Seeded random scripts: commands that fit each other, races, duplicates, and bad input.
//!
//! What this is: [`script`], one random script of a service. What it is not: a search; scripts are
//! drawn independently. What always holds: the same seed, service and number give the same script;
//! all scripts draw names and ids from the same few, so that tenants use the same ones.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Plain, json};
use uuid::Uuid;

use super::{Act, HeadersFrom, Message, Phase, Reader, Script, Step};
use crate::contract::Contracts;
use crate::message::{Json, Seed, Stream};
use crate::pack::Packs;
use crate::scenario::TenantSpec;

/// What a probe can do besides records: names without the service.
#[derive(Clone, Debug, Default)]
pub struct Abilities {
    /// Stimuli that can be given.
    pub stimuli: BTreeSet<String>,
    /// Queries that can be asked.
    pub queries: BTreeSet<String>,
    /// Kinds of data that the implementation can be given.
    pub data: BTreeSet<String>,
}

impl Abilities {
    /// All that the reference of a service can do.
    #[must_use]
    pub fn all(service: &str, packs: &Packs) -> Self {
        let words = packs.model(service).map(|one| one.vocabulary()).unwrap_or_default();
        let name = |(name, _): &(&str, &[&str])| (*name).to_owned();
        let looked_up = packs.looked_up(service);
        Self {
            stimuli: words.stimuli.iter().map(name).collect(),
            queries: words.queries.iter().map(name).collect(),
            data: looked_up.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// How sequences of inputs of a service are drawn, beyond what its contract tells.
#[derive(Clone, Copy)]
pub(crate) struct Workload {
    /// What comes first.
    pub(crate) begin: Option<fn(&mut Draw<'_>)>,
    /// What comes next.
    pub(crate) next: fn(&mut Draw<'_>) -> Vec<Act>,
    /// What fields of its inputs are where nothing else is wanted, by JSON pointer: values that fit
    /// each other.
    pub(crate) fitting: fn() -> Vec<(&'static str, Plain)>,
    /// Whether the documents leave open what comes of a value, so that it is never sent.
    pub(crate) is_open: fn(&Json) -> bool,
}

/// What the UUIDs of scripts begin with.
const IDS: u128 = 0x5e55_0000_0000_4000_8000_0000_0000_0000;
/// How many steps a script has, besides those that it begins with.
const STEPS: usize = 32;
/// How many one has whose inputs are sent one at a time.
const SERIAL_STEPS: usize = 12;
/// One in so many scripts is of that kind.
const SERIAL: u64 = 3;

/// Random script number `number` of a service; empty for one of which no pack is known.
#[must_use]
pub fn script(
    (service, contracts): (&str, &Arc<Contracts>),
    abilities: &Abilities,
    (seed, number): (Seed, u64),
) -> Script {
    let serial = number % SERIAL == SERIAL - 1;
    let workload = contracts.packs().pack(service).and_then(|pack| pack.workload);
    let Some(Workload { begin, next, .. }) = workload else {
        return Script::new("", Vec::new(), Vec::new());
    };
    let mut draw = Draw {
        contracts,
        number,
        tenants: if serial { 1 } else { 2 },
        stream: Stream::keyed(seed, &("verify", service, number)),
        steps: Vec::new(),
        tenant: 0,
        abilities,
    };
    if let Some(begin) = begin {
        begin(&mut draw);
    }
    let most = draw.steps.len() + if serial { SERIAL_STEPS } else { STEPS };
    while draw.steps.len() < most {
        draw.tenant = usize::from(draw.one_in(3)) % draw.tenants;
        if draw.one_in(12) && draw.repeat() {
            continue;
        }
        let is_unusual = draw.one_in(if serial { 8 } else { 14 });
        let acts = if is_unusual { draw.unusual(service) } else { next(&mut draw) };
        // Where inputs overlap, nobody can tell what came of one without a trace.
        let untraced = (serial && draw.one_in(16)).then(|| draw.untraced());
        for mut act in acts {
            if let (Act::Send(message), Some(headers)) = (&mut act, &untraced)
                && message.headers == HeadersFrom::Tenant
            {
                message.headers = headers.clone();
            }
            draw.push(act);
        }
    }
    let tenants = vec![TenantSpec::default(); draw.tenants];
    let script = Script::new(format!("random {number}"), tenants, draw.steps);
    let script = Script { serial, ..script };
    script.classified(&Reader { service: service.to_owned(), contracts: Arc::clone(contracts) })
}

/// The random script of a name such as `random 17`, or `random 17 killed before 12,20`; `None` for
/// another name.
#[must_use]
pub fn named(
    of: (&str, &Arc<Contracts>),
    abilities: &Abilities,
    seed: Seed,
    name: &str,
) -> Option<Script> {
    let (name, killed) = Script::parse_name(name)?;
    let number = name.strip_prefix("random ")?.parse().ok()?;
    Some(script(of, abilities, (seed, number)).killed_before(&killed))
}

/// A harmless input on each topic that a service reads, to see whether anybody takes it.
#[must_use]
pub fn greetings(service: &str, contracts: &Arc<Contracts>) -> Vec<Message> {
    let channels = contracts.consumed_by(service).into_iter().flatten();
    let names = channels.map(|channel| contracts.channel_name(channel));
    names.filter_map(|name| super::harmless(service, contracts, name)).collect()
}

/// A script being drawn.
pub(crate) struct Draw<'a> {
    contracts: &'a Arc<Contracts>,
    /// Of the script.
    number: u64,
    stream: Stream,
    pub(crate) steps: Vec<Step>,
    /// How many there are.
    pub(crate) tenants: usize,
    /// Of the step that is drawn now.
    pub(crate) tenant: usize,
    pub(crate) abilities: &'a Abilities,
}

impl Draw<'_> {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.stream.below(bound)
    }

    pub(crate) fn one_in(&mut self, several: usize) -> bool {
        self.below(several) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    /// One of the first few numbers, from 1.
    pub(crate) fn number(&mut self, few: u32) -> u32 {
        1 + u32::try_from(self.below(few as usize)).unwrap_or_default()
    }

    /// One of the few UUIDs that all scripts use.
    pub(crate) fn id(&mut self, few: u32) -> String {
        let number = self.number(few);
        Uuid::from_u128(IDS | u128::from(number)).to_string()
    }

    /// A UUID that no other script uses: by it, what got into this script from another is known.
    pub(crate) fn own_id(&mut self, few: u32) -> String {
        let script = u128::from(self.number & 0xffff) << 80;
        let number = self.number(few);
        Uuid::from_u128(IDS | script | u128::from(number)).to_string()
    }

    /// One of the first few of ten numbers that hardly another script uses.
    pub(crate) fn own_number(&mut self, few: u32) -> u32 {
        let script = u32::try_from(self.number % 10_000).unwrap_or_default();
        500 + 10 * script + self.number(few)
    }

    /// What the step is called that is pushed next.
    pub(crate) fn next_step(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn push(&mut self, act: Act) {
        let id = self.next_step();
        self.steps.push(Step::new(id, self.tenant, act));
    }

    /// Headers without a trace: what carries them is handled all the same.
    pub(crate) fn untraced(&mut self) -> HeadersFrom {
        const TRACE: &str = "traceparent";
        match self.below(2) {
            0 => HeadersFrom::Without(TRACE),
            _ => HeadersFrom::Damaged(TRACE, b"?".to_vec()),
        }
    }

    /// An input that contracts make: most often one that must have no effect.
    pub(crate) fn unusual(&mut self, service: &str) -> Vec<Act> {
        let made = super::made::made(service, self.contracts);
        let phase = match self.below(8) {
            0 => Phase::Expected,
            1 => Phase::Refused,
            _ => Phase::Undecodable,
        };
        let kinds: BTreeSet<_> =
            made.iter().map(|one| &one.kind).filter(|kind| kind.phase == phase).collect();
        let kinds: Vec<_> = kinds.into_iter().collect();
        if kinds.is_empty() {
            return Vec::new();
        }
        let kind = kinds[self.below(kinds.len())];
        let of_kind: Vec<_> = made.iter().filter(|one| one.kind == *kind).collect();
        let one = of_kind[self.below(of_kind.len())];
        vec![Act::Send(one.message.clone())]
    }

    /// Sends once more what was sent before, byte for byte, to the same tenant or the other.
    pub(crate) fn repeat(&mut self) -> bool {
        let sent: Vec<_> =
            self.steps.iter().filter(|step| matches!(step.act, Act::Send(_))).cloned().collect();
        if sent.is_empty() {
            return false;
        }
        let step = &sent[self.below(sent.len())];
        self.tenant = step.tenant;
        self.push(step.act.clone());
        true
    }

    /// One of the steps of a kind so far, of this tenant or (seldom) of the other.
    pub(crate) fn earlier(&mut self, kind: impl Fn(&Act) -> bool) -> Option<u32> {
        let other = self.one_in(8);
        let tenant = self.tenant;
        let fits = |step: &&Step| (step.tenant == tenant) != other && kind(&step.act);
        let fitting: Vec<_> = self.steps.iter().filter(fits).map(|step| step.id).collect();
        (!fitting.is_empty()).then(|| fitting[self.below(fitting.len())])
    }

    /// What a step sends, where that is an object.
    pub(crate) fn value_of(&self, step: u32) -> Option<&Json> {
        let step = self.steps.iter().find(|one| one.id == step)?;
        match &step.act {
            Act::Send(Message { value: super::Value::Json(value), .. }) => Some(value),
            _ => None,
        }
    }

    /// A query where the probe can ask it.
    pub(crate) fn query(&self, name: &str, args: Plain) -> Vec<Act> {
        let known = self.abilities.queries.contains(name);
        let query = || Act::Query { name: name.to_owned(), args: Json::from(args) };
        known.then(query).into_iter().collect()
    }

    /// Data where the probe can give it.
    pub(crate) fn give(&mut self, data: &str, entry: Plain) {
        if self.abilities.data.contains(data) {
            self.push(Act::Give { data: data.to_owned(), entry: Json::from(entry) });
        }
    }

    /// A stimulus where the probe can give it.
    pub(crate) fn stimulus(&self, name: &str, args: Plain) -> Vec<Act> {
        let known = self.abilities.stimuli.contains(name);
        let stimulus = || Act::Stimulus { name: name.to_owned(), args: Json::from(args) };
        known.then(stimulus).into_iter().collect()
    }
}

pub(crate) fn send(channel: &str, value: Plain) -> Vec<Act> {
    vec![Act::Send(Message::new(channel, Json::from(value)))]
}

pub(crate) fn enveloped(mut head: Plain, kind: &str, body: Plain) -> Plain {
    if let Plain::Object(fields) = &mut head {
        fields.insert("type".to_owned(), json!(kind));
        fields.insert("body".to_owned(), body);
    }
    head
}

pub(crate) fn pause(seconds: u64) -> Act {
    Act::Pause(Duration::from_secs(seconds))
}

/// The type of a message that a step sends.
pub(crate) fn type_of(act: &Act) -> Option<(&str, &str)> {
    let Act::Send(Message { channel, value: super::Value::Json(value), .. }) = act else {
        return None;
    };
    let kind = value.get("type").or_else(|| value.get("status")).and_then(Json::as_str);
    Some((channel, kind.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{Abilities, script};
    use crate::contract::Contracts;
    use crate::message::Seed;
    use crate::pack::Pack;
    use crate::verify::script::Act;

    #[test]
    fn the_same_seed_draws_the_same_script() {
        let (abilities, contracts) = (Abilities::default(), Contracts::builtin());
        for service in contracts.packs().all().map(Pack::name) {
            let one = script((service, &contracts), &abilities, (Seed(3), 4));
            let again = script((service, &contracts), &abilities, (Seed(3), 4));
            assert_eq!(format!("{one:?}"), format!("{again:?}"));
            assert!(one.steps.len() >= super::STEPS, "{service}: {}", one.steps.len());
            assert!(!one.serial);
            let serial = script((service, &contracts), &abilities, (Seed(3), 5));
            assert!(serial.serial && serial.tenants.len() == 1, "{service}");
            assert!(serial.steps.len() >= super::SERIAL_STEPS, "{service}");
            assert!(serial.steps.iter().all(|step| step.tenant == 0), "{service}");
        }
    }

    #[test]
    fn what_is_sent_is_read_by_the_service() {
        let contracts = Contracts::builtin();
        for service in contracts.packs().all().map(Pack::name) {
            let read = contracts.consumed_by(service).unwrap();
            let scripts =
                (0..50).map(|n| script((service, &contracts), &Abilities::default(), (Seed(1), n)));
            for act in scripts.flat_map(|script| script.steps).map(|step| step.act) {
                if let Act::Send(message) = act {
                    let channel = contracts.channel_ix(&message.channel).unwrap();
                    assert!(read.contains(&channel), "{service} does not read {}", message.channel);
                }
            }
        }
    }
}
