//! A cross compiler, and the emulator that runs what it makes.

use std::fs;
use std::path::Path;

use super::error::DeviceError;
use super::program::{emulate, is_installed, run, version};
use super::target::{Core, Target};

/// The least program that calls a model.
const PROBE: &str = include_str!("../harness/probe.c");

/// What runs test rows and prints what they take: the source that is compiled, and what goes with it.
const AVR: [(&str, &str); 4] = [
    ("avr.c", include_str!("../harness/avr.c")),
    ROWS,
    ("cycles.h", include_str!("../harness/cycles.h")),
    ("uart.h", include_str!("../harness/uart.h")),
];
const ARM: [(&str, &str); 3] =
    [("arm.c", include_str!("../harness/arm.c")), ROWS, ("cortex.h", include_str!("../harness/cortex.h"))];
const ROWS: (&str, &str) = ("rows.h", include_str!("../harness/rows.h"));

/// Where programs for ARM have their parts.
const ARM_MEMORY: (&str, &str) = ("arm.ld", include_str!("../harness/arm.ld"));

/// How everything is compiled: small, and without what is not called.
const USUAL: [&str; 6] = [
    "-std=gnu99",
    "-Os",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wl,--gc-sections",
    "-DMODEL_FLOAT_FEATURES",
];

const ARM_USUAL: &[&str] = &["-mthumb", "-ffreestanding", "-nostartfiles"];

/// The machine of qemu with a timer by which instructions are counted.
const COUNTING: &str = "microbit";

/// A compiler for a device, and its emulator where there is one.
#[derive(Debug)]
pub struct Toolchain {
    target: Target,
    /// The compiler's version.
    version: String,
    has_emulator: bool,
    /// What a program takes that has no model.
    empty: Sections,
}

/// What a model takes from features on, by what was compiled, and run where that could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of code and constants.
    pub flash: u64,
    /// Of these, what makes codes of features.
    pub encode_flash: u64,
    /// Bytes of variables that are there all the time.
    pub variables: u64,
    /// What running it took; `None` without an emulator, and where the test rows do not fit beside the model.
    pub run: Option<Run>,
}

/// What one prediction took, at most, on test rows, from features on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Test rows, all of which gave the numbers that were measured.
    pub rows: u64,
    /// Bytes of stack.
    pub stack: u64,
    /// Clock cycles; `None` where the emulator counts none.
    pub cycles: Option<Steps>,
    /// Instructions; `None` where the emulator counts none.
    pub instructions: Option<Steps>,
}

/// Cycles, or instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// All of them.
    pub all: u64,
    /// Those that make codes of features.
    pub encoding: u64,
}

/// The sections of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sections {
    text: u64,
    data: u64,
    bss: u64,
}

impl Toolchain {
    /// What there is for a device; `None` where its compiler is not installed.
    ///
    /// # Errors
    /// A compiler that starts and does not compile, or without its `size`.
    pub fn find(target: Target) -> Result<Option<Self>, DeviceError> {
        let Some(version) = version(target.compiler(), "-dumpversion") else { return Ok(None) };
        let folder = tempfile::tempdir().map_err(cannot_write)?;
        fs::write(folder.path().join("probe.c"), PROBE).map_err(cannot_write)?;
        let empty = empty(target, folder.path())?;
        Ok(Some(Self { target, version, has_emulator: is_installed(target.emulator()), empty }))
    }

    /// The compiler with its version and what it is told, and the emulator: `avr-gcc 5.4.0 -Os, simavr`.
    #[must_use]
    pub fn words(&self) -> String {
        let emulator = if self.has_emulator { self.target.emulator() } else { "no emulator" };
        format!("{} {} -Os, {emulator}", self.target.compiler(), self.version)
    }

    /// Compiles a model, the files of a folder by their names, `model.h`, `model.c` and `test_vectors.h` among them, and runs its test
    /// rows.
    ///
    /// # Errors
    /// Files that cannot be written or compiled, and rows with other numbers than they have in `test_vectors.h`.
    pub fn measure(&self, files: &[(&str, String)]) -> Result<Measured, DeviceError> {
        let folder = tempfile::tempdir().map_err(cannot_write)?;
        let folder = folder.path();
        let own = [("probe.c", PROBE), ARM_MEMORY];
        let own = own.iter().chain(self.target.harness()).copied();
        let all = files.iter().map(|(name, text)| (*name, text.as_str())).chain(own);
        for (name, text) in all {
            fs::write(folder.join(name), text).map_err(cannot_write)?;
        }
        let (empty, [of_codes, whole]) = match probes(self.target, folder) {
            // So is what it takes told where it does not fit.
            Err(error) if error.is_too_large() => {
                let roomy = self.target.with_room();
                (empty(roomy, folder)?, probes(roomy, folder)?)
            }
            probes => (self.empty, probes?),
        };
        let flash = |own: Sections| (own.text + own.data).saturating_sub(empty.text + empty.data);
        Ok(Measured {
            flash: flash(whole),
            encode_flash: flash(whole).saturating_sub(flash(of_codes)),
            variables: (whole.data + whole.bss).saturating_sub(empty.data + empty.bss),
            run: self.run(folder)?,
        })
    }

