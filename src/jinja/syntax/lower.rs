//! minijinja's tree, which borrows from the text, made into one of our own.

use std::sync::Arc;

use minijinja::machinery::{Span as JinjaSpan, ast, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;

use super::tree::{
    Arg, CallBlock, Choose, Comparison, Expr, ExprKind, For, If, MacroDecl, Operator, Parameter, Slice, Stmt,
    Target,
};
use super::{Pos, TemplateFile, blocks};
use crate::error::{Diagnostic, codes};

type Lowered<T> = Result<T, Diagnostic>;

/// Parses a template; `text` is the file's, or of the same length as it.
pub(crate) fn parse_template(file: &TemplateFile, text: &str) -> Lowered<Vec<Stmt>> {
    match parse(text, "template", SyntaxConfig::default()) {
        Ok(ast::Stmt::Template(template)) => Lowering { file, text }.body(&template.children),
        Ok(_) => Ok(Vec::new()),
        Err(error) => Err(syntax_error(file, &error)),
    }
}

/// Parses the text of one expression.
pub(crate) fn parse_expression(file: &TemplateFile) -> Lowered<Expr> {
    let tree = parse_expr(file.text()).map_err(|error| syntax_error(file, &error))?;
    Lowering {
        file,
        text: file.text(),
    }
    .expr(&tree)
}

fn syntax_error(file: &TemplateFile, error: &minijinja::Error) -> Diagnostic {
    let message = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    if message.starts_with("unexpected end of input")
        && let Some((keyword, at)) = blocks::unclosed(file.text())
    {
        let message =
            format!("the template cannot be parsed: `{{% {keyword} %}}` has no `{{% end{keyword} %}}`");
        return Diagnostic::error(codes::TEMPLATE_SYNTAX, message).at(file.span(at));
    }
    let range = error.range().unwrap_or_default();
    Diagnostic::error(
        codes::TEMPLATE_SYNTAX,
        format!("the template cannot be parsed: {message}"),
    )
    .at(file.span(Pos::new(range.start, range.end.max(range.start))))
}

struct Lowering<'f> {
    file: &'f TemplateFile,
    text: &'f str,
}

fn pos(span: JinjaSpan) -> Pos {
    Pos::new(offset(span.start_offset), offset(span.end_offset))
}

