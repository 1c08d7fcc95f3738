//! Everything that reads a file, on bytes that may be anything. The fuzz targets under `fuzz/` are this file, too.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use bitsweep_exchange::packed::PackedModel;
use bitsweep_exchange::{ReadOptions, TensorFile, read_network};
use bitsweep_models::Activation;
use ndarray::Array2;

/// What bytes were accepted as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// A directory of tensors.
    pub(crate) tensors: bool,
    /// Numbers of one of them.
    pub(crate) values: bool,
    /// A model of another tool.
    pub(crate) network: bool,
    /// A packed model.
    pub(crate) packed: bool,
}

/// Reads the bytes, by way of the file where readers take files; whatever was read is computed with and written.
pub(crate) fn read(bytes: &[u8], path: &Path) -> Accepted {
    write(bytes, path).expect("a temporary file can be written");
    let mut accepted = Accepted::default();
    if let Ok(file) = TensorFile::open(path) {
        accepted.tensors = true;
        for entry in file.entries().to_vec() {
            accepted.values |= file.read(&entry).is_ok_and(|tensor| tensor.values.len() == entry.len());
        }
    }
    let options = ReadOptions { activation: Some(Activation::Relu), ..ReadOptions::default() };
    if let Ok(network) = read_network(path, &options) {
        accepted.network = true;
        network.model.logits(Array2::from_elem((2, network.model.input_size()), 0.5_f32).view());
    }
    if let Ok(model) = PackedModel::from_bytes(bytes) {
        accepted.packed = true;
        if let Ok(predictor) = model.predictor() {
            let features = model.classifier().layers[0].weight.shape().0;
            let _ = predictor.logits(Array2::from_elem((2, features), 0.5).view());
        }
        let _ = (model.to_bytes(), model.to_npz(), model.to_json(), model.to_gguf("model"));
    }
    accepted
}

/// Some file systems wait for the disk where a file is emptied and written again; none does where it is cut off behind.
fn write(bytes: &[u8], path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}
