//! The source in the order of the store: unchanged, or as a sorted copy.

use crate::options::Options;
use crate::plan::static_rows::moved_note;
use crate::plan::survey::{Survey, survey, truncated};
use crate::source::column::{Column, Columns};
use crate::source::files::Source;
use crate::source::group::{Group, groups, total_rows};
use crate::source::spill::Spill;
use crate::write::sort::Sorter;
use meds_store::manifest::Note;
use meds_store::progress::Phase;
use meds_store::{Code, Error, Progress, Result};
use std::path::Path;

/// A source whose rows are in the order of the store.
pub struct Ordered {
    /// A sorted copy, on disk as long as this value lives; `None` if the source itself is in order.
    sorted: Option<(Source, Spill)>,
    /// Its columns.
    pub columns: Columns,
    /// Its row groups.
    pub groups: Vec<Group>,
    /// Its patients.
    pub survey: Survey,
}

impl Ordered {
    /// A source that is known to be in order.
    pub fn known(source: &Source, columns: Columns, survey: Survey) -> Self {
        Self { sorted: None, columns, groups: groups(source), survey }
    }

    /// Checks the order of a source, and sorts it into the work folder if necessary.
    pub fn open(
        source: &Source,
        columns: Columns,
        options: &Options,
        work: &Path,
        notes: &mut Vec<Note>,
        progress: &Progress,
    ) -> Result<Self> {
        let groups = groups(source);
        progress.enter(Phase::Measure, total_rows(&groups), source.bytes());
        let repair = match survey(source, &columns, &groups, progress)? {
            Ok(survey) if survey.late_statics == 0 => return Ok(Self { sorted: None, columns, groups, survey }),
            Ok(survey) => {
                notes.extend(moved_note(survey.late_statics));
                false
            }
            Err(_) if options.repair => true,
            Err(disorder) => return Err(disorder.0),
        };
        let (memory, temp) = (options.memory, options.temp.as_deref());
        let truncated = truncated(source, &columns, &groups)?;
        let sorter = Sorter { source, columns: &columns, groups: &groups, memory, temp, progress };
        let mut sorted = sorter.sort(work, repair, notes)?;
        sorted.source.copy_of = Some(options.source.clone());
        let groups = self::groups(&sorted.source);
        let survey = survey(&sorted.source, &sorted.columns, &groups, progress)?;
        let survey = survey.map_err(|d| Error::new(Code::Internal, format!("the sorted rows are not sorted: {}", d.0)))?;
        // Types and truncated times describe the source, not its sorted copy.
        let survey = Survey { truncated, ..survey };
        let list = sorted.columns.list.into_iter().zip(columns.list).map(|(s, c)| Column { source_type: c.source_type, ..s }).collect();
        let columns = Columns { list, subjects: sorted.columns.subjects };
        Ok(Self { sorted: Some((sorted.source, sorted.spill)), columns, groups, survey })
    }

    /// The files to read: those of the sorted copy, or of `original`.
    pub fn source<'a>(&'a self, original: &'a Source) -> &'a Source {
        self.sorted.as_ref().map_or(original, |(source, _)| source)
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        total_rows(&self.groups)
    }

    /// The subject of each patient.
    pub fn ids(&self) -> Vec<i64> {
        self.survey.patients.iter().map(|patient| patient.id).collect()
    }
}
