//! A diagnostic as text: what, where with the line, notes and hints.

use std::fmt::Write as _;
use std::path::Path;

use unicode_width::UnicodeWidthStr as _;

use super::style::{Role, Style};
use crate::error::{Diagnostic, Severity, Span};
use crate::host::Host;

/// Renders a diagnostic, with the line it points at when the file can be read.
///
/// # Shape
/// ```text
/// error[HW0302]: column `emial` not found in `stg_hubspot__contacts`
///   --> models/int_contacts.sql:14:15
///    |
/// 14 |         lower(emial) as email,
///    |               ^^^^^
/// note: compiled to target/compiled/shop/models/int_contacts.sql:22:15
/// hint: did you mean `email`?
/// ```
pub(super) fn render(host: &Host, root: &Path, diagnostic: &Diagnostic, style: Style) -> String {
    let (word, role) = match diagnostic.severity {
        Severity::Error => ("error", Role::Bad),
        Severity::Warning => ("warning", Role::Doubtful),
    };
    let mut text = format!(
        "{}: {}\n",
        style.paint(role, &format!("{word}[{}]", diagnostic.code)),
        style.paint(Role::Strong, &diagnostic.message)
    );
    if let Some(span) = &diagnostic.span {
        push_place(&mut text, host, root, span, style);
    }
    for (label, lines) in [("note", &diagnostic.notes), ("hint", &diagnostic.hints)] {
        for line in lines {
            push_line(&mut text, &format!("{}: {line}", style.paint(Role::Faint, label)));
        }
    }
    text
}

fn push_place(text: &mut String, host: &Host, root: &Path, span: &Span, style: Style) {
    let line = host.read_text(&root.join(&span.file)).ok().and_then(|file| {
        file.lines()
            .nth(span.line.saturating_sub(1))
            .map(|line| line.replace('\t', "    "))
    });
    let number = span.line.to_string();
    let margin = " ".repeat(number.len());
    let bar = style.paint(Role::Faint, "|");
    push_line(
        text,
        &format!("{margin}{} {span}", style.paint(Role::Faint, "-->")),
    );
    let is_whole_file = span.width == 0 && (span.line, span.column) == (1, 1);
    let (Some(line), false) = (line, is_whole_file) else {
        return;
    };
    let before: String = line.chars().take(span.column.saturating_sub(1)).collect();
    let meant: String = line
        .chars()
        .skip(span.column.saturating_sub(1))
        .take(span.width)
        .collect();
    let carets = "^".repeat(meant.width().max(1));
    push_line(text, &format!("{margin} {bar}"));
    push_line(
        text,
        &format!("{} {bar} {}", style.paint(Role::Faint, &number), line.trim_end()),
    );
    push_line(
        text,
        &format!(
            "{margin} {bar} {}{}",
            " ".repeat(before.width()),
            style.paint(Role::Bad, &carets)
        ),
    );
}

fn push_line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
