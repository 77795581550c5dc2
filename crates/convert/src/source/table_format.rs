//! Table formats with a log: Delta, Iceberg, Hudi and others. The log says which files contain the current
//! rows. Files of older versions stay in the same folders until they are cleaned up. Reading all Parquet
//! files there returns deleted and replaced rows, so such folders are refused. `docs/decisions.md` says why
//! they are not read.
//!
//! A path belongs to a table if its folder, or a folder above it, contains the table's log, or if a name
//! shows it.

use meds_store::{Code, Error, Result};
use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Delta,
    Iceberg,
    Hudi,
    Paimon,
    DuckLake,
    Lance,
    HiveAcid,
    SparkStream,
    Databricks,
}

/// What the folder of a table contains, among other files.
const LOGS: [(&str, Format); 7] = [
    ("_delta_log", Format::Delta),
    ("_symlink_format_manifest", Format::Delta),
    ("metadata/version-hint.text", Format::Iceberg),
    (".hoodie", Format::Hudi),
    (".hoodie_partition_metadata", Format::Hudi),
    ("_spark_metadata", Format::SparkStream),
    ("_orc_acid_version", Format::HiveAcid),
];

/// Refuses a file or folder that belongs to a table, and `files` below it. Hidden folders are not read, so of
/// a path below a hidden folder, only the folder that contains the hidden one counts:
/// `train/_delta_log/0.json` shows that `train` is a table.
pub fn refuse<'a>(root: &Path, files: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    let mut looked = Looked::default();
    looked.at(root)?;
    for file in files {
        let visible = visible(root, file);
        if let Some(folder) = file.parent().filter(|folder| visible.starts_with(folder))
            && let Some(shown) = not_committed(file)
        {
            return Err(Format::Databricks.error(folder, &shown));
        }
        looked.at(&visible)?;
    }
    Ok(())
}

/// The part of a path above its first hidden name.
fn visible(root: &Path, file: &Path) -> PathBuf {
    let plain = |path: &Path| path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    let Ok(below) = plain(file).strip_prefix(plain(root)).map(Path::to_path_buf) else { return file.to_path_buf() };
    let shown = below.components().take_while(|part| !part.as_os_str().to_string_lossy().starts_with(['.', '_']));
    root.join(shown.collect::<PathBuf>())
}

/// Evidence that a file, or one that it lists, is no longer or not yet part of the rows. Databricks keeps a
/// record of each write. Usually all of them are complete.
fn not_committed(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy();
    let beside = |name: String| file.with_file_name(name).exists();
    if name.starts_with("_committed_") {
        let record: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let mut removed = record.get("removed")?.as_array()?.iter().filter_map(serde_json::Value::as_str);
        return removed.find(|name| beside((*name).into())).map(|removed| format!("{name} lists {removed} as removed"));
    }
    let id = name.split_once("-tid-")?.1.split('-').next()?;
    let is_open = beside(format!("_started_{id}")) && !beside(format!("_committed_{id}"));
    is_open.then(|| format!("the write of {name} is not committed"))
}

/// Folders that belong to no table.
#[derive(Default)]
struct Looked(HashSet<PathBuf>);

impl Looked {
    fn at(&mut self, path: &Path) -> Result<()> {
        if let Some(format) = path.file_name().and_then(|name| of_file(&name.to_string_lossy())) {
            return Err(format.error(path, "its name shows it"));
        }
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        if let Some(folder) = folder.filter(|folder| !self.0.contains(*folder)) {
            self.climb(folder)?;
            self.climb_real(folder)?;
        }
        // A link belongs to the table where it is and to the one that it leads to.
        if path.is_symlink() { self.climb_real(path) } else { Ok(()) }
    }

    fn climb_real(&mut self, path: &Path) -> Result<()> {
        match path.canonicalize() {
            Ok(real) => self.climb(&real),
            // A later step reports why it cannot be read.
            Err(_) => Ok(()),
        }
    }

    /// The folder and all above it.
    fn climb(&mut self, folder: &Path) -> Result<()> {
        // With `..` in the path, names before it are not above the folder.
        let plain = !folder.components().any(|part| part == Component::ParentDir);
        let above = folder.ancestors().take(if plain { usize::MAX } else { 1 });
        // What is in a hidden folder is not part of a table around it: our own temporary folders are hidden.
        let hidden = |folder: &&Path| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        for folder in above.take_while(|folder| !hidden(folder)).filter(|folder| !folder.as_os_str().is_empty()) {
            if !self.0.insert(folder.to_path_buf()) {
                break;
            }
            if let Some((format, log)) = of_folder(folder) {
                return Err(format.error(folder, &log));
            }
        }
        Ok(())
    }
}

