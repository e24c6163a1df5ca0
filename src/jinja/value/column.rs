//! A column, as `adapter.get_columns_in_relation` and `api.Column` give it.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};

use crate::names::quote_identifier;

/// A column's name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its SQL type.
    pub(crate) data_type: String,
}

impl Column {
    /// The type without what stands in parentheses, in lower case.
    fn base_type(&self) -> String {
        self.data_type
            .split('(')
            .next()
            .unwrap_or_default()
            .trim()
            .to_lowercase()
    }

    /// Whether it holds text.
    pub(crate) fn is_string(&self) -> bool {
        matches!(
            self.base_type().as_str(),
            "text"
                | "varchar"
                | "string"
                | "character varying"
                | "char"
                | "character"
                | "utf8"
                | "largeutf8"
                | "utf8view"
        )
    }

    /// Whether it holds whole numbers.
    pub(crate) fn is_integer(&self) -> bool {
        let base = self.base_type();
        let base = base.trim_start_matches("uint").trim_start_matches("int");
        base.chars().all(|c| c.is_ascii_digit())
            || matches!(base, "bigint" | "smallint" | "tinyint" | "eger")
            || base.ends_with("int unsigned")
    }

    /// Whether it holds floating-point numbers.
    pub(crate) fn is_float(&self) -> bool {
        matches!(
            self.base_type().as_str(),
            "double" | "double precision" | "float" | "real" | "float4" | "float8" | "float32" | "float64"
        )
    }

    /// Whether it holds decimals.
    pub(crate) fn is_numeric(&self) -> bool {
        matches!(
            self.base_type().as_str(),
            "decimal" | "numeric" | "decimal128" | "decimal256"
        )
    }

    /// Whether it holds numbers of any kind.
    pub(crate) fn is_number(&self) -> bool {
        self.is_integer() || self.is_float() || self.is_numeric()
    }

    /// The name, quoted.
    pub(crate) fn quoted(&self) -> String {
        quote_identifier(&self.name)
    }
}

impl Object for Column {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "name" | "column" => Some(Value::from(self.name.as_str())),
            "data_type" | "dtype" => Some(Value::from(self.data_type.as_str())),
            "quoted" => Some(Value::from(self.quoted())),
            "char_size" | "numeric_precision" | "numeric_scale" => Some(Value::from(())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        Some((&self.name, &self.data_type).cmp(&(&other.name, &other.data_type)))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Column {} ({})>", self.name, self.data_type)
    }
}
