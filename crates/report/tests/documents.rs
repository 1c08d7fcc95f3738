//! The report in Markdown and HTML.
#![allow(clippy::unwrap_used)]

mod fixtures;

use std::sync::Arc;

use bitsweep_report::{Report, charts, html, markdown};
use bitsweep_results::text::one_line;
use bitsweep_results::{
    AgainstFloat, Choice, FailureKind, Flag, Records, ResultRow, RowFailure, Summary, Value, Variant,
};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fn text(report: &Report<'_>) -> String {
    markdown(report, &charts(report).unwrap())
}

fn page(report: &Report<'_>) -> String {
    html(report, &charts(report).unwrap())
}

#[test]
fn the_report_of_notebook_000_reads_as_recorded() {
    let records = fixtures::wine();
    insta::assert_snapshot!(text(&fixtures::report(
        "Two layers on wine",
        &records,
        &fixtures::summary(&records)
    )));
}

#[test]
fn the_report_of_a_sweep_shows_means_and_the_most_telling_rows() {
    let records = fixtures::sweep();
    let text = text(&fixtures::report("A sweep", &records, &fixtures::summary(&records)));
    insta::assert_snapshot!(text);
    assert!(text.lines().count() < 200);
}

#[test]
fn the_report_of_a_tensor_experiment_opens_with_the_least_error() {
    let records = fixtures::vector();
    insta::assert_snapshot!(text(&fixtures::report("A vector", &records, &fixtures::summary(&records))));
}

#[test]
fn several_tasks_are_answered_in_one_table() {
    let records = fixtures::many_tasks();
    let text = text(&fixtures::report("Tasks", &records, &fixtures::summary(&records)));
    let answer = text.split("## Answer").nth(1).unwrap();
    assert!(answer.trim_start().starts_with("| Task "), "{answer}");
    for task in ["wine · mlp(100)", "digits · logistic(one-vs-rest)"] {
        assert!(text.contains(&format!("\n| {task}")), "{task}");
        assert!(text.contains(&format!("\n### {task}\n")), "{task}");
    }
}

#[test]
fn quantized_activations_are_explained_where_there_are_some() {
    let mut records = fixtures::wine();
    assert!(
        !text(&fixtures::report("Two layers on wine", &records, &fixtures::summary(&records)))
            .contains("**W8A4**")
    );
    fixtures::revise(&mut records, 1, |variant| Variant {
        choices: variant.choices.with(Choice::ActivationBits, Value::number(8)),
        ..variant
    });
    let text = text(&fixtures::report("Two layers on wine", &records, &fixtures::summary(&records)));
    assert!(text.contains("**W8A4**") && text.contains("**Static and dynamic**"), "{text}");
}

#[test]
fn nothing_recorded_is_said_in_so_many_words() {
    let records = Records::default();
    let summary = fixtures::summary(&records);
    let report = fixtures::report("Empty", &records, &summary);
    assert!(text(&report).contains("Nothing was recorded, so there is nothing to pick."));
    assert!(page(&report).contains("Nothing was recorded, so there is nothing to pick."));
}

#[test]
fn written_twice_the_bytes_are_the_same() {
    for records in [fixtures::wine(), fixtures::many_tasks(), fixtures::vector()] {
        let summary = fixtures::summary(&records);
        let report = fixtures::report("Twice", &records, &summary);
        assert_eq!(text(&report), text(&report));
        assert_eq!(page(&report), page(&report));
    }
}

#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_heading() {
    let mut records = fixtures::wine();
    fixtures::revise(&mut records, 3, |variant| Variant {
        name: Some("4|bit <b>*x*</b>\n`y`".into()),
        ..variant
    });
    let text = text(&fixtures::report("A | title", &records, &fixtures::summary(&records)));
    let mut cells = None;
    for line in text.lines() {
        if line.starts_with('|') {
            let own = line.replace("\\|", "").matches('|').count();
            assert_eq!(*cells.get_or_insert(own), own, "{line}");
        } else {
            cells = None;
        }
    }
    assert!(text.starts_with("# A \\| title\n"));
    assert!(text.contains("4\\|bit &lt;b>\\*x\\*&lt;/b>\\\\n\\`y\\`"), "{text}");
}

