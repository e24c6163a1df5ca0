//! `profiles.yml`: where tables are built and how. Without one, everything has a default.

use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::LoadOptions;
use super::fields::{Fields, scalar_text, wrong_type};
use super::node::Target;
use super::templates::TextContext;
use super::yaml::{Mapping, Yaml};
use crate::error::{Diagnostic, codes};
use crate::host::Host;

const FILE_NAME: &str = "profiles.yml";
const DEFAULT_DATABASE: &str = "headwater";
const DEFAULT_SCHEMA: &str = "main";
const DEFAULT_TARGET: &str = "default";
const ENGINE: &str = "datafusion";

const KNOWN: &[&str] = &[
    "as_of",
    "database",
    "memory_limit",
    "schema",
    "settings",
    "temp_directory",
    "threads",
    "type",
    "vars",
    "warehouse",
];

/// What the loader knows when it looks for a target.
pub(super) struct Wanted<'a> {
    pub(super) root: &'a Path,
    pub(super) profile: String,
    pub(super) options: &'a LoadOptions,
}

/// Finds the target that the options, the project and `profiles.yml` mean.
pub(super) fn resolve(
    host: &Host,
    wanted: &Wanted<'_>,
    context: &TextContext<'_>,
    out: &mut Vec<Diagnostic>,
) -> Target {
    let defaults = defaults(wanted);
    let Some((path, required)) = find(host, wanted) else {
        return defaults;
    };
    let shown = path.strip_prefix(wanted.root).unwrap_or(&path).to_path_buf();
    let Some(file) = super::project_file::read(host, &path, &shown, out) else {
        return defaults;
    };
    let profiles = file.as_mapping();
    let Some(profile) = profiles.and_then(|profiles| profiles.get(&wanted.profile)) else {
        if required {
            let names = profiles.into_iter().flat_map(Mapping::iter).map(|(name, _)| name);
            out.push(
                Diagnostic::error(
                    codes::PROFILE_INVALID,
                    format!("no profile `{}` in `{}`", wanted.profile, shown.display()),
                )
                .at(file.span())
                .nearest(&wanted.profile, names),
            );
        }
        return defaults;
    };
    choose(profile, defaults, wanted, context, out)
}

fn defaults(wanted: &Wanted<'_>) -> Target {
    let options = wanted.options;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Target {
        profile_name: wanted.profile.clone(),
        name: options
            .target
            .clone()
            .unwrap_or_else(|| DEFAULT_TARGET.to_owned()),
        database: DEFAULT_DATABASE.to_owned(),
        schema: DEFAULT_SCHEMA.to_owned(),
        warehouse: location(wanted.root, "warehouse"),
        threads: options.threads.unwrap_or(cores).max(1),
        memory_limit_bytes: None,
        temp_directory: None,
        settings: IndexMap::new(),
        vars: Map::new(),
        as_of: None,
    }
}

/// The first `profiles.yml` of those that count, and whether it must have the project's profile.
fn find(host: &Host, wanted: &Wanted<'_>) -> Option<(PathBuf, bool)> {
    let named = wanted
        .options
        .profiles_dir
        .clone()
        .or_else(|| host.env("DBT_PROFILES_DIR").map(PathBuf::from))
        .map(|folder| host.working_directory().join(folder));
    let home = host.env("HOME").map(|home| Path::new(home).join(".dbt"));
    let required = wanted.options.profile.is_some();
    [
        named.map(|folder| (folder, true)),
        Some((wanted.root.to_path_buf(), true)),
        home.map(|folder| (folder, required)),
    ]
    .into_iter()
    .flatten()
    .map(|(folder, required)| (folder.join(FILE_NAME), required))
    .find(|(path, _)| host.exists(path))
}

fn choose(
    profile: &Yaml,
    defaults: Target,
    wanted: &Wanted<'_>,
    context: &TextContext<'_>,
    out: &mut Vec<Diagnostic>,
) -> Target {
    let what = format!("profile `{}`", wanted.profile);
    let Some(fields) = Fields::of(profile, what, &["config", "outputs", "target"], out) else {
        return defaults;
    };
    let written = fields
        .get("target")
        .map(|target| context.render(target, &[], out));
    let name = wanted
        .options
        .target
        .clone()
        .or_else(|| written.as_ref().and_then(scalar_text))
        .unwrap_or_else(|| DEFAULT_TARGET.to_owned());
    let outputs = fields.get("outputs").and_then(Yaml::as_mapping);
    let Some(output) = outputs.and_then(|outputs| outputs.get(&name)) else {
        let names = outputs.into_iter().flat_map(Mapping::iter).map(|(name, _)| name);
        out.push(
            Diagnostic::error(
                codes::PROFILE_INVALID,
                format!("profile `{}` has no target `{name}`", wanted.profile),
            )
            .at(profile.span())
            .nearest(&name, names),
        );
        return defaults;
    };
    let defaults = Target { name, ..defaults };
    let kind = output
        .as_mapping()
        .and_then(|output| output.get("type"))
        .and_then(scalar_text);
    match kind.as_deref() {
        Some(ENGINE) => native(&context.render(output, &[], out), defaults, wanted, out),
        kind => foreign(
            output,
            kind.unwrap_or("nothing"),
            defaults,
            (wanted, context),
            out,
        ),
    }
}

