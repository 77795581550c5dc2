//! A shard for other native code, by the Arrow C Data Interface: two structs at addresses that JavaScript hands on.

use arrow_data::ArrayData;
use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;
use std::cell::UnsafeCell;

/// An exported ArrowSchema and ArrowArray. Whoever imports them takes them over (and clears `release`, by the interface's rules); what nobody
/// has imported is released with this object. The memory that they point to holds its own share of the mapping.
#[napi]
pub struct NativeExport {
    // In cells, because others write to them through the addresses; in boxes, because the addresses must stay.
    schema: Box<UnsafeCell<FFI_ArrowSchema>>,
    array: Box<UnsafeCell<FFI_ArrowArray>>,
}

#[napi]
impl NativeExport {
    /// Address of the ArrowSchema; valid while this object lives.
    #[napi(getter)]
    pub fn schema(&self) -> BigInt {
        BigInt::from(self.schema.get().expose_provenance() as u64)
    }

    /// Address of the ArrowArray; valid while this object lives.
    #[napi(getter)]
    pub fn array(&self) -> BigInt {
        BigInt::from(self.array.get().expose_provenance() as u64)
    }

    /// Releases what nobody has imported; the addresses then hold released structs.
    #[napi]
    pub fn release(&mut self) {
        // Dropping one calls its `release` where that has not been cleared.
        *self.schema.get_mut() = FFI_ArrowSchema::empty();
        *self.array.get_mut() = FFI_ArrowArray::empty();
    }
}

impl NativeExport {
    /// Exports an array; its struct's fields are a record batch's columns.
    pub fn new(data: &ArrayData) -> Result<Self> {
        let schema = FFI_ArrowSchema::try_from(data.data_type());
        let schema = schema.map_err(|e| Error::new(Code::Internal, format!("The schema cannot be exported ({e}).")))?;
        Ok(Self { schema: Box::new(UnsafeCell::new(schema)), array: Box::new(UnsafeCell::new(FFI_ArrowArray::new(data))) })
    }
}