#[test]
fn a_fence_is_longer_than_any_in_the_configuration() {
    let records = Records::default();
    let summary = Summary::default();
    let report = Report { configuration: "text = '''\n```\n'''\n".into(), ..Report::new(&records, &summary) };
    assert!(text(&report).contains("````toml\ntext = '''\n```\n'''\n````\n"));
}

#[test]
fn a_description_cannot_become_a_heading() {
    let records = Records::default();
    let summary = Summary::default();
    let report =
        Report { description: "# not a title\n\n- not a list".into(), ..Report::new(&records, &summary) };
    assert!(text(&report).contains("\n\\# not a title\n\n\\- not a list\n"));
}

#[test]
fn numbers_that_differ_for_a_known_reason_are_counted_apart() {
    let records = fixtures::wine();
    let summary = fixtures::summary(&records);
    let mut report = fixtures::report("Known", &records, &summary);
    report.reproduction[1].is_explained = true;
    let one = "1 of 2 agree at the precision that the notebook prints; 1 differs for a known reason, which its note gives.";
    assert!(text(&report).contains(one));
    report.reproduction.push(report.reproduction[1].clone());
    let two = "1 of 3 agree at the precision that the notebook prints; 2 differ for a known reason, which their notes give.";
    assert!(text(&report).contains(two));
    // A reason without a difference explains nothing.
    report.reproduction[0].is_explained = true;
    assert!(text(&report).contains(two));
}

#[test]
fn the_page_escapes_what_comes_from_outside() {
    let mut records = fixtures::wine();
    let name = "<img src=x onerror=alert(1)>";
    fixtures::revise(&mut records, 3, |variant| Variant { name: Some(name.into()), ..variant });
    let classes = ["</text><script>", "class_1", "class_2"];
    records.predictions[0].classes = classes.map(str::to_owned).into();
    let summary = fixtures::summary(&records);
    let mut report = fixtures::report("<script>alert(\"x\")</script>", &records, &summary);
    report.configuration = "</code></pre><script>".into();
    report.reproduction[0].note = "<b onclick='x'>".into();
    let page = page(&report);
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b onclick"));
    assert!(page.contains("<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</h1>"));
}

