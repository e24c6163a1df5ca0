//! Statements that change tables, told as queries.
//!
//! DataFusion changes nothing that Headwater has written: a changed table is a new version, the result of a query over
//! the old one. A [`Statement`] says what is to be done; a [`Change`] gives that query once the columns of the table
//! are known.

use std::fmt::Write as _;

use datafusion::common::DataFusionError;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{
    AlterTableOperation, AssignmentTarget, CreateTable, FromTable, Ident, Insert, ObjectName, ObjectType,
    RenameTableNameKind, SchemaName, Statement as Ast, TableFactor, TableObject, TableWithJoins, Update,
};

use super::QueryResult;
use super::locate::{self, SqlFault};
use super::planner::parse;
use crate::error::{codes, nearest};
use crate::names::quote_identifier;

/// A relation's name as a statement gives it: one to three parts, as unquoted SQL takes them.
pub type NameParts = Vec<String>;

/// What to do when there is a relation of the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// `create`: it is an error.
    Fail,
    /// `create or replace`.
    Replace,
    /// `create … if not exists`: nothing is done.
    Keep,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A query: its rows are wanted.
    Query,
    /// `create schema`.
    CreateSchema(NameParts, IfExists),
    /// `drop schema`.
    DropSchema(NameParts, IfMissing),
    /// `create table`, with the query whose rows it has.
    CreateTable(NameParts, IfExists, String),
    /// `create view`, with its query.
    CreateView(NameParts, IfExists, String),
    /// `drop table` or `drop view`, of one or more.
    Drop(Vec<NameParts>, IfMissing),
    /// `alter table … rename to`.
    Rename(NameParts, NameParts),
    /// A table gets other rows or columns.
    Change(NameParts, Change),
}

/// What to do when there is no relation of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// It is an error.
    Fail,
    /// `if exists`: nothing is done.
    Keep,
}

/// How a table changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `insert into`: the columns that are given, or all, and the query of the new rows.
    Insert(Vec<String>, String),
    /// `delete`: the rows that go, or all.
    Delete(Option<String>),
    /// `update`: columns and their new values, and the rows that are meant, or all.
    Update(Vec<(String, String)>, Option<String>),
    /// `alter table … add column`: name and type.
    AddColumn(String, String),
    /// `alter table … drop column`.
    DropColumns(Vec<String>),
    /// `alter table … rename column`: old and new name.
    RenameColumn(String, String),
}

impl Change {
    /// The query that gives the changed table's rows.
    ///
    /// `table` is the table's quoted name, `columns` are the names and SQL types of its columns.
    ///
    /// # Errors
    /// `HW0302` when a column is not in the table.
    pub fn query(&self, table: &str, columns: &[(String, String)]) -> QueryResult<String> {
        Ok(match self {
            Self::Insert(given, rows) => {
                known(given.iter(), table, columns)?;
                inserted(table, columns, given, rows)
            }
            Self::Delete(None) => format!("select * from {table} where false"),
            Self::Delete(Some(condition)) => {
                format!("select * from {table} where ({condition}) is not true")
            }
            Self::Update(values, condition) => {
                known(values.iter().map(|(column, _)| column), table, columns)?;
                let condition = condition.as_deref().unwrap_or("true");
                select(table, columns, |name, data_type| {
                    let column = quote_identifier(name);
                    match values.iter().find(|(set, _)| set == name) {
                        Some((_, value)) => format!(
                            "cast(case when {condition} then {value} else {column} end as {data_type}) as {column}"
                        ),
                        None => column,
                    }
                })
            }
            Self::AddColumn(name, data_type) => {
                format!(
                    "select *, cast(null as {data_type}) as {} from {table}",
                    quote_identifier(name)
                )
            }
            Self::DropColumns(names) => {
                known(names.iter(), table, columns)?;
                let kept: Vec<_> = columns
                    .iter()
                    .filter(|(name, _)| !names.contains(name))
                    .cloned()
                    .collect();
                select(table, &kept, |name, _| quote_identifier(name))
            }
            Self::RenameColumn(old, new) => {
                known(std::iter::once(old), table, columns)?;
                select(table, columns, |name, _| {
                    let renamed = if name == old { new } else { name };
                    format!("{} as {}", quote_identifier(name), quote_identifier(renamed))
                })
            }
        })
    }
}

