//! Where a file of a store stands, and what it is called.

use std::path::PathBuf;

/// Digits of the hash in a name: 128 bits.
const HASH_DIGITS: usize = 32;

/// What belongs to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// The unit with this key.
    Unit(u128),
    /// The plan with this key.
    Plan(u128),
}

impl Shelf {
    /// The folders that shelves of each kind stand in.
    pub(crate) const ROOMS: [&'static str; 2] = ["units", "plans"];

    /// The folder that shelves of this kind stand in.
    pub(crate) const fn room(self) -> &'static str {
        match self {
            Self::Unit(_) => Self::ROOMS[0],
            Self::Plan(_) => Self::ROOMS[1],
        }
    }

    /// The folders that lead to it from the root.
    pub(crate) fn folders(self) -> [String; 3] {
        let (Self::Unit(key) | Self::Plan(key)) = self;
        let digits = format!("{key:032x}");
        [self.room().to_owned(), digits[..2].to_owned(), digits]
    }

    /// The shelf of a folder's name in a room.
    pub(crate) fn of(room: &str, name: &str) -> Option<Self> {
        let key = is_hash(name).then(|| u128::from_str_radix(name, 16).ok())??;
        [Self::Unit(key), Self::Plan(key)].into_iter().find(|shelf| shelf.room() == room)
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A float model, in safetensors.
    Model,
    /// Rows of variants, in Parquet.
    Rows,
    /// How long something took on the machine that did it.
    Timing,
    /// What an experiment asks for.
    Plan,
    /// A run that came to its end.
    Run,
    /// A plan as it was handed to a scheduler.
    Submission,
    /// The job array that a scheduler made of it.
    Array,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Model, Self::Rows, Self::Timing, Self::Plan, Self::Run, Self::Submission, Self::Array];

    /// What the name begins with, and its extension.
    const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Model => ("model", "safetensors"),
            Self::Rows => ("rows", "parquet"),
            Self::Timing => ("timing", "json"),
            Self::Plan => ("plan", "json"),
            Self::Run => ("run", "json"),
            Self::Submission => ("submission", "json"),
            Self::Array => ("array", "json"),
        }
    }
}

/// A file of a store; [`Store::read`](crate::Store::read) tells whether its bytes are those that were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredFile {
    /// Where it stands.
    pub shelf: Shelf,
    /// What it holds.
    pub kind: Kind,
    /// Its path.
    pub path: PathBuf,
    /// The hash that its name has.
    pub(crate) hash: String,
}

impl StoredFile {
    /// What the file is called.
    #[must_use]
    pub fn name(&self) -> String {
        name_of(self.kind, &self.hash)
    }
}

/// The hash of a file's bytes, as names have it.
pub(crate) fn hash_of(bytes: &[u8]) -> String {
    let mut digits = blake3::hash(bytes).to_hex().to_string();
    digits.truncate(HASH_DIGITS);
    digits
}

/// What a file is called.
pub(crate) fn name_of(kind: Kind, hash: &str) -> String {
    let (stem, extension) = kind.name();
    format!("{stem}-{hash}.{extension}")
}

/// The kind and the hash that a name tells; `None` of what is none of ours.
pub(crate) fn parse_name(name: &str) -> Option<(Kind, &str)> {
    Kind::ALL.into_iter().find_map(|kind| {
        let (stem, extension) = kind.name();
        let hash = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(extension)?.strip_suffix('.')?;
        is_hash(hash).then_some((kind, hash))
    })
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