/// The format of the table that a folder is, and the evidence.
fn of_folder(folder: &Path) -> Option<(Format, String)> {
    let contains = |what: &str| format!("it contains {what}");
    if let Some((log, format)) = LOGS.iter().find(|(log, _)| folder.join(log).exists()) {
        return Some((*format, contains(log)));
    }
    let found = |below: &str, shows: fn(&Path, &str) -> bool| {
        let folder = folder.join(below);
        let name = names(&folder).into_iter().find(|name| shows(&folder, name))?;
        Some(contains(&format!("{below}/{name}")))
    };
    if let Some(log) = found("metadata", is_iceberg) {
        return Some((Format::Iceberg, log));
    }
    if let Some(log) = found("_versions", |_, name| name.ends_with(".manifest")) {
        return Some((Format::Lance, log));
    }
    if folder.join("manifest").is_dir()
        && let Some(log) = found("schema", |_, name| name.strip_prefix("schema-").is_some_and(is_number))
    {
        return Some((Format::Paimon, log));
    }
    let name = folder.file_name()?.to_string_lossy();
    is_hive(&name).then(|| (Format::HiveAcid, "its name shows it".into()))
}

/// The names in a folder; empty if it is not a folder or cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Whether a file belongs to the metadata of an Iceberg table. MEDS also has a folder of that name, with its
/// own JSON files.
fn is_iceberg(folder: &Path, name: &str) -> bool {
    if let Some(stem) = name.strip_suffix(".avro") {
        // A manifest list, or a manifest.
        return stem.starts_with("snap-") || stem.rsplit_once("-m").is_some_and(|(_, number)| is_number(number));
    }
    let Some((stem, _)) = name.split_once(".metadata.json") else { return false };
    let stem = stem.strip_suffix(".gz").unwrap_or(stem);
    // Writers name it v3 or 00003-UUID.
    let is_version =
        stem.strip_prefix('v').is_some_and(is_number) || stem.split_once('-').is_some_and(|(number, id)| is_number(number) && has_uuid(id));
    is_version || says_format_version(&folder.join(name))
}

/// Whether a JSON file has a `format-version`, as every Iceberg metadata file has.
fn says_format_version(path: &Path) -> bool {
    const MOST: u64 = 64 << 20;
    let mut text = Vec::new();
    let read = path.is_file() && fs::File::open(path).is_ok_and(|file| file.take(MOST).read_to_end(&mut text).is_ok());
    let about = serde_json::from_slice::<serde_json::Value>(&text).unwrap_or_default();
    read && about.get("format-version").is_some()
}

