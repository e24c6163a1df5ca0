//! Python's `%` on texts: `'%s, %05.2f' % (a, b)` and `'%(name)s' % {…}`.

use std::iter::Peekable;
use std::str::Chars;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::error::codes;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::value::text;

#[derive(Debug, Default)]
struct Directive {
    key: Option<String>,
    left: bool,
    zeros: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

/// Fills the directives of a text.
pub(crate) fn percent(template: &Value, values: &Value) -> Outcome {
    let template = template.as_str().unwrap_or_default();
    let mut positional = if values.is_tuple() {
        values.try_iter().into_iter().flatten().collect::<Vec<_>>()
    } else {
        vec![values.clone()]
    }
    .into_iter();
    let mut filled = String::new();
    let mut rest = template.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            filled.push(c);
            continue;
        }
        let directive = directive(&mut rest)?;
        if directive.conversion == '%' {
            filled.push('%');
            continue;
        }
        let value = match &directive.key {
            Some(key) => values.get_attr(key).ok().filter(|value| !value.is_undefined()),
            None => positional.next(),
        };
        let value = value.ok_or_else(|| bad("there are fewer values than `%` directives"))?;
        filled.push_str(&convert(&directive, &value)?);
    }
    if positional.next().is_some() && values.is_tuple() {
        return Err(bad("there are more values than `%` directives"));
    }
    Ok(Value::from(filled))
}

fn bad(message: &str) -> Signal {
    Signal::fault(codes::TEMPLATE_VALUE, message)
}

fn directive(rest: &mut Peekable<Chars<'_>>) -> Outcome<Directive> {
    let mut directive = Directive::default();
    if rest.next_if_eq(&'(').is_some() {
        directive.key = Some(rest.by_ref().take_while(|c| *c != ')').collect());
    }
    while let Some(flag) = rest.next_if(|c| "-+0 #".contains(*c)) {
        match flag {
            '-' => directive.left = true,
            '0' => directive.zeros = true,
            '+' => directive.plus = true,
            _ => {}
        }
    }
    directive.width = number(rest).unwrap_or_default();
    if rest.next_if_eq(&'.').is_some() {
        directive.precision = Some(number(rest).unwrap_or_default());
    }
    directive.conversion = rest
        .next()
        .ok_or_else(|| bad("a `%` directive is not finished"))?;
    Ok(directive)
}

fn number(rest: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let mut digits = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok().filter(|width| *width < 10_000)
}

fn convert(directive: &Directive, value: &Value) -> Outcome<String> {
    let text = match directive.conversion {
        's' => cut(text::display(value), directive.precision),
        'r' => cut(text::repr(value), directive.precision),
        'd' | 'i' | 'u' => signed(directive, &whole(value)?.to_string()),
        'x' => format!("{:x}", whole(value)?),
        'X' => format!("{:X}", whole(value)?),
        'o' => format!("{:o}", whole(value)?),
        'f' | 'F' => signed(
            directive,
            &format!("{:.*}", directive.precision.unwrap_or(6), float(value)?),
        ),
        'e' | 'E' | 'g' | 'G' => signed(directive, &text::display(&Value::from(float(value)?))),
        'c' => text::display(value),
        other => {
            return Err(bad(&format!(
                "`%{other}` is no directive; `%%` writes a percent sign"
            )));
        }
    };
    Ok(padded(directive, &text))
}

fn cut(text: String, precision: Option<usize>) -> String {
    match precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    }
}

fn signed(directive: &Directive, text: &str) -> String {
    let plus = if directive.plus && !text.starts_with('-') {
        "+"
    } else {
        ""
    };
    format!("{plus}{text}")
}

fn padded(directive: &Directive, text: &str) -> String {
    let missing = directive.width.saturating_sub(text.chars().count());
    let is_numeric = !matches!(directive.conversion, 's' | 'r' | 'c');
    if directive.left {
        format!("{text}{}", " ".repeat(missing))
    } else if directive.zeros && is_numeric {
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (text.get(..1).unwrap_or_default(), digits),
            None => ("", text),
        };
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}

fn float(value: &Value) -> Outcome<f64> {
    match value.kind() {
        ValueKind::Number => f64::try_from(value.clone()).map_err(|_| bad("the number is too large")),
        _ => Err(bad("a number is needed here, as the `%` directive says")),
    }
}

fn whole(value: &Value) -> Outcome<i64> {
    if let Some(integer) = value.as_i64() {
        return Ok(integer);
    }
    let truncated = float(value)?.trunc();
    format!("{truncated:.0}")
        .parse()
        .map_err(|_| bad("the number is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::value::Tuple;

    #[test]
    fn directives_are_pythons() {
        let fill =
            |template: &str, values: Value| percent(&Value::from(template), &values).unwrap().to_string();
        let pair = |a: Value, b: Value| Value::from(Tuple::new(vec![a, b]));
        assert_eq!(fill("%s-%d", pair(Value::from("a"), Value::from(7))), "a-7");
        assert_eq!(
            fill("%05.1f|%-4s|", pair(Value::from(2.25), Value::from("x"))),
            "002.2|x   |"
        );
        assert_eq!(fill("100%% %s", Value::from("x")), "100% x");
        assert!(percent(&Value::from("%s %s"), &Value::from("x")).is_err());
    }
}
