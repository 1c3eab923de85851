//! The layers, and what of them belongs where.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use figment::{
    Figment, Profile, Provider,
    error::Kind as ErrorKind,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};
use serde::de::DeserializeOwned;

use super::reference::{self, DEFAULTS, Kind, Need};

const PREFIX: &str = "SURV_";
/// Variables with this prefix tell tests where services are; the product has no such section.
const FOR_TESTS: &str = "SURV_TEST_";
/// Names the file; not a setting.
const FILE_VARIABLE: &str = "SURV_CONFIG";

/// The layers of one configuration, not yet validated.
#[derive(Debug, Clone)]
pub struct Sources {
    figment: Figment,
    /// Which file or variable set a path; what is not in here has its default.
    origins: BTreeMap<String, String>,
    problems: Vec<String>,
}

/// Values of one layer, each at its place.
struct Layer {
    name: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

impl Sources {
    /// Reads the file and the environment of this process.
    ///
    /// # Errors
    /// A file that was asked for and cannot be read.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let variables: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .collect();
        let text = match file {
            Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?),
            None => match std::fs::read_to_string("surv.toml") {
                Ok(text) => Some(text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(error).context("reading surv.toml"),
            },
        };
        let name = file.map_or("surv.toml".to_owned(), |path| path.display().to_string());
        Ok(Self::of(text.as_deref().map(|text| (name.as_str(), text)), variables))
    }

    /// The same from given texts: `file` is its name and what is in it.
    pub fn of(file: Option<(&str, &str)>, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let figment = Figment::new().merge(Toml::string(DEFAULTS));
        let mut sources = Self { figment, origins: BTreeMap::new(), problems: Vec::new() };
        if let Some((name, text)) = file {
            sources.add_file(name, text);
        }
        sources.add_environment(variables);
        sources
    }

    /// Keys that nobody knows and values that could not be read at all.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Whether any key of a section has a value.
    pub fn uses(&self, section: &str) -> bool {
        self.figment.find_value(section).is_ok_and(|value| value.as_dict().is_some_and(|dict| !dict.is_empty()))
    }

    /// Reads one section: everything that is missing, or the first value of a wrong type.
    ///
    /// # Errors
    /// One sentence for each problem, without the value.
    pub fn extract<T: DeserializeOwned>(&self, section: &str) -> Result<T, Vec<String>> {
        let missing = self.missing(section);
        if !missing.is_empty() {
            return Err(missing);
        }
        let value = self.figment.find_value(section).map_err(|error| vec![describe(section, &error)])?;
        value.deserialize().map_err(|error| vec![describe(section, &error)])
    }

    /// Every setting and where it comes from, one a line. Secrets are masked.
    pub fn effective(&self) -> String {
        let mut values = BTreeMap::new();
        if let Ok(value) = self.figment.find_value("") {
            leaves("", &value, &mut values);
        }
        let lines = values.iter().filter(|(_, value)| !matches!(value, Value::Dict(..))).map(|(path, value)| {
            let secret = reference::find(path).is_none_or(|entry| entry.secret);
            let shown = if secret { "\"***\"".to_owned() } else { shown(value) };
            let origin = self.origins.get(path).map_or("default", String::as_str);
            format!("{path} = {shown}  # {origin}\n")
        });
        lines.collect()
    }

    fn missing(&self, section: &str) -> Vec<String> {
        let used = self.uses(section);
        let entries =
            reference::reference().iter().filter(|known| known.name == section).flat_map(|known| &known.entries);
        entries
            .filter(|entry| entry.need == Need::Required || (used && entry.need == Need::WithSection))
            .filter(|entry| self.figment.find_value(&entry.path()).is_err())
            .map(|entry| format!("{} has to be set (in the environment: {})", entry.path(), entry.variable()))
            .collect()
    }

    fn add_file(&mut self, name: &str, text: &str) {
        let root = match Toml::string(text).data() {
            Ok(mut data) => data.remove(&Profile::Default).unwrap_or_default(),
            // Its message quotes the line, which may hold a secret.
            Err(_) => return self.problems.push(format!("{name} is not TOML")),
        };
        let mut found = BTreeMap::new();
        leaves("", &Value::from(root), &mut found);
        let mut values = Dict::new();
        for (path, value) in found {
            if matches!(value, Value::Dict(..)) {
                if !path.is_empty() && !is_section(&path) {
                    self.problems.push(format!("{path} is not a section of the configuration (in {name})"));
                }
            } else if reference::find(&path).is_some() {
                insert(&mut values, &path, value);
                self.origins.insert(path, name.to_owned());
            } else {
                self.problems.push(format!("{path} is not a setting (in {name})"));
            }
        }
        self.merge(name, values);
    }

    fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        let mut values = Dict::new();
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if name.starts_with(FOR_TESTS) || name == FILE_VARIABLE {
                continue;
            }
            let path = rest.to_lowercase().replace("__", ".");
            match reference::find(&path).map(|entry| typed(entry.kind, &text)) {
                None => self.problems.push(format!("{name} is not a setting: there is no {path}")),
                Some(Err(wanted)) => self.problems.push(format!("{path} has to be {wanted} (in {name})")),
                Some(Ok(value)) => {
                    insert(&mut values, &path, value);
                    self.origins.insert(path, name);
                }
            }
        }
        self.merge("the environment", values);
    }

    fn merge(&mut self, name: &str, values: Dict) {
        // Replaces, never joins, lists: a later layer decides alone.
        self.figment = self.figment.clone().merge(Layer { name: name.to_owned(), values });
    }
}

/// What a variable's text stands for. Texts stay as they are: a password may look like a number.
fn typed(kind: Kind, text: &str) -> Result<Value, &'static str> {
    match kind {
        Kind::Text => Ok(Value::from(text)),
        Kind::Integer => text.trim().parse::<i64>().map(Value::from).map_err(|_| "a whole number"),
        Kind::Switch => text.trim().parse::<bool>().map(Value::from).map_err(|_| "true or false"),
        Kind::List => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::from(items.map(str::to_owned).collect::<Vec<_>>()))
        }
    }
}

fn is_section(path: &str) -> bool {
    let below = format!("{path}.");
    reference::reference().iter().any(|section| section.name == path || section.name.starts_with(&below))
}

/// Every value with its path, the tables among them too.
fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    into.insert(path.to_owned(), value.clone());
    for (key, inner) in value.as_dict().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        leaves(&path, inner, into);
    }
}

fn insert(dict: &mut Dict, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(dict.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            let inner = dict.entry(first.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Bool(_, switch) => switch.to_string(),
        Value::Num(_, number) => number.to_i128().map_or_else(|| "?".to_owned(), |number| number.to_string()),
        Value::Array(_, items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        _ => String::new(),
    }
}

/// figment's own message prints the value, which may be a secret.
fn describe(section: &str, error: &figment::Error) -> String {
    let path = std::iter::once(section).chain(error.path.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
    match &error.kind {
        ErrorKind::InvalidType(_, wanted) | ErrorKind::InvalidValue(_, wanted) => match wanted.as_str() {
            "u16" => format!("{path} has to be a whole number from 0 to 65535"),
            "u32" | "u64" | "usize" => format!("{path} has to be a whole number, and not a huge one"),
            wanted => format!("{path} has to be {wanted}"),
        },
        ErrorKind::MissingField(field) => format!("{path}.{field} has to be set"),
        ErrorKind::UnknownVariant(_, known) => format!("{path} has to be one of {}", known.join(", ")),
        _ if reference::find(&path).is_none_or(|entry| entry.secret) => format!("{path} cannot be read"),
        other => format!("{path}: {other}"),
    }
}
