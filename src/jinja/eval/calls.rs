//! Calls: of macros, of functions of the context, and the arguments of both.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::loops::kind_name;
use super::{Frame, Interpreter, Scope};
use crate::error::{Diagnostic, Span, codes};
use crate::jinja::context::facade::Facade;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::output::{Origin, Output, Place};
use crate::jinja::syntax::TemplateFile;
use crate::jinja::syntax::tree::{Arg, Expr, ExprKind, MacroDecl, Stmt};
use crate::jinja::value::{Dict, List, json, text};

/// How deeply macros may call each other.
const DEEPEST_CALL: usize = 150;

/// A function of the context.
pub(crate) type NativeFunction = fn(&mut Interpreter<'_>, &Call) -> Outcome;

/// A function of the context, as a value.
pub(crate) struct Function {
    /// Its name, with what it hangs on: `exceptions.warn`.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) run: NativeFunction,
}

impl Function {
    /// Makes the value.
    pub(crate) fn value(name: &'static str, run: NativeFunction) -> Value {
        Value::from_object(Self { name, run })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {}>", self.name)
    }
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A function that always gives one value: what a unit test puts in a macro's place.
#[derive(Debug)]
pub(crate) struct Constant(pub(crate) Value);

impl Object for Constant {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A macro, as a value.
#[derive(Debug)]
pub(crate) struct MacroValue {
    pub(crate) decl: Arc<MacroDecl>,
    pub(crate) file: Arc<TemplateFile>,
    pub(crate) package: Arc<str>,
    /// For a macro of the template under evaluation: what it sees.
    pub(crate) closure: Option<Closure>,
    /// For a macro of a macro file: the statements beside it, such as `{% set %}`.
    pub(crate) prelude: Option<Arc<Vec<Stmt>>>,
    /// For a macro of a macro file: `macro.<package>.<name>`.
    pub(crate) id: Option<Arc<str>>,
}

/// What a macro of the template under evaluation sees.
#[derive(Debug, Clone)]
pub(crate) struct Closure {
    pub(crate) scope: Scope,
    /// The macro it stands in; none in the unit's own template.
    pub(crate) name: Option<Arc<str>>,
}

impl Object for MacroValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let names = || {
            self.decl
                .parameters
                .iter()
                .map(|parameter| Value::from(parameter.name.as_ref()))
        };
        match key.as_str()? {
            "name" => Some(Value::from(self.decl.name.as_ref())),
            "arguments" => Some(List::value(names().collect())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}>", self.decl.name)
    }
}

/// The arguments of a call, and its place.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// What is called, for messages.
    pub(crate) callee: String,
    /// The arguments by position.
    pub(crate) args: Vec<Value>,
    /// The arguments by name.
    pub(crate) named: IndexMap<String, Value>,
    /// The place.
    pub(crate) at: Span,
}

impl Call {
    /// The argument at a position or of a name.
    pub(crate) fn arg(&self, index: usize, name: &str) -> Option<&Value> {
        self.args.get(index).or_else(|| self.named.get(name))
    }

    /// An argument that must be given.
    pub(crate) fn required(&self, index: usize, name: &str) -> Outcome<&Value> {
        self.arg(index, name).ok_or_else(|| {
            Signal::fault(
                codes::TEMPLATE_ARGUMENTS,
                format!("`{}` needs the argument `{name}`", self.callee),
            )
        })
    }

    /// A text that must be given.
    pub(crate) fn text(&self, index: usize, name: &str) -> Outcome<String> {
        let value = self.required(index, name)?;
        if value.is_undefined() {
            let message = format!("the argument `{name}` of `{}` is undefined", self.callee);
            return Err(Signal::fault(codes::UNDEFINED_NAME, message));
        }
        Ok(text::display(value))
    }

    /// A truth value, false where it is not given.
    pub(crate) fn truth(&self, index: usize, name: &str) -> bool {
        self.arg(index, name).is_some_and(Value::is_true)
    }

    /// A whole number that must be given.
    pub(crate) fn integer(&self, index: usize, name: &str) -> Outcome<i64> {
        let value = self.required(index, name)?;
        value.as_i64().ok_or_else(|| {
            Signal::fault(
                codes::TEMPLATE_VALUE,
                format!(
                    "`{}` needs a whole number as `{name}`, not {}",
                    self.callee,
                    kind_name(value)
                ),
            )
        })
    }

    /// Refuses arguments that the callee has no use for.
    pub(crate) fn only(&self, parameters: &[&str]) -> Outcome<()> {
        if self.args.len() > parameters.len() {
            return Err(too_many(&self.callee, parameters.len(), self.args.len()));
        }
        match self
            .named
            .keys()
            .find(|name| !parameters.contains(&name.as_str()))
        {
            Some(name) => Err(unknown_argument(&self.callee, name, parameters)),
            None => Ok(()),
        }
    }
}

fn too_many(callee: &str, most: usize, given: usize) -> Signal {
    Signal::fault(
        codes::TEMPLATE_ARGUMENTS,
        format!("`{callee}` takes at most {most} arguments, not {given}"),
    )
}

fn unknown_argument(callee: &str, name: &str, parameters: &[&str]) -> Signal {
    let takes = if parameters.is_empty() {
        "it takes none".to_owned()
    } else {
        format!("it takes `{}`", parameters.join("`, `"))
    };
    Diagnostic::error(
        codes::TEMPLATE_ARGUMENTS,
        format!("`{callee}` takes no argument `{name}`: {takes}"),
    )
    .nearest(name, parameters.iter().copied())
    .into()
}

/// Refuses arguments that a macro has no parameter for.
fn check_arguments(decl: &MacroDecl, call: &Call) -> Outcome<()> {
    let parameters: Vec<&str> = decl
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_ref())
        .collect();
    if call.args.len() > parameters.len() && !decl.takes_varargs {
        return Err(too_many(&decl.name, parameters.len(), call.args.len()));
    }
    let unknown = call
        .named
        .keys()
        .find(|name| *name != "caller" && !parameters.contains(&name.as_str()));
    match unknown {
        Some(name) if !decl.takes_kwargs => Err(unknown_argument(&decl.name, name, &parameters)),
        _ => Ok(()),
    }
}

