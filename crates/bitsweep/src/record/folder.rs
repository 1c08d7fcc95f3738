//! Results are written whole or not at all: into a temporary folder beside their place, synced, then renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, with_causes};

/// The file by which a folder is known to hold results, so that no other folder is ever replaced.
pub(super) const MARKER: &str = "provenance.json";

/// A results folder under construction. Dropped before [`commit`](Folder::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct Folder {
    place: PathBuf,
    earlier: PathBuf,
    temporary: tempfile::TempDir,
}

impl Folder {
    /// Starts the folder `root/name`; the folder that stands there stays as it is until [`commit`](Folder::commit).
    ///
    /// # Errors
    /// When `root` cannot be written, or `root/name` is something other than results.
    pub fn create(root: &Path, name: &str) -> Result<Folder, Failure> {
        let place = root.join(name);
        let shown = place.display();
        if place.exists() && !is_replaceable(&place) {
            return Err(Failure::Output(format!(
                "`{shown}` exists and holds no results (there is no `{MARKER}`): it is not replaced; choose another --out"
            )));
        }
        let unwritable = |error: io::Error| {
            Failure::Output(format!("cannot write results to `{}`: {error}", root.display()))
        };
        fs::create_dir_all(root).map_err(unwritable)?;
        let earlier = earlier_name(root, name);
        if earlier.exists() && !place.exists() {
            // A run was killed between its two renames.
            fs::rename(&earlier, &place).map_err(unwritable)?;
        }
        let prefix = format!(".{name}.tmp-");
        remove_abandoned(root, &prefix);
        let temporary = tempfile::Builder::new().prefix(&prefix).tempdir_in(root).map_err(unwritable)?;
        Ok(Folder { place, earlier, temporary })
    }

    /// Writes one file; `name` may lead into a subfolder.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut file = self.create_file(name)?;
        content(&mut file).map_err(|error| self.refused(name, &error))?;
        self.finish_file(name, file)
    }

    /// Begins a file that is written bit by bit, and [finished](Self::finish_file) later.
    pub(super) fn create_file(&self, name: &str) -> Result<BufWriter<File>, Failure> {
        let path = self.temporary.path().join(name);
        let created = || -> io::Result<BufWriter<File>> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            Ok(BufWriter::new(File::create(&path)?))
        };
        created().map_err(|error| self.refused(name, &error))
    }

    /// Brings everything that was written to a file onto the disk.
    pub(super) fn finish_file(&self, name: &str, mut file: BufWriter<File>) -> Result<(), Failure> {
        let finished = file.flush().and_then(|()| file.get_ref().sync_all());
        finished.map_err(|error| self.refused(name, &error))
    }

    /// The bytes of a file that was written.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        fs::read(self.temporary.path().join(name)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::Other(format!(
                "`reproduce` asks for `{name}`, which this experiment does not write; see `record`"
            )),
            _ => Failure::Output(format!("cannot read `{name}`: {error}")),
        })
    }

    /// What is said when the disk refuses to write `name`.
    pub(super) fn refused(&self, name: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
        let place = self.place.join(name);
        Failure::Output(format!("cannot write `{}`: {}", place.display(), with_causes(error)))
    }

    /// Puts the folder in its place, where it replaces earlier results whole.
    ///
    /// # Errors
    /// When a rename is refused; earlier results are then put back.
    pub fn commit(self) -> Result<PathBuf, Failure> {
        let Folder { place, earlier, temporary } = self;
        let failed =
            |error: io::Error| Failure::Output(format!("cannot replace `{}`: {error}", place.display()));
        // `tempfile` makes folders private; results are ordinary files.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755)).map_err(failed)?;
        }
        sync_folder(temporary.path()).map_err(failed)?;
        let had_earlier = place.exists();
        if had_earlier {
            fs::rename(&place, &earlier).map_err(failed)?;
        }
        if let Err(error) = fs::rename(temporary.path(), &place) {
            if had_earlier {
                fs::rename(&earlier, &place).map_err(failed)?;
            }
            return Err(failed(error));
        }
        // The folder has moved away: there is nothing left for the guard to remove.
        let _moved = temporary.keep();
        if let Some(root) = place.parent() {
            sync_folder(root).map_err(failed)?;
        }
        if had_earlier {
            fs::remove_dir_all(&earlier).map_err(failed)?;
        }
        Ok(place)
    }
}

/// Whether a folder holds results, or nothing at all.
fn is_replaceable(place: &Path) -> bool {
    place.join(MARKER).is_file() || fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none())
}

/// Where earlier results stand while new ones take their place.
fn earlier_name(root: &Path, name: &str) -> PathBuf {
    root.join(format!(".{name}.earlier"))
}

/// Removes what a killed run left. A run that is still alive has a fresh folder, which is left alone.
fn remove_abandoned(root: &Path, prefix: &str) {
    const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_secs(3600);
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix));
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED_AFTER));
        if ours && old {
            // Another run may be removing it at the same time; a leftover does no harm.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
