//! The large tables, written as their rows come.

use bitsweep_results::{Labels, LargeRows, ResultsError, TableRow, write_header, write_rows};

use super::folder::Folder;
use super::output::Output;
use crate::evaluate::Sink;
use crate::failure::Failure;

/// The files of the large tables; a file is begun with its first row.
pub struct LargeTables<'a> {
    folder: &'a Folder,
    labels: &'a Labels,
    tensors: Table,
    values: Table,
    codebooks: Table,
    products: Table,
}

struct Table {
    name: &'static str,
    file: Option<Output>,
}

impl<'a> LargeTables<'a> {
    /// No rows yet.
    pub fn new(folder: &'a Folder, labels: &'a Labels) -> Self {
        let table = |name| Table { name, file: None };
        Self {
            folder,
            labels,
            tensors: table("tensors.csv"),
            values: table("values.csv"),
            codebooks: table("codebooks.csv"),
            products: table("products.csv"),
        }
    }

    /// Brings all files onto the disk.
    ///
    /// # Errors
    /// When the disk refuses them.
    pub fn finish(self) -> Result<(), Failure> {
        let Self { folder, labels: _, tensors, values, codebooks, products } = self;
        for Table { name, file } in [tensors, values, codebooks, products] {
            if let Some(file) = file {
                folder.finish_file(name, file)?;
            }
        }
        Ok(())
    }
}

impl Sink for LargeTables<'_> {
    fn write(&mut self, rows: &LargeRows) -> Result<(), Failure> {
        let LargeRows { tensors, values, codebooks, products } = rows;
        self.tensors.append(tensors, self.labels, self.folder)?;
        self.values.append(values, self.labels, self.folder)?;
        self.codebooks.append(codebooks, self.labels, self.folder)?;
        self.products.append(products, self.labels, self.folder)
    }
}

impl Table {
    fn append<R: TableRow>(&mut self, rows: &[R], labels: &Labels, folder: &Folder) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        let refused = |error: ResultsError| folder.refused(self.name, &error);
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = folder.create_file(self.name)?;
                write_header::<R>(&mut file).map_err(refused)?;
                self.file.insert(file)
            }
        };
        write_rows::<R>(rows, labels, file).map_err(refused)
    }
}
