//! Values of scenarios' variables that a command line or a file gives.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::load::{self, Loaded};
use super::terminal::Terminal;
use crate::diagnostic::suggest;
use crate::message::Json;
use crate::report::style::{one_line, shell_word};
use crate::scenario::{is_variable_name, read_variables, variable_value};
use crate::yaml::is_secret_name;

/// Where values come from.
#[derive(Debug, Default, Args)]
pub(super) struct VariablesFrom {
    /// Another value for a variable that scenarios declare under `variables`: a text, number, true,
    /// false or null; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    pub(super) vars: Vec<(String, String)>,

    /// A YAML file of such values, one a line: `name: value`; --var wins
    #[arg(long = "vars", value_name = "FILE")]
    pub(super) vars_file: Option<PathBuf>,
}

impl VariablesFrom {
    /// All values by name; `None` where the file cannot be used, which is told.
    pub(super) fn read(&self, terminal: &mut Terminal) -> Option<BTreeMap<String, Json>> {
        let mut values = match &self.vars_file {
            Some(path) => load::reading(path, terminal, read_variables)?,
            None => BTreeMap::new(),
        };
        for (name, value) in &self.vars {
            values.insert(name.clone(), variable_value(value));
        }
        Some(values)
    }

    /// Reports names that no file declares, unless files cannot be used.
    pub(super) fn check(
        &self,
        values: &BTreeMap<String, Json>,
        loaded: &mut Loaded,
        terminal: &mut Terminal,
    ) {
        if loaded.exit != Exit::Holds || loaded.plans.is_empty() {
            return;
        }
        let known = loaded.plans.iter().flat_map(|plan| &plan.scenario.variables);
        let known: std::collections::BTreeSet<&str> = known.map(|name| &**name).collect();
        let unknown: Vec<_> = values.keys().filter(|name| !known.contains(name.as_str())).collect();
        for name in &unknown {
            let near = suggest(name, known.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let name = one_line(name);
            terminal.error(&format!("no scenario declares a variable `{name}`{near}"));
        }
        if !unknown.is_empty() {
            // Nothing is to run with another value than was meant.
            loaded.plans.clear();
            loaded.exit = Exit::Unusable;
        }
    }

    /// As a command line says it again; values under secret names are left out.
    pub(super) fn again(&self) -> String {
        let mut text = String::new();
        if let Some(file) = &self.vars_file {
            text.push_str(&format!(" --vars {}", shell_word(&file.display().to_string())));
        }
        for (name, value) in &self.vars {
            let value = if is_secret_name(name) { "***" } else { value.as_str() };
            text.push_str(&format!(" --var {}", shell_word(&format!("{name}={value}"))));
        }
        text
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if is_variable_name(name) => Ok((name.to_owned(), value.to_owned())),
        Some(_) => Err("a name has letters, digits and `_`, and no digit first".to_owned()),
        None => Err("write `name=value`".to_owned()),
    }
}
