//! The machine.

use bitsweep_results::speed::Host;
use bitsweep_vector::Instructions;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// This machine, with the processor to which the measuring thread is pinned.
pub(super) fn here(pinned_to: Option<usize>) -> Host {
    let kinds = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(kinds);
    let unknown = || "unknown".to_owned();
    Host {
        name: System::host_name().unwrap_or_else(unknown),
        processor: system.cpus().first().map_or_else(unknown, |cpu| cpu.brand().trim().to_owned()),
        processors: system.cpus().len(),
        system: System::long_os_version().unwrap_or_else(unknown),
        kernels: Instructions::best().name().to_owned(),
        pinned_to,
        bitsweep: env!("CARGO_PKG_VERSION").to_owned(),
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
