//! Short names of variants, made of what tells those apart that are shown together.

mod naming;
mod parts;
mod set;

pub use parts::Label;
pub use set::Labels;
