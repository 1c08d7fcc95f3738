//! A user's own CSV file: what is read from it, and one test for each thing that can be wrong with it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_datasets::{
    ColumnRef, Dataset, Holdout, PartSize, Scaling, Separator, SplitStreams, TableError, TableProblem,
    TableSource, encode, fit, holdout,
};
use bitsweep_random::Generator;
use ndarray::array;

const FLOWERS: &str = "length,width,species\n1.5,2,rose\n-3e2,.5,daisy\n4,5,rose\n";

/// What the columns are called.
fn names(data: &Dataset) -> Vec<&str> {
    data.columns.iter().map(|column| column.name.as_str()).collect()
}

/// What is told of the data.
fn notes(data: &Dataset) -> Vec<String> {
    data.notes.iter().map(ToString::to_string).collect()
}

fn named(name: &str) -> ColumnRef {
    ColumnRef::Name(name.to_owned())
}

/// Reads `content` as a file called `flowers.csv`, with a header unless `change` says otherwise.
fn read_with(
    content: impl AsRef<[u8]>,
    target: ColumnRef,
    change: impl FnOnce(&mut TableSource),
) -> Result<Dataset, TableError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flowers.csv");
    fs::write(&path, content).unwrap();
    let mut source = TableSource::new(path, target);
    change(&mut source);
    source.read(Path::new(""), u64::MAX)
}

fn read(content: impl AsRef<[u8]>, target: ColumnRef) -> Result<Dataset, TableError> {
    read_with(content, target, |_| {})
}

/// What is said about `content`, without the path.
fn complaint(content: impl AsRef<[u8]>, target: ColumnRef) -> String {
    read(content, target).unwrap_err().problem.to_string()
}

#[test]
fn a_file_becomes_features_and_sorted_classes() {
    let data = read(FLOWERS, named("species")).unwrap();
    assert_eq!(data.name, "flowers");
    assert_eq!(data.values, array![[1.5, 2.0], [-300.0, 0.5], [4.0, 5.0]]);
    assert_eq!(names(&data), ["length", "width"]);
    assert_eq!(data.class_names, ["daisy", "rose"]);
    assert_eq!(data.labels, [1, 0, 1]);
    assert_eq!(data.file.unwrap().files[0].hash, blake3::hash(FLOWERS.as_bytes()));
}

#[test]
fn a_target_number_counts_columns_from_one() {
    let content = "a,b\nx,1\ny,2\n";
    let (by_number, by_name) =
        (read(content, ColumnRef::Number(1)).unwrap(), read(content, named("a")).unwrap());
    assert_eq!((by_number.values, by_number.labels), (by_name.values, by_name.labels));
}

#[test]
fn without_a_header_columns_are_numbered() {
    let data =
        read_with("1,2,x\n3,4,y\n", ColumnRef::Number(3), |source| source.header = Some(false)).unwrap();
    assert_eq!(names(&data), ["column 1", "column 2"]);
    assert_eq!(data.values, array![[1.0, 2.0], [3.0, 4.0]]);
}

#[test]
fn integer_classes_are_sorted_by_value() {
    let data = read("a,class\n1,10\n1,9\n1,-2\n1,10\n", named("class")).unwrap();
    assert_eq!(data.class_names, ["-2", "9", "10"]);
    assert_eq!(data.labels, [2, 1, 0, 2]);
}

#[test]
fn classes_are_sorted_as_text_when_one_is_not_an_integer() {
    let data = read("a,class\n1,10\n1,9\n1,none\n", named("class")).unwrap();
    assert_eq!(data.class_names, ["10", "9", "none"]);
}

