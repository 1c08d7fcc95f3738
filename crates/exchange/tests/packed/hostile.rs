//! Bytes that are no packed model are refused, whatever they are.

use std::collections::HashMap;

use bitsweep_exchange::packed::{PackedError, PackedModel};
use ndarray::Array2;
use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::{everything, header_length, stream};

/// What a file may be refused for, or the model that its bytes are; that one computes.
fn read(bytes: &[u8]) -> Result<(), PackedError> {
    let model = PackedModel::from_bytes(bytes)?;
    assert_eq!((bytes.len() - header_length(bytes)) as u64, model.sizes().total());
    let predictor = model.predictor()?;
    let features = model.classifier().layers[0].weight.shape().0;
    let _ = predictor.logits(Array2::from_elem((2, features), 0.5).view());
    Ok(())
}

/// The JSON of the metadata.
fn metadata(bytes: &[u8]) -> Value {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    serde_json::from_str(&header.metadata().as_ref().unwrap()["bitsweep"]).unwrap()
}

/// The file with other metadata, and the checksum that belongs to them.
fn with_metadata(bytes: &[u8], mut metadata: Value) -> Vec<u8> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors: Vec<_> = file.iter().collect();
    tensors.sort_by_key(|(name, _)| *name);
    metadata["checksum"] = json!("");
    let mut hasher = blake3::Hasher::new();
    hasher.update(metadata.to_string().as_bytes());
    for (name, tensor) in &tensors {
        hasher.update(name.as_bytes()).update(&[0]).update(tensor.data());
    }
    metadata["checksum"] = json!(hasher.finalize().to_hex().to_string());
    let keys = HashMap::from([("bitsweep".to_owned(), metadata.to_string())]);
    safetensors::serialize(tensors, Some(keys)).unwrap()
}

/// The leaves of a JSON value, as pointers.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{pointer}/{name}"), found));
        }
        Value::Array(values) => {
            (0..).zip(values).for_each(|(index, value)| leaves(value, &format!("{pointer}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(pointer.to_owned());
}

fn replacements() -> Vec<Value> {
    let mut values: Vec<Value> = [0, 1, 2, 3, 5, 8, 255, 256, 1 << 20, 1 << 32, 1 << 61, u64::MAX]
        .into_iter()
        .map(Value::from)
        .collect();
    values.extend([json!(-1), json!(0.5), json!(1e300), json!(null), json!(true), json!([]), json!({})]);
    values.extend(
        ["float", "single", "mixed", "none", "tensor", "f64", "e8m0-floor", "two-level"].map(Value::from),
    );
    values
}

#[test]
fn a_changed_byte_is_refused_or_means_the_same() {
    for model in everything() {
        let bytes = model.to_bytes().unwrap();
        for position in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[position] ^= change;
                if let Ok(read) = PackedModel::from_bytes(&changed) {
                    // White space, or an escape of the same text.
                    assert_eq!(read, model, "{position} {change}");
                    assert!(position < header_length(&bytes), "{position} {change}");
                }
            }
        }
    }
}

#[test]
fn too_few_and_too_many_bytes_are_refused() {
    for model in everything() {
        let bytes = model.to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(PackedModel::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
        assert!(PackedModel::from_bytes(&[&*bytes, &[0]].concat()).is_err());
    }
}

#[test]
fn tensors_of_other_bits_are_refused_or_computed_with() {
    let mut stream = stream(5);
    for model in everything() {
        let bytes = model.to_bytes().unwrap();
        let (metadata, start) = (metadata(&bytes), header_length(&bytes));
        for _ in 0..8_000 {
            let mut changed = bytes.clone();
            for _ in 0..=stream.below(3) {
                let position = start + stream.below(bytes.len() - start);
                changed[position] = match stream.below(3) {
                    0 => 0,
                    1 => 0xff,
                    _ => stream.below(256) as u8,
                };
            }
            let _ = read(&with_metadata(&changed, metadata.clone()));
        }
    }
}

#[test]
fn metadata_that_say_something_else_are_refused_or_computed_with() {
    let mut stream = stream(6);
    let replacements = replacements();
    for model in everything() {
        let bytes = model.to_bytes().unwrap();
        let own = metadata(&bytes);
        assert_eq!(with_metadata(&bytes, own.clone()), bytes);
        let mut places = Vec::new();
        leaves(&own, "", &mut places);
        for place in &places {
            for value in &replacements {
                let mut changed = own.clone();
                *changed.pointer_mut(place).unwrap() = value.clone();
                if changed.is_object() {
                    let _ = read(&with_metadata(&bytes, changed));
                }
            }
        }
        for _ in 0..8_000 {
            let mut changed = own.clone();
            for _ in 0..=stream.below(3) {
                let value = match stream.below(2) {
                    0 => replacements[stream.below(replacements.len())].clone(),
                    _ => own.pointer(&places[stream.below(places.len())]).unwrap().clone(),
                };
                if let Some(place) = changed.pointer_mut(&places[stream.below(places.len() - 1)]) {
                    *place = value;
                }
            }
            let _ = read(&with_metadata(&bytes, changed));
        }
    }
}

#[test]
fn shapes_beyond_their_bytes_are_refused_before_there_is_memory_for_them() {
    let model = everything().remove(0);
    let bytes = model.to_bytes().unwrap();
    for size in [1_u64 << 20, 1 << 31, 1 << 32, 1 << 40, 1 << 62, u64::MAX] {
        for side in ["inputs", "outputs"] {
            let mut changed = metadata(&bytes);
            changed["layers"][2][side] = json!(size);
            assert!(read(&with_metadata(&bytes, changed)).is_err());
        }
        let mut changed = metadata(&bytes);
        changed["columns"][1]["kind"]["levels"]["texts"] = json!(size);
        assert!(read(&with_metadata(&bytes, changed)).is_err());
        let mut changed = metadata(&bytes);
        changed["layers"][2]["weight"]["coded"]["centroids"][0] = json!(size);
        assert!(read(&with_metadata(&bytes, changed)).is_err());
    }
}

#[test]
fn lengths_that_add_up_beyond_64_bits_are_refused() {
    let length = (1_u64 << 61) - 1;
    let tensor = |index: u64| {
        let offsets = [index * length, (index + 1) * length];
        (index.to_string(), json!({ "dtype": "U8", "shape": [length], "data_offsets": offsets }))
    };
    let header = Value::Object((0..8).map(tensor).collect()).to_string();
    let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    assert!(matches!(read(&file), Err(PackedError::Safetensors(_))));
}
