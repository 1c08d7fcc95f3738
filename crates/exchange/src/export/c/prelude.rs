//! How constants are read.

/// What the compiler finds constants by, before everything else.
const PRELUDE: &str = include_str!("functions/prelude.h");

/// The macros that a source calls.
pub(super) fn prelude(source: &str) -> String {
    let is_needed = |line: &&str| match line.strip_prefix("#define READ_") {
        Some(rest) => source.contains(&format!("READ_{}(", rest.split('(').next().unwrap_or(rest))),
        None => true,
    };
    PRELUDE.lines().filter(is_needed).fold(String::new(), |text, line| text + line + "\n")
}
