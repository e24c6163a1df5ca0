//! What a plain scalar means, by the rules of YAML 1.1.

use std::sync::Arc;

use serde_json::Number;

use super::Content;

/// Says what a plain scalar means.
pub(super) fn resolve(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Content::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Content::Bool(false),
        _ => number(text).map_or_else(|| Content::Text(Arc::from(text)), Content::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(value) = integer(digits) {
        return Some(if negative {
            Number::from(-value)
        } else {
            Number::from(value)
        });
    }
    let plain = digits.replace('_', "");
    let (mantissa, exponent) = plain
        .split_once(['e', 'E'])
        .map_or((plain.as_str(), None), |(m, e)| (m, Some(e)));
    let is_decimal = mantissa.contains('.') && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_signed = exponent.is_none_or(|e| e.starts_with(['+', '-']));
    if !(is_decimal && is_signed) {
        return None;
    }
    let value: f64 = plain.parse().ok()?;
    Number::from_f64(if negative { -value } else { value })
}

fn integer(digits: &str) -> Option<i64> {
    let plain = digits.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok();
    }
    if !plain.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match plain.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => i64::from_str_radix(octal, 8).ok(),
        _ => plain.parse().ok(),
    }
}
