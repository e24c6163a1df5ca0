//! Selections as sets: criteria widened along the graph, combined, with their tests.

use std::collections::{BTreeSet, HashMap};

use super::grammar::{Criterion, IndirectSelection, Method, Reach, Spec};
use super::methods::Matcher;
use super::{Facets, Selectable, SelectionFacts};
use crate::error::{Diagnostic, codes};
use crate::names::NodeId;

/// Members by their place in the graph's order.
type Places = BTreeSet<usize>;

/// What is selected outright, and the tests that wait for their other parents.
#[derive(Debug, Clone, Default)]
struct Found {
    direct: Places,
    waiting: Places,
}

/// One graph with the selections made from it.
pub(super) struct Evaluation<'g> {
    graph: &'g dyn Selectable,
    facts: &'g SelectionFacts,
    members: Vec<Facets<'g>>,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
    warnings: Vec<Diagnostic>,
}

#[derive(Clone, Copy)]
enum Direction {
    Parents,
    Children,
}

impl<'g> Evaluation<'g> {
    pub(super) fn new(graph: &'g dyn Selectable, facts: &'g SelectionFacts) -> Self {
        let members = graph.members();
        let places: HashMap<&NodeId, usize> = members
            .iter()
            .enumerate()
            .map(|(place, member)| (member.id, place))
            .collect();
        let parents: Vec<Vec<usize>> = members
            .iter()
            .map(|member| {
                graph
                    .parents(member.id)
                    .iter()
                    .filter_map(|id| places.get(id).copied())
                    .collect()
            })
            .collect();
        let mut children = vec![Vec::new(); members.len()];
        for (place, parents) in parents.iter().enumerate() {
            for parent in parents {
                if let Some(list) = children.get_mut(*parent) {
                    list.push(place);
                }
            }
        }
        Self {
            graph,
            facts,
            members,
            parents,
            children,
            warnings: Vec::new(),
        }
    }

    /// What is included and not excluded; without a selection everything is included.
    pub(super) fn difference(
        &mut self,
        included: Option<&Spec>,
        excluded: &Spec,
        indirect: IndirectSelection,
    ) -> Result<BTreeSet<NodeId>, Diagnostic> {
        let everything = Found {
            direct: (0..self.members.len()).collect(),
            waiting: Places::new(),
        };
        let included = match included {
            Some(spec) => self.find(spec, indirect)?,
            None => everything,
        };
        let excluded = self.find(excluded, indirect)?;
        let found = self.subtract(&included, &excluded, indirect);
        let ids = found.direct.iter().filter_map(|place| self.members.get(*place));
        Ok(ids.map(|member| member.id.clone()).collect())
    }

    pub(super) fn into_warnings(self) -> Vec<Diagnostic> {
        self.warnings
    }

    fn find(&mut self, spec: &Spec, indirect: IndirectSelection) -> Result<Found, Diagnostic> {
        match spec {
            Spec::One(criterion) => self.criterion(criterion),
            Spec::Union(parts) => {
                let mut united = Found::default();
                for part in parts {
                    let found = self.find(part, indirect)?;
                    united.direct.extend(found.direct);
                    united.waiting.extend(found.waiting);
                }
                Ok(self.settle(united, indirect))
            }
            Spec::Intersection(parts) => {
                let mut common: Option<Found> = None;
                for part in parts {
                    let found = self.find(part, indirect)?;
                    common = Some(match common {
                        None => found,
                        Some(so_far) => intersect(&so_far, &found),
                    });
                }
                Ok(self.settle(common.unwrap_or_default(), indirect))
            }
            Spec::Difference(included, excluded) => {
                let included = self.find(included, indirect)?;
                let excluded = self.find(excluded, indirect)?;
                Ok(self.subtract(&included, &excluded, indirect))
            }
        }
    }

    fn subtract(&self, included: &Found, excluded: &Found, indirect: IndirectSelection) -> Found {
        let all_excluded: Places = excluded.direct.union(&excluded.waiting).copied().collect();
        let all_included: Places = included.direct.union(&included.waiting).copied().collect();
        let direct = included.direct.difference(&excluded.direct).copied().collect();
        let waiting = all_included.difference(&all_excluded).copied().collect();
        self.settle(Found { direct, waiting }, indirect)
    }

    /// Takes in the waiting tests whose parents are all there by now.
    fn settle(&self, found: Found, indirect: IndirectSelection) -> Found {
        let reachable = match indirect {
            IndirectSelection::Cautious => found.direct.clone(),
            IndirectSelection::Buildable => self.with_parents(&found.direct),
            IndirectSelection::Eager | IndirectSelection::Empty => return found,
        };
        let (ready, waiting): (Vec<usize>, Vec<usize>) = found
            .waiting
            .iter()
            .partition(|place| self.all_parents_in(**place, &reachable));
        let mut direct = found.direct;
        direct.extend(ready);
        Found {
            direct,
            waiting: waiting.into_iter().collect(),
        }
    }

