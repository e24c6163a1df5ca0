//! The SQL engine: the one island that knows DataFusion.
//!
//! An [`Engine`] is a session shared by every query of a run. A query is planned against a [`Scope`], which says what
//! each relation's name stands for; the result, a [`PlannedQuery`], is a value that knows its columns, the relations
//! it reads and whether it reads the clock. It can be executed ([`Engine::rows`], [`Engine::stream`],
//! [`Engine::write_parquet`]) or stand in another scope as a view. Source data enters through [`Engine::extract`],
//! seeds through [`Engine::csv_seed`].
//!
//! # Invariants
//! - Nothing outside this module names DataFusion; Arrow is re-exported as [`arrow`].
//! - Every failure is a [`SqlFault`] in our words; no message of DataFusion's reaches a caller as it is.
//! - The clock that SQL sees (`now()`, `current_timestamp`, `current_date`) is [`EngineSettings::as_of`].
//! - What is written is normalised (see [`types::storage_type`]) and complete: no half file bears a final name.

mod dialect;
mod execute;
mod extract;
mod files;
mod functions;
mod locate;
mod location;
mod planner;
mod precedence;
mod references;
mod rows;
mod scope;
mod seed;
mod session;
mod statements;
mod stores;
pub mod types;
mod write;

pub use datafusion::arrow;
pub use datafusion::execution::SendableRecordBatchStream;

pub use extract::{DeclaredColumn, ExtractFile, ExtractTable};
pub use locate::{Position, SqlFault};
pub use planner::PlannedQuery;
pub use references::{relations_named_in, stored_schema};
pub use rows::{json_rows, text_rows};
pub use scope::{Scope, StoredTable, TableSource};
pub use seed::SeedOptions;
pub use session::{Engine, EngineSettings};
pub use statements::{Change, IfExists, IfMissing, NameParts, Statement, statement};
pub use types::{parse_type, type_name};
pub use write::{Durability, RowOrder, SortKey, WriteOptions, WrittenFile, WrittenTable};

/// The result of a query.
pub type QueryResult<T> = Result<T, SqlFault>;
