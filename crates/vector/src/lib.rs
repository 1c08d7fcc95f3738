//! Which vector instructions loops over numbers run with: the one place that chooses.
//!
//! Results are the same bits with any of them, and without: what is summed has a written order, and multiplications and additions
//! are fused where the source says so. `BITSWEEP_VECTORS=none` takes none, by which tests hold the program to that.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod instructions;
mod look_up;

use std::env;
use std::sync::OnceLock;

use pulp::Arch;

pub use instructions::Instructions;
pub use look_up::look_up;

/// In the environment of the program, `none` has all loops run without vector instructions.
pub const VARIABLE: &str = "BITSWEEP_VECTORS";

/// The best vector instructions that the processor has. They are looked up once: what calls it often pays one load.
#[inline]
#[must_use]
pub fn arch() -> Arch {
    static CHOSEN: OnceLock<Arch> = OnceLock::new();
    *CHOSEN.get_or_init(chosen)
}

#[cold]
// Nobody else may.
#[expect(clippy::disallowed_methods)]
fn chosen() -> Arch {
    if is_off() { Arch::Scalar } else { Arch::new() }
}

/// Whether the environment asks for none.
fn is_off() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| value == "none")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn nothing_but_none_takes_no_vector_instructions() {
        let has_any = !matches!(chosen_by_processor(), Arch::Scalar);
        assert_eq!(in_a_process_with(None), has_any);
        assert_eq!(in_a_process_with(Some("all")), has_any);
        assert!(!in_a_process_with(Some("none")));
    }

    #[expect(clippy::disallowed_methods)]
    fn chosen_by_processor() -> Arch {
        Arch::new()
    }

    #[test]
    fn kernels_are_portable_where_loops_take_no_vector_instructions() {
        assert!(Instructions::available().any(|set| set == Instructions::Portable));
        assert!(Instructions::best().is_available());
        assert!(told_in_a_process_with(Some("none")).contains("kernels: portable"));
        let best = [Instructions::Avx512Vnni, Instructions::Avx512Bw, Instructions::Avx2, Instructions::Neon];
        let best = best.into_iter().find(|set| set.is_available()).unwrap_or(Instructions::Portable);
        assert!(told_in_a_process_with(None).contains(&format!("kernels: {}\n", best.name())));
    }

    /// Whether a process with the variable in its environment takes vector instructions: this binary, of which it runs the
    /// test below.
    fn in_a_process_with(value: Option<&str>) -> bool {
        let told = told_in_a_process_with(value);
        let is_told = |words: &str| told.contains(words);
        assert!(is_told("vectors: true") != is_told("vectors: false"), "{told}");
        is_told("vectors: true")
    }

    fn told_in_a_process_with(value: Option<&str>) -> String {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "tests::what_is_taken_is_told", "--nocapture"]).env_remove(VARIABLE);
        command.envs(value.map(|value| (VARIABLE, value)));
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    #[test]
    fn what_is_taken_is_told() {
        println!("vectors: {}", !matches!(arch(), Arch::Scalar));
        println!("kernels: {}", Instructions::best().name());
    }
}
