//! Types: the names SQL gives them, and the form in which they are stored.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// The type a column has in storage.
///
/// Text and bytes lose their view and large forms, dictionaries and runs are unpacked, timestamps are microseconds:
/// without a zone where they had none, in UTC where they had one. Columns of nothing but null are text.
pub fn storage_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, values) => storage_type(values),
        DataType::RunEndEncoded(_, values) => storage_type(values.data_type()),
        DataType::Timestamp(_, None) | DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => DataType::List(storage_field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(storage_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(storage_field(entries), *sorted),
        other => other.clone(),
    }
}

fn storage_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(
        field.name(),
        storage_type(field.data_type()),
        field.is_nullable(),
    ))
}

/// The columns a table has in storage: of [`storage_type`], nullable, without metadata.
pub fn storage_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), storage_type(field.data_type()), true))
        .collect();
    Arc::new(Schema::new(fields))
}

/// A batch with its columns as they are stored.
pub(super) fn stored_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        })
        .collect::<std::result::Result<Vec<ArrayRef>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// The name SQL gives to a type: `bigint`, `varchar`, `decimal(18,2)`, `varchar[]`.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::UInt8 => "tinyint unsigned".to_owned(),
        DataType::UInt16 => "smallint unsigned".to_owned(),
        DataType::UInt32 => "integer unsigned".to_owned(),
        DataType::UInt64 => "bigint unsigned".to_owned(),
        DataType::Float16 | DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "varchar".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "bytea".to_owned()
        }
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "time".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".to_owned(),
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => format!("decimal({p},{s})"),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => format!("{}[]", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
                .collect();
            format!("struct({})", fields.join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let parts: Vec<String> = fields.iter().map(|f| type_name(f.data_type())).collect();
                format!("map({})", parts.join(", "))
            }
            _ => "map".to_owned(),
        },
        DataType::Dictionary(_, values) => type_name(values),
        DataType::Null => "null".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// Reads a type's name as SQL would; `None` where it is none.
pub fn parse_type(text: &str) -> Option<DataType> {
    let dialect = GenericDialect {};
    let mut parser = Parser::new(&dialect).try_with_sql(text).ok()?;
    let parsed = parser.parse_data_type().ok()?;
    if parser.peek_token_ref().token != datafusion::sql::sqlparser::tokenizer::Token::EOF {
        return None;
    }
    plan_type(&parsed)
}

/// Gives SQL's type names the meaning they have in dbt projects, whichever warehouse they were written for.
#[derive(Debug)]
pub(super) struct TypeNames;

impl TypePlanner for TypeNames {
    fn plan_type_field(&self, sql_type: &ast::DataType) -> Result<Option<FieldRef>> {
        Ok(plan_type(sql_type).map(|data_type| Arc::new(Field::new("", data_type, true))))
    }
}

