//! Reads the files and checks what stands in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::settings::Settings;
use super::trigger;
use super::{
    DestinationConfig, Field, FieldSource, Guard, Located, Mode, Model, Share, SyncConfig, SyncProject,
};
use crate::error::{Diagnostic, Error, Span, codes};
use crate::host::Host;
use crate::names::{DestinationName, SyncName};
use crate::project::node::TemplateText;
use crate::project::yaml::{self, Content, Mapping, Yaml};
use crate::sync::destination::Limits;
use crate::sync::destinations::Registry;

/// Renders the template in a text of YAML.
pub type RenderText<'a> = dyn Fn(&TemplateText) -> Result<Value, Diagnostic> + 'a;

/// Loads every `.yml` and `.yaml` file of some folders; paths in messages are relative to `root`.
pub fn load(
    host: &Host,
    root: &Path,
    folders: &[PathBuf],
    registry: &Registry,
    render: &RenderText<'_>,
) -> (SyncProject, Vec<Diagnostic>) {
    let mut loader = Loader {
        registry,
        render,
        project: SyncProject::default(),
        diagnostics: Vec::new(),
        syncs: Vec::new(),
        broken: BTreeSet::new(),
    };
    let files = folders.iter().flat_map(|folder| host.walk(folder));
    for path in files.filter(|path| {
        path.extension()
            .is_some_and(|kind| kind == "yml" || kind == "yaml")
    }) {
        match host.read_text(&path) {
            Ok(text) => loader.file(&text, path.strip_prefix(root).unwrap_or(&path)),
            Err(fault) => loader.diagnostics.extend(Error::into_diagnostics(fault)),
        }
    }
    loader.finish()
}

struct Loader<'a> {
    registry: &'a Registry,
    render: &'a RenderText<'a>,
    project: SyncProject,
    diagnostics: Vec<Diagnostic>,
    syncs: Vec<SyncConfig>,
    broken: BTreeSet<DestinationName>,
}

