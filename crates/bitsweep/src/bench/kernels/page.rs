//! What was measured of kernels, for readers.

use bitsweep_report::{Chart, Roofline, RooflineLine, markdown_table, markdown_text, roofline};
use bitsweep_results::numbers::{count, counted, significant};

use super::{CalibrationTimes, KernelTimes, Limits, ProductTimes, SchemeTimes, calibrating};
use crate::bench::layers::Format;
use crate::bench::page::na;
use crate::failure::Failure;
use crate::layout::{Column, Page, Table};

/// The formats that the chart shows; with more, lines are not told apart.
const CHARTED: [Format; 7] =
    [Format::F32, Format::Int8, Format::Int4, Format::Int2, Format::Binary, Format::Nf4, Format::Fp8];

/// A table with a name for each row.
struct Figures<const N: usize> {
    title: &'static str,
    explanation: String,
    headings: [String; N],
    rows: Vec<(String, [String; N])>,
}

impl<const N: usize> Figures<N> {
    fn show(&self, page: &mut Page) {
        if self.rows.is_empty() {
            return;
        }
        page.space();
        page.prose(0, &self.explanation);
        let headings = self.headings.each_ref().map(|heading| Column { heading, rank: 0 });
        let mut table = Table::new(self.title, headings);
        for (name, cells) in &self.rows {
            table.row(name, cells.clone());
        }
        page.table(&table);
    }

    fn markdown(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let headings = self.headings.iter().map(|heading| (heading.clone(), true));
        let columns: Vec<(String, bool)> = std::iter::once((String::new(), false)).chain(headings).collect();
        let row = |(name, cells): &(String, [String; N])| {
            std::iter::once(markdown_text(name)).chain(cells.iter().cloned()).collect()
        };
        let table = markdown_table(&columns, self.rows.iter().map(row).collect());
        format!("## {}\n\n{}\n\n{table}\n", self.title, markdown_text(&self.explanation))
    }
}

impl KernelTimes {
    /// What a terminal shows.
    pub(crate) fn page(&self, columns: usize) -> String {
        let mut page = Page::new(columns);
        page.prose(0, &self.host.to_string());
        self.limits.figures().show(&mut page);
        self.of_quantizing().show(&mut page);
        self.of_calibrating().show(&mut page);
        self.of_products().show(&mut page);
        page.text()
    }

    /// The page of Markdown, beside the picture of its chart.
    pub(crate) fn markdown(&self, chart: &Chart) -> String {
        format!(
            "# Kernels on {}\n\n{}\n\nTimes are medians of {} turns, in which what is compared is measured one after the other.\n\n\
             ![{}]({}.png)\n\n{}{}{}{}",
            markdown_text(&self.host.name),
            markdown_text(&self.host.to_string()),
            self.rounds,
            markdown_text(&chart.alt),
            chart.name,
            self.limits.figures().markdown(),
            self.of_quantizing().markdown(),
            self.of_calibrating().markdown(),
            self.of_products().markdown(),
        )
    }

    fn of_quantizing(&self) -> Figures<4> {
        let headings = ["quantize, ms", "reconstruct, ms", "share"].map(str::to_owned);
        let [quantize, reconstruct, share] = headings;
        Figures {
            title: "quantizing",
            explanation: format!(
                "A matrix of {0} × {0} f32 to packed codes, with its range or codebook found, and back. The share is that of \
                 the bandwidth of a copy to new memory, when values are read once and packed codes are written once.",
                self.side
            ),
            headings: [quantize, reconstruct, share, format!("share, {}", self.limits.all())],
            rows: self.quantizing.iter().map(|times| self.scheme(times)).collect(),
        }
    }

    fn of_calibrating(&self) -> Figures<5> {
        let [rows, inputs, outputs, one] = ["rows", "inputs", "outputs", "ms"].map(str::to_owned);
        let row = |times: &CalibrationTimes| {
            let [rows, inputs, outputs] = times.shape.map(|number| count(number as f64));
            let [one, all] = [times.calibrate.one, times.calibrate.all]
                .map(|seconds| significant(seconds.median * 1e3, 3));
            (times.name.to_owned(), [rows, inputs, outputs, one, all])
        };
        Figures {
            title: "calibrating",
            explanation: format!(
                "Weights of a layer to codes of 4 bits that know rows of its inputs, from these on; medians of {} turns alone.",
                calibrating::ROUNDS
            ),
            headings: [rows, inputs, outputs, one, format!("ms, {}", self.limits.all())],
            rows: self.calibrating.iter().map(row).collect(),
        }
    }

