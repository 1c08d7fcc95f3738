//! The report in Markdown and HTML.
#![allow(clippy::unwrap_used)]

mod fixtures;

use bitsweep_report::{Report, charts, html, markdown};
use bitsweep_results::Records;

fn text(report: &Report<'_>) -> String {
    markdown(report, &charts(report).unwrap())
}

fn page(report: &Report<'_>) -> String {
    html(report, &charts(report).unwrap())
}

#[test]
fn the_report_of_notebook_000_reads_as_recorded() {
    let records = fixtures::wine();
    insta::assert_snapshot!(text(&fixtures::report("Two layers on wine", &records)));
}

#[test]
fn the_report_of_a_sweep_shows_means_and_the_most_telling_rows() {
    let records = fixtures::sweep();
    let text = text(&fixtures::report("A sweep", &records));
    insta::assert_snapshot!(text);
    assert!(text.lines().count() < 200);
}

#[test]
fn the_report_of_a_tensor_experiment_opens_with_the_least_error() {
    let records = fixtures::vector();
    insta::assert_snapshot!(text(&fixtures::report("A vector", &records)));
}

#[test]
fn several_tasks_are_answered_in_one_table() {
    let records = fixtures::many_tasks();
    let text = text(&fixtures::report("Tasks", &records));
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
    assert!(!text(&fixtures::report("Two layers on wine", &records)).contains("**W8A4**"));
    records.results[1].activation_bits = Some(8);
    let text = text(&fixtures::report("Two layers on wine", &records));
    assert!(text.contains("**W8A4**") && text.contains("**Static and dynamic**"), "{text}");
}

#[test]
fn nothing_recorded_is_said_in_so_many_words() {
    let records = Records::default();
    let report = fixtures::report("Empty", &records);
    assert!(text(&report).contains("Nothing was recorded, so there is nothing to pick."));
    assert!(page(&report).contains("Nothing was recorded, so there is nothing to pick."));
}

#[test]
fn written_twice_the_bytes_are_the_same() {
    for records in [fixtures::wine(), fixtures::many_tasks(), fixtures::vector()] {
        let report = fixtures::report("Twice", &records);
        assert_eq!(text(&report), text(&report));
        assert_eq!(page(&report), page(&report));
    }
}

#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_heading() {
    let mut records = fixtures::wine();
    records.results[3].label = "4|bit <b>*x*</b>\n`y`".into();
    let text = text(&fixtures::report("A | title", &records));
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
    assert!(text.contains("4\\|bit &lt;b>\\*x\\*&lt;/b> \\`y\\`"), "{text}");
}

#[test]
fn a_fence_is_longer_than_any_in_the_configuration() {
    let records = Records::default();
    let report = Report { configuration: "text = '''\n```\n'''\n".into(), ..Report::new(&records) };
    assert!(text(&report).contains("````toml\ntext = '''\n```\n'''\n````\n"));
}

#[test]
fn a_description_cannot_become_a_heading() {
    let records = Records::default();
    let report = Report { description: "# not a title\n\n- not a list".into(), ..Report::new(&records) };
    assert!(text(&report).contains("\n\\# not a title\n\n\\- not a list\n"));
}

#[test]
fn the_page_escapes_what_comes_from_outside() {
    let mut records = fixtures::wine();
    records.results[3].label = "<img src=x onerror=alert(1)>".into();
    for row in &mut records.predictions {
        row.truth = row.truth.replace("class_0", "</text><script>");
    }
    let mut report = fixtures::report("<script>alert(\"x\")</script>", &records);
    report.configuration = "</code></pre><script>".into();
    report.reproduction[0].note = "<b onclick='x'>".into();
    let page = page(&report);
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b onclick"));
    assert!(page.contains("<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</h1>"));
}

#[test]
fn the_page_stands_alone() {
    let records = fixtures::wine();
    let page = page(&fixtures::report("Alone", &records));
    assert_eq!(page.matches("<svg").count(), 8);
    for outside in ["src=", "href=", "@import", "url(", "<link", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
}

#[test]
fn a_long_configuration_is_pointed_to_instead_of_shown() {
    let records = Records::default();
    let report =
        Report { experiment: "mine".into(), configuration: "key = 1\n".repeat(300), ..Report::new(&records) };
    let text = text(&report);
    assert!(text.contains("The configuration of `mine` has 300 lines; experiment.toml holds it."));
    assert!(!text.contains("key = 1"));
}

#[test]
fn a_flag_is_listed_once_with_all_that_bear_it() {
    let mut records = fixtures::wine();
    for row in &mut records.results[1..4] {
        row.flag = "1 zero point lies outside the codes".into();
    }
    let text = text(&fixtures::report("Flags", &records));
    assert!(text.contains("\n- **1 zero point lies outside the codes**: 8 bit; 6 bit; 4 bit.\n"), "{text}");
}

#[test]
fn what_was_expected_and_is_not_there_is_said() {
    let records = fixtures::sweep();
    let text = text(&fixtures::report("A sweep", &records));
    let lessons = text.split("## What each choice was worth").nth(1).unwrap();
    let (seen, missing) = lessons.split_once("Expected to help, but no gain is shown here:").unwrap();
    assert!(
        seen.contains("granularity: **group 32** instead of tensor: better at 4 bits (+0.004 ± "),
        "{seen}"
    );
    assert!(
        missing.contains("symmetry: **asymmetric** instead of symmetric: no difference shown at"),
        "{missing}"
    );
}

#[test]
fn test_rows_that_were_trained_on_are_told() {
    let mut records = fixtures::wine();
    assert!(!text(&fixtures::report("Wine", &records)).contains("features of a training row"));
    for row in &mut records.results {
        row.shape.as_mut().unwrap().seen_rows = 7;
    }
    let text = text(&fixtures::report("Wine", &records));
    assert!(text.contains("7 of the test rows have the features of a training row"), "{text}");
}

#[test]
fn the_next_byte_is_advised_in_words() {
    let records = fixtures::sensitivity();
    let text = text(&fixtures::report("Sensitivity", &records));
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
