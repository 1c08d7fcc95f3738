//! The folder, and what can be done with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::StoreError;
use crate::publish::{UNFINISHED, publish, sync_folder};
use crate::shelf::{Kind, Shelf, StoredFile, hash_of, name_of, parse_name};

/// The file that tells what the folder is.
const MARKER: &str = "store";
/// What it says.
const VERSION: &str = "bitsweep store, version 1";

/// So long no write takes: what is unfinished for longer was left by a process that was killed.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A folder of files that outlive the run that made them.
#[derive(Debug, Clone)]
pub struct Store {
    /// With no link left in it.
    root: PathBuf,
    /// As the user wrote it.
    shown: PathBuf,
}

/// The bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// As they were written.
    Whole(Vec<u8>),
    /// Others than were written: the file was cut or altered.
    Damaged,
    /// The file is no longer there.
    Gone,
}

/// What uniting two stores came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Files that were copied.
    pub copied: usize,
    /// Files that were there already.
    pub present: usize,
    /// Files of the other store that are damaged, and were left out.
    pub damaged: Vec<PathBuf>,
}

impl Store {
    /// Opens the store in the folder `root`, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder holds something else, or the disk refuses it.
    pub fn open(root: &Path) -> Result<Store, StoreError> {
        fs::create_dir_all(root).map_err(StoreError::disk("make", root))?;
        match Self::existing(root)? {
            Some(store) => Ok(store),
            None => {
                let shown = root.to_owned();
                let root = root.canonicalize().map_err(StoreError::disk("read", root))?;
                publish(&root, MARKER, format!("{VERSION}\n").as_bytes())?;
                Ok(Store { root, shown })
            }
        }
    }

