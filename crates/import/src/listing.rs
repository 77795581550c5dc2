//! Finds from the names of its files what an archive contains: MEDS, a database of `meds_reader`, or OMOP
//! tables.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The tables of the OMOP CDM that are read: those of `src/sources/omop/tables.ts`.
const TABLES: [&str; 16] = [
    "person",
    "drug_exposure",
    "visit_occurrence",
    "condition_occurrence",
    "death",
    "procedure_occurrence",
    "device_exposure",
    "measurement",
    "observation",
    "note",
    "visit_detail",
    "concept",
    "concept_relationship",
    "concept_ancestor",
    "cdm_source",
    "observation_period",
];

/// The other tables of the OMOP CDM: in a folder named `data` they are not MEDS.
const OTHER_TABLES: [&str; 23] = [
    "care_site",
    "cohort",
    "cohort_definition",
    "concept_class",
    "concept_synonym",
    "condition_era",
    "cost",
    "domain",
    "dose_era",
    "drug_era",
    "drug_strength",
    "episode",
    "episode_event",
    "fact_relationship",
    "location",
    "metadata",
    "note_nlp",
    "payer_plan_period",
    "provider",
    "relationship",
    "source_to_concept_map",
    "specimen",
    "vocabulary",
];

/// The metadata files of MEDS.
const METADATA: [&str; 4] = ["dataset.json", "codes.parquet", "subject_splits.parquet", "patient_splits.parquet"];

/// How the names of tables' files end.
const FORMS: [&str; 3] = [".csv", ".csv.gz", ".parquet"];

/// The content of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// MEDS, or a database of `meds_reader`.
    Dataset,
    /// OMOP tables.
    Tables,
}

/// The names of the files of an archive, as far as they were read.
#[derive(Debug, Default)]
pub struct Listing {
    /// By folder: does it contain the table `person`, and does it contain another OMOP table.
    tables: HashMap<PathBuf, (bool, bool)>,
    /// Folders that contain a folder `metadata`.
    described: HashSet<PathBuf>,
}

impl Listing {
    /// Adds the name of a file. Returns the content where this name decides it.
    pub fn add(&mut self, name: &Path) -> Option<Content> {
        let file = name.file_name()?.to_string_lossy().into_owned();
        if file.starts_with("meds_reader.") || file == "zdict" {
            return Some(Content::Dataset);
        }
        if file.to_lowercase().ends_with(".duckdb") {
            return Some(Content::Tables);
        }
        for folder in name.ancestors().skip(1).filter(|folder| folder.ends_with("metadata")) {
            let above = folder.parent().unwrap_or(Path::new(""));
            if name.parent() == Some(folder) && METADATA.contains(&&*file) {
                return Some(Content::Dataset);
            }
            self.described.insert(above.to_path_buf());
        }
        let table = table(name);
        if file.ends_with(".parquet") {
            let mut data = name.ancestors().skip(1).filter(|folder| folder.ends_with("data")).map(|folder| folder.parent());
            // A folder of tables may be named data.
            if data.any(|above| table.is_none() || above.is_some_and(|above| self.described.contains(above))) {
                return Some(Content::Dataset);
            }
        }
        let (folder, table) = table?;
        if !TABLES.contains(&table) {
            return None;
        }
        let (person, other) = self.tables.entry(folder).or_default();
        *(if table == "person" { &mut *person } else { &mut *other }) = true;
        // One table alone does not decide: a dataset may have a person.csv beside it.
        (*person && *other).then_some(Content::Tables)
    }

    /// The content if no name decided it. Every OMOP source has the table `person`.
    pub fn content(&self) -> Option<Content> {
        self.tables.values().any(|(person, _)| *person).then_some(Content::Tables)
    }
}

/// The OMOP table that an entry of a folder belongs to by its name: `person.csv`, `person_0.csv`, or a folder
/// `person`.
pub fn table_named(name: &str, is_folder: bool) -> Option<&'static str> {
    let name = name.to_lowercase();
    let stem = FORMS.iter().find_map(|form| name.strip_suffix(form));
    if is_folder {
        return TABLES.into_iter().find(|table| *table == stem.unwrap_or(&name));
    }
    let stem = stem?;
    TABLES.into_iter().find(|table| stem.strip_prefix(table).is_some_and(|rest| rest.is_empty() || is_part(rest)))
}

