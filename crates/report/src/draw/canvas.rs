//! A sheet to draw on, in pixels with fractions.
//!
//! plotters' backend takes whole numbers. The sheet is therefore drawn ten times as large as it is shown and scaled by
//! its view box, so that a line can lie on a tenth of a pixel.

use bitsweep_results::text::one_line;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};

use super::colour::PAPER;
use super::text::{FAMILY, width};

/// Units of the drawing for each pixel.
const UNITS: f64 = 10.0;

/// plotters divides the size of text by this before it writes it.
const PLOTTERS_TEXT_DIVISOR: f64 = 1.24;

/// Width of every chart in pixels.
pub(crate) const WIDTH: f64 = 800.0;

/// Failure of the backend.
pub(crate) type Fault = DrawingAreaErrorKind<std::io::Error>;

/// A point in pixels from the upper left corner.
pub(crate) type Point = (f64, f64);

/// Where text lies in relation to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The point is the text's left end.
    Start,
    /// The point is the text's middle.
    Middle,
    /// The point is the text's right end.
    End,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    /// Pixels an em.
    pub(crate) size: f64,
    /// Bold or regular.
    pub(crate) bold: bool,
    /// Colour.
    pub(crate) colour: RGBColor,
    /// Horizontal placing; vertically, the point is the text's middle.
    pub(crate) anchor: Anchor,
    /// Whether the text runs upwards.
    pub(crate) upright: bool,
}

impl Type {
    /// Regular text that starts at its point.
    pub(crate) fn new(size: f64, colour: RGBColor) -> Self {
        Self { size, bold: false, colour, anchor: Anchor::Start, upright: false }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) fn upright(self) -> Self {
        Self { upright: true, ..self }
    }
}

/// The sheet.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws on a white sheet of [`WIDTH`] by `height` pixels and returns it as SVG; `alt` describes it to screen readers.
pub(crate) fn draw(
    height: f64,
    alt: &str,
    paint: impl FnOnce(&Canvas<'_>) -> Result<(), Fault>,
) -> Result<String, Fault> {
    // A picture has whole pixels.
    let height = height.ceil();
    let size = ((WIDTH * UNITS) as u32, (height * UNITS) as u32);
    let mut drawing = String::new();
    {
        let area = SVGBackend::with_string(&mut drawing, size).into_drawing_area();
        let canvas = Canvas { area };
        canvas.area.fill(&PAPER)?;
        paint(&canvas)?;
        canvas.area.present()?;
    }
    Ok(document(&drawing, size, height, alt))
}

/// Gives the backend's drawing its shown size and a description, and takes out what says nothing.
fn document(drawing: &str, size: (u32, u32), height: f64, alt: &str) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\" role=\"img\" aria-label=\"{}\">\n",
        size.0,
        size.1,
        crate::html::escape(alt),
    );
    let body = drawing.split_once('\n').map_or("", |(_root, body)| body);
    // The backend puts text on a line of its own; browsers would take the line ends for spaces.
    let mut in_text = false;
    for line in body.lines() {
        in_text = (in_text || line.starts_with("<text")) && line != "</text>";
        svg.push_str(&line.replace(" opacity=\"1\"", ""));
        if !in_text {
            svg.push('\n');
        }
    }
    svg
}

fn units(point: Point) -> (i32, i32) {
    (round(point.0), round(point.1))
}

/// Pixels to units; what is not a number or lies far outside stays at the edge of what can be written.
fn round(pixels: f64) -> i32 {
    (pixels * UNITS + 0.5).floor().clamp(-1e6, 1e6) as i32
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: round(width).unsigned_abs() }
}

impl Canvas<'_> {
    /// A straight line.
    pub(crate) fn line(&self, from: Point, to: Point, colour: RGBColor, width: f64) -> Result<(), Fault> {
        self.path(&[from, to], colour, width)
    }

    /// A line through the points.
    pub(crate) fn path(&self, points: &[Point], colour: RGBColor, width: f64) -> Result<(), Fault> {
        let points: Vec<(i32, i32)> = points.iter().map(|point| units(*point)).collect();
        self.area.draw(&PathElement::new(points, stroke(colour, width)))
    }

    /// A straight dashed line.
    pub(crate) fn dashed(&self, from: Point, to: Point, colour: RGBColor, width: f64) -> Result<(), Fault> {
        const DASH: f64 = 5.0;
        const GAP: f64 = 4.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let at = |distance: f64| (from.0 + dx * distance / length, from.1 + dy * distance / length);
        let mut start = 0.0;
        while start < length {
            self.line(at(start), at(f64::min(start + DASH, length)), colour, width)?;
            start += DASH + GAP;
        }
        Ok(())
    }

    /// A filled disc.
    pub(crate) fn disc(&self, centre: Point, radius: f64, colour: RGBColor) -> Result<(), Fault> {
        self.area.draw(&Circle::new(units(centre), round(radius), colour.filled()))
    }

    /// A filled disc with a white rim, which parts it from lines beneath.
    pub(crate) fn marker(&self, centre: Point, radius: f64, colour: RGBColor) -> Result<(), Fault> {
        self.disc(centre, radius + 1.2, PAPER)?;
        self.disc(centre, radius, colour)
    }

    /// A white disc with a coloured rim.
    pub(crate) fn ring(&self, centre: Point, radius: f64, colour: RGBColor) -> Result<(), Fault> {
        self.disc(centre, radius, colour)?;
        self.disc(centre, radius - 1.5, PAPER)
    }

    /// A filled rectangle between two corners.
    pub(crate) fn block(&self, corner: Point, opposite: Point, colour: RGBColor) -> Result<(), Fault> {
        let ((x0, y0), (x1, y1)) = (units(corner), units(opposite));
        let corners = [(x0.min(x1), y0.min(y1)), (x0.max(x1), y0.max(y1))];
        self.area.draw(&Rectangle::new(corners, colour.filled()))
    }

    /// A white ground for text that starts at a point, so that lines do not run through it.
    pub(crate) fn ground(&self, text: &str, at: Point, size: f64) -> Result<(), Fault> {
        let end = at.0 + width(text, size, false);
        self.block((at.0 - 2.0, at.1 - size / 2.0), (end + 2.0, at.1 + size / 2.0), PAPER)
    }

    /// Text at a point.
    pub(crate) fn text(&self, text: &str, at: Point, look: Type) -> Result<(), Fault> {
        let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        let size = look.size * UNITS * PLOTTERS_TEXT_DIVISOR;
        let horizontal = match look.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let transform = if look.upright { FontTransform::Rotate270 } else { FontTransform::None };
        let font = FontDesc::new(FontFamily::Name(FAMILY), size, style).transform(transform);
        let style = TextStyle::from(font).color(&look.colour).pos(Pos::new(horizontal, VPos::Bottom));
        // The backend's middle is half an x-height below the middle of figures and capitals: set the baseline instead,
        // 0.36 em (half the height of a figure) below the point. The backend raises bottom-anchored text by 0.5 ex.
        let drop = look.size * (0.36 + 0.5 * X_HEIGHT);
        let at = if look.upright { (at.0 + drop, at.1) } else { (at.0, at.1 + drop) };
        self.area.draw_text(&one_line(text), &style, units(at))
    }
}

/// Height of a small x in DejaVu Sans, in ems.
const X_HEIGHT: f64 = 0.547;