#[test]
fn the_page_stands_alone() {
    let records = fixtures::wine();
    let page = page(&fixtures::report("Alone", &records, &fixtures::summary(&records)));
    assert_eq!(page.matches("<svg").count(), 8);
    for outside in ["src=", "href=", "@import", "url(", "<link", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
}

#[test]
fn a_long_configuration_is_pointed_to_instead_of_shown() {
    let records = Records::default();
    let summary = Summary::default();
    let report = Report {
        experiment: "mine".into(),
        configuration: "key = 1\n".repeat(300),
        ..Report::new(&records, &summary)
    };
    let text = text(&report);
    assert!(text.contains("The configuration of `mine` has 300 lines; experiment.toml holds it."));
    assert!(!text.contains("key = 1"));
}

#[test]
fn a_flag_is_listed_once_with_all_that_bear_it() {
    let mut records = fixtures::wine();
    for row in &mut records.results[1..4] {
        fixtures::measures(row).flags = vec![Flag::ZeroPointsOutsideCodes(1)];
    }
    let text = text(&fixtures::report("Flags", &records, &fixtures::summary(&records)));
    assert!(text.contains("\n- **1 zero point lies outside the codes**: 8 bit; 6 bit; 4 bit.\n"), "{text}");
}

#[test]
fn what_was_expected_and_is_not_there_is_said() {
    let records = fixtures::sweep();
    let text = text(&fixtures::report("A sweep", &records, &fixtures::summary(&records)));
    let lessons = text.split("## What each choice was worth").nth(1).unwrap();
    let (seen, missing) = lessons.split_once("Expected to help, but no gain is shown here:").unwrap();
    assert!(
        seen.contains("granularity: **group 32** instead of tensor: better at 2 bits (+0.048 ["),
        "{seen}"
    );
    assert!(
        missing.contains(
            "symmetry: **asymmetric** instead of symmetric: no difference above 0.0004 at 8 bits, "
        ),
        "{missing}"
    );
}

#[test]
fn test_rows_that_were_trained_on_are_told() {
    let mut records = fixtures::wine();
    assert!(
        !text(&fixtures::report("Wine", &records, &fixtures::summary(&records)))
            .contains("values of a training row")
    );
    for row in &mut records.results {
        let mut unit = (*row.origin.unit).clone();
        unit.shape.as_mut().unwrap().seen_rows = 7;
        row.origin.unit = Arc::new(unit);
    }
    let text = text(&fixtures::report("Wine", &records, &fixtures::summary(&records)));
    assert!(text.contains("7 of the 36 test rows have the values of a training row"), "{text}");
}

#[test]
fn the_next_byte_is_advised_in_words() {
    let records = fixtures::sensitivity();
    let text = text(&fixtures::report("Sensitivity", &records, &fixtures::summary(&records)));
    assert!(text.contains("## Where the error comes from"), "{text}");
    // 4 bit: (0.15 - 0.05) / 37 bytes on W2, (0.3 - 0.1) / 162 on W1.
    assert!(
        text.contains(
            "**4 bit**: the next byte is best spent on W2: it saves 0.0027 of output error, 2.2 times as much as on W1. \
             The tensors' own errors add up to 0.500; together they make 0.600, 20 % more."
        ),
        "{text}"
    );
    let row = text.lines().find(|line| line.starts_with("| 4 bit") && line.contains("| W2 ")).unwrap();
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    assert_eq!(cells[1..11], ["4 bit", "W2", "4", "150", "0.150", "30 %", "0.120", "0", "0.9985", "0.0027"]);
}

/// The cells of the first line that begins with `start` behind a heading or a summary.
fn cells<'a>(text: &'a str, behind: &str, start: &str) -> Vec<&'a str> {
    let line = text.split(behind).nth(1).unwrap().lines().find(|line| line.starts_with(start)).unwrap();
    line.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn further_measures_are_folded_and_have_the_digits_of_their_error() {
    let mut records = fixtures::wine();
    let measures = fixtures::measures(&mut records.results[3]);
    let scores = measures.scores.as_mut().unwrap();
    scores.calibration_error = Some(0.0214);
    scores.against_float = Some(AgainstFloat {
        macro_f1_p_value: 0.25,
        kl_mean: 0.012_345,
        kl_standard_error: Some(0.0021),
        kl_median: 0.01,
        kl_p99: 0.0456,
        probability_change_rms: 0.0789,
        margin_change_mean: -0.0321,
        brier_change: 0.25,
        brier_change_standard_error: Some(0.125),
        calibration_change: Some(-0.5),
        calibration_change_standard_error: Some(0.0625),
    });
    let summary = fixtures::summary(&records);
    let report = fixtures::report("Further", &records, &summary);
    let text = text(&report);
    let folded = "<details>\n<summary>Further measures</summary>\n\n";
    assert_eq!(
        cells(&text, folded, "| Variant"),
        [
            "Variant",
            "Accuracy",
            "Log loss",
            "Brier score",
            "Calibration error",
            "Agreement",
            "Lost",
            "Gained",
            "p",
            "KL to float",
            "KL, 99 %",
            "RMS change",
            "Margin change"
        ]
    );
    assert_eq!(
        cells(&text, folded, "| 4 bit"),
        [
            "4 bit", "1.0000", "0.0315", "0.0100", "0.0214", "1.0000", "0", "0", "0.25", "0.0123", "0.0456",
            "0.0789", "-0.0321"
        ]
    );
    assert!(text.contains("- **KL to float**: "), "{text}");
    let page = page(&report);
    assert!(page.contains("<details>\n<summary>Further measures</summary>\n<div class=\"table\">"), "{page}");
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
}

