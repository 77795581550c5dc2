//! The one error type: a stable code, a sentence that says what to do, and the file it is about.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable codes. Programs match on them: a code is never renamed, a new cause gets a new one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// The code as programs see it (`MEDS_…`).
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// A path that was given does not exist.
    NotFound = "MEDS_NOT_FOUND",
    /// The folder is no store (no manifest).
    NotAStore = "MEDS_NOT_A_STORE",
    /// The store is of a format version that this build cannot read.
    StoreVersion = "MEDS_STORE_VERSION",
    /// The store's bytes are not what its manifest says.
    Corrupt = "MEDS_CORRUPT",
    /// A file belongs to another store than the manifest that was opened.
    StoreReplaced = "MEDS_STORE_REPLACED",
    /// The store was closed.
    Closed = "MEDS_CLOSED",
    /// The target of a conversion exists.
    StoreExists = "MEDS_STORE_EXISTS",
    /// The source holds no MEDS data where MEDS keeps it.
    NoData = "MEDS_NO_DATA",
    /// A file of the source cannot be read: cut short, not Parquet, broken inside.
    SourceDamaged = "MEDS_SOURCE_DAMAGED",
    /// The source is of a format version that this build cannot read.
    SourceVersion = "MEDS_SOURCE_VERSION",
    /// The source changed while it was being converted.
    SourceChanged = "MEDS_SOURCE_CHANGED",
    /// A column that MEDS requires, or that was asked for, is not there.
    MissingColumn = "MEDS_MISSING_COLUMN",
    /// A column has a type that it cannot have.
    ColumnType = "MEDS_COLUMN_TYPE",
    /// Two files give a column types without a lossless common type.
    SchemaConflict = "MEDS_SCHEMA_CONFLICT",
    /// A folder or file of a table whose log says which of its files are rows (Delta, Iceberg, Hudi and the like).
    TableFormat = "MEDS_TABLE_FORMAT",
    /// A file of the source has the same rows as another one.
    DuplicateFile = "MEDS_DUPLICATE_FILE",
    /// A null where MEDS allows none (subject_id, code).
    NullValue = "MEDS_NULL_VALUE",
    /// A subject's rows are not together (twice in a file, or in two files).
    NotContiguous = "MEDS_NOT_CONTIGUOUS",
    /// A subject's times go backwards.
    TimeOrder = "MEDS_TIME_ORDER",
    /// A time that microseconds in 64 bits cannot hold.
    TimeRange = "MEDS_TIME_RANGE",
    /// A value that the column's type in the store cannot hold.
    ValueRange = "MEDS_VALUE_RANGE",
    /// One patient exceeds what a shard can hold.
    PatientTooLarge = "MEDS_PATIENT_TOO_LARGE",
    /// A file of the source's metadata folder cannot be read.
    Metadata = "MEDS_METADATA",
    /// A subject stands in two splits.
    SplitConflict = "MEDS_SPLIT_CONFLICT",
    /// A subject or slot that is not among the patients asked.
    UnknownSubject = "MEDS_UNKNOWN_SUBJECT",
    /// The disk (or the quota) is full.
    DiskFull = "MEDS_DISK_FULL",
    /// The system refuses access: permissions, or a read-only file system.
    Permission = "MEDS_PERMISSION",
    /// Any other failure of input or output.
    Io = "MEDS_IO",
    /// The caller cancelled the work.
    Cancelled = "MEDS_CANCELLED",
    /// An argument has a value that it cannot have.
    InvalidArgument = "MEDS_INVALID_ARGUMENT",
    /// This runtime cannot map the store (32 bits, big-endian, external buffers forbidden).
    UnsupportedRuntime = "MEDS_UNSUPPORTED_RUNTIME",
    /// A defect of this library.
    Internal = "MEDS_INTERNAL",
}

/// What went wrong, where, and what to do about it.
#[derive(Debug)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// A sentence (or two) for a person: what was found, what was expected, the remedy.
    pub message: String,
    /// The file or folder that the message is about.
    pub path: Option<PathBuf>,
}

impl Error {
    /// An error about no file in particular.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None }
    }

    /// An error about a file; the message need not repeat the path, [`fmt::Display`] puts it in front.
    pub fn at(code: Code, path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: Some(path.as_ref().to_path_buf()) }
    }

    /// A failure of the system, told by its kind: a full disk and a refused access have remedies of their own.
    pub fn io(path: impl AsRef<Path>, doing: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let (code, remedy) = match error.kind() {
            Kind::NotFound => (Code::NotFound, "Check the path."),
            Kind::StorageFull | Kind::QuotaExceeded => {
                (Code::DiskFull, "Free some space, or choose a target (and a temporary folder) on another disk.")
            }
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                (Code::Permission, "Choose a path that you may use, or change its permissions.")
            }
            _ => (Code::Io, "Check the disk and try again."),
        };
        Self::at(code, path, format!("cannot {doing}: {error}. {remedy}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}
