//! A Parquet file: its footer, and its columns.

use crate::source::chunk::Chunk;
use crate::source::column::{Column, or_exclude};
use crate::source::content::{BYTES, Batch, Batches, Content, Opened, ROWS, damaged};
use crate::source::fingerprint::Seen;
use crate::source::guard::{guarded, reason};
use crate::source::{footer, parquet_types};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use meds_store::{Code, Error, Positioned, Result};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{ConvertedType, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most groups of a schema inside one another. pyarrow has the same limit.
const MOST_LEVELS: usize = 100;

/// The footer of a Parquet file.
pub struct Footer {
    /// Length of the file.
    pub bytes: u64,
    /// The metadata of the library.
    pub metadata: Arc<ParquetMetaData>,
    /// Its schema, as rows are read.
    pub schema: SchemaRef,
    /// Root columns whose Arrow types cannot be read: they have the types of Parquet.
    pub untyped: Vec<usize>,
    /// Root columns that cannot be decoded, and the reasons.
    pub undecodable: BTreeMap<usize, String>,
    /// Root columns that a chunk contradicts, and how. They must not be read.
    pub contradicted: BTreeMap<usize, Contradiction>,
    /// The state of the file when its footer was read.
    pub seen: Seen,
}

/// A row group in which a chunk has another type than the schema says.
#[derive(Clone, Debug)]
pub struct Contradiction {
    group: usize,
    schema: Type,
    chunk: Option<Type>,
}

impl Contradiction {
    /// The error for reading the column.
    pub fn error(&self, path: &Path, column: &str) -> Error {
        let chunk = self.chunk.map_or("a type that Parquet does not have".to_string(), |chunk| chunk.to_string());
        damaged(path, self.group, column, &format!("the schema says that it is {}, and its chunk says that it is {chunk}", self.schema))
    }
}

impl Footer {
    /// Reads the footer of a file of a source.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_or(path, "remove it from the source")
    }

    /// Reads the footer of a file. `remedy` says what helps where there is no copy of a damaged file.
    pub fn read_or(path: &Path, remedy: &str) -> Result<Self> {
        let damaged =
            |what: String| Error::at(Code::SourceDamaged, path, format!("{what}. Replace the file with a whole copy, or {remedy}."));
        let io = |e: std::io::Error| Error::io(path, "read the file", &e);
        // Opening a pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(damaged("this is not a file, but a pipe, a socket or a device".into()));
        }
        let file = File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        let (bytes, seen) = (about.len(), Seen::of(&about));
        if bytes < 12 {
            return Err(damaged(format!("{bytes} bytes are too few for a Parquet file")));
        }
        let mut end = [0; 8];
        file.read_exact_at(&mut end, bytes - 8).map_err(io)?;
        let (length, magic) = end.split_at(4);
        match magic {
            b"PAR1" => {}
            b"PARE" => return Err(encrypted(path)),
            _ => return Err(damaged("this is not a Parquet file, or its end is missing (the last four bytes are not PAR1)".into())),
        }
        let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
        if length + 12 > bytes {
            return Err(damaged(format!("the footer claims to have {length} bytes, but the file has only {bytes}")));
        }
        let mut encoded = vec![0; length as usize];
        file.read_exact_at(&mut encoded, bytes - 8 - length).map_err(io)?;
        if footer::encrypts(&encoded) {
            return Err(encrypted(path));
        }
        // The library calls itself for each level of the schema.
        match footer::depth(&encoded) {
            None => return Err(damaged("the footer cannot be read: it is not valid Thrift".into())),
            Some(levels) if levels > MOST_LEVELS => {
                let message = format!(
                    "the columns of this file are nested {levels} levels deep, and at most {MOST_LEVELS} are supported. \
                     Write the file again with flatter columns, or without the nested ones."
                );
                return Err(Error::at(Code::SourceDamaged, path, message));
            }
            Some(_) => {}
        }
        let encoded = footer::converted(&encoded).unwrap_or(encoded);
        let read = |encoded: &[u8]| guarded(|| parsed(encoded, bytes));
        let mut undecodable = BTreeMap::new();
        let parsed = read(&encoded).or_else(|error| {
            let whole = footer::repaired(&encoded);
            let whole = whole.as_deref().unwrap_or(&encoded);
            read(whole).or_else(|_| {
                let alone = |column: &[u8]| read(column).map(drop).map_err(|e| reason(&e));
                let (plain, refused) = footer::plain(whole, alone).ok_or(error)?;
                undecodable = refused;
                read(&plain)
            })
        });
        let (metadata, schema, untyped) = parsed.map_err(|e| damaged(format!("the footer cannot be read: {}", reason(&e))))?;
        for root in parquet_types::variants(metadata.file_metadata().schema_descr()) {
            undecodable.insert(root, "VARIANT is not supported".into());
        }
        let contradicted = contradictions(&metadata, &footer::chunk_types(&encoded).unwrap_or_default());
        Ok(Self { bytes, metadata: Arc::new(metadata), schema: Arc::new(schema), untyped, undecodable, contradicted, seen })
    }
}

