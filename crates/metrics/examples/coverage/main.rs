//! Measures how often 95 % intervals contain the truth: the tables in the documentation.
//!
//! ```text
//! cargo run --release -p bitsweep-metrics --example coverage
//! ```
//!
//! With `macro-f1`, `rare`, `accuracy`, `recall` or `calibration` behind it (`-- rare`): that table alone.

use bitsweep_metrics::{
    Confusion, Interval, MetricError, PairedDifference, accuracy_interval, macro_f1_interval,
    mean_and_deviation, paired_difference_interval,
};
use rand_mt::Mt64;

mod probabilities;
mod simulation;
use probabilities::TwoModels;
use simulation::{Errors, Population, coverage, draw};

const TEST_SETS: usize = 20_000;
const TEST_SETS_FOR_THE_BOOTSTRAP: usize = 2_000;
const TEST_SETS_OF_A_GRID: usize = 4_000;
const RESAMPLES: usize = 1_000;

fn main() -> Result<(), MetricError> {
    let table = std::env::args().nth(1);
    let wanted = |name: &str| table.as_deref().is_none_or(|table| table == name);
    if wanted("macro-f1") {
        macro_f1_table();
        println!();
    }
    if wanted("rare") {
        rare_class_table();
        println!();
    }
    if wanted("accuracy") {
        accuracy_table()?;
        println!();
    }
    if wanted("recall") {
        recall_table()?;
        println!();
    }
    if wanted("calibration") {
        calibration_table()?;
    }
    Ok(())
}

/// Coverage and mean width of [`macro_f1_interval`] and of the percentile bootstrap.
fn macro_f1_table() {
    const WINE: &[f64] = &[59.0, 71.0, 48.0];
    const DIGITS: &[f64] = &[1.0; 10];
    const SKEWED: &[f64] = &[40.0, 30.0, 20.0, 7.0, 3.0];
    let populations = [
        Population::new("wine: 36 samples, 3 classes", 36, WINE, &Errors::Uniform, 0.90),
        Population::new("", 36, WINE, &Errors::Uniform, 0.97),
        Population::new("", 36, WINE, &Errors::Uniform, 0.99),
        Population::new("", 36, WINE, &Errors::Uniform, 0.995),
        Population::new("… errors between two of them", 36, WINE, &Errors::Between(1, 2), 0.97),
        Population::new("… errors in the rarest", 36, WINE, &Errors::OfClass(2), 0.97),
        Population::new("digits: 450 samples, 10 classes", 450, DIGITS, &Errors::Uniform, 0.85),
        Population::new("", 450, DIGITS, &Errors::Uniform, 0.96),
        Population::new("", 450, DIGITS, &Errors::Uniform, 0.99),
        Population::new("100 samples, classes 90 : 10", 100, &[9.0, 1.0], &Errors::Uniform, 0.90),
        Population::new("", 100, &[9.0, 1.0], &Errors::Uniform, 0.97),
        Population::new("… errors in the rare one", 100, &[9.0, 1.0], &Errors::OfClass(1), 0.97),
        Population::new("200 samples, 40 : 30 : 20 : 7 : 3", 200, SKEWED, &Errors::Uniform, 0.90),
        Population::new("… errors in the rarest", 200, SKEWED, &Errors::OfClass(4), 0.90),
        Population::new("50 samples, 10 classes", 50, DIGITS, &Errors::Uniform, 0.90),
        Population::new(
            "100 samples, 90 : 10, errors in the rare",
            100,
            &[9.0, 1.0],
            &Errors::OfClass(1),
            0.70,
        ),
    ];
    println!("| population | macro-F1 | coverage, width | percentile bootstrap |");
    println!("|---|---|---|---|");
    for population in &populations {
        let stream = &mut Mt64::new(1);
        let ours = coverage(population, TEST_SETS, stream, |confusion, _| macro_f1_interval(confusion));
        let bootstrap = coverage(population, TEST_SETS_FOR_THE_BOOTSTRAP, stream, percentile_bootstrap);
        println!(
            "| {} | {} | {:.3}, {:.3} | {:.3}, {:.3} |",
            population.name,
            (population.macro_f1() * 1e3).round() / 1e3,
            ours.contained,
            ours.width,
            bootstrap.contained,
            bootstrap.width
        );
    }
}

