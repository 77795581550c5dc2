//! The codes, in families with the shape of real MEDS extractions: a few well-known codes first, then a long
//! synthetic tail. They are drawn by Zipf's law.

use rand::Rng;
use rand_distr::{Distribution, weighted::WeightedAliasIndex};

/// The family of a code. It decides the table and the shape of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Lab = 0,
    Vital = 1,
    Drug = 2,
    Diagnosis = 3,
    Procedure = 4,
}

/// The families that rows are drawn from, in the order of [`Family`].
const FAMILIES: usize = 5;

/// Tables of the synthetic source, by index: a row's `omop_table`.
pub(crate) const TABLES: [&str; 8] =
    ["measurement", "drug_exposure", "condition_occurrence", "procedure_occurrence", "visit_occurrence", "note", "person", "death"];

/// One code.
pub(crate) struct Entry {
    pub(crate) code: String,
    pub(crate) description: Option<String>,
    pub(crate) parent: Option<String>,
    /// Index into [`TABLES`].
    pub(crate) table: u8,
    /// Index into [`Vocabulary::units`].
    pub(crate) unit: Option<u8>,
    pub(crate) values: Option<Values>,
}

/// How numeric values of a code are drawn.
#[derive(Clone, Copy)]
pub(crate) struct Values {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    /// 10 to the power of the number of digits after the point.
    pub(crate) precision: f64,
}

/// All codes: first the fixed codes, then one range per family.
pub(crate) struct Vocabulary {
    pub(crate) codes: Vec<Entry>,
    pub(crate) units: Vec<&'static str>,
    draws: Vec<(u32, WeightedAliasIndex<f64>)>,
}

/// The fixed codes, at the start of the vocabulary: (code, description, table).
const FIXED: [(&str, &str, u8); 21] = [
    ("MEDS_BIRTH", "Birth", 6),
    ("MEDS_DEATH", "Death", 7),
    ("GENDER//F", "Female", 6),
    ("GENDER//M", "Male", 6),
    ("RACE//WHITE", "White", 6),
    ("RACE//BLACK", "Black or African American", 6),
    ("RACE//ASIAN", "Asian", 6),
    ("RACE//UNKNOWN", "Race not known", 6),
    ("ETHNICITY//HISPANIC", "Hispanic or Latino", 6),
    ("ETHNICITY//NOT_HISPANIC", "Not Hispanic or Latino", 6),
    ("HOSPITAL_ADMISSION//EW EMER.//EMERGENCY ROOM", "Admission through the emergency room", 4),
    ("HOSPITAL_ADMISSION//ELECTIVE//PHYSICIAN REFERRAL", "Elective admission", 4),
    ("HOSPITAL_ADMISSION//URGENT//TRANSFER FROM HOSPITAL", "Transfer from another hospital", 4),
    ("HOSPITAL_DISCHARGE//HOME", "Discharge to home", 4),
    ("HOSPITAL_DISCHARGE//SKILLED NURSING FACILITY", "Discharge to a skilled nursing facility", 4),
    ("HOSPITAL_DISCHARGE//HOME HEALTH CARE", "Discharge with home health care", 4),
    ("OUTPATIENT_VISIT", "Outpatient visit", 4),
    ("NOTE//Progress note", "Progress note", 5),
    ("NOTE//Discharge summary", "Discharge summary", 5),
    ("NOTE//Radiology report", "Radiology report", 5),
    ("NOTE//Nursing note", "Nursing note", 5),
];

/// Indexes of the fixed codes.
pub(crate) mod fixed {
    pub(crate) const BIRTH: u32 = 0;
    pub(crate) const DEATH: u32 = 1;
    pub(crate) const GENDER: u32 = 2;
    pub(crate) const RACE: u32 = 4;
    pub(crate) const ETHNICITY: u32 = 8;
    pub(crate) const ADMISSION: u32 = 10;
    pub(crate) const DISCHARGE: u32 = 13;
    pub(crate) const OUTPATIENT: u32 = 16;
    pub(crate) const NOTE: u32 = 17;
}

type Measured = (u32, &'static str, &'static str, f64, f64, i32);

