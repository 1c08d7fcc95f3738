//! One thread and all.

use bitsweep_results::speed::Host;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::host::{Pinned, here};
use super::turns::Turns;
use crate::failure::Failure;

/// One thread on one processor, and as many as there are.
pub(super) struct Threads {
    /// A pool of one, on the processor to which the thread that made this is pinned.
    pub(super) one: ThreadPool,
    pub(super) all: ThreadPool,
    pinned: Pinned,
}

impl Threads {
    pub(super) fn new() -> Result<Self, Failure> {
        let pool = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            pool.map_err(|error| Failure::Other(format!("cannot start threads: {error}")))
        };
        // Threads begin where the one that starts them may run: all of them before it is pinned, one after it.
        let all = pool(0)?;
        let pinned = Pinned::new();
        Ok(Self { one: pool(1)?, all, pinned })
    }

    /// The machine, with the processor of the one thread.
    pub(super) fn host(&self) -> Host {
        here(self.pinned.processor())
    }

    /// Adds a call by one thread and by all.
    pub(super) fn add<'a>(
        &'a self,
        turns: &mut Turns<'a>,
        call: impl FnMut() + Send + Clone + 'a,
    ) -> [usize; 2] {
        [turns.add_in(&self.one, call.clone()), turns.add_in(&self.all, call)]
    }

    pub(super) fn count(&self) -> usize {
        self.all.current_num_threads()
    }
}
