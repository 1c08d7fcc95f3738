//! Every chart of every fixture: valid, labelled, the same twice, and left out where it makes no sense.
#![allow(clippy::unwrap_used)]

mod fixtures;

use bitsweep_report::{Chart, Report, charts, png};
use bitsweep_results::{Choice, Curve, EpochLoss, Interval, Measures, Records, Value, ValueRow, Variant};
use resvg::usvg::roxmltree::Document;

fn draw(records: &Records) -> Vec<Chart> {
    charts(&Report::new(records, &fixtures::summary(records))).unwrap()
}

fn names(charts: &[Chart]) -> Vec<&str> {
    charts.iter().map(|chart| chart.name.as_str()).collect()
}

/// All text of a drawing.
fn words(chart: &Chart) -> Vec<String> {
    let document = Document::parse(&chart.svg).unwrap();
    let text = document.descendants().filter(|node| node.has_tag_name("text"));
    text.map(|node| node.text().unwrap().to_owned()).collect()
}

fn find<'a>(charts: &'a [Chart], name: &str) -> &'a Chart {
    charts.iter().find(|chart| chart.name == name).unwrap()
}

fn fixtures() -> [Records; 8] {
    let formats = Records { levels: fixtures::levels(), ..fixtures::wine() };
    [
        fixtures::wine(),
        fixtures::sweep(),
        fixtures::many_tasks(),
        fixtures::digits(),
        fixtures::flips(),
        fixtures::vector(),
        fixtures::sensitivity(),
        formats,
    ]
}

#[test]
fn each_experiment_has_the_charts_that_make_sense_for_it() {
    assert_eq!(
        names(&draw(&fixtures::wine())),
        [
            "macro-f1-by-bits",
            "size-against-macro-f1",
            "macro-f1-per-kb",
            "error-by-bits",
            "size-parts",
            "weights",
            "confusion",
            "learning-curve"
        ]
    );
    assert_eq!(
        names(&draw(&fixtures::vector())),
        ["error-by-scheme", "values", "reconstruction-errors", "size-parts"]
    );
}

#[test]
fn one_bit_width_has_no_chart_against_bits() {
    let mut records = fixtures::wine();
    records.results.retain(|row| row.origin.is_float() || row.origin.variant.choices.bits() == 4);
    let charts = draw(&records);
    assert!(!names(&charts).contains(&"macro-f1-by-bits"));
    assert!(!names(&charts).contains(&"error-by-bits"));
}

#[test]
fn nothing_recorded_gives_no_charts() {
    assert!(draw(&Records::default()).is_empty());
}

#[test]
fn drawings_are_well_formed_and_described() {
    for chart in fixtures().iter().flat_map(draw) {
        let document = Document::parse(&chart.svg).unwrap();
        let root = document.root_element();
        assert!(root.has_tag_name("svg") && root.attribute("width") == Some("800"), "{}", chart.name);
        assert_eq!(root.attribute("aria-label"), Some(chart.alt.as_str()));
        assert!(!chart.svg.contains("NaN") && !chart.svg.contains("inf\""), "{}", chart.name);
    }
}

#[test]
fn the_charts_of_notebook_000_bear_its_labels() {
    let charts = draw(&fixtures::wine());
    let expect = |name: &str, wanted: &[&str]| {
        let found = words(find(&charts, name));
        for word in wanted {
            assert!(found.iter().any(|text| text == word), "{name} lacks {word}: {found:?}");
        }
    };
    expect(
        "macro-f1-by-bits",
        &[
            "Macro-F1 against bits: 4 bit is, on these rows, within 0.01 of float",
            "8",
            "6",
            "4",
            "2",
            "float",
            "asymmetric int",
            "1.00",
            "macro-F1",
            "bits per code",
        ],
    );
    expect(
        "size-against-macro-f1",
        &["4 bit (balance)", "2 bit (least memory)", "float", "stored size in KB (1,024 bytes)"],
    );
    expect("macro-f1-per-kb", &["0.590 (0.601)", "1.16 (1.20)", "2.07 (2.24)"]);
    expect("size-parts", &["codes", "scales", "zero points", "6,812 B", "884 B · 7.7×"]);
    expect("weights", &["W1 before and after quantization", "2 bit: 4 levels in use"]);
    expect("confusion", &["float: 0 wrong", "4 bit: 0 wrong", "2 bit: 3 wrong", "class_2", "14", "11", "3"]);
    expect("learning-curve", &["epoch, the first being 0", "cross-entropy", "0.001"]);
    expect("error-by-bits", &["mean squared error", "0.01"]);
}

