//! Text: `regexp_extract(text, pattern [, group])` and `hash(value, …)`.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use md5::{Digest as _, Md5};
use regex::Regex;

use crate::engine::types::storage_type;

/// The functions.
pub(super) fn functions() -> Vec<ScalarUDF> {
    vec![
        ScalarUDF::from(RegexpExtract {
            signature: Signature::user_defined(Volatility::Immutable),
        }),
        ScalarUDF::from(Hash {
            signature: Signature::user_defined(Volatility::Immutable),
        }),
    ]
}

/// The part of a text that a regular expression matches: the whole match, or a group of it; empty without a match, as
/// in DuckDB.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RegexpExtract {
    signature: Signature,
}

impl ScalarUDFImpl for RegexpExtract {
    fn name(&self) -> &'static str {
        "regexp_extract"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types.len() {
            2 => Ok(vec![DataType::Utf8, DataType::Utf8]),
            3 => Ok(vec![DataType::Utf8, DataType::Utf8, DataType::Int64]),
            given => plan_err!("regexp_extract takes 2 or 3 arguments, {given} given"),
        }
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let columns = args
            .args
            .iter()
            .map(|arg| arg.to_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let (texts, patterns) = match columns.as_slice() {
            [texts, patterns, ..] => (texts.as_string::<i32>(), patterns.as_string::<i32>()),
            _ => return exec_err!("regexp_extract takes 2 or 3 arguments"),
        };
        let groups = columns
            .get(2)
            .map(datafusion::arrow::array::AsArray::as_primitive::<Int64Type>);
        let mut compiled: Option<(&str, Regex)> = None;
        let mut found: Vec<Option<&str>> = Vec::with_capacity(rows);
        for row in 0..rows {
            let group = match groups {
                None => 0,
                Some(groups) if groups.is_valid(row) => {
                    usize::try_from(groups.value(row)).unwrap_or(usize::MAX)
                }
                Some(_) => usize::MAX,
            };
            if texts.is_null(row) || patterns.is_null(row) || group == usize::MAX {
                found.push(None);
                continue;
            }
            let pattern = patterns.value(row);
            if compiled.as_ref().is_none_or(|(known, _)| *known != pattern) {
                let Ok(regex) = Regex::new(pattern) else {
                    return exec_err!("`{pattern}` is no regular expression");
                };
                compiled = Some((pattern, regex));
            }
            let captures = compiled
                .as_ref()
                .and_then(|(_, regex)| regex.captures(texts.value(row)));
            let part = captures.and_then(|captures| captures.get(group));
            found.push(Some(part.map_or("", |part| part.as_str())));
        }
        let result: ArrayRef = Arc::new(StringArray::from(found));
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

/// A 64-bit hash of one or more values that is the same on every machine and in every version: the first half of the
/// MD5 of their bytes in Arrow's row format.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Hash {
    signature: Signature,
}

impl ScalarUDFImpl for Hash {
    fn name(&self) -> &'static str {
        "hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.is_empty() {
            return plan_err!("hash takes one argument or more");
        }
        Ok(types.iter().map(storage_type).collect())
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let columns = args
            .args
            .iter()
            .map(|arg| arg.to_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let fields = columns
            .iter()
            .map(|column| SortField::new(column.data_type().clone()))
            .collect();
        let encoded = RowConverter::new(fields)?.convert_columns(&columns)?;
        let hashes: Int64Array = encoded
            .iter()
            .map(|row| {
                let digest = Md5::digest(row.data());
                digest.first_chunk::<8>().map(|bytes| i64::from_be_bytes(*bytes))
            })
            .collect();
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&hashes, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    }
}
