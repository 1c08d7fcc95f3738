//! What serde says of a wrong value, in words of who writes TOML.

use super::diagnostic::Diagnostic;

/// What serde said, with the nearest of the names it lists.
pub(super) fn from_serde(message: &str) -> Diagnostic {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let diagnostic = Diagnostic::new(in_words_of_toml(message));
    match quoted.split_first() {
        Some((wrong, names)) if message.starts_with("unknown ") => {
            diagnostic.nearest(wrong, names.iter().copied())
        }
        _ => diagnostic,
    }
}

/// serde's message, which speaks of Rust's types, in words of TOML.
fn in_words_of_toml(message: &str) -> String {
    if message.starts_with("wanted exactly 1 element") {
        return "expected a table with one key".to_owned();
    }
    // What is expected stands last in a message.
    match message.rsplit_once(", expected ") {
        Some((wrong, expectation)) => format!("{}, expected {}", found(wrong), expected(expectation)),
        None => found(message),
    }
}

/// What stands there.
fn found(message: &str) -> String {
    // Numbers beyond 64 bits come with their type.
    let narrow = [" as i128", " as u128"].iter().find_map(|wide| message.strip_suffix(wide));
    let message = narrow.unwrap_or(message).to_owned();
    if message.ends_with("value was too large") {
        return "the number is too large: expected at most 9223372036854775807".to_owned();
    }
    if let Some(choice) = message.strip_prefix("unknown variant ") {
        return format!("unknown choice {choice}");
    }
    if message == "invalid length 0" {
        return "found nothing".to_owned();
    }
    let of_a_kind = ["invalid type: ", "invalid value: "].iter().find_map(|kind| message.strip_prefix(kind));
    let Some(value) = of_a_kind else { return message };
    let plain = match value {
        "sequence" => "a list",
        "map" | "newtype variant" => "a table",
        "unit value" => "nothing",
        "unit variant" => "a name alone",
        _ => return format!("found {}", scalar(value)),
    };
    format!("found {plain}")
}

/// A number, a word or a text, with its value.
fn scalar(value: &str) -> String {
    let kinds = [
        ("floating point `", "the number `"),
        ("integer `", "the number `"),
        ("boolean `", "`"),
        ("string \"", "the text \""),
        ("character `", "the character `"),
    ];
    let plain = kinds.iter().find_map(|(rust, plain)| Some(plain.to_string() + value.strip_prefix(rust)?));
    plain.unwrap_or_else(|| value.to_owned())
}

/// What would be right.
fn expected(expectation: &str) -> &str {
    match expectation {
        "a nonzero u8" | "a nonzero u16" | "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => {
            "a whole number above 0"
        }
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or above",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "bool" | "a boolean" => "`true` or `false`",
        "str" | "a string" => "text in quotation marks",
        "path string" => "a path in quotation marks",
        "a character" => "one character in quotation marks",
        "a sequence" => "a list",
        "a map" => "a table",
        "string or table" => "a name, or a table with one key",
        "unit variant" => "a name without settings",
        "newtype variant" | "struct variant" | "tuple variant" => "a table with settings",
        _ if ["struct ", "tuple struct ", "enum ", "tuple "]
            .iter()
            .any(|kind| expectation.starts_with(kind)) =>
        {
            "a table"
        }
        _ => expectation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_types_are_called_by_what_stands_in_a_file() {
        for (serde, toml) in [
            (
                "invalid type: unit variant, expected newtype variant",
                "found a name alone, expected a table with settings",
            ),
            ("invalid type: unit variant, expected struct Pq", "found a name alone, expected a table"),
            (
                "invalid type: newtype variant, expected unit variant",
                "found a table, expected a name without settings",
            ),
            ("invalid type: map, expected f64", "found a table, expected a number"),
            ("invalid type: sequence, expected usize", "found a list, expected a whole number, 0 or above"),
            (
                "invalid value: integer `0`, expected a nonzero u8",
                "found the number `0`, expected a whole number above 0",
            ),
            (
                "invalid type: integer `99999999999999999999` as i128, expected i64",
                "found the number `99999999999999999999`, expected a whole number",
            ),
            (
                "invalid type: boolean `true`, expected a string",
                "found `true`, expected text in quotation marks",
            ),
            (
                "invalid type: string \"a, b\", expected a sequence",
                "found the text \"a, b\", expected a list",
            ),
            ("unknown variant `x`, expected `a` or `b`", "unknown choice `x`, expected `a` or `b`"),
            ("unknown field `x`, expected one of `a`, `b`", "unknown field `x`, expected one of `a`, `b`"),
            ("wanted exactly 1 element, found 0 elements", "expected a table with one key"),
            ("missing field `path`", "missing field `path`"),
        ] {
            assert_eq!(in_words_of_toml(serde), toml);
        }
        assert!(
            from_serde("unknown field `epoch`, expected `epochs`")
                .to_string()
                .contains("did you mean `epochs`?")
        );
    }
}
