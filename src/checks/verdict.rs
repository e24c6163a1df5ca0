//! From failing rows to a verdict: counting, thresholds, severity.

use crate::project::config::{NodeConfig, TestSeverity};
use crate::report::NodeStatus;
use crate::warehouse::Verdict;

/// The thresholds of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// What is counted; an SQL aggregate over the failing rows.
    pub fail_calc: String,
    /// What makes a warning: `!= 0`, `> 10`.
    pub warn_if: String,
    /// What makes an error.
    pub error_if: String,
    /// At most so many failing rows are looked at.
    pub limit: Option<u64>,
    /// How bad it is.
    pub severity: TestSeverity,
}

impl From<&NodeConfig> for Thresholds {
    fn from(config: &NodeConfig) -> Self {
        Self {
            fail_calc: config.fail_calc.clone(),
            warn_if: config.warn_if.clone(),
            error_if: config.error_if.clone(),
            limit: config.limit,
            severity: config.severity,
        }
    }
}

impl Thresholds {
    /// Writes the query that counts the failing rows and applies the thresholds.
    ///
    /// # Shape
    /// One row: `failures` bigint, `warns` boolean, `fails` boolean.
    pub fn verdict_query(&self, failing_rows: &str) -> String {
        let limit = self.limit.map(|n| format!("\nlimit {n}")).unwrap_or_default();
        format!(
            "select\n    cast({calc} as bigint) as failures,\n    coalesce({calc} {warn}, false) as warns,\n    coalesce({calc} {error}, false) as fails\nfrom (\n{failing_rows}{limit}\n) as failing_rows",
            calc = self.fail_calc,
            warn = self.warn_if,
            error = self.error_if,
        )
    }

    /// The status of a test with a verdict.
    pub fn status(&self, verdict: &Verdict) -> NodeStatus {
        match self.severity {
            TestSeverity::Error if verdict.fails => NodeStatus::Fail,
            TestSeverity::Error | TestSeverity::Warn if verdict.warns => NodeStatus::Warn,
            TestSeverity::Error | TestSeverity::Warn => NodeStatus::Pass,
        }
    }
}
