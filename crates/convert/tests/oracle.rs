//! Compares casts and texts with those of the Arrow library, for every pair of types. Run by test:all:
//! `cargo test --release --workspace --features meds-convert/oracle --test oracle`.

#![allow(clippy::unwrap_used, missing_docs)]

use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, i256};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, Fields, IntervalUnit, TimeUnit};
use meds_convert::oracle::{Unwritable, canonical, cast, conform, join, writer};
use proptest::prelude::*;
use std::sync::Arc;

use DataType as D;
use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};

const UNITS: [TimeUnit; 4] = [Second, Millisecond, Microsecond, Nanosecond];

/// Every type of single values.
fn leaves() -> Vec<DataType> {
    let mut all = vec![
        D::Null,
        D::Boolean,
        D::Int8,
        D::Int16,
        D::Int32,
        D::Int64,
        D::UInt8,
        D::UInt16,
        D::UInt32,
        D::UInt64,
        D::Float16,
        D::Float32,
        D::Float64,
        D::Utf8,
        D::LargeUtf8,
        D::Utf8View,
        D::Binary,
        D::LargeBinary,
        D::BinaryView,
        D::FixedSizeBinary(0),
        D::FixedSizeBinary(3),
        D::Date32,
        D::Date64,
        D::Time32(Second),
        D::Time32(Millisecond),
        D::Time64(Microsecond),
        D::Time64(Nanosecond),
        D::Interval(IntervalUnit::YearMonth),
        D::Interval(IntervalUnit::DayTime),
        D::Decimal32(9, 2),
        D::Decimal32(4, -2),
        D::Decimal64(18, 4),
        D::Decimal128(5, 2),
        D::Decimal128(22, 2),
        D::Decimal128(38, 0),
        D::Decimal128(38, 38),
        D::Decimal128(20, -3),
        D::Decimal256(40, 2),
        D::Decimal256(76, 10),
    ];
    for unit in UNITS {
        all.push(D::Duration(unit));
        all.extend([None, Some("UTC"), Some("+00:00"), Some("-09:30")].map(|zone| D::Timestamp(unit, zone.map(Into::into))));
    }
    all
}

/// Whether a source, a store or a transform can require this conversion.
fn occurs(from: &DataType, to: &DataType, all: &[DataType]) -> bool {
    let text = |of: &DataType| matches!(of, D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Binary | D::LargeBinary | D::BinaryView);
    let micros = D::Timestamp(Microsecond, None);
    from == to
        || *from == D::Null
        // The common type of two files.
        || canonical(from).is_some_and(|own| all.iter().filter_map(canonical).any(|other| join(&own, &other).as_ref() == Some(to)))
        || match (from, to) {
            // Metadata, where a column of text has another type.
            (_, D::Utf8) => text(from) || from.is_primitive() || *from == D::Boolean,
            (_, D::Utf8View) => text(from),
            // Subject ids.
            (_, D::Int64) => from.is_integer(),
            // numeric_value.
            (_, D::Float64) => from.is_integer() || from.is_floating(),
            // time.
            (D::Timestamp(..) | D::Date32 | D::Date64, _) if *to == micros => true,
            // Stored times.
            (D::Timestamp(_, zone), D::Timestamp(Microsecond, other)) => zone == other,
            (D::Time32(_) | D::Time64(_), D::Time64(Microsecond)) | (D::Duration(_), D::Duration(Microsecond)) | (D::Date64, D::Date32) => true,
            // Keys of dictionaries.
            (D::UInt8 | D::UInt16 | D::UInt32, D::Int32 | D::UInt32) => true,
            // What JavaScript passes.
            (D::Float64, D::Int8 | D::Int16 | D::Int32 | D::UInt8 | D::UInt16 | D::UInt32 | D::Float32) => true,
            (D::Int32, D::Date32 | D::Time32(_)) | (D::Int64, D::Date64 | D::Time64(_) | D::Timestamp(..) | D::Duration(_)) => true,
            (D::Binary, D::FixedSizeBinary(_)) => true,
            _ => false,
        }
}

fn is_valid(cell: &u64) -> bool {
    cell % 5 != 0
}

fn nulls(cells: &[u64]) -> Option<NullBuffer> {
    Some(NullBuffer::new(BooleanBuffer::from_iter(cells.iter().map(is_valid))))
}