#[test]
fn a_table_within_a_folded_part_is_one_to_a_reader_of_markdown() {
    let records = fixtures::digits();
    let text = text(&fixtures::report("Digits", &records, &fixtures::summary(&records)));
    let after = text.split("<summary>The 10 classes</summary>").nth(1).unwrap();
    let after = after.split("</details>").next().unwrap();
    let tables = Parser::new_ext(after, Options::ENABLE_TABLES);
    let tables = tables.filter(|event| matches!(event, Event::Start(Tag::Table(_))));
    assert_eq!(tables.count(), 1, "{after}");
}

/// The digits fixture, of which 3 bit takes some rows of class 8 for a 3, and float is always right.
fn confused_digits(rows: usize) -> Records {
    let mut records = fixtures::digits();
    let own = &mut records.predictions[0];
    own.float = own.truth.clone();
    for (position, _, predicted) in &mut own.variants {
        *predicted = own.truth.clone();
        if *position == 2 {
            let eights = own.truth.iter().enumerate().filter(|(_, class)| **class == 8);
            eights.take(rows).for_each(|(row, _)| predicted[row] = 3);
        }
    }
    records
}

#[test]
fn a_class_that_loses_recall_is_named_with_its_interval() {
    let records = confused_digits(20);
    let row = records.predictions[0].recall_rows().unwrap().into_iter();
    let row = row.filter(|row| row.origin.position == 2).find(|row| &*row.class == "8").unwrap();
    let (low, high) = (row.low.unwrap(), row.high.unwrap());
    assert!((row.difference.unwrap() - 20.0 / 45.0).abs() < 1e-12 && row.adjusted_p_value.unwrap() < 0.001);
    let text = text(&fixtures::report("Digits", &records, &fixtures::summary(&records)));
    let changes = text.split("## What the picks change\n").nth(1).unwrap();
    assert!(
        changes.starts_with(&format!(
            "\n- **8 bit**: no class of 10 is shown to lose recall.\n- **3 bit**: class `8` loses 0.44 of recall [{low:.2}, {high:.2}].\n"
        )),
        "{changes}"
    );
    let folded = "<summary>Classes with less recall on the test rows</summary>";
    assert_eq!(
        cells(&text, folded, "| 3 bit"),
        ["3 bit", "8", "45", "1.000", "0.556", "0.44", &format!("[{low:.2}, {high:.2}]"), "&lt; 0.001"]
    );
}

#[test]
fn a_class_that_may_lose_recall_by_chance_is_in_the_table_alone() {
    let records = confused_digits(3);
    let text = text(&fixtures::report("Digits", &records, &fixtures::summary(&records)));
    // No 8 bit row changes at all; 3 of 45 have p = 0.25, and ten times that with Holm.
    assert!(text.contains("- **8 bit**: no class of 10 is shown to lose recall."), "{text}");
    let folded = "<summary>Classes with less recall on the test rows</summary>";
    let found = cells(&text, folded, "| ");
    assert_eq!(found.first(), Some(&"Pick"));
    let row = cells(&text, folded, "| 3 bit");
    assert_eq!([row[1], row[5], row[7]], ["8", "0.07", "1.00"]);
}

#[test]
fn over_several_runs_recall_is_weighed_by_rows_and_runs() {
    let records = fixtures::sweep();
    let summary = fixtures::summary(&records);
    let comparison = &summary.comparisons[0];
    let picked = comparison.picked();
    let losses = comparison.class_losses(&records, picked[1]);
    let text = text(&fixtures::report("A sweep", &records, &summary));
    let row = cells(&text, "<summary>Classes with less recall", "| 3 bit");
    assert_eq!(losses.len(), 2);
    assert_eq!(row[1..3], ["no", "10,000"]);
    assert_eq!(row[4], format!("{:.3}", losses[0].recall));
    // Half of all wrong rows are of this class: its mean loss is that of accuracy.
    let float = comparison.float().unwrap().scores.as_ref().unwrap().accuracy.mean;
    let own = comparison.variants[picked[1]].scores.as_ref().unwrap().accuracy.mean;
    assert!((losses[0].loss.value - (float - own)).abs() < 0.002);
    assert!(losses[0].loss.low < losses[0].loss.value && losses[0].loss.value < losses[0].loss.high);
}

