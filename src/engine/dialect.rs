//! Other warehouses' spellings, put into DataFusion's before a query is planned.
//!
//! A project may call `iff`, `countif`, `safe_cast` or `datediff(day, …)`. Where the meaning is that of an expression
//! DataFusion has, the call is replaced in the syntax tree by a template; what the call's arguments say of their places
//! in the SQL is kept. Functions that need code of their own are in [`super::functions`].

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Statement, TableFactor, UnaryOperator, Value,
    VisitMut as _, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// Calls and what they stand for: name, number of arguments, template.
const TEMPLATES: &[(&str, usize, &str)] = &[
    ("if", 3, "case when $1 then $2 else $3 end"),
    ("iff", 3, "case when $1 then $2 else $3 end"),
    ("count_if", 1, "count(case when $1 then 1 end)"),
    ("countif", 1, "count(case when $1 then 1 end)"),
    ("logical_or", 1, "bool_or($1)"),
    ("logical_and", 1, "bool_and($1)"),
    ("boolor_agg", 1, "bool_or($1)"),
    ("booland_agg", 1, "bool_and($1)"),
    ("approx_count_distinct", 1, "approx_distinct($1)"),
    ("list", 1, "array_agg($1)"),
    ("array_concat_agg", 1, "flatten(array_agg($1))"),
    ("listagg", 1, "string_agg($1, '')"),
    ("listagg", 2, "string_agg($1, $2)"),
    ("group_concat", 1, "string_agg($1, ',')"),
    ("group_concat", 2, "string_agg($1, $2)"),
    ("mod", 2, "(($1) % ($2))"),
    ("safe_divide", 2, "(($1) / nullif($2, 0))"),
    ("zeroifnull", 1, "coalesce($1, 0)"),
    ("nullifzero", 1, "nullif($1, 0)"),
    ("md5", 1, "cast(md5($1) as varchar)"),
    ("len", 1, "length($1)"),
    ("charindex", 2, "strpos($2, $1)"),
    ("startswith", 2, "starts_with($1, $2)"),
    ("endswith", 2, "ends_with($1, $2)"),
    ("string_split", 2, "string_to_array($1, $2)"),
    ("str_split", 2, "string_to_array($1, $2)"),
    ("split", 2, "string_to_array($1, $2)"),
    ("array_size", 1, "cardinality($1)"),
    ("list_value", 1, "make_array($1)"),
    ("getdate", 0, "now()"),
    ("sysdate", 0, "now()"),
    ("current_datetime", 0, "now()"),
    ("year", 1, "date_part('year', $1)"),
    ("quarter", 1, "date_part('quarter', $1)"),
    ("month", 1, "date_part('month', $1)"),
    ("week", 1, "date_part('week', $1)"),
    ("weekofyear", 1, "date_part('week', $1)"),
    ("day", 1, "date_part('day', $1)"),
    ("dayofmonth", 1, "date_part('day', $1)"),
    ("dayofweek", 1, "date_part('dow', $1)"),
    ("dayofyear", 1, "date_part('doy', $1)"),
    ("hour", 1, "date_part('hour', $1)"),
    ("minute", 1, "date_part('minute', $1)"),
    ("second", 1, "date_part('second', $1)"),
    ("epoch", 1, "date_part('epoch', $1)"),
    (
        "epoch_ms",
        1,
        "cast(arrow_cast($1, 'Timestamp(Millisecond, None)') as bigint)",
    ),
    ("strftime", 2, "to_char($1, $2)"),
    ("strptime", 2, "to_timestamp_micros($1, $2)"),
    ("datediff", 2, "date_diff('day', $2, $1)"),
    ("date_diff", 2, "date_diff('day', $2, $1)"),
    ("date_add", 2, "(($1) + ($2))"),
    ("timestamp_add", 2, "(($1) + ($2))"),
    ("date_sub", 2, "(($1) - ($2))"),
    ("timestamp_sub", 2, "(($1) - ($2))"),
    ("datediff", 3, "date_diff($1, $2, $3)"),
    ("timestampdiff", 3, "date_diff($1, $2, $3)"),
    ("dateadd", 3, "date_add($1, $2, $3)"),
    ("timestampadd", 3, "date_add($1, $2, $3)"),
];