fn plan_type(sql_type: &ast::DataType) -> Option<DataType> {
    use ast::DataType as Sql;
    let micros = TimeUnit::Microsecond;
    Some(match sql_type {
        Sql::Bool | Sql::Boolean => DataType::Boolean,
        Sql::TinyInt(_) => DataType::Int8,
        Sql::SmallInt(_) | Sql::Int2(_) | Sql::Int16 => DataType::Int16,
        Sql::Int(_) | Sql::Integer(_) | Sql::Int4(_) | Sql::Int32 | Sql::MediumInt(_) => DataType::Int32,
        Sql::BigInt(_) | Sql::Int8(_) | Sql::Int64 => DataType::Int64,
        Sql::TinyIntUnsigned(_) | Sql::UTinyInt | Sql::UInt8 => DataType::UInt8,
        Sql::SmallIntUnsigned(_) | Sql::Int2Unsigned(_) | Sql::UInt16 => DataType::UInt16,
        Sql::IntUnsigned(_) | Sql::IntegerUnsigned(_) | Sql::Int4Unsigned(_) | Sql::UInt32 => {
            DataType::UInt32
        }
        Sql::BigIntUnsigned(_) | Sql::Int8Unsigned(_) | Sql::UBigInt | Sql::UInt64 => DataType::UInt64,
        Sql::Real | Sql::Float4 | Sql::Float32 => DataType::Float32,
        Sql::Float(_) | Sql::Double(_) | Sql::DoublePrecision | Sql::Float8 | Sql::Float64 => {
            DataType::Float64
        }
        Sql::Varchar(_)
        | Sql::Char(_)
        | Sql::Character(_)
        | Sql::CharacterVarying(_)
        | Sql::CharVarying(_)
        | Sql::Nvarchar(_)
        | Sql::Text
        | Sql::String(_)
        | Sql::TinyText
        | Sql::MediumText
        | Sql::LongText
        | Sql::FixedString(_)
        | Sql::Uuid
        | Sql::JSON
        | Sql::JSONB => DataType::Utf8,
        Sql::Bytea | Sql::Blob(_) | Sql::Binary(_) | Sql::Varbinary(_) | Sql::Bytes(_) => DataType::Binary,
        Sql::Date | Sql::Date32 => DataType::Date32,
        Sql::Time(_, _) => DataType::Time64(micros),
        Sql::Datetime(_) | Sql::Datetime64(_, _) => DataType::Timestamp(micros, None),
        Sql::HugeInt => DataType::Decimal128(38, 0),
        Sql::TimestampNtz(_)
        | Sql::Timestamp(_, ast::TimezoneInfo::None | ast::TimezoneInfo::WithoutTimeZone) => {
            DataType::Timestamp(micros, None)
        }
        Sql::Timestamp(_, _) => DataType::Timestamp(micros, Some(Arc::from("UTC"))),
        Sql::Numeric(exact) | Sql::Decimal(exact) | Sql::Dec(exact) => decimal(*exact)?,
        Sql::BigNumeric(exact) | Sql::BigDecimal(exact) => big_decimal(*exact)?,
        Sql::Array(
            ast::ArrayElemTypeDef::AngleBracket(item)
            | ast::ArrayElemTypeDef::SquareBracket(item, _)
            | ast::ArrayElemTypeDef::Parenthesis(item),
        ) => DataType::List(Arc::new(Field::new("item", plan_type(item)?, true))),
        Sql::Custom(name, modifiers) => custom(&name.to_string().to_lowercase(), modifiers)?,
        _ => return None,
    })
}

fn decimal(exact: ast::ExactNumberInfo) -> Option<DataType> {
    let (precision, scale) = match exact {
        ast::ExactNumberInfo::None => (38, 10),
        ast::ExactNumberInfo::Precision(precision) => (precision, 0),
        ast::ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    let (precision, scale) = (u8::try_from(precision).ok()?, i8::try_from(scale).ok()?);
    match precision {
        1..=38 => Some(DataType::Decimal128(precision, scale)),
        39..=76 => Some(DataType::Decimal256(precision, scale)),
        _ => None,
    }
}

fn big_decimal(exact: ast::ExactNumberInfo) -> Option<DataType> {
    match exact {
        ast::ExactNumberInfo::None => Some(DataType::Decimal256(76, 38)),
        other => decimal(other),
    }
}

fn custom(name: &str, modifiers: &[String]) -> Option<DataType> {
    let micros = TimeUnit::Microsecond;
    Some(match name {
        "number" => {
            let numbers: Vec<u64> = modifiers.iter().filter_map(|m| m.parse().ok()).collect();
            decimal(match numbers.as_slice() {
                [precision, scale] => {
                    ast::ExactNumberInfo::PrecisionAndScale(*precision, i64::try_from(*scale).ok()?)
                }
                [precision] => ast::ExactNumberInfo::Precision(*precision),
                _ => ast::ExactNumberInfo::PrecisionAndScale(38, 0),
            })?
        }
        "byteint" => DataType::Int8,
        "long" => DataType::Int64,
        "usmallint" => DataType::UInt16,
        "uinteger" => DataType::UInt32,
        "timestamp_ntz" | "timestampntz" | "datetime2" | "smalldatetime" => DataType::Timestamp(micros, None),
        "timestamp_tz" | "timestamp_ltz" | "timestamptz" => {
            DataType::Timestamp(micros, Some(Arc::from("UTC")))
        }
        "varchar2" | "bpchar" | "super" | "variant" | "ntext" => DataType::Utf8,
        _ => return None,
    })
}