impl Loader<'_> {
    fn file(&mut self, text: &str, path: &Path) {
        let (root, diagnostics) = yaml::parse(text, path);
        self.diagnostics.extend(diagnostics);
        let Some(root) = root.filter(|root| !root.is_null()) else {
            return;
        };
        let Some(mapping) = root.as_mapping() else {
            let fault = format!("a sync file must be a mapping, not {}", root.kind());
            self.diagnostics
                .push(Diagnostic::error(codes::SYNC_SETTING, fault).at(root.span()));
            return;
        };
        let mut settings = Settings::new("a sync file", mapping, root.span());
        settings.has("version");
        let destinations = self.entries(&mut settings, "destinations");
        let syncs = self.entries(&mut settings, "syncs");
        self.diagnostics.extend(settings.finish());
        for destination in destinations {
            self.destination(&destination);
        }
        for sync in syncs {
            self.sync(&sync);
        }
    }

    fn entries(&mut self, settings: &mut Settings<'_>, key: &'static str) -> Vec<Yaml> {
        let Some(value) = settings.raw(key) else {
            return Vec::new();
        };
        let Some(list) = value.as_list() else {
            settings.fault(
                codes::SYNC_SETTING,
                key,
                format!("`{key}` must be a list, not {}", value.kind()),
            );
            return Vec::new();
        };
        list.iter().map(|entry| self.rendered(entry)).collect()
    }

    /// Renders every text of a value but `sql`, which is a model's template.
    fn rendered(&mut self, value: &Yaml) -> Yaml {
        match &value.content {
            Content::Text(text) if text.contains("{{") || text.contains("{%") => {
                let template = template(value, text);
                match (self.render)(&template) {
                    Ok(rendered) => value.replaced_by(rendered),
                    Err(fault) => {
                        self.diagnostics.push(fault.at_maybe(None));
                        value.replaced_by(Value::Null)
                    }
                }
            }
            Content::List(items) => Yaml {
                content: Content::List(items.iter().map(|item| self.rendered(item)).collect()),
                mark: value.mark.clone(),
            },
            Content::Mapping(mapping) => {
                let mut rendered = Mapping::default();
                for (key, entry) in mapping.iter() {
                    let inner = if key == "sql" {
                        entry.value.clone()
                    } else {
                        self.rendered(&entry.value)
                    };
                    rendered.insert(key, entry.key.clone(), inner);
                }
                Yaml {
                    content: Content::Mapping(rendered),
                    mark: value.mark.clone(),
                }
            }
            _ => value.clone(),
        }
    }

    fn destination(&mut self, value: &Yaml) {
        let Some(mapping) = self.mapping(value, "a destination") else {
            return;
        };
        let mut settings = Settings::new("a destination", mapping, value.span());
        let name = settings.required_text("name").map(DestinationName::from);
        let kind = settings.required_choice("type", &self.registry.kinds());
        let service = kind
            .and_then(|kind| self.registry.find(kind))
            .and_then(|read| read(&mut settings));
        let marketing = settings.flag("marketing");
        let limits = settings.raw("limits").cloned();
        let secrets = settings.take_secrets();
        self.diagnostics.extend(settings.finish());
        let Some(name) = name else {
            return;
        };
        let (Some(kind), Some(service)) = (kind, service) else {
            // What is wrong has been told; its syncs are not told of a destination that is missing.
            self.broken.insert(name);
            return;
        };
        if let Some(first) = self.project.destinations.get(&name) {
            self.repeated("destination", name.as_str(), value.span(), &first.span.clone());
            return;
        }
        let config = DestinationConfig {
            limits: self.limits(limits.as_ref(), service.limits()),
            is_marketing: marketing.unwrap_or_else(|| service.is_marketing()),
            name: name.clone(),
            kind,
            service,
            secrets,
            span: value.span(),
        };
        self.project.destinations.insert(name, config);
    }

    fn limits(&mut self, value: Option<&Yaml>, mut limits: Limits) -> Limits {
        let Some(value) = value else {
            return limits;
        };
        let Some(mapping) = self.mapping(value, "`limits`") else {
            return limits;
        };
        let mut settings = Settings::new("`limits`", mapping, value.span());
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(rate) = settings.number("requests_per_second") {
            limits.requests_per_second = Some(rate);
        }
        if let Some(lanes) = settings.count("concurrency") {
            limits.concurrency = count(lanes).min(64);
        }
        if let Some(timeout) = settings.number("timeout_seconds").and_then(seconds) {
            limits.timeout = timeout;
        }
        if let Some(attempts) = settings.count("max_attempts") {
            limits.max_attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
        }
        if let Some(wait) = settings.number("max_throttle_seconds").and_then(seconds) {
            limits.max_throttle = wait;
        }
        if let Some(items) = settings.count("batch_size") {
            limits.max_items = limits.max_items.min(count(items));
        }
        if let Some(bytes) = settings.count("batch_bytes") {
            limits.max_bytes = limits.max_bytes.min(count(bytes));
        }
        self.diagnostics.extend(settings.finish());
        limits
    }

    fn sync(&mut self, value: &Yaml) {
        let Some(mapping) = self.mapping(value, "a sync") else {
            return;
        };
        let mut settings = Settings::new("a sync", mapping, value.span());
        let name = read_name(&mut settings);
        let model = read_model(&mut settings);
        let destination = settings.required_text("destination").map(DestinationName::from);
        let mode = settings.required_choice("mode", &Mode::ALL.map(Mode::as_str));
        let mode = Mode::ALL.into_iter().find(|known| Some(known.as_str()) == mode);
        let primary_key = settings.texts("primary_key");
        if primary_key.is_empty() {
            settings.fault(codes::SYNC_SETTING, "primary_key", "a sync needs `primary_key`");
        }
        let filter = settings.text("where").map(|text| Located {
            value: text,
            span: settings.span_of("where"),
        });
        let audiences = read_audiences(&mut settings);
        let create_fields = settings.flag("create_fields").unwrap_or_default();
        let description = settings.text("description").unwrap_or_default();
        let tags = settings.texts("tags");
        let is_enabled = settings.flag("enabled").unwrap_or(true);
        let (fields, trigger, guard) = (
            settings.raw("fields"),
            settings.raw("trigger"),
            settings.raw("guard"),
        );
        self.diagnostics.extend(settings.finish());
        let fields = fields.and_then(|fields| self.fields(fields));
        let trigger = trigger::read(trigger, &mut self.diagnostics);
        let guard = guard.map_or_else(Guard::default, |guard| self.guard(guard));
        let (Some(name), Some(model), Some(destination), Some(mode)) = (name, model, destination, mode)
        else {
            return;
        };
        if is_enabled {
            self.syncs.push(SyncConfig {
                name,
                description,
                tags,
                model,
                destination,
                mode,
                primary_key,
                filter,
                fields,
                audiences,
                create_fields,
                trigger,
                guard,
                span: value.span(),
            });
        }
    }

    fn fields(&mut self, value: &Yaml) -> Option<IndexMap<String, Field>> {
        let mapping = self.mapping(value, "`fields`")?;
        let mut fields = IndexMap::new();
        for (name, entry) in mapping.iter() {
            if let Some(field) = self.field(&entry.value) {
                fields.insert(name.to_owned(), field);
            }
        }
        Some(fields)
    }

    fn field(&mut self, value: &Yaml) -> Option<Field> {
        let plain = |source| Field {
            source,
            default: None,
            required: false,
            span: value.span(),
        };
        if let Some(column) = value.as_text() {
            return Some(plain(FieldSource::Column(column.to_owned())));
        }
        let mapping = self.mapping(value, "a field")?;
        let mut settings = Settings::new("a field", mapping, value.span());
        let sources = [
            settings.text("column").map(FieldSource::Column),
            settings.text("expr").map(FieldSource::Expression),
            settings.value("value").map(FieldSource::Constant),
        ];
        let default = settings.value("default");
        let required = settings.flag("required").unwrap_or_default();
        let mut sources = sources.into_iter().flatten();
        let source = sources.next();
        if source.is_none() || sources.next().is_some() {
            settings.fault(
                codes::SYNC_SETTING,
                "",
                "a field needs one of `column`, `expr` and `value`",
            );
        }
        self.diagnostics.extend(settings.finish());
        source.map(|source| Field {
            default,
            required,
            ..plain(source)
        })
    }

    fn guard(&mut self, value: &Yaml) -> Guard {
        let mut guard = Guard::default();
        let Some(mapping) = self.mapping(value, "`guard`") else {
            return guard;
        };
        let mut settings = Settings::new("`guard`", mapping, value.span());
        if let Some(share) = read_share(&mut settings, "max_removed") {
            guard.max_removed = share;
        }
        guard.max_changed = read_share(&mut settings, "max_changed");
        self.diagnostics.extend(settings.finish());
        guard
    }

    fn mapping<'v>(&mut self, value: &'v Yaml, what: &str) -> Option<&'v Mapping> {
        let mapping = value.as_mapping();
        if mapping.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    codes::SYNC_SETTING,
                    format!("{what} must be a mapping, not {}", value.kind()),
                )
                .at(value.span()),
            );
        }
        mapping
    }

    fn repeated(&mut self, what: &str, name: &str, span: Span, first: &Span) {
        self.diagnostics.push(
            Diagnostic::error(
                codes::SYNC_REPEATED,
                format!("a second {what} of the name `{name}`"),
            )
            .at(span)
            .note(format!("the first is at {first}")),
        );
    }

    /// Takes in the syncs, now that every destination is known.
    fn finish(mut self) -> (SyncProject, Vec<Diagnostic>) {
        for sync in std::mem::take(&mut self.syncs) {
            if self.broken.contains(&sync.destination) {
                continue;
            }
            if let Some(first) = self.project.syncs.get(&sync.name) {
                let first = first.span.clone();
                self.repeated("sync", sync.name.as_str(), sync.span.clone(), &first);
                continue;
            }
            let faults = check_fit(&sync, &self.project);
            self.diagnostics.extend(faults);
            self.project.syncs.insert(sync.name.clone(), sync);
        }
        (self.project, self.diagnostics)
    }
}

