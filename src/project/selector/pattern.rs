//! Shell patterns, as Python's `fnmatch` has them: `*`, `?`, `[abc]`, `[!a-z]`.

/// Whether a text matches a pattern as a whole.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if !has_wildcard(pattern) {
        return pattern == text;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    match_here(&pattern, &text)
}

/// Whether a text is more than a plain name.
pub(super) fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', ']'])
}

/// Walks both with one place to come back to: the last `*`.
fn match_here(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
            continue;
        }
        match pattern.get(p).and_then(|_| match_one(pattern.get(p..)?, *c)) {
            Some(width) => {
                p += width;
                t += 1;
            }
            None => match star.as_mut() {
                Some((at, from)) => {
                    *from += 1;
                    t = *from;
                    p = *at + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|c| *c == '*'))
}

/// How much of the pattern matches one character, if it does.
fn match_one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => match class(pattern) {
            Some((width, negated, inner)) => (in_class(inner, c) != negated).then_some(width),
            None => (c == '[').then_some(1),
        },
        plain => (*plain == c).then_some(1),
    }
}

/// A `[…]`: its width, whether it begins with `!`, what is in it.
fn class(pattern: &[char]) -> Option<(usize, bool, &[char])> {
    let negated = pattern.get(1) == Some(&'!');
    let start = 1 + usize::from(negated);
    let length = pattern.get(start + 1..)?.iter().position(|c| *c == ']')? + 1;
    Some((start + length + 1, negated, pattern.get(start..start + length)?))
}

fn in_class(inner: &[char], c: char) -> bool {
    let mut rest = inner;
    while let Some((first, tail)) = rest.split_first() {
        if let [dash, last, ..] = tail
            && *dash == '-'
        {
            if (*first..=*last).contains(&c) {
                return true;
            }
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        if *first == c {
            return true;
        }
        rest = tail;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_texts() {
        let cases = [
            ("orders", "orders", true),
            ("orders", "orders2", false),
            ("stg_*", "stg_orders", true),
            ("*_orders", "stg_orders", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("o?ders", "orders", true),
            ("[os]*", "stg", true),
            ("[!os]*", "stg", false),
            ("v[0-9]", "v7", true),
            ("v[0-9]", "vx", false),
            ("*", "", true),
            ("?", "", false),
            ("[]x]", "]", true),
            ("a[b", "a[b", true),
            ("été_*", "été_1", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
