//! What the codes of a codebook format stand for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spelling;

use super::bounded::{Centroids, Stages, Subvectors, Width};

/// How rows become codes: each row is split into sub-vectors, and each sub-vector is written as the sum of `stages`
/// centroids, one from each stage's codebook.
///
/// | TOML | sub-vectors | codebooks |
/// |---|---|---|
/// | `vq = { centroids, clustering }` | single values | one |
/// | `vq = { centroids, width }` | `width` values | one |
/// | `pq = { subvectors, centroids }` | `subvectors` a row | one for each place in the row (Jégou, Douze & Schmid 2011) |
/// | `residual = { stages, centroids, width }` | `width` values | one a stage (Chen, Guan & Wang 2010) |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodebookLayout {
    /// How a row falls into sub-vectors, and which of them share codebooks.
    pub partition: Partition,
    /// Centroids that are added up: each stage quantizes what the stages before it left.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub stages: Stages,
    /// Entries of each codebook; fewer when there are fewer distinct sub-vectors.
    pub centroids: Centroids,
    /// How centroids of single values are found.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub clustering: CentroidSearch,
}

/// How centroids of single values are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CentroidSearch {
    /// The squared error is the least; where more than 262,144 values share a codebook, within a thousandth of that.
    #[default]
    Fast,
    /// The squared error is the least of any number of values. Of `n` different ones it takes `O(k·n log n)` time and
    /// `4·k·n` bytes for `k` centroids.
    Exact,
}

/// How a row falls into sub-vectors of neighbouring values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// Sub-vectors of so many values, all of which share codebooks. What is left at the end of a row is a shorter
    /// sub-vector, which reads the first components of a centroid.
    Shared(Width),
    /// So many sub-vectors, each place in the row with codebooks of its own. The first `columns mod subvectors` of them
    /// are one value wider than the others.
    Own(Subvectors),
}

impl CodebookLayout {
    /// Whether each value is one centroid.
    pub(crate) fn is_of_values(&self) -> bool {
        self.partition == Partition::Shared(Width::LEAST) && self.stages == Stages::LEAST
    }

    /// Bits of one code: `⌈log₂ centroids⌉`.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.centroids.get().next_power_of_two().trailing_zeros()
    }
}

impl fmt::Display for CodebookLayout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, stages, centroids, clustering } = self;
        let several = *stages != Stages::LEAST;
        let mut name = match (partition, several) {
            (Partition::Shared(_), false) => format!("vq {centroids}"),
            (Partition::Shared(_), true) => format!("residual {stages}x{centroids}"),
            (Partition::Own(subvectors), false) => format!("pq {subvectors}x{centroids}"),
            (Partition::Own(subvectors), true) => format!("residual {stages}x{centroids} pq {subvectors}"),
        };
        match partition {
            Partition::Shared(width) if *width != Width::LEAST => name.push_str(&format!(" width {width}")),
            Partition::Shared(_) | Partition::Own(_) => {}
        }
        match clustering {
            CentroidSearch::Fast => {}
            CentroidSearch::Exact => name.push_str(" exact"),
        }
        formatter.pad(&name)
    }
}
