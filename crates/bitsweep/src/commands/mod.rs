//! The verbs of the command line. Data goes to stdout, everything else to stderr.

mod bench;
mod check;
mod claim;
mod clean;
mod completions;
mod describe;
mod device_table;
mod diff;
mod earlier_results;
mod export;
mod export_table;
mod failures;
mod fit;
mod formats;
mod history;
mod init;
mod inspect;
mod json;
mod list;
mod man;
mod merge;
mod packed_rows;
mod plan;
mod predict;
mod request;
mod run;
mod settings;
mod status;
mod submit;
mod table;
mod validate;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use bitsweep_exchange::FileFormat;
use bitsweep_results::numbers::{count, counted};
use bitsweep_results::text::{self, one_line};

use crate::cli::{BenchCommand, Cli, Command, Engine, Request};
use crate::export::check as check_export;
use crate::failure::Failure;
use crate::foresight::{Foreseen, foresee, sentences};
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::record::check_expectations;
use crate::reference;
use crate::registry::{self, Found, is_model};
pub use crate::streams::report_failure;
use crate::streams::{print, print_clap, print_data, print_lines, print_page, say};
use crate::template::Wish;
use crate::unit_store::Again;
use bitsweep_experiment::config::{self, Diagnostic};

/// Does what the command line asks.
///
/// # Errors
/// Whatever keeps it from being done.
pub fn execute(cli: &Cli) -> Result<(), Failure> {
    let verbosity = match (cli.quiet, cli.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Verbose,
        (false, _) => Verbosity::Detailed,
    };
    let result = match &cli.command {
        Command::List { json } => list::list(*json),
        Command::Describe { experiment, full, json } => describe::describe(experiment, *full, *json),
        Command::Plan { experiment, json } => plan::plan(experiment, *json, verbosity),
        Command::Run { experiment, out, name, store, again, shard, frozen, jobs, json } => {
            let options = run::Options {
                out,
                name: name.as_deref(),
                store: store.store.as_deref(),
                again: again.what(),
                most_failures: again.most_failures(),
                shard: *shard,
                frozen: frozen.as_deref(),
                jobs: *jobs,
                bench: None,
                json: *json,
                verbosity,
            };
            run::run(experiment, &options)
        }
        Command::Report { experiment, out, name, store, bench, json } => {
            let options = run::Options {
                out,
                name: name.as_deref(),
                store: store.store.as_deref(),
                again: Again::Nothing,
                most_failures: None,
                shard: None,
                frozen: None,
                jobs: None,
                bench: bench.as_deref(),
                json: *json,
                verbosity,
            };
            run::report(experiment, &options)
        }
        Command::Init { file, target, given, choice, set } => {
            let given = given.as_deref();
            init::init(&Wish { file, target, given, model: choice.model, bits: &choice.bits }, set, verbosity)
        }
        Command::Submit { experiment, engine: Engine::Slurm, array, slurm, dry_run, store } => {
            let options = submit::Options {
                tasks: usize::from(*array),
                partition: slurm.partition.as_deref(),
                time: slurm.time.as_deref(),
                mem: slurm.mem.as_deref(),
                others: &slurm.others,
                is_dry: *dry_run,
                store: &store.folder(),
                verbosity,
            };
            submit::submit(experiment, &options)
        }
        Command::Status { experiment, store, json } => {
            status::status(experiment, &store.folder(), *json, verbosity)
        }
        Command::Merge { stores, store } => merge::merge(stores, &store.folder(), verbosity),
        Command::Clean { folders, store, yes } => clean::clean(folders, &store.folder(), *yes),
        Command::History { name, store, json } => history::history(name, &store.folder(), *json),
        Command::Export { experiment, pick, variant, unit, formats, results, store, out } => {
            let store = store.store.as_deref();
            let (variant, unit) = (variant.as_deref(), unit.as_deref());
            let pick = pick.map(Into::into);
            let options = export::Options { pick, variant, unit, formats, results, store, out, verbosity };
            export::export(experiment, &options)
        }
        Command::Fit { experiment, device, flash_bytes, ram_bytes, results, store, json } => {
            let options = fit::Options {
                device: *device,
                flash_bytes: *flash_bytes,
                ram_bytes: *ram_bytes,
                results,
                store: store.store.as_deref(),
                json: *json,
                verbosity,
            };
            fit::fit(experiment, &options)
        }
        Command::Bench { of: Some(BenchCommand::Kernels { words, side, out, json }), .. } => {
            bench::kernels(words, usize::from(*side), out, *json, verbosity)
        }
        Command::Bench { of: None, experiment, pick, largest_width, results, store, out, json } => {
            let options = bench::Options {
                pick: pick.map(Into::into),
                largest_width: usize::from(*largest_width),
                results,
                store: store.store.as_deref(),
                out,
                json: *json,
                verbosity,
            };
            bench::bench(experiment, &options)
        }
        Command::ExportTable { name, format, table, results, out } => {
            export_table::export_table(name, *format, table, results, out.as_deref())
        }
        Command::Diff { before, after, results, store, format } => {
            diff::diff([before, after], results, store.store.as_deref(), *format)
        }
        Command::Check { name, baseline, out, margin, store } => {
            let store = store.store.as_deref();
            check::check(&check::Options { name, baseline, out, margin: *margin, store, verbosity })
        }
        Command::Predict { file, csv } => predict::predict(file, csv),
        Command::Verify { file, csv, target } => verify::verify(file, csv, target),
        Command::Inspect { file, json } => inspect::inspect(file, *json),
        Command::Validate { experiments } => validate::validate(experiments, verbosity),
        Command::Formats => formats::formats(),
        Command::Combinations => print(&reference::combinations()),
        Command::Completions { shell } => completions::completions(*shell),
        Command::Man { out } => man::man(out.as_deref()),
        Command::Reference { key: None } => print(&reference::page()),
        Command::Reference { key: Some(key) } => print(&reference::part(key)?),
        Command::Schema => print_json(&config::schema()),
    };
    let is_of_model = match &cli.command {
        Command::Describe { experiment, .. }
        | Command::Plan { experiment, .. }
        | Command::Export { experiment, .. }
        | Command::Fit { experiment, .. }
        | Command::Bench { of: None, experiment, .. }
        | Command::Report { experiment, .. }
        | Command::Submit { experiment, .. }
        | Command::Status { experiment, .. }
        | Command::Run { experiment, .. } => experiment.csv.as_ref().map(|_| experiment.experiment.is_some()),
        Command::Init { given, .. } => Some(given.is_some()),
        _ => None,
    };
    result.map_err(|failure| match is_of_model {
        Some(is_of_model) => on_the_command_line(failure, is_of_model),
        None => failure,
    })
}

