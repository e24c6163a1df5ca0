//! Who waits for whom: the order of a run, as a pure value.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::NodeId;

/// What the schedule needs to know of the graph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dependencies<'a> {
    /// What each node reads, unselected nodes included.
    pub(super) parents: &'a BTreeMap<NodeId, Vec<NodeId>>,
    /// The nodes that only judge others: data tests.
    pub(super) tests: &'a BTreeSet<NodeId>,
}

/// Which nodes wait for which.
///
/// # Shape
/// One entry per selected node, in the order given. A node waits for the selected nodes it reads, directly or through
/// nodes that are not selected, and for the tests of everything it reads: what failed an audit is built upon by nobody.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    order: Vec<NodeId>,
    waits_for: BTreeMap<NodeId, BTreeSet<NodeId>>,
    awaited_by: BTreeMap<NodeId, Vec<NodeId>>,
}

impl Schedule {
    /// Works the order out; `selected` is in topological order.
    pub(super) fn new(selected: &[NodeId], dependencies: Dependencies<'_>) -> Self {
        let chosen: BTreeSet<&NodeId> = selected.iter().collect();
        let mut waits_for: BTreeMap<NodeId, BTreeSet<NodeId>> = selected
            .iter()
            .map(|id| (id.clone(), selected_parents(id, &chosen, dependencies.parents)))
            .collect();
        add_audits(&mut waits_for, selected, dependencies);
        let mut awaited_by: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for (id, awaited) in &waits_for {
            for parent in awaited {
                awaited_by.entry(parent.clone()).or_default().push(id.clone());
            }
        }
        Self {
            order: selected.to_vec(),
            waits_for,
            awaited_by,
        }
    }

    /// What each node waits for, as it is now.
    pub(super) fn waits(&self) -> BTreeMap<NodeId, BTreeSet<NodeId>> {
        self.waits_for.clone()
    }

    /// The nodes that wait for nothing (any more), in order.
    pub(super) fn ready(&self) -> Vec<NodeId> {
        let waits_for_nothing = |id: &&NodeId| self.waits_for.get(*id).is_some_and(BTreeSet::is_empty);
        self.order.iter().filter(waits_for_nothing).cloned().collect()
    }

    /// Takes note that a node has ended; gives the nodes that need wait no longer.
    pub(super) fn complete(&mut self, id: &NodeId) -> Vec<NodeId> {
        let mut ready = Vec::new();
        for waiting in self.awaited_by.remove(id).unwrap_or_default() {
            let Some(awaited) = self.waits_for.get_mut(&waiting) else {
                continue;
            };
            if awaited.remove(id) && awaited.is_empty() {
                ready.push(waiting);
            }
        }
        ready
    }
}

/// The nearest selected nodes above a node, looking through those that are not selected.
fn selected_parents(
    id: &NodeId,
    chosen: &BTreeSet<&NodeId>,
    parents: &BTreeMap<NodeId, Vec<NodeId>>,
) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&NodeId> = parents.get(id).into_iter().flatten().collect();
    while let Some(parent) = open.pop() {
        if !seen.insert(parent) {
            continue;
        }
        if chosen.contains(parent) {
            found.insert(parent.clone());
        } else {
            open.extend(parents.get(parent).into_iter().flatten());
        }
    }
    found
}

/// Makes every node wait for the tests whose subjects are all above it.
fn add_audits(
    waits_for: &mut BTreeMap<NodeId, BTreeSet<NodeId>>,
    selected: &[NodeId],
    dependencies: Dependencies<'_>,
) {
    let tests: Vec<(NodeId, BTreeSet<NodeId>)> = selected
        .iter()
        .filter(|id| dependencies.tests.contains(*id))
        .filter_map(|id| waits_for.get(id).map(|subjects| (id.clone(), subjects.clone())))
        .filter(|(_, subjects)| !subjects.is_empty())
        .collect();
    if tests.is_empty() {
        return;
    }
    let mut above: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
    for id in selected {
        let mut ancestors: BTreeSet<NodeId> = BTreeSet::new();
        for parent in waits_for.get(id).into_iter().flatten() {
            ancestors.insert(parent.clone());
            ancestors.extend(above.get(parent).into_iter().flatten().cloned());
        }
        above.insert(id.clone(), ancestors);
    }
    for id in selected.iter().filter(|id| !dependencies.tests.contains(*id)) {
        let ancestors = above.get(id).cloned().unwrap_or_default();
        let audits = tests
            .iter()
            .filter(|(_, subjects)| subjects.is_subset(&ancestors))
            .map(|(test, _)| test.clone());
        if let Some(awaited) = waits_for.get_mut(id) {
            awaited.extend(audits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<NodeId> {
        names.iter().map(NodeId::new).collect()
    }

    fn schedule(selected: &[&str], edges: &[(&str, &str)], tests: &[&str]) -> Schedule {
        let mut parents: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for (child, parent) in edges {
            parents
                .entry(NodeId::new(child))
                .or_default()
                .push(NodeId::new(parent));
        }
        let tests = ids(tests).into_iter().collect();
        Schedule::new(
            &ids(selected),
            Dependencies {
                parents: &parents,
                tests: &tests,
            },
        )
    }

    #[test]
    fn a_child_waits_for_the_tests_of_its_parent() {
        let mut plan = schedule(&["a", "t", "b"], &[("b", "a"), ("t", "a")], &["t"]);
        assert_eq!(plan.ready(), ids(&["a"]));
        assert_eq!(plan.complete(&NodeId::new("a")), ids(&["t"]));
        assert_eq!(plan.complete(&NodeId::new("t")), ids(&["b"]));
    }

    #[test]
    fn a_test_of_two_does_not_hold_up_the_second() {
        let edges = [("b", "a"), ("t", "a"), ("t", "b"), ("c", "b")];
        let mut plan = schedule(&["a", "b", "t", "c"], &edges, &["t"]);
        assert_eq!(plan.complete(&NodeId::new("a")), ids(&["b"]));
        assert_eq!(plan.complete(&NodeId::new("b")), ids(&["t"]));
        assert_eq!(plan.complete(&NodeId::new("t")), ids(&["c"]));
    }

    #[test]
    fn the_order_reaches_through_unselected_nodes() {
        let mut plan = schedule(&["a", "c"], &[("b", "a"), ("c", "b")], &[]);
        assert_eq!(plan.ready(), ids(&["a"]));
        assert_eq!(plan.complete(&NodeId::new("a")), ids(&["c"]));
    }
}