#[test]
fn numbers_are_sorted_by_value_and_spellings_of_one_number_are_one_class() {
    let data = read("a,class\n1,10.0\n1,2.0\n1,1e0\n1,2\n1,10\n1,1.0\n", named("class")).unwrap();
    assert_eq!(data.class_names, ["1.0", "2", "10"]);
    assert_eq!(data.labels, [2, 1, 0, 1, 2, 0]);
    assert_eq!(
        notes(&data),
        [
            "column `class`: `1.0`, `1e0` are one number, and one class, `1.0`",
            "column `class`: `2`, `2.0` are one number, and one class, `2`",
            "column `class`: `10`, `10.0` are one number, and one class, `10`",
        ]
    );
}

#[test]
fn numbers_that_a_double_cannot_tell_apart_are_two_classes() {
    let data = read(
        "a,class\n1,9007199254740993\n1,9007199254740992\n1,9007199254740993\n1,9007199254740992\n",
        named("class"),
    )
    .unwrap();
    assert_eq!(data.class_names, ["9007199254740992", "9007199254740993"]);
    assert_eq!(data.labels, [1, 0, 1, 0]);
    assert!(data.notes.is_empty());
}

#[test]
fn minus_zero_is_zero_and_what_is_not_finite_is_text() {
    let data = read("a,class\n1,0\n1,-0\n1,1\n", named("class")).unwrap();
    assert_eq!(data.labels, [0, 0, 1]);
    let data = read("a,class\n1,10\n1,9\n1,inf\n", named("class")).unwrap();
    assert_eq!(data.class_names, ["10", "9", "inf"]);
    assert_eq!(
        data.notes[0].to_string(),
        "column `class`: some classes are numbers, but `inf` is not: all are sorted as text"
    );
}

#[test]
fn classes_that_look_like_slips_are_noted() {
    for (content, note) in [
        (
            "a,y\n1,yes\n1,Yes\n1,no\n",
            "column `y`: the classes `Yes`, `yes` differ only in case or blanks: spell them alike if they are one",
        ),
        (
            "a,y\n1,new  york\n1,new york\n",
            "column `y`: the classes `new  york`, `new york` differ only in case or blanks: spell them alike if they are one",
        ),
        ("a,y\n1, yes\n1,yes\n1,no\n", "column `y`: blanks around some cells of class `yes` do not count"),
        (
            "a,y\n1,x\n1,NA\n1,NA\n",
            "column `y`: `NA` usually stands for a missing value, but is a class of 2 rows: if it does, `missing_values = [\"NA\"]`",
        ),
        (
            "a,y\n1,x\n1,?\n",
            "column `y`: `?` usually stands for a missing value, but is a class of 1 row: if it does, `missing_values = [\"?\"]`",
        ),
    ] {
        assert_eq!(notes(&read(content, named("y")).unwrap()), [note]);
    }
    assert!(read("a,y\n1, yes\n1, no\n", named("y")).unwrap().notes.is_empty());
    for word in ["N/A", "null", "NaN", "#N/A", "<NA>", "None"] {
        let data = read(format!("a,y\n1,x\n1,{word}\n"), named("y")).unwrap();
        assert!(data.notes[0].to_string().contains("missing value"), "{word}");
    }
}

#[test]
fn a_continuous_target_is_an_error_that_says_what_to_do() {
    let rows: String = (0..10).map(|row| format!("1,0.{row}7\n")).collect();
    assert_eq!(
        complaint(format!("a,y\n{rows}"), named("y")),
        "the target column `y` is continuous, 10 different numbers in 10 rows: expected classes; make them with \
         `bins = { quantiles = 3 }` or `bins = { edges = [0.57] }`, or name another target"
    );
}

#[test]
fn more_classes_than_predictions_can_tell_apart_are_an_error() {
    let rows = |count: usize| (0..count).map(|row| format!("1,c{row}\n")).collect::<String>();
    assert_eq!(
        complaint(format!("a,y\n{}", rows(65_537)), named("y")),
        "the target column `y` has 65537 classes: expected at most 65536"
    );
    assert_eq!(read(format!("a,y\n{}", rows(65_536)), named("y")).unwrap().classes(), 65_536);
}

