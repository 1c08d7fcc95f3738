//! How error messages name what was found and what may have been meant.

/// The candidate that a misspelled `name` most likely means, if one is near enough.
///
/// Near means a Damerau-Levenshtein distance, regardless of case, of at most a third of the name's length and at
/// least one; a candidate that begins with the name, or the other way round, comes after those. The first of equally near
/// candidates wins. A name has something in common with what it means, and neither is as long as a page.
///
/// ```
/// use bitsweep_datasets::nearest;
///
/// assert_eq!(nearest("digtis", ["wine", "digits"]), Some("digits"));
/// assert_eq!(nearest("nearest", ["half-away", "nearest-even"]), Some("nearest-even"));
/// assert_eq!(nearest("iris", ["wine", "digits"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// A longer name is no slip, and would take long to compare.
    const LONGEST: usize = 200;
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    let limit = (name.chars().count() / 3).max(1);
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let edits = strsim::damerau_levenshtein(&name, &candidate);
        let is_begun = !name.is_empty() && (candidate.starts_with(&name) || name.starts_with(&candidate));
        if edits <= limit && edits < name.chars().count() {
            Some(edits)
        } else {
            is_begun.then_some(usize::MAX)
        }
    };
    let candidates =
        candidates.into_iter().filter(|candidate| (1..=LONGEST).contains(&candidate.trim().len()));
    let near = candidates.filter_map(|candidate| Some((distance(candidate)?, candidate)));
    near.min_by_key(|&(distance, _)| distance).map(|(_, candidate)| candidate)
}

/// A number with its noun: `1 row`, `2 rows`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `, did you mean …` for an error message, or nothing.
pub(crate) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`"))
}

/// Names in backticks, separated by commas; of a long list the beginning.
#[must_use]
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 20;
    let quoted: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("`{}`", excerpt(name.as_ref()))).collect();
    let more = if names.len() > SHOWN { format!(", … ({} in all)", names.len()) } else { String::new() };
    quoted.join(", ") + &more
}

/// The beginning of a text that may be as long as a file: 60 characters and `…`.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{excerpt, list, nearest};

    #[test]
    fn long_lists_and_texts_are_shortened() {
        let names: Vec<String> = (0..500).map(|number| format!("pixel_{number}")).collect();
        assert!(list(&names).ends_with("`pixel_19`, … (500 in all)"));
        assert_eq!(list(&names[..2]), "`pixel_0`, `pixel_1`");
        assert_eq!(excerpt(&"ö".repeat(1000)), format!("{}…", "ö".repeat(60)));
        assert_eq!(excerpt("rose"), "rose");
    }

    #[test]
    fn a_slip_of_the_finger_is_recognized() {
        let names = ["wine", "digits", "wine-quality"];
        assert_eq!(nearest("digtis", names), Some("digits"));
        assert_eq!(nearest("Wine", names), Some("wine"));
        assert_eq!(nearest("wine_quality", names), Some("wine-quality"));
    }

    #[test]
    fn another_word_is_not_taken_for_a_slip() {
        assert_eq!(nearest("iris", ["wine", "digits"]), None);
        assert_eq!(nearest("x", ["", " ", "value"]), None);
        assert_eq!(nearest("", ["x", "value"]), None);
        assert_eq!(nearest(&"wine".repeat(100), ["wine"]), None);
    }
}
