//! Files of the usual kinds, one small file of each under `files/`: how they are read, and what is told of it.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use bitsweep_datasets::{ColumnRef, Dataset, TableError, TableSource, encode};

/// Reads a file under `files/`, with more keys than `path` and `target`.
fn try_read(file: &str, target: &str, keys: &str) -> Result<Dataset, TableError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let source: TableSource = toml::from_str(&format!("path = '{file}'\ntarget = {target}\n{keys}")).unwrap();
    source.read(&folder, 1 << 20)
}

fn read(file: &str, target: &str, keys: &str) -> Dataset {
    try_read(file, target, keys).unwrap()
}

/// The features of all rows, fitted on all: their names, then the rows.
fn table(data: &Dataset) -> (Vec<String>, Vec<Vec<f64>>) {
    let all: Vec<usize> = (0..data.rows()).collect();
    let encoder = encode(data, &all).unwrap();
    let rows = encoder.apply(data, &all).rows().into_iter().map(|row| row.to_vec()).collect();
    (encoder.names().to_vec(), rows)
}

fn notes(data: &Dataset) -> Vec<String> {
    data.notes.iter().map(ToString::to_string).collect()
}

fn complaint(file: &str, target: &str, keys: &str) -> String {
    try_read(file, target, keys).unwrap_err().problem.to_string()
}

fn classes(data: &Dataset) -> Vec<&str> {
    data.labels.iter().map(|&label| data.class_names[label].as_str()).collect()
}

#[test]
fn a_column_of_text_is_a_feature_for_each_text() {
    let data = read("text-column.csv", "'kind'", "");
    let (names, rows) = table(&data);
    assert_eq!(names, ["width", "colour = blue", "colour = green", "colour = red"]);
    assert_eq!(rows[0], [1.5, 0.0, 0.0, 1.0]);
    assert_eq!(rows[3], [4.0, 0.0, 1.0, 0.0]);
    assert_eq!(notes(&data), ["column `colour` has 3 texts: each is a feature, 1 or 0"]);
}

#[test]
fn of_many_texts_the_most_frequent_are_features_and_the_others_share_one() {
    let data = read("text-column.csv", "'kind'", "most_levels = 1");
    let (names, rows) = table(&data);
    assert_eq!(names, ["width", "colour = red", "colour = other"]);
    assert_eq!(
        rows.iter().map(|row| (row[1], row[2])).collect::<Vec<_>>(),
        [(1., 0.), (0., 1.), (1., 0.), (0., 1.)]
    );
    assert!(
        notes(&data)[0]
            .ends_with("the 1 most frequent of the training rows are a feature each, all others one")
    );
}

#[test]
fn a_text_that_no_training_row_has_is_one_of_the_others_or_none_at_all() {
    for (most, features) in [(20, vec![1.5, 0.0, 0.0]), (1, vec![1.5, 0.0, 1.0])] {
        let mut data = read("text-column.csv", "'kind'", &format!("most_levels = {most}"));
        // Red is not seen in training.
        data.values[[0, 0]] = 1.5;
        let encoder = encode(&data, &[1, 3]).unwrap();
        assert_eq!(encoder.apply(&data, &[0]).row(0).to_vec(), features);
    }
}

#[test]
fn texts_may_be_ranks() {
    let ranks = |keys: &str| {
        let data = read("text-column.csv", "'kind'", keys);
        let (names, rows) = table(&data);
        assert_eq!(names, ["width", "colour"]);
        assert_eq!(notes(&data), [""; 0]);
        rows.iter().map(|row| row[1]).collect::<Vec<_>>()
    };
    // Blue, green, red.
    assert_eq!(ranks("text = 'ordinal'"), [2.0, 0.0, 2.0, 1.0]);
    assert_eq!(ranks("ordinal = ['col*']"), [2.0, 0.0, 2.0, 1.0]);
    assert_eq!(ranks("levels = { colour = ['red', 'green', 'blue', 'white'] }"), [0.0, 2.0, 0.0, 1.0]);
    assert_eq!(
        complaint("text-column.csv", "'kind'", "levels = { colour = ['red', 'blue'] }"),
        "line 5, column `colour`: `green` is none of its `levels`, `red`, `blue`"
    );
}

