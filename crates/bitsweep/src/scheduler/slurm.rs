//! Slurm: a job array whose tasks are shards.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};

use bitsweep_results::text::one_line;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::unit_store::Moment;

/// A job array that was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Array {
    /// The array's number.
    pub job: String,
    /// How many tasks it has, counted from 1.
    pub tasks: usize,
    /// When it was submitted.
    #[serde(flatten)]
    pub at: Moment,
}

/// What Slurm says of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskState {
    /// Its number, from 1.
    pub task: usize,
    /// `RUNNING`, `PENDING`, `COMPLETED`, ….
    pub state: String,
}

impl TaskState {
    /// Whether it is at work.
    pub fn is_running(&self) -> bool {
        ["RUNNING", "COMPLETING", "SUSPENDED"].contains(&self.state.as_str())
    }
}

/// What a user asks of an array.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// What the experiment is called.
    pub name: &'a str,
    /// How many tasks.
    pub tasks: usize,
    /// `--partition`.
    pub partition: Option<&'a str>,
    /// `--time`.
    pub time: Option<&'a str>,
    /// `--mem`.
    pub mem: Option<&'a str>,
    /// Further arguments of `sbatch`.
    pub others: &'a [String],
    /// Where tasks run.
    pub folder: &'a Path,
    /// Where their logs go.
    pub logs: &'a Path,
    /// The store.
    pub store: &'a Path,
    /// The command of a task, but for its shard and its jobs, as a shell reads it.
    pub command: &'a str,
}

impl Wish<'_> {
    /// The script that `sbatch` takes.
    pub fn script(&self) -> String {
        let Self { name, tasks, folder, logs, store, command, .. } = self;
        let plain = |text: &str| -> String {
            let plain = |letter: char| {
                if letter.is_ascii_alphanumeric() || "-._".contains(letter) { letter } else { '-' }
            };
            text.chars().map(plain).collect()
        };
        let option =
            |name: &str, value: Option<&str>| value.map(|value| format!("--{name}={}", directive(value)));
        let logs = logs.join("slurm-%A_%a.log").display().to_string();
        let mut options = vec![
            format!("--job-name=bitsweep-{}", plain(name)),
            format!("--array=1-{tasks}"),
            format!("--chdir={}", directive(&folder.display().to_string())),
            format!("--output={}", directive(&logs)),
            "--open-mode=append".to_owned(),
            "--requeue".to_owned(),
            "--signal=B:TERM@60".to_owned(),
        ];
        let own = [option("partition", self.partition), option("time", self.time), option("mem", self.mem)];
        options.extend(own.into_iter().flatten());
        options.extend(self.others.iter().cloned());
        let mut script = String::from("#!/bin/bash\n");
        for option in options {
            // Written to a string, which refuses nothing.
            let _ = writeln!(script, "#SBATCH {option}");
        }
        let _ = write!(
            script,
            "\n# Task K does part K of {tasks}, and what it finishes is kept in\n#   {store}\n\
             # A task that is preempted, or at the end of its time, gets TERM, keeps what is finished, and ends with 75: where Slurm has\n\
             # RequeueExit=75 it begins again, and goes on. Nothing is lost where it does not: submit again.\n\
             exec {command} --shard \"$SLURM_ARRAY_TASK_ID/{tasks}\" --jobs \"${{SLURM_CPUS_PER_TASK:-1}}\"\n",
            store = one_line(&store.display().to_string()),
        );
        script
    }
}

impl Array {
    /// Submits a script.
    ///
    /// # Errors
    /// What `sbatch` says.
    pub fn submit(script: &Path, tasks: usize, at: Moment) -> Result<Self, Failure> {
        let output = called(Command::new("sbatch").arg("--parsable").arg(script), "sbatch")?;
        // `job`, or `job;cluster`.
        let answer = String::from_utf8_lossy(&output.stdout);
        let job = answer.trim().split(';').next().unwrap_or_default().to_owned();
        if job.is_empty() || !job.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::Other(format!(
                "sbatch answered `{}`: expected the number of a job",
                answer.trim()
            )));
        }
        Ok(Self { job, tasks, at })
    }

    /// What Slurm says of its tasks; none where it knows nothing of them any longer.
    ///
    /// # Errors
    /// When Slurm cannot be asked.
    pub fn states(&self) -> Result<Vec<TaskState>, Failure> {
        let mut command = Command::new("squeue");
        command.args(["-h", "-r", "-a", "-t", "all", "-o", "%K %T", "-j", &self.job]);
        let output = match called(&mut command, "squeue") {
            // What it has forgotten it calls invalid.
            Err(Failure::Other(said)) if said.contains("Invalid job id") => return Ok(Vec::new()),
            output => output?,
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let state = |line: &str| {
            let (task, state) = line.trim().split_once(' ')?;
            Some(TaskState { task: task.parse().ok()?, state: state.to_owned() })
        };
        let mut states: Vec<TaskState> = text.lines().filter_map(state).collect();
        states.sort_by_key(|own| own.task);
        Ok(states)
    }
}

/// Whether Slurm begins a task again that ends with 75.
///
/// # Errors
/// When Slurm cannot be asked.
pub fn requeues_preempted() -> Result<bool, Failure> {
    let output = called(Command::new("scontrol").args(["show", "config"]), "scontrol")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let codes = text.lines().filter_map(|line| line.strip_prefix("RequeueExit ")?.split_once('='));
    Ok(codes.flat_map(|(_, codes)| codes.split(',')).any(|code| code.trim() == "75"))
}

fn called(command: &mut Command, name: &str) -> Result<Output, Failure> {
    let output =
        command.output().map_err(|error| Failure::Other(format!("cannot call `{name}`: {error}")))?;
    match output.status.success() {
        true => Ok(output),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(Failure::Other(format!("{name}: {}", said.trim())))
        }
    }
}

/// A value in a line of `#SBATCH`.
fn directive(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._/,:%+@=".contains(letter);
    if value.chars().all(is_plain) { value.to_owned() } else { format!("\"{}\"", value.replace('"', "\\\"")) }
}
