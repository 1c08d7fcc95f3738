//! `bitsweep man`

use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::{Man, generate_to};

use super::print;
use crate::cli::Cli;
use crate::failure::Failure;

/// Prints the page of the program, or writes those of all commands into a folder.
pub(super) fn man(out: Option<&Path>) -> Result<(), Failure> {
    let command = Cli::command().disable_help_subcommand(true);
    match out {
        None => {
            let mut page = Vec::new();
            let rendered = Man::new(command).render(&mut page);
            rendered.map_err(|error| Failure::Other(format!("cannot make the manual page: {error}")))?;
            print(&String::from_utf8_lossy(&page))
        }
        Some(folder) => {
            let written: io::Result<()> =
                std::fs::create_dir_all(folder).and_then(|()| generate_to(command, folder));
            written.map_err(|error| {
                Failure::Output(format!("cannot write manual pages to {}: {error}", folder.display()))
            })
        }
    }
}
