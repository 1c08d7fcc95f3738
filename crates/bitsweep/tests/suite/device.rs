//! What variants take on a device: estimated without a compiler, and as compilers and emulators tell it, for which scripts stand in.
//! Real ones are those of `.ci/embedded`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use crate::harness::{Sandbox, experiment, printed, said, unwrapped};

const VARIANTS: &str = "\
[[quantize]]
name = 'int8'
weights = { bits = 8, symmetry = 'symmetric' }
activations = { bits = 8, mode = 'static', requantize = 'fixed-point' }
[[quantize]]
name = 'int2'
weights = { bits = 2, symmetry = 'symmetric', granularity = 'output-channel' }
activations = { bits = 8, mode = 'static', requantize = 'fixed-point' }
[[quantize]]
name = 'through floats'
weights = { bits = 8 }
activations = { bits = 8, mode = 'static' }
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", experiment(VARIANTS).replace("epochs = 5", "epochs = 60"));
    fs::create_dir(sandbox.path("tools")).unwrap();
    sandbox
}

/// A script that stands in for a program.
fn stand_in(sandbox: &Sandbox, name: &str, script: &str) {
    let place = sandbox.put(&format!("tools/{name}"), format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A compiler whose programs have 100 bytes, 1,000 more with a model, and 200 more that encode; an emulator that says so much.
fn tools(sandbox: &Sandbox, emulator: &str) {
    let compiler = r#"case "$*" in
    -dumpversion) echo 9.9.9 ;;
    *-DEMPTY*) echo 100 >probe.elf ;;
    *-DENCODES*) echo 1300 >probe.elf ;;
    *probe.elf*) echo 1100 >probe.elf ;;
    *" -c "*) ;;
    *) touch test.elf ;;
esac"#;
    stand_in(sandbox, "avr-gcc", compiler);
    stand_in(
        sandbox,
        "avr-size",
        r#"echo "text data bss dec hex filename"; read -r n <probe.elf; echo "$n 4 6 x x probe.elf""#,
    );
    stand_in(sandbox, "simavr", emulator);
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    // A shell for the scripts, and no compilers of this machine.
    let path = format!("{}:{}", sandbox.path("tools").display(), sandbox.path("shell").display());
    if !sandbox.path("shell").exists() {
        fs::create_dir(sandbox.path("shell")).unwrap();
        std::os::unix::fs::symlink("/bin/touch", sandbox.path("shell/touch")).unwrap();
    }
    sandbox.command(arguments).env("PATH", path).output().unwrap()
}

/// The cells of `device.csv` of a label, by their columns.
fn cells(csv: &str, label: &str, columns: &[&str]) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let row = reader.records().map(Result::unwrap).find(|row| &row[2] == label).unwrap();
    let at = |name: &&str| headers.iter().position(|own| own == *name).unwrap();
    columns.iter().map(|name| row[at(name)].to_owned()).collect()
}

#[test]
fn without_a_compiler_what_variants_take_is_estimated_and_said_so() {
    let sandbox = sandbox();
    let output = run(&sandbox, &["run", "mine.toml", "--set", "device.target=atmega328p"]);
    assert!(output.status.success(), "{}", said(&output));
    let folder = "results/mine--device.target=atmega328p";
    let csv = sandbox.read(&format!("{folder}/device.csv"));
    assert_eq!(cells(&csv, "int8", &["basis", "cycles", "fits", "toolchain"]), ["estimated", "", "true", ""]);
    let bytes = |label: &str| cells(&csv, label, &["flash"])[0].parse::<u64>().unwrap();
    // 13·8 + 8·3 weights of 8 bits, and of 2; the latter have multipliers of their own.
    assert!((128..4_000).contains(&bytes("int8")) && bytes("float") > 700, "{csv}");
    let refused = cells(&csv, "through floats", &["flash", "fits", "refused"]);
    assert_eq!(refused[..2], ["", "false"]);
    assert!(refused[2].contains("hand on floats"), "{refused:?}");
    let report = sandbox.read(&format!("{folder}/report.md"));
    for part in [
        "## On the device: atmega328p",
        "No compiler for the device was found: flash and RAM are estimates",
        "takes at most 32,768 bytes of flash and 2,048 bytes of RAM",
        "No programs: through floats: its layers take codes and hand on floats",
        "For the device: ",
    ] {
        assert!(unwrapped(&report).contains(part), "{part}: {report}");
    }
    let picks: serde_json::Value =
        serde_json::from_str(&sandbox.read(&format!("{folder}/picks.json"))).unwrap();
    let goals: Vec<&str> =
        picks.as_array().unwrap().iter().map(|pick| pick["goal"].as_str().unwrap()).collect();
    assert_eq!(goals, ["balance", "least memory", "device"]);
}

