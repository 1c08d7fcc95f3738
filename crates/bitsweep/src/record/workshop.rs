//! The hidden folder beside the results in which they are made.
//!
//! `results/.wine.bitsweep/` is there while a run makes `results/wine`:
//!
//! | in it | what it is |
//! |---|---|
//! | `lock` | held by the run; the system lets go of it when the process ends, however it ends |
//! | `1/new` | results being written |
//! | `1/swap` | results that are whole; then the earlier ones, once both have changed places |
//! | `1/earlier` | the earlier results, where a filesystem cannot exchange two folders |
//!
//! Who holds the lock knows that whatever else is there is of runs that were killed, and clears it: results being written
//! are deleted, earlier ones without new ones are put back, and what the user had among earlier results is moved into
//! their place. What cannot be cleared stays, in nobody's way: the next run takes the next number.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::filesystem::{exchange, exists, is_same, make_writable, sync_folder};
use super::place::{Place, Standing};
use super::users_files;
use crate::failure::Failure;

/// What a lock's text begins with.
const HOLDER: &str = "bitsweep, process ";

/// The hidden folder of one run. Dropped, it is removed with all that the run left in it.
#[derive(Debug)]
pub(super) struct Workshop {
    place: Place,
    paths: Paths,
    lock: File,
}

/// The paths within.
#[derive(Debug, Clone)]
struct Paths {
    folder: PathBuf,
    /// The numbered folder of this run.
    own: PathBuf,
}

impl Workshop {
    /// Begins results that are to stand at `place`, and clears what killed runs left; with what could not be cleared.
    ///
    /// # Errors
    /// When another run makes results for this place, and when the disk refuses it.
    pub(super) fn open(place: Place) -> Result<(Workshop, Option<String>), Failure> {
        let mut name = OsString::from(".");
        name.push(place.path().file_name().unwrap_or_default());
        name.push(".bitsweep");
        let folder = place.path().with_file_name(name);
        let lock = lock(&folder, &place)?;
        let own = first_free(|number| folder.join(number.to_string()));
        let workshop = Workshop { place, paths: Paths { folder, own }, lock };
        let uncleared = workshop.begin().map_err(|error| workshop.place.not_writable(&error))?;
        Ok((workshop, uncleared))
    }

    /// Clears what killed runs left, and makes the folder of new results.
    fn begin(&self) -> io::Result<Option<String>> {
        let uncleared = clear_earlier(&self.paths.folder, self.place.path())?;
        fs::create_dir_all(self.new_results())?;
        Ok(uncleared)
    }

    /// Where the results are to stand.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Where results are written.
    pub(super) fn new_results(&self) -> PathBuf {
        self.paths.own.join("new")
    }

    /// Removes everything that the run has made so far; for another thread, when the process is to end.
    pub(super) fn remover(&self) -> impl FnOnce() + Send + 'static {
        let paths = self.paths.clone();
        move || paths.remove()
    }

    /// Puts the results, which are whole, in their place, where they replace earlier ones in one step; with what is to be
    /// said of the user's files there.
    ///
    /// # Errors
    /// When something other than results stands there, or the disk refuses it.
    pub(super) fn put_in_place(&self) -> io::Result<Vec<String>> {
        let (place, own) = (self.place.path(), &self.paths.own);
        let swap = own.join("swap");
        fs::rename(self.new_results(), &swap)?;
        let Standing::Results(marker) = self.place.standing()? else {
            return fs::rename(&swap, place).map(|()| Vec::new());
        };
        let permissions = fs::metadata(place)?.permissions();
        let notes = users_files::link(&marker, place, &swap);
        sync_folder(&swap)?;
        make_writable(place)?;
        if !exchange(&swap, place)? {
            replace(place, &swap, &own.join("earlier"))?;
        }
        // The results are in their place; whether others may read them as before is not worth to fail for.
        let _ = fs::set_permissions(place, permissions);
        Ok(notes)
    }

    /// Clears the earlier results away once the new ones are in their place, and moves to these what the user had among
    /// them and could not be linked.
    ///
    /// # Errors
    /// The first of what could not be moved or removed, and stays.
    pub(super) fn clear_replaced(&self) -> io::Result<()> {
        clear(&self.paths.own, self.place.path())
    }

    /// Moves the whole results to a place that is free; for when their own is taken.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(super) fn put_beside(&self) -> io::Result<PathBuf> {
        let place = self.place.path();
        let name = place.file_name().unwrap_or_default();
        let free = first_free(|number| {
            let mut name = name.to_owned();
            name.push(format!("-{}", number + 1));
            place.with_file_name(name)
        });
        fs::rename(self.paths.own.join("swap"), &free)?;
        Ok(free)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // While the lock is held; another run that waits for this very file sees that it is gone, and makes its own.
        self.paths.remove();
        // It is let go of when the file is closed; there is nobody to tell of an error.
        let _ = self.lock.unlock();
    }
}

