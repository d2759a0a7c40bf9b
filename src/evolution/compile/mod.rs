//! Schema documents in, [nodes](super::node) out.

mod applied;
mod evaluated;
mod keywords;
mod resources;

use std::collections::BTreeMap;

use super::json::Json;
use super::node::{Id, Node, Nodes};
use resources::Resources;

/// The version of JSON Schema that a document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draft {
    /// Draft 7.
    Seven,
    /// 2020-12.
    Latest,
}

/// Schemas nest at most so deep.
const MAX_DEPTH: usize = 120;

/// Where a schema is read: in the document, and in which resources `$dynamicRef` looks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pointer: String,
    /// The resources that were entered, the outermost first.
    scope: Vec<usize>,
}

struct Compiler<'a> {
    root: &'a Json,
    draft: Draft,
    nodes: &'a mut Nodes,
    resources: Resources,
    slots: BTreeMap<Place, usize>,
    /// The places that are read for the same value, so that a circle is seen.
    here: Vec<Place>,
    depth: usize,
}

/// Reads a document. What is not understood becomes [opaque](Node::Opaque).
pub(crate) fn compile(root: &Json, draft: Draft, nodes: &mut Nodes) -> Id {
    let resources = Resources::of(root, draft);
    let mut compiler = Compiler {
        root,
        draft,
        nodes,
        resources,
        slots: BTreeMap::new(),
        here: Vec::new(),
        depth: 0,
    };
    compiler.referenced(&Place { pointer: String::new(), scope: vec![0] })
}

impl Compiler<'_> {
    /// The schema at a place that may be reached by references.
    fn referenced(&mut self, place: &Place) -> Id {
        if self.here.contains(place) {
            let number = self.nodes.opaque.len();
            let reason =
                format!("a reference that leads to itself for the same value (no. {number})");
            return self.nodes.opaque(reason);
        }
        if let Some(slot) = self.slots.get(place) {
            return match self.nodes.slots[*slot] {
                Some(id) => id,
                None => {
                    let slot = *slot;
                    self.nodes.put(Node::Ref(slot))
                }
            };
        }
        let slot = self.nodes.slots.len();
        self.nodes.slots.push(None);
        self.slots.insert(place.clone(), slot);
        self.here.push(place.clone());
        let id = self.schema(place);
        self.here.pop();
        self.nodes.slots[slot] = Some(id);
        id
    }

    /// A schema for a part of the value: its references may lead back.
    fn child(&mut self, place: &Place, tokens: &[&str]) -> Id {
        let outer = std::mem::take(&mut self.here);
        let place = self.below(place, tokens);
        let id = match self.resources.is_referred_to(&place.pointer) {
            true => self.referenced(&place),
            false => self.schema(&place),
        };
        self.here = outer;
        id
    }

    /// A schema for the same value.
    fn beside(&mut self, place: &Place, tokens: &[&str]) -> Id {
        let place = self.below(place, tokens);
        match self.resources.is_referred_to(&place.pointer) {
            true => self.referenced(&place),
            false => self.schema(&place),
        }
    }

    fn below(&self, place: &Place, tokens: &[&str]) -> Place {
        let mut pointer = place.pointer.clone();
        for token in tokens {
            pointer.push('/');
            pointer.push_str(&super::json::token(token));
        }
        self.resources.entered(place, pointer)
    }

    /// The schema at a place, all keywords together.
    fn schema(&mut self, place: &Place) -> Id {
        self.depth += 1;
        let id = if self.depth > MAX_DEPTH || self.nodes.languages.steps == 0 {
            let number = self.nodes.opaque.len();
            self.nodes
                .opaque(format!("a schema that nests too deep or is too large (no. {number})"))
        } else {
            match self.root.at(&place.pointer) {
                Some(Json::Bool(true)) => self.nodes.any,
                Some(Json::Bool(false)) => self.nodes.none,
                Some(schema @ Json::Record(_)) => self.keywords(place, schema),
                _ => {
                    let number = self.nodes.opaque.len();
                    self.nodes.opaque(format!("what is at `{}` (no. {number})", place.pointer))
                }
            }
        };
        self.depth -= 1;
        id
    }

    fn keywords(&mut self, place: &Place, schema: &Json) -> Id {
        if self.draft == Draft::Seven && schema.get("$ref").is_some() {
            return self.reference(place, schema, "$ref");
        }
        let unevaluated = ["unevaluatedProperties", "unevaluatedItems"];
        if self.draft == Draft::Latest && unevaluated.iter().any(|key| schema.get(key).is_some()) {
            return self.with_unevaluated(place, schema);
        }
        let own = self.own(place, schema);
        let applied = self.applied(place, schema);
        self.nodes.all([own, applied])
    }

    fn reference(&mut self, place: &Place, schema: &Json, keyword: &str) -> Id {
        match self.target(place, schema, keyword) {
            Ok(place) => self.referenced(&place),
            Err(reason) => self.nodes.opaque(reason),
        }
    }

    /// Where a reference leads to.
    fn target(&self, place: &Place, schema: &Json, keyword: &str) -> Result<Place, String> {
        let Some(reference) = schema.get(keyword).and_then(Json::as_text) else {
            return Err(format!("a `{keyword}` that is no string"));
        };
        self.resources.resolve(self.root, place, reference, keyword == "$dynamicRef")
    }
}
