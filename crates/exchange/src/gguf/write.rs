//! From metadata and tensors to a file.

use bitsweep_quant::GgufBlock;

use super::block_type::BlockType;
use super::{ALIGNMENT, ALIGNMENT_KEY, BF16, F16, F32, MAGIC};

/// The version that is written.
const VERSION: u32 = 3;

/// The value of a key.
pub(crate) enum Metadata {
    U32(u32),
    Text(String),
    Texts(Vec<String>),
    U32s(Vec<u32>),
    F32s(Vec<f32>),
}

/// A tensor: its lengths, the contiguous one last as in NumPy, and its bytes.
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Numbers,
}

/// The bytes of a tensor, and what they are.
pub(crate) enum Numbers {
    F32(Vec<u8>),
    F16(Vec<u8>),
    BF16(Vec<u8>),
    Blocks(GgufBlock, Vec<u8>),
}

impl Numbers {
    fn parts(&self) -> (u32, &[u8]) {
        match self {
            Self::F32(bytes) => (F32, bytes),
            Self::F16(bytes) => (F16, bytes),
            Self::BF16(bytes) => (BF16, bytes),
            Self::Blocks(block, bytes) => (BlockType::number(*block), bytes),
        }
    }
}

/// The bytes of a file; what is written depends on nothing else.
pub(crate) fn write(metadata: &[(String, Metadata)], tensors: &[Tensor]) -> Vec<u8> {
    let mut file = Vec::from(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((metadata.len() as u64 + 1).to_le_bytes());
    append_key(&mut file, ALIGNMENT_KEY, &Metadata::U32(ALIGNMENT));
    for (key, value) in metadata {
        append_key(&mut file, key, value);
    }
    let mut offset = 0;
    for Tensor { name, shape, numbers } in tensors {
        append_text(&mut file, name);
        file.extend((shape.len() as u32).to_le_bytes());
        for &length in shape.iter().rev() {
            file.extend((length as u64).to_le_bytes());
        }
        let (number, bytes) = numbers.parts();
        file.extend(number.to_le_bytes());
        file.extend((offset as u64).to_le_bytes());
        offset += bytes.len().next_multiple_of(ALIGNMENT as usize);
    }
    pad(&mut file);
    for tensor in tensors {
        file.extend(tensor.numbers.parts().1);
        pad(&mut file);
    }
    file
}

fn pad(file: &mut Vec<u8>) {
    file.resize(file.len().next_multiple_of(ALIGNMENT as usize), 0);
}

fn append_text(file: &mut Vec<u8>, text: &str) {
    file.extend((text.len() as u64).to_le_bytes());
    file.extend(text.as_bytes());
}

/// The numbers of the types of values.
const TYPE_U32: u32 = 4;
const TYPE_F32: u32 = 6;
const TYPE_TEXT: u32 = 8;
const TYPE_ARRAY: u32 = 9;

fn append_key(file: &mut Vec<u8>, key: &str, value: &Metadata) {
    append_text(file, key);
    let append_array = |file: &mut Vec<u8>, of: u32, length: usize| {
        file.extend(TYPE_ARRAY.to_le_bytes());
        file.extend(of.to_le_bytes());
        file.extend((length as u64).to_le_bytes());
    };
    match value {
        Metadata::U32(number) => {
            file.extend(TYPE_U32.to_le_bytes());
            file.extend(number.to_le_bytes());
        }
        Metadata::Text(text) => {
            file.extend(TYPE_TEXT.to_le_bytes());
            append_text(file, text);
        }
        Metadata::Texts(texts) => {
            append_array(file, TYPE_TEXT, texts.len());
            texts.iter().for_each(|text| append_text(file, text));
        }
        Metadata::U32s(numbers) => {
            append_array(file, TYPE_U32, numbers.len());
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        Metadata::F32s(numbers) => {
            append_array(file, TYPE_F32, numbers.len());
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
    }
}
