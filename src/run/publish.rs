//! From the results of a run to the next build.

use std::collections::BTreeMap;

use super::Finished;
use crate::error::Result;
use crate::materialize::RunCtx;
use crate::names::{NodeId, RelationName};
use crate::report::{ProgressReporter, RunEvent};
use crate::warehouse::{Build, PublishedRelation, Verdict};

/// Publishes what a run made beside what was published before; a run that changed nothing publishes nothing.
pub(super) fn publish(
    ctx: &RunCtx,
    finished: &[Finished],
    keep_builds: usize,
    reporter: &dyn ProgressReporter,
) -> Result<Build> {
    let relations = relations(ctx, finished);
    let verdicts = verdicts(ctx, finished);
    if let Some(published) = &ctx.published
        && same_relations(&published.relations, &relations)
        && published.verdicts == verdicts
    {
        return Ok(published.clone());
    }
    let host = &ctx.planner.host();
    let created_at = host.now();
    let random = host.new_id().simple().to_string();
    let id = format!(
        "{}-{}",
        created_at.format("%Y%m%dT%H%M%S%6f"),
        random.get(..6).unwrap_or_default()
    );
    let build = Build {
        id,
        created_at,
        as_of: ctx.planner.as_of(),
        relations,
        verdicts,
    };
    ctx.warehouse.publish(&build)?;
    reporter.report(&RunEvent::Published { build: &build.id });
    ctx.warehouse.collect(keep_builds)?;
    Ok(build)
}

/// Whether two lists of relations are the same, whoever made them.
fn same_relations(former: &[PublishedRelation], next: &[PublishedRelation]) -> bool {
    let settled = |relation: &PublishedRelation| PublishedRelation {
        fresh: false,
        ..relation.clone()
    };
    former.len() == next.len() && former.iter().zip(next).all(|(a, b)| settled(a) == settled(b))
}

/// What was published, without what the project no longer has, and with what the run made.
fn relations(ctx: &RunCtx, finished: &[Finished]) -> Vec<PublishedRelation> {
    let former = ctx.published.iter().flat_map(|build| &build.relations);
    let mut relations: BTreeMap<RelationName, PublishedRelation> = former
        .filter(|relation| ctx.graph.still_makes(&relation.node, &relation.name))
        .map(|relation| {
            (
                relation.name.clone(),
                PublishedRelation {
                    fresh: false,
                    ..relation.clone()
                },
            )
        })
        .collect();
    for mut relation in finished.iter().filter_map(|one| one.relation.clone()) {
        // A version that is published already is on disk already.
        let is_published = |former: &PublishedRelation| former.table == relation.table;
        relation.fresh &= !relations.get(&relation.name).is_some_and(is_published);
        relations.insert(relation.name.clone(), relation);
    }
    relations.into_values().collect()
}

fn verdicts(ctx: &RunCtx, finished: &[Finished]) -> BTreeMap<NodeId, Verdict> {
    let former = ctx.published.iter().flat_map(|build| &build.verdicts);
    let mut verdicts: BTreeMap<NodeId, Verdict> = former
        .filter(|(id, _)| ctx.graph.is_enabled(id))
        .map(|(id, verdict)| (id.clone(), verdict.clone()))
        .collect();
    for one in finished {
        if let Some(verdict) = &one.verdict {
            verdicts.insert(one.result.id.clone(), verdict.clone());
        }
    }
    verdicts
}
