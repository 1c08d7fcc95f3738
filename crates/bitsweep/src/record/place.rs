//! Where results are to stand, and what stands there.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::filesystem::exists;
use super::marker::Marker;
use crate::failure::Failure;

/// Where results are to stand.
#[derive(Debug)]
pub(super) struct Place {
    /// The absolute path, in which no link is left: the folder is replaced, and not a link to it.
    path: PathBuf,
    /// The path as the user wrote it.
    shown: PathBuf,
}

/// What is to be seen at the place of results.
pub(super) enum Standing {
    /// Nothing, or an empty folder.
    Nothing,
    /// Results of an earlier run.
    Results(Box<Marker>),
}

impl Place {
    /// The folder `name` in `root`, which is made where it is missing.
    ///
    /// # Errors
    /// When the disk refuses it, or a link leads nowhere, or out of `root`.
    pub(super) fn new(root: &Path, name: &str) -> Result<Place, Failure> {
        let unwritable = |error: io::Error| {
            Failure::Output(format!("cannot write results to `{}`: {error}", root.display()))
        };
        fs::create_dir_all(root).map_err(unwritable)?;
        let folder = root.canonicalize().map_err(unwritable)?;
        let mut place = Place { path: folder.join(name), shown: root.join(name) };
        if place.path.is_symlink() {
            let target = place.path.canonicalize().map_err(|error| place.not_replaced(&error))?;
            if !target.starts_with(&folder) {
                let out = format!("it is a link to `{}`, out of `{}`", target.display(), root.display());
                return Err(place.not_replaced(&io::Error::other(out)));
            }
            place.path = target;
        }
        Ok(place)
    }

    /// Its absolute path, in which no link is left.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path as the user wrote it.
    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    /// What stands there.
    ///
    /// # Errors
    /// When it is something other than results.
    pub(super) fn standing(&self) -> io::Result<Standing> {
        if let Some(marker) = Marker::read(&self.path) {
            return Ok(Standing::Results(Box::new(marker)));
        }
        match fs::read_dir(&self.path) {
            Ok(mut entries) => match entries.next() {
                None => Ok(Standing::Nothing),
                Some(_) => Err(io::Error::other("it exists and holds no results of bitsweep")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound && !exists(&self.path) => {
                Ok(Standing::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    /// What is said when results cannot be written there.
    pub(super) fn not_writable(&self, error: &io::Error) -> Failure {
        Failure::Output(format!("cannot write results to `{self}`: {error}"))
    }

    /// What is said when what stands there stays.
    pub(super) fn not_replaced(&self, error: &io::Error) -> Failure {
        Failure::Output(format!("`{self}` is not replaced: {error}; choose another --out or --name"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.display().fmt(formatter)
    }
}
