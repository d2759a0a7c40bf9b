//! The top level of scenario and fragment files.

use std::sync::Arc;

use crate::diagnostic::SourceFile;
use crate::scenario::load::Loader;
use crate::scenario::plan::{Fragment, Given, Scenario, TenantSpec};
use crate::scenario::template::{Field, NameAt};
use crate::scenario::vocabulary::{EXPLORE, FRAGMENT, SCENARIO, TENANT};
use crate::yaml::{Meaning, Node, Scalar};

use super::scope::Origin;
use super::table::Table;
use super::template::{Role, Secret};
use super::{Bare, Fields, Reader};

/// How many schedules a file may ask for.
const MAX_SCHEDULES: u32 = 1_000_000;

/// Reads a scenario; `None` where its shape does not allow it.
pub(crate) fn read_scenario(
    file: &Arc<SourceFile>,
    node: &Node,
    loader: &mut Loader<'_>,
) -> Option<(Scenario, Option<Table>)> {
    let mut reader = Reader::new(file, loader);
    reader.format(node)?;
    let fields = reader.fields(node, "a scenario", SCENARIO)?;
    let title = fields.get("scenario").and_then(|node| reader.text(node, "`scenario`"));
    let tags = fields.get("tags").map(|node| reader.tags(node)).unwrap_or_default();
    let about = reader.about(&fields);
    let tenant = fields.get("tenant").map_or(Some(TenantSpec::default()), |n| reader.tenant(n));
    let variables = fields.get("variables").map(|node| reader.variables(node)).unwrap_or_default();
    let table = fields.get("examples").map(|node| reader.table(node));
    reader.table = Table::with(table, &variables);
    let given = fields.get("given").map(|node| reader.given(node)).unwrap_or_default();
    let setup = fields.get("setup").map(|n| reader.steps(n, "`setup`")).unwrap_or_default();
    let steps = fields.get("steps").map(|n| reader.steps(n, "`steps`")).unwrap_or_default();
    let always = fields.get("always").map(|node| reader.always(node)).unwrap_or_default();
    let schedules = fields.get("explore").map_or(Some(1), |node| reader.schedules(node));
    reader.report_unused();
    let scenario = Scenario {
        file: Arc::clone(file),
        title: title?.to_owned(),
        title_span: fields.get("scenario")?.span,
        tags,
        about,
        tenant: tenant?,
        given,
        schedules: schedules?,
        setup,
        steps,
        always,
        secrets: std::mem::take(&mut reader.scope.secrets),
        variables: variables.into_keys().collect(),
    };
    Some((scenario, reader.table))
}

/// Reads a fragment; `None` where its shape does not allow it.
pub(crate) fn read_fragment(
    file: &Arc<SourceFile>,
    node: &Node,
    loader: &mut Loader<'_>,
) -> Option<Fragment> {
    let mut reader = Reader::new(file, loader);
    reader.format(node)?;
    let fields = reader.fields(node, "a fragment", FRAGMENT)?;
    let title = fields.get("fragment").and_then(|node| reader.text(node, "`fragment`"));
    reader.about(&fields);
    let parameters = fields.get("parameters").map(|node| reader.names(node, "`parameters`"));
    let parameters = parameters.unwrap_or_default();
    for parameter in &parameters {
        reader.bind(parameter, Origin::Parameter);
        if reader.is_secret(&parameter.name) {
            reader.scope.make_secret(&parameter.name);
        }
    }
    let steps = fields.get("steps").map(|n| reader.steps(n, "`steps`")).unwrap_or_default();
    let returns = fields.get("returns").map(|node| reader.names(node, "`returns`"));
    let returns = returns.unwrap_or_default();
    for name in &returns {
        reader.use_variable(&name.name, name.span);
    }
    reader.report_unused();
    Some(Fragment {
        file: Arc::clone(file),
        title: title?.to_owned(),
        parameters,
        steps,
        returns,
        secrets: std::mem::take(&mut reader.scope.secrets),
    })
}

impl Reader<'_, '_> {
    /// Whether the file is of the version that is read here.
    fn format(&mut self, node: &Node) -> Option<()> {
        let Some(format) = node.get("format") else {
            return Some(());
        };
        if format.scalar().map(Scalar::meaning) == Some(Meaning::Number("1")) {
            return Some(());
        }
        let diagnostic = self
            .error(
                "scenario::unknown-format",
                "this version of the format is not known",
                format.span,
            )
            .help("write `format: 1`");
        self.push(diagnostic);
        None
    }

    fn about(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = fields.get("about")?;
        self.text(node, "`about`").map(str::to_owned)
    }

    fn tags(&mut self, node: &Node) -> Vec<String> {
        let Some(items) = node.sequence() else {
            self.wrong_type(node, "`tags`", "a list");
            return Vec::new();
        };
        let tags: Vec<_> =
            items.iter().filter_map(|item| self.text(item, "a tag")).map(str::to_owned).collect();
        tags
    }

    fn tenant(&mut self, node: &Node) -> Option<TenantSpec> {
        let fields = self.fields(node, "`tenant`", TENANT)?;
        let region = fields.get("region").and_then(|node| self.text(node, "`region`"));
        let mut version = |name: &str| {
            let node = fields.get(name)?;
            let number = self.number(node, &format!("`{name}`"), 0..=u32::from(u16::MAX))?;
            u16::try_from(number).ok()
        };
        let (major, minor) = (version("major"), version("minor"));
        Some(TenantSpec { region: region?.to_owned(), major: major?, minor: minor? })
    }

    fn given(&mut self, node: &Node) -> Given {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "`given`", "a mapping");
            return Given::default();
        };
        let mut given = Given::default();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            if name == "settings" {
                given.settings = self.settings(value);
            } else if value.sequence().is_none() {
                let what = format!("`{}`", super::clip(name));
                self.wrong_type(value, &what, "a list");
            } else if let Some(value) = self.template(value, Role::Data, Secret::No) {
                self.check_data((name, key.span), &value);
                given.data.push(Field { name: name.to_owned(), span: key.span, value });
            }
        }
        given
    }

    fn settings(&mut self, node: &Node) -> Vec<Field> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, "`settings`", "a mapping with an entry a service");
            return Vec::new();
        };
        let mut settings = Vec::new();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let known = self.check_service(name, key.span);
            let value = self.object_template(value, "the settings of a service", Role::Data);
            if let (Some(()), Some(value)) = (known, value) {
                self.check_settings(name, &value);
                settings.push(Field { name: name.to_owned(), span: key.span, value });
            }
        }
        settings
    }

    fn schedules(&mut self, node: &Node) -> Option<u32> {
        let fields = self.fields(node, "`explore`", EXPLORE)?;
        self.number(fields.get("schedules")?, "`schedules`", 1..=MAX_SCHEDULES)
    }

    fn names(&mut self, node: &Node, what: &str) -> Vec<NameAt> {
        let Some(items) = node.sequence() else {
            self.wrong_type(node, what, "a list of names");
            return Vec::new();
        };
        let what = format!("an item of {what}");
        items.iter().filter_map(|item| self.new_name(item, &what, Bare::Allowed)).collect()
    }
}