#[test]
fn numbers_may_be_names() {
    let data = read("text-column.csv", "'kind'", "drop = ['colour']\none_hot = [1]");
    assert_eq!(table(&data).0, ["width = 1.5", "width = 2.5", "width = 3.5", "width = 4"]);
}

#[test]
fn missing_values_are_refused_with_their_count_and_place() {
    assert_eq!(
        complaint("question-marks.csv", "'y'", ""),
        "2 values are missing, in columns `a` (line 4), `b` (line 2); `missing` says what becomes of them: \
         \"drop-rows\", \"median\", \"mean\", \"most-frequent\" or \"indicator\""
    );
    assert!(
        complaint("missing-words.csv", "'y'", "")
            .starts_with("5 values are missing, in column `b` (5 times, first on line 2)")
    );
    assert!(
        complaint("missing-among-numbers.csv", "'y'", "").starts_with("2 values are missing, in column `b`")
    );
}

#[test]
fn rows_with_missing_values_may_be_left_out() {
    let data = read("question-marks.csv", "'y'", "missing = 'drop-rows'");
    assert_eq!(
        data.values.rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
        [[2.0, 3.0], [5.0, 6.0], [7.0, 8.0]]
    );
    assert_eq!(data.place_of(1), "line 5 of `question-marks.csv`");
    assert_eq!(notes(&data), ["2 of 5 rows are left out, since a value is missing"]);
}

#[test]
fn missing_values_are_filled_from_the_training_rows_alone() {
    let filled = |missing: &str, train: &[usize]| {
        let data = read("question-marks.csv", "'y'", &format!("missing = '{missing}'"));
        let encoder = encode(&data, train).unwrap();
        (
            encoder.names().to_vec(),
            encoder.apply(&data, &[0, 2]).rows().into_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
        )
    };
    let all = [0, 1, 2, 3, 4];
    // Of `a` 1, 2, 5 and 7 are known, of `b` 3, 4, 6 and 8.
    assert_eq!(filled("median", &all).1, [[1.0, 5.0], [3.5, 4.0]]);
    assert_eq!(filled("mean", &all).1, [[1.0, 5.25], [3.75, 4.0]]);
    assert_eq!(filled("most-frequent", &all).1, [[1.0, 3.0], [1.0, 4.0]]);
    assert_eq!(filled("median", &[1, 3]).1, [[1.0, 4.5], [3.5, 4.0]]);
    let (names, rows) = filled("indicator", &all);
    assert_eq!(names, ["a", "a is missing", "b", "b is missing"]);
    assert_eq!(rows, [[1.0, 0.0, 5.0, 1.0], [3.5, 1.0, 4.0, 0.0]]);
    let data = read("question-marks.csv", "'y'", "missing = 'mean'");
    assert_eq!(notes(&data)[0], "column `a`: 1 missing value is filled in from the training rows");
    let error = encode(&data, &[2]).unwrap_err();
    assert!(error.to_string().starts_with("column `a` has no value in any training row"), "{error}");
    let error = encode(&data, &[]).unwrap_err();
    assert!(
        error.to_string().starts_with("column `a` has missing values, and there are no training rows"),
        "{error}"
    );
}

#[test]
fn texts_that_mean_a_missing_value_may_be_given() {
    let data = read("runs-of-spaces.data", "4", "missing_values = ['307.0']\nmissing = 'median'");
    assert_eq!(table(&data).1[0], [18.0, 8.0, 318.0]);
}

#[test]
fn runs_of_spaces_separate_cells() {
    let data = read("runs-of-spaces.data", "4", "");
    assert_eq!(table(&data).1[2..], [[18.0, 8.0, 318.0], [16.0, 4.0, 304.0]]);
    assert_eq!(data.class_names, ["chevrolet chevelle", "ford torino"]);
    assert_eq!(
        notes(&data),
        [
            "cells are taken as separated by runs of spaces: if they are not, give `separator`",
            "the first line, `18.0`, `8`, `307.0`, `chevrolet chevelle`, is taken as a row, and the columns as without \
             names: if it names them, `header = true`",
        ]
    );
    for separator in [" ", "spaces"] {
        assert_eq!(
            read("runs-of-spaces.data", "4", &format!("separator = '{separator}'")).values,
            data.values
        );
    }
}

