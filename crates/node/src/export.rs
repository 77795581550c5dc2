//! Exports a shard to other native code by the Arrow C Data Interface: two structs whose addresses JavaScript
//! passes on.

use arrow_data::ArrayData;
use arrow_data::ffi::FFI_ArrowArray;
use arrow_schema::ffi::FFI_ArrowSchema;
use meds_store::{Code, Error, Result};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;
use std::cell::UnsafeCell;

/// An exported ArrowSchema and ArrowArray. An importer takes ownership and clears `release`, as the interface
/// requires. Structs that are not imported are released with this object. The memory that they point to has
/// its own share of the mapping.
#[napi]
pub struct NativeExport {
    // In cells, because importers write to them through the addresses. In boxes, because the addresses must
    // not change.
    schema: Box<UnsafeCell<FFI_ArrowSchema>>,
    array: Box<UnsafeCell<FFI_ArrowArray>>,
}

#[napi]
impl NativeExport {
    /// Address of the ArrowSchema. Valid while this object lives.
    #[napi(getter)]
    pub fn schema(&self) -> BigInt {
        BigInt::from(self.schema.get().expose_provenance() as u64)
    }

    /// Address of the ArrowArray. Valid while this object lives.
    #[napi(getter)]
    pub fn array(&self) -> BigInt {
        BigInt::from(self.array.get().expose_provenance() as u64)
    }

    /// Releases the structs that are not imported. Their addresses then contain released structs.
    #[napi]
    pub fn release(&mut self) {
        // Dropping a struct calls its `release`, unless that is cleared.
        *self.schema.get_mut() = FFI_ArrowSchema::empty();
        *self.array.get_mut() = FFI_ArrowArray::empty();
    }
}

impl NativeExport {
    /// Exports a struct array, whose fields are the columns of a record batch.
    pub fn new(data: &ArrayData) -> Result<Self> {
        let schema = FFI_ArrowSchema::try_from(data.data_type());
        let schema = schema.map_err(|e| Error::new(Code::Internal, format!("The schema cannot be exported ({e}).")))?;
        Ok(Self { schema: Box::new(UnsafeCell::new(schema)), array: Box::new(UnsafeCell::new(FFI_ArrowArray::new(data))) })
    }
}
