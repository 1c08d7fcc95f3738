//! The stratified split, draw by draw as scikit-learn 1.6.1's `StratifiedShuffleSplit`.

use bitsweep_random::Stream;

use crate::split::Part;
use crate::split_error::SplitError;

/// Divides `rows` into those that are left and so many that are held out, each class in the same proportion, up to one row.
pub(crate) fn stratified(
    part: Part,
    labels: &[usize],
    classes: usize,
    rows: &[usize],
    held_out: usize,
    stream: &mut Stream,
) -> Result<(Vec<usize>, Vec<usize>), SplitError> {
    let mut rows_of_class = vec![Vec::new(); classes];
    for &row in rows {
        rows_of_class[labels[row]].push(row);
    }
    if let Some((class, rows)) = rows_of_class.iter().enumerate().find(|(_, rows)| rows.len() == 1) {
        return Err(SplitError::SmallClass { part, class, row: rows[0] });
    }
    rows_of_class.retain(|rows| !rows.is_empty());
    let classes = rows_of_class.len();
    let left = rows.len() - held_out;
    let side = match part {
        Part::Test => "test",
        Part::Validation => "validation",
    };
    for (side, rows) in [("training", left), (side, held_out)] {
        if rows < classes {
            return Err(SplitError::FewerRowsThanClasses { part, side, rows, classes });
        }
    }

    let counts: Vec<usize> = rows_of_class.iter().map(Vec::len).collect();
    let left_counts = approximate_mode(&counts, left, stream);
    let remaining: Vec<usize> = counts.iter().zip(&left_counts).map(|(all, left)| all - left).collect();
    // All remaining rows are wanted. scikit-learn asks all the same, and where `count/total·total` is rounded below
    // `count`, breaking the ties costs random draws; so does it here.
    let held_out_counts = approximate_mode(&remaining, held_out, stream);

    let mut divided = (Vec::with_capacity(left), Vec::with_capacity(held_out));
    for ((rows, left), held_out) in rows_of_class.iter().zip(left_counts).zip(held_out_counts) {
        let mut permuted = stream.permutation(rows.len()).into_iter().map(|place| rows[place]);
        divided.0.extend(permuted.by_ref().take(left));
        divided.1.extend(permuted.take(held_out));
    }
    stream.shuffle(&mut divided.0);
    stream.shuffle(&mut divided.1);
    Ok(divided)
}

/// How many of `draws` rows come from each class when they are spread in proportion to `counts`
/// (`sklearn.utils.extmath._approximate_mode`).
///
/// Each class gets `⌊count/total·draws⌋` rows; the rows that are left go to the classes with the largest remainders,
/// one each. Among equal remainders chance decides, by the head of a permutation, which is drawn even where all of
/// them get a row. The result is within one row of the exact share and sums to `draws`.
fn approximate_mode(counts: &[usize], draws: usize, stream: &mut Stream) -> Vec<usize> {
    let total: usize = counts.iter().sum();
    let shares: Vec<f64> = counts.iter().map(|&count| count as f64 / total as f64 * draws as f64).collect();
    let mut rows: Vec<usize> = shares.iter().map(|share| share.floor() as usize).collect();
    let mut left = draws.saturating_sub(rows.iter().sum());

    let remainders: Vec<f64> = shares.iter().map(|share| share - share.floor()).collect();
    let mut descending = remainders.clone();
    descending.sort_by(|a, b| b.total_cmp(a));
    descending.dedup();
    for value in descending {
        if left == 0 {
            break;
        }
        let tied: Vec<usize> = (0..counts.len()).filter(|&class| remainders[class] == value).collect();
        for place in stream.choice_without_replacement(tied.len(), tied.len().min(left)) {
            rows[tied[place]] += 1;
            left -= 1;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bitsweep_random::{Generator, Stream};

    use super::approximate_mode;

    fn mode(counts: &[usize], draws: usize, seed: u64) -> Vec<usize> {
        approximate_mode(counts, draws, &mut Stream::new(Generator::Numpy, seed, "split").unwrap())
    }

    /// The examples of scikit-learn's own documentation of `_approximate_mode`.
    #[test]
    fn shares_are_rounded_as_scikit_learn_documents() {
        assert_eq!(mode(&[4, 2], 3, 0), [2, 1]);
        assert_eq!(mode(&[5, 2], 4, 0), [3, 1]);
        assert_eq!(mode(&[2, 2, 2, 1], 2, 0), [0, 1, 1, 0]);
        assert_eq!(mode(&[2, 2, 2, 1], 2, 42), [1, 1, 0, 0]);
    }
}