fn offset(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl Lowering<'_> {
    fn body(&self, statements: &[ast::Stmt<'_>]) -> Lowered<Vec<Stmt>> {
        statements.iter().map(|statement| self.stmt(statement)).collect()
    }

    fn stmt(&self, statement: &ast::Stmt<'_>) -> Lowered<Stmt> {
        Ok(match statement {
            ast::Stmt::EmitRaw(raw) => Stmt::Raw(self.raw(raw.raw)),
            ast::Stmt::EmitExpr(emit) => Stmt::Emit(self.expr(&emit.expr)?),
            ast::Stmt::Do(call) => Stmt::Do(self.call(&call.call)?),
            ast::Stmt::ForLoop(each) => Stmt::For(Box::new(self.for_loop(each)?)),
            ast::Stmt::IfCond(cond) => Stmt::If(If {
                condition: self.expr(&cond.expr)?,
                then: self.body(&cond.true_body)?,
                otherwise: self.body(&cond.false_body)?,
            }),
            ast::Stmt::WithBlock(with) => {
                let assignments = with
                    .assignments
                    .iter()
                    .map(|(target, value)| Ok((self.target(target)?, self.expr(value)?)))
                    .collect::<Lowered<_>>()?;
                Stmt::With(assignments, self.body(&with.body)?)
            }
            ast::Stmt::Set(set) => Stmt::Set(self.target(&set.target)?, self.expr(&set.expr)?),
            ast::Stmt::SetBlock(set) => Stmt::SetBlock(
                self.target(&set.target)?,
                set.filter.as_ref().map(|filter| self.expr(filter)).transpose()?,
                self.body(&set.body)?,
            ),
            ast::Stmt::FilterBlock(block) => {
                Stmt::FilterBlock(self.expr(&block.filter)?, self.body(&block.body)?)
            }
            ast::Stmt::Macro(decl) => Stmt::Macro(Arc::new(self.macro_decl(decl, decl.span())?)),
            ast::Stmt::CallBlock(block) => Stmt::Call(CallBlock {
                call: self.call(&block.call)?,
                caller: Arc::new(self.macro_decl(&block.macro_decl, block.macro_decl.span())?),
            }),
            ast::Stmt::Continue(_) => Stmt::Continue,
            ast::Stmt::Break(_) => Stmt::Break,
            ast::Stmt::AutoEscape(block) => return Err(self.unsupported("autoescape", block.span())),
            ast::Stmt::Block(block) => return Err(self.unsupported("block", block.span())),
            ast::Stmt::Import(block) => return Err(self.unsupported("import", block.span())),
            ast::Stmt::FromImport(block) => return Err(self.unsupported("from", block.span())),
            ast::Stmt::Extends(block) => return Err(self.unsupported("extends", block.span())),
            ast::Stmt::Include(block) => return Err(self.unsupported("include", block.span())),
            ast::Stmt::Template(template) => return Err(self.unsupported("template", template.span())),
        })
    }

    fn unsupported(&self, tag: &str, span: JinjaSpan) -> Diagnostic {
        Diagnostic::error(
            codes::UNSUPPORTED_TEMPLATE,
            format!("`{{% {tag} %}}` has no meaning in a project"),
        )
        .at(self.file.span(pos(span)))
        .hint("macros of the project and its packages are there without being imported")
    }

    fn raw(&self, raw: &str) -> Pos {
        let start = raw.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        Pos::new(start, start + raw.len())
    }

    fn for_loop(&self, each: &ast::ForLoop<'_>) -> Lowered<For> {
        Ok(For {
            target: self.target(&each.target)?,
            iter: self.expr(&each.iter)?,
            filter: each
                .filter_expr
                .as_ref()
                .map(|filter| self.expr(filter))
                .transpose()?,
            recursive: each.recursive,
            body: self.body(&each.body)?,
            otherwise: self.body(&each.else_body)?,
        })
    }

    fn target(&self, target: &ast::Expr<'_>) -> Lowered<Target> {
        match target {
            ast::Expr::Var(var) => Ok(Target::Name(Arc::from(var.id))),
            ast::Expr::GetAttr(attr) => Ok(Target::Attribute(self.expr(&attr.expr)?, Arc::from(attr.name))),
            ast::Expr::List(list) => self.targets(&list.items, list.span()),
            ast::Expr::Tuple(tuple) => self.targets(&tuple.items, tuple.span()),
            other => Err(self.unsupported("set", other.span())),
        }
    }

    fn targets(&self, items: &[ast::Expr<'_>], span: JinjaSpan) -> Lowered<Target> {
        let targets = items
            .iter()
            .map(|item| self.target(item))
            .collect::<Lowered<_>>()?;
        Ok(Target::Tuple(targets, pos(span)))
    }

    fn macro_decl(&self, decl: &ast::Macro<'_>, span: JinjaSpan) -> Lowered<MacroDecl> {
        let first_default = decl.args.len().saturating_sub(decl.defaults.len());
        let parameters = decl
            .args
            .iter()
            .enumerate()
            .map(|(index, arg)| {
                let ast::Expr::Var(name) = arg else {
                    return Err(self.unsupported("macro", arg.span()));
                };
                let default = index
                    .checked_sub(first_default)
                    .and_then(|at| decl.defaults.get(at))
                    .map(|default| self.expr(default))
                    .transpose()?;
                Ok(Parameter {
                    name: Arc::from(name.id),
                    default,
                })
            })
            .collect::<Lowered<_>>()?;
        let at = pos(span);
        let source = self.text.get(at.start..at.end).unwrap_or_default();
        Ok(MacroDecl {
            name: Arc::from(decl.name),
            parameters,
            body: self.body(&decl.body)?,
            at,
            takes_varargs: source.contains("varargs"),
            takes_kwargs: source.contains("kwargs"),
        })
    }

    fn call(&self, call: &ast::Spanned<ast::Call<'_>>) -> Lowered<Expr> {
        let callee = self.expr(&call.expr)?;
        Ok(Expr {
            at: callee.at.to(pos(call.span())),
            kind: ExprKind::Call(Box::new(callee), self.args(&call.args)?),
        })
    }

    fn args(&self, args: &[ast::CallArg<'_>]) -> Lowered<Vec<Arg>> {
        args.iter()
            .map(|arg| {
                Ok(match arg {
                    ast::CallArg::Pos(value) => Arg::Positional(self.expr(value)?),
                    ast::CallArg::Kwarg(name, value) => Arg::Named(Arc::from(*name), self.expr(value)?),
                    ast::CallArg::PosSplat(value) => Arg::Splat(self.expr(value)?),
                    ast::CallArg::KwargSplat(value) => Arg::NamedSplat(self.expr(value)?),
                })
            })
            .collect()
    }

    fn exprs(&self, items: &[ast::Expr<'_>]) -> Lowered<Vec<Expr>> {
        items.iter().map(|item| self.expr(item)).collect()
    }

    fn maybe(&self, expr: Option<&ast::Expr<'_>>) -> Lowered<Option<Expr>> {
        expr.map(|expr| self.expr(expr)).transpose()
    }

    fn expr(&self, expr: &ast::Expr<'_>) -> Lowered<Expr> {
        let at = pos(expr.span());
        Ok(match expr {
            ast::Expr::Var(var) => Expr {
                at,
                kind: ExprKind::Var(Arc::from(var.id)),
            },
            ast::Expr::Const(constant) => Expr {
                at,
                kind: ExprKind::Const(constant.value.clone()),
            },
            ast::Expr::List(list) => Expr {
                at,
                kind: ExprKind::List(self.exprs(&list.items)?),
            },
            ast::Expr::Tuple(tuple) => Expr {
                at,
                kind: ExprKind::Tuple(self.exprs(&tuple.items)?),
            },
            ast::Expr::Map(map) => {
                let pairs = map
                    .keys
                    .iter()
                    .zip(&map.values)
                    .map(|(key, value)| Ok((self.expr(key)?, self.expr(value)?)))
                    .collect::<Lowered<_>>()?;
                Expr {
                    at,
                    kind: ExprKind::Map(pairs),
                }
            }
            ast::Expr::Call(call) => self.call(call)?,
            ast::Expr::BinOp(op) => self.binary(op)?,
            other => self.postfix(other, at)?,
        })
    }

    fn binary(&self, op: &ast::BinOp<'_>) -> Lowered<Expr> {
        let pair = Box::new((self.expr(&op.left)?, self.expr(&op.right)?));
        let at = pair.0.at.to(pair.1.at);
        let compare = |comparison, pair: Box<(Expr, Expr)>| {
            let (left, right) = *pair;
            ExprKind::Compare(Box::new(left), vec![(comparison, right)])
        };
        let kind = match op.op {
            ast::BinOpKind::ScAnd => ExprKind::And(pair),
            ast::BinOpKind::ScOr => ExprKind::Or(pair),
            ast::BinOpKind::Eq => compare(Comparison::Equal, pair),
            ast::BinOpKind::Ne => compare(Comparison::NotEqual, pair),
            ast::BinOpKind::Lt => compare(Comparison::Less, pair),
            ast::BinOpKind::Lte => compare(Comparison::LessOrEqual, pair),
            ast::BinOpKind::Gt => compare(Comparison::Greater, pair),
            ast::BinOpKind::Gte => compare(Comparison::GreaterOrEqual, pair),
            ast::BinOpKind::In => compare(Comparison::In, pair),
            ast::BinOpKind::Add => ExprKind::Binary(Operator::Add, pair),
            ast::BinOpKind::Sub => ExprKind::Binary(Operator::Subtract, pair),
            ast::BinOpKind::Mul => ExprKind::Binary(Operator::Multiply, pair),
            ast::BinOpKind::Div => ExprKind::Binary(Operator::Divide, pair),
            ast::BinOpKind::FloorDiv => ExprKind::Binary(Operator::FloorDivide, pair),
            ast::BinOpKind::Rem => ExprKind::Binary(Operator::Remainder, pair),
            ast::BinOpKind::Pow => ExprKind::Binary(Operator::Power, pair),
            ast::BinOpKind::Concat => ExprKind::Binary(Operator::Concat, pair),
        };
        Ok(Expr { at, kind })
    }

    fn postfix(&self, expr: &ast::Expr<'_>, own: Pos) -> Lowered<Expr> {
        Ok(match expr {
            ast::Expr::GetAttr(attr) => self.onto(&attr.expr, own, |base| {
                Ok(ExprKind::Attribute(Box::new(base), Arc::from(attr.name)))
            })?,
            ast::Expr::GetItem(item) => self.onto(&item.expr, own, |base| {
                Ok(ExprKind::Item(Box::new((base, self.expr(&item.subscript_expr)?))))
            })?,
            ast::Expr::Slice(slice) => self.onto(&slice.expr, own, |base| {
                Ok(ExprKind::Slice(Box::new(Slice {
                    base,
                    start: self.maybe(slice.start.as_ref())?,
                    stop: self.maybe(slice.stop.as_ref())?,
                    step: self.maybe(slice.step.as_ref())?,
                })))
            })?,
            ast::Expr::Test(test) => self.onto(&test.expr, own, |base| {
                Ok(ExprKind::Test(
                    Arc::from(test.name),
                    Box::new(base),
                    self.args(&test.args)?,
                ))
            })?,
            ast::Expr::Filter(filter) => self.filter(filter, own)?,
            ast::Expr::UnaryOp(op) => {
                let operand = Box::new(self.expr(&op.expr)?);
                let at = own.to(operand.at);
                let kind = match op.op {
                    ast::UnaryOpKind::Not => ExprKind::Not(operand),
                    ast::UnaryOpKind::Neg => ExprKind::Negate(operand),
                };
                Expr { at, kind }
            }
            ast::Expr::Compare(compare) => self.onto(&compare.expr, own, |base| {
                let rest = compare
                    .ops
                    .iter()
                    .map(|op| Ok((comparison(op.op), self.expr(&op.expr)?)))
                    .collect::<Lowered<_>>()?;
                Ok(ExprKind::Compare(Box::new(base), rest))
            })?,
            ast::Expr::IfExpr(choose) => self.onto(&choose.true_expr, own, |then| {
                Ok(ExprKind::Choose(Box::new(Choose {
                    condition: self.expr(&choose.test_expr)?,
                    then,
                    otherwise: self.maybe(choose.false_expr.as_ref())?,
                })))
            })?,
            other => return Err(self.unsupported(other.description(), other.span())),
        })
    }

    fn filter(&self, filter: &ast::Filter<'_>, own: Pos) -> Lowered<Expr> {
        let base = match &filter.expr {
            Some(base) => self.expr(base)?,
            None => Expr {
                at: own,
                kind: ExprKind::Captured,
            },
        };
        Ok(Expr {
            at: Pos::new(base.at.start, own.end.max(base.at.end)),
            kind: ExprKind::Filter(Arc::from(filter.name), Box::new(base), self.args(&filter.args)?),
        })
    }

    fn onto(
        &self,
        base: &ast::Expr<'_>,
        own: Pos,
        kind: impl FnOnce(Expr) -> Lowered<ExprKind>,
    ) -> Lowered<Expr> {
        let base = self.expr(base)?;
        Ok(Expr {
            at: Pos::new(base.at.start, own.end.max(base.at.end)),
            kind: kind(base)?,
        })
    }
}

fn comparison(op: ast::CompareOpKind) -> Comparison {
    match op {
        ast::CompareOpKind::Eq => Comparison::Equal,
        ast::CompareOpKind::Ne => Comparison::NotEqual,
        ast::CompareOpKind::Lt => Comparison::Less,
        ast::CompareOpKind::Lte => Comparison::LessOrEqual,
        ast::CompareOpKind::Gt => Comparison::Greater,
        ast::CompareOpKind::Gte => Comparison::GreaterOrEqual,
        ast::CompareOpKind::In => Comparison::In,
        ast::CompareOpKind::NotIn => Comparison::NotIn,
    }
}