#[test]
fn unused_columns_are_no_features() {
    let read = |unused: &[ColumnRef]| {
        let unused = unused.to_vec();
        read_with("id,a,b,y\nfirst,1,2,x\nsecond,3,4,z\n", named("y"), |source| source.drop = unused)
    };
    let data = read(&[named("id"), ColumnRef::Number(3)]).unwrap();
    assert_eq!(names(&data), ["a"]);
    assert_eq!(data.values, array![[1.0], [3.0]]);
    let complaint = |unused: &[ColumnRef]| read(unused).unwrap_err().problem.to_string();
    assert!(complaint(&[named("it")]).contains("did you mean `id`"));
    assert!(complaint(&[ColumnRef::Number(4)]).contains("column `y` is the target, and is also left out"));
    assert!(complaint(&[1, 2, 3].map(ColumnRef::Number)).contains("expected at least one feature"));
}

#[test]
fn rows_know_their_lines() {
    let data = read("a,y\n\n1,\"x\nx\"\n\n\n2,z\n3,z", named("y")).unwrap();
    let file = data.file.as_ref().unwrap();
    assert_eq!(file.lines, [3, 7, 8]);
    assert_eq!(data.place_of(1), format!("line 7 of `{}`", file.files[0].path.display()));
    assert_eq!(bitsweep_datasets::builtin("wine").unwrap().place_of(1), "row 2 of `wine`");
}

#[test]
fn errors_speak_in_the_names_of_the_dataset() {
    let data = read("a,b,y\n1,2,x\n1e300,4,x\n-1e300,6,rare\n", named("y")).unwrap();
    let path = data.file.as_ref().unwrap().files[0].path.display();
    let rule = Holdout { stratified: true, ..Holdout::plain(PartSize::Count(1)) };
    let mut streams = SplitStreams::new(Generator::Modern, 0, 0).unwrap();
    let error = holdout(&data.labels, data.classes(), &rule, &mut streams).unwrap_err();
    assert_eq!(
        error.in_names_of(&data),
        format!(
            "class `rare` has only one row (line 4 of `{path}`): a stratified split needs at least 2 of each class"
        )
    );
    let rows = [1, 2];
    let encoder = encode(&data, &rows).unwrap();
    let features = encoder.apply(&data, &rows);
    let error = fit(&Scaling::Standard, features.view()).unwrap_err();
    assert_eq!(
        error.in_names_of(&data, encoder.names(), &rows),
        "column `a` of `flowers` cannot be standardized, its mean or variance is beyond f64: leave it out"
    );
    let error = fit(&Scaling::Divide(1e-300), features.view()).unwrap().apply(features.view()).unwrap_err();
    assert_eq!(
        error.in_names_of(&data, encoder.names(), &rows),
        format!(
            "line 3 of `{path}`, column `a`: `1e300` divided by `1e-300` is beyond f64: divide by a larger number"
        )
    );
}

#[test]
fn class_names_replace_the_files() {
    let data = read_with("a,class\n1,1\n1,0\n", named("class"), |source| {
        source.class_names = Some(vec!["healthy".to_owned(), "ill".to_owned()]);
    })
    .unwrap();
    assert_eq!(data.class_names, ["healthy", "ill"]);
    assert_eq!(data.labels, [1, 0]);
}

#[test]
fn other_delimiters_quotes_blank_lines_and_line_ends_are_understood() {
    let content = "\u{feff}\"length; cm\" ;species\r\n\r\n 1.5 ;rose\r\n\r\n2;\"tall \"\"daisy\"\"\"";
    let data =
        read_with(content, named("species"), |source| source.separator = Some(Separator::Semicolon)).unwrap();
    assert_eq!(names(&data), ["length; cm"]);
    assert_eq!(data.values, array![[1.5], [2.0]]);
    assert_eq!(data.class_names, ["rose", "tall \"daisy\""]);
}

