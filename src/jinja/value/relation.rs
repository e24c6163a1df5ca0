//! A relation, as templates see it: `this`, `ref(…)`, `source(…)`, `api.Relation.create(…)`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};

use crate::names::{RelationName, quote_identifier};

/// A relation or a part of one: any part of its name may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relation {
    /// The catalog.
    pub(crate) database: Option<String>,
    /// The schema.
    pub(crate) schema: Option<String>,
    /// The table.
    pub(crate) identifier: Option<String>,
    /// `table`, `view`, `cte`, `external`, where it is known.
    pub(crate) kind: Option<String>,
    /// Whether the parts stand without quotes: the name of an ephemeral model's expression does.
    pub(crate) bare: bool,
}

impl Relation {
    /// Makes a relation of a full name.
    pub(crate) fn named(name: &RelationName) -> Self {
        Self {
            database: Some(name.database.clone()).filter(|part| !part.is_empty()),
            schema: Some(name.schema.clone()).filter(|part| !part.is_empty()),
            identifier: Some(name.identifier.clone()),
            kind: None,
            bare: false,
        }
    }

    /// Makes the name of a common table expression.
    pub(crate) fn cte(name: &str) -> Self {
        Self {
            identifier: Some(name.to_owned()),
            kind: Some("cte".to_owned()),
            bare: true,
            ..Self::default()
        }
    }

    /// Says what kind of relation it is.
    #[must_use]
    pub(crate) fn of_kind(mut self, kind: Option<String>) -> Self {
        self.kind = kind.or(self.kind);
        self
    }

    /// The full name, missing parts empty.
    pub(crate) fn name(&self) -> RelationName {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        RelationName::new(part(&self.database), part(&self.schema), part(&self.identifier))
    }

    /// The name as SQL takes it.
    pub(crate) fn rendered(&self) -> String {
        [&self.database, &self.schema, &self.identifier]
            .into_iter()
            .flatten()
            .map(|part| {
                if self.bare {
                    part.clone()
                } else {
                    quote_identifier(part)
                }
            })
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The attribute of a name.
    fn attribute(&self, name: &str) -> Option<Value> {
        let text = |part: &Option<String>| Some(part.as_deref().map_or(Value::from(()), Value::from));
        let is = |kind: &str| Some(Value::from(self.kind.as_deref() == Some(kind)));
        match name {
            "database" => text(&self.database),
            "schema" => text(&self.schema),
            "identifier" | "name" | "table" | "alias" => text(&self.identifier),
            "type" => text(&self.kind),
            "is_table" => is("table"),
            "is_view" => is("view"),
            "is_cte" => is("cte"),
            "is_external" | "is_external_table" => is("external"),
            "is_materialized_view" => is("materialized_view"),
            "can_be_renamed" | "can_be_replaced" => Some(Value::from(true)),
            _ => None,
        }
    }
}

impl Object for Relation {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.attribute(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        Some(self.rendered().cmp(&other.rendered()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered())
    }
}
