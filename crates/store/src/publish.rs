//! A file appears whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::StoreError;

/// What the name of a file begins with that is being written.
pub(crate) const UNFINISHED: &str = ".new-";

/// Writes `bytes` to `folder/name`: beside its place, synced, renamed, and the folder synced.
pub(crate) fn publish(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let place = folder.join(name);
    let unfinished = folder.join(unfinished_name());
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&unfinished, &place)?;
        sync_folder(folder)
    };
    write().map_err(|error| {
        // Where the disk is full or gone, the file is cleared later.
        let _ = fs::remove_file(&unfinished);
        StoreError::disk("write", &place)(error)
    })
}

/// Brings the names in a folder onto the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A name that no other process has, on this machine or on another.
fn unfinished_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{UNFINISHED}{}-{since:x}-{count}", process::id())
}
