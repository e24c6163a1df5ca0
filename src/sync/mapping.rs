//! From a model's columns to what is sent: SQL, so that the engine does it.

use indexmap::IndexMap;
use serde_json::Value;

use super::config::{Field, FieldSource, Mode, SyncConfig};
use super::sql::{self, quoted};
use crate::engine::arrow::datatypes::{DataType, SchemaRef};
use crate::engine::types::type_name;
use crate::engine::{Engine, PlannedQuery, Scope, TableSource};
use crate::error::{Diagnostic, Error, Result, codes};
use crate::names::quote_identifier;

/// The column of a model that says whether its contacts may be marketed to.
const MARKETABLE: &str = "is_marketable";

/// Joins the names of the fields in a row's digest.
const SEPARATOR: &str = "\u{1f}";

/// A sync's mapping against the columns that its model really has.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    fields: Vec<MappedField>,
    key: String,
    audiences: String,
    suppressed: String,
    filter: String,
}

#[derive(Debug, Clone)]
struct MappedField {
    name: String,
    expression: String,
    data_type: DataType,
    required: bool,
}

impl Mapping {
    /// Fits a sync to its model.
    ///
    /// # Errors
    /// `HW0601` for every column that the model does not have and every expression that cannot be planned.
    pub(crate) fn fit(
        engine: &Engine,
        sync: &SyncConfig,
        model: &PlannedQuery,
        is_marketing: bool,
    ) -> Result<Self> {
        let mut scope = sql::scope();
        scope.insert(sql::relation("model"), TableSource::View(model.clone()));
        let mut fitting = Fitting {
            engine,
            sync,
            columns: model.schema(),
            scope,
            faults: Vec::new(),
        };
        let mapping = Self {
            key: fitting.key(),
            fields: fitting.fields(),
            audiences: fitting.audiences(),
            suppressed: fitting.suppressed(is_marketing),
            filter: fitting.filter(),
        };
        if fitting.faults.is_empty() {
            return Ok(mapping);
        }
        Err(Error::Diagnostics(fitting.faults))
    }

    /// The destination's fields and the SQL types of their values, in order.
    pub(crate) fn columns(&self) -> Vec<(String, String)> {
        self.fields
            .iter()
            .map(|field| (field.name.clone(), type_name(&field.data_type)))
            .collect()
    }

    /// The names of the fields, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// A query for the rows of the model as they would be compared: `k`, `digest`, `suppressed`, `missing` (the first
    /// required field that has no value).
    pub(crate) fn narrow(&self, mode: Mode) -> String {
        let members = if mode == Mode::Audience {
            "where audiences <> ''"
        } else {
            ""
        };
        let missing: Vec<String> = self
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.required)
            .map(|(index, field)| format!("when f{index} is null then {}", quoted(&field.name)))
            .collect();
        let missing = if missing.is_empty() {
            "cast(null as varchar)".to_owned()
        } else {
            format!("case {} end", missing.join(" "))
        };
        let names = self.names().collect::<Vec<_>>().join(SEPARATOR);
        let fields = (0..self.fields.len()).map(|index| format!("f{index}"));
        let content = [quoted(&names), "audiences".to_owned()];
        let content = content.into_iter().chain(fields).collect::<Vec<_>>().join(", ");
        format!(
            "select k, row_digest({content}) as digest, suppressed, {missing} as missing from ({}) as mapped {members}",
            self.mapped(),
        )
    }

    /// A query for the mapped rows in full: `k`, `audiences`, `suppressed`, `f0`, `f1`, …
    pub(crate) fn mapped(&self) -> String {
        let own = [
            format!("{} as k", self.key),
            format!("{} as audiences", self.audiences),
            format!("{} as suppressed", self.suppressed),
        ];
        let fields = self.fields.iter().enumerate();
        let columns: Vec<String> = own
            .into_iter()
            .chain(fields.map(|(index, field)| format!("{} as f{index}", field.expression)))
            .collect();
        format!("select {} from model where {}", columns.join(", "), self.filter)
    }
}

struct Fitting<'a> {
    engine: &'a Engine,
    sync: &'a SyncConfig,
    columns: SchemaRef,
    scope: Scope,
    faults: Vec<Diagnostic>,
}

