//! ONNX files: a graph of operators in Protocol Buffers.

use std::path::Path;

use crate::error::ImportError;
use crate::network::Network;

/// Reads the graph and lowers it to a network.
pub(crate) fn read_onnx(path: &Path) -> Result<Network, ImportError> {
    Err(ImportError::new(path, "ONNX is not read yet"))
}
