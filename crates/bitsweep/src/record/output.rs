//! A file of the results, hashed as it is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A file of the results, hashed as it is written.
pub struct Output(BufWriter<Hashed>);

struct Hashed {
    file: File,
    hasher: blake3::Hasher,
    /// What the disk said when it refused: who writes may have other words for it.
    refusal: Option<io::Error>,
}

impl Output {
    pub(super) fn create(path: &Path) -> io::Result<Output> {
        let hasher = blake3::Hasher::new();
        Ok(Output(BufWriter::new(Hashed { file: File::create(path)?, hasher, refusal: None })))
    }

    /// Why the disk refused what was written, where it did.
    pub(super) fn refusal(&self) -> Option<&io::Error> {
        self.0.get_ref().refusal.as_ref()
    }

    /// Brings everything onto the disk; the hash of what was written.
    pub(super) fn finish(mut self) -> io::Result<String> {
        self.0.flush()?;
        let Hashed { file, hasher, .. } = self.0.get_ref();
        file.sync_all()?;
        Ok(hasher.finalize().to_string())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(written) => {
                self.hasher.update(&bytes[..written]);
                Ok(written)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let same = error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error);
                self.refusal.get_or_insert(same);
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