impl Paths {
    /// Removes them. What cannot be removed is left for the next run.
    fn remove(&self) {
        // Gone in one step: no thread that still writes finds the folder, or makes it again.
        let new = self.own.join("new");
        let gone = self.own.join("gone");
        let _ = fs::rename(&new, &gone).and_then(|()| fs::remove_dir_all(&gone));
        let _ = fs::remove_dir(&self.own);
        // Beside what is left, the lock's file tells that the folder is ours.
        if fs::read_dir(&self.folder).is_ok_and(|entries| entries.count() == 1) {
            let _ = fs::remove_file(lock_file(&self.folder));
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// The first of the paths numbered 1, 2, … where there is nothing.
fn first_free(path: impl Fn(u32) -> PathBuf) -> PathBuf {
    let mut number = 1;
    while exists(&path(number)) {
        number += 1;
    }
    path(number)
}

/// Replaces `place` by `swap` in two steps, between which the results stand at `earlier` alone.
fn replace(place: &Path, swap: &Path, earlier: &Path) -> io::Result<()> {
    fs::rename(place, earlier)?;
    let replaced = fs::rename(swap, place);
    if replaced.is_err() {
        fs::rename(earlier, place)?;
    }
    replaced
}

/// Clears what runs left that were killed; with the first of what could not be cleared.
fn clear_earlier(folder: &Path, place: &Path) -> io::Result<Option<String>> {
    let mut uncleared = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link is nothing that a run made.
        if entry.file_type()?.is_dir()
            && let Err(error) = clear(&path, place)
        {
            uncleared.get_or_insert_with(|| format!("cannot remove `{}`: {error}", path.display()));
        }
    }
    Ok(uncleared)
}

/// Clears the numbered folder of one run that is over.
fn clear(own: &Path, place: &Path) -> io::Result<()> {
    for unfinished in ["new", "gone"] {
        match fs::remove_dir_all(own.join(unfinished)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    // The earlier results first: where both are there, they are those that are missing in their place.
    for whole in ["earlier", "swap"] {
        let whole = own.join(whole);
        if !exists(&whole) {
            continue;
        }
        if exists(place) {
            users_files::take(&whole, place)?;
        } else {
            fs::rename(&whole, place)?;
        }
    }
    fs::remove_dir(own)
}

/// Locks `folder`, which is made where it is missing.
fn lock(folder: &Path, place: &Place) -> Result<File, Failure> {
    let path = lock_file(folder);
    let unlockable = |error: io::Error| {
        let path = path.display();
        Failure::Output(format!(
            "cannot lock `{path}`: {error}; choose another --out, on a filesystem with file locks"
        ))
    };
    loop {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(place.not_writable(&error));
            }
            Ok(()) | Err(_) => {}
        }
        refuse_others(folder, &path)?;
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            // The run that held it has just removed the folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened.map_err(unlockable)?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(is_held(&mut file, place)),
            Err(TryLockError::Error(error)) => return Err(unlockable(error)),
        }
        // The run that held it may have removed it since it was opened here.
        if is_at(&file, &path) {
            let text = format!("{HOLDER}{}\n", std::process::id());
            file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(unlockable)?;
            return Ok(file);
        }
    }
}

fn lock_file(folder: &Path) -> PathBuf {
    folder.join("lock")
}

/// Refuses a folder that was not made by a run: nothing in it is to be cleared.
fn refuse_others(folder: &Path, lock: &Path) -> Result<(), Failure> {
    let is_ours = match fs::read_to_string(lock) {
        // A run may have been killed before it wrote the text.
        Ok(text) => text.is_empty() || text.starts_with(HOLDER),
        // Where it is to be seen by now, a run has just begun.
        Err(_) => fs::read_dir(folder).map_or(true, |entries| entries.count() == 0 || exists(lock)),
    };
    if is_ours {
        return Ok(());
    }
    let folder = folder.display();
    Err(Failure::Output(format!(
        "`{folder}` is where results are made, but it is not of bitsweep: move it away, or choose another --out or --name"
    )))
}

/// Who holds the lock.
fn is_held(file: &mut File, place: &Place) -> Failure {
    let mut text = String::new();
    for _ in 0..20 {
        // What cannot be read is not told.
        let _ = file.read_to_string(&mut text);
        if !text.is_empty() {
            break;
        }
        // The other run has just begun.
        thread::sleep(Duration::from_millis(10));
    }
    let process = text.trim().strip_prefix(HOLDER).map_or_else(String::new, |id| format!(", process {id}"));
    let since = file.metadata().and_then(|found| found.modified()).ok();
    let since = since.and_then(|since| SystemTime::now().duration_since(since).ok());
    let since = since.map_or_else(String::new, |since| format!(", begun {} s ago", since.as_secs()));
    Failure::Output(format!(
        "another run{process}{since}, makes `{place}`: wait for it, or choose another --out or --name"
    ))
}

/// Whether an open file is still the one at `path`. Where the system does not say, an open file cannot be removed.
fn is_at(file: &File, path: &Path) -> bool {
    let (own, found) = (file.metadata(), fs::metadata(path));
    matches!((own, found), (Ok(own), Ok(found)) if is_same(&own, &found) != Some(false))
}