/// Numbers at limits, small ones, whole days and seconds, and any others.
fn integer(cell: &u64) -> i64 {
    let rest = (cell >> 8) as i64;
    match (cell >> 4) % 12 {
        0 => i64::MIN,
        1 => i64::MAX,
        2 => 0,
        3 => -1,
        4 => rest % 200 - 100,
        5 => rest % 100_000 - 50_000,
        6 => (rest % 40_000 - 20_000) * 86_400_000,
        7 => (rest % 4_000_000_000 - 2_000_000_000) * 1000,
        8 => rest as i32 as i64,
        9 => (rest % 86_400).abs() * 1000,
        10 => rest % 86_400_000,
        _ => (*cell as i64).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64),
    }
}

fn float(cell: &u64) -> f64 {
    match (cell >> 4) % 10 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 => f64::from_bits(cell.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        4 => 10f64.powi((cell >> 8) as i32 % 40 - 20),
        5 => ((cell >> 8) as i64 % 600 - 300) as f64 + 0.5,
        6 => -1.5e300,
        _ => integer(cell) as f64 / 8.0,
    }
}

fn bytes(cell: &u64, text: bool) -> Vec<u8> {
    let all: [&[u8]; 8] =
        [b"", b"a", "ä€😀".as_bytes(), b"with, \"quotes\"\n", b"a text that is longer than a view", b"null", b"\0", b"1.50"];
    match (cell >> 4) % 12 {
        8 if !text => vec![0xff, 0xfe],
        9 => format!("{cell}-{cell}").into_bytes(),
        n => all[n as usize % 8].to_vec(),
    }
}

fn string(cell: &u64) -> String {
    String::from_utf8(bytes(cell, true)).unwrap()
}

/// A decimal with at most so many digits.
fn digits(cell: &u64, precision: u8) -> i256 {
    let most = i256::from_i128(10).wrapping_pow(u32::from(precision));
    let wide = i256::from_i128(i128::from(integer(cell)));
    let wide = if cell % 3 == 0 { wide.wrapping_mul(wide).wrapping_mul(wide) } else { wide };
    wide.wrapping_rem(most)
}

