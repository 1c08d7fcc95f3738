//! The machine.

use bitsweep_vector::Instructions;
use serde::Serialize;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// The machine that times are of.
#[derive(Debug, Clone, Serialize)]
pub struct Host {
    /// What it is called.
    pub name: String,
    /// Its processor.
    pub processor: String,
    /// How many processors the system sees.
    pub processors: usize,
    /// The operating system.
    pub system: String,
    /// The instructions of the kernels.
    pub kernels: &'static str,
    /// The processor, counted from 0, to which the measuring thread was pinned; `None` where the system pins none.
    pub pinned_to: Option<usize>,
    /// The program.
    pub bitsweep: &'static str,
}

impl Host {
    /// This machine.
    pub(super) fn here(pinned_to: Option<usize>) -> Self {
        let kinds = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
        let system = System::new_with_specifics(kinds);
        let unknown = || "unknown".to_owned();
        Self {
            name: System::host_name().unwrap_or_else(unknown),
            processor: system.cpus().first().map_or_else(unknown, |cpu| cpu.brand().trim().to_owned()),
            processors: system.cpus().len(),
            system: System::long_os_version().unwrap_or_else(unknown),
            kernels: Instructions::best().name(),
            pinned_to,
            bitsweep: env!("CARGO_PKG_VERSION"),
        }
    }

    /// What its files are called.
    pub(super) fn file_stem(&self) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let stem: String = self.name.chars().map(plain).collect();
        match stem.trim_matches('-') {
            "" => "host".to_owned(),
            stem => stem.to_owned(),
        }
    }
}

/// The thread runs on one processor for as long as this lives.
pub(super) struct Pinned {
    #[cfg(target_os = "linux")]
    before: Option<(rustix::thread::CpuSet, usize)>,
}

#[cfg(target_os = "linux")]
impl Pinned {
    /// Pins the thread to the last of the processors that it may run on: the first has the most else to do.
    pub(super) fn new() -> Self {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let pinned = || {
            let before = sched_getaffinity(None).ok()?;
            let last = (0..CpuSet::MAX_CPU).rev().find(|processor| before.is_set(*processor))?;
            let mut one = CpuSet::new();
            one.set(last);
            sched_setaffinity(None, &one).ok()?;
            Some((before, last))
        };
        Self { before: pinned() }
    }

    pub(super) fn processor(&self) -> Option<usize> {
        self.before.as_ref().map(|(_, processor)| *processor)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some((before, _)) = &self.before {
            // The thread stays where it is where this fails, and results do not depend on it.
            let _ = rustix::thread::sched_setaffinity(None, before);
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Pinned {
    /// There is no portable way.
    pub(super) fn new() -> Self {
        Self {}
    }

    pub(super) fn processor(&self) -> Option<usize> {
        None
    }
}
