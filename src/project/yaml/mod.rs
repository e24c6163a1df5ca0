//! YAML that remembers where everything stands.
//!
//! The resolution of plain scalars is that of YAML 1.1 as dbt reads it: `yes`, `no`, `on` and `off` are booleans, and
//! a date stays text.

mod scalar;

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span as Range};

use crate::error::{Diagnostic, Span, codes};

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 120;

/// The most values that aliases may stand for in one file.
const MAX_ALIASED: usize = 100_000;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Yaml {
    /// The value.
    pub content: Content,
    /// Where it stands.
    pub mark: Mark,
}

/// What a YAML value is.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nothing.
    Null,
    /// `true`, `yes`, `on`, …
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Arc<str>),
    /// A sequence.
    List(Vec<Yaml>),
    /// A mapping.
    Mapping(Mapping),
}

/// A mapping in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    entries: IndexMap<String, Entry>,
}

/// A key's place and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where the key stands.
    pub key: Mark,
    /// What it leads to.
    pub value: Yaml,
}

/// A place in a file; lines and columns count from 1.
#[derive(Debug, Clone)]
pub struct Mark {
    file: Arc<Path>,
    line: usize,
    column: usize,
    width: usize,
    content: (usize, usize),
}

impl Mark {
    /// The start of a file.
    pub fn start(file: &Path) -> Self {
        Self {
            file: Arc::from(file),
            line: 1,
            column: 1,
            width: 0,
            content: (1, 1),
        }
    }

    /// The place as diagnostics take it.
    pub fn span(&self) -> Span {
        Span::new(self.file.to_path_buf(), self.line, self.column, self.width)
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line of the first character of a text: below the indicator, for a block scalar.
    pub fn content_line(&self) -> usize {
        self.content.0
    }

    /// The place of the first character of a text, behind its quote or below its indicator.
    pub fn content_span(&self) -> Span {
        let (line, column) = self.content;
        Span::new(self.file.to_path_buf(), line, column, 0)
    }
}

impl Yaml {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.content {
            Content::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.mark.span()
    }

    /// The value without its places.
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.to_string()),
            Content::List(list) => list.iter().map(Self::to_value).collect(),
            Content::Mapping(mapping) => Value::Object(mapping.to_map()),
        }
    }

    /// Gives a value that was made elsewhere this one's place.
    #[must_use]
    pub fn replaced_by(&self, value: Value) -> Self {
        let at = |value| self.replaced_by(value);
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(value),
            Value::Number(number) => Content::Number(number),
            Value::String(text) => Content::Text(Arc::from(text)),
            Value::Array(list) => Content::List(list.into_iter().map(at).collect()),
            Value::Object(map) => {
                let mut mapping = Mapping::default();
                for (key, value) in map {
                    mapping.insert(key, self.mark.clone(), at(value));
                }
                Content::Mapping(mapping)
            }
        };
        Self {
            content,
            mark: self.mark.clone(),
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }
}

impl Mapping {
    /// The value of a key; an empty one counts as absent.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    /// The key's place and value, even if it is empty.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The entries, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts a value in; the former one of the key is lost.
    pub fn insert(&mut self, key: impl Into<String>, mark: Mark, value: Yaml) {
        self.entries.insert(key.into(), Entry { key: mark, value });
    }

    /// The values without their places.
    pub fn to_map(&self) -> Map<String, Value> {
        self.iter()
            .map(|(key, entry)| (key.to_owned(), entry.value.to_value()))
            .collect()
    }
}

/// Reads a YAML file of one document.
///
/// A file that cannot be read as YAML gives `None` and the fault; a repeated key is told and its last value counts.
pub fn parse(text: &str, file: &Path) -> (Option<Yaml>, Vec<Diagnostic>) {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.block_scalar_eof_without_line_feed = true;
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, options),
        text,
        file: Arc::from(file),
        anchors: IndexMap::new(),
        aliased: 0,
        diagnostics: Vec::new(),
    };
    match reader.document() {
        Ok(value) => (Some(value), reader.diagnostics),
        Err(fault) => {
            reader.diagnostics.push(*fault);
            (None, reader.diagnostics)
        }
    }
}

type Fault = Box<Diagnostic>;

