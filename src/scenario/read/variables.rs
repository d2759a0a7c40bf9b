//! `variables`: names with their values, which whoever runs the file may replace.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::message::{Json, Number};
use crate::scenario::plan::Cell;
use crate::scenario::template::Name;
use crate::yaml::{self, Node};

use super::scope::Origin;
use super::template::{Role, Secret, scalar_json};
use super::{Bare, Reader, is_name};

impl Reader<'_, '_> {
    /// Reads the names and makes them known. A value that was given for the run takes the place of
    /// the one in the file.
    pub(crate) fn variables(&mut self, node: &Node) -> IndexMap<Name, Cell> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "`variables`", "a mapping of names to values");
            return IndexMap::new();
        };
        let mut variables = IndexMap::new();
        for (key, value) in entries {
            let name = self.new_name(key, "a name of `variables`", Bare::Allowed);
            let secret = name.as_ref().is_some_and(|name| self.is_secret(&name.name));
            let hide = if secret { Secret::Yes } else { Secret::No };
            let own = self.template(value, Role::Data, hide).and_then(|value| value.to_json());
            let Some(name) = name else { continue };
            self.bind(&name, Origin::Let);
            self.scope.value_stands_at(&name.name, [value.span]);
            if secret {
                self.scope.make_secret(&name.name);
            }
            let given = self.loader.variables.get(&*name.name).cloned();
            if let Some(value_of) = given.or(own) {
                variables.insert(name.name, Cell { value: value_of, span: value.span });
            }
        }
        variables
    }
}

/// Reads a file of values: a mapping of names to single values.
pub fn read_variables(
    file: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<BTreeMap<String, Json>> {
    let node = yaml::read(file, diagnostics)?;
    let Some(entries) = node.mapping() else {
        let message = "this is a file of variables, and must be a mapping of names to values";
        let code = "scenario::wrong-type";
        diagnostics.push(Diagnostic::error(code, message, file, node.span));
        return None;
    };
    let mut values = BTreeMap::new();
    let before = diagnostics.len();
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        if !is_name(name) {
            let message = "this is not the name of a variable";
            let code = "scenario::bad-variable";
            diagnostics.push(Diagnostic::error(code, message, file, key.span));
        } else if value.text().is_none() {
            let message = format!("`{name}` must be a single value");
            let code = "scenario::wrong-type";
            diagnostics.push(Diagnostic::error(code, message, file, value.span));
        } else {
            values.insert(name.to_owned(), scalar_json(value));
        }
    }
    (diagnostics.len() == before).then_some(values)
}

/// What a text on a command line means as a value: `null`, `true`, `false` and numbers are what
/// they are in a file, a text in double quotes is that text, and so is any other.
pub fn variable_value(text: &str) -> Json {
    match text {
        "null" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        text => match (Number::parse(text), serde_json::from_str::<String>(text)) {
            (Some(number), _) => Json::Number(number),
            (None, Ok(quoted)) => Json::String(quoted),
            (None, Err(_)) => Json::from(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::variable_value;

    #[rstest]
    #[case("7", "7")]
    #[case("-1.50", "-1.50")]
    #[case("007", "\"007\"")]
    #[case("\"7\"", "\"7\"")]
    #[case("true", "true")]
    #[case("null", "null")]
    #[case("", "\"\"")]
    #[case("a=b", "\"a=b\"")]
    #[case("\"half", "\"\\\"half\"")]
    fn a_text_means_a_value(#[case] text: &str, #[case] json: &str) {
        assert_eq!(variable_value(text).to_string(), json);
    }
}
