//! `ref` and `source`.

use minijinja::Value;

use super::Entry;
use crate::error::codes;
use crate::jinja::eval::{Call, Interpreter, Phase};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::record::{RefCall, SourceCall};
use crate::jinja::value::relation::Relation;
use crate::jinja::value::{json, text};
use crate::jinja::world::{Reference, WorldError};
use crate::names::RelationName;

use super::settings::{configure, env_var, var};

/// The functions, which `builtins` has too.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("ref", reference),
    ("source", source),
    ("config", configure),
    ("var", var),
    ("env_var", env_var),
];

fn reference(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    if let Some(name) = call
        .named
        .keys()
        .find(|name| !matches!(name.as_str(), "version" | "v" | "package" | "name"))
    {
        let message = format!("`ref` takes no argument `{name}`: it takes `version`");
        return Err(Signal::fault(codes::TEMPLATE_ARGUMENTS, message));
    }
    let (package, name) = match call.args.as_slice() {
        [name] => (None, text::display(name)),
        [package, name] => (Some(text::display(package)), text::display(name)),
        given => {
            let message = format!(
                "`ref` takes a name, or a package and a name, not {} arguments",
                given.len()
            );
            return Err(Signal::fault(codes::TEMPLATE_ARGUMENTS, message));
        }
    };
    let version = call
        .named
        .get("version")
        .or_else(|| call.named.get("v"))
        .filter(|version| !version.is_none() && !version.is_undefined())
        .map(json::to_json);
    let span = interpreter.author_span(&call.at);
    interpreter.record.refers(RefCall {
        package: package.clone(),
        name: name.clone(),
        version: version.clone(),
        span,
    });
    let relation = match interpreter.phase {
        Phase::Capture => placeholder(interpreter, &name),
        Phase::Execute(world) => {
            let reference = world.resolve_ref(package.as_deref(), &name, version.as_ref());
            relation_of(reference)?
        }
    };
    Ok(Value::from_object(relation))
}

fn source(interpreter: &mut Interpreter<'_>, call: &Call) -> Outcome {
    if call.args.len() + call.named.len() != 2 {
        let message = "`source` takes the name of a source and the name of one of its tables";
        return Err(Signal::fault(codes::TEMPLATE_ARGUMENTS, message));
    }
    let source = call.text(0, "source_name")?;
    let table = call.text(1, "table_name")?;
    let span = interpreter.author_span(&call.at);
    interpreter.record.reads(SourceCall {
        source: source.clone(),
        table: table.clone(),
        span,
    });
    let relation = match interpreter.phase {
        Phase::Capture => Relation::named(&RelationName::new(
            interpreter.renderer.default_database(),
            &source,
            &table,
        )),
        Phase::Execute(world) => relation_of(world.resolve_source(&source, &table))?,
    };
    Ok(Value::from_object(relation))
}

/// What stands for a relation while it is not resolved yet.
fn placeholder(interpreter: &Interpreter<'_>, name: &str) -> Relation {
    let renderer = interpreter.renderer;
    Relation::named(&RelationName::new(
        renderer.default_database(),
        renderer.default_schema(),
        name,
    ))
}

fn relation_of(reference: Result<Reference, WorldError>) -> Outcome<Relation> {
    match reference {
        Ok(Reference::Relation(name)) => Ok(Relation::named(&name)),
        Ok(Reference::Cte(name)) => Ok(Relation::cte(&name)),
        Err(error) => Err(error.into()),
    }
}

impl From<WorldError> for Signal {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::NotBuilt(needs) => Self::Deferred(needs),
            WorldError::Failed(diagnostic) => diagnostic.into(),
        }
    }
}
