//! Plans a selection on all cores: a node as soon as what it reads has been planned.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use parking_lot::{Condvar, Mutex};

use super::schedule::{Dependencies, Schedule};
use crate::error::{Diagnostic, Error, Result};
use crate::graph::plan::Planning;
use crate::materialize::{Registry, RunCtx};
use crate::names::NodeId;

/// The stack of a thread that plans: deep expressions are walked recursively.
const STACK_BYTES: usize = 8 << 20;

/// Plans everything, and tells all faults at once, in the order of the nodes.
///
/// # Errors
/// The faults of the project.
pub fn plan_all(ctx: &RunCtx, selected: &[NodeId]) -> Result<()> {
    let nodes = ctx.graph.with_ephemeral_ancestors(selected);
    let parents = ctx
        .graph
        .parents
        .iter()
        .map(|(id, read)| (id.clone(), read.clone()));
    let queue = Queue::new(&nodes, &parents.collect());
    let registry = Registry::default();
    let plan = || queue.work(|id| faults_of(ctx, &registry, id));
    on_threads(
        ctx.graph.project.target.threads.clamp(1, nodes.len().max(1)),
        &plan,
    )?;
    let mut faults = queue.into_faults()?;
    let in_order: Vec<Diagnostic> = nodes
        .iter()
        .filter_map(|id| faults.remove(id))
        .flatten()
        .collect();
    if in_order.is_empty() {
        Ok(())
    } else {
        Err(Error::Diagnostics(in_order))
    }
}

/// Does the same work on several threads, until all of them have ended.
fn on_threads(n_threads: usize, work: &(impl Fn() + Sync)) -> Result<()> {
    let runtime = tokio::runtime::Handle::current();
    thread::scope(|scope| {
        for _ in 0..n_threads {
            let runtime = &runtime;
            thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, move || {
                    // A template that asks for rows waits for the engine.
                    let _inside = runtime.enter();
                    work();
                })
                .map_err(|e| Error::io("start", "a thread", e))?;
        }
        Ok(())
    })
}

/// What is wrong with a node: with its settings, and with its SQL.
fn faults_of(ctx: &RunCtx, registry: &Registry, id: &NodeId) -> Vec<Diagnostic> {
    let node = ctx.graph.node(id).filter(|node| node.is_materialized());
    let mut faults = match node.map(|node| (node, registry.of(node))) {
        None => Vec::new(),
        Some((node, Ok(materialization))) => materialization.validate(node),
        Some((_, Err(error))) => error.into_diagnostics(),
    };
    match ctx.planner.plan(id) {
        Planning::Faulty(diagnostics) => faults.extend(diagnostics),
        Planning::Ready(_) | Planning::Deferred(_) | Planning::Blocked(_) => {}
    }
    faults
}

/// The nodes that several threads plan together.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    schedule: Schedule,
    ready: VecDeque<NodeId>,
    n_left: usize,
    broken: Option<NodeId>,
    faults: BTreeMap<NodeId, Vec<Diagnostic>>,
}

impl Queue {
    fn new(nodes: &[NodeId], parents: &BTreeMap<NodeId, Vec<NodeId>>) -> Self {
        let tests = BTreeSet::new();
        let schedule = Schedule::new(
            nodes,
            Dependencies {
                parents,
                tests: &tests,
            },
        );
        Self {
            state: Mutex::new(State {
                ready: schedule.ready().into(),
                schedule,
                n_left: nodes.len(),
                broken: None,
                faults: BTreeMap::new(),
            }),
            changed: Condvar::new(),
        }
    }

    /// Takes one node after the other until none is left.
    fn work(&self, plan: impl Fn(&NodeId) -> Vec<Diagnostic>) {
        while let Some(id) = self.next() {
            match catch_unwind(AssertUnwindSafe(|| plan(&id))) {
                Ok(faults) => self.finish(id, faults),
                Err(_) => self.give_up(id),
            }
        }
    }

    /// A node that can be planned now; waits for one while others are at work.
    fn next(&self) -> Option<NodeId> {
        let mut state = self.state.lock();
        loop {
            if state.n_left == 0 || state.broken.is_some() {
                return None;
            }
            if let Some(id) = state.ready.pop_front() {
                return Some(id);
            }
            self.changed.wait(&mut state);
        }
    }

    fn finish(&self, id: NodeId, faults: Vec<Diagnostic>) {
        let mut state = self.state.lock();
        let next = state.schedule.complete(&id);
        state.ready.extend(next);
        state.n_left -= 1;
        if !faults.is_empty() {
            state.faults.insert(id, faults);
        }
        self.changed.notify_all();
    }

    /// Ends the work of all: what depends on a node that broke off cannot be planned.
    fn give_up(&self, id: NodeId) {
        self.state.lock().broken = Some(id);
        self.changed.notify_all();
    }

    fn into_faults(self) -> Result<BTreeMap<NodeId, Vec<Diagnostic>>> {
        let state = self.state.into_inner();
        match state.broken {
            Some(id) => Err(Error::Internal(format!("planning `{}` broke off", id.short()))),
            None => Ok(state.faults),
        }
    }
}