const LABS: [Measured; 25] = [
    (50912, "Creatinine", "mg/dL", 1.1, 0.6, 1),
    (50971, "Potassium", "mEq/L", 4.2, 0.5, 1),
    (50983, "Sodium", "mEq/L", 139.0, 4.0, 0),
    (51222, "Hemoglobin", "g/dL", 11.5, 2.0, 1),
    (51301, "White blood cells", "K/uL", 8.5, 3.5, 1),
    (51265, "Platelet count", "K/uL", 230.0, 90.0, 0),
    (51006, "Urea nitrogen", "mg/dL", 22.0, 14.0, 0),
    (50931, "Glucose", "mg/dL", 125.0, 40.0, 0),
    (50902, "Chloride", "mEq/L", 103.0, 5.0, 0),
    (50882, "Bicarbonate", "mEq/L", 25.0, 4.0, 0),
    (50893, "Calcium, total", "mg/dL", 8.8, 0.7, 1),
    (50960, "Magnesium", "mg/dL", 2.0, 0.3, 1),
    (50970, "Phosphate", "mg/dL", 3.5, 1.0, 1),
    (50868, "Anion gap", "mEq/L", 13.0, 3.0, 0),
    (51221, "Hematocrit", "%", 34.0, 6.0, 1),
    (51279, "Red blood cells", "m/uL", 3.9, 0.7, 2),
    (51250, "Mean corpuscular volume", "fL", 90.0, 6.0, 0),
    (51274, "Prothrombin time", "sec", 14.0, 4.0, 1),
    (50813, "Lactate", "mmol/L", 1.8, 1.0, 1),
    (51003, "Troponin T", "ng/mL", 0.05, 0.04, 2),
    (50861, "Alanine aminotransferase", "IU/L", 35.0, 25.0, 0),
    (50878, "Aspartate aminotransferase", "IU/L", 38.0, 26.0, 0),
    (50885, "Bilirubin, total", "mg/dL", 0.9, 0.6, 1),
    (50862, "Albumin", "g/dL", 3.6, 0.6, 1),
    (50852, "Hemoglobin A1c", "%", 6.6, 1.4, 1),
];

const VITALS: [Measured; 9] = [
    (220045, "Heart rate", "bpm", 84.0, 16.0, 0),
    (220179, "Systolic blood pressure", "mmHg", 122.0, 20.0, 0),
    (220180, "Diastolic blood pressure", "mmHg", 68.0, 13.0, 0),
    (220277, "Oxygen saturation", "%", 96.5, 2.0, 0),
    (220210, "Respiratory rate", "insp/min", 18.0, 4.0, 0),
    (223762, "Temperature", "°C", 36.9, 0.5, 1),
    (224639, "Weight", "kg", 79.0, 18.0, 1),
    (226730, "Height", "cm", 170.0, 10.0, 0),
    (223901, "Glasgow coma scale, motor", "points", 5.6, 0.8, 0),
];

const DRUGS: [&str; 15] = [
    "Acetaminophen 325 MG",
    "Metformin 500 MG",
    "Lisinopril 10 MG",
    "Atorvastatin 40 MG",
    "Furosemide 40 MG",
    "Insulin glargine 100 UNT/ML",
    "Heparin 5000 UNT/ML",
    "Aspirin 81 MG",
    "Metoprolol 25 MG",
    "Omeprazole 20 MG",
    "Ceftriaxone 1 G",
    "Vancomycin 1 G",
    "Morphine 2 MG/ML",
    "Ondansetron 4 MG",
    "Sodium chloride 0.9 %",
];

const DIAGNOSES: [(&str, &str); 15] = [
    ("I10", "Essential (primary) hypertension"),
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    ("E78.5", "Hyperlipidemia, unspecified"),
    ("I50.9", "Heart failure, unspecified"),
    ("N18.3", "Chronic kidney disease, stage 3"),
    ("I48.9", "Atrial fibrillation and flutter, unspecified"),
    ("J44.9", "Chronic obstructive pulmonary disease, unspecified"),
    ("K21.9", "Gastro-esophageal reflux disease without esophagitis"),
    ("F32.9", "Depressive episode, unspecified"),
    ("J18.9", "Pneumonia, unspecified organism"),
    ("N39.0", "Urinary tract infection, site not specified"),
    ("N17.9", "Acute kidney failure, unspecified"),
    ("D64.9", "Anemia, unspecified"),
    ("A41.9", "Sepsis, unspecified organism"),
    ("M54.5", "Low back pain"),
];

const STEMS: [&str; 20] = [
    "alu", "bexi", "cardo", "dora", "elin", "fomi", "gluta", "hexa", "inda", "keto", "levo", "meri", "nora", "oxa", "peri", "quina",
    "rami", "sulfa", "tora", "valo",
];
const ENDINGS: [&str; 20] = [
    "bine", "cillin", "dipine", "fenac", "floxacin", "gliptin", "lukast", "mab", "mide", "nazole", "olol", "oprazole", "pam", "pril",
    "profen", "sartan", "setron", "statin", "tidine", "zosin",
];

