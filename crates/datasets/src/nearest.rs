/// The candidate that a misspelled `name` most likely means, if one is near enough.
///
/// Near means a Damerau-Levenshtein distance, regardless of case, of at most a third of the name's length and at
/// least one; the first of equally near candidates wins.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// `, did you mean …` for an error message, or nothing.
pub(crate) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`"))
}

/// Names in backticks, separated by commas.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::nearest;

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
    }
}
