//! How constants are read.

use bitsweep_device::MOST_AVR_CONSTANTS;

/// What the compiler finds constants by, before everything else.
const PRELUDE: &str = include_str!("functions/prelude.h");

/// The macros that a source calls which has so many bytes of constants.
pub(super) fn prelude(source: &str, constants: u64) -> String {
    let is_needed = |line: &&str| match line.strip_prefix("#define READ_") {
        Some(rest) => source.contains(&format!("READ_{}(", rest.split('(').next().unwrap_or(rest))),
        None => true,
    };
    let macros = PRELUDE.lines().filter(is_needed).fold(String::new(), |text, line| text + line + "\n");
    match constants > MOST_AVR_CONSTANTS {
        true => format!(
            "#if defined(__AVR__)\n#error \"an AVR reads {MOST_AVR_CONSTANTS} bytes of constants, and these are {constants}\"\n#endif\n{macros}"
        ),
        false => macros,
    }
}
