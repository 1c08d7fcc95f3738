//! What shells and `man` are given.

use std::fs;

use crate::harness::{Sandbox, printed};

#[test]
fn every_shell_completes_commands_and_names_of_experiments() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&Sandbox::new().succeeds(&["completions", shell]));
        for word in ["describe", "validate", "init", "jobs"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_offers_names_of_experiments_and_goes_on_with_files() {
    let sandbox = Sandbox::new();
    let script = "source <(\"$0\" completions bash); complete -p bitsweep; COMP_WORDS=(bitsweep run wine); COMP_CWORD=2; \
        _bitsweep bitsweep wine run; echo \"${COMPREPLY[@]}\"";
    let output = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_bitsweep")])
        .current_dir(sandbox.path("."))
        .output()
        .unwrap();
    let said = printed(&output);
    assert!(said.contains("-o default") && said.ends_with("wine-mlp\n"), "{said}");
}

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    let page = printed(&sandbox.succeeds(&["man"]));
    assert!(page.contains(".TH bitsweep 1") && page.contains("bitsweep\\-run(1)"), "{page}");
    assert!(sandbox.succeeds(&["man", "--out", "pages/man1"]).stdout.is_empty());
    assert_eq!(fs::read_to_string(sandbox.path("pages/man1/bitsweep.1")).unwrap(), page);
    for command in ["list", "describe", "plan", "run", "validate", "formats", "combinations", "man"] {
        assert!(sandbox.path(&format!("pages/man1/bitsweep-{command}.1")).is_file(), "{command}");
    }
}
