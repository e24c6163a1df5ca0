//! dbt's own blocks: `{% test %}`, `{% snapshot %}` and `{% materialization %}`, found and made into what Jinja knows.
//!
//! Every change keeps the length of the text, so that places stay true: `{% test x(…) %}` becomes `{%macro x(…) %}`.

use super::Pos;

/// What a block of a macro file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// `{% macro %}`.
    Macro,
    /// `{% test %}` or `{% data_test %}`.
    Test,
    /// `{% snapshot %}`.
    Snapshot,
    /// `{% materialization %}`.
    Materialization,
}

/// A block that stands at the top of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// What it is.
    pub(crate) kind: BlockKind,
    /// Its name.
    pub(crate) name: String,
    /// From its opening tag to the end of its closing one.
    pub(crate) at: Pos,
    /// Its opening tag.
    pub(crate) opening: Pos,
}

/// A text with dbt's blocks made into Jinja's, and the blocks.
#[derive(Debug)]
pub(crate) struct Blocks {
    /// The text, of the same length.
    pub(crate) text: String,
    /// The blocks, in order.
    pub(crate) blocks: Vec<Block>,
}

struct Tag<'t> {
    at: Pos,
    keyword: &'t str,
    keyword_at: Pos,
    rest: &'t str,
}

/// Finds the blocks of a text and rewrites those that Jinja does not know.
pub(crate) fn rewrite(text: &str) -> Blocks {
    let mut bytes = text.as_bytes().to_vec();
    let mut blocks = Vec::new();
    let mut open: Option<(BlockKind, String, Pos)> = None;
    for tag in tags(text) {
        if matches!(tag.keyword, "macro" | "test" | "data_test" | "set") {
            blank_annotations(&mut bytes, &tag);
        }
        match (kind_of(tag.keyword), &open) {
            (Some(kind), None) => {
                if kind == BlockKind::Test {
                    replace_keyword(&mut bytes, &tag, "macro");
                } else if kind == BlockKind::Snapshot {
                    make_comment(&mut bytes, tag.at);
                }
                open = Some((kind, name_of(tag.rest), tag.at));
            }
            (None, Some((kind, _, opening)))
                if tag.keyword.strip_prefix("end").and_then(kind_of) == Some(*kind) =>
            {
                let at = opening.to(tag.at);
                match kind {
                    BlockKind::Macro => {}
                    BlockKind::Test => replace_keyword(&mut bytes, &tag, "endmacro"),
                    BlockKind::Snapshot => make_comment(&mut bytes, tag.at),
                    BlockKind::Materialization => blank(&mut bytes, at),
                }
                if let Some((kind, name, opening)) = open.take() {
                    blocks.push(Block {
                        kind,
                        name,
                        at,
                        opening,
                    });
                }
            }
            _ => {}
        }
    }
    Blocks {
        text: String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned()),
        blocks,
    }
}

/// The keywords of tags that need an end tag.
const PAIRED: [&str; 10] = [
    "if",
    "for",
    "macro",
    "call",
    "filter",
    "with",
    "set",
    "test",
    "snapshot",
    "materialization",
];

/// The innermost block that is opened and not closed, and its keyword.
pub(crate) fn unclosed(text: &str) -> Option<(&str, Pos)> {
    let mut open: Vec<(&str, Pos)> = Vec::new();
    for tag in tags(text) {
        if let Some(closed) = tag.keyword.strip_prefix("end") {
            let from = open.iter().rposition(|(keyword, _)| *keyword == closed);
            open.truncate(from.unwrap_or(open.len()));
        } else if PAIRED.contains(&tag.keyword) && !(tag.keyword == "set" && tag.rest.contains('=')) {
            open.push((tag.keyword, tag.at));
        }
    }
    open.pop()
}

fn kind_of(keyword: &str) -> Option<BlockKind> {
    match keyword {
        "macro" => Some(BlockKind::Macro),
        "test" | "data_test" => Some(BlockKind::Test),
        "snapshot" => Some(BlockKind::Snapshot),
        "materialization" => Some(BlockKind::Materialization),
        _ => None,
    }
}