/// The OMOP table of a file, and the folder that contains the table. A table is a file `person.csv` or
/// `person_0.csv`, or the files in a folder `person`. `src/sources/omop/files.ts` has the same rule.
fn table(name: &Path) -> Option<(PathBuf, &'static str)> {
    let file = name.file_name()?.to_string_lossy().to_lowercase();
    let stem = FORMS.iter().find_map(|form| file.strip_suffix(form))?;
    let tables = || TABLES.into_iter().chain(OTHER_TABLES);
    // The highest folder decides: files in the folder of a table may have any name.
    let folders = name.ancestors().skip(1).filter_map(|folder| {
        let own = folder.file_name()?.to_string_lossy().to_lowercase();
        Some((folder.parent()?.to_path_buf(), TABLES.into_iter().find(|table| *table == own)?))
    });
    if let Some(found) = folders.last() {
        return Some(found);
    }
    let is_of = |table: &str| stem.strip_prefix(table).is_some_and(|rest| rest.is_empty() || is_part(rest));
    Some((name.parent()?.to_path_buf(), tables().find(|table| is_of(table))?))
}

/// Is it the suffix of a part of a table, after its name: `_0`, `000000000012`, `-part-00001-of-00004`,
/// `_0_1_0`?
fn is_part(rest: &str) -> bool {
    const SEPARATORS: [char; 3] = ['-', '_', '.'];
    let separated = |text| str::strip_prefix(text, SEPARATORS).unwrap_or(text);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = separated(rest);
    let rest = rest.strip_prefix("part").map_or(rest, separated);
    let mut parts = rest.split(SEPARATORS);
    let mut whole = parts.next().is_some_and(is_number);
    while let Some(part) = parts.next() {
        whole &= is_number(part) || (part == "of" && parts.next().is_some_and(is_number));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content, and how many names it took.
    fn read(names: &[&str]) -> (Option<Content>, usize) {
        let mut listing = Listing::default();
        for (at, name) in names.iter().enumerate() {
            if let Some(content) = listing.add(Path::new(name)) {
                return (Some(content), at + 1);
            }
        }
        (listing.content(), names.len())
    }

    #[test]
    fn names_of_meds_decide_before_names_that_only_begin_as_a_table_does() {
        for (names, count) in [
            (&["metadata/person_mapping.parquet", "person_ids.csv", "data/0.parquet", "data/1.parquet"][..], 3),
            (&["m/person.csv", "m/data/train/0.parquet"], 2),
            (&["m/metadata/person.parquet", "m/metadata/note.parquet.txt", "m/data/person.parquet"], 3),
            (&["m/metadata/codes.parquet", "m/data/person.parquet"], 1),
            (&["lookup/concept.csv", "m/data/0.parquet"], 2),
            (&["m/code/data", "m/code/zdict", "m/person.csv"], 2),
            (&["m/meds_reader.version"], 1),
        ] {
            assert_eq!(read(names), (Some(Content::Dataset), count), "{names:?}");
        }
    }

    #[test]
    fn tables_are_those_of_one_folder() {
        for (names, count) in [
            (&["omop/care_site.csv", "omop/death.csv", "omop/person.csv", "omop/visit_detail.csv"][..], 3),
            (&["DEATH.CSV.GZ", "PERSON.CSV.GZ"], 2),
            (&["data/care_site.parquet", "data/death.parquet", "data/person.parquet"], 3),
            (&["person/0.parquet", "person/1.parquet", "note/a.parquet"], 3),
            (&["data/person/part-0.parquet", "data/death/part-0.parquet"], 2),
            (&["death000000000000.csv", "person-part-00001-of-00004.csv"], 2),
            (&["readme.txt", "cdm.duckdb"], 2),
            (&["a/person.csv", "b/death.csv"], 2),
            (&["data/person.parquet"], 1),
        ] {
            assert_eq!(read(names), (Some(Content::Tables), count), "{names:?}");
        }
        for names in [&["a/readme.txt", "death.csv"][..], &["person_ids.csv", "persons.parquet", "person.txt"]] {
            assert_eq!(read(names), (None, names.len()), "{names:?}");
        }
    }

    #[test]
    fn a_part_has_a_number() {
        for rest in ["_0", "000000000012", "-part-00001-of-00004", "_0_1_0", ".part.3", "part3"] {
            assert!(is_part(rest), "{rest}");
        }
        for rest in ["_ids", "_mapping", "s", "_", "_0_", "_0_of", "-of-2", "_1a"] {
            assert!(!is_part(rest), "{rest}");
        }
    }
}