struct Reader<'t> {
    events: Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>,
    text: &'t str,
    file: Arc<Path>,
    anchors: IndexMap<usize, Yaml>,
    aliased: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Yaml, Fault> {
        let mut document = None;
        while let Some(event) = self.events.next() {
            let (event, range) = event.map_err(|e| self.syntax(&e))?;
            match event {
                Event::DocumentStart(..) if document.is_some() => {
                    return Err(Box::new(
                        Diagnostic::error(codes::YAML_SYNTAX, "a second YAML document in one file")
                            .at(self.mark(&range).span())
                            .hint("remove the `---` line or move what follows to a file of its own"),
                    ));
                }
                Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                    document = Some(self.value(event, &range, 0)?);
                }
                _ => {}
            }
        }
        Ok(document.unwrap_or_else(|| Yaml {
            content: Content::Null,
            mark: Mark::start(&self.file),
        }))
    }

    fn next(&mut self) -> Result<(Event<'t>, Range), Fault> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(e)) => Err(self.syntax(&e)),
            None => Err(Box::new(
                Diagnostic::error(codes::YAML_SYNTAX, "the file ends in the middle of a value")
                    .at(Span::file(self.file.to_path_buf())),
            )),
        }
    }

    fn value(&mut self, event: Event<'t>, range: &Range, depth: usize) -> Result<Yaml, Fault> {
        let mark = self.mark(range);
        if depth > MAX_DEPTH {
            return Err(Box::new(
                Diagnostic::error(
                    codes::YAML_SYNTAX,
                    format!("nested deeper than {MAX_DEPTH} levels"),
                )
                .at(mark.span()),
            ));
        }
        let (content, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let forced = tag.is_some_and(|tag| tag.suffix() == "str");
                let content = if style == ScalarStyle::Plain && !forced {
                    scalar::resolve(&text)
                } else {
                    Content::Text(Arc::from(text.as_ref()))
                };
                (content, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (Content::List(self.list(depth)?), anchor),
            Event::MappingStart(_, anchor, _) => (Content::Mapping(self.mapping(depth)?), anchor),
            Event::Alias(id) => return self.alias(id, &mark),
            _ => (Content::Null, 0),
        };
        let value = Yaml { content, mark };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn alias(&mut self, id: usize, mark: &Mark) -> Result<Yaml, Fault> {
        let value = self.anchors.get(&id).cloned().ok_or_else(|| {
            Box::new(Diagnostic::error(codes::YAML_SYNTAX, "an alias inside its own anchor").at(mark.span()))
        })?;
        self.aliased += size(&value);
        if self.aliased > MAX_ALIASED {
            return Err(Box::new(
                Diagnostic::error(codes::YAML_SYNTAX, "aliases that stand for too much").at(mark.span()),
            ));
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Yaml>, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, range) => items.push(self.value(event, &range, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Mapping, Fault> {
        let mut mapping = Mapping::default();
        let mut merged = Vec::new();
        loop {
            let (event, range) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.value(event, &range, depth + 1)?;
            let (event, range) = self.next()?;
            let value = self.value(event, &range, depth + 1)?;
            let name = self.key(&key)?;
            if name == "<<" && !matches!(value.content, Content::Text(_)) {
                merged.push(value);
                continue;
            }
            if let Some(first) = mapping.entry(&name) {
                self.diagnostics.push(
                    Diagnostic::warning(
                        codes::DUPLICATE_KEY,
                        format!("the key `{name}` stands here twice"),
                    )
                    .at(key.span())
                    .note(format!("first on line {}; this one counts", first.key.line)),
                );
            }
            mapping.insert(name, key.mark, value);
        }
        merge(&mut mapping, merged);
        Ok(mapping)
    }

    fn key(&self, key: &Yaml) -> Result<String, Fault> {
        match &key.content {
            Content::Text(text) => Ok(text.to_string()),
            Content::Bool(_) | Content::Null => Ok(self.source_of(key)),
            Content::Number(number) => Ok(number.to_string()),
            Content::List(_) | Content::Mapping(_) => Err(Box::new(
                Diagnostic::error(codes::YAML_SYNTAX, format!("{} as a key", key.kind()))
                    .at(key.span())
                    .hint("put quotes around a value that begins with `{{`"),
            )),
        }
    }

    /// A key such as `on` or `no` as it is written.
    fn source_of(&self, key: &Yaml) -> String {
        let line = self
            .text
            .lines()
            .nth(key.mark.line.saturating_sub(1))
            .unwrap_or_default();
        line.chars()
            .skip(key.mark.column.saturating_sub(1))
            .take(key.mark.width)
            .collect()
    }

    fn mark(&self, range: &Range) -> Mark {
        let (line, column) = (range.start.line(), range.start.col() + 1);
        let one_line = line == range.end.line();
        Mark {
            file: Arc::clone(&self.file),
            line,
            column,
            width: if one_line {
                range.end.index().saturating_sub(range.start.index())
            } else {
                0
            },
            content: self.content(range, line, column),
        }
    }

    /// Where the first character of a scalar stands.
    fn content(&self, range: &Range, line: usize, column: usize) -> (usize, usize) {
        let rest = range
            .start
            .byte_offset()
            .and_then(|offset| self.text.get(offset..))
            .unwrap_or_default();
        match rest.as_bytes().first() {
            Some(b'|' | b'>') => {
                let below = rest.lines().nth(1).unwrap_or_default();
                (line + 1, below.chars().take_while(|c| *c == ' ').count() + 1)
            }
            Some(b'"' | b'\'') => (line, column + 1),
            _ => (line, column),
        }
    }

    fn syntax(&self, fault: &ScanError) -> Fault {
        let at = fault.marker();
        let span = Span::new(self.file.to_path_buf(), at.line(), at.col() + 1, 0);
        let diagnostic =
            Diagnostic::error(codes::YAML_SYNTAX, format!("not YAML: {}", fault.info())).at(span);
        let line = self
            .text
            .lines()
            .nth(at.line().saturating_sub(1))
            .unwrap_or_default();
        Box::new(if line.contains('\t') {
            diagnostic.hint("YAML is indented with spaces; this line holds a tab")
        } else if line.contains("{{") || line.contains("{%") {
            diagnostic.hint("put quotes around a value that holds `{{` or `{%`")
        } else {
            diagnostic
        })
    }
}

fn size(value: &Yaml) -> usize {
    1 + match &value.content {
        Content::List(list) => list.iter().map(size).sum(),
        Content::Mapping(mapping) => mapping.iter().map(|(_, entry)| size(&entry.value)).sum(),
        _ => 0,
    }
}

/// Applies `<<`: what the mapping says itself counts more than what is merged in, and the first merged one more than
/// the next.
fn merge(mapping: &mut Mapping, sources: Vec<Yaml>) {
    for source in sources {
        let parts = match source.content {
            Content::List(list) => list,
            content => vec![Yaml {
                content,
                mark: source.mark,
            }],
        };
        for part in parts {
            if let Content::Mapping(part) = part.content {
                for (key, entry) in part.entries {
                    mapping.entries.entry(key).or_insert(entry);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let (value, diagnostics) = parse(text, Path::new("x.yml"));
        assert_eq!(diagnostics, [], "{text}");
        value.unwrap().to_value()
    }

    #[test]
    fn plain_scalars_mean_what_they_mean_to_dbt() {
        assert_eq!(
            value("[yes, off, 1, -2, 1.50, 1e3, 0x1F, 010, 1_000, 2020-01-01, ~, '1', .5, v1.2.3]"),
            serde_json::json!([
                true,
                false,
                1,
                -2,
                1.5,
                "1e3",
                31,
                8,
                1000,
                "2020-01-01",
                null,
                "1",
                0.5,
                "v1.2.3"
            ])
        );
    }

    #[test]
    fn merge_keys_and_aliases_are_followed() {
        assert_eq!(
            value("base: &b {x: 1, y: 2}\nnext: {<<: *b, y: 3}\non: 1"),
            serde_json::json!({"base": {"x": 1, "y": 2}, "next": {"y": 3, "x": 1}, "on": 1})
        );
    }

    #[test]
    fn every_value_knows_its_place() {
        let (root, _) = parse(
            "a:\n  - name: é b\n    sql: |\n      select 1\n",
            Path::new("x.yml"),
        );
        let root = root.unwrap();
        let item = &root.as_mapping().unwrap().get("a").unwrap().as_list().unwrap()[0];
        let item = item.as_mapping().unwrap();
        assert_eq!(item.get("name").unwrap().span(), Span::new("x.yml", 2, 11, 3));
        assert_eq!(item.entry("sql").unwrap().key.span(), Span::new("x.yml", 3, 5, 3));
        assert_eq!(item.get("sql").unwrap().mark.content_line(), 4);
    }

    #[test]
    fn repeated_keys_and_broken_syntax_are_told_with_their_place() {
        let (_, diagnostics) = parse("a: 1\nb: 2\na: 3\n", Path::new("x.yml"));
        assert_eq!(diagnostics[0].span, Some(Span::new("x.yml", 3, 1, 1)));
        assert_eq!(diagnostics[0].notes, ["first on line 1; this one counts"]);
        let (value, diagnostics) = parse("a: [1, 2\nb: 3\n", Path::new("x.yml"));
        assert!(value.is_none());
        assert_eq!(diagnostics[0].span.as_ref().unwrap().line, 2);
    }
}
