//! When a sync runs.

use chrono_tz::Tz;
use croner::Cron;

use super::Settings;
use crate::error::{Diagnostic, codes};
use crate::project::yaml::{Content, Yaml};

/// When a sync runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// When somebody says so.
    Manual,
    /// At fixed times.
    Schedule(Box<Schedule>),
    /// When a build was published.
    AfterBuild,
    /// When a job of dbt Cloud succeeded.
    AfterDbtCloud {
        /// The job.
        job_id: u64,
    },
}

/// Fixed times: a cron pattern in a time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The pattern as it is written.
    pub pattern: String,
    /// The pattern, understood.
    pub cron: Cron,
    /// The time zone.
    pub timezone: Tz,
}

/// Reads the value of `trigger`.
pub(super) fn read(value: Option<&Yaml>, diagnostics: &mut Vec<Diagnostic>) -> Trigger {
    let Some(value) = value else {
        return Trigger::Manual;
    };
    match &value.content {
        Content::Text(text) if &**text == "manual" => Trigger::Manual,
        Content::Mapping(mapping) => {
            let mut settings = Settings::new("a trigger", mapping, value.span());
            let trigger = read_mapping(&mut settings);
            diagnostics.append(&mut settings.finish());
            trigger.unwrap_or(Trigger::Manual)
        }
        _ => {
            diagnostics.push(wrong(value));
            Trigger::Manual
        }
    }
}

fn wrong(value: &Yaml) -> Diagnostic {
    Diagnostic::error(codes::SYNC_TRIGGER, format!("a trigger cannot be {}", value.kind()))
        .at(value.span())
        .hint("write `manual`, `{schedule: \"0 6 * * *\", timezone: Europe/London}`, `{after: build}` or `{after: dbt_cloud, job_id: 123}`")
}

fn read_mapping(settings: &mut Settings<'_>) -> Option<Trigger> {
    if settings.has("schedule") {
        return read_schedule(settings).map(|schedule| Trigger::Schedule(Box::new(schedule)));
    }
    match settings.required_choice("after", &["build", "dbt_cloud"])? {
        "dbt_cloud" => Some(Trigger::AfterDbtCloud {
            job_id: settings.required_count("job_id")?,
        }),
        _ => Some(Trigger::AfterBuild),
    }
}

fn read_schedule(settings: &mut Settings<'_>) -> Option<Schedule> {
    let pattern = settings.required_text("schedule")?;
    let timezone = settings.text("timezone").unwrap_or_else(|| "UTC".to_owned());
    let cron = pattern.parse::<Cron>().map_err(|e| {
        let reason = e.to_string().to_lowercase();
        let message = format!(
            "`{pattern}` is not a cron pattern: {}",
            reason.trim_end_matches('.')
        );
        settings.fault(codes::SYNC_TRIGGER, "schedule", message);
    });
    let zone = timezone.parse::<Tz>().map_err(|_| {
        let fault = Diagnostic::error(codes::SYNC_TRIGGER, format!("there is no time zone `{timezone}`"))
            .nearest(&timezone, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        settings.fault_at("timezone", fault);
    });
    Some(Schedule {
        cron: cron.ok()?,
        timezone: zone.ok()?,
        pattern,
    })
}
