//! `cargo +nightly fuzz run readers fuzz/corpus crates/exchange/tests/corpus crates/exchange/tests/files`

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/exchange/tests/hostile/readers.rs"]
mod readers;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    tempfile::tempdir().expect("a folder for files").keep().join("input")
});

fuzz_target!(|bytes: &[u8]| {
    readers::read(bytes, &FILE);
});
