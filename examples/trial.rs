use quintet::contract::Contracts;
use quintet::kafka::*;
use quintet::message::Seed;
use quintet::scenario::run::Setup;
use quintet::scenario::{Known, words_of};
use quintet::verify::live::*;
use quintet::verify::*;
use std::collections::BTreeSet;
use std::time::Duration;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let subject = args[1].clone();
    let contracts = Contracts::builtin();
    let settings = Settings::read(&[], None).unwrap();
    let broker = Broker::start(&args[2].parse().unwrap(), &settings).unwrap();
    let connection = Connection::open(&broker, &settings, Duration::from_secs(10)).unwrap();
    let topics = Topics::resolve(&contracts, None).unwrap();
    connection.ensure_topics(&topics, &contracts, Create::Missing).unwrap();
    let words = words_of(&quintet::service::reference());
    let plans = quintet::scenario::suite(&Known { contracts: &contracts, words: &words });
    let setup = Setup::reference(contracts.clone());
    let scripts: Vec<_> = plans
        .iter()
        .filter_map(|p| quintet::verify::script::scenario::script(p, &setup, &subject).ok())
        .collect();
    eprintln!("{} scripts at {}", scripts.len(), broker.bootstrap());
    let plan = Plan {
        subject,
        group: "Ban Service".into(),
        command: args.get(3).cloned(),
        probe: Probe::default(),
        scripts,
        only: BTreeSet::new(),
        budget: Duration::from_secs(10),
        wait: Duration::from_secs(30),
        seed: Seed(1),
        judging: Judging { rules: None, keys: None, persistence: Persistence::Kept },
        shrink: 3,
    };
    let t = std::time::Instant::now();
    match verify(&plan, &contracts, (&connection, &topics), &mut |s| {
        eprintln!("[{:?}] {s}", t.elapsed())
    }) {
        Err(e) => println!("ERROR {e}"),
        Ok(v) => {
            println!("{:?} in {:?}", v.done, t.elapsed());
            for n in &v.notes {
                println!("note: {n}");
            }
            for f in v.judgement.findings.iter().take(20) {
                println!(
                    "{:?} {} {} {:?}\n   relax: {:?}",
                    f.severity, f.rule, f.message, f.records, f.relaxation
                );
                for r in f.records.iter().take(4) {
                    let p = v.observation.history.record(*r);
                    println!("      {}", v.observation.history.placed_json(p));
                }
            }
            println!("{} findings", v.judgement.findings.len());
            for (r, s) in &v.judgement.rules {
                println!("{r}: {s:?}");
            }
            for r in &v.reproductions {
                println!(
                    "repro of {} from {} ({} steps): {}",
                    r.finding, r.script, r.of, r.found.message
                );
                for p in r.observation.history.records() {
                    println!(
                        "      {} {} {}",
                        p.at,
                        r.observation.history.producer(p),
                        r.observation.history.placed_json(p)
                    );
                }
            }
        }
    }
}
