//! Items that have a key in common.

use std::collections::BTreeMap;

/// `items` with those of the same key, groups and members in order of first appearance.
///
/// ```
/// use bitsweep_results::summary::grouped;
///
/// assert_eq!(grouped(&["tin", "gold", "tar"], |word| word.len()), [vec![&"tin", &"tar"], vec![&"gold"]]);
/// ```
pub fn grouped<'a, T, K: Ord>(
    items: impl IntoIterator<Item = &'a T>,
    key: impl Fn(&'a T) -> K,
) -> Vec<Vec<&'a T>> {
    let mut positions = BTreeMap::new();
    let mut groups: Vec<Vec<&T>> = Vec::new();
    for item in items {
        let position = *positions.entry(key(item)).or_insert(groups.len());
        match groups.get_mut(position) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}