fn select(table: &str, columns: &[(String, String)], item: impl Fn(&str, &str) -> String) -> String {
    let items: Vec<String> = columns
        .iter()
        .map(|(name, data_type)| item(name, data_type))
        .collect();
    format!("select {} from {table}", items.join(", "))
}

fn inserted(table: &str, columns: &[(String, String)], given: &[String], rows: &str) -> String {
    let all: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let given = if given.is_empty() { &all } else { given };
    let mut query = select(table, columns, |name, _| quote_identifier(name));
    let added = select("", columns, |name, data_type| {
        let column = quote_identifier(name);
        let value = if given.iter().any(|g| g == name) {
            column.as_str()
        } else {
            "null"
        };
        format!("cast({value} as {data_type}) as {column}")
    });
    let names: Vec<String> = given.iter().map(|name| quote_identifier(name)).collect();
    // Writing to a String cannot fail.
    let _infallible = write!(
        query,
        " union all {added}({rows}) as new_rows ({})",
        names.join(", ")
    );
    query
}

fn known<'a>(
    names: impl Iterator<Item = &'a String>,
    table: &str,
    columns: &[(String, String)],
) -> QueryResult<()> {
    for name in names {
        if columns.iter().any(|(column, _)| column == name) {
            continue;
        }
        let table = table.replace('"', "");
        let fault = SqlFault::new(
            codes::COLUMN_NOT_FOUND,
            format!("column `{name}` not found in `{table}`"),
        );
        return Err(
            match nearest(name, columns.iter().map(|(column, _)| column.as_str())) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            },
        );
    }
    Ok(())
}

/// Reads one statement.
///
/// # Errors
/// `HW0301` when it cannot be parsed, `HW0314` when it is one that Headwater does not have.
pub fn statement(sql: &str) -> QueryResult<Statement> {
    let fault = |error: DataFusionError| locate::fault(error, sql, None);
    let read = match parse(sql).map_err(fault)? {
        Parsed::Statement(ast) => read(*ast),
        _ => None,
    };
    read.ok_or_else(|| {
        let word = sql.split_whitespace().next().unwrap_or_default().to_lowercase();
        locate::unsupported(&word, sql)
    })
}

fn read(ast: Ast) -> Option<Statement> {
    Some(match ast {
        Ast::Query(_) => Statement::Query,
        Ast::CreateSchema {
            schema_name: SchemaName::Simple(name),
            if_not_exists,
            ..
        } => Statement::CreateSchema(parts(&name), if_exists(false, if_not_exists)),
        Ast::CreateTable(create) => create_table(&create)?,
        Ast::CreateView(view) if view.columns.is_empty() => Statement::CreateView(
            parts(&view.name),
            if_exists(view.or_replace, view.if_not_exists),
            view.query.to_string(),
        ),
        Ast::Drop {
            object_type,
            if_exists,
            names,
            ..
        } => {
            let missing = if if_exists {
                IfMissing::Keep
            } else {
                IfMissing::Fail
            };
            match (object_type, names.as_slice()) {
                (ObjectType::Schema, [name]) => Statement::DropSchema(parts(name), missing),
                (ObjectType::Table | ObjectType::View | ObjectType::MaterializedView, names) => {
                    Statement::Drop(names.iter().map(parts).collect(), missing)
                }
                _ => return None,
            }
        }
        Ast::Insert(insert) => insert_rows(&insert)?,
        Ast::Delete(delete) if delete.using.is_none() => {
            let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
            let [table] = tables.as_slice() else { return None };
            let condition = delete.selection.as_ref().map(ToString::to_string);
            Statement::Change(table_name(table)?, Change::Delete(condition))
        }
        Ast::Update(update) => update_rows(&update)?,
        Ast::AlterTable(alter) => match alter.operations.as_slice() {
            [operation] => altered(parts(&alter.name), operation)?,
            _ => return None,
        },
        Ast::Truncate(truncate) => match truncate.table_names.as_slice() {
            [table] => Statement::Change(parts(&table.name), Change::Delete(None)),
            _ => return None,
        },
        _ => return None,
    })
}

