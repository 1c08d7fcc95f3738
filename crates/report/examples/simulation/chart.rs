//! Wrong picks against test rows.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::register_font;

use crate::trial::Totals;

const SIZE: (u32, u32) = (800, 360);

/// One line per setting and rule, of single runs.
pub(crate) fn draw(rows: &[Totals]) -> Result<String, Box<dyn Error>> {
    register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular())
        .map_err(|_| "the font cannot be read")?;
    let mut test_rows: Vec<usize> =
        rows.iter().filter(|own| own.units == 1).map(|own| own.test_rows).collect();
    test_rows.sort_unstable();
    test_rows.dedup();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption("Picks that really lose more than 0.01", ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(-0.2..test_rows.len() as f64 - 0.8, 0.0..85.0)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .x_labels(test_rows.len())
            .x_desc("test rows")
            .y_desc("per cent of experiments")
            .y_label_formatter(&|share| format!("{share:.0}"))
            .x_label_formatter(&|place| {
                let is_place = (place - place.round()).abs() < 1e-9;
                let rows = test_rows.get(place.round() as usize).filter(|_| is_place);
                rows.map_or_else(String::new, |rows| format!("{rows}"))
            })
            .draw()?;
        let mut settings: Vec<&str> = Vec::new();
        for own in rows.iter().filter(|own| own.units == 1) {
            if !settings.contains(&own.setting) {
                settings.push(own.setting);
            }
        }
        for (index, setting) in settings.iter().enumerate() {
            let of = |share: fn(&Totals) -> f64| {
                let own = rows.iter().filter(|own| own.units == 1 && own.setting == *setting);
                own.enumerate().map(|(place, own)| (place as f64, 100.0 * share(own))).collect::<Vec<_>>()
            };
            let lines = [
                ("point estimate", of(|own| own.point_wrong), RGBColor(140, 140, 140)),
                ("bound", of(|own| own.shown_wrong), RGBColor(31, 95, 191)),
            ];
            for (rule, points, colour) in lines {
                chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
                chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
                if let Some(first) = points.first().filter(|_| rule == "point estimate" || index == 0) {
                    let text =
                        if rule == "bound" { "by bound".to_owned() } else { format!("by point, {setting}") };
                    let style = ("sans-serif", 12).into_font().color(&colour);
                    chart.draw_series(std::iter::once(
                        EmptyElement::at(*first) + Text::new(text, (6, -14), style),
                    ))?;
                }
            }
        }
        root.present()?;
    }
    Ok(svg)
}
