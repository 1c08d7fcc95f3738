//! Codes that are positions in tables of centroids: `v̂ = c[1][q₁] + c[2][q₂] + …`, added in that order.

use bitsweep_quant::{Codebook, Codebooks, Quantized};

use crate::export::c::text::{indented, index_type, integers, read};

use super::code_reader::CodeReader;
use super::matrix_source::MatrixSource;
use super::numbers::Numbers;

/// How the columns of a row fall into sub-vectors.
struct Columns {
    /// Components of the sub-vectors at the begin of a row.
    width: usize,
    /// Columns before which sub-vectors are as wide; those behind have one component less.
    wide: usize,
    /// Places with codebooks of their own.
    places: usize,
}

/// Adds the codes of sub-vectors and their centroids.
pub(super) fn codebooks(source: &mut MatrixSource, quantized: &Quantized, codebooks: &Codebooks<f32>) {
    let ((rows, columns), name) = (quantized.shape(), source.name.clone());
    let stages = codebooks.codes_of_column(0).len();
    let (blocks, books) = (quantized.blocks(), codebooks.all());
    let (tile_rows, _) = blocks.tile();
    let Columns { width, wide, places } = columns_of(books, stages, rows.div_ceil(tile_rows), columns);
    let reader = CodeReader::new(&name, quantized, 0);
    source.constants.push(reader.constants);
    source.head += &reader.head;

    // Where the codebook of a stage begins, and which it is.
    let position = index_type(books.iter().map(|book| book.components().len()).sum());
    let at = if stages > 1 { "at[s]" } else { "at" };
    let book = match (books.len() > stages, stages > 1) {
        (false, false) => "0",
        (false, true) => "s",
        (true, false) => "book",
        (true, true) => "book + s",
    };
    let mut offset = String::new();
    if books.len() > 1 {
        let begin = |start: &mut usize, book: &Codebook<f32>| {
            let begin = *start as i32;
            *start += book.components().len();
            Some(begin)
        };
        let begins: Vec<i32> = books.iter().scan(0, begin).collect();
        let begins_name = format!("{name}_begins");
        let (kind, constants) = integers(&begins_name, &begins);
        source.constants.push(constants);
        offset = format!("{} + ", read(kind, &format!("{begins_name} + {book}")));
    }
    if books.len() > stages {
        let kind = index_type(books.len());
        source.head += &format!("{kind} book = 0;\n");
        let block = match blocks.len() {
            1 => "0".to_owned(),
            _ if tile_rows == 1 => format!("i * {}u", places * stages),
            _ => format!("i / {tile_rows}u * {}u", places * stages),
        };
        source.row += &format!("book = ({kind})({block});\n");
    }

    // A sub-vector begins.
    let widest = match wide < columns {
        true => format!("((o < {wide}u) ? {width}u : {}u)", width - 1),
        false => format!("{width}u"),
    };
    let next = format!("{at} = ({position})({offset}code * {widest});\n");
    let mut begin = each_stage(stages, &format!("{}{next}", reader.take));
    source.head += &match stages {
        1 => format!("{position} at = 0;\n"),
        _ => format!("{position} at[{stages}] = {{0}};\nuint8_t s;\n"),
    };
    let kind = index_type(width);
    if width > 1 {
        source.head += &format!("{kind} ahead = 0;\n");
        source.row += "ahead = 0;\n";
        begin = format!("if (ahead == 0) {{\n{}    ahead = {widest};\n}}\n", indented(&begin, 1));
    }
    source.value += &begin;

    // Its next component.
    let component = component(source, books, stages, (at, book));
    source.value += &component;
    if width > 1 {
        source.value += "ahead--;\n";
    }
    if places > 1 {
        let on = format!("book = ({})(book + {stages}u);\n", index_type(books.len()));
        source.value += &match width {
            1 => on,
            _ => format!("if (ahead == 0) {{\n{}}}\n", indented(&on, 1)),
        };
    }
}

/// Adds the centroids; what leaves the sum of all stages in `value` and goes on by a component.
fn component(
    source: &mut MatrixSource,
    books: &[Codebook<f32>],
    stages: usize,
    (at, book): (&str, &str),
) -> String {
    let name = source.name.clone();
    let components =
        books.iter().flat_map(|book| book.components().iter().map(move |own| (*own, book.step())));
    // Those in bytes are whole numbers of a step.
    let whole = |(component, step): (f32, Option<f32>)| match step {
        Some(step) => (f64::from(component) / f64::from(step)).round_ties_even() as f32,
        None => component,
    };
    let numbers: Vec<f32> = components.map(whole).collect();
    let numbers = source.add(Numbers::new(&format!("{name}_centroids"), &numbers));
    let steps: Vec<f32> = books.iter().map(|book| book.step().unwrap_or(1.0)).collect();
    let steps = source.add(Numbers::new(&format!("{name}_steps"), &steps));
    let scaled = |to: &str| match steps.same() {
        Some(1.0) => String::new(),
        _ => format!("{to} *= {};\n", steps.at(book)),
    };
    if stages == 1 {
        return format!("value = {};\n{}{at}++;\n", numbers.at(at), scaled("value"));
    }
    let part = format!("float part = {};\n{}value += part;\n{at}++;\n", numbers.at(at), scaled("part"));
    format!("value = 0.0f;\n{}", each_stage(stages, &part))
}

/// Statements for each stage `s`.
fn each_stage(stages: usize, statements: &str) -> String {
    match stages {
        1 => statements.to_owned(),
        _ => format!("for (s = 0; s < {stages}; s++) {{\n{}}}\n", indented(statements, 1)),
    }
}

/// How columns fall into sub-vectors, by the widths of the codebooks of all places of the first of so many blocks.
fn columns_of(books: &[Codebook<f32>], stages: usize, blocks: usize, columns: usize) -> Columns {
    let places = books.len() / (stages * blocks);
    let widths: Vec<usize> = books.iter().step_by(stages).take(places).map(Codebook::width).collect();
    let width = widths.first().copied().unwrap_or(1);
    let wide = match places {
        1 => columns,
        _ => widths.iter().filter(|own| **own == width).sum(),
    };
    Columns { width, wide, places }
}
