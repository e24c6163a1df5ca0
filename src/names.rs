//! Names, parsed once: newtypes over shared text.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
    };
}

name! {
    /// dbt's `unique_id`: `model.shop.orders`, `source.shop.raw.orders`, `test.shop.unique_orders_id.1a2b3c4d5e`.
    NodeId
}
name! {
    /// A sync's name, as the project's `syncs/*.yml` gives it.
    SyncName
}
name! {
    /// A destination's name, as the project's `syncs/*.yml` gives it.
    DestinationName
}

impl NodeId {
    /// The part before the first dot: `model`, `test`, `source`, …
    pub fn resource_type(&self) -> &str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// The part after the last dot that names the thing: `orders` of `model.shop.orders`.
    pub fn short(&self) -> &str {
        self.as_str().splitn(3, '.').nth(2).unwrap_or_default()
    }
}

/// A table's full name in the warehouse: database, schema and identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelationName {
    /// The catalog; `headwater` where nothing else is said.
    pub database: String,
    /// The schema.
    pub schema: String,
    /// The table's name: the alias of the model.
    pub identifier: String,
}

impl RelationName {
    /// Names a relation.
    pub fn new(
        database: impl Into<String>,
        schema: impl Into<String>,
        identifier: impl Into<String>,
    ) -> Self {
        Self {
            database: database.into(),
            schema: schema.into(),
            identifier: identifier.into(),
        }
    }

    /// The name as SQL takes it, each part quoted: `"headwater"."cdp"."customer_events_xa"`.
    pub fn quoted(&self) -> String {
        [&self.database, &self.schema, &self.identifier]
            .map(|part| quote_identifier(part))
            .join(".")
    }
}

impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.identifier)
    }
}

/// Quotes an identifier for SQL.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
