//! An experiment key by key.

use std::collections::BTreeMap;

/// The values of a TOML text by their dotted keys, each as TOML spells it; nothing of a text that is none.
///
/// ```
/// use bitsweep_experiment::config::flat;
///
/// let values = flat("seed = [1, 2]\n[train]\nepochs = 5\n[[finding]]\nsays = 'so'\n");
/// let values: Vec<_> = values.iter().map(|(key, value)| format!("{key} = {value}")).collect();
/// assert_eq!(values, ["finding.1.says = \"so\"", "seed = [1, 2]", "train.epochs = 5"]);
/// ```
pub fn flat(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        add("", &toml::Value::Table(table), &mut values);
    }
    values
}

fn add(key: &str, value: &toml::Value, values: &mut BTreeMap<String, String>) {
    let within = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| add(&within(name), value, values)),
        toml::Value::Array(all) if !all.is_empty() && all.iter().all(toml::Value::is_table) => {
            all.iter().zip(1..).for_each(|(value, number)| add(&within(&number.to_string()), value, values));
        }
        value => _ = values.insert(key.to_owned(), value.to_string()),
    }
}
