//! Changed rows as the engine hands them out: the columns of a batch, found once for all its rows.

use serde_json::{Map, Value};

use super::Resync;
use crate::engine::arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray};
use crate::engine::arrow::datatypes::Int64Type;
use crate::error::{Error, Result};
use crate::sync::change::{Change, Image, Operation, RecordKey};
use crate::sync::rows;

/// A batch of changed rows.
#[derive(Debug)]
pub(super) struct Page {
    key: StringArray,
    kind: StringArray,
    digest: StringArray,
    old_digest: StringArray,
    old_fields: StringArray,
    audiences: StringArray,
    old_audiences: StringArray,
    remote: StringArray,
    epoch: Int64Array,
    fields: Vec<(String, ArrayRef)>,
    resync: Resync,
}

impl Page {
    /// Finds the columns of a batch; `names` are those of the destination's fields, in order.
    pub(super) fn of<'n>(
        batch: &RecordBatch,
        names: impl Iterator<Item = &'n str>,
        resync: Resync,
    ) -> Result<Self> {
        let text = |name| {
            Ok::<_, Error>(
                column(batch, name)?
                    .as_string_opt::<i32>()
                    .ok_or_else(|| odd(name))?
                    .clone(),
            )
        };
        let fields = names
            .enumerate()
            .map(|(index, name)| Ok((name.to_owned(), column(batch, &format!("f{index}"))?.clone())))
            .collect::<Result<_>>()?;
        Ok(Self {
            key: text("k")?,
            kind: text("kind")?,
            digest: text("digest")?,
            old_digest: text("old_digest")?,
            old_fields: text("old_fields")?,
            audiences: text("audiences")?,
            old_audiences: text("old_audiences")?,
            remote: text("remote")?,
            epoch: column(batch, "epoch")?
                .as_primitive_opt::<Int64Type>()
                .ok_or_else(|| odd("epoch"))?
                .clone(),
            fields,
            resync,
        })
    }

    /// The change that a row is.
    pub(super) fn change(&self, row: usize) -> Change {
        let operation = match cell(&self.kind, row) {
            "add" => Operation::Add,
            "change" => Operation::Change,
            "keep" if self.resync == Resync::Full => Operation::Change,
            "keep" => Operation::Keep,
            _ => Operation::Remove,
        };
        let now = match operation {
            Operation::Remove => Image::default(),
            _ => Image {
                fields: self.fields(row),
                audiences: names(cell(&self.audiences, row)),
            },
        };
        let old_digest = cell(&self.old_digest, row);
        let before = (!old_digest.is_empty()).then(|| Image {
            fields: parse(cell(&self.old_fields, row)),
            audiences: names(cell(&self.old_audiences, row)),
        });
        let before = match self.resync {
            Resync::Changes => before,
            Resync::Full => before.map(|before| forgotten(before, &now, operation)),
        };
        let epoch = if self.epoch.is_valid(row) {
            self.epoch.value(row)
        } else {
            0
        };
        Change {
            key: RecordKey::new(cell(&self.key, row)),
            operation,
            now,
            before,
            remote: serde_json::from_str(cell(&self.remote, row)).unwrap_or_default(),
            epoch: u64::try_from(epoch).unwrap_or_default(),
            digest: cell(&self.digest, row).to_owned(),
            old_digest: old_digest.to_owned(),
        }
    }

    fn fields(&self, row: usize) -> Map<String, Value> {
        let fields = self.fields.iter();
        fields
            .map(|(name, column)| (name.clone(), rows::value(column.as_ref(), row)))
            .collect()
    }
}

/// A text; null is blank.
fn cell(column: &StringArray, row: usize) -> &str {
    if column.is_valid(row) {
        column.value(row)
    } else {
        ""
    }
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| odd(name))
}

fn odd(name: &str) -> Error {
    Error::Internal(format!(
        "the comparison's column `{name}` is not what it should be"
    ))
}

/// What is taken for acknowledged in a full resync: nothing but the audiences that the row has left.
fn forgotten(before: Image, now: &Image, operation: Operation) -> Image {
    if operation == Operation::Remove {
        return before;
    }
    Image {
        fields: Map::new(),
        audiences: before
            .audiences
            .into_iter()
            .filter(|name| !now.audiences.contains(name))
            .collect(),
    }
}

fn names(joined: &str) -> Vec<String> {
    joined
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn parse(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}
