//! The models that named experiments quantize: the ONNX files under `experiments/`, compiled in.

use bitsweep_datasets::nearest;

/// Name and file of every model, sorted by name.
const MODELS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// The ONNX file of a model.
///
/// # Errors
/// That there is none of this name, with the nearest.
pub(super) fn builtin_model(name: &str) -> Result<&'static [u8], String> {
    let model = MODELS.iter().find(|(own, _)| *own == name).map(|(_, bytes)| *bytes);
    model.ok_or_else(|| {
        let names = MODELS.iter().map(|(name, _)| *name);
        let nearest =
            nearest(name, names).map_or_else(String::new, |name| format!(": did you mean `{name}`?"));
        format!("there is no model `{name}` here{nearest}")
    })
}