#[test]
fn separators_are_detected_and_told_or_given() {
    for (file, told, given) in [
        ("semicolons.csv", "semicolons", "';'"),
        ("tabs.tsv", "tabs", "'tab'"),
        ("tabs.tsv", "tabs", "\"\\t\""),
        ("bars.txt", "`|`", "'|'"),
    ] {
        let data = read(file, "'y'", "");
        assert_eq!(table(&data).1, [[1.0, 2.0], [3.0, 4.0]], "{file}");
        assert_eq!(
            notes(&data),
            [format!("cells are taken as separated by {told}: if they are not, give `separator`")]
        );
        let same = read(file, "'y'", &format!("separator = {given}"));
        assert_eq!((same.hash, same.notes.len()), (data.hash, 0));
    }
    assert_eq!(
        complaint("semicolons.csv", "'y'", "separator = ','"),
        "no column is named `y`; the columns are `a;b;y`; if that separates cells: `separator = \";\"`"
    );
}

#[test]
fn decimal_commas_are_detected_and_told_or_given() {
    let data = read("decimal-commas.csv", "'y'", "separator = ';'");
    assert_eq!(table(&data).1, [[0.126, 1.0], [-35.0, 2.0]]);
    assert_eq!(
        notes(&data),
        ["commas are taken as the sign before a number's fraction: if they are not, `decimal = \".\"`"]
    );
    assert_eq!(read("decimal-commas.csv", "'y'", "decimal = ','").hash, data.hash);
    // Those of the target, too.
    assert!(
        complaint("decimal-commas.csv", "'a'", "drop = ['y']").contains("is continuous, 2 different numbers")
    );
    assert_eq!(
        complaint("decimal-commas.csv", "'y'", "decimal = '.'"),
        "column `a` has texts that look like numbers, `0,126` for one: if the comma begins their fraction, \
         `decimal = \",\"`; if it separates thousands, take it out of the file"
    );
}

#[test]
fn encodings_are_detected_and_told_or_given() {
    let marked = read("byte-order-mark.csv", "'Art'", "");
    assert_eq!(
        (marked.class_names.as_slice(), marked.notes.len()),
        (&["Köln", "Zürich"].map(str::to_owned)[..], 0)
    );
    let latin = read("latin-1.csv", "'Art'", "");
    assert_eq!(latin.hash, marked.hash);
    assert_eq!(
        notes(&latin)[0],
        "read as windows-1252, since line 1 has the byte `0xe4`, which is not UTF-8: if it is another, give `encoding`"
    );
    assert_eq!(read("latin-1.csv", "'Art'", "encoding = 'latin-1'").hash, marked.hash);
    assert_eq!(
        complaint("latin-1.csv", "'Art'", "encoding = 'utf-8'"),
        "line 1: has bytes that are not UTF-8: give another `encoding`"
    );
    let wide = read("utf-16.csv", "'y'", "");
    assert_eq!(wide.class_names, ["p", "ü"]);
    assert_eq!(notes(&wide), ["read as UTF-16LE, by its byte order mark: if it is another, give `encoding`"]);
    assert_eq!(
        complaint("utf-16-unmarked.csv", "'y'", ""),
        "is UTF-16 text without a byte order mark: `encoding = \"utf-16be\"` reads it"
    );
    assert_eq!(
        table(&read("utf-16-unmarked.csv", "'y'", "encoding = 'utf-16be'")).1,
        [[1.0, 2.0], [3.0, 4.0]]
    );
}

#[test]
fn packed_files_are_unpacked() {
    let data = read("packed.csv.gz", "'y'", "");
    assert_eq!((data.name.as_str(), table(&data).1), ("packed", vec![vec![1.0, 2.0], vec![3.0, 4.0]]));
}

