//! The forms in which advertising services want identifiers before they are hashed.
//!
//! Normalisers never guess: what cannot be brought into its form is blank.
//!
//! # Source
//! Meta, "Customer File Custom Audiences" (v25.0, read 2026-11).

/// An e-mail address: trimmed, in lower case; none where it is no address.
pub(super) fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let is_address = !local.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && !text.contains(char::is_whitespace);
    is_address.then_some(text)
}

/// A telephone number with its country's code: digits alone, without leading zeros.
pub(super) fn phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    // E.164 has 15 digits at most; fewer than 7 are no number with a country's code.
    (7..=15).contains(&digits.len()).then(|| digits.to_owned())
}

/// A name: lower case, without punctuation; letters of every script stay.
pub(super) fn name(text: &str) -> Option<String> {
    let kept: String = text
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| {
            c.is_alphanumeric() || c.is_whitespace() || !(c.is_ascii_punctuation() || is_punctuation(*c))
        })
        .collect();
    filled(kept.trim())
}

/// The punctuation beyond ASCII that stands in names: dashes, quotes, dots.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
}

/// The first letter of a first name.
pub(super) fn initial(text: &str) -> Option<String> {
    name(text)?.chars().next().map(String::from)
}

/// A gender: `f` or `m`.
pub(super) fn gender(text: &str) -> Option<String> {
    match text.trim().to_lowercase().as_str() {
        "f" | "female" | "woman" => Some("f".to_owned()),
        "m" | "male" | "man" => Some("m".to_owned()),
        _ => None,
    }
}

/// A year of four digits.
pub(super) fn year(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

/// A month or a day: two digits, up to `most`.
pub(super) fn two_digits(text: &str, most: u8) -> Option<String> {
    let number: u8 = text.trim().trim_end_matches('.').parse().ok()?;
    (1..=most).contains(&number).then(|| format!("{number:02}"))
}

/// A city: letters and digits alone, lower case.
pub(super) fn city(text: &str) -> Option<String> {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    filled(&kept)
}

/// A state: the two letters of a state of the USA where it is one, else as a city.
pub(super) fn state(text: &str) -> Option<String> {
    let plain = city(text)?;
    let known = US_STATES.iter().find(|(name, _)| *name == plain);
    Some(known.map_or(plain, |(_, code)| (*code).to_owned()))
}

/// A postal code: lower case, without spaces, up to the dash.
pub(super) fn postal_code(text: &str) -> Option<String> {
    let kept: String = text
        .split('-')
        .next()
        .unwrap_or_default()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    filled(&kept)
}

/// A country: two letters (ISO 3166-1), lower case.
pub(super) fn country(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase())).then_some(text)
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

const US_STATES: &[(&str, &str)] = &[
    ("alabama", "al"),
    ("alaska", "ak"),
    ("arizona", "az"),
    ("arkansas", "ar"),
    ("california", "ca"),
    ("colorado", "co"),
    ("connecticut", "ct"),
    ("delaware", "de"),
    ("districtofcolumbia", "dc"),
    ("florida", "fl"),
    ("georgia", "ga"),
    ("hawaii", "hi"),
    ("idaho", "id"),
    ("illinois", "il"),
    ("indiana", "in"),
    ("iowa", "ia"),
    ("kansas", "ks"),
    ("kentucky", "ky"),
    ("louisiana", "la"),
    ("maine", "me"),
    ("maryland", "md"),
    ("massachusetts", "ma"),
    ("michigan", "mi"),
    ("minnesota", "mn"),
    ("mississippi", "ms"),
    ("missouri", "mo"),
    ("montana", "mt"),
    ("nebraska", "ne"),
    ("nevada", "nv"),
    ("newhampshire", "nh"),
    ("newjersey", "nj"),
    ("newmexico", "nm"),
    ("newyork", "ny"),
    ("northcarolina", "nc"),
    ("northdakota", "nd"),
    ("ohio", "oh"),
    ("oklahoma", "ok"),
    ("oregon", "or"),
    ("pennsylvania", "pa"),
    ("rhodeisland", "ri"),
    ("southcarolina", "sc"),
    ("southdakota", "sd"),
    ("tennessee", "tn"),
    ("texas", "tx"),
    ("utah", "ut"),
    ("vermont", "vt"),
    ("virginia", "va"),
    ("washington", "wa"),
    ("westvirginia", "wv"),
    ("wisconsin", "wi"),
    ("wyoming", "wy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_identifier_has_its_form() {
        type Normalise = fn(&str) -> Option<String>;
        let cases: [(Normalise, &str, Option<&str>); 20] = [
            (email, "  Ada.L@Example.COM\n", Some("ada.l@example.com")),
            (email, "ada@", None),
            (email, "a b@x.com", None),
            (email, "zoë@münchen.de", Some("zoë@münchen.de")),
            (phone, "+001-800-555-1234", Some("18005551234")),
            (phone, "+44 (0)20 7946 0000", Some("4402079460000")),
            (phone, "12", None),
            (name, " O'Brien-Smith ", Some("obriensmith")),
            (name, "Zoë", Some("zoë")),
            (name, "李 小龙", Some("李 小龙")),
            (name, "--", None),
            (initial, "Élodie", Some("é")),
            (gender, "Female", Some("f")),
            (gender, "x", None),
            (city, "New York!", Some("newyork")),
            (state, "New York", Some("ny")),
            (state, "Bayern", Some("bayern")),
            (postal_code, "94025-1234", Some("94025")),
            (postal_code, "SW1A 1AA", Some("sw1a1aa")),
            (country, "GB", Some("gb")),
        ];
        for (normalise, text, expected) in cases {
            assert_eq!(normalise(text).as_deref(), expected, "{text}");
        }
        assert_eq!(two_digits("7", 12).as_deref(), Some("07"));
        assert_eq!(two_digits("13", 12), None);
        assert_eq!(year("1990").as_deref(), Some("1990"));
    }
}