    fn of_products(&self) -> Figures<6> {
        let all = self.limits.all();
        let [rows, inputs, one, share] = ["rows", "inputs", "ms", "share"].map(str::to_owned);
        Figures {
            title: "products",
            explanation: format!(
                "Rows of inputs with as many outputs as inputs. Weights of {} inputs come from memory, one matrix after another; \
                 others are in the caches. The share is that of the time that reading each byte once takes, or the peak of \
                 multiplications, whichever is longer.",
                self.side
            ),
            headings: [rows, inputs, one, share, format!("ms, {all}"), format!("share, {all}")],
            rows: self.products.iter().map(|times| self.product(times)).collect(),
        }
    }

    fn scheme(&self, times: &SchemeTimes) -> (String, [String; 4]) {
        let bytes = (self.side * self.side * size_of::<f32>() + times.bytes) as f64;
        let [one, all] = self.limits.copies();
        let share = |rate: f64, seconds: f64| significant(bytes / rate / seconds, 2);
        let milliseconds = |seconds: f64| significant(seconds * 1e3, 3);
        let cells = [
            milliseconds(times.quantize.one.median),
            milliseconds(times.reconstruct.one.median),
            share(one, times.quantize.one.median),
            share(all, times.quantize.all.median),
        ];
        (times.name.to_owned(), cells)
    }

    fn product(&self, times: &ProductTimes) -> (String, [String; 6]) {
        let at_least = self.least_seconds(times);
        let milliseconds = |seconds: f64| significant(seconds * 1e3, 3);
        let cells = [
            times.shape.map_or_else(na, |[rows, ..]| count(rows as f64)),
            times.shape.map_or_else(na, |[_, inputs, _]| count(inputs as f64)),
            milliseconds(times.one.median),
            significant(at_least[0] / times.one.median, 2),
            times.all.map_or_else(na, |all| milliseconds(all.median)),
            times.all.map_or_else(na, |all| significant(at_least[1] / all.median, 2)),
        ];
        (times.name.to_owned(), cells)
    }

    /// What a product takes at least: by one thread, and by all.
    fn least_seconds(&self, times: &ProductTimes) -> [f64; 2] {
        let multiply =
            times.peak.map(|peak| peak.rates().map(|rate| times.products as f64 / rate)).unwrap_or_default();
        let read = [&times.read.one, &times.read.all].map(|seconds| times.bytes_read as f64 / seconds.median);
        [0, 1].map(|place| f64::max(times.bytes as f64 / read[place], multiply[place]))
    }

    /// Products of one thread beside the limits of one thread.
    pub(crate) fn chart(&self) -> Result<Chart, Failure> {
        let points = |format: Format| {
            let own = self.products.iter().filter(move |times| times.name == format.name());
            own.map(|times| {
                let products = times.products as f64;
                (products / times.bytes as f64, products / times.one.median)
            })
        };
        let lines = CHARTED
            .map(|format| RooflineLine { name: format.name().to_owned(), points: points(format).collect() });
        let [bandwidth, _] = self.limits.bandwidth();
        let peaks = [("bytes", &self.limits.bytes_multiplied), ("f32", &self.limits.floats_multiplied)]
            .map(|(name, peak)| (name.to_owned(), peak.rates()[0]));
        let machine = self.host.to_string();
        let chart = roofline(&Roofline { machine: &machine, bandwidth, peaks: &peaks, lines: &lines })
            .map_err(|error| Failure::Other(error.to_string()))?;
        Ok(Chart { name: format!("{}-{}", self.host.file_stem(), chart.name), ..chart })
    }
}

impl Limits {
    /// All threads in words.
    fn all(&self) -> String {
        counted(self.threads, "thread", "threads")
    }

    fn figures(&self) -> Figures<2> {
        let rows = [
            ("read, GB/s", self.bandwidth()),
            ("copy to new memory, GB/s both ways", self.copies()),
            ("products of bytes, billions a second", self.bytes_multiplied.rates()),
            ("products of f32, billions a second", self.floats_multiplied.rates()),
        ];
        let cells = |rates: [f64; 2]| rates.map(|rate| significant(rate / 1e9, 3));
        Figures {
            title: "limits",
            explanation: "What the machine does at most: memory in order, and multiplications with additions in registers."
                .to_owned(),
            headings: ["1 thread".to_owned(), self.all()],
            rows: rows.into_iter().map(|(name, rates)| (name.to_owned(), cells(rates))).collect(),
        }
    }
}
