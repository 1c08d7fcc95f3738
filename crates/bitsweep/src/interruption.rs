//! Ctrl-C and SIGTERM end a run at once, wherever it is.
//!
//! Nothing that computes is asked whether to go on: files are written whole or not at all, so that the process may end
//! at any moment, and no step, of ours or of a library, is too long to be ended. What is finished is written before; the variants that
//! are being worked on are abandoned. SIGHUP has its usual effect, or none
//! under `nohup`: the process ends, and the next run clears what it left.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::failure::Failure;
use crate::streams::report_failure;

/// What is to be done before the process ends; with what is kept, for people.
type Clear = Box<dyn FnOnce() -> String + Send>;

/// What is said where nothing was begun.
const NOTHING: &str = "nothing was written, earlier results are as they were";

/// A run that Ctrl-C and SIGTERM end.
pub(crate) struct Interruption(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    clear: Option<Clear>,
    /// The run ends by itself.
    is_over: bool,
}

impl Interruption {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system refuses it.
    pub(crate) fn listen() -> Result<Interruption, Failure> {
        let state = Arc::new(Mutex::new(State::default()));
        let listening = listen(Arc::clone(&state));
        listening.map_err(|error| Failure::Other(format!("cannot listen for Ctrl-C: {error}")))?;
        Ok(Interruption(state))
    }

    /// Has `clear` done before the process ends.
    pub(crate) fn clear_with(&self, clear: impl FnOnce() -> String + Send + 'static) {
        lock(&self.0).clear = Some(Box::new(clear));
    }

    /// From here on the run ends by itself. Where it is being interrupted already, this does not return.
    pub(crate) fn finish(&self) {
        lock(&self.0).is_over = true;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn listen(state: Arc<Mutex<State>>) -> io::Result<()> {
    use std::thread;
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// Programs such as `timeout` send a signal twice: so soon, the second is the first.
    const SAME: Duration = Duration::from_millis(300);

    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut first: Option<Instant> = None;
        for signal in signals.forever() {
            let signal = signal as u8;
            match first {
                None => {
                    first = Some(Instant::now());
                    let state = Arc::clone(&state);
                    thread::spawn(move || end(&state, signal));
                }
                Some(first) if first.elapsed() > SAME => exit(&interrupted(signal, NOTHING.to_owned())),
                Some(_) => {}
            }
        }
    })?;
    Ok(())
}

/// Elsewhere the system ends the process, and the next run clears what it left.
#[cfg(not(unix))]
fn listen(_state: Arc<Mutex<State>>) -> io::Result<()> {
    Ok(())
}

/// Ends the process, unless the run has come to its end by itself.
#[cfg(unix)]
fn end(state: &Mutex<State>, signal: u8) {
    // Held to the end, so that nothing else ends the process meanwhile.
    let mut state = lock(state);
    if !state.is_over {
        let left = state.clear.take().map_or_else(|| NOTHING.to_owned(), |clear| clear());
        let failure = interrupted(signal, left);
        report_failure(&failure);
        exit(&failure);
    }
}

#[cfg(unix)]
fn interrupted(signal: u8, left: String) -> Failure {
    // Slurm ends a task so that is preempted, or at the end of its time.
    let is_preempted =
        i32::from(signal) == signal_hook::consts::SIGTERM && std::env::var_os("SLURM_JOB_ID").is_some();
    Failure::Interrupted { signal, left, is_preempted }
}

/// Ends the process without waiting for other threads.
#[cfg(unix)]
fn exit(failure: &Failure) -> ! {
    signal_hook::low_level::exit(failure.code().into())
}
