//! Documentation as paragraphs and examples.

/// What is said of a type, a key or a choice.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) paragraphs: Vec<String>,
    /// Each of lines of TOML.
    pub(super) examples: Vec<String>,
}

impl Text {
    /// Reads a description: paragraphs, between blank lines, and blocks of TOML.
    pub(super) fn of(description: Option<&str>) -> Text {
        let mut text = Text::default();
        let description = description.unwrap_or_default();
        let mut parts = description.split("```toml\n");
        let mut prose = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (example, after) = part.split_once("```").unwrap_or((part, ""));
            text.examples.push(example.to_owned());
            prose += after;
        }
        let paragraphs = prose.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
        text.paragraphs = paragraphs.map(str::to_owned).collect();
        text
    }
}

/// The words of `text` in lines of at most 100 characters that begin with `indent`, code between backticks unbroken; a table
/// as it is.
pub(super) fn filled(text: &str, indent: &str) -> String {
    const WIDTH: usize = 100;
    if text.starts_with('|') {
        return text.lines().map(|line| format!("{indent}{line}\n")).collect();
    }
    let mut filled = String::new();
    let mut line = String::new();
    for word in words(text) {
        let width = indent.chars().count() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && width > WIDTH {
            filled += &format!("{indent}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    filled + indent + &line + "\n"
}

/// The words of a text, what stands between backticks being part of one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if is_open => *last += &format!(" {word}"),
            Some(_) | None => words.push(word.to_owned()),
        }
        is_open ^= word.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_paragraphs_and_examples() {
        let text =
            Text::of(Some("One\nline.\n\n```toml\na = 1\n\nb = 2\n```\n\nMore.\n\n```toml\nc = 3\n```"));
        assert_eq!(text.paragraphs, ["One\nline.", "More."]);
        assert_eq!(text.examples, ["a = 1\n\nb = 2\n", "c = 3\n"]);
        assert!(Text::of(None).paragraphs.is_empty());
    }

    #[test]
    fn lines_are_filled_and_code_is_not_broken() {
        let text = format!("{} `a = {{ b = 1 }}` end", "x".repeat(90));
        assert_eq!(filled(&text, "  "), format!("  {}\n  `a = {{ b = 1 }}` end\n", "x".repeat(90)));
        assert_eq!(filled("| a |\n|---|", "  "), "  | a |\n  |---|\n");
    }
}
