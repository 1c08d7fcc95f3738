//! A validator of as much of JSON Schema as our schema uses, and no more: another keyword is a failure of the test.

use bitsweep_experiment::config::schema;
use serde_json::Value;

/// Whether a file is as the schema wants it; what is wrong where it is not.
pub(crate) fn validate(file: &str) -> Result<(), String> {
    let file: Value = toml::from_str(file).map_err(|error| error.to_string())?;
    let schema = schema();
    Validator { definitions: &schema["$defs"] }.validate(&file, &schema, "")
}

struct Validator<'s> {
    definitions: &'s Value,
}

impl Validator<'_> {
    fn validate(&self, value: &Value, schema: &Value, path: &str) -> Result<(), String> {
        let Some(keywords) = schema.as_object() else {
            return if schema == true { Ok(()) } else { Err(format!("{path}: nothing is expected")) };
        };
        for (keyword, rule) in keywords {
            if !self.follows(value, keyword, rule, schema, path)? {
                return Err(format!("{path}: {value} is against {keyword} = {rule}"));
            }
        }
        Ok(())
    }

    fn follows(
        &self,
        value: &Value,
        keyword: &str,
        rule: &Value,
        schema: &Value,
        path: &str,
    ) -> Result<bool, String> {
        let (items, table) = (value.as_array(), value.as_object());
        let limit = || usize::try_from(rule.as_u64().unwrap()).unwrap();
        let rules = || rule.as_array().unwrap().iter();
        let matching = || rules().filter(|rule| self.validate(value, rule, path).is_ok()).count();
        let number = |follows: fn(&f64, &f64) -> bool| {
            value.as_f64().is_none_or(|number| follows(&number, &rule.as_f64().unwrap()))
        };
        Ok(match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                return self.validate(value, &self.definitions[name], path).map(|()| true);
            }
            "type" => match rule {
                Value::Array(kinds) => kinds.iter().any(|kind| is_of_type(value, kind)),
                kind => is_of_type(value, kind),
            },
            "allOf" => {
                for rule in rules() {
                    self.validate(value, rule, path)?;
                }
                true
            }
            "const" => value == rule,
            "enum" => rules().any(|rule| rule == value),
            "oneOf" => matching() == 1,
            "anyOf" => matching() > 0,
            "minimum" => number(f64::ge),
            "maximum" => number(f64::le),
            "exclusiveMinimum" => number(f64::gt),
            "exclusiveMaximum" => number(f64::lt),
            "pattern" => match rule.as_str().unwrap() {
                r"\S" => value.as_str().is_none_or(|text| !text.trim().is_empty()),
                other => panic!("the pattern {other}"),
            },
            "minItems" => items.is_none_or(|items| items.len() >= limit()),
            "maxItems" => items.is_none_or(|items| items.len() <= limit()),
            "minProperties" => table.is_none_or(|table| table.len() >= limit()),
            "maxProperties" => table.is_none_or(|table| table.len() <= limit()),
            "uniqueItems" => items.is_none_or(|items| {
                (1..items.len()).all(|end| !items[..end].contains(&items[end])) || rule == false
            }),
            "items" => {
                for item in items.into_iter().flatten() {
                    self.validate(item, rule, path)?;
                }
                true
            }
            "required" => {
                table.is_none_or(|table| rules().all(|key| table.contains_key(key.as_str().unwrap())))
            }
            "properties" | "patternProperties" | "additionalProperties" => {
                for (key, value) in table.into_iter().flatten() {
                    if let Some((_, rule)) = rule_of(key, schema).filter(|(own, _)| *own == keyword) {
                        self.validate(value, rule, &format!("{path}.{key}"))?;
                    }
                }
                true
            }
            other => panic!("the validator does not know {other}"),
        })
    }
}

fn is_of_type(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("the type {other} is none of TOML"),
    }
}

/// The keyword that speaks of a key of a table, and what it says.
fn rule_of<'s>(key: &str, schema: &'s Value) -> Option<(&'static str, &'s Value)> {
    if let Some(rule) = schema["properties"].get(key) {
        return Some(("properties", rule));
    }
    for (pattern, rule) in schema["patternProperties"].as_object().into_iter().flatten() {
        assert_eq!(pattern, "^W[1-9][0-9]*$");
        if key.strip_prefix('W').is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 0)) {
            return Some(("patternProperties", rule));
        }
    }
    schema.get("additionalProperties").map(|rule| ("additionalProperties", rule))
}
