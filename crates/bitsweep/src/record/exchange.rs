//! Two folders change places.

use std::io;
use std::path::Path;

/// Exchanges two folders in one step: at no moment is one of the places empty. Whether that was done; `false` where the
/// system or its filesystem knows no such step.
///
/// # Errors
/// When the filesystem refuses it.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) fn exchange(first: &Path, second: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    match renameat_with(CWD, first, CWD, second, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn exchange(_first: &Path, _second: &Path) -> io::Result<bool> {
    Ok(false)
}
