//! Labels beside what they name, none over another.

use super::canvas::Point;
use super::frame::Rect;
use super::text::width;

/// Heights for labels that want to be at `wanted`, at least `gap` apart and inside `low ..= high` as far as they fit.
///
/// Neighbours that would overlap form a block around their common mean, the arrangement of least squared displacement
/// (isotonic regression by pooling adjacent violators).
pub(crate) fn stacked(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));

    // Subtracting the gaps turns "at least a gap apart" into "not decreasing".
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let mut block = (wanted[index] - rank as f64 * gap, 1);
        while let Some(&(mean, size)) = blocks.last() {
            if mean <= block.0 {
                break;
            }
            blocks.pop();
            let total = size + block.1;
            block = ((mean * size as f64 + block.0 * block.1 as f64) / total as f64, total);
        }
        blocks.push(block);
    }
    let shifted = blocks.iter().flat_map(|&(mean, size)| std::iter::repeat_n(mean, size));

    let last_start = high - order.len().saturating_sub(1) as f64 * gap;
    let mut placed = vec![0.0; wanted.len()];
    for ((rank, &index), start) in order.iter().enumerate().zip(shifted) {
        placed[index] = start.min(last_start).max(low) + rank as f64 * gap;
    }
    placed
}

/// A label beside a point: the left end of its text, at the height of its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    /// Left end and middle height of the text.
    pub(crate) at: Point,
    /// Whether the label stands so far from its point that a leader helps.
    pub(crate) far: bool,
}

/// Puts a label beside each point where it covers neither points nor other labels; `None` where there is no room.
///
/// Points are served in the given order. `obstacles` are further points to keep clear.
pub(crate) fn beside(
    points: &[(Point, &str)],
    obstacles: &[Point],
    size: f64,
    within: &Rect,
) -> Vec<Option<Placed>> {
    let mut taken: Vec<Rect> = Vec::new();
    let clear = |candidate: &Rect, taken: &[Rect]| {
        let inside = candidate.left >= within.left
            && candidate.right <= within.right
            && candidate.top >= within.top
            && candidate.bottom <= within.bottom;
        let on_point = points.iter().map(|(point, _)| point).chain(obstacles).any(|point| {
            let near = candidate.inset(-4.0, -3.0, -4.0, -3.0);
            near.contains(point.0, point.1)
        });
        inside && !on_point && !taken.iter().any(|other| other.overlaps(candidate))
    };
    points
        .iter()
        .map(|&((x, y), text)| {
            let (long, tall) = (width(text, size, false), size + 2.0);
            let beside_it = [
                (x + 8.0, y - 10.0, false),
                (x + 8.0, y + 10.0, false),
                (x + 9.0, y, false),
                (x - long / 2.0, y - 15.0, false),
                (x - long / 2.0, y + 15.0, false),
                (x - long - 8.0, y - 10.0, false),
                (x - long - 8.0, y + 10.0, false),
                (x - long - 9.0, y, false),
            ];
            let farther = [18.0, 28.0, 40.0, 54.0].into_iter().flat_map(|distance| {
                [
                    (x + 10.0, y - distance, true),
                    (x + 10.0, y + distance, true),
                    (x - long - 10.0, y - distance, true),
                    (x - long - 10.0, y + distance, true),
                    (x - long / 2.0, y + distance, true),
                    (x - long / 2.0, y - distance, true),
                ]
            });
            beside_it.into_iter().chain(farther).find_map(|(left, middle, far)| {
                let space =
                    Rect { left, top: middle - tall / 2.0, right: left + long, bottom: middle + tall / 2.0 };
                clear(&space, &taken).then(|| {
                    taken.push(space);
                    Placed { at: (left, middle), far }
                })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_do_not_collide_stay_where_they_want_to_be() {
        assert_eq!(stacked(&[50.0, 10.0, 90.0], 13.0, 0.0, 100.0), [50.0, 10.0, 90.0]);
    }

    #[test]
    fn colliding_labels_keep_their_order_and_their_distance() {
        let placed = stacked(&[50.0, 50.0, 50.0, 51.0], 13.0, 0.0, 100.0);
        for pair in placed.windows(2) {
            assert!(pair[1] - pair[0] >= 13.0 - 1e-9, "{placed:?}");
        }
        // The block is centred on what its members want.
        let mean = placed.iter().sum::<f64>() / 4.0;
        assert!((mean - 50.25).abs() < 1e-9);
    }

    #[test]
    fn labels_stay_inside_as_long_as_they_fit() {
        let placed = stacked(&[99.0, 99.0, 99.0], 13.0, 0.0, 100.0);
        assert_eq!(placed, [74.0, 87.0, 100.0]);
    }

    #[test]
    fn labels_beside_points_do_not_overlap() {
        let within = Rect { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };
        let points: Vec<(Point, &str)> =
            (0..6).map(|index| ((200.0, 150.0 + f64::from(index)), "4 bit · row")).collect();
        let placed = beside(&points, &[], 11.0, &within);
        let spaces: Vec<Rect> = placed
            .iter()
            .flatten()
            .map(|label| Rect {
                left: label.at.0,
                top: label.at.1 - 6.0,
                right: label.at.0 + width("4 bit · row", 11.0, false),
                bottom: label.at.1 + 6.0,
            })
            .collect();
        assert!(spaces.len() >= 4);
        for (index, space) in spaces.iter().enumerate() {
            assert!(spaces[index + 1..].iter().all(|other| !other.overlaps(space)));
        }
    }

    #[test]
    fn a_label_without_room_is_left_out() {
        let within = Rect { left: 0.0, top: 0.0, right: 20.0, bottom: 20.0 };
        assert_eq!(beside(&[((10.0, 10.0), "a long label")], &[], 11.0, &within), [None]);
    }
}
