//! Detects a folder `data` that contains another dataset, or intermediate files of an ETL.

use std::collections::HashSet;

/// Folders of intermediate files of ETLs (MEDS-Extract, MEDS-Transforms, meds_etl). Their rows are not final,
/// or are also in the dataset.
const STAGES: [&str; 9] = [
    "shard_events",
    "split_and_shard_subjects",
    "convert_to_sharded_events",
    "convert_to_subject_sharded",
    "convert_to_MEDS_events",
    "merge_to_MEDS_cohort",
    "extract_code_metadata",
    "finalize_MEDS_metadata",
    "unsorted_data",
];

/// What is wrong with a folder `data` whose Parquet files belong to another dataset in it, or to a stage of
/// an ETL; `None` if nothing is.
pub fn stage<'a>(events: impl Iterator<Item = &'a str> + Clone, others: impl Iterator<Item = &'a str>) -> Option<String> {
    let above = |name: &'a str, inner: &str| name.split_once(inner).map(|(above, _)| above);
    let metadata: HashSet<_> = events.clone().chain(others).filter_map(|name| above(name, "/metadata/")).collect();
    if let Some(dataset) = events.clone().filter_map(|name| above(name, "/data/")).find(|above| metadata.contains(above)) {
        return Some(format!("its folder {dataset} is a MEDS dataset of its own (data/ and metadata/). Use that folder as the source."));
    }
    let found = events.clone().find_map(|name| name.rsplit_once('/')?.0.split('/').find(|folder| STAGES.contains(folder)))?;
    Some(format!(
        "its folder {found} is an intermediate stage of an ETL, not a part of the dataset. Use the folder that the finished ETL wrote, or move the stage out of data/."
    ))
}

#[cfg(test)]
mod tests {
    use super::stage;

    fn of(events: &[&str], others: &[&str]) -> Option<String> {
        stage(events.iter().copied(), others.iter().copied())
    }

    #[test]
    fn a_dataset_or_a_stage_below_data_is_named() {
        let dataset = of(&["MEDS_output/data/train/0.parquet"], &["MEDS_output/metadata/dataset.json", "raw/a.csv"]);
        assert!(dataset.is_some_and(|message| message.starts_with("its folder MEDS_output is a MEDS dataset")));
        let stage = of(&["0.parquet", "out/merge_to_MEDS_cohort/train/0.parquet"], &[]);
        assert!(stage.is_some_and(|message| message.starts_with("its folder merge_to_MEDS_cohort is an intermediate stage")));
    }

    #[test]
    fn folders_of_shards_and_hidden_snapshots_are_neither() {
        let snapshot = [".snapshot/m/data/0.parquet", ".snapshot/m/metadata/codes.parquet"];
        assert_eq!(of(&["train/0.parquet", "held_out/data/0.parquet", "metadata/0.parquet"], &snapshot), None);
    }
}
