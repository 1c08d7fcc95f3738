//! Codes that are positions in tables of centroids: `v̂ = c[1][q₁] + c[2][q₂] + …`, added in that order.

use bitsweep_quant::{Codebook, CodebookFormat, Codebooks, Real as Number};

use crate::export::element::{self, ElementType};
use crate::export::graph::{Attribute, Graph};
use crate::export::options::Opset;
use crate::export::tiling::cut;

use super::coded::Coded;
use super::codes::{self, note_width};

/// The tables of one stage, put together as one.
struct Table {
    /// Rows of the table before the codebook at each place of each block.
    offsets: Vec<usize>,
    /// Components of a centroid; those of narrower codebooks are filled up with zeros.
    width: usize,
    components: Vec<f64>,
}

/// Adds the codes and codebooks, and `Gather`s that look up each stage; what the stages say is added up.
pub(super) fn codebooks<T: Number>(graph: &mut Graph, coded: &Coded<'_>, codebooks: &Codebooks<T>) -> String {
    let [rows, columns] = coded.dims();
    let per_row = codebooks.codes_per_row();
    let stages = codebooks.codes_of_column(0).len();
    let subvectors = per_row / stages.max(1);
    let [blocks, _] = coded.tiling.dims();
    let places = codebooks.all().len() / (stages * blocks).max(1);
    let mut sum: Option<String> = None;
    for stage in 0..stages {
        let name = |part: &str| match stages {
            1 => coded.part(part),
            _ => format!("{}.stage {}.{part}", coded.name, stage + 1),
        };
        let books: Vec<&Codebook<T>> = codebooks.all().iter().skip(stage).step_by(stages).collect();
        let table = table(&books);
        let codes = coded.quantized.codes().iter().skip(stage).step_by(stages).map(i64::from);
        let bits = coded.scheme.bits();
        let kind = codes::integer_type(0, (1 << bits) - 1, Opset::V21);
        note_width(graph, coded.name, bits, kind);
        let codes = graph.initializer(&name("codes"), element::patterns(kind, &[rows, subvectors], codes));
        let mut indices = graph.cast(&codes, ElementType::Int32, &name("indices"));
        if books.len() > 1 {
            // One row of offsets a row of codes, or one for all rows.
            let row_count = if blocks > 1 { rows } else { 1 };
            let of_row = |row: usize| {
                let block = row / coded.tiling.tile_rows();
                table.offsets[block * places..(block + 1) * places].iter().map(|&offset| offset as i64)
            };
            let offsets =
                element::patterns(ElementType::Int32, &[row_count, places], (0..row_count).flat_map(of_row));
            let offsets = graph.initializer(&name("offsets"), offsets);
            indices = graph.node("Add", &[&indices, &offsets], &name("indices by place"));
        }
        let components = stored(graph, coded, &name("codebook"), &table);
        let looked_up = graph.node("Gather", &[&components, &indices], &name("centroids"));
        sum = Some(match sum {
            None => looked_up,
            Some(sum) => graph.node("Add", &[&sum, &looked_up], &name("sum")),
        });
    }
    let widths: Vec<usize> =
        codebooks.all().iter().step_by(stages.max(1)).take(places).map(Codebook::width).collect();
    rows_of(graph, coded, &sum.unwrap_or_default(), &widths, subvectors, [rows, columns])
}

/// The codebooks of a stage, one behind the other.
fn table<T: Number>(books: &[&Codebook<T>]) -> Table {
    let width = books.iter().map(|book| book.width()).max().unwrap_or_default();
    let mut table = Table { offsets: Vec::with_capacity(books.len()), width, components: Vec::new() };
    for book in books {
        table.offsets.push(table.components.len() / width.max(1));
        for code in 0..book.len() {
            let centroid = book.centroid(code);
            table.components.extend(centroid.iter().map(|component| component.to_f64()));
            table.components.extend(std::iter::repeat_n(0.0, width - centroid.len()));
        }
    }
    table
}

/// The table in the type of the centroids, as floats of the reconstruction's arithmetic.
fn stored(graph: &mut Graph, coded: &Coded<'_>, name: &str, table: &Table) -> String {
    let wide = coded.real.element();
    let kind = match coded.scheme.codebook_format {
        CodebookFormat::F16 => ElementType::Float16,
        CodebookFormat::Float => wide,
        CodebookFormat::Int8 => {
            let kind = wide.name();
            let note = format!("centroids of `codebook_format = int8` are stored as {kind}, not as bytes");
            graph.note(coded.name, note);
            wide
        }
    };
    let count = table.components.len() / table.width.max(1);
    let components = table.components.iter().copied();
    let stored = graph.initializer(name, element::floats(kind, &[count, table.width], components));
    if kind == wide { stored } else { graph.cast(&stored, wide, &format!("{name} as {}", wide.name())) }
}

/// The matrix of sub-vectors `(rows, subvectors, width)` one beside the other; `widths` are those at each place.
fn rows_of(
    graph: &mut Graph,
    coded: &Coded<'_>,
    centroids: &str,
    widths: &[usize],
    subvectors: usize,
    [rows, columns]: [usize; 2],
) -> String {
    let widest = widths.first().copied().unwrap_or(1);
    let wide = widths.iter().filter(|&&width| width == widest).count();
    let side_by_side = |graph: &mut Graph, part: &str, count: usize, width: usize| {
        let dims = graph.integers(&coded.part("row shape"), &[rows as i64, (count * width) as i64]);
        graph.node("Reshape", &[part, &dims], &coded.part("rows"))
    };
    // One place, or several as wide as each other: sub-vectors at the end of a row may have more components than columns.
    if wide == widths.len() {
        let matrix = side_by_side(graph, centroids, subvectors, widest);
        return cut(graph, matrix, 1, subvectors * widest, columns);
    }
    let parts = graph.integers(&coded.part("places by width"), &[wide as i64, (widths.len() - wide) as i64]);
    let [wider, narrower] = graph.split_in_two(centroids, &parts, 1, &coded.part("places"));
    let narrower = cut(graph, narrower, 2, widest, widest - 1);
    let wider = side_by_side(graph, &wider, wide, widest);
    let narrower = side_by_side(graph, &narrower, widths.len() - wide, widest - 1);
    graph.node_with(
        "Concat",
        &[&wider, &narrower],
        &coded.part("all places"),
        vec![("axis", Attribute::Integer(1))],
    )
}
