//! Names that lead elsewhere, or that a terminal or a page would act on: of tensors, classes, columns, variants and files.
//! Nothing is written outside of the results, and nothing of a name is acted on. What single characters do is tested in
//! `text_from_files`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bitsweep_results::text::one_line;

use crate::harness::{Sandbox, experiment, printed, safetensors, said};

/// Names that a path, a terminal, HTML, Markdown, C or a reader from the right would take for more than names.
const NAMES: [&str; 12] = [
    "../../escaped",
    "/tmp/bitsweep-escaped",
    "..",
    "sub/folder\\name",
    "two\nlines\r\n# Heading",
    "\u{1b}]8;;https://example.org\u{7}link\u{1b}]8;;\u{7}",
    "\u{1b}[31mred\u{1b}[2J",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a|b`c``d|[link](javascript:alert(1))",
    "nul\0byte",
    "\u{202e}right to left\u{2066}",
    "--help",
];

/// Every file and folder below one, by its path.
fn places(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            all.insert(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            }
        }
    }
    all
}

/// A sandbox deep enough that what leads out of its results stays within what is looked at, and the program in it.
struct Deep(Sandbox);

impl Deep {
    fn new() -> Self {
        let deep = Self(Sandbox::new());
        fs::create_dir_all(deep.0.path("a/b/c")).unwrap();
        deep
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        self.0.put(&format!("a/b/c/{name}"), text);
    }

    fn read(&self, name: &str) -> String {
        self.0.read(&format!("a/b/c/{name}"))
    }

    /// Runs the program; what it wrote stands below `folder`, or in the store, what it printed is escaped. Both streams, and whether it
    /// succeeded.
    #[track_caller]
    fn run(&self, arguments: &[&str], folder: &str) -> (String, bool) {
        let before = places(&self.0.path(""));
        let mut command = self.0.command(arguments);
        let output =
            command.current_dir(self.0.path("a/b/c")).env("BITSWEEP_STORE", "store").output().unwrap();
        let text = printed(&output) + &said(&output);
        assert!(!text.contains("panicked"), "{arguments:?}: {text}");
        assert_is_plain(&format!("{arguments:?}"), &text);
        let root = format!("a/b/c/{folder}");
        let written = places(&self.0.path(""));
        for place in written.difference(&before) {
            let is_within = |folder: &str| place.starts_with(folder) || folder.starts_with(place);
            assert!(is_within(&root) || is_within("a/b/c/store"), "{arguments:?} writes {place:?}");
            assert!(!place.contains(char::is_control), "{arguments:?} writes {place:?}");
        }
        assert!(!Path::new("/tmp/bitsweep-escaped").exists());
        for place in written.iter().filter(|place| place.starts_with(&root)) {
            let is_page = [".md", ".html", ".svg"].iter().any(|ending| place.ends_with(ending));
            if is_page {
                let content = self.0.read(place);
                assert_is_plain(place, &content);
                let is_markup = !place.ends_with(".md");
                let acts = ["<script", "<img src=x", "javascript:alert(1)\""];
                assert!(!is_markup || !acts.iter().any(|own| content.contains(own)), "{place}");
            }
        }
        (text, output.status.success())
    }
}

/// Nothing that a terminal acts on is in a text.
#[track_caller]
fn assert_is_plain(what: &str, text: &str) {
    let raw = text.chars().find(|symbol| {
        (symbol.is_control() && *symbol != '\n')
            || matches!(symbol, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(raw, None, "{what}: {text:?}");
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[test]
fn tensors_of_any_name_are_told_and_stay_in_the_results() {
    let deep = Deep::new();
    deep.put("tensors.safetensors", safetensors(NAMES.map(|name| (name, [2, 3])).into_iter()));
    deep.put(
        "mine.toml",
        "record.values = true\n[tensor]\nfile = \"tensors.safetensors\"\n[quantize.weights]\nbits = [8, 2]\n",
    );
    for arguments in [
        &["inspect", "tensors.safetensors"][..],
        &["inspect", "tensors.safetensors", "--json"],
        &["validate", "mine.toml"],
        &["plan", "mine.toml"],
        &["describe", "mine.toml"],
        &["run", "mine.toml", "-vv"],
        &["run", "mine.toml", "--json"],
    ] {
        let (text, succeeded) = deep.run(arguments, "results/mine");
        assert!(succeeded, "{arguments:?}: {text}");
    }
    let mut reader = csv::Reader::from_path(deep.0.path("a/b/c/results/mine/results.csv")).unwrap();
    let column = reader.headers().unwrap().iter().position(|name| name == "dataset").unwrap();
    let told: BTreeSet<String> = reader.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(told, NAMES.map(str::to_owned).into_iter().collect());
    for name in NAMES {
        deep.put("one.safetensors", safetensors([("plain", [2, 3])].into_iter()));
        deep.put(
            "one.toml",
            format!(
                "[tensor]\nfile = \"one.safetensors\"\nselect = {}\nquantize.weights.bits = 8\n",
                quoted(name)
            ),
        );
        let (text, succeeded) = deep.run(&["validate", "one.toml"], "results");
        assert!(!succeeded, "{text}");
    }
}

#[test]
fn layers_of_any_name_are_told_and_stay_in_the_results() {
    for name in NAMES {
        let deep = Deep::new();
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let layers = [(weight.as_str(), [3, 13]), (bias.as_str(), [1, 3])];
        deep.put("model.safetensors", safetensors(layers.into_iter()));
        deep.put(
            "mine.toml",
            format!(
                "data.source = \"wine\"\nquantize.weights.bits = 4\n\
                 export = {{ variant = \"4 bit\", format = [\"safetensors\", \"onnx\", \"npz\", \"json\"] }}\n\
                 [model.file]\npath = \"model.safetensors\"\nlayers = [{{ name = {} }}]\n",
                quoted(name)
            ),
        );
        for arguments in [&["inspect", "model.safetensors"][..], &["run", "mine.toml", "-vv"]] {
            let (text, succeeded) = deep.run(arguments, "results/mine");
            assert!(succeeded, "{name:?}: {text}");
        }
        let files = places(&deep.0.path("a/b/c/results/mine/models"));
        assert_eq!(files.len(), 4, "{files:?}");
        for file in files {
            let (text, _) = deep.run(&["inspect", &format!("results/mine/models/{file}")], "none");
            assert!(!text.is_empty());
        }
    }
}

#[test]
fn variants_and_titles_of_any_name_stay_in_the_results() {
    for name in NAMES {
        let deep = Deep::new();
        let text = experiment(&format!(
            "[quantize]\nname = {0}\nweights.bits = 4\n[export]\nvariant = {0}\nformat = [\"safetensors\", \"onnx\"]\n",
            quoted(name)
        ));
        deep.put("mine.toml", text.replace("\"test\"", &quoted(name)));
        let (text, succeeded) = deep.run(&["run", "mine.toml", "-v"], "results/mine");
        if name.contains(char::is_control) {
            assert!(!succeeded && text.contains(&*one_line(name)), "{name:?}: {text}");
            continue;
        }
        assert!(succeeded, "{name:?}: {text}");
        assert_eq!(places(&deep.0.path("a/b/c/results/mine/models")).len(), 2, "{name:?}");
        assert!(deep.read("results/mine/report.md").contains("# "));
        let variant = format!("--variant={name}");
        let (text, succeeded) = deep.run(&["export", "mine", &variant, "--format", "onnx"], "exports");
        assert!(succeeded, "{name:?}: {text}");
        let (text, succeeded) = deep.run(&["export", "mine.toml", "--variant=none"], "exports");
        assert!(!succeeded, "{name:?}: {text}");
    }
}

#[test]
fn columns_and_classes_of_any_name_come_through_a_model_and_back() {
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    // A NUL is no text.
    for name in NAMES.into_iter().filter(|name| !name.contains('\0')) {
        let deep = Deep::new();
        let mut csv = format!("{},{}\n", cell(name), cell(&format!("{name} class")));
        for row in 0..40 {
            csv += &format!("{row},{}\n", cell(&format!("{name}{}", row % 2)));
        }
        deep.put("data.csv", csv);
        deep.put(
            "mine.toml",
            format!(
                "data.source.csv = {{ path = \"data.csv\", separator = \",\", target = {} }}\nmodel = \"logistic\"\nquantize.weights.bits = 4\n\
                 export = {{ variant = \"4 bit\", format = [\"safetensors\", \"onnx\", \"npz\", \"json\"] }}\n",
                quoted(&format!("{name} class"))
            ),
        );
        let (text, succeeded) = deep.run(&["run", "mine.toml", "-vv"], "results/mine");
        assert!(succeeded, "{name:?}: {text}");
        for file in places(&deep.0.path("a/b/c/results/mine/models")) {
            let file = format!("results/mine/models/{file}");
            let (text, succeeded) = deep.run(&["inspect", &file], "none");
            assert!(succeeded, "{name:?}: {text}");
            // Where nothing says how the file is written, these separate more.
            if name.contains([';', '|']) {
                continue;
            }
            if file.ends_with(".safetensors") {
                for command in [
                    &["predict", &file, "--csv", "data.csv"][..],
                    &["verify", &file, "--csv", "data.csv", &format!("--target={name} class")],
                ] {
                    let output = deep.0.command(command).current_dir(deep.0.path("a/b/c")).output().unwrap();
                    assert!(output.status.success(), "{name:?}: {}", said(&output));
                    assert_is_plain(&format!("{command:?}"), &said(&output));
                }
            }
            if file.ends_with(".onnx") {
                let target = format!("--target={name} class");
                let command = ["run", &file, "--csv", "data.csv", &target, "--name", "onnx"];
                let (text, succeeded) = deep.run(&command, "results/onnx");
                assert!(succeeded, "{name:?}: {text}");
            }
        }
    }
}

#[test]
fn a_name_of_results_or_of_a_file_leads_nowhere_else() {
    let deep = Deep::new();
    deep.put("mine.toml", experiment("[quantize.weights]\nbits = 4\n"));
    for name in NAMES.into_iter().filter(|name| !name.contains('\0')) {
        let asked = format!("--name={name}");
        let is_name = !name.contains(['/', '\\']) && !name.contains(char::is_control) && name != "..";
        let (text, succeeded) = deep.run(&["run", "mine.toml", "--quiet", &asked], "results/");
        assert_eq!(succeeded, is_name, "{name:?}: {text}");
        let file = format!("{}.toml", name.replace('/', ""));
        deep.put(&file, experiment("[quantize.weights]\nbits = 4\n"));
        let (text, succeeded) = deep.run(&["run", "--quiet", "--out=files", "--", &file], "files");
        let is_name = !file.starts_with('.') && !file.contains('\\') && !file.contains(char::is_control);
        assert_eq!(succeeded, is_name, "{file:?}: {text}");
        // What is not there is not made, whatever it is called.
        for command in ["run", "plan", "export", "inspect", "verify", "predict", "init"] {
            let (text, succeeded) = deep.run(&[command, "--", name], "none");
            assert!(!succeeded, "{command} {name:?}: {text}");
        }
        let (text, succeeded) =
            deep.run(&["export", "mine.toml", "--pick", "memory", &format!("--results={name}")], "exports");
        assert!(succeeded, "{name:?}: {text}");
    }
}
