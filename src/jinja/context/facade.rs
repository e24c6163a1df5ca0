//! Names that have nothing but members: `adapter`, `exceptions`, `modules.datetime`, a package.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::{adapter, configure, datetime, function, members_of, settings};
use crate::jinja::eval::{Function, Interpreter, NativeFunction};
use crate::jinja::registry::INTERNAL;

/// Something with members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Facade {
    /// A part of the context, by its full name: `modules.datetime`.
    Context(&'static str),
    /// A package's macros.
    Package(Arc<str>),
    /// Everything that the template sees: `context['name']`.
    Everything,
}

const PARTS: &[&str] = &[
    "adapter",
    "api",
    "api.Column",
    "api.Relation",
    "builtins",
    "config",
    "exceptions",
    "modules",
    "modules.datetime",
    "modules.datetime.date",
    "modules.datetime.datetime",
    "modules.datetime.timezone",
    "modules.itertools",
    "modules.pytz",
    "modules.re",
    "var",
];

impl Facade {
    /// The facade of a name at the top of the context.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == "context" {
            return Some(Self::Everything);
        }
        let part = PARTS.iter().find(|part| **part == name && !part.contains('.'))?;
        Some(Self::Context(part))
    }

    /// What calling it does, for those that are functions too.
    pub(crate) fn called(&self) -> Option<NativeFunction> {
        match self {
            Self::Context("config") => Some(configure),
            Self::Context("var") => Some(settings::var),
            Self::Context("api.Column") => Some(adapter::create_column),
            Self::Context("modules.datetime.datetime") => Some(datetime::make_datetime),
            Self::Context("modules.datetime.date") => Some(datetime::make_date),
            _ => None,
        }
    }

    /// A member.
    pub(crate) fn member(&self, interpreter: &mut Interpreter<'_>, name: &str) -> Option<Value> {
        match self {
            Self::Everything => interpreter.lookup(name),
            Self::Package(package) => {
                let found = interpreter.unit.overridden_macro(&format!("{package}.{name}"));
                found
                    .or_else(|| Some(interpreter.renderer.registry().find_in(package, name)?.value()))
                    .or_else(|| function_of(package, name))
            }
            Self::Context(owner) => {
                let full = format!("{owner}.{name}");
                if let Some(part) = PARTS.iter().find(|part| **part == full) {
                    return Some(Value::from_object(Self::Context(part)));
                }
                if let Some((name, run)) = members_of(owner).iter().find(|(known, _)| *known == name) {
                    return Some(Function::value(name, *run));
                }
                match (*owner, name) {
                    ("modules.pytz", "utc" | "UTC") | ("modules.datetime.timezone", "utc") => {
                        Some(datetime::utc())
                    }
                    _ => None,
                }
            }
        }
    }
}

/// Some of dbt's macros are functions here, and found under its name all the same: `dbt.is_incremental()`.
fn function_of(package: &str, name: &str) -> Option<Value> {
    let (name, run) = function(name).filter(|_| package == INTERNAL)?;
    Some(Function::value(name, run))
}

impl Object for Facade {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_ref() {
            Self::Context(name) => f.write_str(name),
            Self::Package(name) => f.write_str(name),
            Self::Everything => f.write_str("context"),
        }
    }
}