/// The root columns with a chunk of another type than the schema says. The Parquet library ignores the types
/// of chunks, and would return wrong values. Nothing is read from row groups without rows.
fn contradictions(metadata: &ParquetMetaData, types: &[Vec<Option<u64>>]) -> BTreeMap<usize, Contradiction> {
    const TYPES: [Type; 8] =
        [Type::BOOLEAN, Type::INT32, Type::INT64, Type::INT96, Type::FLOAT, Type::DOUBLE, Type::BYTE_ARRAY, Type::FIXED_LEN_BYTE_ARRAY];
    let descriptor = metadata.file_metadata().schema_descr();
    let mut found = BTreeMap::new();
    for (group, types) in types.iter().enumerate().take(metadata.num_row_groups()) {
        if metadata.row_group(group).num_rows() == 0 {
            continue;
        }
        for (leaf, (column, chunk)) in descriptor.columns().iter().zip(types).enumerate() {
            let (schema, chunk) = (column.physical_type(), chunk.map(|chunk| TYPES.get(chunk as usize).copied()));
            if let Some(chunk) = chunk.filter(|chunk| *chunk != Some(schema)) {
                found.entry(descriptor.get_column_root_idx(leaf)).or_insert(Contradiction { group, schema, chunk });
            }
        }
    }
    found
}

/// Parses the footer of a file of `bytes` bytes: the metadata, its schema, and the root columns whose Arrow
/// types cannot be read.
fn parsed(footer: &[u8], bytes: u64) -> parquet::errors::Result<(ParquetMetaData, Schema, Vec<usize>)> {
    let metadata = decoded(footer)?;
    let (schema, untyped) = parquet_types::schema(metadata.file_metadata())?;
    // Sizes control allocation and the order of rows. Refuse impossible ones before anything is read.
    for group in metadata.row_groups() {
        let impossible = group.num_rows() < 0
            || group.columns().iter().any(|chunk| {
                let (start, length) = chunk.byte_range();
                chunk.uncompressed_size() < 0 || start.checked_add(length).is_none_or(|end| end > bytes)
            });
        if impossible {
            return Err(ParquetError::General("it claims sizes that the file does not have".into()));
        }
    }
    Ok((metadata, schema, untyped))
}

/// The metadata. A footer that cannot be read because of its statistics is read without them.
fn decoded(footer: &[u8]) -> parquet::errors::Result<ParquetMetaData> {
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(footer)).or_else(|error| {
        let without = ParquetMetaDataOptions::new().with_column_stats_policy(ParquetStatisticsPolicy::SkipAll);
        guarded(|| ParquetMetaDataReader::decode_metadata_with_options(footer, Some(&without))).map_err(|_| error)
    })?;
    // Old versions of parquet-java write the offset 0 for a dictionary that a chunk does not have.
    let is_zero = |chunk: &ColumnChunkMetaData| chunk.dictionary_page_offset() == Some(0);
    if !metadata.row_groups().iter().any(|group| group.columns().iter().any(is_zero)) {
        return Ok(metadata);
    }
    let without = |chunk: ColumnChunkMetaData| match is_zero(&chunk) {
        true => chunk.into_builder().set_dictionary_page_offset(None).build(),
        false => Ok(chunk),
    };
    let mut metadata = metadata.into_builder();
    let groups = metadata.take_row_groups().into_iter().map(|group| {
        let mut group = group.into_builder();
        let chunks = group.take_columns().into_iter().map(without).collect::<parquet::errors::Result<_>>()?;
        group.set_column_metadata(chunks).build()
    });
    let groups = groups.collect::<parquet::errors::Result<_>>()?;
    Ok(metadata.set_row_groups(groups).build())
}

fn encrypted(path: &Path) -> Error {
    Error::at(Code::SourceDamaged, path, "this Parquet file is encrypted, which is not supported. Write it again without encryption.")
}

/// A Parquet file, whose groups are its row groups.
#[derive(Debug)]
pub struct ParquetFile {
    path: PathBuf,
    bytes: u64,
    metadata: Arc<ParquetMetaData>,
    schema: SchemaRef,
    contradicted: BTreeMap<usize, Contradiction>,
}

impl ParquetFile {
    /// The file of a footer.
    pub fn new(path: &Path, footer: &Footer) -> Self {
        Self {
            path: path.into(),
            bytes: footer.bytes,
            metadata: footer.metadata.clone(),
            schema: footer.schema.clone(),
            contradicted: footer.contradicted.clone(),
        }
    }
}

/// A root column of a row group.
pub struct RootColumn<'a> {
    metadata: &'a Arc<ParquetMetaData>,
    group: usize,
    root: usize,
    /// Several if the column is nested.
    chunks: Vec<&'a ColumnChunkMetaData>,
}

impl<'a> RootColumn<'a> {
    /// The column with this number.
    pub fn new(metadata: &'a Arc<ParquetMetaData>, group: usize, root: usize) -> Self {
        let descriptor = metadata.file_metadata().schema_descr();
        let leaves = (0..descriptor.num_columns()).filter(|&leaf| descriptor.get_column_root_idx(leaf) == root);
        let chunks = leaves.map(|leaf| metadata.row_group(group).column(leaf)).collect();
        Self { metadata, group, root, chunks }
    }

