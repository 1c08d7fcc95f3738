//! A file of the results, hashed as it is written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A file of the results, hashed as it is written.
pub struct Output(BufWriter<Hashed>);

struct Hashed {
    file: File,
    hasher: blake3::Hasher,
}

impl Output {
    pub(super) fn create(path: &Path) -> io::Result<Output> {
        let hasher = blake3::Hasher::new();
        Ok(Output(BufWriter::new(Hashed { file: File::create(path)?, hasher })))
    }

    /// Brings everything onto the disk; the hash of what was written.
    pub(super) fn finish(mut self) -> io::Result<String> {
        self.0.flush()?;
        let Hashed { file, hasher } = self.0.get_ref();
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
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
