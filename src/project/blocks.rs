//! Blocks in files: `{% snapshot name %}…{% endsnapshot %}` and `{% docs name %}…{% enddocs %}`.

use std::path::Path;

use crate::error::{Diagnostic, Span, codes};

/// A named block of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) name: String,
    pub(super) contents: String,
    /// The line of the contents' first character, from 1.
    pub(super) first_line: usize,
}

/// The snapshots of a file.
pub(super) fn snapshots(text: &str, file: &Path, out: &mut Vec<Diagnostic>) -> Vec<Block> {
    find(text, "snapshot", file, out)
}

/// The docs blocks of a file.
pub(super) fn docs(text: &str, file: &Path, out: &mut Vec<Diagnostic>) -> Vec<Block> {
    find(text, "docs", file, out)
}

/// Whether a file opens a block of a kind.
pub(super) fn may_hold(text: &str, kind: &str) -> bool {
    tags(text).any(|tag| tag.words().next() == Some(kind))
}

fn find(text: &str, kind: &str, file: &Path, out: &mut Vec<Diagnostic>) -> Vec<Block> {
    let end = format!("end{kind}");
    let mut blocks = Vec::new();
    let mut open: Option<(Tag<'_>, String)> = None;
    for tag in tags(text) {
        let mut words = tag.words();
        match words.next() {
            Some(word) if word == kind => {
                let Some(name) = words.next().map(str::to_owned) else {
                    out.push(fault(
                        text,
                        file,
                        &tag,
                        format!("a `{kind}` block without a name"),
                    ));
                    continue;
                };
                if let Some((first, unfinished)) = open.replace((tag, name)) {
                    out.push(unclosed(text, file, &first, kind, &unfinished));
                }
            }
            Some(word) if word == end => match open.take() {
                Some((start, name)) => blocks.push(Block {
                    name,
                    contents: text.get(start.end..tag.start).unwrap_or_default().to_owned(),
                    first_line: line_of(text, start.end),
                }),
                None => out.push(fault(text, file, &tag, format!("`{end}` closes nothing"))),
            },
            _ => {}
        }
    }
    if let Some((tag, name)) = open {
        out.push(unclosed(text, file, &tag, kind, &name));
    }
    blocks
}

fn unclosed(text: &str, file: &Path, tag: &Tag<'_>, kind: &str, name: &str) -> Diagnostic {
    fault(
        text,
        file,
        tag,
        format!("the {kind} block `{name}` is not closed"),
    )
    .hint(format!("end it with `{{% end{kind} %}}`"))
}

fn fault(text: &str, file: &Path, tag: &Tag<'_>, message: String) -> Diagnostic {
    let before = text.get(..tag.start).unwrap_or_default();
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let width = if tag.inner.contains('\n') {
        0
    } else {
        tag.inner.chars().count() + 4
    };
    Diagnostic::error(codes::BLOCK_SYNTAX, message).at(Span::new(
        file,
        line_of(text, tag.start),
        column,
        width,
    ))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

/// A `{% … %}` tag: where it stands and what is inside.
#[derive(Debug, Clone, Copy)]
struct Tag<'t> {
    start: usize,
    end: usize,
    inner: &'t str,
}

impl<'t> Tag<'t> {
    fn words(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.inner
            .trim_matches(|c: char| c == '-' || c == '+' || c.is_whitespace())
            .split_whitespace()
    }
}

/// The tags of a template, those in comments and raw blocks left out.
fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let offset = rest.find("{%").into_iter().chain(rest.find("{#")).min()?;
            let start = at + offset;
            if text.get(start..)?.starts_with("{#") {
                at = start + text.get(start..)?.find("#}")? + 2;
                continue;
            }
            let length = text.get(start..)?.find("%}")?;
            let tag = Tag {
                start,
                end: start + length + 2,
                inner: text.get(start + 2..start + length)?,
            };
            at = tag.end;
            if tag.words().next() == Some("raw") {
                at += text.get(at..)?.find("endraw")?;
                continue;
            }
            return Some(tag);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_and_comments_are_not() {
        let text = "{# {% snapshot no %} #}\n{%- snapshot a -%}\nselect 1\n{% endsnapshot %}\n{% snapshot b %}x{% endsnapshot %}";
        let mut out = Vec::new();
        let found = snapshots(text, Path::new("s.sql"), &mut out);
        assert_eq!(out, []);
        let found: Vec<_> = found
            .iter()
            .map(|b| (b.name.as_str(), b.contents.as_str(), b.first_line))
            .collect();
        assert_eq!(found, [("a", "\nselect 1\n", 2), ("b", "x", 5)]);
    }

    #[test]
    fn unclosed_blocks_are_told_with_their_place() {
        let mut out = Vec::new();
        assert_eq!(docs("text\n {% docs a %} never", Path::new("d.md"), &mut out), []);
        assert_eq!(out[0].message, "the docs block `a` is not closed");
        assert_eq!(out[0].span, Some(Span::new("d.md", 2, 2, 12)));
    }
}
