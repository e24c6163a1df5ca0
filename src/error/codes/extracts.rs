//! `HW013`: source data and seeds.

use super::{Code, CodePage};

/// There are no files at an extract's location.
pub const EXTRACT_NOT_FOUND: Code = Code("HW0131");
/// An extract's files are of no known format, or of several.
pub const EXTRACT_FORMAT: Code = Code("HW0132");
/// An extract's files cannot be read.
pub const EXTRACT_UNREADABLE: Code = Code("HW0133");
/// A required column is not in an extract.
pub const EXTRACT_COLUMN_MISSING: Code = Code("HW0134");
/// A column of an extract cannot be read as the type that is declared.
pub const EXTRACT_COLUMN_TYPE: Code = Code("HW0135");
/// A seed's text is no CSV.
pub const SEED_TEXT: Code = Code("HW0136");
/// A seed's value is not of its column's type.
pub const SEED_VALUE: Code = Code("HW0137");

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: EXTRACT_NOT_FOUND,
        title: "there is nothing at an extract's location",
        meaning: "The source's `external_location`, with its names filled in, leads to no file, no folder with data files, and no match of its glob.",
        why: "A source that silently counts as empty would empty every table built from it.",
        example: "external_location: \"../raw/hubspot/{identifier}.parquet\"  # and there is no `contacts.parquet` in it",
        fix: "Correct the location: it is relative to the project's folder. Where the table may be absent, say `config: {meta: {optional: true}}`.",
    },
    CodePage {
        code: EXTRACT_FORMAT,
        title: "the format of an extract is not known",
        meaning: "The files' names do not end in a format that can be read, or the folder holds files of several formats.",
        why: "The format is taken from the name; a wrong guess would read rubbish.",
        example: "external_location: raw/contacts.xlsx",
        fix: "Use Parquet, CSV, TSV or newline JSON, and name one format where a folder holds several: `raw/contacts/*.parquet`.",
    },
    CodePage {
        code: EXTRACT_UNREADABLE,
        title: "an extract cannot be read",
        meaning: "The files are there, and opening them failed: cut short, not of the format that their name says, refused by the store, or changed while they were read.",
        why: "Half a file must not become half a table.",
        example: "a `contacts.parquet` that was still being uploaded",
        fix: "Look at the end of the message; export the file again, or mend the permissions or the credentials.",
    },
    CodePage {
        code: EXTRACT_COLUMN_MISSING,
        title: "a required column is not in an extract",
        meaning: "The source declares the column `not_null`, and its files do not have it.",
        why: "Every model below would fail or, worse, take it for null.",
        example: "columns: [{name: contact_id, constraints: [{type: not_null}]}]  # the file has `id`",
        fix: "Export the column, correct its name, or drop the constraint: a column without it may be missing and counts as null.",
    },
    CodePage {
        code: EXTRACT_COLUMN_TYPE,
        title: "a column of an extract has the wrong type",
        meaning: "The file's type cannot be cast to the type that the source declares.",
        why: "Rows would be lost or turn null where nobody looks.",
        example: "columns: [{name: created_at, data_type: timestamp}]  # the file has a list of text",
        fix: "Declare the type that the file has, or change the export.",
    },
    CodePage {
        code: SEED_TEXT,
        title: "a seed is not CSV",
        meaning: "The file's rows do not all have the header's number of values, or its text cannot be read.",
        why: "A shifted row puts values into the wrong columns.",
        example: "id,name\n1,Ada,Lovelace",
        fix: "Quote values that hold the delimiter, or set `delimiter` in the seed's config.",
    },
    CodePage {
        code: SEED_VALUE,
        title: "a seed's value is not of its column's type",
        meaning: "`column_types` gives the column a type that one of its values cannot be read as, or that is no type.",
        why: "Turning the value into null would hide the mistake.",
        example: "column_types: {rate: \"decimal(18,6)\"}  # and a value `n/a`",
        fix: "Correct the value or the type; nothing between two delimiters is null.",
    },
];