/// The experiment that a user asks for.
fn found(request: &Request) -> Result<Found, Failure> {
    Ok(match (&request.experiment, wish(request)) {
        (Some(_), None) if !request.choice.bits.is_empty() => {
            let message = "`--bits` goes with a table or a model, and an experiment has its own";
            return Err(Diagnostic::new(message)
                .help("`--set 'quantize.weights.bits=[8, 4]'` changes them")
                .into());
        }
        (Some(experiment), None) => registry::find(experiment, &request.set)?,
        (Some(experiment), Some(_)) if !is_model(experiment) => {
            let path = Path::new(experiment);
            if path.is_file() && path.extension().is_none_or(|extension| extension != "toml") {
                FileFormat::of(path).map_err(|error| Diagnostic::new(error.to_string()))?;
            }
            let message = format!("`{experiment}` has its own data, expected no `--csv` beside it");
            let help = "the path of a model ends in .onnx, .safetensors or .npz";
            return Err(Diagnostic::new(message).help(help).into());
        }
        (_, Some(wish)) => registry::of_table(&wish, &request.set)?,
        (None, None) => {
            return Err(Failure::Other("neither an experiment nor a table is named".to_owned()));
        }
    })
}

/// The table that a user asks for.
fn wish(request: &Request) -> Option<Wish<'_>> {
    let Request { csv, target, choice, .. } = request;
    let given = request.experiment.as_deref().map(Path::new);
    Some(Wish {
        file: csv.as_ref()?,
        target: target.as_ref()?,
        given,
        model: choice.model,
        bits: &choice.bits,
    })
}

