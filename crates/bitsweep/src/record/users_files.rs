//! What in a results folder is the user's: everything but the files that are as a run wrote them.
//!
//! It goes from earlier results to those that replace them. Files are linked into the new folder before it takes its
//! place, so that they are in the results at every moment; what cannot be linked, and what comes later, is moved. A file
//! whose name the new results need for themselves, `report.md` that the user has changed, becomes `report.kept.md`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::filesystem::{exists, is_same, link_file, make_writable};
use super::marker::{MARKER, Marker};

/// Links the user's files in the earlier results `from` into the new ones; with what is to be said of it. What cannot be
/// linked is left for [`take`].
pub(super) fn link(marker: &Marker, from: &Path, into: &Path) -> Vec<String> {
    let mut bringing = Bringing::new(Way::Link, Some(marker), into);
    bringing.folder(from, into, "");
    bringing.notes
}

/// Moves the user's files that are still in `from` into the results `into`, and removes `from`, which holds results that
/// were replaced or were never put in their place, or nothing of ours.
///
/// # Errors
/// The first of what could not be moved or removed, and stays.
pub(super) fn take(from: &Path, into: &Path) -> io::Result<()> {
    let marker = Marker::read(from);
    let mut bringing = Bringing::new(Way::Take, marker.as_ref(), into);
    bringing.folder(from, into, "");
    if let Some(failure) = bringing.failure {
        return Err(failure);
    }
    // Last, so that a run that was killed meanwhile leaves it for the next one.
    match fs::remove_file(from.join(MARKER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => fs::remove_dir(from),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Link,
    Take,
}

struct Bringing<'a> {
    way: Way,
    /// Of the folder that files are brought from; without one, all of them are the user's.
    marker: Option<&'a Marker>,
    newer: &'a Path,
    /// Which files have another name now.
    notes: Vec<String>,
    failure: Option<io::Error>,
}

impl<'a> Bringing<'a> {
    fn new(way: Way, marker: Option<&'a Marker>, newer: &'a Path) -> Self {
        Self { way, marker, newer, notes: Vec::new(), failure: None }
    }

    fn folder(&mut self, from: &Path, into: &Path, within: &str) {
        if self.way == Way::Take {
            // What this is needed for fails otherwise, and says so.
            let _ = make_writable(from);
        }
        let listed = fs::read_dir(from).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let Some(mut entries) = self.noted(listed) else { return };
        // A name that is free in the new results goes to the file that has it already.
        entries.sort_by_key(|entry| (exists(&into.join(entry.file_name())), entry.file_name()));
        for entry in entries {
            let own = entry.file_name();
            // A name that is not UTF-8 is none of ours.
            let name = format!("{within}{}", own.to_string_lossy());
            let path = entry.path();
            if name == MARKER {
                continue;
            }
            let Some(kind) = self.noted(entry.file_type()) else { continue };
            if kind.is_dir() {
                self.subfolder(&path, into, &own, &name);
            } else if self.marker.is_some_and(|marker| marker.wrote(&name, &path, self.newer)) {
                self.remove(&path);
            } else {
                self.file(&path, into, &own, &name);
            }
        }
    }

    fn subfolder(&mut self, path: &Path, into: &Path, own: &OsStr, name: &str) {
        let is_ours = self.marker.is_some_and(|marker| marker.wrote_into(name));
        let fits = |place: &PathBuf| fs::symlink_metadata(place).map_or(true, |found| found.is_dir());
        let Some(place) = places(into, own).find(fits) else { return };
        let is_new = !is_ours && !exists(&place);
        if is_new && self.way == Way::Take && fs::rename(path, &place).is_ok() {
            return;
        }
        if is_new {
            self.noted(fs::create_dir_all(&place));
        }
        self.folder(path, &place, &format!("{name}/"));
        if is_new {
            let permissions = fs::symlink_metadata(path).map(|found| found.permissions());
            self.noted(permissions.and_then(|permissions| fs::set_permissions(&place, permissions)));
        }
        if self.way == Way::Take {
            self.noted(fs::remove_dir(path));
        }
    }

    /// Brings a file of the user.
    fn file(&mut self, path: &Path, into: &Path, own: &OsStr, name: &str) {
        for place in places(into, own) {
            match fs::symlink_metadata(&place) {
                Ok(found)
                    if fs::symlink_metadata(path).is_ok_and(|own| is_same(&own, &found) == Some(true)) =>
                {
                    return self.remove(path);
                }
                Ok(_) => {}
                Err(_) => return self.file_to(path, into, &place, name),
            }
        }
    }

    /// Brings a file of the user to a place that is free.
    fn file_to(&mut self, path: &Path, into: &Path, place: &Path, name: &str) {
        if let (Some(own), Some(kept)) = (path.file_name(), place.file_name())
            && own != kept
        {
            let kept = kept.display();
            self.notes.push(format!("`{name}` is not as it was written: it is kept as `{kept}`"));
        }
        // Where the new results do not have the subfolder.
        let made = fs::create_dir_all(into);
        match (made.and_then(|()| link_file(path, place)), self.way) {
            (Ok(()), _) => self.remove(path),
            (Err(_), Way::Link) => {}
            (Err(_), Way::Take) => {
                self.noted(fs::rename(path, place));
            }
        }
    }

    /// Removes what is in the new results, or was replaced by them.
    fn remove(&mut self, path: &Path) {
        if self.way == Way::Take {
            self.noted(fs::remove_file(path));
        }
    }

    fn noted<T>(&mut self, result: io::Result<T>) -> Option<T> {
        result.map_err(|error| self.failure.get_or_insert(error)).ok()
    }
}

/// Where something called `own` may go: to its name, or to `own.kept`, `own.kept-2`, … before its ending.
fn places(into: &Path, own: &OsStr) -> impl Iterator<Item = PathBuf> {
    let path = Path::new(own);
    let kept = move |count: usize| {
        let mut name = OsString::from(path.file_stem().unwrap_or(own));
        name.push(if count == 1 { ".kept".to_owned() } else { format!(".kept-{count}") });
        if let Some(ending) = path.extension() {
            name.push(".");
            name.push(ending);
        }
        into.join(name)
    };
    [into.join(own)].into_iter().chain((1..).map(kept))
}
