//! Colours, which only ever repeat what words say.

use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Style as Ansi};

use crate::host::Host;

/// What a piece of text is, for the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Good,
    Bad,
    Doubtful,
    Strong,
    Faint,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Coloured,
}

impl Style {
    /// Colours on a terminal, unless `NO_COLOR` is set or the terminal is dumb.
    pub(super) fn of_stderr(host: &Host) -> Self {
        let refused =
            host.env("NO_COLOR").is_some_and(|value| !value.is_empty()) || host.env("TERM") == Some("dumb");
        let forced = host
            .env("CLICOLOR_FORCE")
            .is_some_and(|value| !value.is_empty() && value != "0");
        if !refused && (forced || std::io::stderr().is_terminal()) {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// Paints a text.
    pub(super) fn paint(self, role: Role, text: &str) -> String {
        if self == Self::Plain {
            return text.to_owned();
        }
        let ansi = match role {
            Role::Good => AnsiColor::Green.on_default(),
            Role::Bad => AnsiColor::Red.on_default().bold(),
            Role::Doubtful => AnsiColor::Yellow.on_default(),
            Role::Strong => Ansi::new().bold(),
            Role::Faint => Ansi::new().dimmed(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}
