//! Copies entries of a mapped field to an Arrow array. Every index and offset is checked, so that damaged
//! bytes are an error and no other memory is read.

use arrow_buffer::{Buffer, MutableBuffer, NullBuffer};
use arrow_data::{ArrayData, ArrayDataBuilder};
use arrow_schema::{DataType, Field};
use meds_store::read::Array;

/// In place of an entry: null.
pub const NONE: u32 = u32::MAX;

/// An array, or a clause that says what is wrong and follows the file's name.
pub type Gathered<T> = Result<T, String>;

/// The type of the entries that [`gather`] returns for a field: a dictionary of text is kept as its keys,
/// which are the same in all shards. Other dictionaries are decoded.
pub fn plain_type(of: &DataType) -> DataType {
    match of {
        DataType::Dictionary(keys, values) if **values == DataType::Utf8 => (**keys).clone(),
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    }
}

/// Copies the entries of a field at some places.
pub fn gather(array: Array, of: &DataType, at: &[u32]) -> Gathered<ArrayData> {
    let outside = || format!("has a row outside the column \"{}\"", array.node.name);
    if at.iter().any(|at| *at != NONE && *at as usize >= array.len()) {
        return Err(outside());
    }
    if let DataType::Dictionary(_, values) = of {
        return coded(array, values, at);
    }
    let builder = ArrayDataBuilder::new(of.clone()).len(at.len()).nulls(nulls(array, at));
    let built = match of {
        DataType::Null => Ok(ArrayData::new_null(of, at.len())),
        DataType::Boolean => {
            let bits = array.data();
            let bit = |at: u32| at != NONE && bits.get(at as usize / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            builder.add_buffer(MutableBuffer::from_iter(at.iter().map(|at| bit(*at))).into()).build()
        }
        DataType::Utf8 | DataType::Binary => {
            let (offsets, places) = ranges(array, at, array.data().len())?;
            let bytes = array.data();
            let mut all = Vec::with_capacity(offsets.last().map_or(0, |end| *end as usize));
            places.for_each(|range| all.extend_from_slice(&bytes[range]));
            builder.add_buffer(Buffer::from_vec(offsets)).add_buffer(Buffer::from_vec(all)).build()
        }
        DataType::List(item) | DataType::Map(item, _) => {
            let child = array.children().next().ok_or_else(outside)?;
            let (offsets, places) = ranges(array, at, child.len())?;
            let below: Vec<u32> = places.flatten().map(|at| at as u32).collect();
            builder.add_buffer(Buffer::from_vec(offsets)).add_child_data(gather_field(child, item, &below)?).build()
        }
        DataType::Struct(fields) => {
            let children = array.children().zip(fields).map(|(child, field)| gather_field(child, field, at));
            builder.child_data(children.collect::<Gathered<_>>()?).build()
        }
        _ => {
            let width = array.node.data_type.width.ok_or_else(outside)? as usize;
            builder.add_buffer(fixed(array, width, filler(of), at).ok_or_else(outside)?).build()
        }
    };
    built.map_err(|e| format!("has damaged values in column \"{}\" ({e})", array.node.name))
}

fn gather_field(array: Array, field: &Field, at: &[u32]) -> Gathered<ArrayData> {
    gather(array, field.data_type(), at)
}

fn nulls(array: Array, at: &[u32]) -> Option<NullBuffer> {
    let all_valid = array.node.validity.is_none() && array.node.null_count == 0;
    if all_valid && !at.contains(&NONE) {
        return None;
    }
    let nulls = NullBuffer::from_iter(at.iter().map(|at| *at != NONE && (all_valid || array.valid(*at as usize))));
    Some(nulls).filter(|nulls| nulls.null_count() > 0)
}

/// The keys of a dictionary of text, with 0 for null; the values of other dictionaries.
fn coded(array: Array, values: &DataType, at: &[u32]) -> Gathered<ArrayData> {
    let wrong = || format!("has an index outside the dictionary of \"{}\"", array.node.name);
    let dictionary = array.dictionary().ok_or_else(wrong)?;
    let mut keys: Vec<u32> = Vec::with_capacity(at.len());
    for at in at {
        let key = if *at == NONE || !array.valid(*at as usize) { 0 } else { array.index(*at as usize) };
        if key as usize >= dictionary.len() {
            return Err(wrong());
        }
        keys.push(key);
    }
    if *values != DataType::Utf8 {
        keys.iter_mut().filter(|key| **key == 0).for_each(|key| *key = NONE);
        return gather(dictionary, values, &keys);
    }
    let nulls = Some(NullBuffer::from_iter(keys.iter().map(|key| *key != 0))).filter(|nulls| nulls.null_count() > 0);
    // Keys are inside the dictionary, whose length fits their width.
    let (of, buffer) = match array.node.dictionary.as_ref().map(|dictionary| dictionary.index_width) {
        Some(1) => (DataType::UInt8, Buffer::from_vec(keys.iter().map(|key| *key as u8).collect::<Vec<_>>())),
        Some(2) => (DataType::UInt16, Buffer::from_vec(keys.iter().map(|key| *key as u16).collect::<Vec<_>>())),
        _ => (DataType::UInt32, Buffer::from_vec(keys)),
    };
    let built = ArrayDataBuilder::new(of).len(at.len()).nulls(nulls).add_buffer(buffer).build();
    built.map_err(|e| format!("has damaged values in column \"{}\" ({e})", array.node.name))
}

/// What a null entry contains, as in a store: NaN, or the int64 minimum, or zeros.
fn filler(of: &DataType) -> [u8; 32] {
    let mut filler = [0; 32];
    let mut fill = |bytes: &[u8]| filler[..bytes.len()].copy_from_slice(bytes);
    match of {
        DataType::Float32 => fill(&f32::NAN.to_le_bytes()),
        DataType::Float64 => fill(&f64::NAN.to_le_bytes()),
        other if other.primitive_width() == Some(8) => fill(&i64::MIN.to_le_bytes()),
        _ => {}
    }
    filler
}

/// Values of a fixed width.
fn fixed(array: Array, width: usize, filler: [u8; 32], at: &[u32]) -> Option<Buffer> {
    fn words<const W: usize>(array: Array, filler: [u8; 32], at: &[u32]) -> Option<Buffer> {
        let all = array.words::<W>();
        let filler = filler.first_chunk::<W>()?;
        let mut copy = MutableBuffer::with_capacity(W * at.len());
        for at in at {
            copy.extend_from_slice(if *at == NONE { filler } else { all.get(*at as usize)? });
        }
        Some(copy.into())
    }
    match width {
        1 => words::<1>(array, filler, at),
        2 => words::<2>(array, filler, at),
        4 => words::<4>(array, filler, at),
        8 => words::<8>(array, filler, at),
        16 => words::<16>(array, filler, at),
        _ => {
            let mut copy = MutableBuffer::with_capacity(width * at.len());
            for at in at {
                if *at == NONE {
                    copy.extend_zeros(width);
                } else {
                    let begin = width * *at as usize;
                    copy.extend_from_slice(array.data().get(begin..begin + width)?);
                }
            }
            Some(copy.into())
        }
    }
}

/// The int32 offsets of the copied entries, and where these are in the source. Empty for null.
fn ranges<'a>(array: Array<'a>, at: &'a [u32], end: usize) -> Gathered<(Vec<i32>, impl Iterator<Item = std::ops::Range<usize>> + 'a)> {
    let place = move |at: &u32| match *at {
        NONE => 0..0,
        at if !array.valid(at as usize) => 0..0,
        at => array.offset(at as usize)..array.offset(at as usize + 1),
    };
    let mut offsets = Vec::with_capacity(at.len() + 1);
    let mut sum: i32 = 0;
    offsets.push(sum);
    for range in at.iter().map(place) {
        if range.start > range.end || range.end > end {
            return Err(format!("has offsets outside the values of \"{}\"", array.node.name));
        }
        sum = i32::try_from(range.len()).ok().and_then(|more| sum.checked_add(more)).ok_or_else(|| TOO_LARGE.to_string())?;
        offsets.push(sum);
    }
    Ok((offsets, at.iter().map(place)))
}

/// The clause for texts or lists that do not fit an Arrow array.
pub const TOO_LARGE: &str = "too large";
