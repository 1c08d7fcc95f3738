//! Text from files and from the command line is shown, and does nothing else.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::harness::{Sandbox, printed, said};

/// What a terminal, a reading direction, Markdown, HTML or a spreadsheet would act on.
const HOSTILE: [&str; 9] = [
    "\u{1b}[31mred",
    "\u{9b}31mred",
    "back\u{8}space\u{7f}",
    "right\u{202e}left\u{2066}",
    "zero\u{200b}width\u{feff}",
    "two\u{2028}lines",
    "a`b|c*d](e)",
    "<script>alert(1)</script>",
    "=cmd()",
];

/// The characters that must never come out raw, by name of what they are: general categories Cc, Zl, Zp, and the
/// formatting characters above.
fn is_raw(symbol: char) -> bool {
    let is_format = matches!(symbol, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    symbol != '\n' && (symbol.is_control() || is_format)
}

#[track_caller]
fn assert_shown(what: &str, text: &str) {
    if let Some(raw) = text.chars().find(|symbol| is_raw(*symbol)) {
        let line = text.lines().find(|line| line.contains(raw)).unwrap_or_default();
        panic!("{what} has a raw {}: {}", raw.escape_unicode(), line.escape_debug());
    }
}

/// Both streams, which show nothing raw.
#[track_caller]
fn shown(what: &str, output: &Output) -> String {
    let text = printed(output) + &said(output);
    assert!(!text.contains("panicked"), "{what}: {text}");
    assert_shown(what, &text);
    text
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A CSV file whose header and classes bear `text`, and an experiment that bears it wherever there are words.
fn write_experiment(sandbox: &Sandbox, text: &str, name: &str) {
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = format!("{},y\n", cell(text));
    for row in 0..40 {
        csv += &format!("{row},{}\n", cell(&format!("{text}{}", row % 2)));
    }
    let data = format!("{text}\n.csv").replace('/', "");
    sandbox.put(&data, csv);
    let experiment = format!(
        "title = {title}\ndescription = {description}\nnotebook = {title}\n\
         [data.source.csv]\npath = {path}\ntarget = \"y\"\n\
         [split.holdout]\ntest = 0.25\n[model.mlp]\nhidden = 3\n\
         [train]\nepochs = 3\nbatch_size = 10\n\
         [[quantize]]\nname = {name}\nweights = {{ bits = [4, 2] }}\n\
         [[finding]]\nsays = {description}\nevidence = [{{ what = {description}, column = \"bits\", value = \"< 0\" }}]\n",
        title = quoted(text),
        // A name with a control character is refused.
        name = quoted(&text.replace(char::is_control, "")),
        description = quoted(&format!("{text}\n{text}")),
        path = quoted(&sandbox.path(&data).to_string_lossy()),
    );
    sandbox.put(name, experiment);
}

fn text_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_shown =
            path.extension().is_some_and(|kind| ["md", "html", "svg", "json"].iter().any(|own| kind == *own));
        if path.is_dir() {
            files.extend(text_files(&path));
        } else if is_shown {
            files.push((path.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

#[test]
fn a_run_shows_no_raw_character_of_its_files() {
    for text in HOSTILE {
        let sandbox = Sandbox::new();
        let name = format!("{text}.toml").replace('/', "");
        write_experiment(&sandbox, text, &name);
        for kind in [&[][..], &["--json"], &["-vv"]] {
            let arguments = [&["run", &name, "--name", "shown"][..], kind].concat();
            let output = sandbox.run(&arguments);
            // No number of bits is below 0.
            let all = shown(&format!("{kind:?}"), &output);
            assert_eq!(output.status.code(), Some(1), "{all}");
            assert!(all.contains("findings that do not hold: 1 of 1"), "{all}");
        }
        for arguments in [
            &["plan", &name][..],
            &["plan", &name, "--json"],
            &["describe", &name],
            &["describe", &name, "--json"],
            &["validate", &name],
        ] {
            let output = sandbox.run(arguments);
            let all = shown(&format!("{arguments:?}"), &output);
            assert!(output.status.success(), "{all}");
        }
        let files = text_files(&sandbox.path("results"));
        assert!(files.iter().any(|(path, _)| path.ends_with("report.md")));
        assert!(files.iter().any(|(path, _)| path.ends_with(".svg")));
        for (path, content) in files {
            assert_shown(&path, &content);
            // In Markdown and JSON it is text among others, where the file itself is shown.
            let is_markup = path.ends_with(".html") || path.ends_with(".svg");
            assert!(!is_markup || !content.contains("<script"), "{path}");
        }
    }
}

#[test]
fn labels_read_back_from_a_csv_file_as_they_were() {
    for text in HOSTILE {
        let sandbox = Sandbox::new();
        write_experiment(&sandbox, text, "mine.toml");
        sandbox.run(&["run", "mine.toml"]);
        let mut classes = csv::Reader::from_path(sandbox.path("results/mine/classes.csv")).unwrap();
        let column = classes.headers().unwrap().iter().position(|name| name == "class").unwrap();
        let first = classes.records().next().unwrap().unwrap();
        assert_eq!(&first[column], format!("{text}0"));
    }
}

#[test]
fn an_error_shows_no_raw_character_of_what_is_wrong() {
    for text in HOSTILE {
        let sandbox = Sandbox::new();
        write_experiment(&sandbox, text, "mine.toml");
        let file = sandbox.read("mine.toml");
        let key = quoted(text);
        for (what, wrong) in [
            ("an unknown key", file.replace("epochs", &key)),
            ("an unknown key of the root", format!("{key} = 1\n{file}")),
            ("an unknown value", file.replace("bits = [4, 2]", &format!("bits = 4, rounding = {key}"))),
            ("no TOML", file.replace("epochs = 3", &format!("epochs = {text}"))),
            ("no TOML in a comment", format!("# {text}\n{file}x = [")),
            ("a missing target", file.replace("target = \"y\"", &format!("target = {key}"))),
            ("a missing file", file.replace("path = \"", "path = \"missing ")),
            (
                "a class without a name",
                file.replace("target", &format!("class_names = [{key}, {key}]\ntarget")),
            ),
            ("a cell that is no number", file.replace("target = \"y\"", "target = 1")),
            ("an axis with a value twice", file.replace("[4, 2]", &format!("[4, 4, {key}]"))),
            ("a column that is not there", file.replace("column = \"bits\"", &format!("column = {key}"))),
        ] {
            sandbox.put("wrong.toml", wrong);
            let output = sandbox.run(&["run", "wrong.toml"]);
            assert_ne!(output.status.code(), Some(0), "{what}: {text:?}");
            shown(what, &output);
        }
        for arguments in [
            &[text][..],
            &["run", text],
            &["run", "mine.toml", "--jobs", text],
            &["run", "mine.toml", &format!("--{text}")],
            &["run", "mine.toml", "--set", text],
            &["run", "mine.toml", "--set", &format!("{text}=1")],
            &["run", "mine.toml", "--set", &format!("train.epochs={text}")],
            &["run", "mine.toml", "--out", "mine.toml", "--set", "seed=1"],
            &["validate", text],
        ] {
            let output = sandbox.run(arguments);
            assert_ne!(output.status.code(), Some(0), "{arguments:?}");
            shown(&format!("{arguments:?}"), &output);
        }
    }
}

#[test]
fn a_caret_stands_under_what_it_points_at_where_escapes_are_wider() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", "title = \"a\"\n\t\"\u{202e}\" = 3\n");
    let text = shown("a diagnostic", &sandbox.run(&["run", "mine.toml"]));
    assert!(text.contains("2 |  \"\\u{202e}\" = 3\n  |  ^^^^^^^^^^"), "{text}");
}
