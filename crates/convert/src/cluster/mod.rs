//! A conversion in steps, which any number of machines with one file system can take. Each step is a function of
//! the source and of the files that other steps have left in a work folder, so it can run anywhere, in any order
//! within its kind, and any number of times. The store has the bytes that one machine makes.
//!
//! `plan` names the parts. Each part then takes `survey`, `measure` and `write`. Between them, one machine takes
//! `join` (which patients are there?) and `settle` (where does each value go?). `finish` publishes the store.

mod finish;
mod measure;
mod plan;
mod stage;
mod step;
mod survey;
mod write;

pub use finish::{Cancelled, cancel, finish};
pub use measure::{Measured, Settled, measure, settle};
pub use plan::{PlanOptions, Planned, plan};
pub use step::StepOptions;
pub use survey::{Joined, Surveyed, join, survey};
pub use write::{Wrote, write};
