//! Converts rows to Arrow arrays, and defines the schema of the data files.

use crate::patient::{Row, Text};
use crate::text;
use crate::vocabulary::{TABLES, Vocabulary};
use arrow_array::builder::{Int32Builder, LargeStringBuilder, PrimitiveBuilder};
use arrow_array::types::{Float32Type, Int8Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, DictionaryArray, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use meds_store::{Code, Error, Result};
use std::sync::Arc;

/// The schema that readers see.
pub(crate) fn schema() -> Schema {
    let field = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    Schema::new(vec![
        Field::new("subject_id", DataType::Int64, false),
        field("time", DataType::Timestamp(TimeUnit::Microsecond, None)),
        Field::new("code", DataType::Utf8, false),
        field("numeric_value", DataType::Float32),
        field("text_value", DataType::LargeUtf8),
        field("unit", DataType::Utf8),
        field("visit_id", DataType::Int64),
        field("omop_table", DataType::Utf8),
    ])
}

/// Creates the arrays of row groups. The writer receives repeated strings as dictionaries: they are never
/// built row by row.
pub(crate) struct Tables<'a> {
    vocabulary: &'a Vocabulary,
    codes: ArrayRef,
    units: ArrayRef,
    tables: ArrayRef,
}

/// The columns of a row group in progress.
#[derive(Default)]
pub(crate) struct Columns {
    subject_id: PrimitiveBuilder<Int64Type>,
    time: PrimitiveBuilder<TimestampMicrosecondType>,
    code: Int32Builder,
    numeric_value: PrimitiveBuilder<Float32Type>,
    text_value: LargeStringBuilder,
    unit: PrimitiveBuilder<Int8Type>,
    visit_id: PrimitiveBuilder<Int64Type>,
    omop_table: PrimitiveBuilder<Int8Type>,
    note: String,
}

impl<'a> Tables<'a> {
    pub(crate) fn new(vocabulary: &'a Vocabulary) -> Self {
        let strings = |values: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(values)) };
        Self {
            vocabulary,
            codes: strings(vocabulary.codes.iter().map(|entry| entry.code.as_str()).collect()),
            units: strings(vocabulary.units.clone()),
            tables: strings(TABLES.to_vec()),
        }
    }

    /// The schema of the arrays: as [`schema`], with dictionaries.
    pub(crate) fn schema(&self) -> SchemaRef {
        let coded = |index: DataType| DataType::Dictionary(Box::new(index), Box::new(DataType::Utf8));
        let fields: Vec<Field> = schema()
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                "code" => field.as_ref().clone().with_data_type(coded(DataType::Int32)),
                "unit" | "omop_table" => field.as_ref().clone().with_data_type(coded(DataType::Int8)),
                _ => field.as_ref().clone(),
            })
            .collect();
        Arc::new(Schema::new(fields))
    }

    /// Adds rows of one subject; `first` is the number of the first of them within the patient.
    pub(crate) fn push(&self, columns: &mut Columns, subject: i64, notes: u64, first: u64, rows: &[Row]) {
        for (row, number) in rows.iter().zip(first..) {
            let entry = &self.vocabulary.codes[row.code as usize];
            columns.subject_id.append_value(subject);
            columns.time.append_option(row.time);
            columns.code.append_value(row.code as i32);
            columns.numeric_value.append_option(row.value);
            match row.text {
                Text::None => columns.text_value.append_null(),
                Text::Short(index) => columns.text_value.append_value(text::SHORT[usize::from(index)]),
                Text::Note => {
                    columns.note.clear();
                    text::note(notes.wrapping_add(number), &mut columns.note);
                    columns.text_value.append_value(&columns.note);
                }
            }
            columns.unit.append_option(entry.unit.map(|unit| unit as i8));
            columns.visit_id.append_option(row.visit);
            columns.omop_table.append_value(entry.table as i8);
        }
    }

    /// The arrays, in the schema's order; leaves the columns empty.
    pub(crate) fn finish(&self, columns: &mut Columns) -> Result<Vec<ArrayRef>> {
        let refuse = |error: arrow_schema::ArrowError| {
            Error::new(Code::Internal, format!("the generated rows do not fit their dictionary: {error}"))
        };
        let code = DictionaryArray::<Int32Type>::try_new(columns.code.finish(), self.codes.clone()).map_err(refuse)?;
        let unit = DictionaryArray::<Int8Type>::try_new(columns.unit.finish(), self.units.clone()).map_err(refuse)?;
        let table = DictionaryArray::<Int8Type>::try_new(columns.omop_table.finish(), self.tables.clone()).map_err(refuse)?;
        Ok(vec![
            Arc::new(columns.subject_id.finish()),
            Arc::new(columns.time.finish()),
            Arc::new(code),
            Arc::new(columns.numeric_value.finish()),
            Arc::new(columns.text_value.finish()),
            Arc::new(unit),
            Arc::new(columns.visit_id.finish()),
            Arc::new(table),
        ])
    }
}
