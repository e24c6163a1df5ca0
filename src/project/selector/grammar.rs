//! The grammar of `--select` and `--exclude`: `2+tag:nightly+1,path:models/marts`.

use std::collections::BTreeSet;

use crate::error::{Diagnostic, codes};

/// Which nodes a criterion finds before its graph operators widen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// By access level.
    Access,
    /// By a key of the configuration.
    Config,
    /// Exposures by name.
    Exposure,
    /// By file name.
    File,
    /// By fully qualified name.
    Fqn,
    /// By group.
    Group,
    /// Metrics by name: Headwater builds none.
    Metric,
    /// By package.
    Package,
    /// By path.
    Path,
    /// By kind.
    ResourceType,
    /// By the result of an earlier run.
    Result,
    /// Saved queries by name: Headwater builds none.
    SavedQuery,
    /// Semantic models by name: Headwater builds none.
    SemanticModel,
    /// Sources by name.
    Source,
    /// Sources by what freshness checks said.
    SourceStatus,
    /// By what has changed since an earlier manifest.
    State,
    /// By tag.
    Tag,
    /// Tests by the generic test they call.
    TestName,
    /// Tests by what kind they are.
    TestType,
    /// Unit tests by name.
    UnitTest,
    /// By place among a model's versions.
    Version,
}

const METHODS: &[(&str, Method)] = &[
    ("access", Method::Access),
    ("config", Method::Config),
    ("exposure", Method::Exposure),
    ("file", Method::File),
    ("fqn", Method::Fqn),
    ("group", Method::Group),
    ("metric", Method::Metric),
    ("package", Method::Package),
    ("path", Method::Path),
    ("resource_type", Method::ResourceType),
    ("result", Method::Result),
    ("saved_query", Method::SavedQuery),
    ("semantic_model", Method::SemanticModel),
    ("source", Method::Source),
    ("source_status", Method::SourceStatus),
    ("state", Method::State),
    ("tag", Method::Tag),
    ("test_name", Method::TestName),
    ("test_type", Method::TestType),
    ("unit_test", Method::UnitTest),
    ("version", Method::Version),
];

/// Which tests come along with the nodes that are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IndirectSelection {
    /// Every test of a selected node.
    #[default]
    Eager,
    /// Tests whose parents are all selected.
    Cautious,
    /// Tests whose parents are all selected or are parents of what is selected.
    Buildable,
    /// None.
    Empty,
}

impl IndirectSelection {
    /// Reads dbt's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "eager" => Some(Self::Eager),
            "cautious" => Some(Self::Cautious),
            "buildable" => Some(Self::Buildable),
            "empty" => Some(Self::Empty),
            _ => None,
        }
    }
}

/// How far a criterion reaches along the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Reach {
    /// Not at all.
    #[default]
    None,
    /// So many steps.
    Steps(usize),
    /// As far as it goes.
    All,
}

/// One criterion: `2+tag:nightly+`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criterion {
    /// As it was written.
    pub(super) raw: String,
    pub(super) method: Method,
    /// The parts after the method's name: `meta`, `owner` of `config.meta.owner`.
    pub(super) arguments: Vec<String>,
    pub(super) value: String,
    /// `@`: the children and all their parents.
    pub(super) with_childrens_parents: bool,
    pub(super) parents: Reach,
    pub(super) children: Reach,
    pub(super) indirect: IndirectSelection,
}

/// A selection: criteria and what is done with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spec {
    One(Box<Criterion>),
    Union(Vec<Self>),
    Intersection(Vec<Self>),
    Difference(Box<Self>, Box<Self>),
}

/// Reads the words of `--select`: spaces unite, commas intersect.
pub(super) fn parse(words: &[String], indirect: IndirectSelection) -> Result<Spec, Diagnostic> {
    let parts: Result<Vec<Spec>, Diagnostic> = words
        .iter()
        .flat_map(|words| words.split_whitespace())
        .map(|word| {
            let mut criteria: Vec<Spec> = Vec::new();
            for raw in word.split(',').filter(|raw| !raw.is_empty()) {
                criteria.push(Spec::One(Box::new(criterion(raw, indirect)?)));
            }
            Ok(match criteria.len() {
                1 => criteria.remove(0),
                _ => Spec::Intersection(criteria),
            })
        })
        .collect();
    Ok(Spec::Union(parts?))
}