#[test]
fn an_error_names_the_file() {
    let source = TableSource::new("data/flowers.csv", named("species"));
    let error = source.read(Path::new(""), u64::MAX).unwrap_err();
    assert_eq!(error.path, PathBuf::from("data/flowers.csv"));
    let place = std::env::current_dir().unwrap().join("data/flowers.csv");
    assert_eq!(
        error.to_string(),
        format!("`data/flowers.csv`: no such file: looked for `{}`", place.display())
    );
}

#[test]
fn a_missing_file_is_an_error() {
    let error = TableSource::new("no/such.csv", named("species")).read(Path::new(""), u64::MAX).unwrap_err();
    assert!(matches!(error.problem, TableProblem::NotFound { .. }));
}

#[test]
fn a_directory_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = TableSource::new(folder.path(), named("species")).read(Path::new(""), u64::MAX).unwrap_err();
    assert_eq!(error.problem.to_string(), "is a directory, expected a CSV or Parquet file");
}

// Elsewhere a path below a file counts as missing.
#[cfg(unix)]
#[test]
fn an_unreadable_file_is_an_error() {
    // Permissions would not stop a test that runs as root.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error =
        TableSource::new(file.join("below.csv"), named("species")).read(Path::new(""), u64::MAX).unwrap_err();
    assert!(matches!(error.problem, TableProblem::Unreadable(_)), "{error}");
    assert!(error.to_string().contains("below.csv`: cannot be read: "));
}

#[test]
fn an_empty_file_is_an_error() {
    for content in ["", "\n\n", "\u{feff}\r\n"] {
        let text = complaint(content, named("species"));
        assert_eq!(text, "is empty, expected rows of comma-separated values");
    }
}

#[test]
fn a_header_alone_is_an_error() {
    assert_eq!(complaint("a,species\n\n", named("species")), "has a header but no rows below it");
}

#[test]
fn an_unknown_target_is_an_error_with_the_nearest_name() {
    assert_eq!(
        complaint(FLOWERS, named("spezies")),
        "no column is named `spezies`, did you mean `species`; the columns are `length`, `width`, `species`"
    );
    assert_eq!(
        complaint(FLOWERS, named("price")),
        "no column is named `price`; the columns are `length`, `width`, `species`"
    );
}

#[test]
fn a_target_name_of_two_columns_is_an_error() {
    assert_eq!(
        complaint("a,a,b\n1,2,3\n", named("a")),
        "2 columns are named `a`: give the column's number instead"
    );
}

#[test]
fn a_target_number_beyond_the_last_column_is_an_error() {
    for number in [0, 4] {
        assert_eq!(
            complaint(FLOWERS, ColumnRef::Number(number)),
            format!("column `{number}` does not exist: expected a number from 1 to 3")
        );
    }
}

#[test]
fn a_target_name_without_a_header_is_an_error() {
    let error = read_with("1,x\n2,y\n", named("x"), |source| source.header = Some(false)).unwrap_err();
    assert_eq!(
        error.problem.to_string(),
        "column `x` is asked for by name, but the file has no header: give the column's number, from 1 to 2, or `header = true` if its first line has the names"
    );
}

#[test]
fn a_file_with_the_target_alone_is_an_error() {
    assert_eq!(
        complaint("species\nrose\ndaisy\n", named("species")),
        "has no column besides the target and those left out, expected at least one feature"
    );
}

#[test]
fn a_short_or_long_row_is_an_error_with_its_line() {
    let short = "a,b,species\n1,2,rose\n\n1,rose\n";
    assert_eq!(complaint(short, named("species")), "line 4: expected 3 columns, found 2");
    let long = "a,b,species\r\n1,2,rose\r\n1,2,rose,3\r\n";
    assert_eq!(complaint(long, named("species")), "line 3: expected 3 columns, found 4");
}

