//! `headwater init`.

use super::commands::Cli;
use crate::bundle;
use crate::error::{ExitStatus, Result};

impl Cli<'_> {
    /// Writes the bundled project into a new folder.
    pub(super) fn init(&self, name: &str) -> Result<ExitStatus> {
        let folder = self.host.working_directory().join(name);
        let written = bundle::write(self.host, &folder, name)?;
        self.terminal
            .say(&format!("wrote {} files to {name}/", written.len()));
        self.terminal.say("");
        self.terminal.say(&format!("  cd {name}"));
        self.terminal
            .say("  headwater build       # builds the bundled sample data into warehouse/");
        self.terminal.say("");
        self.terminal
            .say("to build your own data, set `sources` and `raw_root` in sql/dbt_project.yml");
        Ok(ExitStatus::Done)
    }
}
