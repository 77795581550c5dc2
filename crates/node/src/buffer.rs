//! Memory that JavaScript sees without a copy. This is the only file of this crate with unsafe code.

use meds_query::Column;
use meds_query::batch::{Moved, Piece};
use meds_store::read::Mapping;
use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::{FromNapiValue, JsValue, ToNapiValue, Unknown};
use napi::{Env, sys};
use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::{ptr, slice};

/// A whole mapped file as an ArrayBuffer.
pub fn mapping<'env>(env: &'env Env, map: Arc<Mapping>) -> Result<Unknown<'env>> {
    let start = map.as_mut_ptr().ok_or_else(|| Error::new(Code::Corrupt, "An empty file cannot be mapped."))?;
    let bytes = map.bytes().len();
    // SAFETY: the mapping is private, readable and writable. It owns its pages while a share of it lives.
    // Rust does not hold slices of this memory while JavaScript runs.
    unsafe { external(env, start, bytes, map) }
}

/// An ArrayBuffer that this environment has made, for an answer that outlives its borrow of the environment.
pub struct Raw(sys::napi_value);

impl ToNapiValue for Raw {
    unsafe fn to_napi_value(_env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        Ok(value.0)
    }
}

/// A result array of a query as an ArrayBuffer.
pub fn column(env: &Env, mut column: Column) -> Result<Raw> {
    let bytes = column.len();
    let start = column.bytes_mut().as_mut_ptr();
    // SAFETY: the column owns this memory, which does not move with it. Rust does not use the column again
    // before it is freed.
    Ok(Raw(unsafe { external(env, start, bytes, Arc::new(column)) }?.raw()))
}

/// The element types of typed arrays that are written to.
pub trait Element: Copy {
    /// Node-API's number of the type.
    const TYPE: i32;
}

impl Element for u8 {
    const TYPE: i32 = sys::TypedarrayType::uint8_array;
}

impl Element for i32 {
    const TYPE: i32 = sys::TypedarrayType::int32_array;
}

impl Element for u32 {
    const TYPE: i32 = sys::TypedarrayType::uint32_array;
}

impl Element for f32 {
    const TYPE: i32 = sys::TypedarrayType::float32_array;
}

impl Element for f64 {
    const TYPE: i32 = sys::TypedarrayType::float64_array;
}

impl Element for i64 {
    const TYPE: i32 = sys::TypedarrayType::bigint64_array;
}

/// The address and number of the elements of a typed array that JavaScript passes to the running call. The
/// pointer comes from Node-API: one from a `&[T]` would not permit writes. It is aligned, and not null unless
/// there are no elements.
fn address<'env, T: Element>(env: &Env, array: &impl JsValue<'env>) -> Result<(*mut T, usize)> {
    let (mut kind, mut length, mut data) = (-1, 0, ptr::null_mut());
    // SAFETY: `env` is the environment of the running call, which keeps the value alive. Node-API accepts
    // null for results that are not needed.
    let status = unsafe {
        sys::napi_get_typedarray_info(env.raw(), array.raw(), &mut kind, &mut length, &mut data, ptr::null_mut(), ptr::null_mut())
    };
    if status != sys::Status::napi_ok || kind != T::TYPE {
        return Err(Error::new(Code::Internal, format!("A typed array cannot be written to (Node-API status {status}, type {kind}).")));
    }
    Ok((data.cast(), length))
}

/// The elements of a typed array, for writing. They are cells, because two arrays can share memory.
pub fn cells<'a, 'env, T: Element>(env: &Env, array: &'a impl JsValue<'env>) -> Result<&'a [Cell<T>]> {
    let (data, length) = address::<T>(env, array)?;
    // The pointer of an empty array can be null or anything else.
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: `data` points to `length` elements of this type, aligned as typed arrays are. JavaScript allows
    // writes to them, the call keeps them alive, and a
    // Cell has the layout of its element. Only this thread, JavaScript's, reads or writes them during the
    // call. The exception is shared memory that the user's
    // other threads write to, which they can do during any write of JavaScript.
    Ok(unsafe { slice::from_raw_parts(data.cast(), length) })
}

/// The elements of a typed array for writing, also by several threads.
pub enum Memory<'a, T> {
    /// No elements.
    None,
    /// The elements themselves.
    Own(&'a mut [T]),
    /// Other elements, because the array shares memory with one that is already lent. The end copies them.
    Aside(Vec<T>),
}

impl<T: Element> Memory<'_, T> {
    /// The elements.
    pub fn elements(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::Own(all) => all,
            Self::Aside(all) => all,
        }
    }

    /// Ends the loan. Returns the elements that were written aside.
    pub fn end(self) -> Option<Vec<T>> {
        if let Self::Aside(all) = self { Some(all) } else { None }
    }
}

/// The memory of typed arrays that is lent for writing in one call, each byte once.
#[derive(Default)]
pub struct Lent(Vec<(usize, usize)>);

