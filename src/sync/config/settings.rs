//! Reads a mapping key by key, remembers which keys were asked for, and tells of the others.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;

use crate::error::{Code, Diagnostic, Span, codes};
use crate::host::Secret;
use crate::project::yaml::{Content, Mapping, Yaml};

/// A mapping that is being read; faults are gathered until [`Settings::finish`].
#[derive(Debug)]
pub struct Settings<'a> {
    what: &'static str,
    mapping: &'a Mapping,
    span: Span,
    known: BTreeSet<&'static str>,
    secrets: Vec<Secret>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Settings<'a> {
    /// Starts to read; `what` names the thing in messages, with its article: `a sync`.
    pub fn new(what: &'static str, mapping: &'a Mapping, span: Span) -> Self {
        Self {
            what,
            mapping,
            span,
            known: BTreeSet::new(),
            secrets: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Where the thing is declared.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Where a key's value stands, else the thing itself.
    pub fn span_of(&self, key: &str) -> Span {
        self.mapping
            .entry(key)
            .map_or_else(|| self.span.clone(), |entry| entry.value.span())
    }

    /// The raw value of a key.
    pub fn raw(&mut self, key: &'static str) -> Option<&'a Yaml> {
        self.known.insert(key);
        self.mapping.get(key)
    }

    /// Whether a key has a value.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.raw(key).is_some()
    }

    /// A text; numbers and booleans are taken as they are written.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.raw(key)?;
        match &value.content {
            Content::Text(text) if !text.trim().is_empty() => Some(text.to_string()),
            Content::Number(number) => Some(number.to_string()),
            Content::Bool(flag) => Some(flag.to_string()),
            Content::Text(_) => {
                self.missing(key, &format!("`{key}` is empty"));
                None
            }
            _ => self.mistyped(key, value, "text"),
        }
    }

    /// A text that must be there.
    pub fn required_text(&mut self, key: &'static str) -> Option<String> {
        self.require(key);
        self.text(key)
    }

    /// A credential that must be there.
    pub fn required_secret(&mut self, key: &'static str) -> Option<Secret> {
        self.require(key);
        self.secret(key)
    }

    /// A credential.
    pub fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let secret = Secret::new(self.text(key)?);
        self.secrets.push(secret.clone());
        Some(secret)
    }

    /// Says that a text which was read otherwise must not be seen.
    pub fn hide(&mut self, text: &str) {
        self.secrets.push(Secret::new(text));
    }

    /// A list of texts; one text counts as a list of one.
    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        let Some(value) = self.raw(key) else {
            return Vec::new();
        };
        let items = match &value.content {
            Content::List(items) => items.iter().map(Yaml::as_text).collect::<Option<Vec<_>>>(),
            Content::Text(text) => Some(vec![&**text]),
            _ => None,
        };
        match items {
            Some(items) => items.into_iter().map(str::to_owned).collect(),
            None => self.mistyped(key, value, "a list of texts").unwrap_or_default(),
        }
    }

    /// A truth value.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.raw(key)?;
        match &value.content {
            Content::Bool(flag) => Some(*flag),
            _ => self.mistyped(key, value, "`true` or `false`"),
        }
    }

    /// A positive number.
    pub fn number(&mut self, key: &'static str) -> Option<f64> {
        let value = self.raw(key)?;
        match &value.content {
            Content::Number(number) if number.as_f64().is_some_and(|n| n > 0.0 && n.is_finite()) => {
                number.as_f64()
            }
            _ => self.mistyped(key, value, "a positive number"),
        }
    }

    /// A positive whole number.
    pub fn count(&mut self, key: &'static str) -> Option<u64> {
        let value = self.raw(key)?;
        match &value.content {
            Content::Number(number) if number.as_u64().is_some_and(|n| n > 0) => number.as_u64(),
            _ => self.mistyped(key, value, "a positive whole number"),
        }
    }

    /// A positive whole number that must be there.
    pub fn required_count(&mut self, key: &'static str) -> Option<u64> {
        self.require(key);
        self.count(key)
    }

    /// One of some words.
    pub fn choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = choices.iter().copied().find(|choice| *choice == text);
        if found.is_none() {
            let fault = Diagnostic::error(codes::SYNC_SETTING, format!("`{key}` cannot be `{text}`"))
                .nearest(&text, choices.iter().copied())
                .note(format!("it may be {}", listed(choices)));
            self.fault_at(key, fault);
        }
        found
    }

    /// One of some words, which must be there.
    pub fn required_choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        self.require(key);
        self.choice(key, choices)
    }

    /// The address of a service, without a slash at its end: `https`, unless the host is this machine.
    pub fn address(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        match check_address(&text) {
            Ok(()) => Some(text.trim_end_matches('/').to_owned()),
            Err(message) => {
                self.fault(codes::SYNC_ADDRESS, key, message);
                None
            }
        }
    }

    /// The address of a service that has one of its own.
    pub fn address_or(&mut self, key: &'static str, own: &str) -> Option<String> {
        if self.has(key) {
            self.address(key)
        } else {
            Some(own.to_owned())
        }
    }

    /// The address of a service, which must be there.
    pub fn required_address(&mut self, key: &'static str) -> Option<String> {
        self.require(key);
        self.address(key)
    }

    /// Any value, without its places.
    pub fn value(&mut self, key: &'static str) -> Option<Value> {
        self.raw(key).map(Yaml::to_value)
    }

    /// Tells of a fault at a key.
    pub fn fault(&mut self, code: Code, key: &str, message: impl Into<String>) {
        self.fault_at(key, Diagnostic::error(code, message));
    }

    /// Tells of a fault that is written already, at a key.
    pub fn fault_at(&mut self, key: &str, fault: Diagnostic) {
        let span = self.span_of(key);
        self.diagnostics.push(fault.at(span));
    }

    /// The credentials that were read.
    pub fn take_secrets(&mut self) -> Vec<Secret> {
        std::mem::take(&mut self.secrets)
    }

    /// Ends the reading: the faults, and a warning for each key that nobody asked for.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        for (key, entry) in self.mapping.iter() {
            if !self.known.contains(key) {
                self.diagnostics.push(
                    Diagnostic::warning(
                        codes::SYNC_UNKNOWN_KEY,
                        format!("`{key}` is no key of {}", self.what),
                    )
                    .at(entry.key.span())
                    .nearest(key, self.known.iter().copied()),
                );
            }
        }
        self.diagnostics
    }

    fn require(&mut self, key: &'static str) {
        if !self.has(key) {
            self.missing(key, &format!("{} needs `{key}`", self.what));
        }
    }

    fn missing(&mut self, key: &str, message: &str) {
        self.fault(codes::SYNC_SETTING, key, message);
    }

    fn mistyped<T>(&mut self, key: &str, value: &Yaml, wanted: &str) -> Option<T> {
        let message = format!("`{key}` must be {wanted}, not {}", value.kind());
        self.fault(codes::SYNC_SETTING, key, message);
        None
    }
}

/// Checks that an address keeps what is sent to it private.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_address(text: &str) -> Result<(), String> {
    let url = url::Url::parse(text).map_err(|e| format!("not an address: {e}"))?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => {
            Err("an address without encryption: `http` is for this machine only, write `https`".to_owned())
        }
        other => Err(format!(
            "an address of the kind `{other}`: a service has an `https` address"
        )),
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn listed(choices: &[&str]) -> String {
    choices
        .iter()
        .map(|choice| format!("`{choice}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_will_do() {
        for good in [
            "https://api.intercom.io",
            "http://127.0.0.1:80",
            "http://localhost:1/x",
            "http://[::1]:9",
        ] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        for bad in [
            "http://api.intercom.io",
            "http://127.0.0.1.example.com",
            "ftp://x",
            "api.intercom.io",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }
}