/// An array of a type. Null slots contain values too.
fn array(of: &DataType, cells: &[u64]) -> ArrayRef {
    macro_rules! integers {
        ($($id:pat => $type:ty),+ $(,)?) => {
            match of {
                $($id => {
                    type Native = <$type as ArrowPrimitiveType>::Native;
                    let native = |cell| integer(cell).clamp(Native::MIN as i64, if size_of::<Native>() == 8 { i64::MAX } else { Native::MAX as i64 }) as Native;
                    let values: Vec<Native> = cells.iter().map(native).collect();
                    return Arc::new(PrimitiveArray::<$type>::new(values.into(), nulls(cells)).with_data_type(of.clone()));
                })+
                _ => {}
            }
        };
    }
    integers! {
        D::Int8 => Int8Type, D::Int16 => Int16Type, D::Int32 => Int32Type, D::Int64 => Int64Type,
        D::UInt8 => UInt8Type, D::UInt16 => UInt16Type, D::UInt32 => UInt32Type,
        D::Date32 => Date32Type, D::Date64 => Date64Type,
        D::Time32(Second) => Time32SecondType, D::Time32(_) => Time32MillisecondType,
        D::Time64(Microsecond) => Time64MicrosecondType, D::Time64(_) => Time64NanosecondType,
        D::Timestamp(Second, _) => TimestampSecondType, D::Timestamp(Millisecond, _) => TimestampMillisecondType,
        D::Timestamp(Microsecond, _) => TimestampMicrosecondType, D::Timestamp(Nanosecond, _) => TimestampNanosecondType,
        D::Duration(Second) => DurationSecondType, D::Duration(Millisecond) => DurationMillisecondType,
        D::Duration(Microsecond) => DurationMicrosecondType, D::Duration(Nanosecond) => DurationNanosecondType,
        D::Interval(IntervalUnit::YearMonth) => IntervalYearMonthType,
    }
    let some = |cell: &u64| is_valid(cell).then_some(*cell);
    let of_texts = || cells.iter().map(|cell| some(cell).map(|cell| string(&cell)));
    let of_bytes = || cells.iter().map(|cell| some(cell).map(|cell| bytes(&cell, false)));
    match of {
        D::Null => Arc::new(NullArray::new(cells.len())),
        D::Boolean => Arc::new(BooleanArray::new(cells.iter().map(|cell| cell & 64 != 0).collect(), nulls(cells))),
        D::UInt64 => Arc::new(UInt64Array::new(cells.iter().map(|cell| integer(cell) as u64).collect(), nulls(cells))),
        D::Float16 => {
            let values: Vec<_> = cells.iter().map(|cell| <Float16Type as ArrowPrimitiveType>::Native::from_f64(float(cell))).collect();
            Arc::new(Float16Array::new(values.into(), nulls(cells)))
        }
        D::Float32 => Arc::new(Float32Array::new(cells.iter().map(|cell| float(cell) as f32).collect(), nulls(cells))),
        D::Float64 => Arc::new(Float64Array::new(cells.iter().map(float).collect(), nulls(cells))),
        D::Decimal32(p, _) => Arc::new(
            Decimal32Array::new(cells.iter().map(|cell| digits(cell, *p).to_i128().unwrap() as i32).collect(), nulls(cells))
                .with_data_type(of.clone()),
        ),
        D::Decimal64(p, _) => Arc::new(
            Decimal64Array::new(cells.iter().map(|cell| digits(cell, *p).to_i128().unwrap() as i64).collect(), nulls(cells))
                .with_data_type(of.clone()),
        ),
        D::Decimal128(p, _) => Arc::new(
            Decimal128Array::new(cells.iter().map(|cell| digits(cell, *p).to_i128().unwrap()).collect(), nulls(cells))
                .with_data_type(of.clone()),
        ),
        D::Decimal256(p, _) => {
            Arc::new(Decimal256Array::new(cells.iter().map(|cell| digits(cell, *p)).collect(), nulls(cells)).with_data_type(of.clone()))
        }
        D::Interval(_) => {
            let value = |cell| IntervalDayTimeType::make_value((integer(cell) % 40) as i32, (integer(&(cell / 3)) % 90_000_000) as i32);
            Arc::new(IntervalDayTimeArray::new(cells.iter().map(value).collect(), nulls(cells)))
        }
        D::Utf8 => Arc::new(of_texts().collect::<StringArray>()),
        D::LargeUtf8 => Arc::new(of_texts().collect::<LargeStringArray>()),
        D::Utf8View => Arc::new(of_texts().collect::<StringViewArray>()),
        D::Binary => Arc::new(of_bytes().collect::<BinaryArray>()),
        D::LargeBinary => Arc::new(of_bytes().collect::<LargeBinaryArray>()),
        D::BinaryView => Arc::new(of_bytes().collect::<BinaryViewArray>()),
        D::FixedSizeBinary(width) => {
            let values: Vec<u8> = cells.iter().flat_map(|cell| cell.to_le_bytes().into_iter().take(*width as usize)).collect();
            Arc::new(FixedSizeBinaryArray::try_new_with_len(*width, values.into(), nulls(cells), cells.len()).unwrap())
        }
        D::Dictionary(_, values) => {
            let values = array(values, &cells[..cells.len() / 2]);
            let key = |cell: &u64| (is_valid(cell) && !values.is_empty()).then(|| (cell >> 16) as usize % values.len().max(1));
            match of {
                D::Dictionary(key_type, _) if **key_type == D::UInt8 => {
                    let keys: UInt8Array = cells.iter().map(|cell| key(cell).map(|key| key as u8)).collect();
                    Arc::new(DictionaryArray::try_new(keys, values).unwrap())
                }
                _ => {
                    let keys: Int32Array = cells.iter().map(|cell| key(cell).map(|key| key as i32)).collect();
                    Arc::new(DictionaryArray::try_new(keys, values).unwrap())
                }
            }
        }
        D::List(item) => {
            Arc::new(ListArray::new(item.clone(), OffsetBuffer::new(starts(cells).into()), array(item.data_type(), cells), nulls(cells)))
        }
        D::LargeList(item) => {
            let offsets: Vec<i64> = starts(cells).into_iter().map(i64::from).collect();
            Arc::new(LargeListArray::new(item.clone(), OffsetBuffer::new(offsets.into()), array(item.data_type(), cells), nulls(cells)))
        }
        // Rows overlap, and come in any order.
        D::ListView(item) => {
            let (offsets, sizes): (Vec<i32>, Vec<i32>) = spans(cells).map(|(start, size)| (start as i32, size as i32)).unzip();
            Arc::new(ListViewArray::new(item.clone(), offsets.into(), sizes.into(), array(item.data_type(), cells), nulls(cells)))
        }
        D::LargeListView(item) => {
            let (offsets, sizes): (Vec<i64>, Vec<i64>) = spans(cells).map(|(start, size)| (start as i64, size as i64)).unzip();
            Arc::new(LargeListViewArray::new(item.clone(), offsets.into(), sizes.into(), array(item.data_type(), cells), nulls(cells)))
        }
        D::FixedSizeList(item, size) => {
            let all: Vec<u64> = cells.iter().flat_map(|cell| (0..*size as u64).map(|at| cell.rotate_left(7 * at as u32 + 1))).collect();
            Arc::new(
                FixedSizeListArray::try_new_with_length(item.clone(), *size, array(item.data_type(), &all), nulls(cells), cells.len())
                    .unwrap(),
            )
        }
        D::Struct(fields) => {
            let columns = fields.iter().zip(1..).map(|(field, at)| array(field.data_type(), &turned(cells, at))).collect();
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls(cells), cells.len()).unwrap())
        }
        D::Map(entries, sorted) => {
            let D::Struct(pair) = entries.data_type() else { unreachable!() };
            // Keys are never null.
            let full: Vec<u64> = cells.iter().map(|cell| cell - cell % 5 + 1).collect();
            let keys = array(pair[0].data_type(), &full);
            let keys = make_array(keys.to_data().into_builder().nulls(None).build().unwrap());
            let columns = vec![keys, array(pair[1].data_type(), &turned(cells, 3))];
            let inner = StructArray::try_new_with_length(pair.clone(), columns, None, cells.len()).unwrap();
            Arc::new(MapArray::new(entries.clone(), OffsetBuffer::new(starts(cells).into()), inner, nulls(cells), *sorted))
        }
        other => unreachable!("{other}"),
    }
}