#[test]
fn what_compilers_and_emulators_tell_is_told() {
    let sandbox = sandbox();
    tools(&sandbox, "printf '\\033[32mrows 16 wrong 0 cycles 4000 encoding 250 stack 33.\\033[0m\\n' >&2");
    let output = run(&sandbox, &["fit", "mine.toml", "--device", "atmega328p", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let rows: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    let int8 = rows.as_array().unwrap().iter().find(|row| row["label"] == "int8").unwrap();
    let numbers = ["flash", "encode_flash", "ram", "cycles", "encode_cycles"].map(|name| int8[name].as_u64());
    assert_eq!(numbers, [1_200, 200, 33, 4_250, 250].map(Some));
    assert_eq!(int8["basis"], "emulated");
    assert_eq!(int8["fits"], true);
    assert_eq!(int8["toolchain"], "avr-gcc 9.9.9 -Os, simavr");
    assert!(int8.get("instructions").is_none());
}

#[test]
fn a_device_with_other_numbers_is_a_failure_of_the_variant() {
    let sandbox = sandbox();
    tools(&sandbox, "echo rows 16 wrong 3 cycles 4000 encoding 250 stack 33");
    let output = run(&sandbox, &["fit", "mine.toml", "--device", "atmega328p"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = unwrapped(&printed(&output));
    assert!(
        told.contains("int8: no program: 3 numbers differ from what was measured, on an emulated atmega328p"),
        "{told}"
    );
    assert!(told.contains("device: none: No pick"), "{told}");
    // What says nothing that is understood is told, too.
    tools(&sandbox, "echo illegal instruction");
    let told = unwrapped(&printed(&run(&sandbox, &["fit", "mine.toml", "--device", "atmega328p"])));
    assert!(told.contains("`simavr` failed: illegal instruction"), "{told}");
}

#[test]
fn programs_that_do_not_compile_are_told_by_what_the_compiler_said() {
    let sandbox = sandbox();
    tools(&sandbox, "");
    stand_in(
        &sandbox,
        "avr-gcc",
        r#"case "$*" in -dumpversion) echo 9.9.9 ;; *-DEMPTY*) echo 100 >probe.elf ;; *) echo "error: out of nibbles" >&2; exit 1 ;; esac"#,
    );
    let told = unwrapped(&printed(&run(&sandbox, &["fit", "mine.toml", "--device", "atmega328p"])));
    assert!(told.contains("int8: no program: `avr-gcc` failed: error: out of nibbles"), "{told}");
}

#[test]
fn the_pick_for_a_device_is_exported() {
    let sandbox = sandbox();
    let limited = ["--set", "device.target=atmega328p", "--set", "pick.flash_bytes=2500"];
    let run_it = [&["run", "mine.toml", "--name", "small"][..], &limited].concat();
    assert!(run(&sandbox, &run_it).status.success());
    let exported = ["export", "small", "--pick", "device", "--format", "c", "--out", "device"];
    let output = run(&sandbox, &exported);
    assert!(output.status.success(), "{}", said(&output));
    assert!(unwrapped(&printed(&output)).starts_with("device: int"), "{}", printed(&output));
    let vectors = sandbox.read("device/test_vectors.h");
    assert!(vectors.contains("test_codes"), "a model in floats: {vectors}");
    // Nothing is as small as that.
    let output = run(&sandbox, &["fit", "small", "--device", "atmega328p", "--flash-bytes", "100"]);
    let told = unwrapped(&printed(&output));
    assert!(
        told.contains("No pick: nothing takes at most 100 bytes of flash and 2,048 bytes of RAM"),
        "{told}"
    );
    assert!(told.contains("The smallest variant, int"), "{told}");
}

#[test]
fn features_that_are_no_integers_are_told_by_their_place() {
    let sandbox = sandbox();
    let integers = experiment(&VARIANTS.replace("'fixed-point'", "'fixed-point', features = 'integer'"));
    sandbox.put("mine.toml", integers);
    let output = run(&sandbox, &["fit", "mine.toml", "--device", "cortex-m0"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told = unwrapped(&printed(&output));
    assert!(told.contains("of `wine`: ") && told.contains("is no integer of 32 bits"), "{told}");
    assert!(told.contains("no limit is set, and nothing is picked"), "{told}");
}
