//! The columns of what a row is of, and of what a reader must know of it.

use std::borrow::Cow;

use super::column::{Access, Column, Entry, PutWhole, filled, set, text, whole};
use super::draft::{read_choices, read_settings, write_choices, write_settings};
use crate::choice::Choice;
use crate::measures::Measures;
use crate::origin::{DatasetShape, Task};
use crate::record::FailureKind;

fn task<'r>(entry: &Entry<'r>) -> &'r Task {
    &entry.row.origin.unit.task
}

pub(super) fn unit() -> Vec<Column> {
    let dataset = text(
        "dataset",
        |entry| filled(&task(entry).dataset),
        Some(|draft, name| {
            draft.dataset = name.to_owned();
            Some(())
        }),
    );
    let mut columns =
        vec![text("unit", |entry| Some(entry.row.origin.unit.key.short().into()), None), key(), dataset];
    columns.extend(shape());
    columns.extend([
        text(
            "rng",
            |entry| filled(&task(entry).rng),
            Some(|draft, name| {
                draft.rng = name.to_owned();
                Some(())
            }),
        ),
        whole(
            "seed",
            |entry| Some(entry.row.origin.unit.seed),
            Some(|draft, seed| set(&mut draft.seed, seed)),
        ),
        whole(
            "fold",
            |entry| entry.row.origin.unit.fold.map(|fold| fold as u64),
            Some(|draft, fold| set(draft.fold.get_or_insert_default(), fold)),
        ),
        text(
            "model",
            |entry| filled(&task(entry).model),
            Some(|draft, name| {
                draft.model = name.to_owned();
                Some(())
            }),
        ),
    ]);
    columns
}

/// The row's own key.
pub(super) fn key() -> Column {
    text(
        "key",
        |entry| Some(entry.row.key.to_string().into()),
        Some(|draft, key| {
            draft.key = key.parse().ok()?;
            Some(())
        }),
    )
}

/// Rows and columns of the data behind a unit.
pub(super) fn shape() -> [Column; 6] {
    let shape = |name, get: fn(&DatasetShape) -> usize, put: PutWhole| {
        whole(
            name,
            move |entry| entry.row.origin.unit.shape.as_ref().map(|shape| get(shape) as u64),
            Some(put),
        )
    };
    [
        shape("train_rows", |shape| shape.train_rows, |draft, rows| set(&mut draft.shape().train_rows, rows)),
        shape(
            "validation_rows",
            |shape| shape.validation_rows,
            |draft, rows| set(&mut draft.shape().validation_rows, rows),
        ),
        shape("test_rows", |shape| shape.test_rows, |draft, rows| set(&mut draft.shape().test_rows, rows)),
        shape(
            "seen_test_rows",
            |shape| shape.seen_rows,
            |draft, rows| set(&mut draft.shape().seen_rows, rows),
        ),
        shape("features", |shape| shape.features, |draft, count| set(&mut draft.shape().features, count)),
        shape("classes", |shape| shape.classes, |draft, count| set(&mut draft.shape().classes, count)),
    ]
}

pub(super) fn setting(key: &str) -> Column {
    let own = key.to_owned();
    let get = move |entry: &Entry<'_>| {
        let found = task(entry).settings.iter().find(|(known, _)| *known == own)?;
        Some(found.1.to_string())
    };
    Column {
        name: key.to_owned().into(),
        access: Access::Text(Box::new(move |entry| get(entry).map(Cow::Owned)), None),
        is_canonical: false,
    }
}

/// Position and names, the bits as numbers, and every other choice as a reader sees it. Calibration rows have a column
/// among the measures.
pub(super) fn variant() -> Vec<Column> {
    let mut columns = vec![
        whole(
            "variant",
            |entry| Some(entry.row.origin.position as u64),
            Some(|draft, position| set(&mut draft.position, position)),
        ),
        text("label", |entry| Some(entry.label?.text().into()), None),
        text("series", |entry| Some(entry.label?.series().into()), None),
    ];
    columns.extend(Choice::ALL.into_iter().filter(|axis| *axis != Choice::Calibration).map(choice));
    columns.push(text("layer_bits", |entry| layer_bits(entry.row.measures()?), None));
    columns
}