/// Least and mean coverage and mean width of [`macro_f1_interval`] over populations of equal classes and of equal
/// classes with a rare one, of which a test set has five rows or more on average.
fn rare_class_table() {
    const SAMPLES: &[usize] = &[50, 100, 225, 450, 1_000, 2_000];
    const SCORES: &[f64] = &[0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98];
    println!("| errors | classes | settings | least coverage | mean coverage | mean width |");
    println!("|---|---|---|---|---|---|");
    for (errors, name) in ["even", "of the rare class", "of it and another"].into_iter().enumerate() {
        for classes in [2, 3, 5, 10] {
            let rare = classes - 1;
            let mut tally = Tally::default();
            for share in [0.01, 0.03, 0.05, 0.1, 0.2, 1.0 / classes as f64] {
                let errors = match errors {
                    0 => Errors::Uniform,
                    1 => Errors::OfClass(rare),
                    _ => Errors::Between(0, rare),
                };
                let mut proportions = vec![(1.0 - share) / rare as f64; rare];
                proportions.push(share);
                for &samples in SAMPLES {
                    if share * (classes as f64) > 1.0 + 1e-9 || share * (samples as f64) < 5.0 {
                        continue;
                    }
                    for &score in SCORES {
                        let population = Population::new("", samples, &proportions, &errors, score);
                        if (population.macro_f1() - score).abs() < 1e-6 {
                            tally.add(&population);
                        }
                    }
                }
            }
            println!("| {name} | {classes} | {tally} |");
        }
    }
    for population in Population::mostly_missed() {
        let mut tally = Tally::default();
        tally.add(&population);
        println!("| {} | | {tally} |", population.name);
    }
}

/// Coverages of [`macro_f1_interval`] in several populations.
struct Tally {
    settings: usize,
    least: f64,
    contained: f64,
    width: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { settings: 0, least: 1.0, contained: 0.0, width: 0.0 }
    }
}

impl Tally {
    fn add(&mut self, population: &Population) {
        let measured = coverage(population, TEST_SETS_OF_A_GRID, &mut Mt64::new(1), |confusion, _| {
            macro_f1_interval(confusion)
        });
        self.settings += 1;
        self.least = self.least.min(measured.contained);
        self.contained += measured.contained;
        self.width += measured.width;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = self.settings as f64;
        write!(
            f,
            "{} | {:.3} | {:.3} | {:.4}",
            self.settings,
            self.least,
            self.contained / settings,
            self.width / settings
        )
    }
}

/// The 2.5 % and 97.5 % quantiles of macro-F1 over resampled test sets.
fn percentile_bootstrap(confusion: &Confusion, stream: &mut Mt64) -> Interval {
    let (samples, classes) = (confusion.samples(), confusion.classes());
    let counts = (0..classes).flat_map(|truth| confusion.row(truth));
    let frequencies: Vec<f64> = counts.map(|&count| count as f64 / samples as f64).collect();
    let mut scores: Vec<f64> =
        (0..RESAMPLES).map(|_| draw(&frequencies, samples, classes, stream).macro_f1()).collect();
    scores.sort_by(f64::total_cmp);
    let quantile = |share: f64| scores[(share * (RESAMPLES - 1) as f64).round() as usize];
    Interval { value: confusion.macro_f1(), low: quantile(0.025), high: quantile(0.975) }
}

