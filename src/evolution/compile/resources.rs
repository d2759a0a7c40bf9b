//! References: which place of the document a `$ref` means.
//!
//! Nothing is fetched. What is not in the document is an error in words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Place};
use crate::evolution::document::{DATA, MAPS};
use crate::evolution::json::Json;

/// A part of the document with a URI of its own.
struct Resource {
    uri: String,
    pointer: String,
    anchors: BTreeMap<String, String>,
    dynamic: BTreeMap<String, String>,
}

pub(super) struct Resources {
    all: Vec<Resource>,
    referred: BTreeSet<String>,
    uses_dynamic: bool,
}

impl Resources {
    /// Those of a document.
    pub(super) fn of(root: &Json, draft: Draft) -> Self {
        let mut found = Self { all: Vec::new(), referred: BTreeSet::new(), uses_dynamic: false };
        found.all.push(Resource {
            uri: "schema:/root".to_owned(),
            pointer: String::new(),
            anchors: BTreeMap::new(),
            dynamic: BTreeMap::new(),
        });
        found.collect((root, false), "", 0, draft);
        let mut referred = BTreeSet::new();
        found.collect_targets(root, (root, false), "", &mut referred);
        found.referred = referred;
        found
    }

    fn collect(
        &mut self,
        (here, is_map): (&Json, bool),
        pointer: &str,
        mut resource: usize,
        draft: Draft,
    ) {
        if is_map {
            for (key, below, _) in children(here, true) {
                self.collect((below, false), &format!("{pointer}/{key}"), resource, draft);
            }
            return;
        }
        let lone = draft == Draft::Seven && here.get("$ref").is_some();
        if let Some(id) = here.get("$id").and_then(Json::as_text).filter(|_| !lone) {
            let uri = joined(&self.all[resource].uri, id);
            let (uri, fragment) = uri.split_once('#').unwrap_or((&uri, ""));
            if draft == Draft::Seven && id.starts_with('#') {
                self.all[resource].anchors.insert(fragment.to_owned(), pointer.to_owned());
            } else if pointer.is_empty() {
                self.all[0].uri = uri.to_owned();
            } else {
                resource = self.all.len();
                self.all.push(Resource {
                    uri: uri.to_owned(),
                    pointer: pointer.to_owned(),
                    anchors: BTreeMap::new(),
                    dynamic: BTreeMap::new(),
                });
            }
        }
        if draft == Draft::Latest {
            if let Some(anchor) = here.get("$anchor").and_then(Json::as_text) {
                self.all[resource].anchors.insert(anchor.to_string(), pointer.to_owned());
            }
            if let Some(anchor) = here.get("$dynamicAnchor").and_then(Json::as_text) {
                self.all[resource].anchors.insert(anchor.to_string(), pointer.to_owned());
                self.all[resource].dynamic.insert(anchor.to_string(), pointer.to_owned());
            }
            self.uses_dynamic |= here.get("$dynamicRef").is_some();
        }
        for (key, below, is_map) in children(here, false) {
            self.collect((below, is_map), &format!("{pointer}/{key}"), resource, draft);
        }
    }

    fn collect_targets(
        &self,
        root: &Json,
        (here, is_map): (&Json, bool),
        pointer: &str,
        found: &mut BTreeSet<String>,
    ) {
        let scope = vec![self.resource_at(pointer)];
        let place = Place { pointer: pointer.to_owned(), scope };
        for keyword in ["$ref", "$dynamicRef"] {
            if !is_map
                && let Some(reference) = here.get(keyword).and_then(Json::as_text)
                && let Ok(target) = self.resolve(root, &place, reference, false)
            {
                found.insert(target.pointer);
            }
        }
        for resource in &self.all {
            found.extend(resource.dynamic.values().cloned());
        }
        for (key, below, is_map) in children(here, is_map) {
            self.collect_targets(root, (below, is_map), &format!("{pointer}/{key}"), found);
        }
    }

    /// Whether some reference leads there.
    pub(super) fn is_referred_to(&self, pointer: &str) -> bool {
        self.referred.contains(pointer)
    }

    /// The resource that a place belongs to: that with the longest pointer above it.
    fn resource_at(&self, pointer: &str) -> usize {
        let above = |resource: &Resource| {
            pointer
                .strip_prefix(&resource.pointer)
                .is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        let all = self.all.iter().enumerate().filter(|(_, resource)| above(resource));
        all.max_by_key(|(_, resource)| resource.pointer.len()).map_or(0, |(at, _)| at)
    }

    /// A place, reached from another one.
    pub(super) fn entered(&self, from: &Place, pointer: String) -> Place {
        let resource = self.resource_at(&pointer);
        let mut scope = match self.uses_dynamic {
            true => from.scope.clone(),
            false => Vec::new(),
        };
        if !scope.contains(&resource) {
            scope.push(resource);
        }
        Place { pointer, scope }
    }

    /// Where a reference leads to.
    pub(super) fn resolve(
        &self,
        root: &Json,
        from: &Place,
        reference: &str,
        dynamic: bool,
    ) -> Result<Place, String> {
        let base = &self.all[self.resource_at(&from.pointer)].uri;
        let uri = joined(base, reference);
        let missing = || format!("the reference `{uri}`, which leads out of the document");
        let (resource, fragment) = uri.split_once('#').unwrap_or((&uri, ""));
        let fragment = decoded(fragment);
        let resource = self.all.iter().find(|one| one.uri == resource).ok_or_else(missing)?;
        let pointer = match fragment.is_empty() || fragment.starts_with('/') {
            true => format!("{}{fragment}", resource.pointer),
            false => resource.anchors.get(&fragment).ok_or_else(missing)?.clone(),
        };
        if root.at(&pointer).is_none() {
            return Err(missing());
        }
        if dynamic && resource.dynamic.get(&fragment) == Some(&pointer) {
            let outermost = from.scope.iter().find_map(|at| self.all[*at].dynamic.get(&fragment));
            return Ok(self.entered(from, outermost.cloned().unwrap_or(pointer)));
        }
        Ok(self.entered(from, pointer))
    }
}

/// What stands below, and whether it is a map of schemas.
fn children(here: &Json, is_map: bool) -> Vec<(String, &Json, bool)> {
    let members = here.members().filter(|(key, _)| is_map || !DATA.contains(&&***key));
    let members = members.map(|(key, value)| {
        (crate::evolution::json::token(key), value, !is_map && MAPS.contains(&&**key))
    });
    let items = here.items().iter().enumerate();
    members.chain(items.map(|(at, item)| (at.to_string(), item, false))).collect()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A reference, made absolute.
fn joined(base: &str, reference: &str) -> String {
    let base = base.split('#').next().unwrap_or(base);
    if reference.is_empty() || reference.starts_with('#') {
        return format!("{base}{reference}");
    }
    let scheme = reference.split(['/', '?', '#']).next().unwrap_or("");
    if scheme.contains(':') {
        return reference.to_owned();
    }
    let (scheme, rest) = base.split_once(':').unwrap_or(("", base));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (format!("//{}", &rest[..end]), &rest[end..])
        }
        None => (String::new(), rest),
    };
    let path = match reference.starts_with('/') {
        true => reference.to_owned(),
        false => format!("{}/{reference}", path.rsplit_once('/').map_or("", |(above, _)| above)),
    };
    let (path, fragment) = match path.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (path.as_str(), String::new()),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{scheme}:{authority}/{}{fragment}", parts.join("/"))
}