/// A target of another adapter: its schema and threads are kept, the engine and the warehouse are the embedded ones.
fn foreign(
    output: &Yaml,
    kind: &str,
    defaults: Target,
    (wanted, context): (&Wanted<'_>, &TextContext<'_>),
    out: &mut Vec<Diagnostic>,
) -> Target {
    out.push(
        Diagnostic::warning(
            codes::TARGET_REPLACED,
            format!(
                "target `{}` is of type `{kind}`: the embedded engine builds it",
                defaults.name
            ),
        )
        .at(output.span())
        .note(format!(
            "the tables go to `{}`",
            shown_location(wanted.root, &defaults.warehouse)
        ))
        .hint(format!(
            "a target of type `{ENGINE}` sets the warehouse, the memory and the threads"
        )),
    );
    let text = |key: &str, out: &mut Vec<Diagnostic>| {
        let value = context.render(output.as_mapping()?.get(key)?, &[], out);
        scalar_text(&value)
    };
    let schema = text("schema", out).unwrap_or_else(|| defaults.schema.clone());
    let threads = text("threads", out)
        .and_then(|threads| threads.parse().ok())
        .unwrap_or(defaults.threads);
    Target {
        schema,
        threads: wanted.options.threads.unwrap_or(threads).max(1),
        ..defaults
    }
}

fn native(output: &Yaml, defaults: Target, wanted: &Wanted<'_>, out: &mut Vec<Diagnostic>) -> Target {
    let what = format!("target `{}`", defaults.name);
    let Some(fields) = Fields::of(output, what, KNOWN, out) else {
        return defaults;
    };
    let place =
        |key: &str, out: &mut Vec<Diagnostic>| fields.text(key, out).map(|text| location(wanted.root, &text));
    let threads = count(&fields, out).unwrap_or(defaults.threads);
    Target {
        database: fields.text("database", out).unwrap_or(defaults.database),
        schema: fields.text("schema", out).unwrap_or(defaults.schema),
        warehouse: place("warehouse", out).unwrap_or(defaults.warehouse),
        threads: wanted.options.threads.unwrap_or(threads).max(1),
        memory_limit_bytes: memory_limit(&fields, out),
        temp_directory: place("temp_directory", out).map(PathBuf::from),
        settings: settings(&fields, out),
        vars: fields.map("vars", out),
        as_of: fields.text("as_of", out),
        ..defaults
    }
}

fn count(fields: &Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<usize> {
    let value = fields.get("threads")?;
    let threads = scalar_text(value)
        .and_then(|text| text.parse().ok())
        .filter(|threads| *threads > 0);
    if threads.is_none() {
        out.push(wrong_type(value, "`threads`", "a whole number above 0"));
    }
    threads
}

fn settings(fields: &Fields<'_>, out: &mut Vec<Diagnostic>) -> IndexMap<String, String> {
    let Some(value) = fields.get("settings") else {
        return IndexMap::new();
    };
    let Some(mapping) = value.as_mapping() else {
        out.push(wrong_type(value, "`settings`", "a mapping"));
        return IndexMap::new();
    };
    let mut settings = IndexMap::new();
    for (key, entry) in mapping.iter() {
        match scalar_text(&entry.value) {
            Some(text) => {
                settings.insert(key.to_owned(), text);
            }
            None => out.push(wrong_type(&entry.value, &format!("the setting `{key}`"), "text")),
        }
    }
    settings
}

fn memory_limit(fields: &Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<u64> {
    let value = fields.get("memory_limit")?;
    let bytes = scalar_text(value).as_deref().and_then(parse_bytes);
    if bytes.is_none() {
        out.push(wrong_type(value, "`memory_limit`", "a size such as `4GB`").hint(
            "the units are `KB`, `MB`, `GB`, `TB` (powers of 1000) and `KiB`, `MiB`, `GiB`, `TiB` (of 1024)",
        ));
    }
    bytes
}

/// Reads a size: `4GB`, `512 MiB`, `1.5g`, `1000000`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (amount, unit) = text.split_at(split);
    let (base, power) = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => (1000_u64, 0),
        "k" | "kb" => (1000, 1),
        "m" | "mb" => (1000, 2),
        "g" | "gb" => (1000, 3),
        "t" | "tb" => (1000, 4),
        "kib" => (1024, 1),
        "mib" => (1024, 2),
        "gib" => (1024, 3),
        "tib" => (1024, 4),
        _ => return None,
    };
    let unit_bytes = base.pow(power);
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit_bytes)?;
    let digits = u32::try_from(fraction.len()).ok().filter(|digits| *digits <= 9)?;
    let part = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<u64>().ok()?
    };
    let part = part.checked_mul(unit_bytes)? / 10_u64.pow(digits);
    whole.checked_add(part).filter(|bytes| *bytes > 0)
}

/// A path relative to the project's folder made absolute; a URL stays as it is.
fn location(root: &Path, text: &str) -> String {
    if text.contains("://") {
        return text.to_owned();
    }
    normal(&root.join(text)).to_string_lossy().into_owned()
}

fn shown_location(root: &Path, location: &str) -> String {
    Path::new(location)
        .strip_prefix(root)
        .map_or_else(|_| location.to_owned(), |path| path.display().to_string())
}

/// The path without `.` and `..`, as far as that can be told without looking.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The target's own variables over the project's.
pub(super) fn overlay(base: &Map<String, Value>, over: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = base.clone();
    merged.extend(over.clone());
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_bytes("4GB"), Some(4_000_000_000));
        assert_eq!(parse_bytes("512 MiB"), Some(536_870_912));
        assert_eq!(parse_bytes("1.5g"), Some(1_500_000_000));
        assert_eq!(parse_bytes("1000"), Some(1000));
        for wrong in ["", "GB", "4 parsecs", "-1GB", "0"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_lose_their_dots() {
        assert_eq!(
            normal(Path::new("/a/sql/../warehouse/./x")),
            Path::new("/a/warehouse/x")
        );
        assert_eq!(normal(Path::new("../x")), Path::new("../x"));
    }
}