/// Exact coverage of [`paired_difference_interval`] and of Wald's interval over a grid of shares lost and gained: least, mean,
/// and mean width.
fn recall_table() -> Result<(), MetricError> {
    const SHARES: [f64; 8] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3];
    println!("| samples | Wald | Tango |");
    println!("|---|---|---|");
    for samples in [10, 20, 45, 150] {
        let mut intervals = Vec::new();
        for lost in 0..=samples {
            for gained in 0..=samples - lost {
                let tango = paired_difference_interval(lost, gained, samples, 0.95)?;
                intervals.push((lost, gained, [wald(lost, gained, samples), tango]));
            }
        }
        let mut tallies = [(1.0_f64, 0.0, 0.0); 2];
        for (lost_share, gained_share) in SHARES.iter().flat_map(|a| SHARES.iter().map(move |b| (*a, *b))) {
            let truth = lost_share - gained_share;
            let mut contained = [0.0; 2];
            for (lost, gained, intervals) in &intervals {
                let probability = trinomial(samples, (*lost, lost_share), (*gained, gained_share));
                for ((interval, contained), tally) in intervals.iter().zip(&mut contained).zip(&mut tallies) {
                    *contained +=
                        if interval.low <= truth && truth <= interval.high { probability } else { 0.0 };
                    tally.2 += probability * (interval.high - interval.low);
                }
            }
            for (tally, contained) in tallies.iter_mut().zip(contained) {
                tally.0 = tally.0.min(contained);
                tally.1 += contained;
            }
        }
        let settings = (SHARES.len() * SHARES.len()) as f64;
        let [wald, tango] = tallies.map(|(least, mean, width)| {
            format!("{least:.3} / {:.3}, {:.3}", mean / settings, width / settings)
        });
        println!("| {samples} | {wald} | {tango} |");
    }
    Ok(())
}

/// The difference with 1.96 standard errors as they are estimated.
fn wald(lost: usize, gained: usize, samples: usize) -> Interval {
    let (lost, gained, samples) = (lost as f64, gained as f64, samples as f64);
    let value = (lost - gained) / samples;
    let half = 1.96 * (lost + gained - (lost - gained) * value).sqrt() / samples;
    Interval { value, low: value - half, high: value + half }
}

/// The probability of so many lost and gained samples.
fn trinomial(samples: usize, (lost, lost_share): (usize, f64), (gained, gained_share): (usize, f64)) -> f64 {
    let factorial = |count: usize| libm::lgamma(count as f64 + 1.0);
    let same = samples - lost - gained;
    libm::exp(
        factorial(samples) - factorial(lost) - factorial(gained) - factorial(same)
            + lost as f64 * libm::log(lost_share)
            + gained as f64 * libm::log(gained_share)
            + same as f64 * libm::log(1.0 - lost_share - gained_share),
    )
}

/// How often the difference of two calibration errors ± 1.96 standard errors contains that of the population, which a
/// million samples stand for.
fn calibration_table() -> Result<(), MetricError> {
    const MODELS: &[(&str, TwoModels)] = &[
        ("both calibrated", TwoModels { sharpened: [1.0, 1.0], noise: 0.3 }),
        ("one overconfident", TwoModels { sharpened: [1.0, 1.5], noise: 0.3 }),
        ("both overconfident", TwoModels { sharpened: [1.5, 1.5], noise: 0.3 }),
        ("both, nearly equal", TwoModels { sharpened: [1.5, 1.5], noise: 0.03 }),
        ("one very", TwoModels { sharpened: [1.0, 3.0], noise: 0.0 }),
    ];
    println!("| models | samples | difference | coverage | mean standard error over deviation |");
    println!("|---|---|---|---|---|");
    for (name, models) in MODELS {
        let stream = &mut Mt64::new(1);
        let truth = models.differences(1_000_000, stream)?.difference;
        for samples in [150, 450, 2_000] {
            let (mut contained, mut errors, mut differences) = (0, 0.0, Vec::new());
            for _ in 0..TEST_SETS_FOR_THE_BOOTSTRAP {
                let PairedDifference { difference, standard_error } = models.differences(samples, stream)?;
                contained += usize::from((difference - truth).abs() <= 1.96 * standard_error);
                errors += standard_error;
                differences.push(difference);
            }
            let sets = TEST_SETS_FOR_THE_BOOTSTRAP as f64;
            let deviation = mean_and_deviation(&differences)?.deviation.unwrap_or_default();
            println!(
                "| {name} | {samples} | {truth:.4} | {:.3} | {:.2} |",
                contained as f64 / sets,
                errors / sets / deviation
            );
        }
    }
    Ok(())
}

