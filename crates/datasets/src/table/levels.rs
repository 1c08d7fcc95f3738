//! From a column of texts to numbers: ranks, levels, or truth values.

use super::cell::is_date;
use super::class_labels::sorted;
use super::error::TableProblem;
use super::raw::Texts;
use crate::dataset::{ColumnKind, RowsOfFile};

/// A column with more different texts than this may be of identifiers.
const FEW_TEXTS: usize = 10;

/// How the texts of a column become numbers.
pub(super) enum Reading<'s> {
    /// As levels, each of at most so many a feature; whatever the texts.
    OneHot(usize),
    /// As their ranks among all.
    Ordinal,
    /// As their ranks in this order.
    Given(&'s [String]),
    /// Truth values as 0 and 1, other texts as levels; dates and identifiers are refused.
    Unasked(usize),
    /// The same, other texts as ranks.
    UnaskedOrdinal,
}

/// The column of this name as numbers, NaN where a text is missing, and what they are.
pub(super) fn numbered(
    name: &str,
    texts: &Texts,
    reading: &Reading<'_>,
    file: &RowsOfFile,
) -> Result<(Vec<f64>, ColumnKind), TableProblem> {
    let column = || name.to_owned();
    if let Reading::Unasked(_) | Reading::UnaskedOrdinal = reading {
        let truths: Option<Vec<f64>> = texts.distinct.iter().map(|text| truth(text)).collect();
        if let Some(truths) = truths {
            return Ok((by_code(texts, &truths), ColumnKind::Number));
        }
        if let Some(first) =
            texts.distinct.first().filter(|_| texts.distinct.iter().all(|text| is_date(text)))
        {
            return Err(TableProblem::Dates { column: column(), text: first.clone() });
        }
        if let Some((text, fix)) = other_numbers(&texts.distinct) {
            return Err(TableProblem::OtherNumbers { column: column(), text: text.to_owned(), fix });
        }
        let of_each = texts.rows_of_each();
        // Of some texts all rows may have been left out.
        let (used, rows) = (of_each.iter().filter(|rows| **rows > 0).count(), of_each.iter().sum());
        if used > FEW_TEXTS && used * 2 > rows {
            let text = texts.distinct[0].clone();
            return Err(TableProblem::Identifier { column: column(), texts: used, text, rows });
        }
    }
    if let Reading::Given(levels) = reading {
        let rank = |text: &String| levels.iter().position(|level| level == text);
        let ranks: Vec<Option<usize>> = texts.distinct.iter().map(rank).collect();
        if let Some(wrong) = ranks.iter().position(Option::is_none) {
            let row = texts.codes.iter().position(|code| *code as usize == wrong).unwrap_or(0);
            let (_, place) = file.find(row);
            let text = texts.distinct[wrong].clone();
            return Err(TableProblem::NotALevel { place, column: column(), text, levels: levels.to_vec() });
        }
        let ranks: Vec<f64> = ranks.into_iter().flatten().map(|rank| rank as f64).collect();
        return Ok((by_code(texts, &ranks), ColumnKind::Ranks(levels.to_vec())));
    }
    let distinct: Vec<&str> = texts.distinct.iter().map(String::as_str).collect();
    let groups = sorted(&distinct);
    let mut ranks = vec![0.0; distinct.len()];
    for (rank, group) in groups.iter().enumerate() {
        group.iter().for_each(|&position| ranks[position] = rank as f64);
    }
    let levels = groups.iter().map(|group| distinct[group[0]].to_owned()).collect();
    let kind = match *reading {
        Reading::OneHot(most) | Reading::Unasked(most) => ColumnKind::Levels { texts: levels, most },
        Reading::Ordinal | Reading::Given(_) | Reading::UnaskedOrdinal => ColumnKind::Ranks(levels),
    };
    Ok((by_code(texts, &ranks), kind))
}

/// The first of texts most of which would be numbers in another spelling, and what to do about them.
fn other_numbers(texts: &[String]) -> Option<(&str, String)> {
    let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
    let with_point = |text: &str| text.matches(',').count() == 1 && is_number(&text.replace(',', "."));
    let of_thousands = |text: &str| {
        let plain: String =
            text.chars().filter(|character| !"',_ \u{a0}\u{202f}".contains(*character)).collect();
        plain.len() < text.len() && is_number(&plain)
    };
    let with_unit = |text: &str| {
        let plain =
            text.trim_matches(|character: char| "%$€£°".contains(character) || character.is_whitespace());
        plain.len() < text.len() && is_number(&plain.replace(',', "."))
    };
    let first_of = |is_so: &dyn Fn(&str) -> bool| {
        let count = texts.iter().filter(|text| is_so(text)).count();
        let first = texts.iter().find(|text| is_so(text)).map(String::as_str);
        first.filter(|_| count * 2 > texts.len())
    };
    if let Some(first) = first_of(&with_point) {
        let fix = "if the comma begins their fraction, `decimal = \",\"`; if it separates thousands, take it out of the file";
        return Some((first, fix.to_owned()));
    }
    if let Some(first) = first_of(&of_thousands) {
        return Some((first, "take what separates thousands out of the file".to_owned()));
    }
    let first = first_of(&with_unit)?;
    Some((first, "take the unit out of the file, and say it in the column's name".to_owned()))
}

fn by_code(texts: &Texts, numbers: &[f64]) -> Vec<f64> {
    texts.codes.iter().map(|code| numbers.get(*code as usize).copied().unwrap_or(f64::NAN)).collect()
}

fn truth(text: &str) -> Option<f64> {
    if text.eq_ignore_ascii_case("true") {
        Some(1.0)
    } else if text.eq_ignore_ascii_case("false") {
        Some(0.0)
    } else {
        None
    }
}