#[test]
fn formats_that_differ_have_their_levels_on_a_number_line() {
    let mut records = fixtures::many_tasks();
    records.levels = fixtures::levels();
    let charts = draw(&records);
    let chart = find(&charts, "number-line");
    assert!(chart.alt.contains("2 bit int: 3 levels, 2 bit dorefa: 4 levels."), "{}", chart.alt);
    records.levels.retain(|row| row.format == "int");
    assert!(!names(&draw(&records)).contains(&"number-line"));
}

#[test]
fn many_schemes_become_panels_of_one_axis() {
    let charts = draw(&fixtures::sweep());
    let found = words(find(&charts, "macro-f1-by-bits"));
    for word in ["per tensor", "per output channel", "per group 32", "symmetric", "asymmetric float zero"] {
        assert!(found.iter().any(|text| text == word), "{word}: {found:?}");
    }
}

#[test]
fn no_two_texts_of_a_drawing_lie_on_each_other() {
    for chart in fixtures().iter().flat_map(draw) {
        let options = resvg::usvg::Options { fontdb: fonts(), ..resvg::usvg::Options::default() };
        let tree = resvg::usvg::Tree::from_str(&chart.svg, &options).unwrap();
        let mut boxes = Vec::new();
        collect(tree.root(), &mut boxes);
        assert!(boxes.len() > 4, "{}", chart.name);
        for (index, (text, own)) in boxes.iter().enumerate() {
            assert!(own.left() >= 0.0 && own.right() <= 800.0, "{}: {text} is clipped", chart.name);
            assert!(
                own.top() >= 0.0 && own.bottom() <= tree.size().height(),
                "{}: {text} is clipped",
                chart.name
            );
            for (other_text, other) in &boxes[index + 1..] {
                let apart = own.right() <= other.left()
                    || other.right() <= own.left()
                    || own.bottom() <= other.top()
                    || other.bottom() <= own.top();
                assert!(apart, "{}: `{text}` lies on `{other_text}`", chart.name);
            }
        }
    }
}

fn fonts() -> std::sync::Arc<resvg::usvg::fontdb::Database> {
    let mut database = resvg::usvg::fontdb::Database::new();
    database.load_font_data(dejavu::sans::regular().to_vec());
    database.load_font_data(dejavu::sans::bold().to_vec());
    std::sync::Arc::new(database)
}

/// The ink of every text, in the drawing's pixels.
fn collect(group: &resvg::usvg::Group, boxes: &mut Vec<(String, resvg::tiny_skia::Rect)>) {
    for node in group.children() {
        match node {
            resvg::usvg::Node::Group(inner) => collect(inner, boxes),
            resvg::usvg::Node::Text(text) => {
                let words: String = text.chunks().iter().map(|chunk| chunk.text().to_owned()).collect();
                let ink = text.flattened().bounding_box().transform(text.abs_transform()).unwrap();
                boxes.push((words, ink));
            }
            resvg::usvg::Node::Path(_) | resvg::usvg::Node::Image(_) => {}
        }
    }
}

#[test]
fn drawn_twice_the_bytes_are_the_same() {
    for records in &fixtures() {
        let (first, second) = (draw(records), draw(records));
        assert_eq!(first, second);
        let chart = first.first().unwrap();
        assert_eq!(png(&chart.svg).unwrap(), png(&chart.svg).unwrap());
    }
}

#[test]
fn pictures_are_png_at_twice_the_size() {
    for chart in draw(&fixtures::vector()) {
        let picture = png(&chart.svg).unwrap();
        assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(u32::from_be_bytes(picture[16..20].try_into().unwrap()), 1600);
    }
}

#[test]
fn text_appears_in_the_picture() {
    let with = draw(&fixtures::vector()).remove(0).svg;
    let start = with.find("<text").unwrap();
    let end = start + with[start..].find("</text>").unwrap() + "</text>".len();
    let without = format!("{}{}", &with[..start], &with[end..]);
    assert_ne!(png(&with).unwrap(), png(&without).unwrap());
}

