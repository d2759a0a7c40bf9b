//! `topics`: the topics of all channels, created where they are missing.

use super::args::Topics;
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use crate::kafka::On;
use crate::pack::Packs;
use crate::report::style::count;

/// Creates what is missing, and says a line for each topic.
pub(super) fn topics(args: &Topics, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let Some(contracts) = load::contracts(&args.contracts, packs, terminal) else {
        return Exit::Unusable;
    };
    let on = args.link.on.as_deref().and_then(|on| on.parse::<On>().ok());
    if let Some(on @ (On::Mock | On::Container)) = on {
        terminal.error(&format!(
            "topics on `--on {on}` are gone when this command ends: name a broker by HOST:PORT"
        ));
        return Exit::Unusable;
    }
    let linked = match args.link.open(&contracts, terminal) {
        Ok(linked) => linked,
        Err(exit) => return exit,
    };
    let channels: Vec<_> = contracts.channels().iter().map(|channel| channel.index).collect();
    let bounds = linked.connection.bounds_of(&linked.topics, &channels);
    let width = channels.iter().map(|channel| linked.topics.name(*channel).len()).max();
    let width = width.unwrap_or(0);
    for channel in contracts.channels() {
        let topic = linked.topics.name(channel.index);
        let partitions = bounds.keys().filter(|(of, _)| *of == channel.index).count();
        let partitions = count(partitions, "partition", "partitions");
        let made = if linked.made.iter().any(|made| made == topic) { "created" } else { "there" };
        let name = &channel.name;
        terminal.line(&format!("{topic:width$}  {made:7}  {partitions}, carries {name}"));
    }
    Exit::Holds
}
