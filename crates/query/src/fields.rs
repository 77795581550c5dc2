//! Binds columns of the store to the shards of a query.

use crate::query::Query;
use arrow_schema::DataType;
use meds_store::manifest::Storage;
use meds_store::read::{Array, File};
use meds_store::types::type_of_name;
use meds_store::{Code, Error, Result};
use std::ops::Range;

/// Where a column is in a shard.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    Dense(Array<'a>),
    /// For each patient, the numbers of its rows that have a value, and the values.
    Sparse {
        lists: Array<'a>,
        rows: Array<'a>,
        values: Array<'a>,
    },
}

impl<'a> Place<'a> {
    fn new(file: &'a File, name: &str, storage: Storage) -> Option<Self> {
        match storage {
            Storage::Dense => file.array("events")?.children().next()?.named(name).map(Place::Dense),
            Storage::Sparse => {
                let lists = file.array("sparse")?.named(name)?;
                let entries = lists.children().next()?;
                Some(Place::Sparse { lists, rows: entries.named("row")?, values: entries.named("value")? })
            }
        }
    }

    /// The array of values.
    pub fn values(&self) -> Array<'a> {
        match self {
            Place::Dense(values) | Place::Sparse { values, .. } => *values,
        }
    }
}

/// The texts of one patient in a column of text.
pub struct Texts<'a> {
    values: Array<'a>,
    dictionary: Option<Array<'a>>,
    /// In a sparse column: the row numbers, and those of the patient that are not read yet.
    sparse: Option<(Array<'a>, Range<usize>)>,
    /// The first row of the patient in the shard.
    first: u32,
}

/// A clause that says what is wrong, and follows the file's name.
type Found<T> = Result<T, &'static str>;

impl<'a> Texts<'a> {
    /// `patient`: the row of the shard's lists. `first`: the patient's first row.
    pub fn new(place: Place<'a>, patient: usize, first: u32) -> Found<Self> {
        let values = place.values();
        let sparse = match place {
            Place::Dense(_) => None,
            Place::Sparse { lists, rows, .. } => {
                let run = lists.offset(patient)..lists.offset(patient + 1);
                if run.start > run.end || run.end > rows.len() {
                    return Err("has rows outside a sparse column");
                }
                Some((rows, run))
            }
        };
        Ok(Self { values, dictionary: values.dictionary(), sparse, first })
    }

    /// In a sparse column: the rows of the shard with a text, in a run of rows. `None` in other columns.
    pub fn rows_in(&self, run: Range<usize>) -> Option<impl Iterator<Item = u32> + use<'a>> {
        let (rows, entries) = self.sparse.clone()?;
        let first = self.first;
        let of = move |entry: usize| first.wrapping_add(rows.row(entry));
        let begin = lower(entries.clone(), |entry| (of(entry) as usize) < run.start);
        Some((begin..entries.end).map(of).take_while(move |row| (*row as usize) < run.end))
    }

    /// The text of a row of the shard, as UTF-8; `None` for null. Rows must ascend.
    pub fn at(&mut self, row: u32) -> Found<Option<&'a [u8]>> {
        let entry = match &mut self.sparse {
            None => row as usize,
            Some((rows, run)) => {
                let wanted = row - self.first;
                while run.start < run.end && rows.row(run.start) < wanted {
                    run.start += 1;
                }
                if run.start == run.end || rows.row(run.start) != wanted {
                    return Ok(None);
                }
                run.start
            }
        };
        if !self.values.valid(entry) {
            return Ok(None);
        }
        let bytes = match self.dictionary {
            None => self.values.slice(entry),
            Some(texts) => texts.slice(self.values.index(entry) as usize),
        };
        bytes.map(Some).ok_or("has a text outside its column")
    }
}

/// The first entry of a range that is not `before`.
pub fn lower(Range { start: mut low, end: mut high }: Range<usize>, before: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = usize::midpoint(low, high);
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// The type of a column in the shards.
fn type_of(file: &File, name: &str, storage: Storage) -> Option<DataType> {
    let named = |of: &DataType, name: &str| match of {
        DataType::Struct(fields) => fields.iter().find(|field| field.name() == name).map(|field| field.data_type().clone()),
        _ => None,
    };
    let item = |of: DataType| match of {
        DataType::List(item) => Some(item.data_type().clone()),
        _ => None,
    };
    let top = |name: &str| file.layout.schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    match storage {
        Storage::Dense => named(&item(top("events")?)?, name),
        Storage::Sparse => named(&item(named(&top("sparse")?, name)?)?, "value"),
    }
}

/// A column, bound to the shards.
pub struct Bound<'a> {
    pub name: &'a str,
    /// Its type in the shards.
    pub of: DataType,
    /// By shard; `None` where the query does not touch it.
    pub places: Vec<Option<Place<'a>>>,
}

impl<'a> Query<'a> {
    /// Binds a column of the store, and checks its offsets.
    pub(crate) fn bind(&self, name: &'a str) -> Result<Bound<'a>> {
        let about = self.store.manifest().columns.iter().find(|column| column.name == name);
        let storage = about.ok_or_else(|| Error::new(Code::Internal, format!("the store does not have the column {name:?}.")))?.storage;
        let mut of = None;
        let mut places = vec![];
        for (shard, bound) in self.shards.iter().enumerate() {
            if bound.is_none() {
                places.push(None);
                continue;
            }
            let file = self.store.shard(shard)?;
            let lacks = || file.corrupt(&format!("does not have column {name:?}"));
            let place = Place::new(file, name, storage).ok_or_else(lacks)?;
            self.check(shard, place.values())?;
            of = of.or(type_of(file, name, storage));
            places.push(Some(place));
        }
        let of = match of {
            Some(of) => of,
            // No patient is read, so no dictionary is.
            None => without_dictionary(self.stored_type(name, storage)?),
        };
        Ok(Bound { name, of, places })
    }

    /// The type of a column of which no row is read.
    fn stored_type(&self, name: &str, storage: Storage) -> Result<DataType> {
        if !self.shards.is_empty() {
            let file = self.store.shard(0)?;
            return type_of(file, name, storage).ok_or_else(|| file.corrupt(&format!("does not have column {name:?}")));
        }
        let stored = self.store.manifest().columns.iter().find(|column| column.name == name).map(|column| column.stored.as_str());
        Ok(stored.and_then(type_of_name).unwrap_or(DataType::Null))
    }

    /// Checks the offsets of texts and lists: a damaged one would return a part of another row. Those of a
    /// dictionary are checked with its shard.
    fn check(&self, shard: usize, array: Array) -> Result<()> {
        if let Some(span) = array.node.offsets.filter(|span| span.bytes > 0 && !array.is_empty()) {
            self.store.check_offsets(shard, span.offset)?;
        }
        array.children().try_for_each(|child| self.check(shard, child))
    }
}

fn without_dictionary(of: DataType) -> DataType {
    match of {
        DataType::Dictionary(_, values) => *values,
        other => other,
    }
}
