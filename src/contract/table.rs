//! A contract as a table that people can read and compare.

use std::fmt::Write as _;

use super::{Action, Basis, ChannelView, Contract, Message, Operation, Schema};

/// The contract of one service as text: its channels, then their messages, field by field.
#[must_use]
pub fn table(contract: &Contract) -> String {
    let mut text = format!("{} {} (`{}`)\n", contract.title, contract.version, contract.service);
    for view in contract.channels.values() {
        let _ = write!(text, "\n== {}  {}", view.name, view.address);
        for operation in contract.operations.iter().filter(|one| one.channel == view.name) {
            let _ = write!(text, "\n   {}", operation_line(operation));
        }
        let told = match &view.discriminator {
            Some(field) => format!("told apart by `{field}`"),
            None => "one kind of message".to_owned(),
        };
        let _ = writeln!(text, "\n   {told}");
        messages(view, &mut text);
    }
    text
}

fn operation_line(operation: &Operation) -> String {
    let action = match operation.action {
        Action::Receive => "receives",
        Action::Send => "sends",
    };
    let only = operation.messages.as_ref().map(|names| format!(" only {}", names.join(", ")));
    let group =
        operation.group.as_ref().map(|group| format!(" as group `{group}`{}", basis(group.basis)));
    format!("{action}{}{}", only.unwrap_or_default(), group.unwrap_or_default())
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Documented => "",
        Basis::Field => " (field)",
    }
}

fn messages(view: &ChannelView, text: &mut String) {
    for message in view.messages.values() {
        let title = message.title.as_deref().unwrap_or_default();
        let _ = writeln!(text, "\n-- {}  {title}", message.name);
        let key = message.key.as_ref().map_or_else(
            || "none".to_owned(),
            |key| format!("{} as {}{}", key.field, key.encoding.name(), basis(key.basis)),
        );
        let _ = writeln!(text, "   key      {key}");
        let _ = writeln!(text, "   headers  {}", headers(message));
        let mut rows = Vec::new();
        fields(&message.payload, "", &mut rows);
        let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
        let kind_width = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
        for (path, kind, range) in rows {
            let line = format!("   {path:width$}  {kind:kind_width$}  {range}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
}

fn headers(message: &Message) -> String {
    let one = |rule: &super::HeaderRule| {
        let open = if rule.required { "" } else { "?" };
        format!("{}{open}:{}", rule.name, rule.encoding.name())
    };
    message.headers.iter().map(one).collect::<Vec<_>>().join(" ")
}

type Row = (String, String, String);

fn fields(schema: &Schema, path: &str, rows: &mut Vec<Row>) {
    for (name, property) in &schema.properties {
        let open = if property.required { "" } else { "?" };
        row(&property.schema, &format!("{path}/{name}"), open, rows);
    }
    if let Some(items) = &schema.items {
        row(items, &format!("{path}/*"), "", rows);
    }
}

fn row(schema: &Schema, path: &str, open: &str, rows: &mut Vec<Row>) {
    let mut range = schema.phrase();
    if schema.sensitive {
        range += "; never shown";
    }
    if let Some(unit) = &schema.remarks.unit {
        let _ = write!(range, "; {unit}");
    }
    if !schema.remarks.known_values.is_empty() {
        let known: Vec<_> = schema.remarks.known_values.iter().map(super::schema::shown).collect();
        let _ = write!(range, "; the field uses {}", known.join(", "));
    }
    let declared = schema.remarks.declared_type.clone().unwrap_or_default();
    rows.push((format!("{path}{open}"), declared, range));
    fields(schema, path, rows);
}