fn turned(cells: &[u64], by: u32) -> Vec<u64> {
    cells.iter().map(|cell| cell.rotate_left(11 * by)).collect()
}

/// Offsets of lists that together have at most as many items as there are cells.
fn starts(cells: &[u64]) -> Vec<i32> {
    let mut at = 0;
    let step = |cell: &u64| {
        at = (at + (cell >> 20) as usize % 3).min(cells.len());
        at as i32
    };
    std::iter::once(0).chain(cells.iter().map(step)).collect()
}

fn spans(cells: &[u64]) -> impl Iterator<Item = (usize, usize)> {
    cells.iter().map(|cell| {
        let start = (cell >> 20) as usize % (cells.len() + 1);
        (start, (cell >> 40) as usize % (cells.len() - start + 1))
    })
}

fn theirs(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, to, &CastOptions { safe: false, ..Default::default() })
}

/// Cells, and a range of them to cut out.
fn cells() -> impl Strategy<Value = (Vec<u64>, usize, usize)> {
    prop::collection::vec(any::<u64>(), 0..24).prop_flat_map(|cells| {
        let most = cells.len();
        (Just(cells), 0..=most, 0..=most).prop_map(|(cells, a, b)| (cells, a.min(b), a.max(b)))
    })
}

fn same(ours: &ArrayRef, theirs: &ArrayRef, what: &str) {
    ours.to_data().validate_full().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(ours.data_type(), theirs.data_type(), "{what}");
    assert!(ours.to_data() == theirs.to_data(), "{what}: {ours:?} is not {theirs:?}");
}

fn compare(array: &ArrayRef, to: &DataType, required: bool) {
    let what = format!("{} to {to}", array.data_type());
    match (cast(array, to), theirs(array, to)) {
        (Ok(ours), Ok(theirs)) => same(&ours, &theirs, &what),
        (Ok(ours), Err(error)) => panic!("{what}: {ours:?}, but {error}"),
        (Err(error), Ok(theirs)) => assert!(!required, "{what}: {error}, but {theirs:?}"),
        (Err(ours), Err(theirs)) => assert!(!required || ours.to_string() == theirs.to_string(), "{what}: {ours}, but {theirs}"),
    }
}

