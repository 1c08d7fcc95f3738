//! Ctrl-C and SIGTERM end a run at once, wherever it is.
//!
//! Nothing that computes is asked whether to go on: results are written whole or not at all, so that the process may end
//! at any moment, and no step, of ours or of a library, is too long to be ended. SIGHUP has its usual effect, or none
//! under `nohup`: the process ends, and the next run clears what it left.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::failure::Failure;
use crate::streams::report_failure;

/// What is to be done before the process ends.
type Clear = Box<dyn FnOnce() + Send>;

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
    pub(crate) fn clear_with(&self, clear: impl FnOnce() + Send + 'static) {
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
            let failure = Failure::Interrupted { signal: signal as u8 };
            match first {
                None => {
                    first = Some(Instant::now());
                    let state = Arc::clone(&state);
                    thread::spawn(move || end(&state, &failure));
                }
                Some(first) if first.elapsed() > SAME => exit(&failure),
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
fn end(state: &Mutex<State>, failure: &Failure) {
    // Held to the end, so that nothing else ends the process meanwhile.
    let mut state = lock(state);
    if !state.is_over {
        state.clear.take().into_iter().for_each(|clear| clear());
        report_failure(failure);
        exit(failure);
    }
}

/// Ends the process without waiting for other threads.
#[cfg(unix)]
fn exit(failure: &Failure) -> ! {
    signal_hook::low_level::exit(failure.code().into())
}