#[test]
fn the_first_rows_that_change_class_are_listed_with_their_margins() {
    let records = fixtures::flips();
    let text = text(&fixtures::report("Digits", &records, &fixtures::summary(&records)));
    let folded = "<summary>The first test rows whose class changes</summary>";
    let first = &records.flips[0];
    assert_eq!(
        cells(&text, folded, "| 3 bit"),
        ["3 bit", &*first.truth, &first.float, &first.quantized, &first.row.to_string(), "0.250", "0.062"]
    );
    let table = text.split(folded).nth(1).unwrap().split("</details>").next().unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with("| 3 bit")).count(), 10);
}

#[test]
fn the_variant_to_take_over_several_datasets_is_told_with_its_probabilities() {
    let records = fixtures::many_tasks();
    let summary = fixtures::summary(&records);
    let over = summary.over_datasets.as_ref().unwrap();
    assert_eq!(over.datasets, ["wine", "digits"]);
    let text = text(&fixtures::report("Tasks", &records, &summary));
    let told = text.split("### Over the datasets\n\n").nth(1).unwrap();
    let own = over.smallest_within(0.95).unwrap();
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    assert!(told.starts_with(&format!("**Over 2 datasets: {}.**", own.label)), "{told}");
    let numbers = format!(
        "it is within that with a probability of {}, loses more with {}, gains more with {}",
        percent(own.posterior.rope),
        percent(own.posterior.right),
        percent(own.posterior.left)
    );
    assert!(told.contains(&numbers), "{told}");
    assert!(told.contains("2 datasets are few: fewer than 5 differences cannot say much"), "{told}");
    let mut one = records;
    one.results.retain(|row| row.origin.unit.task.dataset == "wine");
    assert!(fixtures::summary(&one).over_datasets.is_none());
}

fn failed(row: &ResultRow, kind: FailureKind, reason: &str) -> ResultRow {
    ResultRow { result: Err(RowFailure { kind, reason: reason.into() }), ..row.clone() }
}

#[test]
fn what_failed_stands_right_after_the_answer() {
    let mut records = fixtures::sweep();
    assert!(
        !text(&fixtures::report("A sweep", &records, &fixtures::summary(&records))).contains("What failed")
    );
    // Seed 0 as a whole, one variant of seed 1.
    let float = failed(&records.results[0], FailureKind::Training, "the loss is not a number");
    let variants = records.results.iter().filter(|row| row.origin.unit.seed == 0).count();
    records.results.splice(..variants, [float]);
    records.results[4] = failed(&records.results[4], FailureKind::Quantization, "no range");
    let text = text(&fixtures::report("A sweep", &records, &fixtures::summary(&records)));
    let answer = text.split("## Answer\n").nth(1).unwrap();
    assert!(
        answer.starts_with(
            "\n9 of 10 seeds have results; 2 rows have no measures and take no part in any number (see “What failed”).\n"
        ),
        "{answer}"
    );
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(headings[..2], ["## Answer", "## What failed"]);
    let lines: Vec<Vec<&str>> = answer
        .lines()
        .filter(|line| line.contains("the loss is not") || line.contains("no range"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(
        lines[0][1..7],
        ["wine · mlp(100)", "0", "all variants", "training", "the loss is not a number", "1"]
    );
    assert_eq!(
        lines[1][1..7],
        ["wine · mlp(100)", "1", "6 bit · symmetric · per tensor", "quantization", "no range", "1"]
    );
    assert!(text.contains("Means over 9 seeds"), "{text}");
}

#[test]
fn many_failures_of_one_kind_are_summed_up_with_their_number() {
    let mut records = fixtures::many_tasks();
    for (index, row) in records.results.iter_mut().enumerate().filter(|(index, _)| index % 2 == 1) {
        *row = failed(row, FailureKind::Scoring, &format!("row {index}"));
    }
    let text = text(&fixtures::report("Tasks", &records, &fixtures::summary(&records)));
    let failed = text.split("## What failed\n").nth(1).unwrap();
    let line = failed.lines().find(|line| line.contains("scoring")).unwrap();
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    assert_eq!(
        cells[1..7],
        ["4 tasks", "3 seeds", "73 variants", "scoring", "row 1 (the first of 438 reasons)", "438"]
    );
    assert!(
        text.contains("12 of 12 runs of a task with a seed have results; 438 rows have no measures"),
        "{text}"
    );
}

#[test]
fn where_all_failed_the_reason_is_the_answer() {
    let mut records = fixtures::wine();
    records.results.truncate(1);
    records.results[0] = failed(&records.results[0], FailureKind::Data, "class_2 has a single row");
    let text = text(&fixtures::report("Wine", &records, &fixtures::summary(&records)));
    assert!(
        text.contains(
            "There is nothing to pick. 0 of 1 seed has results; 1 row has no measures and takes no part in any number"
        ),
        "{text}"
    );
    assert!(text.contains("class_2 has a single row"), "{text}");
}

/// The text of each block; no event but those of blocks and text may occur.
fn blocks(markdown: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut blocks = vec![String::new()];
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(
                Tag::Heading { .. } | Tag::Paragraph | Tag::TableCell | Tag::TableHead | Tag::TableRow,
            ) => {
                blocks.push(String::new());
            }
            Event::End(TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::TableCell) => {}
            Event::Text(text) => blocks.last_mut().unwrap().push_str(&text),
            Event::Start(Tag::Table(_)) | Event::End(_) => {}
            other => panic!("{other:?} in {markdown:?}"),
        }
    }
    blocks
}

