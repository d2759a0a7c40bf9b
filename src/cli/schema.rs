//! `schema`: what files may hold, as JSON Schemas for editors.

use clap::{Args, ValueEnum};

use super::args::ContractsFrom;
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use crate::accepted;
use crate::pack::Packs;
use crate::scenario::{Known, properties_schema, schema as scenario_schema, words_of};

/// `schema`
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Which files
    #[arg(value_enum, value_name = "WHICH")]
    which: Which,

    #[command(flatten)]
    contracts: ContractsFrom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Scenario and fragment files.
    Scenario,
    /// The list of properties under `always`.
    Properties,
    /// Files of accepted violations.
    Accepted,
    /// Probe files.
    Probe,
}

/// Prints a schema.
pub(super) fn schema(args: &Schema, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let Some(contracts) = load::contracts(&args.contracts, packs, terminal) else {
        return Exit::Unusable;
    };
    let words = words_of(&packs.services());
    let known = Known { contracts: &contracts, words: &words };
    let made = match args.which {
        Which::Scenario => scenario_schema(&known),
        Which::Properties => properties_schema(&known),
        Which::Accepted => accepted::schema(&contracts),
        #[cfg(feature = "kafka")]
        Which::Probe => crate::verify::live::probe_schema(packs),
        #[cfg(not(feature = "kafka"))]
        Which::Probe => return super::link::absent(terminal),
    };
    let text = serde_json::to_string_pretty(&made).expect("a schema is texts, numbers and maps");
    terminal.line(&text);
    Exit::Holds
}