#[test]
fn text_in_place_of_a_number_is_an_error_with_line_and_column() {
    let content = "length,width,species\n1,2,rose\n1,wide,rose\n";
    assert_eq!(
        complaint(content, named("species")),
        "line 3, column `width`: expected a number, found `wide`; correct it, or say what it is: `missing_values = [\"wide\"]`, `one_hot = [\"width\"]` or `drop = [\"width\"]`"
    );
    let long = format!("length,species\n1,rose\n{},rose\n", "x".repeat(5000));
    assert!(complaint(long, named("species")).len() < 300);
}

#[test]
fn infinity_is_an_error_with_line_and_column() {
    for text in ["inf", "-Infinity", "1e999"] {
        let content = format!("length,species\n1,rose\n{text},daisy\n");
        assert_eq!(
            complaint(content, named("species")),
            format!(
                "line 3, column `length`: expected a finite number, found `{text}`; if it stands for a missing value: `missing_values = [\"{text}\"]`"
            )
        );
    }
}

#[test]
fn a_row_without_a_class_is_an_error() {
    assert_eq!(
        complaint("a,species\n1,rose\n2, \n", named("species")),
        "line 3: the target column `species` is empty, expected a class; `missing = \"drop-rows\"` leaves such rows out"
    );
}

#[test]
fn a_single_class_is_an_error() {
    assert_eq!(
        complaint("a,species\n1,rose\n2,rose\n", named("species")),
        "every row is of class `rose`, expected at least two classes in column `species`"
    );
}

#[test]
fn a_column_without_a_name_is_called_by_its_number() {
    let data = read(",b,y\n1.5,2,x\n2,3,z\n", named("y")).unwrap();
    assert_eq!(names(&data), ["column 1", "b"]);
}

#[test]
fn too_few_class_names_are_an_error() {
    let error = read_with(FLOWERS, named("species"), |source| {
        source.class_names = Some(vec!["Daisy".to_owned()]);
    })
    .unwrap_err();
    assert_eq!(error.problem.to_string(), "expected 2 class names (for `daisy`, `rose`), found 1");
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    // A quoted line break, a blank line, and each kind of line end before the wrong cell on line 7.
    for end in ["\n", "\r\n", "\r"] {
        let content = ["a,species", "1,\"two", "lines\"", "", "2,rose", "", "x,rose", "3,rose"].join(end);
        let complaint = complaint(content, named("species"));
        assert!(
            complaint.starts_with("line 7, column `a`: expected a number, found `x`"),
            "{end:?}: {complaint}"
        );
    }
}

#[test]
fn a_source_is_read_from_toml_and_written_back() {
    let source: TableSource = toml::from_str("path = \"flowers.csv\"\ntarget = \"species\"").unwrap();
    assert_eq!(source, TableSource::new("flowers.csv", named("species")));
    assert_eq!(source.path.as_deref(), Some(Path::new("flowers.csv")));
    let text = "path = \"f.tsv\"\ntarget = 3\nheader = false\nseparator = \"tab\"\nclass_names = [\"a\", \"b\"]\ndrop = [1, \"b\"]\n";
    let source: TableSource = toml::from_str(text).unwrap();
    assert_eq!((&source.target, source.header), (&ColumnRef::Number(3), Some(false)));
    assert_eq!(toml::to_string(&source).unwrap(), text);
    let earlier = text.replace("separator = \"tab\"", "delimiter = \"\\t\"").replace("drop", "unused");
    assert_eq!(toml::from_str::<TableSource>(&earlier).unwrap(), source);
}