/// Checks that a sync fits its destination.
fn check_fit(sync: &SyncConfig, project: &SyncProject) -> Vec<Diagnostic> {
    let Some(destination) = project.destination_of(sync) else {
        let names = project.destinations.keys().map(DestinationName::as_str);
        let message = format!(
            "sync `{}`: there is no destination `{}`",
            sync.name, sync.destination
        );
        return vec![
            Diagnostic::error(codes::SYNC_DESTINATION, message)
                .at(sync.span.clone())
                .nearest(sync.destination.as_str(), names),
        ];
    };
    let modes = destination.service.modes();
    if !modes.contains(&sync.mode) {
        let known: Vec<String> = modes.iter().map(|mode| format!("`{mode}`")).collect();
        let message = format!(
            "sync `{}`: a destination of type `{}` has no mode `{}`",
            sync.name, destination.kind, sync.mode
        );
        return vec![
            Diagnostic::error(codes::SYNC_MODE, message)
                .at(sync.span.clone())
                .note(format!("it has {}", known.join(", "))),
        ];
    }
    if sync.mode == Mode::Audience && sync.audiences.is_empty() {
        let message = format!("sync `{}`: the mode `audience` needs `audiences`", sync.name);
        return vec![Diagnostic::error(codes::SYNC_SETTING, message).at(sync.span.clone())];
    }
    destination.service.codec(sync).err().unwrap_or_default()
}

