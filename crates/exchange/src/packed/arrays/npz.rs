//! Arrays as an npz file.

use std::io::{self, Cursor, Write};

use npyz::{AutoSerialize, WriterBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::array::{Array, Numbers};

/// The bytes of an archive of these arrays, and of one entry that is none. What is written depends on nothing else.
pub(super) fn write(arrays: &[Array], text_name: &str, text: &[u8]) -> io::Result<Vec<u8>> {
    // 1980, where the dates of zip begin.
    let date = DateTime::default();
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored).last_modified_time(date);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(text_name, options)?;
    archive.write_all(text)?;
    for array in arrays {
        archive.start_file(format!("{}.npy", array.name), options)?;
        archive.write_all(&npy(array)?)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The bytes of a NumPy array.
fn npy(array: &Array) -> io::Result<Vec<u8>> {
    match &array.numbers {
        Numbers::I8(numbers) => npy_of(&array.shape, numbers),
        Numbers::U8(numbers) => npy_of(&array.shape, numbers),
        Numbers::I16(numbers) => npy_of(&array.shape, numbers),
        Numbers::U16(numbers) => npy_of(&array.shape, numbers),
        Numbers::I32(numbers) => npy_of(&array.shape, numbers),
        Numbers::I64(numbers) => npy_of(&array.shape, numbers),
        Numbers::F32(numbers) => npy_of(&array.shape, numbers),
        Numbers::F64(numbers) => npy_of(&array.shape, numbers),
    }
}

fn npy_of<T: AutoSerialize + Copy>(shape: &[usize], numbers: &[T]) -> io::Result<Vec<u8>> {
    let shape: Vec<u64> = shape.iter().map(|&length| length as u64).collect();
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes);
    let mut writer = options.begin_nd()?;
    writer.extend(numbers.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}
