//! Text values: short texts that repeat, and unique notes.

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// Results in words, and directions for drugs.
pub(crate) const SHORT: [&str; 12] = [
    "NEG",
    "POS",
    "NORMAL",
    "ABNORMAL",
    "TRACE",
    "HEMOLYZED",
    "___",
    ">60",
    "PO twice daily",
    "PO daily",
    "IV every 8 hours",
    "as needed for pain",
];
/// The number of short texts for laboratory results. The rest are directions.
pub(crate) const RESULTS: u8 = 8;

const SENTENCES: [&str; 16] = [
    "Patient seen and examined at the bedside.",
    "No acute events overnight.",
    "Denies chest pain, dyspnea, fever or chills.",
    "Lungs are clear to auscultation on both sides.",
    "Abdomen soft, not tender, not distended.",
    "Continue current medication and monitor renal function.",
    "Blood pressure is well controlled on the present regimen.",
    "Repeat laboratory tests tomorrow morning.",
    "No evidence of acute cardiopulmonary process.",
    "The family was updated and agrees with the plan.",
    "Alert and oriented to person, place and time.",
    "Wound is clean, dry and intact.",
    "Follow up with primary care in two weeks.",
    "Tolerating a regular diet.\nAmbulating with assistance.",
    "Temperature up to 38.2 °C; cultures sent.",
    "Impression: stable, improving.",
];

/// Writes a note: 3 to 40 sentences, most often few, and a number that makes it unique.
pub(crate) fn note(seed: u64, into: &mut String) {
    use std::fmt::Write;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let sentences = 3 + random.random_range(0..6) * random.random_range(0..8);
    // Writing to a String cannot fail.
    let _ = write!(into, "[{seed:016x}]");
    for _ in 0..sentences {
        into.push(' ');
        into.push_str(SENTENCES[random.random_range(0..SENTENCES.len())]);
    }
}
