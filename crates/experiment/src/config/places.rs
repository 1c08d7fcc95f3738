//! Where the keys of one point of the grid stand.

use std::ops::Range;
use std::sync::Arc;

use toml::de::DeValue;

use super::Node;

/// What one point of the grid says, and where.
pub type Placed<T> = (T, Places);

/// Where the keys of one point of the grid stand, by dotted key.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Shared by the units of one point, of which there may be very many.
    keys: Arc<Vec<(String, Range<usize>)>>,
}

impl Places {
    /// The keys below `node`; what a list holds has no places of its own.
    pub(super) fn of(node: &Node<'_>) -> Places {
        let mut keys = Vec::new();
        add(&mut keys, "", node);
        Places { keys: Arc::new(keys) }
    }

    /// Whether a key is there.
    pub fn has(&self, path: &str) -> bool {
        self.keys.iter().any(|(key, _)| key == path)
    }

    /// Where a setting stands that is somewhere below `table`; of one that is not there the table.
    pub(super) fn find_setting(&self, table: &str, setting: &str) -> Range<usize> {
        let below = self.keys.iter().filter_map(|(key, span)| Some((key.strip_prefix(table)?, span)));
        let mut own =
            below.filter(|(key, _)| key.strip_suffix(setting).is_some_and(|rest| rest.ends_with('.')));
        own.next().map_or_else(|| self.find(table), |(_, span)| span.clone())
    }

    /// Where a key stands; of a key that is not there the table that would hold it, at last the whole.
    pub fn find(&self, mut path: &str) -> Range<usize> {
        loop {
            if let Some((_, span)) = self.keys.iter().find(|(key, _)| key == path) {
                return span.clone();
            }
            match path.rsplit_once('.') {
                Some((table, _)) => path = table,
                None => return 0..0,
            }
        }
    }
}

fn add(keys: &mut Vec<(String, Range<usize>)>, path: &str, node: &Node<'_>) {
    let DeValue::Table(table) = node.get_ref() else { return };
    for (key, value) in table {
        let path =
            if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
        add(keys, &path, value);
        keys.push((path, value.span()));
    }
}
