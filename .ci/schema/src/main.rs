//! `schema SCHEMA FILE…`: whether TOML files are as a JSON Schema wants them.

use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use serde_json::Value;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut paths = env::args().skip(1);
    let schema = fs::read_to_string(paths.next().ok_or("expected the path of a schema")?)?;
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema)?)?;
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        let file: Value = toml::from_str(&fs::read_to_string(&path)?)?;
        for error in validator.iter_errors(&file) {
            eprintln!("{path}: {}: {error}", error.instance_path());
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