/// Functions whose first argument is a part of a date, which may be written without quotes.
const PART_FIRST: &[&str] = &[
    "datediff",
    "date_diff",
    "timestampdiff",
    "dateadd",
    "date_add",
    "timestampadd",
    "date_trunc",
    "date_part",
];

/// `BigQuery`'s: the part comes last, and of two dates the later comes first.
const PART_LAST: &[(&str, usize, &str)] = &[
    ("date_diff", 3, "date_diff($3, $2, $1)"),
    ("datetime_diff", 3, "date_diff($3, $2, $1)"),
    ("timestamp_diff", 3, "date_diff($3, $2, $1)"),
    ("date_trunc", 2, "date_trunc($2, $1)"),
    ("datetime_trunc", 2, "date_trunc($2, $1)"),
    ("timestamp_trunc", 2, "date_trunc($2, $1)"),
    ("last_day", 2, "last_day($1, $2)"),
];

const PARTS: &[&str] = &[
    "year",
    "years",
    "quarter",
    "quarters",
    "month",
    "months",
    "week",
    "weeks",
    "isoweek",
    "day",
    "days",
    "hour",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "millisecond",
    "milliseconds",
    "microsecond",
    "microseconds",
    "dow",
    "doy",
    "epoch",
];

type Templates = BTreeMap<(&'static str, usize), Expr>;

static PARSED: LazyLock<(Templates, Templates)> = LazyLock::new(|| (parsed(TEMPLATES), parsed(PART_LAST)));

fn parsed(templates: &'static [(&'static str, usize, &'static str)]) -> Templates {
    let dialect = GenericDialect {};
    templates
        .iter()
        .filter_map(|(name, arity, text)| {
            let template = Parser::new(&dialect).try_with_sql(text).ok()?.parse_expr().ok()?;
            Some(((*name, *arity), template))
        })
        .collect()
}

/// Names of functions that are replaced, for hints.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, ..)| *name)
}

/// Puts a statement into DataFusion's own words.
pub(super) fn translate(statement: &mut Statement) {
    let (ControlFlow::Continue(()) | ControlFlow::Break(())) = statement.visit(&mut Translator);
}

/// What a statement asks for that DataFusion takes without doing it.
pub(super) fn ignored(statement: &mut Statement) -> Option<&'static str> {
    struct Sampled;
    impl VisitorMut for Sampled {
        type Break = ();

        fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<()> {
            match table {
                TableFactor::Table { sample: Some(_), .. } => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    statement.visit(&mut Sampled).is_break().then_some("tablesample")
}

struct Translator;

impl VisitorMut for Translator {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Some(replaced) = replacement(expr) {
            *expr = replaced;
        }
        ControlFlow::Continue(())
    }
}

fn replacement(expr: &mut Expr) -> Option<Expr> {
    match expr {
        Expr::Function(call) => function(call),
        Expr::Cast { kind, .. } if *kind == CastKind::SafeCast => {
            *kind = CastKind::TryCast;
            None
        }
        Expr::InUnnest {
            expr,
            array_expr,
            negated,
        } => {
            let has = call(
                "array_has",
                vec![array_expr.as_ref().clone(), expr.as_ref().clone()],
            );
            Some(if *negated { not(has) } else { has })
        }
        Expr::Like { any: true, .. } | Expr::ILike { any: true, .. } => like_any(expr),
        _ => None,
    }
}

/// `x like any (a, b)` is `x like a or x like b`.
fn like_any(expr: &Expr) -> Option<Expr> {
    let (Expr::Like { pattern, negated, .. } | Expr::ILike { pattern, negated, .. }) = expr else {
        return None;
    };
    let patterns = match pattern.as_ref() {
        Expr::Tuple(patterns) => patterns.clone(),
        Expr::Nested(pattern) => vec![pattern.as_ref().clone()],
        _ => return None,
    };
    let any = patterns
        .into_iter()
        .map(|one| one_like(expr, one))
        .reduce(|left, right| Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::Or,
            right: Box::new(right),
        })?;
    let any = Expr::Nested(Box::new(any));
    Some(if *negated { not(any) } else { any })
}

