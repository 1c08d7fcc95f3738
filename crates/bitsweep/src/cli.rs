//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use bitsweep_device::Target;
use bitsweep_experiment::config::{ExportFormat, ExportGoal};
use bitsweep_results::text::one_line;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::Error;
use clap::{
    ArgGroup, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint, value_parser,
};
use clap_complete::Shell;

use crate::earlier::TABLES;
use crate::plan::Shard;
use crate::record::check_folder_name;
use crate::streams::page_columns;
use crate::template::Model;
use crate::unit_store::{Again, store_folder};

/// More units are not worked on at the same time.
const MOST_JOBS: u16 = 1024;

/// How few bits can a model live with, and can you believe it?
///
/// Trains a small model, quantizes it in every way an experiment asks for, measures each result, and leaves a table,
/// charts and a report with a pick and the reasons for it.
#[derive(Debug, Parser)]
#[command(name = "bitsweep", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Print results only; no progress, no notes.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more: why each variant was picked, what was decided; twice for every unit.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the named experiments.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show an experiment: what it asks, its data, models and axes.
    Describe {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Print its whole file.
        #[arg(long, conflicts_with = "json")]
        full: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what would run: units and variants.
    ///
    /// Reads the data. What is wrong, or known to fail before anything runs, is said as `run` says it, with the same exit
    /// code.
    Plan {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run an experiment: train, sweep, and write table, charts and report.
    ///
    /// The exit code is 0 when everything has results; 3 when some units or variants failed (the results of the others are
    /// written, and the report says what failed and why); 2 when the command line, the experiment or its data are wrong, and
    /// nothing was run; 130 after Ctrl-C, 143 after SIGTERM, 75 after SIGTERM under Slurm; 1 otherwise. Paths in an
    /// experiment's file start at its folder.
    ///
    /// What is finished is kept in a store beside the results, and never computed again: a run that was interrupted goes on
    /// where it was, and one to which variants were added computes these alone.
    Run {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Folder in which the results folder is written; what you have put into that stays.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// Name of the results folder [default: the experiment's name, and what --set changes].
        #[arg(long, value_name = "NAME", value_parser = results_name)]
        name: Option<String>,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
        /// What is computed again, and when to give up.
        #[command(flatten)]
        again: AgainOptions,
        /// Do the K-th of N parts alone, and write no results: `report` does once all parts are there.
        #[arg(long, value_name = "K/N", value_parser = shard, conflicts_with_all = ["json", "name"])]
        shard: Option<Shard>,
        /// Begin only if everything is as `submit` found it, by the file that it wrote.
        #[arg(long, value_name = "FILE", requires = "shard", hide = true)]
        frozen: Option<PathBuf>,
        /// Units worked on at the same time; results do not depend on it [default: one per core].
        #[arg(long, value_name = "N", value_parser = jobs)]
        jobs: Option<u16>,
        /// Print the picks and the results as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write tables, charts and report of an experiment whose units are all there, without running anything.
    ///
    /// The exit code is that of `run`, and 4 where something is missing.
    Report {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Folder in which the results folder is written; what you have put into that stays.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// Name of the results folder [default: the experiment's name, and what --set changes].
        #[arg(long, value_name = "NAME", value_parser = results_name)]
        name: Option<String>,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
        /// Show how fast the variants are on each machine on which `bench` measured them, from the folder that times went to; without
        /// it the report is the same on every machine.
        #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = "bench", value_hint = ValueHint::DirPath)]
        bench: Option<PathBuf>,
        /// Print the picks and the results as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Hand an experiment to a scheduler, as an array of parts; returns at once.
    ///
    /// What is to be run is frozen: parts that find another experiment, other data or another program do not begin. Each part
    /// keeps what it finishes in the store, and the store says what is done. `status` shows how far it is; once nothing is missing,
    /// `report` writes the results.
    Submit {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// The scheduler.
        #[arg(long, value_enum)]
        engine: Engine,
        /// Into how many parts the work is split.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        array: u16,
        /// What is asked of Slurm.
        #[command(flatten)]
        slurm: SlurmOptions,
        /// Print the script, and submit nothing.
        #[arg(long)]
        dry_run: bool,
        /// Where units are kept.
        #[command(flatten)]
        store: StorePlace,
    },
    /// Show how far an experiment is: units that are done, running, failed and missing.
    Status {
        /// The experiment, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Where units are kept.
        #[command(flatten)]
        store: StorePlace,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Copy what other stores have into one, and say what is missing.
    ///
    /// The exit code is 4 where an experiment that was run with the stores lacks something.
    Merge {
        /// Stores, or folders of results that have one.
        #[arg(value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
        stores: Vec<PathBuf>,
        /// The store that the others are copied into.
        #[command(flatten)]
        store: StorePlace,
    },
    /// Show what of the store no experiment refers to any longer; `--yes` removes it.
    Clean {
        /// Folders with experiments' files, those of results among them.
        #[arg(value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
        folders: Vec<PathBuf>,
        /// Where units are kept.
        #[command(flatten)]
        store: StorePlace,
        /// Remove what is shown.
        #[arg(long)]
        yes: bool,
    },
    /// Show past runs: when, what changed in the configuration, what was picked.
    History {
        /// The name of the results.
        #[arg(value_name = "NAME")]
        name: String,
        /// Where units are kept.
        #[command(flatten)]
        store: StorePlace,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write an experiment on a table: what was found in it, and every choice that one would change.
    ///
    /// `bitsweep init sensor.csv --target state > sensor.toml` writes what `bitsweep run --csv sensor.csv --target state` runs.
    Init {
        /// A CSV or Parquet file, packed by gzip or not.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The column with the class: its name, or its number from 1.
        #[arg(long, value_name = "COLUMN")]
        target: String,
        /// A model to score on the table, in place of training: ONNX, safetensors or npz.
        #[arg(long, value_name = "FILE", conflicts_with = "model", value_hint = ValueHint::FilePath)]
        given: Option<PathBuf>,
        /// What to run.
        #[command(flatten)]
        choice: Choice,
        /// Say what the file does not: `--set data.source.csv.bins='{ quantiles = 3 }'`.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Write a quantized model to a file: codes without waste, and everything that it needs to run.
    ///
    /// The variant is made again, and is written only where it predicts the classes that a run measures. A file in
    /// safetensors is run by `bitsweep predict` and scored by `bitsweep verify`. `bitsweep run model.onnx …` leaves results
    /// called `model`, of which `bitsweep export model …` exports.
    #[command(group(ArgGroup::new("which").required(true).args(["pick", "variant"])))]
    Export {
        /// The experiment, or the name of its results, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Export what is picked for this goal, as the results say; without results the experiment is run.
        #[arg(long, value_enum)]
        pick: Option<Picked>,
        /// Export the variant of this label, as `bitsweep plan` shows it: `--variant "4 bit"`.
        #[arg(long, value_name = "LABEL")]
        variant: Option<String>,
        /// Of the unit whose key begins so [default: the first].
        #[arg(long, value_name = "KEY")]
        unit: Option<String>,
        /// How it is written: `--format onnx,npz`.
        #[arg(long = "format", value_name = "FORMAT", value_delimiter = ',', default_value = "safetensors", value_parser = format_parser())]
        formats: Vec<ExportFormat>,
        /// Folder that has the results folders.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        results: PathBuf,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
        /// Folder that the file goes to.
        #[arg(long, value_name = "DIR", default_value = "exports", value_hint = ValueHint::DirPath)]
        out: PathBuf,
    },
    /// Say what each variant takes on a microcontroller as a program in C: flash, RAM, cycles, and which fits best.
    ///
    /// Where a cross compiler is installed (avr-gcc, arm-none-eabi-gcc), flash is that of a linked program; where an emulator is,
    /// too (simavr, qemu-system-arm), test rows are run, and RAM and cycles are measured. Otherwise all is estimated. What is
    /// missing of the experiment is run before.
    Fit {
        /// The experiment, or the name of its results, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// The device [default: the experiment's `device.target`].
        #[arg(long, value_name = "DEVICE", value_parser = device_parser())]
        device: Option<Target>,
        /// Bytes of code and constants that the pick may take [default: the experiment's `pick.flash_bytes`, or all of the device].
        #[arg(long, value_name = "BYTES")]
        flash_bytes: Option<u64>,
        /// Bytes of variables and stack that the pick may take [default: the experiment's `pick.ram_bytes`, or all of the device].
        #[arg(long, value_name = "BYTES")]
        ram_bytes: Option<u64>,
        /// Folder that has the results folders.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        results: PathBuf,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
        /// Print the rows of `device.csv` as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Measure how fast variants are on this machine, by kernels on packed weights beside f32.
    ///
    /// For the first unit of each task: the time from a file's bytes to layers that are ready, and those of one row, of 32 and of all
    /// test rows. All are measured in turns on one pinned thread, rows also on all, and told as medians with intervals of 95 %. Variants
    /// that no kernel multiplies are `n/a`: the harness simulates them. For square layers of 16 to 8192 inputs and outputs it says
    /// from which width on a format is faster than f32 here. Times are of this machine and no part of the results: they are written
    /// to `OUT/NAME/HOST.json`, with a page and a chart beside it; `report NAME --bench` shows them in the report.
    #[command(args_conflicts_with_subcommands = true)]
    Bench {
        /// What is measured instead of an experiment.
        #[command(subcommand)]
        of: Option<BenchCommand>,
        /// The experiment, or the name of its results, and changes to it.
        #[command(flatten)]
        experiment: Request,
        /// Measure the float model and what is picked for this goal alone; without results the experiment is run.
        #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "balance")]
        pick: Option<Picked>,
        /// Inputs and outputs of the largest square layer, of those of 16, 32, and so on.
        #[arg(long, value_name = "N", default_value_t = 8192, value_parser = value_parser!(u16).range(16..=8192))]
        largest_width: u16,
        /// Folder that has the results folders.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        results: PathBuf,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
        /// Folder that times go to.
        #[arg(long, value_name = "DIR", default_value = "bench", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// Print the times as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a table of earlier results in another format.
    ///
    /// What CSV leaves empty is absent in JSON and a gap in Markdown, where columns without anything are left out.
    ExportTable {
        /// The name of the results, or the path of their folder.
        #[arg(value_name = "NAME|FOLDER", value_hint = ValueHint::DirPath)]
        name: String,
        /// How it is written; only `results` is written as Parquet, and only to a file.
        #[arg(long, value_enum)]
        format: TableFormat,
        /// Which table: that of the CSV file of this name.
        #[arg(long, value_name = "TABLE", default_value = "results", value_parser = PossibleValuesParser::new(TABLES))]
        table: String,
        /// Folder that has the results folders.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        results: PathBuf,
        /// The file that is written [default: standard output].
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
    },
    /// Say what differs between two results: configuration, data, variants, scores, bytes.
    ///
    /// Where both test on the same rows, the scores of each variant are held against each other row by row, and what is shown of the
    /// difference is said, all variants of a task tested together. What each variant predicts is read from the store, else from
    /// `predictions.csv`. Differences are no failure: the exit code is 0.
    Diff {
        /// The name of results, or the path of their folder.
        #[arg(value_name = "A", value_hint = ValueHint::DirPath)]
        before: String,
        /// Those that are held against them.
        #[arg(value_name = "B", value_hint = ValueHint::DirPath)]
        after: String,
        /// Folder that has the results folders.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        results: PathBuf,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
        /// How it is written.
        #[arg(long, value_enum, default_value = "text")]
        format: TextFormat,
    },
    /// Hold new results against earlier ones, and fail where they are shown to be worse.
    ///
    /// The float model, what is picked for the balance, and every variant that both have are compared, one line each, the worst first.
    /// The exit code is 3 where a loss above the margin is shown, all comparisons tested together, or where the picked variant
    /// has more bytes; 4 where the new results lack something of the baseline, or something could not be compared; 0 where
    /// differences are within noise, or are improvements; 2 where the command line or the baseline is wrong.
    Check {
        /// The name of the new results.
        #[arg(value_parser = results_name)]
        name: String,
        /// Results folder that they are held against.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        baseline: PathBuf,
        /// Folder that has the new results folder.
        #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// The largest loss that is none, in units of the metric [default: the experiment's `pick.margin`].
        #[arg(long, value_name = "LOSS", value_parser = margin)]
        margin: Option<f64>,
        /// Where units are kept.
        #[command(flatten)]
        store: StoreFolder,
    },
    /// Run an exported model on the rows of a table: CSV with the class and the probabilities of each row.
    Predict {
        /// A file that `bitsweep export` has written.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The table; its columns are found by their names.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        csv: PathBuf,
    },
    /// Score an exported model on a table: macro-F1 and accuracy with their intervals, its bytes by part, its checksum.
    Verify {
        /// A file that `bitsweep export` has written.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The table; its columns are found by their names.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        csv: PathBuf,
        /// The column with the class: its name, or its number from 1.
        #[arg(long, value_name = "COLUMN")]
        target: String,
    },
    /// Show what a model's file has: layers, shapes, types, ranges, and what would be quantized.
    Inspect {
        /// A file in ONNX, safetensors, npz or GGUF, or JSON of `bitsweep export`.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check experiments without running them.
    ///
    /// Reads the data that they name, since whether rows can be split depends on them. Says what `run` would say before
    /// it begins, and ends with the same exit code: 2 when a file is wrong; 3 when some units or variants are known to
    /// fail.
    Validate {
        /// Names that `bitsweep list` shows, or paths of TOML files.
        #[arg(value_name = "NAME|FILE", required = true)]
        experiments: Vec<String>,
    },
    /// Print the table of number formats, measured by enumerating their codes.
    Formats,
    /// Print what combines with what.
    Combinations,
    /// Print a script that completes the command line in a shell.
    ///
    /// In bash: `source <(bitsweep completions bash)`.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write one for each command.
    ///
    /// `bitsweep man | man -l -` shows it.
    Man {
        /// Write `bitsweep.1`, `bitsweep-run.1` and the others into this folder.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        out: Option<PathBuf>,
    },
    /// Print the reference of experiment files: every key, its values, its default, its unit.
    Reference {
        /// Print what it says of one key or table: `train.epochs`, or `range` for all keys that are called so.
        #[arg(value_name = "KEY")]
        key: Option<String>,
    },
    /// Print the JSON Schema of experiment files, by which editors check and complete them.
    Schema,
}

/// What `bench` measures instead of an experiment.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Hold kernels and quantizing against the bandwidth and the peak of this machine.
    ///
    /// Products with packed weights of every format, of one row, of few and of square matrices; from f32 to packed codes and back;
    /// and from a layer's inputs to codes that know them. By one pinned thread and by all, medians of turns. Written to `OUT/kernels/HOST.json`, with a page and a roofline
    /// chart beside it.
    Kernels {
        /// Measure only what is called so, or has one of these in its name.
        #[arg(value_name = "WORD")]
        words: Vec<String>,
        /// Inputs and outputs of the matrices; memory in use is about 48 bytes for each weight.
        #[arg(long, value_name = "N", default_value_t = 4096, value_parser = value_parser!(u16).range(16..=16384))]
        side: u16,
        /// Folder that times go to.
        #[arg(long, value_name = "DIR", default_value = "bench", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// Print the times as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// An experiment, and changes to it.
#[derive(Debug, Clone, Args)]
pub struct Request {
    /// A name that `bitsweep list` shows, or the path of a TOML file; with `--csv` that of a model: ONNX, safetensors or npz.
    #[arg(value_name = "NAME|FILE", required_unless_present = "csv", conflicts_with = "model", value_hint = ValueHint::FilePath)]
    pub experiment: Option<String>,
    /// In place of an experiment: a table to train on, or to score a model on; CSV or Parquet, packed by gzip or not.
    #[arg(long, value_name = "FILE", requires = "target")]
    pub csv: Option<PathBuf>,
    /// The table's column with the class: its name, or its number from 1.
    #[arg(long, value_name = "COLUMN", requires = "csv")]
    pub target: Option<String>,
    /// What to run on the table.
    #[command(flatten)]
    pub choice: Choice,
    /// Change a value of the experiment: `--set train.epochs=50`, `--set 'quantize.weights.bits=[8, 4]'`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// A scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// A job array of Slurm.
    Slurm,
}

/// What is asked of Slurm.
#[derive(Debug, Args)]
pub struct SlurmOptions {
    /// The partition.
    #[arg(long, value_name = "NAME", value_parser = line)]
    pub partition: Option<String>,
    /// The most time that a part may take, as Slurm spells it: `02:00:00`.
    #[arg(long, value_name = "TIME", value_parser = line)]
    pub time: Option<String>,
    /// Memory of a part: `4G`.
    #[arg(long, value_name = "MEM", value_parser = line)]
    pub mem: Option<String>,
    /// Another argument of `sbatch`: `--sbatch=--account=mine`.
    #[arg(long = "sbatch", value_name = "ARG", allow_hyphen_values = true, value_parser = line)]
    pub others: Vec<String>,
}

/// Where units are kept.
#[derive(Debug, Args)]
pub struct StoreFolder {
    /// Folder of finished units, which several experiments and machines may share [default: `.bitsweep` beside the results].
    #[arg(long = "store", value_name = "DIR", env = "BITSWEEP_STORE", hide_env_values = true, value_hint = ValueHint::DirPath)]
    pub store: Option<PathBuf>,
}

/// Where units are kept, for who needs no results.
#[derive(Debug, Args)]
pub struct StorePlace {
    /// Folder of the results folders; the store is beside them.
    #[arg(long, value_name = "DIR", default_value = "results", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// The store itself.
    #[command(flatten)]
    store: StoreFolder,
}

impl StorePlace {
    /// The folder of the store.
    pub(crate) fn folder(&self) -> PathBuf {
        store_folder(self.store.store.as_deref(), &self.out)
    }
}

/// What is computed again, and when to give up.
#[derive(Debug, Args)]
pub struct AgainOptions {
    /// Compute everything again, and replace what was kept of it.
    #[arg(long)]
    pub force: bool,
    /// Compute again what failed before.
    #[arg(long, conflicts_with = "force")]
    pub retry_failed: bool,
    /// End when the first row fails.
    #[arg(long, conflicts_with = "max_failures")]
    pub fail_fast: bool,
    /// End when more than so many rows have failed.
    #[arg(long, value_name = "N")]
    pub max_failures: Option<usize>,
}

impl AgainOptions {
    /// What of earlier evaluations is made again.
    pub(crate) fn what(&self) -> Again {
        match (self.force, self.retry_failed) {
            (true, _) => Again::All,
            (false, true) => Again::Failures,
            (false, false) => Again::Nothing,
        }
    }

    /// How many rows may fail.
    pub(crate) fn most_failures(&self) -> Option<usize> {
        if self.fail_fast { Some(0) } else { self.max_failures }
    }
}

/// A pick by its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Picked {
    /// The smallest variant that is about as good as the float model.
    Balance,
    /// The smallest that is still usable.
    Memory,
    /// The best within the budget of the experiment.
    Budget,
    /// The best within the flash and the RAM of the experiment's device.
    Device,
}

impl From<Picked> for ExportGoal {
    fn from(picked: Picked) -> Self {
        match picked {
            Picked::Balance => Self::Balance,
            Picked::Memory => Self::Memory,
            Picked::Budget => Self::Budget,
            Picked::Device => Self::Device,
        }
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// As the results folder has it.
    Csv,
    /// A list with one object a row.
    Json,
    /// As `results.parquet`.
    Parquet,
    /// A table of Markdown.
    Markdown,
}

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextFormat {
    /// For a terminal.
    Text,
    /// For a pull request.
    Markdown,
}

/// Reads a format by its name, and lists all in the help.
fn format_parser() -> impl TypedValueParser<Value = ExportFormat> {
    let names = ExportFormat::ALL.map(ExportFormat::name);
    PossibleValuesParser::new(names).try_map(|name| ExportFormat::named(&name).ok_or("no such format"))
}

/// Reads a device by its name, and lists all in the help.
fn device_parser() -> impl TypedValueParser<Value = Target> {
    let names = Target::ALL.map(Target::name);
    PossibleValuesParser::new(names).try_map(|name| Target::named(&name).ok_or("no such device"))
}

/// What to run on a table.
#[derive(Debug, Clone, Args)]
pub struct Choice {
    /// The only model to train [default: both].
    #[arg(long, value_enum)]
    pub model: Option<Model>,
    /// Bits of the weights: `--bits 8,4` [default: 8,6,4,3,2].
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=16))]
    pub bits: Vec<u32>,
}

impl Cli {
    /// Reads the arguments of the program.
    ///
    /// # Errors
    /// What to say where there is nothing to be done, in the columns of stdout: help, the version, or what is wrong, quoted
    /// as it can be seen.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Error> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let mut command = Cli::command().term_width(page_columns());
        let visible = |argument: &OsString| one_line(&argument.to_string_lossy()).into_owned();
        let matches = command.try_get_matches_from_mut(&arguments).map_err(|wrong| {
            // The same complaint, in letters that can be seen; what is right in these is still wrong.
            command.try_get_matches_from_mut(arguments.iter().map(visible)).err().unwrap_or(wrong)
        })?;
        Cli::from_arg_matches(&matches)
    }
}

fn jobs(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_JOBS).contains(number));
    number.ok_or_else(|| format!("expected a whole number from 1 to {MOST_JOBS}"))
}

/// Text that stands on one line of a script.
fn line(text: &str) -> Result<String, String> {
    match text.chars().any(char::is_control) {
        false => Ok(text.to_owned()),
        true => Err("expected text on one line".to_owned()),
    }
}

fn margin(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    // No negative zero.
    number.map(f64::abs).ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').map(|(number, of)| (number.parse::<u16>(), of.parse::<u16>()));
    match parts {
        Some((Ok(number), Ok(of))) if (1..=of).contains(&number) => {
            Ok(Shard { number: number.into(), of: of.into() })
        }
        _ => Err(format!("expected K/N with K from 1 to N, such as 3/8, and N at most {}", u16::MAX)),
    }
}

fn results_name(name: &str) -> Result<String, String> {
    check_folder_name(name).map(|()| name.to_owned())
}