    fn criterion(&mut self, criterion: &Criterion) -> Result<Found, Diagnostic> {
        let matcher = Matcher::new(criterion, self.graph.root_package(), self.facts)?;
        let matched: Places = self
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| matcher.matches(member))
            .map(|(place, _)| place)
            .collect();
        if matched.is_empty() {
            self.warnings.push(self.nothing(criterion));
        }
        let mut selected = matched.clone();
        if criterion.with_childrens_parents {
            let children = self.walk(&matched, Direction::Children, Reach::All);
            let all = self.walk(&children, Direction::Parents, Reach::All);
            selected.extend(children);
            selected.extend(all);
        }
        selected.extend(self.walk(&matched, Direction::Parents, criterion.parents));
        selected.extend(self.walk(&matched, Direction::Children, criterion.children));
        Ok(self.with_tests(selected, criterion.indirect))
    }

    /// Everything that is so many steps away, itself included.
    fn walk(&self, from: &Places, direction: Direction, reach: Reach) -> Places {
        let edges = match direction {
            Direction::Parents => &self.parents,
            Direction::Children => &self.children,
        };
        let mut left = match reach {
            Reach::None => 0,
            Reach::Steps(steps) => steps,
            Reach::All => usize::MAX,
        };
        let mut reached = from.clone();
        let mut frontier: Vec<usize> = from.iter().copied().collect();
        while left > 0 && !frontier.is_empty() {
            left -= 1;
            let next = frontier
                .iter()
                .filter_map(|place| edges.get(*place))
                .flatten()
                .copied();
            frontier = next.filter(|place| reached.insert(*place)).collect();
        }
        reached
    }

    fn with_parents(&self, selected: &Places) -> Places {
        let mut all = self.walk(selected, Direction::Parents, Reach::All);
        let sources = self
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.resource_type() == "source");
        all.extend(sources.map(|(place, _)| place));
        all
    }

    /// Adds the tests of what is selected.
    fn with_tests(&self, selected: Places, indirect: IndirectSelection) -> Found {
        let reachable = match indirect {
            IndirectSelection::Empty => {
                return Found {
                    direct: selected,
                    waiting: Places::new(),
                };
            }
            IndirectSelection::Buildable => self.with_parents(&selected),
            IndirectSelection::Eager | IndirectSelection::Cautious => selected.clone(),
        };
        let mut found = Found {
            direct: selected.clone(),
            waiting: Places::new(),
        };
        let candidates = selected
            .iter()
            .filter_map(|place| self.children.get(*place))
            .flatten();
        for place in candidates.filter(|place| self.members.get(**place).is_some_and(Facets::is_test)) {
            if indirect == IndirectSelection::Eager || self.all_parents_in(*place, &reachable) {
                found.direct.insert(*place);
            } else {
                found.waiting.insert(*place);
            }
        }
        found
    }

    fn all_parents_in(&self, place: usize, selected: &Places) -> bool {
        self.parents
            .get(place)
            .is_some_and(|parents| parents.iter().all(|parent| selected.contains(parent)))
    }

    fn nothing(&self, criterion: &Criterion) -> Diagnostic {
        let warning = Diagnostic::warning(
            codes::NOTHING_SELECTED,
            format!("the selection `{}` matches nothing", criterion.raw),
        );
        let members = self.members.iter();
        let mut candidates: Vec<&str> = match criterion.method {
            Method::Tag => members
                .flat_map(|member| member.tags)
                .map(String::as_str)
                .collect(),
            Method::Group => members.filter_map(|member| member.group).collect(),
            Method::Package => members.map(|member| member.package).collect(),
            Method::Source => members.filter_map(|member| member.source).collect(),
            Method::TestName => members.filter_map(|member| member.generic_test).collect(),
            Method::Exposure | Method::UnitTest => members.map(|member| member.name).collect(),
            Method::Fqn => members
                .filter(|member| !member.is_test())
                .flat_map(|member| member.fqn)
                .map(String::as_str)
                .collect(),
            _ => Vec::new(),
        };
        candidates.sort_unstable();
        candidates.dedup();
        warning.nearest(&criterion.value, candidates)
    }
}

fn intersect(a: &Found, b: &Found) -> Found {
    let all = |found: &Found| -> Places { found.direct.union(&found.waiting).copied().collect() };
    Found {
        direct: a.direct.intersection(&b.direct).copied().collect(),
        waiting: all(a).intersection(&all(b)).copied().collect(),
    }
}
