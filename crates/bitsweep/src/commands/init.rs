//! `bitsweep init`

use super::{foreseen, print, say_notes};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::registry::{Found, of_table};
use crate::template::Wish;
use bitsweep_experiment::config::Diagnostic;

pub(super) fn init(wish: &Wish<'_>, overrides: &[String], verbosity: Verbosity) -> Result<(), Failure> {
    let Found { name, document, assumed, .. } = of_table(wish, overrides)?;
    say_notes(&name, &assumed, verbosity);
    let plan = Plan::new(&name, &document)?;
    if let Some(change) = plan.changes.first() {
        let message = format!("`{change}` is no key of the table");
        return Err(Diagnostic::new(message).help("change it in the file, or give it to `run`").into());
    }
    // What keeps it from being run is an error here, too.
    foreseen(&plan, verbosity)?;
    print(&plan.source)
}
