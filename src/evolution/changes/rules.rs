//! The rules by which changes are named: those of Confluent's schema registry, in kebab case, and
//! three of ours for keywords that it does not compare.

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// Whether the registry accepts it.
    pub strict: bool,
    /// Whether the registry accepts it under its lenient policy.
    pub lenient: bool,
}

const fn yes(name: &'static str) -> Rule {
    Rule { name, strict: true, lenient: true }
}

const fn no(name: &'static str) -> Rule {
    Rule { name, strict: false, lenient: false }
}

const fn lenient(name: &'static str) -> Rule {
    Rule { name, strict: false, lenient: true }
}

/// All rules.
static RULES: &[Rule] = &[
    yes("id-changed"),
    yes("title-changed"),
    yes("description-changed"),
    yes("default-changed"),
    no("type-changed"),
    yes("type-extended"),
    no("type-narrowed"),
    no("max-length-added"),
    yes("max-length-removed"),
    yes("max-length-increased"),
    no("max-length-decreased"),
    no("min-length-added"),
    yes("min-length-removed"),
    no("min-length-increased"),
    yes("min-length-decreased"),
    no("pattern-added"),
    yes("pattern-removed"),
    no("pattern-changed"),
    no("maximum-added"),
    yes("maximum-removed"),
    yes("maximum-increased"),
    no("maximum-decreased"),
    no("minimum-added"),
    yes("minimum-removed"),
    no("minimum-increased"),
    yes("minimum-decreased"),
    no("exclusive-maximum-added"),
    yes("exclusive-maximum-removed"),
    yes("exclusive-maximum-increased"),
    no("exclusive-maximum-decreased"),
    no("exclusive-minimum-added"),
    yes("exclusive-minimum-removed"),
    no("exclusive-minimum-increased"),
    yes("exclusive-minimum-decreased"),
    no("multiple-of-added"),
    yes("multiple-of-removed"),
    no("multiple-of-expanded"),
    yes("multiple-of-reduced"),
    no("multiple-of-changed"),
    no("required-attribute-added"),
    yes("required-attribute-with-default-added"),
    yes("required-attribute-removed"),
    no("max-properties-added"),
    yes("max-properties-removed"),
    yes("max-properties-increased"),
    no("max-properties-decreased"),
    no("min-properties-added"),
    yes("min-properties-removed"),
    no("min-properties-increased"),
    yes("min-properties-decreased"),
    yes("additional-properties-added"),
    lenient("additional-properties-removed"),
    yes("additional-properties-extended"),
    lenient("additional-properties-narrowed"),
    no("dependency-array-added"),
    yes("dependency-array-removed"),
    no("dependency-array-extended"),
    yes("dependency-array-narrowed"),
    no("dependency-array-changed"),
    no("dependency-schema-added"),
    yes("dependency-schema-removed"),
    lenient("property-added-to-open-content-model"),
    yes("property-with-empty-schema-added-to-open-content-model"),
    no("required-property-added-to-unopen-content-model"),
    yes("required-property-with-default-added-to-unopen-content-model"),
    yes("optional-property-added-to-unopen-content-model"),
    yes("property-removed-from-open-content-model"),
    yes("property-with-false-removed-from-closed-content-model"),
    no("property-removed-from-closed-content-model"),
    yes("property-removed-is-covered-by-partially-open-content-model"),
    lenient("property-removed-not-covered-by-partially-open-content-model"),
    yes("property-added-is-covered-by-partially-open-content-model"),
    lenient("property-added-not-covered-by-partially-open-content-model"),
    no("max-items-added"),
    yes("max-items-removed"),
    yes("max-items-increased"),
    no("max-items-decreased"),
    no("min-items-added"),
    yes("min-items-removed"),
    no("min-items-increased"),
    yes("min-items-decreased"),
    no("unique-items-added"),
    yes("unique-items-removed"),
    yes("additional-items-added"),
    no("additional-items-removed"),
    yes("additional-items-extended"),
    no("additional-items-narrowed"),
    no("item-added-to-open-content-model"),
    yes("item-with-empty-schema-added-to-open-content-model"),
    yes("item-added-to-closed-content-model"),
    yes("item-removed-from-open-content-model"),
    yes("item-with-false-removed-from-closed-content-model"),
    no("item-removed-from-closed-content-model"),
    yes("item-added-is-covered-by-partially-open-content-model"),
    no("item-added-not-covered-by-partially-open-content-model"),
    yes("item-removed-is-covered-by-partially-open-content-model"),
    no("item-removed-not-covered-by-partially-open-content-model"),
    yes("enum-array-extended"),
    no("enum-array-narrowed"),
    no("enum-array-changed"),
    yes("combined-type-extended"),
    no("combined-type-changed"),
    no("product-type-extended"),
    yes("product-type-narrowed"),
    yes("sum-type-extended"),
    no("sum-type-narrowed"),
    no("combined-type-subschemas-changed"),
    no("not-type-extended"),
    yes("not-type-narrowed"),
    no("schema-added"),
    yes("schema-removed"),
    // Keywords that the registry does not look at: it accepts whatever they do.
    yes("keyword-added"),
    yes("keyword-removed"),
    yes("keyword-changed"),
];

/// The rule of a name.
pub(super) fn rule(name: &str) -> &'static Rule {
    let found = RULES.iter().find(|rule| rule.name == name);
    debug_assert!(found.is_some(), "there is no rule {name}");
    found.unwrap_or(&RULES[RULES.len() - 1])
}
