//! A table as TOML that keeps the order of its keys: axes of the grid vary in it.

use toml::{Table, Value};

/// The table as TOML, with its keys in their order. Below a header no value can stand that does not belong to it, so that a
/// table before one is written on one line.
pub(super) fn in_order(table: &Table) -> String {
    let mut text = String::new();
    write(&mut text, "", table);
    text
}

/// How many entries of a table, the last that needs no header among them, are written without headers.
fn inline_entries(table: &Table) -> usize {
    table.values().rposition(|value| !has_headers(value)).map_or(0, |last| last + 1)
}

fn write(text: &mut String, path: &str, table: &Table) {
    let inline = inline_entries(table);
    for (key, value) in table.iter().take(inline) {
        *text += &format!("{} = {value}\n", key_text(key));
    }
    for (key, value) in table.iter().skip(inline) {
        let path = if path.is_empty() { key_text(key) } else { format!("{path}.{}", key_text(key)) };
        match value {
            // Headers of what is in it say that it is there.
            Value::Table(table) if inline_entries(table) == 0 && !table.is_empty() => {
                write(text, &path, table)
            }
            Value::Table(table) => {
                *text += &format!("\n[{path}]\n");
                write(text, &path, table);
            }
            other => {
                let tables = other.as_array().into_iter().flatten().filter_map(Value::as_table);
                for table in tables {
                    *text += &format!("\n[[{path}]]\n");
                    write(text, &path, table);
                }
            }
        }
    }
}

/// Whether a value is written below headers where it may be: a table, or a list of tables.
fn has_headers(value: &Value) -> bool {
    match value {
        Value::Table(_) => true,
        Value::Array(elements) => !elements.is_empty() && elements.iter().all(Value::is_table),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            false
        }
    }
}

/// A key as TOML, in quotation marks where it needs them.
fn key_text(key: &str) -> String {
    let alone = Value::Table([(key.to_owned(), Value::Integer(0))].into_iter().collect()).to_string();
    let key = alone.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" = 0 }"));
    key.unwrap_or(&alone).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_their_order_and_read_back_the_same() {
        for (text, written) in [
            ("a = 1\n[b]\nc = 2\n", "a = 1\n\n[b]\nc = 2\n"),
            ("b = { c = 2 }\na = 1\n", "b = { c = 2 }\na = 1\n"),
            (
                "q = [{ w = { f = [{ a = 1 }], b = 2 } }, {}]",
                "\n[[q]]\n\n[q.w]\nf = [{ a = 1 }]\nb = 2\n\n[[q]]\n",
            ),
            ("e = []\n\"a b\" = { \"c.d\" = { \"\" = {} } }", "e = []\n\n[\"a b\".\"c.d\".\"\"]\n"),
            ("m = [1, { a = 1 }]\n\"x\\ny\" = 'a\"b'", "m = [1, { a = 1 }]\n\"x\\ny\" = 'a\"b'\n"),
        ] {
            let table: Table = text.parse().unwrap();
            assert_eq!(in_order(&table), written);
            let again: Table = written.parse().unwrap();
            assert_eq!(format!("{again:?}"), format!("{table:?}"));
        }
    }
}
