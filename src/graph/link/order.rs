//! Parents before children, and cycles named in full.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use indexmap::IndexMap;

use crate::names::NodeId;

/// Sorts ids so that parents come first; what is equally free is sorted by id. What cannot be sorted, since it is in a
/// cycle or behind one, is left out.
pub(super) fn topological(parents: &IndexMap<NodeId, Vec<NodeId>>) -> Vec<NodeId> {
    let mut waiting: HashMap<&NodeId, usize> = HashMap::with_capacity(parents.len());
    let mut children: HashMap<&NodeId, Vec<&NodeId>> = HashMap::with_capacity(parents.len());
    for (id, of) in parents {
        let known: HashSet<&NodeId> = of.iter().filter(|parent| parents.contains_key(*parent)).collect();
        waiting.insert(id, known.len());
        for parent in of.iter().filter(|parent| known.contains(*parent)) {
            let list = children.entry(parent).or_default();
            if list.last() != Some(&id) {
                list.push(id);
            }
        }
    }
    let mut free: BinaryHeap<Reverse<&NodeId>> = parents
        .keys()
        .filter(|id| waiting.get(id) == Some(&0))
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(Reverse(id)) = free.pop() {
        order.push(id.clone());
        for child in children.get(id).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(child) {
                *count -= 1;
                if *count == 0 {
                    free.push(Reverse(child));
                }
            }
        }
    }
    order
}

/// The cycles among what could not be sorted, each from its smallest id on; every id is in one cycle at most.
pub(super) fn cycles(parents: &IndexMap<NodeId, Vec<NodeId>>, order: &[NodeId]) -> Vec<Vec<NodeId>> {
    let sorted: HashSet<&NodeId> = order.iter().collect();
    let mut left: Vec<&NodeId> = parents.keys().filter(|id| !sorted.contains(id)).collect();
    left.sort();
    let mut seen: HashSet<&NodeId> = HashSet::new();
    let mut cycles = Vec::new();
    for start in left {
        // Every id that is left has a parent that is left, so walking up must meet itself or what was seen before.
        let mut path: Vec<&NodeId> = Vec::new();
        let mut at = Some(start);
        while let Some(id) = at {
            if let Some(place) = path.iter().position(|known| *known == id) {
                cycles.push(from_smallest(path.get(place..).unwrap_or_default()));
                break;
            }
            if !seen.insert(id) {
                break;
            }
            path.push(id);
            let unsorted = parents.get(id).into_iter().flatten();
            at = unsorted
                .filter(|parent| parents.contains_key(*parent))
                .find(|parent| !sorted.contains(parent));
        }
    }
    cycles
}

fn from_smallest(cycle: &[&NodeId]) -> Vec<NodeId> {
    let smallest = cycle
        .iter()
        .enumerate()
        .min_by_key(|(_, id)| **id)
        .map_or(0, |(place, _)| place);
    cycle
        .iter()
        .cycle()
        .skip(smallest)
        .take(cycle.len())
        .map(|id| (*id).clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> IndexMap<NodeId, Vec<NodeId>> {
        edges
            .iter()
            .map(|(id, parents)| {
                (
                    NodeId::from(*id),
                    parents.iter().map(|p| NodeId::from(*p)).collect(),
                )
            })
            .collect()
    }

    fn names(ids: &[NodeId]) -> Vec<&str> {
        ids.iter().map(NodeId::as_str).collect()
    }

    #[test]
    fn parents_come_first_and_ids_break_ties() {
        let edges = graph(&[
            ("d", &["b", "c", "b"]),
            ("c", &["a"]),
            ("b", &["a"]),
            ("a", &[]),
            ("e", &["elsewhere"]),
        ]);
        assert_eq!(names(&topological(&edges)), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn cycles_are_named_from_their_smallest_id() {
        let edges = graph(&[
            ("x", &["z"]),
            ("z", &["y"]),
            ("y", &["x"]),
            ("behind", &["x"]),
            ("self", &["self"]),
            ("a", &[]),
        ]);
        let order = topological(&edges);
        assert_eq!(names(&order), ["a"]);
        let found: Vec<Vec<String>> = cycles(&edges, &order)
            .iter()
            .map(|c| names(c).iter().map(|n| (*n).to_owned()).collect())
            .collect();
        assert_eq!(found, [vec!["x", "z", "y"], vec!["self"]]);
    }
}