#[test]
fn columns_of_a_parquet_file_are_numbers_truth_values_and_texts() {
    let keys = "drop = ['when', 'parts']\nmissing = 'median'\nmissing_values = ['-999']";
    let data = read("types.parquet", "'y'", keys);
    let (names, rows) = table(&data);
    assert_eq!(names, ["small", "large", "single", "on", "tree = elm", "tree = oak", "kind = a", "kind = b"]);
    // Of `single` two values are known, of `tree` three.
    assert_eq!(rows[0], [1.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0, 0.0]);
    assert_eq!(rows[1], [-2.0, 2.0, -0.375, 0.0, 0.0, 1.0, 0.0, 1.0]);
    assert_eq!(rows[3][1..3], [2.0_f64.powi(40), -0.375]);
    assert_eq!(
        (data.class_names.as_slice(), data.place_of(1)),
        (&["1", "2"].map(str::to_owned)[..], "row 2 of `types.parquet`".to_owned())
    );
    assert_eq!(read("types.parquet.gz", "'y'", keys).hash, data.hash);
    assert!(complaint("types.parquet", "'y'", "").starts_with("column `when` has dates or times"));
    assert!(complaint("types.parquet", "'y'", "drop = ['when']").starts_with("column `parts` is of type "));
    assert!(
        complaint("types.parquet", "'y'", "drop = ['when', 'parts']")
            .starts_with("2 values are missing, in columns")
    );
}

#[test]
fn a_first_line_of_numbers_above_numbers_is_a_row() {
    let data = read("no-header.data", "3", "");
    assert_eq!(data.rows(), 3);
    assert_eq!(
        notes(&data),
        [
            "the first line, `5.1`, `3.5`, `setosa`, is taken as a row, and the columns as without names: if it names them, `header = true`"
        ]
    );
    assert_eq!(read("no-header.data", "3", "header = false").hash, data.hash);
    assert_eq!(read("no-header.data", "3", "header = true").rows(), 2);
    assert!(
        complaint("no-header.data", "'kind'", "")
            .contains("the file has no header: give the column's number, from 1 to 3")
    );
}

#[test]
fn a_first_line_whose_texts_stand_below_it_is_a_row() {
    let data = read("letters-without-header.data", "1", "");
    assert_eq!(data.rows(), 4);
    assert!(notes(&data)[0].starts_with("the first line, `p`, `x`, `s`, is taken as a row"));
}

#[test]
fn a_first_line_that_counts_names_the_columns() {
    let data = read("numbered-columns.csv", "'target'", "");
    assert_eq!((data.rows(), table(&data).0), (3, ["0", "1", "2"].map(str::to_owned).to_vec()));
    // Its name says so, too.
    let by_number = read("numbered-columns.csv", "4", "");
    assert_eq!(by_number.hash, data.hash);
    assert!(
        notes(&by_number)[0]
            .ends_with("is taken as the names of the columns: if it is a row, `header = false`")
    );
}

#[test]
fn a_first_line_of_one_name_less_names_all_columns_but_the_first() {
    let data = read("row-names.txt", "'y'", "drop = [1]");
    assert_eq!(table(&data), (["a", "b"].map(str::to_owned).to_vec(), vec![vec![0.5, 2.0], vec![1.5, 3.0]]));
    assert!(notes(&data)[1].contains("it is taken to name all but the first"));
}

#[test]
fn float_labels_are_sorted_by_value() {
    let data = read("float-labels.csv", "'y'", "class_names = ['one', 'two', 'ten']");
    assert_eq!(classes(&data), ["one", "two", "ten", "one"]);
}

#[test]
fn truth_values_are_ones_and_zeros() {
    let data = read("booleans.csv", "'y'", "");
    assert_eq!(
        table(&data),
        (["on", "b"].map(str::to_owned).to_vec(), vec![vec![1., 2.], vec![0., 3.], vec![1., 4.]])
    );
    assert!(data.notes.is_empty());
}

#[test]
fn dates_are_refused_by_the_name_of_their_column() {
    assert_eq!(
        complaint("dates.csv", "'y'", ""),
        "column `when` has dates or times, `2024-05-31` for one: put what matters of them (an hour, days since) into \
         columns of numbers, and leave it out: `drop = [\"when\"]`"
    );
    assert_eq!(table(&read("dates.csv", "'y'", "drop = ['when']")).1, [[2.0], [3.0]]);
}