#[test]
fn what_is_no_drawing_is_an_error() {
    assert!(png("not a drawing").is_err());
    assert!(png("").is_err());
}

#[test]
fn names_with_markup_and_control_characters_stay_text() {
    let mut records = fixtures::wine();
    for position in 1..records.results.len() {
        let name = "<script>&\"a\"\u{1}\n\u{fffe}\u{202e} <b>|";
        fixtures::revise(&mut records, position, |variant| Variant { name: Some(name.into()), ..variant });
    }
    records.predictions[0].classes = ["<0> & co", "class_1", "class_2"].map(str::to_owned).into();
    for chart in draw(&records) {
        Document::parse(&chart.svg).unwrap();
        assert!(!chart.svg.contains("<script>") && !chart.svg.contains(['\u{1}', '\u{202e}']));
        png(&chart.svg).unwrap();
    }
}

#[test]
fn a_learning_curve_is_as_long_as_its_training() {
    let records = fixtures::wine();
    let epochs = records.curves[0].losses.len();
    let chart = draw(&records).into_iter().find(|chart| chart.name == "learning-curve").unwrap();
    assert!(chart.alt.contains(&format!("over {epochs} epochs")), "{}", chart.alt);
    assert!(chart.svg.contains("epoch, the first being 0"));
}

#[test]
fn numbers_that_are_none_break_no_drawing() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for original in fixtures() {
            let mut records = original;
            for row in records.results.iter_mut().skip(1).step_by(2) {
                let measures = fixtures::measures(row);
                measures.error.mse = bad;
                measures.error.sse = bad;
                if let Some(scores) = &mut measures.scores {
                    scores.macro_f1 = Interval { value: bad, low: bad, high: bad };
                    scores.p_value = Some(bad);
                }
            }
            for row in records.values.rows.iter_mut().skip(1).step_by(5) {
                row.value = bad;
            }
            for epoch in records.curves.iter_mut().flat_map(|curve| &mut curve.losses).step_by(7) {
                epoch.loss = bad;
            }
            for row in records.histogram.iter_mut().step_by(11) {
                row.low = bad;
            }
            for chart in draw(&records) {
                Document::parse(&chart.svg).unwrap();
                assert!(!chart.svg.contains("NaN"), "{}", chart.name);
            }
        }
    }
}

#[test]
fn a_single_row_or_value_breaks_no_drawing() {
    let mut records = fixtures::wine();
    records.results.truncate(1);
    draw(&records);
    let origin = fixtures::origin(&fixtures::unit("t", "", "numpy", 0, None), 1, fixtures::scheme(8));
    let value = ValueRow {
        origin: origin.clone(),
        tensor: "t".into(),
        row: 0,
        column: 0,
        value: 1.0,
        code: 127,
        reconstruction: 1.25,
        error: 0.25,
    };
    let mut records =
        Records { results: vec![fixtures::row(&origin, Measures::default())], ..Records::default() };
    records.values.extend([value]);
    assert_eq!(names(&draw(&records)), ["values", "reconstruction-errors"]);
}

#[test]
fn trainings_with_quantization_in_the_loop_stand_beside_float_at_their_fewest_bits() {
    let mut records = fixtures::wine();
    assert!(!names(&draw(&records)).contains(&"training-curves"), "there is no such training");
    for position in 1..records.results.len() {
        fixtures::revise(&mut records, position, |variant| fixtures::with(variant, Choice::Training, "lsq"));
    }
    // One that is not trained so, that the labels speak of training.
    let mut plain = records.results[1].clone();
    plain.origin = fixtures::origin(&plain.origin.unit, 5, fixtures::scheme(8));
    records.results.push(plain);
    let float = records.curves[0].clone();
    for row in records.results.iter().skip(1).take(4) {
        let losses = float.losses.iter().map(|epoch| EpochLoss { loss: 2.0 * epoch.loss, ..*epoch });
        records.curves.push(Curve { origin: row.origin.clone(), losses: losses.collect() });
    }
    let charts = draw(&records);
    let words = words(find(&charts, "training-curves"));
    assert!(words.contains(&"2 bit · lsq".to_owned()) && !words.contains(&"8 bit · lsq".to_owned()));
    // The float model's own chart stays as it was.
    let plain = draw(&fixtures::wine());
    assert_eq!(find(&charts, "learning-curve"), find(&plain, "learning-curve"));
}