/// Whether a name contains a UUID.
fn has_uuid(text: &str) -> bool {
    const PARTS: [usize; 5] = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    let is_part = |(part, length): (&&str, usize)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.windows(PARTS.len()).any(|window| window.iter().zip(PARTS).all(is_part))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Folders of Hive's transactional tables: `delta_0000002_0000002`, `delete_delta_0000003_0000003_0000`,
/// `base_0000005_v0000012`.
fn is_hive(name: &str) -> bool {
    // Ids have seven digits up to ten million. Eight digits are a date: base_20240101.
    let is_id = |text: &str| text.strip_prefix('v').unwrap_or(text).len() == 7 && is_number(text.strip_prefix('v').unwrap_or(text));
    let is_statement = |text: &str| text.len() == 4 && is_number(text);
    if let Some(ids) = name.strip_prefix("base_") {
        return ids.split('_').all(is_id);
    }
    let Some(ids) = name.strip_prefix("delete_delta_").or_else(|| name.strip_prefix("delta_")) else { return false };
    let ids: Vec<_> = ids.split('_').collect();
    ids.len() >= 2 && ids[..2].iter().all(|id| is_id(id)) && ids[2..].iter().all(|id| is_id(id) || is_statement(id))
}

/// The format that is known by this name of a file, for copies of a table without its log.
fn of_file(name: &str) -> Option<Format> {
    if name.ends_with(".ducklake") {
        return Some(Format::DuckLake);
    }
    if name.starts_with("deletion_vector_") && name.ends_with(".bin") {
        return Some(Format::Delta);
    }
    // Files of rows deleted by position: 00000-5-UUID-00001-deletes.parquet.
    if name.ends_with(".puffin") || name.strip_suffix("-deletes.parquet").is_some_and(has_uuid) {
        return Some(Format::Iceberg);
    }
    let stem = name.strip_suffix(".parquet")?;
    if stem.starts_with("ducklake-") {
        return Some(Format::DuckLake);
    }
    // FILEID_TOKEN_INSTANT, such as 7d0c4ad2-…-0_0-2-2_20240102000000000.
    let mut parts = stem.rsplitn(3, '_');
    let (instant, token, id) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hudi = is_number(instant) && (14..=17).contains(&instant.len()) && token.split('-').count() == 3;
    (is_hudi && token.split('-').all(is_number) && has_uuid(id)).then_some(Format::Hudi)
}

impl Format {
    fn error(self, path: &Path, shown: &str) -> Error {
        let what = if path.is_dir() { "this folder is" } else { "this file belongs to" };
        let (name, remedy) = (self.name(), self.remedy(path));
        let message = format!(
            "{what} {name} ({shown}). Such a table also keeps files of older versions, whose rows are deleted or replaced, so its files are not read. Write the current version as plain Parquet, and use that instead (MEDS: write the file to the folder data/ of a new dataset, and copy metadata/ into it): {remedy}."
        );
        Error::at(Code::TableFormat, path, message)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Delta => "a Delta table",
            Self::Iceberg => "an Iceberg table",
            Self::Hudi => "a Hudi table",
            Self::Paimon => "a Paimon table",
            Self::DuckLake => "a DuckLake table",
            Self::Lance => "a Lance dataset",
            Self::HiveAcid => "a transactional (ACID) table of Hive",
            Self::SparkStream => "the output of a Spark stream",
            Self::Databricks => "a folder of transactional writes by Databricks",
        }
    }

    /// A command that runs as written, except for the names in capitals.
    fn remedy(self, path: &Path) -> String {
        // These programs read the folder of a table with its log. A JSON string is also a Python string.
        let path = if path.is_dir() { path.to_string_lossy() } else { "FOLDER_OF_TABLE".into() };
        let path = serde_json::Value::from(path);
        let write_table = |import: &str, table: &str| {
            format!("in Python, `{import}; import pyarrow.parquet as pq; pq.write_table({table}, \"current.parquet\")`")
        };
        match self {
            Self::Delta => write_table("import deltalake", &format!("deltalake.DeltaTable({path}).to_pyarrow_table()")),
            Self::Iceberg => write_table(
                "from pyiceberg.catalog import load_catalog",
                "load_catalog(\"CATALOG\").load_table(\"NAMESPACE.TABLE\").scan().to_arrow()",
            ),
            Self::Lance => write_table("import lance", &format!("lance.dataset({path}).to_table()")),
            Self::Hudi => format!("in PySpark, `spark.read.format(\"hudi\").load({path}).write.parquet(\"current\")`"),
            Self::Paimon => "in PySpark, `spark.table(\"CATALOG.DATABASE.TABLE\").write.parquet(\"current\")`".into(),
            Self::SparkStream => format!("in PySpark, `spark.read.parquet({path}).write.parquet(\"current\")`"),
            Self::Databricks => format!("in PySpark on Databricks, `spark.read.parquet({path}).write.parquet(\"current\")`"),
            Self::DuckLake => "in DuckDB, `ATTACH 'ducklake:CATALOG.ducklake' AS lake; COPY lake.TABLE TO 'current.parquet';`".into(),
            Self::HiveAcid => "in Hive, `CREATE TABLE current_rows STORED AS PARQUET TBLPROPERTIES ('transactional' = 'false') AS SELECT * FROM TABLE_NAME;`".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_a_table_that_was_copied_without_its_log() {
        for (name, format) in [
            ("deletion_vector_5f2a.bin", Some(Format::Delta)),
            ("00000-5-2f1ec7d0-9f0c-4d2c-8f1b-2b7d6d6f3a11-00001-deletes.parquet", Some(Format::Iceberg)),
            ("00000-5-deletes.parquet", None),
            ("00000-5-2f1e-deletes.puffin", Some(Format::Iceberg)),
            ("ducklake-0198.parquet", Some(Format::DuckLake)),
            ("cdm.ducklake", Some(Format::DuckLake)),
            ("7d0c4ad2-9f0c-4d2c-8f1b-2b7d6d6f3a11-0_0-1-1_20240101000000000.parquet", Some(Format::Hudi)),
            ("7d0c4ad2-9f0c-0_0-1-1_20240101000000000.parquet", None),
            ("part-00000-7d0c4ad2-c000.snappy.parquet", None),
            ("data_0_20240101000000.parquet", None),
            ("no-deletes.parquet", None),
            ("0.parquet", None),
        ] {
            assert_eq!(of_file(name), format, "{name}");
        }
    }

    #[test]
    fn names_show_folders_of_hive() {
        for name in
            ["delta_0000002_0000002", "delta_0000002_0000002_0000", "delete_delta_0000003_0000003", "base_0000005", "base_0000005_v0000012"]
        {
            assert!(is_hive(name), "{name}");
        }
        for name in ["delta", "delta_1", "delta_0000001", "base", "base_2024", "database_0000001", "0000001"] {
            assert!(!is_hive(name), "{name}");
        }
    }
}
