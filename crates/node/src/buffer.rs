//! Memory that JavaScript sees without a copy. This is the only file of this crate with unsafe code.

use meds_store::read::Mapping;
use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::{FromNapiValue, JsValue, Unknown};
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

impl Element for i64 {
    const TYPE: i32 = sys::TypedarrayType::bigint64_array;
}

/// The elements of a typed array that JavaScript passes to the running call, for writing. They are cells,
/// because two arrays can share memory. The pointer
/// comes from Node-API: one from a `&[T]` would not permit writes.
pub fn cells<'a, 'env, T: Element>(env: &Env, array: &'a impl JsValue<'env>) -> Result<&'a [Cell<T>]> {
    let (mut kind, mut length, mut data) = (-1, 0, ptr::null_mut());
    // SAFETY: `env` is the environment of the running call, which keeps the value alive. Node-API accepts
    // null for results that are not needed.
    let status = unsafe {
        sys::napi_get_typedarray_info(env.raw(), array.raw(), &mut kind, &mut length, &mut data, ptr::null_mut(), ptr::null_mut())
    };
    if status != sys::Status::napi_ok || kind != T::TYPE {
        return Err(Error::new(Code::Internal, format!("A typed array cannot be written to (Node-API status {status}, type {kind}).")));
    }
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