#[test]
fn comments_are_left_out_where_they_are_told_from_names() {
    let data = read("comments.csv", "'y'", "");
    assert_eq!(table(&data).1, [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(data.place_of(0), "line 4 of `comments.csv`");
    assert!(notes(&data)[0].starts_with("lines that begin with `#` are left out"));
    let given = read("comments.csv", "'y'", "comment = '#'");
    assert_eq!((given.hash, given.notes.len()), (data.hash, 0));
}

#[test]
fn quotations_hold_separators_and_lines() {
    let data = read("quotations.csv", "'y'", "");
    assert_eq!(table(&data).0, ["a", "note = plain", "note = two\nlines, and a \"quotation\""]);
    assert_eq!(data.place_of(1), "line 4 of `quotations.csv`");
}

#[test]
fn a_quotation_that_does_not_end_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), "a,b,y\n1,x,p\n2,\"x,q\n3,x,p\n4,x,q\n").unwrap();
    let error = TableSource::new("t.csv", ColumnRef::Number(3)).read(folder.path(), 1 << 20).unwrap_err();
    assert_eq!(
        error.problem.to_string(),
        "line 3: a quotation mark opens in this row, and none closes it before the end of the file"
    );
    // A mark within a cell quotes nothing.
    std::fs::write(folder.path().join("t.csv"), "a,b,y\n1,5\" pipe,p\n2,x,q\n3,4\" pipe,p\n4,7\" pipe,q")
        .unwrap();
    let data = TableSource::new("t.csv", ColumnRef::Number(3)).read(folder.path(), 1 << 20).unwrap();
    assert_eq!(data.rows(), 4);
}

#[test]
fn numbers_with_units_or_thousands_are_no_identifiers() {
    let folder = tempfile::tempdir().unwrap();
    for (cell, fix) in [
        ("{row}.5 %", "take the unit out of the file, and say it in the column's name"),
        ("1'{row}00.5", "take what separates thousands out of the file"),
        ("\"1,{row}00\"", "if the comma begins their fraction, `decimal = \",\"`"),
    ] {
        let rows = (10..40).map(|row| format!("{},{}\n", cell.replace("{row}", &row.to_string()), row % 3));
        std::fs::write(folder.path().join("t.csv"), "a,y\n".to_owned() + &rows.collect::<String>()).unwrap();
        let error = TableSource::new("t.csv", ColumnRef::Number(2)).read(folder.path(), 1 << 20).unwrap_err();
        assert!(error.to_string().contains(fix), "{error}");
    }
}

#[test]
fn times_in_a_cell_and_spaces_in_names_do_not_hide_commas() {
    let folder = tempfile::tempdir().unwrap();
    let rows =
        (0..9).map(|row| format!("{row},Werder Bremen,1. FC Koeln,{},1963-08-2{row} 09:30:00\n", row % 2));
    let text = ",home team,away team,goals,date\n".to_owned() + &rows.collect::<String>();
    std::fs::write(folder.path().join("t.csv"), text).unwrap();
    let source: TableSource =
        toml::from_str("path = 't.csv'\ntarget = 'goals'\ndrop = ['date', 'column 1']").unwrap();
    assert_eq!(source.read(folder.path(), 1 << 20).unwrap().columns.len(), 2);
}

#[test]
fn rows_that_end_with_a_separator_under_names_that_do_not_keep_their_names() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), "a,b,y\n1,2,p,\n3,4,q,\n").unwrap();
    let data =
        TableSource::new("t.csv", ColumnRef::Name("y".to_owned())).read(folder.path(), 1 << 20).unwrap();
    assert_eq!(table(&data), (["a", "b"].map(str::to_owned).to_vec(), vec![vec![1.0, 2.0], vec![3.0, 4.0]]));
}

#[test]
fn columns_of_one_name_keep_their_order_over_two_files() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [("a.csv", "a,a,a,y\n1,2,3,p\n4,5,6,q\n"), ("b.csv", "a,a,a,y\n7,8,9,q\n")] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let source: TableSource = toml::from_str("train = 'a.csv'\ntest = 'b.csv'\ntarget = 'y'").unwrap();
    assert_eq!(table(&source.read(folder.path(), 1 << 20).unwrap()).1[2], [7.0, 8.0, 9.0]);
}

#[test]
fn keys_that_name_no_feature_or_one_twice_are_refused() {
    let said = |keys: &str| complaint("text-column.csv", "'kind'", keys);
    assert_eq!(said("one_hot = ['kind']"), "column `kind` is named by `one_hot`, but it is no feature");
    assert!(said("one_hot = ['colour']\nordinal = ['colour']").contains("names it, too"));
    assert!(said("levels = { colour = ['red', 'red'] }").contains("expected each of its texts once"));
    assert_eq!(said("separator = ','\ncomment = ','"), "`,` cannot both separate cells and begin a comment");
}

