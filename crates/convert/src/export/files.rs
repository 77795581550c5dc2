//! Assigns patients to the Parquet files of an export, and splits to folders.

use crate::source::digest::hex;
use crate::source::store::Lot;
use meds_store::manifest::Note;
use meds_store::read::{Array, Patients};
use meds_store::{Result, Store};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};

/// A lot that can take more patients, and its rows so far.
#[derive(Clone, Copy)]
struct Open {
    lot: usize,
    rows: u64,
}

/// Lots of at most `rows` rows, or of one patient. Each split has its own lots, with subjects ascending in
/// each lot. The patients of a lot are close to each other in the store, because a store may be larger than
/// memory. Subjects need not ascend from lot to lot.
pub fn lots(store: &Store, rows: u64, notes: &mut Vec<Note>) -> Result<Vec<Lot>> {
    let about = Patients::of(store.patients()).map_err(|found| store.patients().corrupt(&found))?;
    let names = about.split.and_then(|split| split.dictionary()).map(names).unwrap_or_default();
    let folders = folders(&names);
    let manifest = store.manifest();
    let each = manifest.shards.iter().map(|shard| shard.file.bytes).sum::<u64>() / manifest.counts.events.max(1);
    let mut lots: Vec<Lot> = Vec::new();
    let mut open: HashMap<Option<usize>, Open> = HashMap::new();
    let mut numbers: HashMap<Option<usize>, u64> = HashMap::new();
    for of in (0..manifest.shards.len()).flat_map(|shard| store.patient_rows(shard).iter().copied()) {
        let at = of as usize;
        let split = about.split.filter(|split| split.valid(at)).map(|split| split.index(at) as usize);
        let events = u64::from(about.events.u32(at));
        let fits = open.get(&split).copied().filter(|open| open.rows + events <= rows);
        let place = fits.unwrap_or_else(|| {
            let number = numbers.entry(split).or_default();
            let name = split.map_or_else(|| format!("{number}.parquet"), |split| format!("{}/{number}.parquet", folders[split]));
            *number += 1;
            lots.push(Lot { path: store.root().to_path_buf(), name, bytes: 0, patients: Vec::new() });
            Open { lot: lots.len() - 1, rows: 0 }
        });
        lots[place.lot].patients.push(of);
        lots[place.lot].bytes += events * each;
        open.insert(split, Open { rows: place.rows + events, ..place });
    }
    // The rows of patients.arrow ascend by subject.
    lots.iter_mut().for_each(|lot| lot.patients.sort_unstable());

    for split in (0..names.len()).filter(|split| folders[*split] != names[*split] && numbers.contains_key(&Some(*split))) {
        let (name, folder) = (&names[split], &folders[split]);
        let message = format!(
            "files of split {name:?}: they are in data/{folder}, because the name is not safe for a folder; metadata/subject_splits.parquet still contains it"
        );
        notes.push(Note { kind: "converted".into(), message, count: numbers[&Some(split)] });
    }
    if numbers.len() > 1 && numbers.contains_key(&None) {
        let count = (0..about.ids.len()).filter(|at| about.split.is_some_and(|split| !split.valid(*at))).count() as u64;
        let message = "subjects in no split: their rows are in data/*.parquet, outside the folders of the splits";
        notes.push(Note { kind: "warning".into(), message: message.into(), count });
    }
    Ok(lots)
}

fn names(of: Array) -> Vec<String> {
    let name = |at| of.slice(at).map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
    (0..of.len()).map(name).collect()
}

/// A folder for each split: its name, or a safe name derived from it. Names that differ only by capitals also
/// get derived names.
fn folders(names: &[String]) -> Vec<String> {
    let mut folders = vec![String::new(); names.len()];
    let mut taken = BTreeSet::new();
    // Names that need no change come first, lower-case names before others, so that no derived name collides
    // with them.
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| (!does(&names[*at]), names[*at].to_lowercase() != names[*at], &names[*at]));
    for at in order {
        let name = &names[at];
        let hash = hex(&Sha256::digest(name));
        let own = does(name).then(|| name.clone());
        let made = [8, 16, 32].map(|digits| format!("{}-{}", cleaned(name), &hash[..digits]));
        let folder = own.into_iter().chain(made).find(|folder| taken.insert(folder.to_lowercase()));
        folders[at] = folder.unwrap_or(hash);
    }
    folders
}

/// Characters that separate folders, that some systems refuse in names, or that readers interpret as a
/// pattern or as COLUMN=VALUE.
fn odd(c: char) -> bool {
    c.is_control() || "/\\:*?\"<>|[]{}=".contains(c)
}

/// First characters that readers skip, that a shell expands, or that a system cuts off.
const ENDS: [char; 4] = ['.', '_', '~', ' '];

/// Whether every system and every reader accepts a name as the name of one folder.
fn does(name: &str) -> bool {
    let lower = name.to_lowercase();
    let reserved = ["con", "prn", "aux", "nul"].contains(&lower.as_str()) || lower.ends_with(".parquet");
    !name.is_empty() && name.len() <= 100 && !name.starts_with(ENDS) && !name.ends_with(['.', ' ']) && !name.contains(odd) && !reserved
}

fn cleaned(name: &str) -> String {
    let cleaned: String = name.chars().map(|c| if odd(c) { '_' } else { c }).collect();
    let cleaned: String = cleaned.trim_matches(ENDS).chars().take(40).collect();
    if cleaned.is_empty() { "split".into() } else { cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<String> {
        folders(&names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn a_name_that_every_system_takes_is_the_folder() {
        let names = ["train", "held_out", "fold 1", "fold-0", "Ämter", "2024.1", "a%b"];
        assert_eq!(of(&names), names);
    }

    #[test]
    fn a_name_that_is_a_path_a_pattern_or_hidden_is_not() {
        let long = "x".repeat(300);
        let names = ["", ".", "..", "../../out", "a/b", "a\\b", "_x", ".x", "a*", "k=v", "nul", "0.parquet", "a.", " a", "a\nb", &long];
        for (name, folder) in names.iter().zip(of(&names)) {
            assert!(does(&folder) && folder.len() < 60, "{name:?}: {folder:?}");
        }
        assert_eq!(of(&["a/b"]), [format!("a_b-{}", &hex(&Sha256::digest("a/b"))[..8])]);
    }

    #[test]
    fn no_two_splits_share_a_folder_on_any_system() {
        let made = of(&["a/b"]).remove(0);
        let names = ["Train", "TRAIN", "train", "a/b", "a_b", "a*b", &made, ".", ".."];
        let found = of(&names);
        let lower: BTreeSet<String> = found.iter().map(|folder| folder.to_lowercase()).collect();
        assert_eq!(lower.len(), names.len(), "{found:?}");
        assert_eq!((found[2].as_str(), found[6].as_str()), ("train", made.as_str()));
    }
}
