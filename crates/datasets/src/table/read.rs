//! The columns of a source's file or files.

use std::path::{Path, PathBuf};

use super::assemble::assemble;
use super::cell::{CellReader, Decimal};
use super::column_ref::{ColumnRef, Columns};
use super::content::{content, unpacked};
use super::dialect::Dialect;
use super::encoding::decode;
use super::error::{TableError, TableProblem};
use super::parquet::{self, ParquetFile};
use super::raw::{Asked, RawColumn, RawTable, Wanted};
use super::source::TableSource;
use super::text::TextFile;
use crate::dataset::{Dataset, ReadFile, RowsOfFile};
use crate::note::Note;

/// What a ZIP archive begins with.
const ZIP: &[u8] = b"PK\x03\x04";

impl TableSource {
    /// Reads the file, or both; a relative path starts at `folder`. None may have more than `most_bytes`, packed or unpacked.
    ///
    /// # Errors
    /// A [`TableError`] that names the file, the line and the column, and what was expected there.
    pub fn read(&self, folder: &Path, most_bytes: u64) -> Result<Dataset, TableError> {
        let in_file = |path: &PathBuf| {
            let path = path.clone();
            move |problem| TableError { path, problem }
        };
        let (first, second) = match (&self.path, &self.train, &self.test) {
            (Some(path), None, None) => (path, None),
            (None, Some(train), Some(test)) => (train, Some(test)),
            (path, train, _) => {
                let path = path.as_ref().or(train.as_ref()).cloned().unwrap_or_default();
                return Err(TableError { path, problem: TableProblem::NoPath });
            }
        };
        let target = Some(&self.target);
        let read_file = |path: &PathBuf| {
            self.read_file(path, &folder.join(path), most_bytes, target).map_err(in_file(path))
        };
        let mut read = read_file(first)?;
        if let Some(second) = second {
            read.append(read_file(second)?).map_err(in_file(second))?;
        }
        assemble(self, read).map_err(in_file(first))
    }

    /// Reads a file's bytes as those of the only file.
    pub(crate) fn read_bytes(&self, bytes: Vec<u8>) -> Result<Dataset, TableProblem> {
        let bytes = unpacked(bytes, u64::MAX)?;
        assemble(self, self.read_columns(Path::new(""), bytes, u64::MAX, Some(&self.target))?)
    }

    /// Reads the file at `place`; without a `target` none is looked for.
    pub(super) fn read_file(
        &self,
        path: &Path,
        place: &Path,
        most: u64,
        target: Option<&ColumnRef>,
    ) -> Result<RawTable, TableProblem> {
        self.read_columns(path, content(place, most)?, most, target)
    }

    fn read_columns(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        most: u64,
        target: Option<&ColumnRef>,
    ) -> Result<RawTable, TableProblem> {
        let hash = blake3::hash(&bytes);
        let mut notes = Vec::new();
        let (roles, columns, lines, layout) = if !bytes.starts_with(parquet::MAGIC) {
            if bytes.starts_with(ZIP) {
                return Err(TableProblem::Zip);
            }
            let (text, encoding) = decode(bytes, self.encoding, &mut notes)?;
            if text.trim().is_empty() {
                return Err(TableProblem::Empty);
            }
            // Lines that end by a carriage return alone are known to few, and comments among them to none.
            let text = if text.contains('\n') { text } else { text.replace('\r', "\n") };
            let dialect = Dialect::of(&text, self, &mut notes);
            if dialect.comment == Some(dialect.separator.byte()) {
                return Err(TableProblem::CommentSeparates(char::from(dialect.separator.byte())));
            }
            let plain = dialect.separator.plain(&text);
            let file = TextFile::new(&plain, dialect)?;
            let roles = Roles::of(self, target, &file.columns)?;
            let cells = CellReader::new(dialect.decimal, &self.missing_values);
            let rows = file.rows(&roles.wanted, &cells)?;
            (roles, rows.columns, rows.lines, Some(dialect.layout(encoding)))
        } else {
            self.refuse_keys_of_text()?;
            let mut file = ParquetFile::new(bytes)?;
            let roles = Roles::of(self, target, &file.names())?;
            let cells = CellReader::new(Decimal::Point, &self.missing_values);
            let columns = file.read(&roles.wanted, &cells, most)?;
            (roles, columns, (1..=file.rows()).collect(), None)
        };
        let files = vec![ReadFile { path: path.to_owned(), hash, rows: lines.len(), layout }];
        Ok(roles.sort(columns, RowsOfFile { files, lines }, notes))
    }

