//! SVG to PNG.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::error::ReportError;

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
    encode(pixmap.data(), width, height).map_err(|error| failed(error.to_string()))
}

/// Writes opaque RGBA pixels as PNG with a palette, which makes a chart's file several times smaller than true colour.
fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let (palette, indices) = indexed(pixels);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::NoFilter);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::NonAdaptive);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indices)?;
    writer.finish()?;
    Ok(file)
}

/// Most colours of a palette.
const PALETTE: usize = 256;

type Rgb = [u8; 3];

/// A palette of the commonest colours, and each pixel's number in it.
///
/// A chart has a dozen colours and their mixtures with white at the edges. Where these are more than a palette holds,
/// the rarest mixtures take the nearest common colour.
fn indexed(pixels: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let runs = runs(pixels);
    let mut counts: HashMap<Rgb, usize> = HashMap::new();
    for (colour, length) in &runs {
        *counts.entry(*colour).or_default() += length;
    }
    // The map's own order differs from run to run; the sorted one does not.
    let mut ranked: Vec<(Rgb, usize)> = counts.into_iter().collect();
    ranked.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let palette: Vec<Rgb> = ranked.iter().take(PALETTE).map(|(colour, _)| *colour).collect();
    let numbers: HashMap<Rgb, u8> = ranked
        .iter()
        .enumerate()
        .map(|(rank, (colour, _))| {
            (*colour, if rank < PALETTE { rank as u8 } else { nearest(&palette, *colour) })
        })
        .collect();

    let mut indices = Vec::with_capacity(pixels.len() / 4);
    for (colour, length) in runs {
        let number = numbers.get(&colour).copied().unwrap_or_default();
        indices.resize(indices.len() + length, number);
    }
    (palette.concat(), indices)
}

/// Neighbouring pixels of one colour, and how many: a chart is mostly ground.
fn runs(pixels: &[u8]) -> Vec<(Rgb, usize)> {
    let (pixels, _) = pixels.as_chunks::<4>();
    pixels.chunk_by(|a, b| a == b).map(|run| ([run[0][0], run[0][1], run[0][2]], run.len())).collect()
}

/// Number of the palette's colour of least squared distance, the first of equals.
fn nearest(palette: &[Rgb], colour: Rgb) -> u8 {
    let distance = |other: &Rgb| -> i32 {
        other.iter().zip(colour).map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2)).sum()
    };
    let best = palette.iter().enumerate().min_by_key(|(_, other)| distance(other));
    best.map_or(0, |(index, _)| index as u8)
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