#[test]
fn a_column_without_any_value_is_left_out_and_told() {
    let data = read("trailing-separators.csv", "'y'", "");
    assert_eq!(table(&data).0, ["a", "b"]);
    assert_eq!(notes(&data), ["column `column 4` has no value in any row, and is left out"]);
}

#[test]
fn texts_that_identify_rows_are_refused_unless_they_are_asked_for() {
    assert_eq!(
        complaint("identifiers.csv", "'y'", ""),
        "column `name` has 12 different texts, `P001` for one, in 12 rows: it looks like an identifier or free text; \
         leave it out with `drop = [\"name\"]`, or say that it has levels with `one_hot = [\"name\"]`"
    );
    assert_eq!(table(&read("identifiers.csv", "'y'", "drop = ['name']")).0, ["a"]);
    assert_eq!(table(&read("identifiers.csv", "'y'", "one_hot = ['name']\nmost_levels = 2")).0.len(), 4);
}

#[test]
fn row_numbers_are_told() {
    let data = read("row-numbers.csv", "'y'", "");
    assert_eq!(
        notes(&data),
        [
            "column `id` counts up by one from row to row: it looks like a row number; drop it with `drop = [\"id\"]`"
        ]
    );
    assert!(read("row-numbers.csv", "'y'", "drop = ['id']").notes.is_empty());
    let data = read("unnamed-index.csv", "'y'", "");
    assert!(
        notes(&data)[0]
            .starts_with("column `column 1` has whole numbers and no name: it looks like a row number")
    );
}

#[test]
fn constants_and_what_gives_the_class_away_are_told() {
    let data = read("constant-and-leak.csv", "'y'", "columns = ['?', 'leak']");
    assert_eq!(
        notes(&data),
        [
            "column `k` has the same value in every row: it tells nothing and costs bytes; drop it with `drop = [\"k\"]`",
            "column `leak` alone says of which class each row is: if it is not known before the class is, drop it with `drop = [\"leak\"]`",
        ]
    );
}

#[test]
fn a_continuous_target_is_told_what_to_do_and_bins_do_it() {
    assert_eq!(
        complaint("continuous.csv", "'price'", ""),
        "the target column `price` is continuous, 40 different numbers in 40 rows: expected classes; make them with \
         `bins = { quantiles = 3 }` or `bins = { edges = [877] }`, or name another target"
    );
    let data = read("continuous.csv", "'price'", "bins = { quantiles = 4 }");
    assert_eq!(data.class_names, ["up to 497.75", "497.75 to 858.5", "858.5 to 1219.25", "above 1219.25"]);
    let of_each = (0..4).map(|class| data.labels.iter().filter(|&&label| label == class).count());
    assert_eq!(of_each.collect::<Vec<_>>(), [10; 4]);
    let data = read("continuous.csv", "'price'", "bins = { edges = [877] }");
    assert_eq!(data.class_names, ["up to 877", "above 877"]);
    assert_eq!(data.labels.iter().filter(|&&label| label == 0).count(), 21);
    assert!(
        complaint("text-column.csv", "'kind'", "bins = { edges = [1] }").contains("has texts, `x` for one")
    );
}

#[test]
fn a_column_may_say_which_rows_are_for_the_test() {
    let data = read("split-column.csv", "'y'", "split = 'set'");
    let bitsweep_datasets::Division::Given(split) = &data.division else { panic!("{:?}", data.division) };
    assert_eq!((&split.train, &split.validation, &split.test), (&vec![0, 1], &vec![4], &vec![2, 3]));
    assert_eq!(table(&data).0, ["a"]);
    assert_eq!(
        complaint("split-column.csv", "'y'", "split = 'a'"),
        "line 2, column `a`: expected `train`, `validation` or `test`, found `1`"
    );
}

#[test]
fn a_column_may_say_which_rows_belong_together() {
    let data = read("groups.csv", "'y'", "group = 'who'");
    // In the sorted order of the names.
    assert_eq!(data.division, bitsweep_datasets::Division::Groups(vec![0, 1, 0, 2, 1, 3]));
    assert_eq!(table(&data).0, ["a"]);
}

