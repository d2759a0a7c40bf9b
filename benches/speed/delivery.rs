//! `delivery`: how fast records are handled at full fidelity, against a bare loop over the values.
//!
//! The records are those that the scenario suite sends, in its mix. Full fidelity: each is decoded,
//! handled, what it causes is encoded, checked by its contract, written into the history, hashed,
//! and judged by all rules. The bare loop decodes and encodes each value of that history once, with
//! serde_json, into and from the typed structs.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use quintet::bus::{Fifo, Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver, Until};
use quintet::history::{History, Producer};
use quintet::message::typed::{Message, decode};
use quintet::message::{Outgoing, Seed};
use quintet::scenario::run::{Options, Setup, run};
use quintet::scenario::{Known, Resolver, TestPlan, load, words_of};
use quintet::services;
use quintet::services::atlas::check;
use quintet::services::{
    account::messages as account, ban::messages as ban,
    effective_stats::messages as effective_stats, invite::messages as invite,
    login::messages as login,
};

use crate::{Figure, median_s};

const ROUNDS: usize = 41;

pub(crate) fn figure() -> Figure {
    let contracts = Contracts::builtin();
    let tests = sent_by_the_suite(&contracts);
    let start = || (Seed(0), Box::new(Fifo) as Box<dyn quintet::bus::Chooser>);
    let world =
        World::new(Arc::clone(&contracts), services::reference(), Topology::default(), start());
    let mut world = world.expect("the five have contracts");
    let full = median_s(ROUNDS, || {
        world.start_over(services::reference(), start());
        for test in &tests {
            for outgoing in test {
                world.send(outgoing.clone()).expect("the bus takes every record");
            }
            world.run(Until::Quiet, &mut |_| false).expect("it comes to rest");
        }
        black_box(check::all(world.history()));
    });
    let values = values(world.history());
    let bare = median_s(ROUNDS, || {
        for (channel, value) in &values {
            black_box(decode_and_encode(channel, value));
        }
    });
    let value = values.len() as f64 / full;
    Figure { value, unit: "records/s", ratio: bare / full, to: "a loop that decodes and encodes" }
}

/// What each test of the suite sends, in one schedule.
fn sent_by_the_suite(contracts: &Arc<Contracts>) -> Vec<Vec<Outgoing>> {
    let setup = Setup::reference(Arc::clone(contracts));
    let mut tests = Vec::new();
    let options = Options { schedule: Some(0), ..Options::default() };
    for plan in suite(contracts) {
        let outcome = run(&plan, &setup, &options);
        let sent = outcome.history.records().iter();
        let sent = sent.filter(|placed| placed.producer == Producer::Test);
        let outgoing =
            sent.map(|placed| Outgoing { channel: placed.channel, record: placed.record.clone() });
        tests.push(outgoing.collect());
    }
    tests
}

/// All tests of the scenario suite.
pub(crate) fn suite(contracts: &Arc<Contracts>) -> Vec<TestPlan> {
    let words = words_of(&services::reference());
    let known = Known { contracts, words: &words };
    let files = scenario_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"));
    files.into_iter().flat_map(|path| load(&path, &known, &Disk).plans).collect()
}

struct Disk;

impl Resolver for Disk {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(std::fs::read(path).ok())
    }
}

fn scenario_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("there is a suite") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(scenario_files(&path));
        } else if path.to_string_lossy().ends_with(".scenario.yaml") {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

/// The values that decode, with their channels.
fn values(history: &History) -> Vec<(String, Vec<u8>)> {
    let all = history.records().iter().filter_map(|placed| {
        let channel = history.contracts().channel_name(placed.channel).to_owned();
        Some((channel, placed.record.value_bytes()?.to_vec()))
    });
    all.filter(|(channel, value)| decode_and_encode(channel, value).is_some()).collect()
}

fn decode_and_encode(channel: &str, value: &[u8]) -> Option<Vec<u8>> {
    match channel {
        "ban.command" => both::<ban::BanCommand<'_>>(value),
        "ban.status" => both::<ban::BanStatus>(value),
        "account.create" => both::<account::CreateAccount<'_>>(value),
        "account.status" => both::<account::AccountStatus<'_>>(value),
        "account.session.command" => both::<account::SessionCommand<'_>>(value),
        "account.session.status" => both::<account::SessionStatus<'_>>(value),
        "session.status" => both::<login::ClientSession<'_>>(value),
        "seed.status" => both::<login::SeedStatus>(value),
        "buff.status" => both::<effective_stats::BuffStatus<'_>>(value),
        "asset.status" => both::<effective_stats::AssetStatus<'_>>(value),
        "invite.command" => both::<invite::InviteCommand<'_>>(value),
        "invite.status" => both::<invite::InviteStatus<'_>>(value),
        "character.status" => both::<invite::CharacterStatus>(value),
        other => panic!("no typed message for {other}"),
    }
}

fn both<'a, M: Message<'a>>(value: &'a [u8]) -> Option<Vec<u8>> {
    decode::<M>(Some(value)).ok().map(|message| message.encode())
}