#[test]
fn a_wrong_source_is_refused_where_it_is_read() {
    for (text, message) in [
        ("path = \"f.csv\"", "missing field `target`"),
        (
            "path = \"f.csv\"\ntarget = 0",
            "invalid value: integer `0`, expected a column's name or its number, counted from 1",
        ),
        ("path = \"f.csv\"\ntarget = 1.5", "expected a column's name or its number"),
        (
            "path = \"f.csv\"\ntarget = 1\nseparator = \"e\"",
            "invalid value: string \"e\", expected one of \",\" \";\" \"|\" \":\" \"tab\" \"spaces\"",
        ),
        ("path = \"f.csv\"\ntarget = 1\nseparate = \";\"", "unknown field `separate`"),
        (
            "path = \"f.csv\"\ntarget = 1\nencoding = \"utf-9\"",
            "expected an encoding such as \"utf-8\", \"utf-16le\", \"latin-1\" or \"shift_jis\"",
        ),
        ("path = \"f.csv\"\ntarget = 1\ncomment = \"x\"", "expected a punctuation mark such as"),
        (
            "path = \"f.csv\"\ntarget = 1\nbins = { quantiles = 1 }",
            "`1` bins: expected a number from 2 to 1000",
        ),
        ("path = \"f.csv\"\ntarget = 1\nbins = { edges = [2, 1] }", "from the smallest to the largest"),
    ] {
        let error = toml::from_str::<TableSource>(text).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
    }
}

#[test]
fn classes_of_a_model_may_be_spelled_otherwise() {
    let data = read("x,y\n1,False\n2,True\n3,False\n", named("y")).unwrap();
    let own = |names: [&str; 2]| data.with_classes(&names.map(str::to_owned)).map(|data| data.labels);
    assert_eq!(own(["False", "True"]).unwrap(), [0, 1, 0]);
    assert_eq!(own(["0", "1"]).unwrap(), [0, 1, 0]);
    assert_eq!(own(["1.0", "0.0"]).unwrap(), [1, 0, 1]);
    assert_eq!(
        own(["2", "1"]).unwrap_err().to_string(),
        "the model has no class `False`, which the data have: expected one of `2`, `1`"
    );
}

#[test]
fn columns_are_those_that_a_model_names_in_its_order() {
    let data = read("a,b,c,y\n1,2,3,p\n4,5,6,q\n", named("y")).unwrap();
    let own =
        |names: &[&str]| data.with_columns(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    assert_eq!(own(&["a", "b", "c"]).unwrap().unwrap(), data);
    let two = own(&["c", "a"]).unwrap().unwrap();
    assert_eq!((names(&two), &two.values), (vec!["c", "a"], &array![[3.0, 1.0], [6.0, 4.0]]));
    assert_eq!(notes(&two), ["column `b` is no input of the model"]);
    assert_ne!(two.hash, data.hash);
    assert_ne!(two.hash, own(&["a", "c"]).unwrap().unwrap().hash);
    assert_eq!(own(&["p", "q", "r"]).unwrap(), None);
    assert_eq!(
        own(&["a", "width", "c"]).unwrap_err().to_string(),
        "the data have no column `width`, which the model takes"
    );
}

#[test]
fn columns_of_a_model_may_be_spelled_without_signs() {
    let data = read("mean radius (mm),b.c,y\n1,2,p\n4,5,q\n", named("y")).unwrap();
    let names = ["b_c", "mean_radius__mm_"].map(str::to_owned);
    let own = data.with_columns(&names).unwrap().unwrap();
    assert_eq!(own.values, array![[2.0, 1.0], [5.0, 4.0]]);
    assert_eq!(own.positions_of_columns(&names).unwrap(), Some(vec![0, 1]));
    assert_eq!(data.positions_of_columns(&names).unwrap(), Some(vec![1, 0]));
    // A column is taken once.
    let twice = ["b_c", "b c", "mean radius (mm)"].map(str::to_owned);
    assert!(data.with_columns(&twice).unwrap_err().to_string().contains("no column `b c`"));
    // Two that are alike so are not told apart.
    let data = read("a b,a-b,y\n1,2,p\n4,5,q\n", named("y")).unwrap();
    assert_eq!(data.with_columns(&["a_b".to_owned()]).unwrap(), None);
}
