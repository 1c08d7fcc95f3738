//! What an experiment may say of a file.

use bitsweep_datasets::TableSource;
use bitsweep_hostile::Numbers;

/// What the seeds may be said to be, besides their target.
const SETTINGS: [&str; 36] = [
    "header = true",
    "header = false",
    "separator = ';'",
    "separator = 'tab'",
    "separator = 'spaces'",
    "separator = ':'",
    "decimal = ','",
    "decimal = '.'",
    "encoding = 'latin-1'",
    "encoding = 'utf-16le'",
    "encoding = 'shift_jis'",
    "comment = '#'",
    "comment = ';'",
    "columns = ['*']",
    "columns = [1, 2]",
    "columns = ['?', 'tree', 'half']",
    "drop = [2]",
    "drop = ['*e*']",
    "group = 1",
    "split = 'set'",
    "split = 2",
    "text = 'ordinal'",
    "one_hot = ['*']",
    "one_hot = [1]",
    "ordinal = [1]",
    "levels = { tree = ['elm', 'oak', 'ash'] }",
    "most_levels = 1",
    "missing = 'drop-rows'",
    "missing = 'median'",
    "missing = 'mean'",
    "missing = 'most-frequent'",
    "missing = 'indicator'",
    "missing_values = ['-999', '0', 'a']",
    "bins = { quantiles = 2 }",
    "bins = { edges = [-1, 0.5] }",
    "rare_classes = { merge = 2 }",
];

/// What the target may be.
const TARGETS: [&str; 8] = ["'y'", "'y'", "'y'", "'kind'", "1", "2", "3", "'class'"];

/// A source of the file, or of both, with some settings.
pub(crate) fn one(with_second: bool, numbers: &mut Numbers) -> TableSource {
    let files = if with_second { "train = 'input.csv'\ntest = 'input2.csv'" } else { "path = 'input.csv'" };
    let mut text = format!("{files}\ntarget = {}\n", numbers.of_these(&TARGETS));
    let settings = if numbers.below(2) == 0 { 0 } else { 1 + numbers.below(3) };
    for _ in 0..settings {
        let setting = numbers.of_these(&SETTINGS);
        let key = setting.split(' ').next().unwrap_or_default();
        if !text.contains(&format!("\n{key} =")) {
            text += setting;
            text.push('\n');
        }
    }
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
