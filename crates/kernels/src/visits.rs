//! Groups of inputs in parts that caches hold.

use std::ops::Range;

/// Some blocks of a group.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) group: usize,
    pub(crate) blocks: Range<usize>,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

/// Groups, given the blocks of each, cut where they are long, in visits of at most so many blocks: the weights of a few tiles
/// stay near while all rows pass them.
pub(crate) fn visits(groups: impl Iterator<Item = Range<usize>>, most: usize) -> Vec<Vec<Part>> {
    let most = most.max(1);
    let mut visits: Vec<Vec<Part>> = Vec::new();
    let mut left = 0;
    for (group, blocks) in groups.enumerate() {
        for start in blocks.clone().step_by(most) {
            let end = blocks.end.min(start + most);
            let (is_first, is_last) = (start == blocks.start, end == blocks.end);
            let part = Part { group, blocks: start..end, is_first, is_last };
            match visits.last_mut() {
                Some(visit) if end - start <= left => {
                    left -= end - start;
                    visit.push(part);
                }
                Some(_) | None => {
                    left = most - (end - start);
                    visits.push(vec![part]);
                }
            }
        }
    }
    visits
}