fn one_like(like: &Expr, one: Expr) -> Expr {
    let mut like = like.clone();
    if let Expr::Like {
        any,
        negated,
        pattern,
        ..
    }
    | Expr::ILike {
        any,
        negated,
        pattern,
        ..
    } = &mut like
    {
        *any = false;
        *negated = false;
        **pattern = one;
    }
    like
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(expr),
    }
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args
        .into_iter()
        .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)))
        .collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn function(function: &mut Function) -> Option<Expr> {
    let name = match function.name.0.as_slice() {
        [part] => part.as_ident()?.value.to_lowercase(),
        _ => return None,
    };
    let mut args = plain_args(function)?;
    let part_last = args.len() > 1
        && args.last().is_some_and(|arg| bare_part(arg).is_some())
        && args.first().is_some_and(|arg| part_name(arg).is_none());
    let (templates, part_last_templates) = &*PARSED;
    let templates = if part_last { part_last_templates } else { templates };
    if part_last {
        quote_part(args.last_mut());
    } else if PART_FIRST.contains(&name.as_str()) {
        quote_part(args.first_mut());
        set_args(function, &args);
    }
    if name == "list_value" && args.len() != 1 {
        return Some(call("make_array", args));
    }
    let mut filled = templates
        .iter()
        .find(|((known, arity), _)| *known == name && *arity == args.len())
        .map(|(_, template)| template.clone())?;
    if let ControlFlow::Break(()) = filled.visit(&mut Filler { args: &args }) {
        return None;
    }
    adopt(&mut filled, function);
    Some(filled)
}

/// Gives the template's outer call what belongs to the call it replaces: `over`, `filter`, `distinct`, an order.
fn adopt(filled: &mut Expr, original: &Function) {
    let Expr::Function(outer) = filled else {
        return;
    };
    let inner = match inner_call(outer) {
        Some(inner) => inner,
        None => outer,
    };
    inner.over.clone_from(&original.over);
    inner.filter.clone_from(&original.filter);
    inner.null_treatment = original.null_treatment;
    let (FunctionArguments::List(to), FunctionArguments::List(from)) = (&mut inner.args, &original.args)
    else {
        return;
    };
    to.duplicate_treatment = from.duplicate_treatment;
    to.clauses.extend(from.clauses.iter().cloned());
    if !original.within_group.is_empty() {
        to.clauses
            .push(FunctionArgumentClause::OrderBy(original.within_group.clone()));
    }
}

/// The aggregate inside `flatten(array_agg(…))`.
fn inner_call(outer: &mut Function) -> Option<&mut Function> {
    if outer.name.to_string() != "flatten" {
        return None;
    }
    match &mut outer.args {
        FunctionArguments::List(list) => match list.args.first_mut() {
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(inner)))) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

fn plain_args(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect()
}

fn set_args(function: &mut Function, args: &[Expr]) {
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = args
            .iter()
            .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg.clone())))
            .collect();
    }
}

fn bare_part(arg: &Expr) -> Option<String> {
    match arg {
        Expr::Identifier(ident) if ident.quote_style.is_none() => {
            let name = ident.value.to_lowercase();
            PARTS.contains(&name.as_str()).then_some(name)
        }
        _ => None,
    }
}

fn part_name(arg: &Expr) -> Option<String> {
    match arg {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => {
                let name = text.to_lowercase();
                PARTS.contains(&name.as_str()).then_some(name)
            }
            _ => None,
        },
        other => bare_part(other),
    }
}

fn quote_part(arg: Option<&mut Expr>) {
    if let Some(arg) = arg
        && let Some(name) = bare_part(arg)
    {
        *arg = Expr::value(Value::SingleQuotedString(name));
    }
}

/// Puts arguments in the place of `$1`, `$2`, …
struct Filler<'a> {
    args: &'a [Expr],
}

impl VisitorMut for Filler<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Value(value) = expr else {
            return ControlFlow::Continue(());
        };
        let Value::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        let index = name.trim_start_matches('$').parse::<usize>().ok();
        match index.and_then(|index| self.args.get(index.checked_sub(1)?)) {
            Some(arg) => {
                *expr = arg.clone();
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    }
}