fn name_of(rest: &str) -> String {
    rest.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Writes another keyword over a tag's, using the blanks around it where the new one is longer.
fn replace_keyword(bytes: &mut [u8], tag: &Tag<'_>, keyword: &str) {
    let Pos { mut start, mut end } = tag.keyword_at;
    let is_blank = |bytes: &[u8], at: usize| bytes.get(at).is_some_and(u8::is_ascii_whitespace);
    while end - start < keyword.len() && is_blank(bytes, start.saturating_sub(1)) {
        start -= 1;
    }
    while end - start < keyword.len() && is_blank(bytes, end) && is_blank(bytes, end + 1) {
        end += 1;
    }
    if let Some(place) = bytes.get_mut(start..end) {
        let padded = keyword.bytes().chain(std::iter::repeat(b' '));
        place.iter_mut().zip(padded).for_each(|(byte, new)| *byte = new);
    }
}

/// Blanks the types that dbt allows in `{% macro f(a: str, b: int = 1) %}` and `{% set a: str = … %}`.
fn blank_annotations(bytes: &mut [u8], tag: &Tag<'_>) {
    let annotated_depth = usize::from(tag.keyword != "set");
    let mut depth = 0_usize;
    let mut is_annotation = false;
    let mut is_value = false;
    let mut quote = None;
    for (at, byte) in bytes
        .iter_mut()
        .enumerate()
        .take(tag.at.end)
        .skip(tag.keyword_at.end)
    {
        let is_mark = depth == annotated_depth;
        match (quote, *byte) {
            (Some(open), byte) => quote = (byte != open).then_some(open),
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => {
                is_annotation &= !(is_mark && annotated_depth == 1);
                depth = depth.saturating_sub(1);
            }
            (None, b'=') if is_mark => (is_annotation, is_value) = (false, true),
            (None, b',') if is_mark => (is_annotation, is_value) = (false, tag.keyword == "set" && is_value),
            (None, b':') if is_mark && !is_value => is_annotation = true,
            _ => {}
        }
        if is_annotation && at < tag.at.end.saturating_sub(2) && *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// Makes `{% … %}` into `{# … #}`.
fn make_comment(bytes: &mut [u8], at: Pos) {
    for place in [at.start + 1, at.end.saturating_sub(2)] {
        if let Some(byte) = bytes.get_mut(place) {
            *byte = b'#';
        }
    }
}

/// Blanks a range, line ends left.
fn blank(bytes: &mut [u8], at: Pos) {
    for byte in bytes.get_mut(at.start..at.end).into_iter().flatten() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// The statement tags of a text; comments, expressions and raw blocks are passed over.
fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut raw = false;
    while let Some(start) = text
        .get(at..)
        .and_then(|rest| rest.find('{'))
        .map(|found| at + found)
    {
        let rest = text.get(start..).unwrap_or_default();
        let (closing, is_tag) = match rest.as_bytes().get(1) {
            Some(b'#') if !raw => ("#}", false),
            Some(b'{') if !raw => ("}}", false),
            Some(b'%') => ("%}", true),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(end) = closing_of(rest, closing).map(|length| start + length) else {
            break;
        };
        at = end;
        if is_tag {
            let tag = tag_at(text, Pos::new(start, end));
            match tag.keyword {
                "raw" => raw = true,
                "endraw" => raw = false,
                _ if !raw => found.push(tag),
                _ => {}
            }
        }
    }
    found
}

/// The length up to and with the closing mark, quoted text passed over; comments have no quotes.
fn closing_of(rest: &str, closing: &str) -> Option<usize> {
    let has_quotes = closing != "#}";
    let mut quote = None;
    let mut characters = rest.char_indices().skip(2);
    while let Some((at, c)) = characters.next() {
        match quote {
            Some(_) if c == '\\' => drop(characters.next()),
            Some(open) if c == open => quote = None,
            None if has_quotes && (c == '\'' || c == '"') => quote = Some(c),
            None if rest.get(at..).is_some_and(|rest| rest.starts_with(closing)) => {
                return Some(at + closing.len());
            }
            _ => {}
        }
    }
    None
}

fn tag_at(text: &str, at: Pos) -> Tag<'_> {
    let inner = text
        .get(at.start + 2..at.end.saturating_sub(2))
        .unwrap_or_default();
    let trimmed = inner.trim_start_matches(['-', '+']).trim_start();
    let keyword_start = at.start + 2 + (inner.len() - trimmed.len());
    let length = trimmed
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(trimmed.len());
    let (keyword, rest) = trimmed.split_at(length);
    Tag {
        at,
        keyword,
        keyword_at: Pos::new(keyword_start, keyword_start + length),
        rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_become_macros_of_the_same_length() {
        let text =
            "{% test even(model) %}select 1{% endtest %}{%- data_test odd(model) -%}x{%- enddata_test -%}";
        let rewritten = rewrite(text);
        assert_eq!(rewritten.text.len(), text.len());
        assert!(
            rewritten
                .text
                .starts_with("{%macro even(model) %}select 1{%endmacro %}")
        );
        assert!(
            minijinja::Environment::new()
                .template_from_str(&rewritten.text)
                .is_ok()
        );
        let names: Vec<_> = rewritten.blocks.iter().map(|block| block.name.as_str()).collect();
        assert_eq!(names, ["even", "odd"]);
    }

    #[test]
    fn types_of_parameters_are_blanked() {
        let text = "{% macro f(a: str, b: dict[str, int] = {'x': 1}) %}{% set y: list[str] = {'a': 1} %}{% endmacro %}";
        let rewritten = rewrite(text).text;
        assert_eq!(
            rewritten,
            "{% macro f(a     , b                 = {'x': 1}) %}{% set y            = {'a': 1} %}{% endmacro %}"
        );
        assert!(
            minijinja::Environment::new()
                .template_from_str(&rewritten)
                .is_ok()
        );
    }

    #[test]
    fn snapshots_become_comments_and_raw_text_is_left() {
        let text = "{% snapshot s %}{% raw %}{% test x %}{% endraw %}{% endsnapshot %}";
        assert_eq!(
            rewrite(text).text,
            "{# snapshot s #}{% raw %}{% test x %}{% endraw %}{# endsnapshot #}"
        );
    }
}