    fn refuse_keys_of_text(&self) -> Result<(), TableProblem> {
        let keys = [
            ("separator", self.separator.is_some()),
            ("decimal", self.decimal.is_some()),
            ("encoding", self.encoding.is_some()),
            ("comment", self.comment.is_some()),
            ("header", self.header.is_some()),
        ];
        match keys.into_iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) => Err(TableProblem::NotOfParquet(key)),
            None => Ok(()),
        }
    }
}

/// What each column of a file is for.
struct Roles {
    target: Option<usize>,
    split: Option<usize>,
    group: Option<usize>,
    features: Vec<usize>,
    asked: Vec<Asked>,
    wanted: Vec<Wanted>,
}

impl Roles {
    fn of(source: &TableSource, target: Option<&ColumnRef>, columns: &Columns) -> Result<Self, TableProblem> {
        let find = |column: Option<&ColumnRef>| column.map(|own| own.find(columns)).transpose();
        let target = find(target)?;
        let (split, group) = (find(source.split.as_ref())?, find(source.group.as_ref())?);
        let mut is_feature = vec![source.columns.is_empty(); columns.names.len()];
        for kept in &source.columns {
            kept.find_all(columns)?.into_iter().for_each(|position| is_feature[position] = true);
        }
        for dropped in source.drop.iter().chain(&source.other_targets) {
            let positions = dropped.find_all(columns)?;
            if let [position] = positions.as_slice()
                && target == Some(*position)
            {
                return Err(TableProblem::UnusedTarget { column: columns.names[*position].clone() });
            }
            positions.into_iter().for_each(|position| is_feature[position] = false);
        }
        for used in [target, split, group].into_iter().flatten() {
            is_feature[used] = false;
        }
        let features: Vec<usize> = (0..columns.names.len()).filter(|&column| is_feature[column]).collect();
        if features.is_empty() {
            return Err(no_features(columns));
        }
        let mut wanted = vec![Wanted::Nothing; columns.names.len()];
        features.iter().for_each(|&column| wanted[column] = Wanted::Whatever);
        let asked = asked(source, columns, &is_feature)?;
        features
            .iter()
            .filter(|column| asked[**column] != Asked::Nothing)
            .for_each(|&column| wanted[column] = Wanted::Text);
        for column in [split, group].into_iter().flatten() {
            wanted[column] = Wanted::Text;
        }
        if let Some(target) = target {
            wanted[target] = if source.bins.is_some() { Wanted::Whatever } else { Wanted::Labels };
        }
        Ok(Self { target, split, group, features, asked, wanted })
    }

    /// The columns by what they are for.
    fn sort(self, columns: Vec<RawColumn>, file: RowsOfFile, notes: Vec<Note>) -> RawTable {
        let asked = columns.into_iter().zip(self.asked);
        let mut columns: Vec<Option<RawColumn>> =
            asked.map(|(column, asked)| Some(RawColumn { asked, ..column })).collect();
        let mut take = |position: usize| columns[position].take();
        let target = self.target.and_then(&mut take).unwrap_or_else(|| RawColumn::missing(file.lines.len()));
        RawTable {
            target,
            split: self.split.and_then(&mut take),
            group: self.group.and_then(&mut take),
            features: self.features.into_iter().filter_map(&mut take).collect(),
            file,
            notes,
        }
    }
}

/// How the texts of each column are to become features, where the source says so.
fn asked(source: &TableSource, columns: &Columns, is_feature: &[bool]) -> Result<Vec<Asked>, TableProblem> {
    let mut asked = vec![Asked::Nothing; columns.names.len()];
    let mut ask = |column: usize, how: Asked, key: &'static str| {
        let why = match (is_feature[column], asked[column]) {
            (false, _) => "it is no feature",
            (true, other) if other != Asked::Nothing && other != how => {
                "another of `one_hot`, `ordinal` and `levels` names it, too"
            }
            (true, _) => {
                asked[column] = how;
                return Ok(());
            }
        };
        Err(TableProblem::NoSuchFeature { column: columns.names[column].clone(), key, why })
    };
    for (key, named, how) in
        [("one_hot", &source.one_hot, Asked::OneHot), ("ordinal", &source.ordinal, Asked::Ordinal)]
    {
        for column in named {
            column.find_all(columns)?.into_iter().try_for_each(|column| ask(column, how, key))?;
        }
    }
    for (name, levels) in &source.levels {
        ask(ColumnRef::Name(name.clone()).find(columns)?, Asked::InOrder, "levels")?;
        if levels.is_empty() || (1..levels.len()).any(|end| levels[..end].contains(&levels[end])) {
            return Err(TableProblem::NoOrder { column: name.clone() });
        }
    }
    Ok(asked)
}

fn no_features(columns: &Columns) -> TableProblem {
    TableProblem::NoFeatures { columns: columns.names.clone() }
}