/// Reads one criterion.
pub(super) fn criterion(raw: &str, indirect: IndirectSelection) -> Result<Criterion, Diagnostic> {
    let (with_childrens_parents, rest) = match raw.strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, raw),
    };
    let (parents, rest) = leading(rest);
    let (children, rest) = trailing(rest);
    if with_childrens_parents && children != Reach::None {
        return Err(syntax(raw, "`@` in front and `+` behind exclude each other"));
    }
    let (method, arguments, value) = method_of(rest, raw)?;
    if value.is_empty() {
        return Err(syntax(raw, "nothing is named"));
    }
    Ok(Criterion {
        raw: raw.to_owned(),
        method,
        arguments,
        value,
        with_childrens_parents,
        parents,
        children,
        indirect,
    })
}

/// `2+` or `+` in front.
fn leading(text: &str) -> (Reach, &str) {
    match text.split_once('+') {
        Some(("", rest)) => (Reach::All, rest),
        Some((digits, rest)) => match digits.parse() {
            Ok(steps) => (Reach::Steps(steps), rest),
            Err(_) => (Reach::None, text),
        },
        None => (Reach::None, text),
    }
}

/// `+` or `+2` behind.
fn trailing(text: &str) -> (Reach, &str) {
    match text.rsplit_once('+') {
        Some((rest, "")) => (Reach::All, rest),
        Some((rest, digits)) => match digits.parse() {
            Ok(steps) => (Reach::Steps(steps), rest),
            Err(_) => (Reach::None, text),
        },
        None => (Reach::None, text),
    }
}

fn method_of(text: &str, raw: &str) -> Result<(Method, Vec<String>, String), Diagnostic> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    let Some((name, value)) = text.split_once(':').filter(|(name, _)| is_name(name)) else {
        return Ok((default_method(text), Vec::new(), text.to_owned()));
    };
    let (method, arguments) = named_method(name, raw)?;
    Ok((method, arguments, value.to_owned()))
}

/// The method that `config.meta.owner` names, and its arguments.
pub(super) fn named_method(name: &str, raw: &str) -> Result<(Method, Vec<String>), Diagnostic> {
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or_default();
    match METHODS.iter().find(|(known, _)| *known == first) {
        Some((_, method)) => Ok((*method, parts.map(str::to_owned).collect())),
        None => Err(syntax(raw, &format!("`{first}` is not a selection method"))
            .nearest(first, METHODS.iter().map(|(known, _)| *known))),
    }
}

fn default_method(value: &str) -> Method {
    let extensions: BTreeSet<&str> = BTreeSet::from(["sql", "py", "csv"]);
    if value.contains('/') {
        Method::Path
    } else if value
        .rsplit_once('.')
        .is_some_and(|(_, end)| extensions.contains(end.to_ascii_lowercase().as_str()))
    {
        Method::File
    } else {
        Method::Fqn
    }
}

/// The error that a selection cannot be understood.
pub(super) fn syntax(raw: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        codes::SELECTION_SYNTAX,
        format!("the selection `{raw}` cannot be followed: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> (Method, String, Reach, Reach) {
        let found = criterion(raw, IndirectSelection::Eager).unwrap();
        (found.method, found.value, found.parents, found.children)
    }

    #[test]
    fn operators_surround_the_value() {
        assert_eq!(
            read("orders"),
            (Method::Fqn, "orders".into(), Reach::None, Reach::None)
        );
        assert_eq!(
            read("+orders+"),
            (Method::Fqn, "orders".into(), Reach::All, Reach::All)
        );
        assert_eq!(
            read("2+orders+1"),
            (Method::Fqn, "orders".into(), Reach::Steps(2), Reach::Steps(1))
        );
        assert_eq!(read("+tag:x"), (Method::Tag, "x".into(), Reach::All, Reach::None));
        assert_eq!(
            read("models/staging"),
            (Method::Path, "models/staging".into(), Reach::None, Reach::None)
        );
        assert_eq!(
            read("orders.sql+"),
            (Method::File, "orders.sql".into(), Reach::None, Reach::All)
        );
        assert_eq!(
            read("3_orders"),
            (Method::Fqn, "3_orders".into(), Reach::None, Reach::None)
        );
        let found = criterion("config.meta.owner:data", IndirectSelection::Eager).unwrap();
        assert_eq!(
            (found.method, found.arguments),
            (Method::Config, vec!["meta".into(), "owner".into()])
        );
        assert!(
            criterion("@orders", IndirectSelection::Eager)
                .unwrap()
                .with_childrens_parents
        );
    }

    #[test]
    fn what_cannot_be_followed_says_why() {
        let why = |raw: &str| criterion(raw, IndirectSelection::Eager).unwrap_err();
        assert_eq!(why("tags:x").hints, ["did you mean `tag`?"]);
        assert!(why("@orders+").message.contains("exclude each other"));
        assert!(why("+").message.contains("nothing is named"));
        assert!(why("tag:").message.contains("nothing is named"));
    }
}
