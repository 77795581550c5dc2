//! Integers and decimals as wider decimals.

use crate::arrays::times::relabelled;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowNativeTypeOp, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, i256};
use arrow_schema::{ArrowError, DataType};
use std::sync::Arc;

/// Integers or decimals as decimals that hold as many digits on both sides of the point; `None` for other
/// pairs of types.
pub fn widened(array: &ArrayRef, to: &DataType) -> Result<Option<ArrayRef>, ArrowError> {
    use DataType as D;
    let (D::Decimal128(precision, scale) | D::Decimal256(precision, scale)) = *to else { return Ok(None) };
    let from = array.data_type();
    // Digits before and after the point.
    let (digits, own) = match from {
        D::Int8 | D::UInt8 => (3, 0),
        D::Int16 | D::UInt16 => (5, 0),
        D::Int32 | D::UInt32 => (10, 0),
        D::Int64 | D::UInt64 => (20, 0),
        D::Decimal32(p, s) | D::Decimal64(p, s) | D::Decimal128(p, s) | D::Decimal256(p, s) => (i16::from(*p) - i16::from(*s), *s),
        _ => return Ok(None),
    };
    let zeros = u32::try_from(i16::from(scale) - i16::from(own));
    let Some(zeros) = zeros.ok().filter(|_| digits <= i16::from(precision) - i16::from(scale)) else { return Ok(None) };
    let form = Form { precision, scale, zeros };
    macro_rules! of {
        ($($id:ident => $type:ty),+) => {
            match (from, to) {
                (D::Decimal128(..), D::Decimal128(..)) | (D::Decimal256(..), D::Decimal256(..)) if zeros == 0 => relabelled(array, to)?,
                (D::Decimal256(..), D::Decimal256(..)) => form.scaled::<_, Decimal256Type>(array.as_primitive::<Decimal256Type>(), |v| v)?,
                $((D::$id { .. }, D::Decimal128(..)) => form.scaled::<_, Decimal128Type>(array.as_primitive::<$type>(), i128::from)?,
                (D::$id { .. }, _) => form.scaled::<_, Decimal256Type>(array.as_primitive::<$type>(), |v| i256::from_i128(v.into()))?,)+
                _ => return Ok(None),
            }
        };
    }
    Ok(Some(of! {
        Int8 => Int8Type, Int16 => Int16Type, Int32 => Int32Type, Int64 => Int64Type,
        UInt8 => UInt8Type, UInt16 => UInt16Type, UInt32 => UInt32Type, UInt64 => UInt64Type,
        Decimal32 => Decimal32Type, Decimal64 => Decimal64Type, Decimal128 => Decimal128Type
    }))
}

/// A decimal type, and the zeros that values get after their last digit.
struct Form {
    precision: u8,
    scale: i8,
    zeros: u32,
}

impl Form {
    fn scaled<T, W>(&self, array: &PrimitiveArray<T>, whole: impl Fn(T::Native) -> W::Native) -> Result<ArrayRef, ArrowError>
    where
        T: ArrowPrimitiveType,
        W: DecimalType,
    {
        let Self { precision, scale, .. } = *self;
        let wide: PrimitiveArray<W> = match self.zeros {
            0 => array.unary(whole),
            zeros => {
                let power = W::Native::usize_as(10).pow_checked(zeros)?;
                // Files may contain more digits than they declare.
                let overflow =
                    |v| ArrowError::CastError(format!("Cannot cast to {}({precision}, {scale}). Overflowing on {v:?}", W::PREFIX));
                array.try_unary(|v| whole(v).mul_checked(power).map_err(|_| overflow(v)))?
            }
        };
        Ok(Arc::new(wide.with_precision_and_scale(precision, scale)?))
    }
}