/// Says how the keys that an error speaks of are set where no file has them.
fn on_the_command_line(failure: Failure, is_of_model: bool) -> Failure {
    let help = match is_of_model {
        true => {
            "a key of the model is set by `--set 'model.file.KEY=VALUE'`, one of the table by `--set 'data.source.csv.KEY=VALUE'`"
        }
        false => "a key of the table is set by `--set 'data.source.csv.KEY=VALUE'`",
    };
    match failure {
        Failure::Configuration(diagnostic) => diagnostic.or_help(help).into(),
        other => other,
    }
}

/// Says what the command line is answered with where there is nothing to be done, and the exit code that goes with it.
///
/// # Errors
/// When stdout cannot be written.
pub fn answer(clap: &clap::Error) -> Result<ExitCode, Failure> {
    print_clap(clap)?;
    Ok(u8::try_from(clap.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Plans what a user asks for, and says what was assumed of a table.
fn planned(request: &Request, verbosity: Verbosity) -> Result<Plan, Failure> {
    let Found { name, document, assumed, .. } = found(request)?;
    say_notes(&name, &assumed, verbosity);
    Plan::new(&name, &document)
}

fn say_notes(name: &str, notes: &[String], verbosity: Verbosity) {
    if verbosity > Verbosity::Quiet {
        notes.iter().for_each(|note| say_note(name, note));
    }
}

/// Says what a reader should know of something.
fn say_note(name: &str, note: &str) {
    say(&one_line(&format!("note: {name}: {note}")));
}

/// Checks everything that can be known before a plan is run, and tells what a reader should know of it.
fn foreseen(plan: &Plan, verbosity: Verbosity) -> Result<Vec<Foreseen>, Failure> {
    plan.check_pick()?;
    check_export(plan)?;
    check_expectations(plan)?;
    let foreseen = foresee(plan)?;
    if verbosity > Verbosity::Quiet {
        for (dataset, note) in plan.notes() {
            say_note(dataset, &note);
        }
        for sentence in sentences(&foreseen, plan) {
            say(&text::lines(&format!("note: {sentence}")));
        }
    }
    Ok(foreseen)
}

/// Says by the exit code that some rows of a plan will fail.
fn refuse_foreseen(plan: &Plan, foreseen: &[Foreseen]) -> Result<(), Failure> {
    match foreseen.iter().map(|foreseen| foreseen.rows(plan)).sum() {
        0 => Ok(()),
        failed => Err(Failure::Foreseen { failed, rows: plan.units.len() + plan.variants() }),
    }
}

/// What units lack, a line for each of the first: the unit, the rows that are missing, and of how many.
fn lacking<'u>(units: impl IntoIterator<Item = (&'u str, usize, usize)>) -> Vec<String> {
    /// So many are named.
    const NAMED: usize = 10;
    let mut units = units.into_iter();
    let line = |(unit, missing, of): (&str, usize, usize)| {
        format!("  {unit}: {} of {} missing", count(missing as f64), counted(of, "row", "rows"))
    };
    let mut lines: Vec<String> = units.by_ref().take(NAMED).map(line).collect();
    let others = units.count();
    if others > 0 {
        lines.push(format!("  and {}", counted(others, "other unit", "other units")));
    }
    lines
}

/// Writes `value` to stdout as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Other(error.to_string()))?;
    print(&format!("{}\n", text::json(&text)))
}