impl Interpreter<'_> {
    /// Evaluates a call expression; `caller` is the block of a `{% call %}`.
    pub(super) fn eval_call(&mut self, expr: &Expr, caller: Option<Value>) -> Outcome {
        let ExprKind::Call(callee, args) = &expr.kind else {
            return self.eval(expr);
        };
        match &callee.kind {
            ExprKind::Attribute(base, name) => {
                let receiver = self.eval(base)?;
                let name = Arc::clone(name);
                let call = self.arguments(callee, args, caller, expr)?;
                let outcome = self.call_attribute(&receiver, &name, &call, callee);
                self.placed(outcome, expr.at)
            }
            ExprKind::Var(name) => {
                let Some(value) = self.lookup(name) else {
                    return Err(self.undefined_called(callee));
                };
                let call = self.arguments(callee, args, caller, expr)?;
                let outcome = self.call_value(&value, &call);
                self.placed(outcome, expr.at)
            }
            _ => {
                let value = self.eval(callee)?;
                let call = self.arguments(callee, args, caller, expr)?;
                let outcome = self.call_value(&value, &call);
                self.placed(outcome, expr.at)
            }
        }
    }

    fn call_attribute(&mut self, receiver: &Value, name: &str, call: &Call, callee: &Expr) -> Outcome {
        if receiver.is_undefined() {
            if self.executes() || self.is_unknown_name(callee) {
                return Err(self.undefined_called(callee));
            }
            return Ok(Value::UNDEFINED);
        }
        if let Some(outcome) = self.call_method(receiver, name, call) {
            return outcome;
        }
        match self.attribute(receiver, name) {
            Some(value) => self.call_value(&value, call),
            None if receiver.is_none() && !self.executes() => Ok(Value::UNDEFINED),
            None => Err(self.undefined_called(callee)),
        }
    }

    /// Evaluates the arguments of a call.
    pub(super) fn arguments(
        &mut self,
        callee: &Expr,
        args: &[Arg],
        caller: Option<Value>,
        whole: &Expr,
    ) -> Outcome<Call> {
        let mut call = Call {
            callee: self.frame().file.slice(callee.at).to_owned(),
            args: Vec::with_capacity(args.len()),
            named: IndexMap::new(),
            at: self.span(whole.at),
        };
        for arg in args {
            let value = self.eval(arg.expr())?;
            match arg {
                Arg::Positional(_) => call.args.push(value),
                Arg::Named(name, _) => {
                    call.named.insert(name.to_string(), value);
                }
                Arg::Splat(_) => call.args.extend(self.items_of(&value)?),
                Arg::NamedSplat(_) => {
                    for key in self.items_of(&value)? {
                        let entry = value.get_item(&key).unwrap_or_default();
                        call.named.insert(text::display(&key), entry);
                    }
                }
            }
        }
        if let Some(caller) = caller {
            call.named.insert("caller".to_owned(), caller);
        }
        Ok(call)
    }

    /// Calls a value.
    pub(crate) fn call_value(&mut self, value: &Value, call: &Call) -> Outcome {
        if let Some(function) = value.downcast_object_ref::<Function>() {
            return (function.run)(self, call);
        }
        if let Some(called) = value.downcast_object_ref::<MacroValue>() {
            return stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.call_macro(called, call));
        }
        if let Some(run) = value.downcast_object_ref::<Facade>().and_then(Facade::called) {
            return run(self, call);
        }
        if let Some(constant) = value.downcast_object_ref::<Constant>() {
            return Ok(constant.0.clone());
        }
        if value.is_undefined() && !self.executes() {
            return Ok(Value::UNDEFINED);
        }
        Err(Signal::fault(
            codes::TEMPLATE_VALUE,
            format!("`{}` cannot be called: it is {}", call.callee, kind_name(value)),
        ))
    }

    /// Calls a macro: with a value where it returned one, else with the text it wrote.
    pub(crate) fn call_macro(&mut self, called: &MacroValue, call: &Call) -> Outcome {
        if self.frames.len() > DEEPEST_CALL {
            let message = format!(
                "`{}` is called without end: macros stand {DEEPEST_CALL} deep",
                called.decl.name
            );
            return Err(Signal::fault(codes::MACRO_RECURSION, message));
        }
        check_arguments(&called.decl, call)?;
        if let Some(id) = &called.id {
            self.record.macros.insert(id.to_string());
        }
        let scope = called
            .closure
            .as_ref()
            .map_or_else(Scope::default, |closure| closure.scope.inner());
        let is_own = called
            .closure
            .as_ref()
            .is_some_and(|closure| closure.name.is_none());
        self.frames.push(Frame {
            file: Arc::clone(&called.file),
            package: Arc::clone(&called.package),
            name: match &called.closure {
                Some(closure) => closure.name.clone(),
                None => Some(Arc::clone(&called.decl.name)),
            },
            call: Some(call.at.clone()),
        });
        let outcome = self
            .bind(called, call, &scope)
            .and_then(|()| self.aside(scope, &called.decl.body));
        self.frames.pop();
        match outcome {
            Ok(output) => {
                let output = output.out_of(&called.decl.name, &self.own_file);
                Ok(self.remembered(output))
            }
            Err(Signal::Return(value)) => Ok(self.returned(called, value)),
            Err(signal) if is_own => Err(signal.settled()),
            Err(signal) => Err(signal.out_of(&called.decl.name, Some(call.at.clone()))),
        }
    }

    /// A text that a macro returned came out of that macro.
    fn returned(&mut self, called: &MacroValue, value: Value) -> Value {
        let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
            return value;
        };
        let mut output = Output::default();
        match self.texts.get(text) {
            Some(pieces) => output.write_pieces(text, pieces, None),
            None => output.write(
                text,
                Origin::Expression(Place {
                    file: Arc::clone(&called.file),
                    at: called.decl.at,
                }),
            ),
        }
        let output = output.out_of(&called.decl.name, &self.own_file);
        self.texts.insert(output.text, output.pieces);
        value
    }

    fn bind(&mut self, called: &MacroValue, call: &Call, scope: &Scope) -> Outcome<()> {
        if let Some(prelude) = &called.prelude {
            let outer = std::mem::replace(&mut self.scope, scope.clone());
            let output = std::mem::take(&mut self.output);
            let outcome = self.body(prelude);
            self.output = output;
            self.scope = outer;
            outcome?;
        }
        let decl = &called.decl;
        let mut named = call.named.clone();
        for (index, parameter) in decl.parameters.iter().enumerate() {
            let value = match call
                .args
                .get(index)
                .cloned()
                .or_else(|| named.shift_remove(parameter.name.as_ref()))
            {
                Some(value) => value,
                None => self.default_of(parameter.default.as_ref(), scope)?,
            };
            scope.set(&parameter.name, value);
        }
        let most = decl.parameters.len();
        if decl.takes_varargs {
            let rest = call.args.get(most..).unwrap_or_default().to_vec();
            scope.set(&Arc::from("varargs"), List::value(rest));
        }
        if let Some(caller) = named.shift_remove("caller") {
            scope.set(&Arc::from("caller"), caller);
        }
        if decl.takes_kwargs {
            let pairs = named.into_iter().map(|(name, value)| (Value::from(name), value));
            scope.set(&Arc::from("kwargs"), Dict::value(pairs));
        }
        Ok(())
    }

    fn default_of(&mut self, default: Option<&Expr>, scope: &Scope) -> Outcome {
        let Some(default) = default else {
            return Ok(Value::UNDEFINED);
        };
        let outer = std::mem::replace(&mut self.scope, scope.clone());
        let outcome = self.eval(default);
        self.scope = outer;
        outcome
    }

    /// The text of the block of a `{% call %}`.
    pub(crate) fn caller_text(&mut self, call: &Call) -> Outcome<String> {
        let Some(caller) = call.named.get("caller").cloned() else {
            let message = format!(
                "`{}` is used as `{{% call {}(…) %}}…{{% endcall %}}`",
                call.callee, call.callee
            );
            return Err(Signal::fault(codes::TEMPLATE_ARGUMENTS, message));
        };
        let plain = Call {
            callee: "caller".to_owned(),
            args: Vec::new(),
            named: IndexMap::new(),
            at: call.at.clone(),
        };
        self.call_value(&caller, &plain)
            .map(|value| text::display(&value))
    }

    /// Calls a macro of the project with JSON arguments, as if from the top of the unit's template.
    pub(crate) fn call_with_json(
        &mut self,
        value: &Value,
        name: &str,
        args: &[serde_json::Value],
        named: &serde_json::Map<String, serde_json::Value>,
    ) -> Outcome {
        let call = Call {
            callee: name.to_owned(),
            args: args.iter().map(json::from_json).collect(),
            named: named
                .iter()
                .map(|(name, value)| (name.clone(), json::from_json(value)))
                .collect(),
            at: self.span(crate::jinja::syntax::Pos::default()),
        };
        self.call_value(value, &call)
    }
}
