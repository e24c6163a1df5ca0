//! `like_mask(text, [pattern, …])`: which of up to 63 patterns a text matches, as bits.
//!
//! Bit `i` is set when `text ilike pattern i`; the mask of a null is 0. Texts such as page addresses come again and
//! again, so each distinct text is matched once: masks are remembered, by the text itself, up to a bound.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::hash_utils::RandomState;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use parking_lot::Mutex;
use regex::{Regex, RegexBuilder};

/// A mask is a signed 64-bit integer, and its sign is left alone.
const MAX_PATTERNS: usize = 63;
/// How many distinct texts, and how many bytes of them, one memo remembers.
const MAX_TEXTS: usize = 200_000;
const MAX_BYTES: usize = 32 << 20;
/// How many lists of patterns are kept ready.
const MAX_LISTS: usize = 64;

/// The function.
pub(super) fn function() -> ScalarUDF {
    ScalarUDF::from(LikeMask {
        signature: Signature::user_defined(Volatility::Immutable),
        lists: Lists::default(),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct LikeMask {
    signature: Signature,
    lists: Lists,
}

impl ScalarUDFImpl for LikeMask {
    fn name(&self) -> &'static str {
        "like_mask"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [
            _,
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _),
        ] = types
        else {
            return plan_err!("like_mask takes a text and a list of patterns");
        };
        let item = Arc::new(Field::new("item", DataType::Utf8, true));
        Ok(vec![DataType::Utf8, DataType::List(item)])
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [text, patterns] = args.args.as_slice() else {
            return plan_err!("like_mask takes a text and a list of patterns");
        };
        let ColumnarValue::Scalar(ScalarValue::List(patterns)) = patterns else {
            return plan_err!("the patterns of like_mask must be a list of constants");
        };
        let matcher = self.lists.matcher(&constants(&patterns.value(0))?)?;
        match text {
            ColumnarValue::Scalar(scalar) => {
                let masks = matcher.masks(scalar.to_array()?.as_string());
                Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(masks.value(0)))))
            }
            ColumnarValue::Array(array) => {
                let masks: ArrayRef = Arc::new(matcher.masks(array.as_string()));
                Ok(ColumnarValue::Array(masks))
            }
        }
    }
}

fn constants(patterns: &ArrayRef) -> Result<Vec<String>> {
    let patterns = cast(patterns, &DataType::Utf8)?;
    let patterns: &StringArray = patterns.as_string();
    if patterns.len() > MAX_PATTERNS {
        return plan_err!(
            "like_mask takes up to {MAX_PATTERNS} patterns; {} given",
            patterns.len()
        );
    }
    Ok(patterns
        .iter()
        .map(|pattern| pattern.unwrap_or_default().to_owned())
        .collect())
}

/// The lists of patterns met so far, ready to match. All instances of the function are equal.
#[derive(Debug, Default)]
struct Lists(Mutex<Vec<(Vec<String>, Arc<Matcher>)>>);

impl PartialEq for Lists {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Lists {}

impl std::hash::Hash for Lists {
    fn hash<H: std::hash::Hasher>(&self, _state: &mut H) {}
}

impl Lists {
    fn matcher(&self, patterns: &[String]) -> Result<Arc<Matcher>> {
        let mut lists = self.0.lock();
        if let Some((_, matcher)) = lists.iter().find(|(known, _)| known == patterns) {
            return Ok(Arc::clone(matcher));
        }
        let matcher = Arc::new(Matcher::new(patterns)?);
        if lists.len() == MAX_LISTS {
            lists.remove(0);
        }
        lists.push((patterns.to_vec(), Arc::clone(&matcher)));
        Ok(matcher)
    }
}

/// Patterns ready to match, and what was matched before.
#[derive(Debug)]
struct Matcher {
    patterns: Vec<Pattern>,
    /// One memo for each thread that is matching: none waits for another.
    memos: Mutex<Vec<Memo>>,
}

#[derive(Debug, Default)]
struct Memo {
    masks: HashMap<Box<str>, i64, RandomState>,
    bytes: usize,
}

impl Matcher {
    fn new(patterns: &[String]) -> Result<Self> {
        Ok(Self {
            patterns: patterns.iter().map(|p| Pattern::new(p)).collect::<Result<_>>()?,
            memos: Mutex::default(),
        })
    }

    fn masks(&self, texts: &StringArray) -> Int64Array {
        let mut memo = self.memos.lock().pop().unwrap_or_default();
        let masks = texts
            .iter()
            .map(|text| Some(text.map_or(0, |text| self.remembered(&mut memo, text))))
            .collect();
        self.memos.lock().push(memo);
        masks
    }

    fn remembered(&self, memo: &mut Memo, text: &str) -> i64 {
        if let Some(mask) = memo.masks.get(text) {
            return *mask;
        }
        let mask = self.mask(text);
        if memo.masks.len() >= MAX_TEXTS || memo.bytes + text.len() > MAX_BYTES {
            memo.masks.clear();
            memo.bytes = 0;
        }
        if text.len() < MAX_BYTES {
            memo.bytes += text.len();
            memo.masks.insert(text.into(), mask);
        }
        mask
    }

    fn mask(&self, text: &str) -> i64 {
        let lower = text.is_ascii().then(|| text.to_ascii_lowercase());
        self.patterns.iter().rev().fold(0, |mask, pattern| {
            (mask << 1) | i64::from(pattern.matches(text, lower.as_deref()))
        })
    }
}

/// One pattern: `%text%` of ASCII is looked for as it is, everything else is a regular expression.
#[derive(Debug)]
struct Pattern {
    contained: Option<String>,
    regex: Regex,
}

impl Pattern {
    fn new(pattern: &str) -> Result<Self> {
        let mut expression = String::from("^");
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => expression.push_str(".*"),
                '_' => expression.push('.'),
                '\\' => {
                    let escaped = characters.next().unwrap_or('\\');
                    expression.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
                }
                other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        expression.push('$');
        let regex = RegexBuilder::new(&expression)
            .case_insensitive(true)
            .dot_matches_new_line(true)
            .build();
        let Ok(regex) = regex else {
            return plan_err!("`{pattern}` is too large a pattern for like_mask");
        };
        Ok(Self {
            contained: contained(pattern),
            regex,
        })
    }

    fn matches(&self, text: &str, ascii_lower: Option<&str>) -> bool {
        match (&self.contained, ascii_lower) {
            (Some(contained), Some(text)) => text.contains(contained.as_str()),
            _ => self.regex.is_match(text),
        }
    }
}

fn contained(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('%')?.strip_suffix('%')?;
    let plain = inner.is_ascii() && !inner.contains(['%', '_', '\\']);
    plain.then(|| inner.to_ascii_lowercase())
}