/// A sync's name: its state is kept in a folder of that name.
fn read_name(settings: &mut Settings<'_>) -> Option<SyncName> {
    let name = settings.required_text("name")?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.starts_with('.') || !name.chars().all(is_plain) {
        let message = format!("`{name}` cannot be a sync's name: letters, digits, `_`, `-` and `.` can");
        settings.fault(codes::SYNC_SETTING, "name", message);
        return None;
    }
    Some(SyncName::from(name))
}

fn read_audiences(settings: &mut Settings<'_>) -> Vec<String> {
    let mut audiences = settings.texts("audiences");
    if let Some(name) = audiences
        .iter()
        .find(|name| name.is_empty() || name.contains(','))
    {
        let message = format!("`{name}` cannot be an audience's name: it is blank or holds a comma");
        settings.fault(codes::SYNC_SETTING, "audiences", message);
    }
    audiences.sort();
    audiences.dedup();
    audiences
}

fn read_model(settings: &mut Settings<'_>) -> Option<Model> {
    let (model, sql) = (settings.raw("model"), settings.raw("sql"));
    match (model, sql) {
        (Some(model), None) => Some(Model::Node(Located {
            span: model.span(),
            value: settings.required_text("model")?,
        })),
        (None, Some(sql)) => {
            let Some(text) = sql.as_text() else {
                settings.fault(
                    codes::SYNC_SETTING,
                    "sql",
                    format!("`sql` must be text, not {}", sql.kind()),
                );
                return None;
            };
            Some(Model::Sql(template(sql, text)))
        }
        (Some(_), Some(_)) => {
            settings.fault(
                codes::SYNC_SETTING,
                "sql",
                "a sync has `model` or `sql`, not both",
            );
            None
        }
        (None, None) => {
            settings.fault(codes::SYNC_SETTING, "model", "a sync needs `model` or `sql`");
            None
        }
    }
}

fn read_share(settings: &mut Settings<'_>, key: &'static str) -> Option<Share> {
    let text = settings.text(key)?;
    let share = match text.trim().strip_suffix('%') {
        Some(percent) => percent
            .trim()
            .parse()
            .ok()
            .filter(|p| (0.0..=100.0).contains(p))
            .map(Share::Percent),
        None => text.trim().parse().ok().map(Share::Rows),
    };
    if share.is_none() {
        settings.fault(
            codes::SYNC_SETTING,
            key,
            format!("`{key}` must be a number of rows or a share such as `20%`"),
        );
    }
    share
}

fn template(value: &Yaml, text: &str) -> TemplateText {
    TemplateText {
        text: Arc::from(text),
        file: value.mark.file().to_path_buf(),
        first_line: value.mark.content_line(),
    }
}

fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value).ok()
}