/// The wine fixture, every quantized variant with float activations, and with 8 and 4 bits in each of `schemes`.
fn with_activations(schemes: &[&str]) -> Records {
    let mut records = fixtures::wine();
    let plain = records.results.clone();
    for scheme in schemes {
        for activations in [8, 4] {
            for row in plain.iter().skip(1) {
                let mut row = row.clone();
                let variant = fixtures::with((*row.origin.variant).clone(), Choice::Activations, scheme);
                let bits = Value::number(activations);
                let choices = variant.choices.with(Choice::ActivationBits, bits);
                let variant = Variant { choices, ..variant };
                row.origin = fixtures::origin(&row.origin.unit, records.results.len(), variant);
                if let Some(scores) = &mut fixtures::measures(&mut row).scores {
                    scores.macro_f1.value -=
                        if *scheme == "dynamic per row" { 0.25 } else { 0.0625 } / activations as f64;
                }
                records.results.push(row);
            }
        }
    }
    records
}

const HEAT_MAP: &str = "macro-f1-by-weight-and-activation-bits";

#[test]
fn a_heat_map_shows_weights_by_activations_for_each_scheme() {
    assert!(!names(&draw(&fixtures::wine())).contains(&HEAT_MAP), "activations do not vary");
    let charts = draw(&with_activations(&["static mse", "dynamic per row"]));
    let chart = find(&charts, HEAT_MAP);
    let words = words(chart);
    for word in
        ["static mse", "dynamic per row", "W8", "W2", "float", "A8", "A4", "1.000", "0.928", "+7.2", "0.0"]
    {
        assert!(words.contains(&word.to_owned()), "{word}: {words:?}");
    }
    // 1 - 0.0625/8 and 1 - 0.25/4.
    assert!(words.contains(&"0.992".to_owned()) && words.contains(&"0.938".to_owned()), "{words:?}");
    assert!(chart.alt.contains("W8: float 1.000, A8 0.992, A4 0.984"), "{}", chart.alt);
    assert!(!chart.svg.contains("Of several schemes"));
}

#[test]
fn a_heat_map_of_many_schemes_shows_the_best_of_each_cell() {
    let names = ["dynamic per row", "a", "b", "c", "d", "e", "f"];
    let charts = draw(&with_activations(&names));
    let words = words(find(&charts, HEAT_MAP)).join(" ");
    assert!(words.contains("Of several schemes a cell shows the best"), "{words}");
    assert!(words.contains("0.984") && !words.contains("0.938"), "{words}");
}

#[test]
fn a_heat_map_needs_bits_of_both_to_vary() {
    let mut records = with_activations(&["static mse"]);
    records.results.retain(|row| row.origin.is_float() || row.origin.variant.choices.bits() == 8);
    assert!(!names(&draw(&records)).contains(&HEAT_MAP));
    let mut records = with_activations(&["static mse"]);
    records
        .results
        .retain(|row| row.origin.is_float() || row.origin.variant.choices.activation_bits() == Some(8));
    assert!(!names(&draw(&records)).contains(&HEAT_MAP));
}

#[test]
fn the_sensitivity_of_the_pick_has_a_bar_for_each_tensor_split_by_what_made_its_error() {
    let charts = draw(&fixtures::sensitivity());
    let chart = find(&charts, "sensitivity");
    let found = words(chart);
    // The pick for balance is 4 bit: 0.5 of output error in all, of W1, W2 and b1.
    for word in [
        "wine: 4 bit",
        "W1",
        "60 % · 0.300",
        "W2",
        "30 % · 0.150",
        "b1",
        "10 % · 0.0500",
        "rounding",
        "clipping",
        "bias",
    ] {
        assert!(found.iter().any(|text| text == word), "{word}: {found:?}");
    }
    assert!(chart.alt.contains("wine: 4 bit, W2 30 % · 0.150"), "{}", chart.alt);
}