impl Lent {
    /// The elements of a typed array. Users choose the memory of a batch, and can choose the same for two
    /// arrays.
    pub fn memory<'a, 'env, T: Element + Default>(&mut self, env: &Env, array: &'a impl JsValue<'env>) -> Result<Memory<'a, T>> {
        let (data, length) = address::<T>(env, array)?;
        if length == 0 {
            return Ok(Memory::None);
        }
        let (begin, end) = (data.addr(), data.addr() + length * size_of::<T>());
        if self.0.iter().any(|other| begin < other.1 && other.0 < end) {
            return Ok(Memory::Aside(vec![T::default(); length]));
        }
        self.0.push((begin, end));
        // SAFETY: as in `cells`, and no other slice that this value has lent overlaps this one. The other
        // arrays of a call are this package's own, whose memory it never passes to users. Memory that
        // JavaScript has not initialised contains some bytes from C++'s view and so from this one.
        Ok(Memory::Own(unsafe { slice::from_raw_parts_mut(data, length) }))
    }
}

/// Begins to load bytes from memory into the cache.
#[inline(always)]
fn load(bytes: &[u8]) {
    /// Bytes of a cache line.
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    for line in bytes.chunks(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: this changes nothing but the contents of caches, and accepts any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    // Loads that nothing waits for.
    #[cfg(not(target_arch = "x86_64"))]
    std::hint::black_box(bytes.iter().step_by(LINE).fold(0, |sum, byte| sum ^ byte));
}

/// [`Piece::fill`], compiled for the widest vector instructions that this processor has.
pub fn filled(piece: Piece) -> Moved {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: this processor has these instructions.
            return unsafe { filled_by_avx512(piece) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: this processor has these instructions.
            return unsafe { filled_by_avx2(piece) };
        }
    }
    piece.fill(load)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn filled_by_avx512(piece: Piece) -> Moved {
    piece.fill(load)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn filled_by_avx2(piece: Piece) -> Moved {
    piece.fill(load)
}

/// Checks that this runtime allows external ArrayBuffers.
pub fn probe(env: &Env) -> Result<()> {
    let owner = Arc::new(AtomicU64::new(0));
    let start = owner.as_ptr().cast();
    // SAFETY: an atomic can be written through its pointer, and `owner` keeps it alive.
    unsafe { external(env, start, size_of::<u64>(), owner) }.map(drop)
}

/// An ArrayBuffer over the `bytes` bytes at `start`. A share of `owner` keeps them in place until the
/// ArrayBuffer is collected or detached.
///
/// This calls Node-API directly, because napi-rs silently copies the memory (gigabytes) where external
/// buffers are forbidden (Electron).
///
/// # Safety
/// `start` must point to `bytes` bytes that can be read and written as long as a share of `owner` lives. Rust
/// must not hold a reference to them while JavaScript runs.
unsafe fn external<'env, T: Send + Sync + 'static>(env: &'env Env, start: *mut u8, bytes: usize, owner: Arc<T>) -> Result<Unknown<'env>> {
    let hint = Arc::into_raw(owner);
    let mut value = ptr::null_mut();
    // SAFETY: `env` is the environment of the running call. `hint` is a share, which `release` frees once.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(env.raw(), start.cast(), bytes, Some(release::<T>), hint.cast_mut().cast(), &mut value)
    };
    if status == sys::Status::napi_ok {
        // SAFETY: this environment has just made the value.
        let value = unsafe { Unknown::from_napi_value(env.raw(), value) };
        return value.map_err(|e| Error::new(Code::Internal, format!("The new ArrayBuffer cannot be returned ({e}).")));
    }
    // The buffer was not made, so `release` is never called.
    // SAFETY: `hint` came from `Arc::into_raw` above.
    drop(unsafe { Arc::from_raw(hint) });
    // An ArrayBuffer that is too large leaves a RangeError pending. Our error replaces it.
    let mut pending = ptr::null_mut();
    // SAFETY: `env` is the environment of the running call. Without a pending exception this does nothing.
    unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut pending) };
    Err(refused(status, bytes))
}

fn refused(status: sys::napi_status, bytes: usize) -> Error {
    let text = if status == sys::Status::napi_no_external_buffers_allowed {
        "This runtime does not allow external ArrayBuffers (Electron with V8's memory cage), so it cannot map a store. Use Node.js."
            .to_string()
    } else {
        format!(
            "This runtime cannot map {bytes} bytes as one ArrayBuffer (Node-API status {status}). Use Node.js 22 or newer, or convert with smaller shards (--shard-bytes)."
        )
    };
    Error::new(Code::UnsupportedRuntime, text)
}

/// Frees a share. Node-API calls this on the JavaScript thread, some time after the ArrayBuffer is collected
/// or when its worker ends.
unsafe extern "C" fn release<T>(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the share that `external` made, and Node-API calls a finalizer only once.
    drop(unsafe { Arc::from_raw(hint.cast_const().cast::<T>()) });
}
