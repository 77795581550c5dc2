//! Whether this runtime can map stores.

use crate::buffer::probe;
use napi::Env;
use napi_derive::napi;

/// The reason why this runtime cannot map stores, or null when it can.
#[napi]
pub fn supported(env: &Env) -> Option<String> {
    if cfg!(not(all(target_pointer_width = "64", target_endian = "little"))) {
        return Some("Stores require a 64-bit, little-endian machine.".into());
    }
    probe(env).err().map(|error| error.message)
}
