//! What can go wrong between records and report.

/// Failure to draw or to rasterize a chart.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The drawing library failed.
    #[error("chart `{chart}` could not be drawn: {reason}")]
    Draw {
        /// The chart's name.
        chart: &'static str,
        /// The library's reason.
        reason: String,
    },
    /// The SVG is not valid.
    #[error("the drawing is not a valid SVG document")]
    Svg(#[from] resvg::usvg::Error),
    /// The picture could not be allocated or encoded.
    #[error("the picture of {width} × {height} pixels could not be made: {reason}")]
    Raster {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// What failed.
        reason: String,
    },
}
