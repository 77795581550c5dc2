//! The error type: a stable code, a message that says what to do, and the file that it is about.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable codes. Programs match on them, so a code is never renamed: a new cause gets a new code.
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
    /// A path does not exist.
    NotFound = "MEDS_NOT_FOUND",
    /// The folder is not a store (it has no manifest).
    NotAStore = "MEDS_NOT_A_STORE",
    /// The store has a format version that this build cannot read.
    StoreVersion = "MEDS_STORE_VERSION",
    /// The store's bytes differ from what its manifest says.
    Corrupt = "MEDS_CORRUPT",
    /// A file does not belong to the store whose manifest was opened.
    StoreReplaced = "MEDS_STORE_REPLACED",
    /// The store was closed.
    Closed = "MEDS_CLOSED",
    /// The target of a conversion already exists.
    StoreExists = "MEDS_STORE_EXISTS",
    /// The source has no data in the folder where MEDS stores them.
    NoData = "MEDS_NO_DATA",
    /// A file of the source cannot be read: it is cut short, not Parquet, or damaged.
    SourceDamaged = "MEDS_SOURCE_DAMAGED",
    /// The source has a format version that this build cannot read.
    SourceVersion = "MEDS_SOURCE_VERSION",
    /// The source changed during the conversion.
    SourceChanged = "MEDS_SOURCE_CHANGED",
    /// A column that MEDS requires, or that the caller names, is missing.
    MissingColumn = "MEDS_MISSING_COLUMN",
    /// A column has a type that is not allowed for it.
    ColumnType = "MEDS_COLUMN_TYPE",
    /// A column has types in two files that have no lossless common type.
    SchemaConflict = "MEDS_SCHEMA_CONFLICT",
    /// A folder or file belongs to a table format whose log says which files contain its rows (Delta,
    /// Iceberg, Hudi and others).
    TableFormat = "MEDS_TABLE_FORMAT",
    /// Two files of the source have the same rows.
    DuplicateFile = "MEDS_DUPLICATE_FILE",
    /// A value is null where MEDS does not allow nulls (subject_id, code).
    NullValue = "MEDS_NULL_VALUE",
    /// A subject's rows are not contiguous: they are in two parts of a file, or in two files.
    NotContiguous = "MEDS_NOT_CONTIGUOUS",
    /// A subject's rows are not in order of time.
    TimeOrder = "MEDS_TIME_ORDER",
    /// A time does not fit in 64-bit microseconds.
    TimeRange = "MEDS_TIME_RANGE",
    /// A value does not fit in the column's type in the store.
    ValueRange = "MEDS_VALUE_RANGE",
    /// One patient does not fit in a shard.
    PatientTooLarge = "MEDS_PATIENT_TOO_LARGE",
    /// A file of the source's metadata folder cannot be read.
    Metadata = "MEDS_METADATA",
    /// A subject is in two splits.
    SplitConflict = "MEDS_SPLIT_CONFLICT",
    /// A subject or slot is not in the cohort.
    UnknownSubject = "MEDS_UNKNOWN_SUBJECT",
    /// The disk is full, or its quota is used up.
    DiskFull = "MEDS_DISK_FULL",
    /// The system refuses access: because of permissions, or because the file system is read-only.
    Permission = "MEDS_PERMISSION",
    /// Any other failure of input or output.
    Io = "MEDS_IO",
    /// The caller cancelled the work.
    Cancelled = "MEDS_CANCELLED",
    /// An argument has a value that is not allowed.
    InvalidArgument = "MEDS_INVALID_ARGUMENT",
    /// This runtime cannot map the store: it is 32-bit or big-endian, or it forbids external buffers.
    UnsupportedRuntime = "MEDS_UNSUPPORTED_RUNTIME",
    /// A step of a cluster's conversion lacks the result of another step, or has one that is damaged or of another
    /// conversion.
    Step = "MEDS_STEP",
    /// An internal error: a bug in this library.
    Internal = "MEDS_INTERNAL",
}

/// What is wrong, where it is, and what to do about it.
#[derive(Debug)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// Sentences for a person: what was found, what was expected, and the remedy.
    pub message: String,
    /// The file or folder that the message is about.
    pub path: Option<PathBuf>,
}

impl Error {
    /// An error that is not about a file.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None }
    }

    /// An error about a file. The message does not repeat the path: [`fmt::Display`] puts it in front.
    pub fn at(code: Code, path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: Some(path.as_ref().to_path_buf()) }
    }

    /// A failure of the system. Its kind chooses the code and the remedy.
    pub fn io(path: impl AsRef<Path>, doing: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let (code, remedy) = match error.kind() {
            Kind::NotFound => (Code::NotFound, "Check the path."),
            Kind::StorageFull | Kind::QuotaExceeded => {
                (Code::DiskFull, "Free some space, or use a target folder and a temporary folder on another disk.")
            }
            // Windows neither replaces nor removes a file that a program has open or mapped: sharing violation, mapped file.
            _ if cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 1224)) => {
                (Code::Io, "Close the store in the programs that have it open, and try again.")
            }
            Kind::PermissionDenied if cfg!(windows) => (
                Code::Permission,
                "Close the store in the programs that have it open, use a path that you can access, or change its permissions.",
            ),
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                (Code::Permission, "Use a path that you can access, or change its permissions.")
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