impl Fitting<'_> {
    fn key(&mut self) -> String {
        let sync = self.sync;
        let parts: Vec<String> = sync
            .primary_key
            .iter()
            .map(|column| format!("cast({} as varchar)", self.column(column, &sync.span)))
            .collect();
        if let [one] = parts.as_slice() {
            return one.clone();
        }
        let nulls: Vec<String> = parts.iter().map(|part| format!("{part} is null")).collect();
        format!(
            "case when {} then null else concat_ws('|', {}) end",
            nulls.join(" or "),
            parts.join(", ")
        )
    }

    fn fields(&mut self) -> Vec<MappedField> {
        let every;
        let fields = if let Some(fields) = &self.sync.fields {
            fields
        } else {
            every = self.every_column();
            &every
        };
        let mapped: Vec<Option<MappedField>> = fields
            .iter()
            .map(|(name, field)| self.field(name, field))
            .collect();
        mapped.into_iter().flatten().collect()
    }

    /// Every column of the model under its own name.
    fn every_column(&self) -> IndexMap<String, Field> {
        self.columns
            .fields()
            .iter()
            .map(|column| {
                let field = Field {
                    source: FieldSource::Column(column.name().clone()),
                    default: None,
                    required: false,
                    span: self.sync.span.clone(),
                };
                (column.name().clone(), field)
            })
            .collect()
    }

    fn field(&mut self, name: &str, field: &Field) -> Option<MappedField> {
        let source = match &field.source {
            FieldSource::Column(column) => self.column(column, &field.span),
            FieldSource::Expression(sql) => format!("({sql}\n)"),
            FieldSource::Constant(value) => literal(value),
        };
        let expression = match &field.default {
            Some(default) => format!("coalesce({source}, {})", literal(default)),
            None => source,
        };
        let what = format!("field `{name}`");
        let query = self.planned(
            &format!("select {expression} as value from model"),
            &what,
            &field.span,
        )?;
        let data_type = query
            .schema()
            .fields()
            .first()
            .map(|column| column.data_type().clone())?;
        Some(MappedField {
            name: name.to_owned(),
            expression,
            data_type,
            required: field.required,
        })
    }

    fn audiences(&mut self) -> String {
        let sync = self.sync;
        let parts: Vec<String> = sync
            .audiences
            .iter()
            .map(|name| format!("case when {} then {} end", self.membership(name), quoted(name)))
            .collect();
        if parts.is_empty() {
            "''".to_owned()
        } else {
            format!("concat_ws(',', {})", parts.join(", "))
        }
    }

    /// Whether a row is in an audience: `in_<name>`, else the list `audiences`, else every row is in the only one.
    fn membership(&mut self, name: &str) -> String {
        let flag = format!("in_{name}");
        if self.has(&flag) {
            return format!("coalesce({}, false)", quote_identifier(&flag));
        }
        if self.has("audiences") {
            return format!("coalesce(array_has(audiences, {}), false)", quoted(name));
        }
        if self.sync.audiences.len() > 1 {
            let message = format!(
                "sync `{}`: the model has neither a column `{flag}` nor one `audiences`",
                self.sync.name
            );
            self.faults
                .push(Diagnostic::error(codes::SYNC_COLUMN, message).at(self.sync.span.clone()));
        }
        "true".to_owned()
    }

    fn suppressed(&self, is_marketing: bool) -> String {
        if is_marketing && self.has(MARKETABLE) {
            format!("not coalesce({MARKETABLE}, true)")
        } else {
            "false".to_owned()
        }
    }

    fn filter(&mut self) -> String {
        let Some(filter) = &self.sync.filter else {
            return "true".to_owned();
        };
        let sql = format!("select 1 as one from model where ({}\n)", filter.value);
        self.planned(&sql, "`where`", &filter.span);
        format!("({}\n)", filter.value)
    }

    fn has(&self, column: &str) -> bool {
        self.columns.field_with_name(column).is_ok()
    }

    /// A column's name as SQL takes it; in the case that the model has it.
    fn column(&mut self, name: &str, span: &crate::error::Span) -> String {
        let found = self
            .columns
            .fields()
            .iter()
            .map(|column| column.name())
            .find(|column| column.eq_ignore_ascii_case(name));
        if let Some(found) = found {
            return quote_identifier(found);
        }
        let message = format!("sync `{}`: the model has no column `{name}`", self.sync.name);
        let known: Vec<&str> = self
            .columns
            .fields()
            .iter()
            .map(|column| column.name().as_str())
            .collect();
        self.faults.push(
            Diagnostic::error(codes::SYNC_COLUMN, message)
                .at(span.clone())
                .nearest(name, known),
        );
        "null".to_owned()
    }

    fn planned(&mut self, sql: &str, what: &str, span: &crate::error::Span) -> Option<PlannedQuery> {
        match self.engine.plan(sql, &self.scope) {
            Ok(query) => Some(query),
            Err(fault) => {
                let fault = fault.into_diagnostic();
                let message = format!("sync `{}`: {what}: {}", self.sync.name, fault.message);
                let mut ours = Diagnostic::error(codes::SYNC_COLUMN, message).at(span.clone());
                ours.hints = fault.hints;
                self.faults.push(ours);
                None
            }
        }
    }
}

/// A value of YAML as SQL writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => quoted(&value.to_string()),
    }
}