    /// Opens the store in the folder `root`; `None` where there is no such folder, or nothing in it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn existing(root: &Path) -> Result<Option<Store>, StoreError> {
        let shown = root.to_owned();
        let unreadable = |error| StoreError::disk("read", &shown)(error);
        let root = match root.canonicalize() {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        match fs::read_to_string(root.join(MARKER)) {
            Ok(text) if text.trim_end() == VERSION => Ok(Some(Store { root, shown })),
            Ok(text) => {
                let found = text.lines().next().unwrap_or_default().to_owned();
                Err(StoreError::Version { place: shown, found, expected: VERSION })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A process may have been killed while it wrote the very first file.
                let mut entries = fs::read_dir(&root).map_err(unreadable)?;
                let is_ours = |entry: io::Result<fs::DirEntry>| {
                    entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED))
                };
                if entries.all(is_ours) { Ok(None) } else { Err(StoreError::NotAStore(shown)) }
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    /// The folder, as the user wrote it.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// The folder of a shelf, whether it is there or not.
    #[must_use]
    pub fn folder(&self, shelf: Shelf) -> PathBuf {
        shelf.folders().iter().fold(self.root.clone(), |path, folder| path.join(folder))
    }

    /// All shelves, in ascending order of their keys.
    ///
    /// # Errors
    /// When the disk refuses it, or a link stands where a folder should.
    pub fn shelves(&self) -> Result<Vec<Shelf>, StoreError> {
        let mut all = Vec::new();
        for room in Shelf::ROOMS {
            let room_folder = self.root.join(room);
            for (_, within) in subfolders(&room_folder)? {
                all.extend(subfolders(&within)?.into_iter().filter_map(|(name, _)| Shelf::of(room, &name)));
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// The files on a shelf, sorted by kind and name. What is not called as files of a store are is left alone.
    ///
    /// # Errors
    /// When the disk refuses it, or a link stands where a folder should.
    pub fn files(&self, shelf: Shelf) -> Result<Vec<StoredFile>, StoreError> {
        let folder = self.folder(shelf);
        let mut files = Vec::new();
        for entry in entries(&folder)? {
            let name = entry.file_name();
            let Some((kind, hash)) = name.to_str().and_then(parse_name) else { continue };
            // Of an entry, that is: a link is none, wherever it leads.
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                files.push(StoredFile { shelf, kind, path: entry.path(), hash: hash.to_owned() });
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    /// The files of one kind on a shelf.
    ///
    /// # Errors
    /// As [`files`](Self::files).
    pub fn files_of(&self, shelf: Shelf, kind: Kind) -> Result<Vec<StoredFile>, StoreError> {
        let mut files = self.files(shelf)?;
        files.retain(|file| file.kind == kind);
        Ok(files)
    }

    /// The bytes of a file, where they are those that were written.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn read(&self, file: &StoredFile) -> Result<Content, StoreError> {
        match fs::read(&file.path) {
            Ok(bytes) if hash_of(&bytes) == file.hash => Ok(Content::Whole(bytes)),
            Ok(_) => Ok(Content::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Content::Gone),
            Err(error) => Err(StoreError::disk("read", &file.path)(error)),
        }
    }

    /// Writes a file, which is there as a whole once this returns. A file of the same bytes stays as it is.
    ///
    /// # Errors
    /// When the disk refuses it, or a link stands where a folder should.
    pub fn put(&self, shelf: Shelf, kind: Kind, bytes: &[u8]) -> Result<StoredFile, StoreError> {
        self.put_new(shelf, kind, bytes).map(|(file, _)| file)
    }

    /// As [`put`](Self::put); also whether the file was missing.
    fn put_new(&self, shelf: Shelf, kind: Kind, bytes: &[u8]) -> Result<(StoredFile, bool), StoreError> {
        let hash = hash_of(bytes);
        let name = name_of(kind, &hash);
        let folder = self.make(shelf)?;
        let file = StoredFile { shelf, kind, path: folder.join(&name), hash };
        let is_there = fs::symlink_metadata(&file.path).is_ok_and(|found| found.is_file());
        if is_there && matches!(self.read(&file)?, Content::Whole(_)) {
            return Ok((file, false));
        }
        publish(&folder, &name, bytes)?;
        Ok((file, true))
    }

    /// Writes a file under a name of its own onto a shelf: something for people, which the store itself never reads.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_named(&self, shelf: Shelf, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let folder = self.make(shelf)?;
        publish(&folder, name, bytes)?;
        Ok(folder.join(name))
    }

    /// Removes a file. One that is gone already is no error.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn remove(&self, file: &StoredFile) -> Result<(), StoreError> {
        match fs::remove_file(&file.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::disk("remove", &file.path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes what killed processes left unfinished on a shelf, and the shelf where nothing is left on it.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn tidy(&self, shelf: Shelf) -> Result<(), StoreError> {
        let folder = self.folder(shelf);
        for entry in entries(&folder)? {
            let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
            let modified = entry.metadata().and_then(|found| found.modified()).ok();
            let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
            if is_unfinished && age.is_some_and(|age| age > ABANDONED) {
                fs::remove_file(entry.path()).map_err(StoreError::disk("remove", &entry.path()))?;
            }
        }
        // Where something is left, it stays.
        let _ = fs::remove_dir(folder);
        Ok(())
    }

    /// Copies what another store has and this one lacks.
    ///
    /// # Errors
    /// When a disk refuses it.
    pub fn merge(&self, other: &Store) -> Result<Merged, StoreError> {
        let mut merged = Merged::default();
        for shelf in other.shelves()? {
            for file in other.files(shelf)? {
                match other.read(&file)? {
                    Content::Whole(bytes) => match self.put_new(shelf, file.kind, &bytes)? {
                        (_, true) => merged.copied += 1,
                        (_, false) => merged.present += 1,
                    },
                    Content::Damaged => merged.damaged.push(file.path),
                    Content::Gone => {}
                }
            }
        }
        Ok(merged)
    }

    /// Makes the folder of a shelf, and brings the names that lead to it onto the disk.
    fn make(&self, shelf: Shelf) -> Result<PathBuf, StoreError> {
        let mut path = self.root.clone();
        for folder in shelf.folders() {
            let parent = path.clone();
            path.push(folder);
            match fs::create_dir(&path) {
                Ok(()) => sync_folder(&parent).map_err(StoreError::disk("write", &parent))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_folder(&path)?,
                Err(error) => return Err(StoreError::disk("make", &path)(error)),
            }
        }
        Ok(path)
    }
}

/// Refuses what is no folder, a link to one included.
fn check_folder(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(StoreError::NotAFolder(path.to_owned())),
        Err(error) => Err(StoreError::disk("read", path)(error)),
    }
}

/// What is in a folder; nothing where it is missing.
fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let unreadable = |error| StoreError::disk("read", folder)(error);
    match fs::read_dir(folder) {
        Ok(found) => {
            check_folder(folder)?;
            found.collect::<io::Result<_>>().map_err(unreadable)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(StoreError::NotAFolder(folder.to_owned()))
        }
        Err(error) => Err(unreadable(error)),
    }
}

/// The folders in a folder with their names; what is not in UTF-8 is none of ours.
fn subfolders(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        if let Ok(name) = entry.file_name().into_string()
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
        {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}
