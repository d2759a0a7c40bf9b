//! `examples`: a table with one test a row.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::diagnostic::Span;
use crate::message::Json;
use crate::scenario::plan::Cell;
use crate::scenario::template::{Name, NameAt};
use crate::scenario::vocabulary::EXAMPLES;
use crate::yaml::Node;

use super::scope::Origin;
use super::template::{Role, Secret};
use super::{Bare, Reader};

/// The rows of a table that could be read.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The text of its first value; none where there is no table and the row has the variables.
    pub(crate) name: Option<String>,
    pub(crate) cells: IndexMap<Name, Cell>,
}

impl Table {
    /// The rows with these variables as well; one without a name where there is no table.
    pub(crate) fn with(table: Option<Self>, variables: &IndexMap<Name, Cell>) -> Option<Self> {
        if variables.is_empty() {
            return table;
        }
        let alone = || Self { rows: vec![Row { name: None, cells: IndexMap::new() }] };
        let mut table = table.unwrap_or_else(alone);
        for row in &mut table.rows {
            let more = variables.iter().map(|(name, cell)| (name.clone(), cell.clone()));
            row.cells.extend(more);
        }
        Some(table)
    }
}

impl Reader<'_, '_> {
    /// Reads the table and makes its columns known.
    pub(crate) fn table(&mut self, node: &Node) -> Table {
        let Some(fields) = self.fields(node, "`examples`", EXAMPLES) else {
            self.scope.incomplete = true;
            return Table::default();
        };
        let columns = fields.get("columns").and_then(|node| self.columns(node));
        let rows = fields.get("rows").and_then(|node| self.items(node, "`rows`"));
        let Some(columns) = columns else {
            // Which values are the secret ones cannot be said, so that all of them may be.
            let words = fields.get("columns").and_then(Node::sequence).unwrap_or_default();
            if words.iter().any(|word| word.text().is_some_and(|name| self.is_secret(name))) {
                rows.unwrap_or_default().iter().for_each(|row| self.file.mask(row.span));
            }
            self.scope.incomplete = true;
            return Table::default();
        };
        let nodes = rows.unwrap_or_default();
        let rows: Vec<Row> = nodes.iter().filter_map(|row| self.row(row, &columns)).collect();
        self.row_names(&rows);
        for (at, column) in columns.iter().enumerate() {
            let origin = if at == 0 { Origin::NamingColumn } else { Origin::Column };
            self.bind(column, origin);
            let values = nodes.iter().filter_map(Node::sequence).flat_map(|items| {
                // Of a row of another length any value may be the one of this column.
                let own = if items.len() == columns.len() { at..at + 1 } else { 0..items.len() };
                items[own].iter().map(|item| item.span)
            });
            self.scope.value_stands_at(&column.name, values);
            if self.is_secret(&column.name) {
                self.scope.make_secret(&column.name);
            }
        }
        Table { rows }
    }

    /// The columns; `None` where one has no usable name, as the rows cannot be counted off then.
    fn columns(&mut self, node: &Node) -> Option<Vec<NameAt>> {
        let items = self.items(node, "`columns`")?;
        let names: Vec<_> =
            items.iter().map(|item| self.new_name(item, "a column", Bare::Allowed)).collect();
        let names: Vec<NameAt> = names.into_iter().collect::<Option<_>>()?;
        let mut first: BTreeMap<&Name, Span> = BTreeMap::new();
        let mut unique = true;
        for name in &names {
            if let Some(first) = first.insert(&name.name, name.span) {
                let message = format!("two columns are called `{}`", name.name);
                let diagnostic = self
                    .error("scenario::duplicate-column", message, name.span)
                    .label("again")
                    .related(&self.file.clone(), first, "first here");
                self.push(diagnostic);
                unique = false;
            }
        }
        unique.then_some(names)
    }

    fn row(&mut self, node: &Node, columns: &[NameAt]) -> Option<Row> {
        let Some(items) = node.sequence() else {
            self.wrong_type(node, "a row", "a list");
            return None;
        };
        let mut cells = IndexMap::new();
        for (at, item) in items.iter().enumerate() {
            let column = columns.get(at);
            // Of a row with a value too many or too few nobody can say which one is the secret.
            let all = items.len() != columns.len();
            let hide = columns
                .iter()
                .enumerate()
                .any(|(other, column)| self.is_secret(&column.name) && (all || other == at));
            let secret = if hide { Secret::Yes } else { Secret::No };
            let value = self.template(item, Role::Data, secret).and_then(|t| t.to_json());
            if let (Some(column), Some(value)) = (column, value) {
                cells.insert(column.name.clone(), Cell { value, span: item.span });
            }
        }
        if items.len() != columns.len() {
            let (values, expected) = (count(items.len(), "value"), count(columns.len(), "column"));
            let message = format!("the row has {values} for {expected}");
            let diagnostic = self.error("scenario::row-length", message, node.span).related(
                &self.file.clone(),
                columns.first().map_or(node.span, |first| {
                    first.span.to(columns.last().map_or(first.span, |last| last.span))
                }),
                "the columns",
            );
            self.push(diagnostic);
            return None;
        }
        let naming = columns.first()?;
        let name = match &cells.get(&naming.name)?.value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = if self.is_secret(&naming.name) { "***".to_owned() } else { name };
        (cells.len() == columns.len()).then_some(Row { name: Some(name), cells })
    }

    fn row_names(&mut self, rows: &[Row]) {
        let mut first: BTreeMap<&str, Span> = BTreeMap::new();
        for row in rows {
            let span = row.cells.first().map_or(Span::default(), |(_, cell)| cell.span);
            let name = row.name.as_deref().unwrap_or_default();
            if let Some(first) = first.insert(name, span) {
                let diagnostic = self
                    .error("scenario::duplicate-row", "two rows have the same name", span)
                    .label("again")
                    .related(&self.file.clone(), first, "first here")
                    .help("the first column names the test: give each row a name of its own");
                self.push(diagnostic);
            }
        }
    }

    /// The values of a column in all rows; none where the variable is no column.
    pub(crate) fn cells(&self, name: &Name) -> Vec<Cell> {
        let rows = self.table.iter().flat_map(|table| &table.rows);
        rows.filter_map(|row| row.cells.get(name).cloned()).collect()
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