impl Vocabulary {
    /// A vocabulary of about `size` codes. It depends only on `size`, so that datasets with different seeds
    /// share their codes.
    pub(crate) fn new(size: usize) -> Self {
        let mut units: Vec<&'static str> = Vec::new();
        let mut codes: Vec<Entry> = FIXED
            .iter()
            .map(|&(code, description, table)| Entry {
                code: code.into(),
                description: Some(description.into()),
                parent: None,
                table,
                unit: None,
                values: None,
            })
            .collect();
        // Percentage of codes by family. Rows have other shares: labs and vitals have few codes and many
        // rows.
        let left = size.saturating_sub(codes.len());
        let labs = left * 10 / 100;
        let vitals = (left * 2 / 100).min(12);
        let drugs = left * 28 / 100;
        let procedures = left * 15 / 100;
        let counts = [labs, vitals, drugs, left - labs - vitals - drugs - procedures, procedures];
        let mut draws = Vec::with_capacity(FAMILIES);
        for (family, count) in [Family::Lab, Family::Vital, Family::Drug, Family::Diagnosis, Family::Procedure].into_iter().zip(counts) {
            let first = codes.len() as u32;
            let count = count.max(1);
            codes.extend((0..count).map(|rank| entry(family, rank, &mut units)));
            let weights = (0..count).map(|rank| 1.0 / (rank as f64 + 2.7)).collect();
            if let Ok(draw) = WeightedAliasIndex::new(weights) {
                draws.push((first, draw));
            }
        }
        Self { codes, units, draws }
    }

    /// Draws a code of the family by frequency.
    pub(crate) fn draw(&self, family: Family, random: &mut impl Rng) -> u32 {
        let (first, draw) = &self.draws[family as usize];
        first + draw.sample(random) as u32
    }
}

fn unit(units: &mut Vec<&'static str>, name: &'static str) -> u8 {
    match units.iter().position(|&known| known == name) {
        Some(index) => index as u8,
        None => {
            units.push(name);
            (units.len() - 1) as u8
        }
    }
}

/// The code of a family at a rank: a known one, or a synthetic one whose name depends on the rank.
fn entry(family: Family, rank: usize, units: &mut Vec<&'static str>) -> Entry {
    match family {
        Family::Lab => measured("LAB", LABS.get(rank), 52_000, rank, units),
        Family::Vital => measured("VITAL", VITALS.get(rank), 228_000, rank, units),
        Family::Drug => {
            let name = DRUGS.get(rank).map_or_else(|| made_up_drug(rank), |name| (*name).to_string());
            plain(format!("MEDICATION//{name}//Administered"), Some(format!("{name}, administered")), None, 1)
        }
        Family::Diagnosis => {
            let (code, description) = match DIAGNOSES.get(rank) {
                Some(&(code, description)) => (code.to_string(), description.to_string()),
                // A letter, two digits, a point, at least two digits: unique, and different from the known
                // codes with one digit.
                None => {
                    let letter = char::from(b'A' + (rank % 26) as u8);
                    let (block, rest) = (rank / 26 % 100, rank / 2_600);
                    let code = format!("{letter}{block:02}.{rest:02}");
                    let description = format!("Synthetic condition {code}");
                    (code, description)
                }
            };
            let parent = code.split('.').next().map(|block| format!("ICD10CM//{block}"));
            plain(format!("ICD10CM//{code}"), Some(description), parent, 2)
        }
        // Without a description, like codes that real codes.parquet files do not contain.
        Family::Procedure => plain(format!("ICD10PCS//0{rank:05}Z"), None, None, 3),
    }
}

fn plain(code: String, description: Option<String>, parent: Option<String>, table: u8) -> Entry {
    Entry { code, description, parent, table, unit: None, values: None }
}

fn measured(prefix: &str, known: Option<&Measured>, base: u32, rank: usize, units: &mut Vec<&'static str>) -> Entry {
    const MADE_UP: [(&str, f64, f64, i32); 5] =
        [("mg/dL", 40.0, 20.0, 1), ("ng/mL", 3.0, 2.0, 2), ("IU/L", 80.0, 40.0, 0), ("%", 50.0, 15.0, 1), ("U/mL", 12.0, 6.0, 1)];
    let (id, name, unit_name, mean, deviation, digits) = match known {
        Some(&(id, name, unit, mean, deviation, digits)) => (id, name.to_string(), unit, mean, deviation, digits),
        None => {
            let (unit, mean, deviation, digits) = MADE_UP[rank % MADE_UP.len()];
            let id = base + rank as u32;
            (id, format!("Synthetic measurement {id}"), unit, mean, deviation, digits)
        }
    };
    Entry {
        code: format!("{prefix}//{id}//{unit_name}"),
        description: Some(name),
        parent: None,
        table: 0,
        unit: Some(unit(units, unit_name)),
        values: Some(Values { mean, deviation, precision: 10f64.powi(digits) }),
    }
}

fn made_up_drug(rank: usize) -> String {
    let (stem, rest) = (STEMS[rank % 20], rank / 20);
    let (ending, rest) = (ENDINGS[rest % 20], rest / 20);
    let mut name = format!("{stem}{ending}");
    name[..1].make_ascii_uppercase();
    format!("{name} {} MG", (rest + 1) * 5)
}
