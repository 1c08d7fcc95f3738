//! Results are written whole or not at all: out of sight, synced, then put in their place in one step.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::filesystem::{seen_from, sync_folder};
use super::marker::{Experiment, Location, TIMINGS};
use super::output::Output;
use super::place::{Place, Standing};
use super::workshop::Workshop;
use crate::failure::{Failure, with_causes};
use crate::registry::Source;

/// A results folder under construction. Dropped before [`commit`](Folder::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct Folder {
    workshop: Workshop,
    experiment: Experiment,
    location: Location,
    /// The files written so far, with their hashes.
    files: Mutex<BTreeMap<String, String>>,
    notes: Vec<String>,
}

/// Results in their place.
#[derive(Debug)]
pub struct Committed {
    /// Their folder.
    pub place: PathBuf,
    /// What the user should know of earlier results and runs.
    pub notes: Vec<String>,
}

impl Folder {
    /// Starts the folder `root/name` for results of the experiment from `source`, called `experiment`. What stands there
    /// stays as it is until [`commit`](Folder::commit).
    ///
    /// # Errors
    /// When `root` cannot be written, another run makes the same folder, or there is something other than results of this
    /// experiment.
    pub fn create(root: &Path, name: &str, experiment: &str, source: &Source) -> Result<Folder, Failure> {
        let (workshop, uncleared) = Workshop::open(Place::new(root, name)?)?;
        let place = workshop.place();
        let (experiment, file) = match source {
            Source::Registry => (Experiment::Named(experiment.to_owned()), None),
            Source::File(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                (Experiment::File(name.into_owned()), path.canonicalize().ok())
            }
        };
        if let Standing::Results(marker) = place.standing().map_err(|error| place.not_replaced(&error))? {
            refuse_other_experiment(place, marker.experiment.as_ref(), &experiment, file.as_deref())?;
        }
        let location = file.map_or_else(Location::default, |file| Location::of(&file, place.path()));
        let notes = uncleared.into_iter().collect();
        Ok(Folder { workshop, experiment, location, files: Mutex::default(), notes })
    }

    /// Writes one file; `name` may lead into a subfolder.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut Output) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut file = self.create_file(name)?;
        content(&mut file).map_err(|error| self.refused(name, file.refusal().unwrap_or(&error)))?;
        self.finish_file(name, file)
    }

    /// Begins a file that is written bit by bit, and [finished](Self::finish_file) later.
    pub(super) fn create_file(&self, name: &str) -> Result<Output, Failure> {
        let path = self.path(name);
        let created = || -> io::Result<Output> {
            // The folder of the results itself is there: where it is gone, that is an error.
            for folder in subfolders(name).collect::<Vec<_>>().into_iter().rev() {
                match fs::create_dir(self.workshop.new_results().join(folder)) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                    Err(_) | Ok(()) => {}
                }
            }
            Output::create(&path)
        };
        created().map_err(|error| self.refused(name, &error))
    }

    /// Brings everything that was written to a file onto the disk.
    pub(super) fn finish_file(&self, name: &str, file: Output) -> Result<(), Failure> {
        let hash = file.finish().map_err(|error| self.refused(name, &error))?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(name.to_owned(), hash);
        Ok(())
    }

    /// The bytes of a file; `None` where it was not written.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::Output(format!("cannot read `{name}`: {error}"))),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.workshop.new_results().join(name)
    }

    /// What is said when the disk refuses to write `name`.
    pub(super) fn refused(&self, name: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
        let place = self.workshop.place().shown().join(name);
        Failure::Output(format!("cannot write `{}`: {}", place.display(), with_causes(error)))
    }

    /// The path that leads from the folder, once it is in its place, to another.
    ///
    /// # Errors
    /// When there is no such folder.
    pub(super) fn seen_from_here(&self, folder: &Path) -> io::Result<PathBuf> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Ok(seen_from(self.workshop.place().path(), &here.canonicalize()?))
    }

    /// The experiment that the results are of.
    pub(super) fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Where its file is.
    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// The files written so far that are the same on every machine, with their BLAKE3 hashes.
    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        files.remove(TIMINGS);
        files
    }

    /// Removes everything that was written so far; for another thread, when the process is to end.
    pub fn remover(&self) -> impl FnOnce() + Send + 'static {
        self.workshop.remover()
    }

    /// Puts the folder in its place, where it replaces earlier results whole. Files that the user has among these, or has
    /// changed there, stay.
    ///
    /// # Errors
    /// When the place is taken by something else by now, or the disk refuses it; the results then have another name, which
    /// the error says, and what stands in the place is as it was.
    pub fn commit(self) -> Result<Committed, Failure> {
        let Folder { workshop, files, mut notes, .. } = self;
        let place = workshop.place();
        let new = workshop.new_results();
        let files = files.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut synced = vec![new.clone()];
        synced.extend(files.keys().flat_map(|name| subfolders(name)).map(|folder| new.join(folder)));
        synced.sort();
        synced.dedup();
        let put = || -> io::Result<Vec<String>> {
            synced.iter().try_for_each(|folder| sync_folder(folder))?;
            workshop.put_in_place()
        };
        let of_the_user = put().map_err(|error| match workshop.put_beside() {
            Ok(beside) => Failure::Output(format!(
                "{}; the new results are in `{}`",
                place.not_replaced(&error),
                beside.display()
            )),
            Err(_) => place.not_replaced(&error),
        })?;
        notes.extend(of_the_user);
        if let Some(root) = place.path().parent() {
            // The results are there; that they are not sure to outlast a power failure is no reason to say otherwise.
            let _ = sync_folder(root);
        }
        if let Err(error) = workshop.clear_replaced() {
            notes.push(format!("earlier results are not removed yet: {error}; the next run tries again"));
        }
        Ok(Committed { place: place.shown().to_owned(), notes })
    }
}

/// Refuses to replace the results of another experiment. One whose file is no longer where it was has moved, and is no
/// other.
fn refuse_other_experiment(
    place: &Place,
    earlier: Option<&Experiment>,
    own: &Experiment,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let words = |experiment: &Experiment, file: Option<&Path>| match (experiment, file) {
        (Experiment::Named(name), _) => format!("the named experiment `{name}`"),
        (Experiment::File(_), Some(file)) => format!("`{}`", file.display()),
        (Experiment::File(name), None) => format!("a file `{name}`"),
    };
    let Some(earlier) = earlier else { return Ok(()) };
    let earlier_file = Location::read(place.path());
    let is_other = match (earlier, own) {
        (Experiment::Named(earlier), Experiment::Named(own)) => earlier != own,
        (Experiment::File(_), Experiment::File(_)) => {
            earlier_file.as_deref().is_some_and(|earlier| file.is_some_and(|own| own != earlier))
        }
        (Experiment::Named(_), Experiment::File(_)) | (Experiment::File(_), Experiment::Named(_)) => true,
    };
    if is_other {
        let (earlier, own) = (words(earlier, earlier_file.as_deref()), words(own, file));
        return Err(Failure::Output(format!(
            "`{place}` has the results of {earlier}, and those of {own} are not to replace them: \
             give --name, or another --out"
        )));
    }
    Ok(())
}

/// The folders within the results that lead to a file, the innermost first.
fn subfolders(name: &str) -> impl Iterator<Item = &Path> {
    Path::new(name).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty())
}