fn create_table(create: &CreateTable) -> Option<Statement> {
    let query = match &create.query {
        Some(query) => query.to_string(),
        None if create.columns.is_empty() => return None,
        None => {
            let columns: Vec<String> = create
                .columns
                .iter()
                .map(|column| {
                    format!(
                        "cast(null as {}) as {}",
                        column.data_type,
                        quote_identifier(&folded(&column.name))
                    )
                })
                .collect();
            format!("select {} where false", columns.join(", "))
        }
    };
    let existing = if_exists(create.or_replace, create.if_not_exists);
    Some(Statement::CreateTable(parts(&create.name), existing, query))
}

fn insert_rows(insert: &Insert) -> Option<Statement> {
    let TableObject::TableName(table) = &insert.table else {
        return None;
    };
    if insert.overwrite || insert.on.is_some() {
        return None;
    }
    let columns = insert
        .columns
        .iter()
        .filter_map(|name| parts(name).pop())
        .collect();
    let rows = insert.source.as_ref()?.to_string();
    Some(Statement::Change(parts(table), Change::Insert(columns, rows)))
}

fn update_rows(update: &Update) -> Option<Statement> {
    if update.from.is_some() {
        return None;
    }
    let values = update
        .assignments
        .iter()
        .map(|assignment| match &assignment.target {
            AssignmentTarget::ColumnName(name) => Some((parts(name).pop()?, assignment.value.to_string())),
            AssignmentTarget::Tuple(_) => None,
        })
        .collect::<Option<Vec<_>>>()?;
    let condition = update.selection.as_ref().map(ToString::to_string);
    Some(Statement::Change(
        table_name(&update.table)?,
        Change::Update(values, condition),
    ))
}

fn altered(table: NameParts, operation: &AlterTableOperation) -> Option<Statement> {
    Some(match operation {
        AlterTableOperation::AddColumn { column_def, .. } => Statement::Change(
            table,
            Change::AddColumn(folded(&column_def.name), column_def.data_type.to_string()),
        ),
        AlterTableOperation::DropColumn { column_names, .. } => Statement::Change(
            table,
            Change::DropColumns(column_names.iter().map(folded).collect()),
        ),
        AlterTableOperation::RenameColumn {
            old_column_name,
            new_column_name,
        } => Statement::Change(
            table,
            Change::RenameColumn(folded(old_column_name), folded(new_column_name)),
        ),
        AlterTableOperation::RenameTable {
            table_name: RenameTableNameKind::To(name) | RenameTableNameKind::As(name),
        } => Statement::Rename(table, parts(name)),
        _ => return None,
    })
}

fn table_name(table: &TableWithJoins) -> Option<NameParts> {
    match &table.relation {
        TableFactor::Table { name, .. } if table.joins.is_empty() => Some(parts(name)),
        _ => None,
    }
}

fn if_exists(or_replace: bool, if_not_exists: bool) -> IfExists {
    match (or_replace, if_not_exists) {
        (true, _) => IfExists::Replace,
        (false, true) => IfExists::Keep,
        (false, false) => IfExists::Fail,
    }
}

fn parts(name: &ObjectName) -> NameParts {
    name.0
        .iter()
        .filter_map(|part| part.as_ident())
        .map(folded)
        .collect()
}

/// A name as SQL takes it: in lower case unless it is quoted.
fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() {
        name.value.clone()
    } else {
        name.value.to_lowercase()
    }
}
