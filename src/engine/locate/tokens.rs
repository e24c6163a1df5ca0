//! The words of a query and where they stand.

use datafusion::common::{Column, Span, TableReference};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::Position;

/// The tokens of a query without white space and comments.
pub(super) struct Tokens<'a> {
    sql: &'a str,
    tokens: Vec<TokenWithSpan>,
}

impl<'a> Tokens<'a> {
    /// Takes a query apart; one that has no tokens gives no places.
    pub(super) fn of(sql: &'a str) -> Self {
        let mut tokens = Vec::new();
        // What came before a broken token is kept.
        let outcome = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location_into_buf(&mut tokens);
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
        drop(outcome);
        Self { sql, tokens }
    }

    /// The first token.
    pub(super) fn first(&self) -> Option<Position> {
        self.tokens.first().map(place)
    }

    /// The end of the query: behind its last token.
    pub(super) fn end(&self) -> Position {
        match self.tokens.last() {
            Some(last) => Position {
                line: count(last.span.end.line),
                column: count(last.span.end.column),
                width: 0,
            },
            None => Position {
                line: 1,
                column: 1,
                width: 0,
            },
        }
    }

    /// The token that starts at a place, or the place itself.
    pub(super) fn starting(&self, line: u64, column: u64) -> Position {
        self.tokens
            .iter()
            .find(|token| token.span.start.line == line && token.span.start.column == column)
            .map_or(
                Position {
                    line: count(line),
                    column: count(column),
                    width: 1,
                },
                place,
            )
    }

    /// A span of DataFusion's; one over several lines is cut at the end of its first.
    pub(super) fn covering(&self, span: Span) -> Option<Position> {
        if span.start.line == 0 {
            return None;
        }
        let line = count(span.start.line);
        let column = count(span.start.column);
        let end = if span.end.line == span.start.line {
            count(span.end.column)
        } else {
            let text = self.sql.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            text.trim_end().chars().count() + 1
        };
        Some(Position {
            line,
            column,
            width: end.saturating_sub(column),
        })
    }

    /// Where a column is named, with its table where the error knows it.
    pub(super) fn column(&self, column: &Column) -> Option<Position> {
        let span = column.spans().first().and_then(|span| self.covering(span));
        let table = column.relation.as_ref().map(TableReference::table);
        let with_table = || {
            let table = table?;
            let at = self.tokens.windows(3).find(|w| match w {
                [left, dot, right] => {
                    is_word(left, table) && dot.token == Token::Period && is_word(right, &column.name)
                }
                _ => false,
            })?;
            at.get(2).map(place)
        };
        span.or_else(with_table).or_else(|| self.word(&column.name))
    }

    /// The first place of a name.
    pub(super) fn word(&self, name: &str) -> Option<Position> {
        self.tokens.iter().find(|token| is_word(token, name)).map(place)
    }

    /// The last place of a name.
    pub(super) fn last_word(&self, name: &str) -> Option<Position> {
        self.tokens
            .iter()
            .rev()
            .find(|token| is_word(token, name))
            .map(place)
    }

    /// The first call of a function.
    pub(super) fn call(&self, name: &str) -> Option<Position> {
        self.tokens.windows(2).find_map(|pair| match pair {
            [word, open] if open.token == Token::LParen && is_word(word, name) => Some(place(word)),
            _ => None,
        })
    }

    /// The call of a function, if there is only one.
    pub(super) fn only_call(&self, name: &str) -> Option<Position> {
        let mut found = self.tokens.iter().filter(|token| is_word(token, name));
        match (found.next(), found.next()) {
            (Some(only), None) => Some(place(only)),
            _ => None,
        }
    }

    /// Where a table is named: the last of the name's parts, after `from` or `join` where that can be told.
    pub(super) fn table(&self, name: &str) -> Option<Position> {
        let parts: Vec<&str> = name.split('.').collect();
        let length = parts.len() * 2 - 1;
        let whole = self.tokens.windows(length).find(|window| {
            window.iter().enumerate().all(|(index, token)| {
                if index % 2 == 1 {
                    token.token == Token::Period
                } else {
                    parts
                        .get(index / 2)
                        .is_some_and(|part| is_word(token, part.trim_matches('"')))
                }
            })
        });
        let (first, last) = (whole?.first()?, whole?.last()?);
        let start = place(first);
        Some(Position {
            width: if first.span.start.line == last.span.end.line {
                count(last.span.end.column).saturating_sub(start.column)
            } else {
                start.width
            },
            ..start
        })
    }

    /// Whether the query has a text in it.
    pub(super) fn contains(&self, text: &str) -> bool {
        !text.is_empty() && self.sql.contains(text)
    }

    /// Where a text or a number stands as a literal.
    pub(super) fn literal(&self, value: &str) -> Option<Position> {
        self.tokens
            .iter()
            .find(|token| match &token.token {
                Token::SingleQuotedString(text) => text == value,
                Token::Number(number, _) => number == value,
                _ => false,
            })
            .map(place)
    }

    /// The last place of a token that is written so.
    pub(super) fn last_text(&self, wanted: &str) -> Option<Position> {
        self.tokens
            .iter()
            .rev()
            .find(|token| token.token.to_string().eq_ignore_ascii_case(wanted))
            .map(place)
    }

    /// The first place of a token that is written so, such as an operator or a keyword.
    pub(super) fn text(&self, wanted: &str) -> Option<Position> {
        self.tokens
            .iter()
            .find(|token| token.token.to_string().eq_ignore_ascii_case(wanted))
            .map(place)
    }
}

fn is_word(token: &TokenWithSpan, name: &str) -> bool {
    match &token.token {
        Token::Word(word) if word.quote_style.is_some() => word.value == name,
        Token::Word(word) => word.value.eq_ignore_ascii_case(name),
        _ => false,
    }
}

fn place(token: &TokenWithSpan) -> Position {
    let (start, end) = (token.span.start, token.span.end);
    let column = count(start.column);
    Position {
        line: count(start.line),
        column,
        width: if start.line == end.line {
            count(end.column).saturating_sub(column)
        } else {
            1
        },
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
