//! `headwater sync check`: each destination's cheapest call, and what it says.

use super::config::DestinationConfig;
use super::destination::Verdict;
use super::redact::Redactor;
use super::{Connections, SyncContext};
use crate::error::{Diagnostic, Result, codes};
use crate::names::DestinationName;

/// What a destination answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The destination.
    pub destination: DestinationName,
    /// Its type.
    pub kind: &'static str,
    /// What is wrong; nothing where all is well.
    pub fault: Option<Diagnostic>,
}

/// Checks every destination of the project.
///
/// # Errors
/// When a way to a destination cannot be opened at all.
pub async fn check(ctx: &SyncContext<'_>) -> Result<Vec<CheckOutcome>> {
    let mut outcomes = Vec::new();
    for destination in ctx.project.destinations.values() {
        let fault = probe(ctx.connections, destination).await?;
        outcomes.push(CheckOutcome {
            destination: destination.name.clone(),
            kind: destination.kind,
            fault: fault.map(|reason| {
                let message = format!("destination `{}` cannot be used: {reason}", destination.name);
                Diagnostic::error(codes::SYNC_CHECK, message).at(destination.span.clone())
            }),
        });
    }
    Ok(outcomes)
}

async fn probe(connections: &dyn Connections, destination: &DestinationConfig) -> Result<Option<String>> {
    let Some(request) = destination.service.probe() else {
        return Ok(None);
    };
    let redactor = Redactor::new(destination.secrets.clone());
    let reason = match connections.open(destination)?.send(&request).await {
        Err(fault) => format!("{}: {fault}", request.purpose),
        Ok(response) => match destination.service.read_probe(&request, &response) {
            Verdict::Accept => return Ok(None),
            Verdict::Retry(reason)
            | Verdict::Refuse(reason)
            | Verdict::Halt(reason)
            | Verdict::Pause(reason)
            | Verdict::Throttle { reason, .. } => reason,
        },
    };
    Ok(Some(redactor.text(&reason)))
}