/// What begins, ends or turns something in Markdown, HTML or on a terminal.
const MEANINGFUL: [&str; 44] = [
    "#",
    "##",
    "-",
    "+",
    "*",
    "**",
    "_",
    "__",
    "~",
    "~~",
    "~~~",
    "`",
    "```",
    "|",
    "\\",
    "[a](b)",
    "[a][b]",
    "[a]: b",
    "[^1]",
    "![a](b)",
    "<b>",
    "</td>",
    "<!--",
    "<http://a.b>",
    "&lt;",
    "&#27;",
    ">",
    "=",
    "===",
    "---",
    "1.",
    "2)",
    ":",
    "://",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "    ",
    " ",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{feff}",
    "a",
];

fn hostile() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        proptest::sample::select(&MEANINGFUL[..]).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(word, 1..8).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn a_title_reads_back_as_it_was(title in hostile()) {
        let (records, summary) = (Records::default(), Summary::default());
        let report = Report { title: title.clone(), ..Report::new(&records, &summary) };
        let shown = one_line(&title);
        let read = blocks(&markdown(&report, &[]));
        prop_assert_eq!(read[1].trim(), shown.trim());
    }

    #[test]
    fn a_class_reads_back_as_it_was_and_moves_nothing(class in hostile()) {
        let mut records = fixtures::wine();
        let classes = [class.as_str(), "class_1", "class_2"].map(str::to_owned);
        records.predictions[0].classes = classes.into();
        let summary = fixtures::summary(&records);
        let report = Report::new(&records, &summary);
        let text = markdown(&report, &[]);
        let rows = text.lines().skip_while(|line| !line.starts_with("| Class"));
        let rows = rows.take_while(|line| line.starts_with('|'));
        let cells = rows.collect::<Vec<_>>().join("\n");
        let shown = one_line(&class);
        let read = blocks(&cells);
        prop_assert!(read.iter().any(|cell| cell.trim() == shown.trim()), "{} is not in {:?}", shown, read);
        let page = html(&report, &[]);
        for raw in [text, page] {
            let control = raw.chars().find(|symbol| symbol.is_control() && *symbol != '\n');
            prop_assert_eq!(control, None);
            let turns = raw.contains(['\u{202e}', '\u{feff}']);
            prop_assert!(!turns);
        }
    }
}