    /// The type in which strings are read fastest. They come with the dictionary of their page if the chunk
    /// has one, so that a string is processed once per page, not once per row.
    pub fn text_type(&self) -> DataType {
        match self.chunks.iter().any(|chunk| chunk.dictionary_page_offset().is_some()) {
            true => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            false => DataType::Utf8View,
        }
    }

    /// Reads the column from a file of `bytes` bytes, in batches of `rows` rows. `wanted` is its type, in place
    /// of the one in the file's `schema`.
    pub fn reader(
        &self,
        file: File,
        bytes: u64,
        schema: &Schema,
        wanted: &DataType,
        rows: usize,
    ) -> parquet::errors::Result<ParquetRecordBatchReader> {
        let ends = self.chunks.iter().map(|chunk| chunk.byte_range()).map(|(start, length)| start.saturating_add(length));
        let fields = schema.fields().iter().enumerate().map(|(at, field)| match at == self.root {
            true => Arc::new(Field::clone(field).with_data_type(wanted.clone())),
            false => field.clone(),
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let about = ArrowReaderMetadata::try_new(self.metadata.clone(), ArrowReaderOptions::new().with_schema(schema))?;
        let chunk = Chunk::new(file, bytes, ends.max().unwrap_or(0));
        ParquetRecordBatchReaderBuilder::new_with_metadata(chunk, about)
            .with_projection(ProjectionMask::roots(self.metadata.file_metadata().schema_descr(), [self.root]))
            .with_row_groups(vec![self.group])
            .with_batch_size(rows)
            .build()
    }
}

impl Content for ParquetFile {
    fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    fn rows(&self, group: usize) -> u64 {
        self.metadata.row_group(group).num_rows().unsigned_abs()
    }

    fn parquet(&self) -> Option<&ParquetMetaData> {
        Some(&self.metadata)
    }

    fn open<'a>(&'a self, group: usize, root: usize, column: &'a Column, whole: bool) -> Result<Opened<'a>> {
        if let Some(contradiction) = self.contradicted.get(&root) {
            return Err(contradiction.error(&self.path, &column.name));
        }
        let stored = RootColumn::new(&self.metadata, group, root);
        let size: u64 = stored.chunks.iter().map(|c| c.uncompressed_size().unsigned_abs()).sum();
        let rows = (BYTES * self.rows(group)).checked_div(size).unwrap_or(ROWS).clamp(1, ROWS);
        let wanted = match &column.wide {
            DataType::Utf8 if whole => stored.text_type(),
            _ => self.schema.field(root).data_type().clone(),
        };
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, "read the file", &e))?;
        let build = || stored.reader(file, self.bytes, &self.schema, &wanted, rows as usize);
        let reader = guarded(build).map_err(|e| unreadable(&self.path, group, &column.name, &e))?;
        Ok(Opened {
            batches: Box::new(ParquetBatches { path: &self.path, group, column: &column.name, reader }),
            bytes: stored.chunks.iter().map(|c| c.compressed_size().unsigned_abs()).sum(),
            unproven: unproven(self.metadata.file_metadata().schema_descr(), root),
        })
    }
}

struct ParquetBatches<'a> {
    path: &'a Path,
    group: usize,
    column: &'a str,
    reader: ParquetRecordBatchReader,
}

impl Batches for ParquetBatches<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let batch = guarded(|| Ok(self.reader.next().transpose()?));
        let batch = batch.map_err(|e| unreadable(self.path, self.group, self.column, &e))?;
        Ok(batch.map(|batch| Batch::Array(batch.column(0).clone())))
    }
}

/// Whether the Parquet library assumes that bytes are valid text without checking: where the file calls them
/// JSON, or where only its writer's Arrow types say so.
pub fn unproven(descriptor: &SchemaDescriptor, root: usize) -> bool {
    let unproven = |column: &ColumnDescPtr| column.physical_type() == Type::BYTE_ARRAY && column.converted_type() != ConvertedType::UTF8;
    let mut leaves = descriptor.columns().iter().enumerate();
    leaves.any(|(leaf, column)| descriptor.get_column_root_idx(leaf) == root && unproven(column))
}

/// The feature of Parquet that the library does not support, if that is the error: the file is not damaged.
pub fn unsupported(error: &ParquetError) -> Option<String> {
    match error {
        ParquetError::NYI(feature) => Some(feature.clone()),
        // The library passes the text of this error on inside another error.
        other => other.to_string().split_once("NYI: ").map(|(_, feature)| feature.into()),
    }
}

fn unreadable(path: &Path, group: usize, column: &str, error: &ParquetError) -> Error {
    let Some(feature) = unsupported(error) else { return damaged(path, group, column, &reason(error)) };
    let message = format!(
        "column {column:?} uses a feature of Parquet that is not supported: {feature}. Write the file again without it{}.",
        or_exclude(column)
    );
    Error::at(Code::SourceDamaged, path, message)
}