    /// Runs the test rows in a folder.
    fn run(&self, folder: &Path) -> Result<Option<Run>, DeviceError> {
        if !self.has_emulator {
            return Ok(None);
        }
        let target = self.target;
        let [(source, _), ..] = target.harness() else { return Ok(None) };
        let memory: &[&str] = match target.core() {
            Core::Avr { .. } => &[],
            Core::Arm { .. } => &["-T", ARM_MEMORY.0],
        };
        let sources = ["-o", "test.elf", *source, "model.c", "-lm"];
        match compile(target, &[memory, &sources].concat(), folder) {
            // The model alone was linked: it is too large together with the rows.
            Err(error) if error.is_too_large() => return Ok(None),
            compiled => compiled?,
        };
        let said = emulate(target.emulator(), target.emulation("test.elf"), folder)?;
        let line = said.find("rows ").map_or("", |from| &said[from..]);
        let number = |name: &str| number_after(line, name);
        let encoding = number("encoding").unwrap_or_default();
        let steps = |predicting: u64| Steps { all: predicting + encoding, encoding };
        match (number("rows"), number("wrong"), number("stack")) {
            (Some(rows), Some(0), Some(stack)) => {
                let [cycles, instructions] =
                    [number("cycles"), number("instructions")].map(|own| own.map(steps));
                Ok(Some(Run { rows, stack, cycles, instructions }))
            }
            (Some(_), Some(wrong), Some(_)) => Err(DeviceError::Wrong { target: target.name(), wrong }),
            _ => Err(DeviceError::Failed { program: target.emulator().to_owned(), said }),
        }
    }
}

impl Target {
    const fn compiler(self) -> &'static str {
        match self.core() {
            Core::Avr { .. } => "avr-gcc",
            Core::Arm { .. } => "arm-none-eabi-gcc",
        }
    }

    const fn size_program(self) -> &'static str {
        match self.core() {
            Core::Avr { .. } => "avr-size",
            Core::Arm { .. } => "arm-none-eabi-size",
        }
    }

    /// What runs test rows, the source first.
    const fn harness(self) -> &'static [(&'static str, &'static str)] {
        match self.core() {
            Core::Avr { .. } => &AVR,
            Core::Arm { .. } => &ARM,
        }
    }

    const fn emulator(self) -> &'static str {
        match self.core() {
            Core::Avr { .. } => "simavr",
            Core::Arm { .. } => "qemu-system-arm",
        }
    }

    /// What the compiler is called with.
    fn arguments(self) -> Vec<String> {
        let own: &[&str] = match self.core() {
            Core::Avr { .. } => &[],
            Core::Arm { machine: COUNTING, .. } => &[ARM_USUAL, &["-DCOUNT_INSTRUCTIONS"]].concat(),
            Core::Arm { .. } => ARM_USUAL,
        };
        let core = match self.core() {
            Core::Avr { mcu } => format!("-mmcu={mcu}"),
            Core::Arm { cpu, .. } => format!("-mcpu={cpu}"),
        };
        USUAL.iter().chain(own).map(|argument| (*argument).to_owned()).chain([core]).collect()
    }

    /// What the emulator is called with.
    fn emulation(self, program: &'static str) -> Vec<&'static str> {
        match self.core() {
            Core::Avr { mcu } => vec!["-m", mcu, "-f", "16000000", program],
            Core::Arm { machine, .. } => {
                let counting: &[&str] = if machine == COUNTING { &["-icount", "shift=10"] } else { &[] };
                let usual = ["-M", machine, "-nographic", "-semihosting", "-kernel", program];
                usual.iter().chain(counting).copied().collect()
            }
        }
    }
}

/// Compiles for a device.
fn compile(target: Target, own: &[&str], folder: &Path) -> Result<String, DeviceError> {
    let usual = target.arguments();
    run(target.compiler(), usual.iter().map(String::as_str).chain(own.iter().copied()), folder)
}

/// A program without a model.
fn empty(target: Target, folder: &Path) -> Result<Sections, DeviceError> {
    sections(target, &["-DEMPTY", "probe.c"], folder)
}

/// Programs with a model that is given codes, and with one that is given features.
fn probes(target: Target, folder: &Path) -> Result<[Sections; 2], DeviceError> {
    compile(target, &["-c", "model.c"], folder)?;
    let probe = |own: &[&str]| sections(target, own, folder);
    Ok([probe(&["probe.c", "model.o"])?, probe(&["-DENCODES", "probe.c", "model.o"])?])
}

/// Compiles and links a program; its sections.
fn sections(target: Target, own: &[&str], folder: &Path) -> Result<Sections, DeviceError> {
    // The linker's usual memory has room for everything.
    let entry: &[&str] = match target.core() {
        Core::Avr { .. } => &[],
        Core::Arm { .. } => &["-Wl,--entry=main"],
    };
    compile(target, &[entry, own, &["-o", "probe.elf", "-lm"]].concat(), folder)?;
    let program = target.size_program();
    let table = run(program, ["-B", "probe.elf"], folder)?;
    let line = table.lines().nth(1).unwrap_or_default();
    let mut numbers = line.split_whitespace().map_while(|word| word.parse().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(text), Some(data), Some(bss)) => Ok(Sections { text, data, bss }),
        _ => Err(DeviceError::Failed { program: program.to_owned(), said: table }),
    }
}

/// The number behind a word: what a harness prints.
fn number_after(said: &str, word: &str) -> Option<u64> {
    let mut words = said.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words.find(|own| *own == word)?;
    let digits: String = words.next()?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn cannot_write(error: std::io::Error) -> DeviceError {
    DeviceError::Program { program: "a folder for compiled models".to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_behind_a_word() {
        let said = "rows 16 wrong 0 cycles 11599 encoding 16180 stack 77.\u{1b}[0m\nLoaded 4738 .text";
        let found = ["rows", "wrong", "cycles", "encoding", "stack"].map(|word| number_after(said, word));
        assert_eq!(found, [Some(16), Some(0), Some(11_599), Some(16_180), Some(77)]);
        assert_eq!((number_after(said, "instructions"), number_after("rows", "rows")), (None, None));
    }
}
