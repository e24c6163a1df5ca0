//! The tree that templates are evaluated from: minijinja's, but owned, and with exact places.

use std::sync::Arc;

use minijinja::Value;

use super::Pos;

/// A statement.
#[derive(Debug)]
pub(crate) enum Stmt {
    /// Literal text: a range of the file.
    Raw(Pos),
    /// `{{ … }}`.
    Emit(Expr),
    /// `{% do … %}`.
    Do(Expr),
    /// `{% for … %}`.
    For(Box<For>),
    /// `{% if … %}`.
    If(If),
    /// `{% with … %}`.
    With(Vec<(Target, Expr)>, Vec<Self>),
    /// `{% set x = … %}`.
    Set(Target, Expr),
    /// `{% set x %}…{% endset %}`, with the filters it is put through.
    SetBlock(Target, Option<Expr>, Vec<Self>),
    /// `{% filter … %}`.
    FilterBlock(Expr, Vec<Self>),
    /// `{% macro … %}`.
    Macro(Arc<MacroDecl>),
    /// `{% call … %}`.
    Call(CallBlock),
    /// `{% continue %}`.
    Continue,
    /// `{% break %}`.
    Break,
}

/// A loop.
#[derive(Debug)]
pub(crate) struct For {
    pub(crate) target: Target,
    pub(crate) iter: Expr,
    pub(crate) filter: Option<Expr>,
    pub(crate) recursive: bool,
    pub(crate) body: Vec<Stmt>,
    pub(crate) otherwise: Vec<Stmt>,
}

/// A condition.
#[derive(Debug)]
pub(crate) struct If {
    pub(crate) condition: Expr,
    pub(crate) then: Vec<Stmt>,
    pub(crate) otherwise: Vec<Stmt>,
}

/// A call whose block is handed over as `caller`.
#[derive(Debug)]
pub(crate) struct CallBlock {
    pub(crate) call: Expr,
    pub(crate) caller: Arc<MacroDecl>,
}

/// What is assigned to.
#[derive(Debug)]
pub(crate) enum Target {
    /// A name.
    Name(Arc<str>),
    /// `namespace.name`.
    Attribute(Expr, Arc<str>),
    /// Several at once.
    Tuple(Vec<Self>, Pos),
}

/// A macro.
#[derive(Debug)]
pub(crate) struct MacroDecl {
    pub(crate) name: Arc<str>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) at: Pos,
    /// Whether the body speaks of `varargs`.
    pub(crate) takes_varargs: bool,
    /// Whether the body speaks of `kwargs`.
    pub(crate) takes_kwargs: bool,
}

/// A macro's parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Arc<str>,
    pub(crate) default: Option<Expr>,
}

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) at: Pos,
    pub(crate) kind: ExprKind,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum ExprKind {
    Var(Arc<str>),
    Const(Value),
    /// The text of the block that a filter is applied to.
    Captured,
    Slice(Box<Slice>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Binary(Operator, Box<(Expr, Expr)>),
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    Choose(Box<Choose>),
    Filter(Arc<str>, Box<Expr>, Vec<Arg>),
    Test(Arc<str>, Box<Expr>, Vec<Arg>),
    Attribute(Box<Expr>, Arc<str>),
    Item(Box<(Expr, Expr)>),
    Call(Box<Expr>, Vec<Arg>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
}

/// `x[start:stop:step]`.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) base: Expr,
    pub(crate) start: Option<Expr>,
    pub(crate) stop: Option<Expr>,
    pub(crate) step: Option<Expr>,
}

/// `then if condition else otherwise`.
#[derive(Debug)]
pub(crate) struct Choose {
    pub(crate) condition: Expr,
    pub(crate) then: Expr,
    pub(crate) otherwise: Option<Expr>,
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
    Concat,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// An argument of a call.
#[derive(Debug)]
pub(crate) enum Arg {
    Positional(Expr),
    Named(Arc<str>, Expr),
    Splat(Expr),
    NamedSplat(Expr),
}

impl Arg {
    /// The expression.
    pub(crate) fn expr(&self) -> &Expr {
        match self {
            Self::Positional(expr) | Self::Named(_, expr) | Self::Splat(expr) | Self::NamedSplat(expr) => {
                expr
            }
        }
    }
}
