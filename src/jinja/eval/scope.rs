//! Names and their values, one scope inside another.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use parking_lot::Mutex;

/// A scope; clones share it, so that what a block is given it sees as it is when it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope(Arc<ScopeNode>);

#[derive(Debug, Default)]
struct ScopeNode {
    names: Mutex<IndexMap<Arc<str>, Value>>,
    parent: Option<Scope>,
}

impl Scope {
    /// Opens a scope inside this one.
    pub(crate) fn inner(&self) -> Self {
        Self(Arc::new(ScopeNode {
            names: Mutex::default(),
            parent: Some(self.clone()),
        }))
    }

    /// The value of a name, from the innermost scope that has it.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = self;
        loop {
            if let Some(value) = scope.0.names.lock().get(name) {
                return Some(value.clone());
            }
            scope = scope.0.parent.as_ref()?;
        }
    }

    /// Gives a name a value in this scope.
    pub(crate) fn set(&self, name: &Arc<str>, value: Value) {
        self.0.names.lock().insert(Arc::clone(name), value);
    }

    /// Every name that has a value.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut scope = Some(self);
        while let Some(Self(node)) = scope {
            names.extend(node.names.lock().keys().map(ToString::to_string));
            scope = node.parent.as_ref();
        }
        names
    }

    /// Forgets every name, so that macros which close over their own scope are freed.
    pub(crate) fn clear(&self) {
        let names = std::mem::take(&mut *self.0.names.lock());
        drop(names);
    }
}