fn choice(axis: Choice) -> Column {
    match axis {
        Choice::Bits | Choice::ActivationBits => {
            whole(axis.column(), move |entry| entry.row.origin.variant.choices.get(axis)?.as_number(), None)
        }
        axis => text(
            axis.column(),
            move |entry| Some(entry.row.origin.variant.choices.get(axis)?.to_string().into()),
            None,
        ),
    }
}

/// `W1 8, W2 4`.
fn layer_bits(measures: &Measures) -> Option<Cow<'_, str>> {
    let bits: Vec<String> = measures.layer_bits.iter().map(|(name, bits)| format!("{name} {bits}")).collect();
    (!bits.is_empty()).then(|| bits.join(", ").into())
}

/// What a reader must know: flags and failures.
pub(super) fn remarks() -> Vec<Column> {
    let flag = |entry: &Entry<'_>| {
        let choices = &entry.row.origin.variant.choices;
        let words: Vec<String> =
            entry.row.measures()?.flags.iter().map(|flag| flag.words(choices, 1)).collect();
        (!words.is_empty()).then(|| words.join("; "))
    };
    vec![
        text("flag", move |entry| flag(entry).map(Cow::Owned), None),
        text(
            "failure_kind",
            |entry| Some(entry.row.result.as_ref().err()?.kind.name().into()),
            Some(|draft, name| {
                let kind = FailureKind::ALL.into_iter().find(|kind| kind.name() == name)?;
                draft.failure_kind = Some(kind);
                Some(())
            }),
        ),
        text(
            "failure",
            |entry| filled(&entry.row.result.as_ref().err()?.reason),
            Some(|draft, reason| {
                draft.failure = reason.to_owned();
                Some(())
            }),
        ),
    ]
}

/// What rows are read back from and readers need not see: what a row is of.
pub(super) fn canonical_origin() -> [Column; 6] {
    let columns = [
        text(
            "task_key",
            |entry| Some(task(entry).key.to_string().into()),
            Some(|draft, key| {
                draft.task = key.parse().ok()?;
                Some(())
            }),
        ),
        text(
            "unit_key",
            |entry| Some(entry.row.origin.unit.key.to_string().into()),
            Some(|draft, key| {
                draft.unit = key.parse().ok()?;
                Some(())
            }),
        ),
        text(
            "settings",
            |entry| write_settings(&task(entry).settings).map(Cow::Owned),
            Some(|draft, json| {
                draft.settings = read_settings(json)?;
                Some(())
            }),
        ),
        text(
            "name",
            |entry| entry.row.origin.variant.name.as_deref().map(Cow::Borrowed),
            Some(|draft, name| {
                draft.name = Some(name.to_owned());
                Some(())
            }),
        ),
        text(
            "choices",
            |entry| write_choices(&entry.row.origin.variant.choices).map(Cow::Owned),
            Some(|draft, json| {
                draft.choices = read_choices(json)?;
                Some(())
            }),
        ),
        whole(
            "shared_codes",
            |entry| Some(u64::from(entry.row.origin.variant.has_shared_codes)),
            Some(|draft, is_shared| {
                draft.has_shared_codes = is_shared != 0;
                Some(())
            }),
        ),
    ];
    columns.map(canonical)
}

/// What rows are read back from and readers need not see: what was measured.
pub(super) fn canonical_measures() -> [Column; 2] {
    let columns = [
        text(
            "bits_by_layer",
            |entry| {
                let bits = &entry.row.measures()?.layer_bits;
                if bits.is_empty() { None } else { serde_json::to_string(bits).ok().map(Cow::Owned) }
            },
            Some(|draft, json| {
                draft.measures.layer_bits = serde_json::from_str(json).ok()?;
                Some(())
            }),
        ),
        text(
            "flags",
            |entry| {
                let flags = &entry.row.measures()?.flags;
                if flags.is_empty() { None } else { serde_json::to_string(flags).ok().map(Cow::Owned) }
            },
            Some(|draft, json| {
                draft.measures.flags = serde_json::from_str(json).ok()?;
                Some(())
            }),
        ),
    ];
    columns.map(canonical)
}

fn canonical(column: Column) -> Column {
    Column { is_canonical: true, ..column }
}