/// Exact coverage of [`accuracy_interval`], Wilson's and Clopper & Pearson's interval over a grid of true
/// accuracies: least, mean, and mean width.
fn accuracy_table() -> Result<(), MetricError> {
    println!("| samples | true accuracy | Wilson | ours | Clopper–Pearson |");
    println!("|---|---|---|---|---|");
    for samples in [20, 36, 100, 450] {
        let ours: Vec<Interval> =
            (0..=samples).map(|right| accuracy_interval(right, samples)).collect::<Result<_, _>>()?;
        let wilson: Vec<Interval> = (0..=samples).map(|right| wilson(right, samples)).collect();
        let exact: Vec<Interval> = (0..=samples).map(|right| clopper_pearson(right, samples)).collect();
        for (from, to) in [(0.5, 0.8), (0.8, 0.95), (0.95, 0.999)] {
            let columns = [&wilson, &ours, &exact].map(|intervals| exact_coverage(intervals, from, to));
            println!("| {samples} | {from} to {to} | {} |", columns.join(" | "));
        }
    }
    Ok(())
}

/// Least and mean coverage and mean width of one interval for each number of successes.
fn exact_coverage(intervals: &[Interval], from: f64, to: f64) -> String {
    let steps = 2_000;
    let (mut least, mut covered, mut width) = (1.0_f64, 0.0, 0.0);
    for step in 0..=steps {
        let accuracy = from + (to - from) * f64::from(step) / f64::from(steps);
        let mut contained = 0.0;
        for (interval, probability) in intervals.iter().zip(binomial(intervals.len() - 1, accuracy)) {
            contained +=
                if interval.low <= accuracy && accuracy <= interval.high { probability } else { 0.0 };
            width += probability * (interval.high - interval.low);
        }
        least = least.min(contained);
        covered += contained;
    }
    let count = f64::from(steps + 1);
    format!("{least:.3} / {:.3}, {:.4}", covered / count, width / count)
}

/// Wilson's score interval as it stands.
fn wilson(right: usize, samples: usize) -> Interval {
    let (n, z) = (samples as f64, 1.959963984540054);
    let value = right as f64 / n;
    let centre = value + z * z / (2.0 * n);
    let half = z * (value * (1.0 - value) / n + z * z / (4.0 * n * n)).sqrt();
    Interval { value, low: (centre - half) / (1.0 + z * z / n), high: (centre + half) / (1.0 + z * z / n) }
}

/// The exact interval: the accuracies at which so many or more, and so few or fewer, successes have 2.5 %.
fn clopper_pearson(right: usize, samples: usize) -> Interval {
    let least_accuracy_with = |right: usize, share: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let so_many_or_more: f64 = binomial(samples, middle).iter().skip(right).sum();
            if so_many_or_more < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    };
    let low = if right == 0 { 0.0 } else { least_accuracy_with(right, 0.025) };
    let high = if right == samples { 1.0 } else { least_accuracy_with(right + 1, 0.975) };
    Interval { value: right as f64 / samples as f64, low, high }
}

/// The probabilities of 0, 1, … `samples` successes.
fn binomial(samples: usize, probability: f64) -> Vec<f64> {
    let mut logarithm_of_ways = 0.0;
    (0..=samples)
        .map(|successes| {
            if successes > 0 {
                logarithm_of_ways += libm::log((samples - successes + 1) as f64 / successes as f64);
            }
            let (hits, misses) = (successes as f64, (samples - successes) as f64);
            libm::exp(
                logarithm_of_ways + hits * libm::log(probability) + misses * libm::log(1.0 - probability),
            )
        })
        .collect()
}
