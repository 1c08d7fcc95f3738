//! How fast variants and layers are on one machine.

use bitsweep_results::numbers::{bytes, count, counted, significant};
use bitsweep_results::speed::{BatchTimes, LayerTimes, ModelTimes, Seconds, Speed};

use super::block::{Block, Table, paragraph, spans};

/// Variants that are named with the reason why no kernel multiplies them.
const MOST_REASONS: usize = 24;

/// What was measured, below a heading, with the chart at `chart`.
pub(crate) fn blocks(speed: &Speed, chart: usize) -> Vec<Block> {
    let mut blocks = vec![
        paragraph(format!("{}.", speed.host)),
        paragraph(format!(
            "Times are medians of {} turns, in which all are measured one after the other, with intervals of 95 % in brackets; of layers \
             alone, from scaled features to outputs. Packed weights are multiplied as they are packed, those of f32 are the numbers that \
             they stand for. Variants that no kernel multiplies have no time of their own: the harness simulates them, which says nothing \
             of speed. Times of other machines are not to be compared with these.",
            speed.rounds
        )),
    ];
    for models in speed.models.chunk_by(|left, right| left.unit == right.unit) {
        blocks.push(Block::Heading(3, models[0].unit.clone()));
        blocks.extend(of_unit(models));
    }
    blocks.push(Block::Heading(3, "Break-even".to_owned()));
    blocks.extend(break_even(&speed.layers).into_iter().flatten());
    blocks.push(Block::Figure(chart));
    blocks.push(Block::Folded("Times by width".to_owned(), speed.layers.iter().flat_map(by_width).collect()));
    blocks
}

/// The first batch, and behind it more for who asks for them.
fn of_unit(models: &[ModelTimes]) -> Vec<Block> {
    let batches = models.first().map_or(&[][..], |model| &model.batches);
    let mut tables = batches.iter().enumerate().map(|(place, batch)| batch_table(models, place, batch));
    let mut blocks: Vec<Block> = tables.next().into_iter().flatten().collect();
    blocks.push(Block::Folded(
        "More rows at once, and loading".to_owned(),
        tables.flatten().chain(loading(models)).collect(),
    ));
    let reasons = models.iter().filter_map(|model| Some((model, model.without_kernel.as_ref()?)));
    let mut points: Vec<String> =
        reasons.map(|(model, reason)| format!("{}: n/a, as {reason}", model.variant)).collect();
    if points.len() > MOST_REASONS {
        let others = points.split_off(MOST_REASONS).len();
        points.push(format!("{} without a kernel", counted(others, "other", "others")));
    }
    if !points.is_empty() {
        blocks.push(Block::List(points.into_iter().map(spans).collect()));
    }
    blocks
}

/// What a batch is, and its times.
fn batch_table(models: &[ModelTimes], place: usize, batch: &BatchTimes) -> [Block; 2] {
    let rows = models.iter().filter_map(|model| Some((model, model.batches.get(place)?)));
    let rows = rows.map(|(model, own)| {
        vec![
            model.variant.clone(),
            own.float.map_or_else(na, |seconds| seconds.with_interval()),
            own.packed.map_or_else(na, |seconds| seconds.with_interval()),
            own.packed_to_float().map_or_else(na, |ratio| significant(ratio, 2)),
            model.rows_a_second(own).map_or_else(na, |rows| count(rows.round())),
        ]
    });
    let headings = ["Variant", "f32", "Packed", "Packed / f32", "Rows a second"];
    [paragraph(format!("{}:", batch.extent())), Block::Table(Table::new(1, &headings, rows.collect()))]
}

fn loading(models: &[ModelTimes]) -> [Block; 2] {
    let rows = models.iter().map(|model| {
        vec![
            model.variant.clone(),
            model.bytes.map_or_else(na, |own| bytes(own as f64)),
            model.kernel_bytes.map_or_else(na, |own| bytes(own as f64)),
            model.load.map_or_else(na, |load| load.with_interval()),
            model.other_classes.map_or_else(na, |classes| count(classes as f64)),
        ]
    });
    let says = "Loading is from the bytes of a file to layers that kernels multiply. Other classes are test rows for which \
                kernels name another class than the harness does, as they sum in another order:";
    let headings = ["Variant", "Bytes", "Bytes in kernels", "Load", "Other classes"];
    [paragraph(says), Block::Table(Table::new(1, &headings, rows.collect()))]
}

fn break_even(layers: &[LayerTimes]) -> Option<[Block; 2]> {
    let first = layers.first()?;
    let rows = first.formats.iter().enumerate().map(|(place, format)| {
        let widths = layers.iter().map(|own| own.formats.get(place).and_then(|format| format.break_even));
        let widths = widths.map(|width| width.map_or_else(|| "none".to_owned(), |width| count(width as f64)));
        std::iter::once(format.format.clone()).chain(widths).collect()
    });
    let threads: Vec<String> = layers.iter().map(LayerTimes::on_threads).collect();
    let headings: Vec<&str> = std::iter::once("Format").chain(threads.iter().map(String::as_str)).collect();
    let last = first.widths.last().copied().unwrap_or_default();
    let says = format!(
        "From how many inputs and outputs on, up to {}, a square layer with packed weights is shown to be faster than one of f32, for \
         one row:",
        count(last as f64)
    );
    Some([paragraph(says), Block::Table(Table::new(1, &headings, rows.collect()))])
}