#[test]
fn two_files_are_for_training_and_for_the_test() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "a,b,y\n1,2,p\n3,4,q\n");
    write("b.csv", "y;b;a\nq;6;5\n");
    write("c.csv", "y,a\nq,5\n");
    let read = |test: &str| {
        let source = format!("train = 'a.csv'\ntest = '{test}'\ntarget = 'y'");
        toml::from_str::<TableSource>(&source).unwrap().read(folder.path(), 1 << 20)
    };
    let data = read("b.csv").unwrap();
    assert_eq!(table(&data).1, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!((data.name.as_str(), classes(&data)), ("a", vec!["p", "q", "q"]));
    let bitsweep_datasets::Division::Given(split) = &data.division else { panic!("{:?}", data.division) };
    assert_eq!((&split.train, &split.test), (&vec![0, 1], &vec![2]));
    assert_eq!(data.place_of(2), "line 2 of `b.csv`");
    assert_eq!(
        read("c.csv").unwrap_err().to_string(),
        "`c.csv`: has no column `b`, which the training file has"
    );
    let source =
        TableSource { test: Some("b.csv".into()), ..TableSource::new("a.csv", ColumnRef::Number(1)) };
    let error = source.read(folder.path(), 1 << 20).unwrap_err();
    assert_eq!(error.problem.to_string(), "expected either `path`, or both `train` and `test`");
}

#[test]
fn rare_classes_are_merged_or_dropped_on_request() {
    let data = read("float-labels.csv", "'y'", "rare_classes = { merge = 2 }");
    assert_eq!(classes(&data), ["1", "other", "other", "1"]);
    assert!(
        notes(&data).contains(&"column `y`: the 2 rows of classes `2.0`, `10` are class `other`".to_owned())
    );
    let data = read("missing-words.csv", "'y'", "drop = ['b']\nrare_classes = { drop = 3 }");
    assert_eq!(data.rows(), 6);
    let error = complaint("float-labels.csv", "'y'", "rare_classes = { drop = 2 }");
    assert_eq!(error, "every row is of class `1`, expected at least two classes in column `y`");
}

#[test]
fn columns_are_kept_or_dropped_by_name_number_and_pattern() {
    let names = |keys: &str| table(&read("constant-and-leak.csv", "'y'", keys)).0;
    assert_eq!(names("columns = ['k', 2]"), ["k", "c"]);
    assert_eq!(names("drop = ['l*', 1]"), ["c"]);
    assert_eq!(names("columns = ['*']\ndrop = ['leak']"), ["k", "c"]);
    assert!(
        complaint("constant-and-leak.csv", "'y'", "drop = ['m*']").starts_with("no column is named `m*`")
    );
}

#[test]
fn what_is_no_table_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let complaint = |name: &str, bytes: &[u8], keys: &str| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let source = format!("path = '{name}'\ntarget = 'y'\n{keys}");
        let read = toml::from_str::<TableSource>(&source).unwrap().read(folder.path(), 100);
        read.unwrap_err().problem.to_string()
    };
    assert!(
        complaint("sheet.xlsx", b"PK\x03\x04\x00\x01", "").starts_with("is a ZIP archive or a spreadsheet")
    );
    assert!(complaint("a.bin", b"\x80\x01\x02\xff", "").starts_with("is neither text nor Parquet"));
    assert!(complaint("a.csv", b"a,b\n1,\0\n3,4\n", "").starts_with("is neither text nor Parquet"));
    assert!(complaint("a.csv.gz", b"\x1f\x8b\x08\x00", "").starts_with("is a damaged gzip file"));
    assert!(complaint("a.parquet", b"PAR1....PAR1", "").starts_with("is a damaged Parquet file"));
    assert!(complaint("large.csv", &[b'1'; 101], "").starts_with("has 101 bytes, more than the 100"));
    assert_eq!(
        complaint("b.parquet", b"PAR1", "separator = ';'"),
        "is a Parquet file, which has no `separator`: leave it out"
    );
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_not_read() {
    for device in ["/dev/zero", "/dev/null", "/dev/stdin"] {
        let read = TableSource::new(device, ColumnRef::Number(1)).read(Path::new(""), 1 << 20);
        let problem = read.unwrap_err().problem.to_string();
        assert!(
            problem.starts_with("is a pipe or a device") || device == "/dev/stdin",
            "{device}: {problem}"
        );
    }
}