#[test]
fn a_part_that_is_but_rounding_of_the_arithmetic_is_not_in_the_legend() {
    let mut records = fixtures::sensitivity();
    records.sensitivity.retain(|row| &*row.tensor != "W1");
    let charts = draw(&records);
    assert!(!words(find(&charts, "sensitivity")).iter().any(|text| text == "clipping"));
}

#[test]
fn a_budget_and_a_code_of_several_weights_have_no_place_on_an_axis_of_bits() {
    let records = fixtures::wine();
    let has_mixed = |change: &dyn Fn(Variant) -> Variant| {
        let mut records = records.clone();
        let mut mixed = records.results[1].clone();
        let variant = fixtures::with((*mixed.origin.variant).clone(), Choice::Allocation, "mixed");
        mixed.origin = fixtures::origin(&mixed.origin.unit, 5, change(variant));
        records.results.push(mixed);
        words(find(&draw(&records), "macro-f1-by-bits")).iter().any(|text| text.contains("mixed"))
    };
    assert!(has_mixed(&|variant| variant));
    assert!(!has_mixed(&|variant| fixtures::with(variant, Choice::Budget, "900 bytes")));
    assert!(!has_mixed(&|variant| Variant { has_shared_codes: true, ..variant }));
}

#[test]
fn the_stability_of_the_front_is_told_beside_it() {
    let records = fixtures::wine();
    let charts = draw(&records);
    let chart = find(&charts, "size-against-macro-f1");
    // The shares that the table has: 96 % of 4 bit, 100 % of 2 bit, 0 % of the others.
    let told = "On the front in at least 90 % of bootstraps of the test rows: 2 bit, 4 bit.";
    assert!(chart.alt.ends_with(told), "{}", chart.alt);
    assert!(words(chart).join(" ").contains(told), "{:?}", words(chart));
    let charts = draw(&fixtures::many_tasks());
    let chart = find(&charts, "size-against-macro-f1");
    assert!(chart.alt.contains("bootstraps of the test rows: wine · mlp(100) "), "{}", chart.alt);
    // Without predictions nothing is drawn anew.
    let unknown = Records { predictions: Vec::new(), ..records };
    assert!(!find(&draw(&unknown), "size-against-macro-f1").alt.contains("bootstraps"));
}

#[test]
fn rows_that_a_pick_changes_are_drawn_where_they_are_pictures() {
    let records = fixtures::flips();
    let charts = draw(&records);
    let chart = find(&charts, "flips");
    let found = words(chart);
    assert_eq!(records.flips.len(), 10);
    for flip in &records.flips {
        let row = format!("row {}", flip.row);
        let classes = format!("true {}, float {}, pick {}", flip.truth, flip.float, flip.quantized);
        assert!(chart.alt.contains(&format!("{row}: {classes}")), "{}", chart.alt);
        assert!(found.contains(&row) && found.contains(&classes), "{found:?}");
    }
    // The sheet, and for each row a ground and 64 cells.
    let document = Document::parse(&chart.svg).unwrap();
    let cells = document.descendants().filter(|node| node.has_tag_name("rect")).count();
    assert_eq!(cells, 1 + 10 * 65);
    let plain = Records { pictures: Vec::new(), ..records };
    assert!(!names(&draw(&plain)).contains(&"flips"));
}

#[test]
fn the_majority_class_is_in_no_chart() {
    for records in [fixtures::wine(), fixtures::sweep(), fixtures::digits()] {
        let mut more = records.clone();
        let float: Vec<_> = records.results.iter().filter(|row| row.origin.is_float()).collect();
        for row in float {
            let mut majority = row.clone();
            majority.origin.variant = std::sync::Arc::new(Variant::majority());
            majority.origin.position = 1_000;
            let measures = majority.result.as_mut().unwrap();
            let mut scores = measures.scores.take();
            scores.as_mut().unwrap().macro_f1.value = 0.1;
            *measures =
                Measures { scores, error: bitsweep_results::ErrorMeasures::UNDEFINED, ..Measures::default() };
            more.results.push(majority);
        }
        assert!(draw(&more) == draw(&records));
        let (summary, report) = (fixtures::summary(&more), Report::new);
        let text = bitsweep_report::markdown(&report(&more, &summary), &[]);
        assert!(text.contains("| majority class "), "{text}");
    }
}