fn dictionary(key: DataType, values: DataType) -> DataType {
    D::Dictionary(Box::new(key), Box::new(values))
}

fn item(of: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", of, true))
}

/// Nested types around single values.
fn nested(leaf: DataType) -> impl Strategy<Value = DataType> {
    let leaf = prop_oneof![
        3 => Just(leaf.clone()),
        1 => Just(dictionary(D::Int32, leaf.clone())),
        1 => Just(dictionary(D::UInt8, leaf)),
        1 => Just(D::Utf8View),
    ];
    leaf.prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| D::List(item(of))),
            inner.clone().prop_map(|of| D::LargeList(item(of))),
            inner.clone().prop_map(|of| D::ListView(item(of))),
            inner.clone().prop_map(|of| D::LargeListView(item(of))),
            (inner.clone(), 0..4).prop_map(|(of, size)| D::FixedSizeList(item(of), size)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| D::Struct(vec![Field::new("a", a, true), Field::new("b", b, true)].into())),
            inner.prop_map(|of| {
                let pair: Fields = vec![Field::new("key", D::Utf8, false), Field::new("value", of, true)].into();
                D::Map(Arc::new(Field::new("entries", D::Struct(pair), false)), false)
            }),
        ]
    })
}

/// The texts of both sides, in both ways in which errors are treated.
fn compare_texts(array: &ArrayRef) {
    let what = array.data_type();
    for inner in [Unwritable::Fails, Unwritable::Shown] {
        let options = FormatOptions::default().with_display_error(matches!(inner, Unwritable::Shown));
        match (writer(array, inner), ArrayFormatter::try_new(array, &options)) {
            (Ok(write), Ok(format)) => {
                for row in 0..array.len() {
                    let mut text = String::new();
                    let ours = write(row, &mut text).map(|()| text);
                    let theirs = format.value(row).try_to_string();
                    match (&ours, &theirs) {
                        (Err(ours), Err(theirs)) => assert!(matches!(inner, Unwritable::Fails) || ours.to_string() == theirs.to_string()),
                        _ => assert_eq!(ours.ok(), theirs.ok(), "{what}, row {row} of {array:?}"),
                    }
                }
            }
            (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string(), "{what}"),
            (ours, _) => panic!("{what}: {}", ours.map_or_else(|error| error.to_string(), |_| "is written".into())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_pair_of_types_is_cast_as_the_arrow_library_does((cells, start, end) in cells()) {
        let all = leaves();
        for from in &all {
            let whole = array(from, &cells);
            let cut = whole.slice(start, end - start);
            for to in &all {
                let required = occurs(from, to, &all);
                compare(&whole, to, required);
                compare(&cut, to, required);
                for key in [D::Int32, D::UInt8] {
                    let coded = array(&dictionary(key, from.clone()), &cells);
                    compare(&coded.slice(start, end - start), to, required && *from != D::Null);
                }
            }
        }
    }

    #[test]
    fn nested_values_are_conformed_as_the_arrow_library_casts_them(
        (cells, start, end) in cells(),
        from in prop::sample::select(leaves()).prop_flat_map(nested),
    ) {
        let whole = array(&from, &cells);
        if let Some(to) = canonical(&from) {
            for array in [whole.slice(start, end - start), whole] {
                match (conform(&array, &to), theirs(&array, &to)) {
                    (Ok(ours), Ok(theirs)) => same(&ours, &theirs, &format!("{from} to {to}")),
                    (Err(_), Err(_)) => {}
                    // An item outside of the lists, or a list that is null, is no obstacle.
                    (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("UTF-8"), "{from} to {to}: {error}"),
                    (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("UTF-8"), "{from} to {to}: {error}"),
                }
            }
        }
    }

    #[test]
    fn values_have_the_text_that_the_arrow_library_gives_them((cells, start, end) in cells(), deep in prop::sample::select(leaves()).prop_flat_map(nested)) {
        for of in leaves() {
            compare_texts(&array(&of, &cells).slice(start, end - start));
            compare_texts(&array(&dictionary(D::UInt8, of), &cells).slice(start, end - start));
        }
        if let Some(stored) = canonical(&deep) {
            compare_texts(&array(&stored, &cells).slice(start, end - start));
        }
    }
}
