//! What differs from system to system.

#[cfg(unix)]
use std::fs::File;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

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

/// The path that leads to `path` from `folder`; both are absolute, and no link is left in them.
pub(super) fn seen_from(folder: &Path, path: &Path) -> PathBuf {
    let pairs = path.components().zip(folder.components());
    let common = pairs.take_while(|(of_path, of_folder)| of_path == of_folder).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// Whether there is anything at `path`, a link that leads nowhere included.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether both are of one file; `None` where the system does not say.
#[cfg(unix)]
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    Some((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[cfg(not(unix))]
pub(super) fn is_same(_one: &Metadata, _other: &Metadata) -> Option<bool> {
    None
}

/// Gives a file a second place.
///
/// # Errors
/// When the filesystem refuses it, and where the system does not say whether two places are of one file.
#[cfg(unix)]
pub(super) fn link_file(file: &Path, place: &Path) -> io::Result<()> {
    fs::hard_link(file, place)
}

#[cfg(not(unix))]
pub(super) fn link_file(_file: &Path, _place: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lets the owner write into a folder.
///
/// # Errors
/// When the filesystem refuses it.
#[cfg(unix)]
pub(super) fn make_writable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::symlink_metadata(folder)?.permissions().mode();
    if mode & 0o700 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn make_writable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Brings the names in a folder onto the disk.
///
/// # Errors
/// When the disk refuses it.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