fn by_width(layers: &LayerTimes) -> [Block; 2] {
    let formats = || std::iter::once(&layers.float).chain(layers.formats.iter().map(|own| &own.seconds));
    let names = layers.formats.iter().map(|own| own.format.as_str());
    let headings: Vec<&str> = ["Inputs and outputs", "f32"].into_iter().chain(names).collect();
    let rows = layers.widths.iter().enumerate().map(|(place, width)| {
        let own = formats().map(|own| own.get(place).map_or_else(na, Seconds::with_interval));
        std::iter::once(count(*width as f64)).chain(own).collect()
    });
    let says = format!("One row, {}:", layers.on_threads());
    [paragraph(says), Block::Table(Table::new(0, &headings, rows.collect()))]
}

fn na() -> String {
    "n/a".to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use bitsweep_results::speed::{FormatTimes, Host};

    use super::*;

    fn seconds(median: f64) -> Seconds {
        Seconds { median, low: 0.9 * median, high: 1.1 * median }
    }

    fn layers(threads: usize) -> LayerTimes {
        let times = |medians: [f64; 2]| medians.map(seconds).to_vec();
        let (widths, float) = (vec![16, 1024], times([1e-6, 1e-3]));
        let format = |name: &str, own| FormatTimes::new(name.to_owned(), &widths, &float, times(own));
        let formats = vec![format("int8, inputs of 8 bits", [2e-6, 1e-4]), format("NF4", [2e-6, 2e-3])];
        LayerTimes { threads, formats, widths, float }
    }

    /// A float model, one with a kernel and one without, on a machine of two threads.
    pub(crate) fn speed() -> Speed {
        let model = |variant: &str, packed: Option<f64>, without: Option<&str>| {
            let batch = |rows: usize, threads: usize| BatchTimes {
                rows,
                threads,
                float: Some(seconds(2e-6)),
                packed: packed.map(seconds),
            };
            ModelTimes {
                unit: "seed 0".to_owned(),
                variant: variant.to_owned(),
                is_float: variant == "float",
                bytes: Some(1234),
                load: without.is_none().then(|| seconds(1e-5)),
                kernel_bytes: without.is_none().then_some(1500),
                without_kernel: without.map(str::to_owned),
                other_classes: without.is_none().then_some(0),
                batches: vec![batch(1, 1), batch(36, 1), batch(36, 2)],
            }
        };
        Speed {
            host: Host {
                name: "pine".to_owned(),
                processor: "a processor".to_owned(),
                processors: 2,
                system: "a system".to_owned(),
                kernels: "avx2".to_owned(),
                pinned_to: Some(1),
                bitsweep: "0.1.0".to_owned(),
            },
            experiment: "wine".to_owned(),
            configuration: "0123".to_owned(),
            rounds: 21,
            models: vec![
                model("float", None, None),
                model("8 bit", Some(4e-6), None),
                model("f16", None, Some("no kernel multiplies it")),
            ],
            layers: vec![layers(1), layers(2)],
        }
    }

    #[test]
    fn variants_have_times_of_each_number_of_rows_and_of_threads_or_a_reason() {
        let chart = crate::charts::break_even(&speed()).unwrap();
        let page = crate::speed_markdown(&speed(), &chart);
        for words in [
            "# wine on pine\n",
            "pine: a processor, 2 processors, a system; kernels: avx2; one thread is pinned to processor 1.",
            "1 row at once, 1 thread:",
            "36 rows at once, 1 thread:",
            "36 rows at once, 2 threads:",
            "- f16: n/a, as no kernel multiplies it\n",
            "](pine-break-even.png)",
        ] {
            assert!(page.contains(words), "{words} in {page}");
        }
        assert!(!page.contains("1 row at once, 2 threads"), "{page}");
        let cells = |start: &str| -> Vec<Vec<&str>> {
            let rows = page.lines().filter(|line| line.starts_with(start));
            rows.map(|row| row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect()
        };
        let own = cells("| 8 bit");
        assert_eq!(own[0], ["8 bit", "2.00 [1.80, 2.20] µs", "4.00 [3.60, 4.40] µs", "2.0", "250,000"]);
        assert_eq!(cells("| f16")[0], ["f16", "2.00 [1.80, 2.20] µs", "n/a", "n/a", "n/a"]);
        assert_eq!(cells("| float")[0][4], "500,000");
        assert_eq!(cells("| int8")[0], ["int8, inputs of 8 bits", "1,024", "1,024"]);
        assert_eq!(cells("| NF4")[0], ["NF4", "none", "none"]);
    }
}
