//! SVG to PNG.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::ReportError;

/// Device pixels for each pixel of the drawing.
const SCALE: f32 = 2.0;

/// Rasterizes a chart at twice its size, with the embedded font only.
///
/// # Errors
/// [`ReportError::Svg`] when `svg` is no SVG document, [`ReportError::Raster`] when the picture cannot be allocated or
/// encoded.
pub fn png(svg: &str) -> Result<Vec<u8>, ReportError> {
    let options = Options { fontdb: fonts(), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size();
    let (width, height) = ((size.width() * SCALE).ceil() as u32, (size.height() * SCALE).ceil() as u32);
    let failed = |reason: String| ReportError::Raster { width, height, reason };
    let mut pixmap = Pixmap::new(width, height).ok_or_else(|| failed("out of memory or empty".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| failed(error.to_string()))
}

/// DejaVu Sans, parsed once.
fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            let mut database = Database::new();
            database.load_font_data(dejavu::sans::regular().to_vec());
            database.load_font_data(dejavu::sans::bold().to_vec());
            Arc::new(database)
        })
        .clone()
}
