//! A dictionary that can be changed, as Python's can.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use parking_lot::Mutex;

use super::text;

/// A mutable dictionary in order of insertion; clones of the value share it.
#[derive(Debug, Default)]
pub(crate) struct Dict(Mutex<IndexMap<Value, Value>>);

impl Dict {
    /// Makes a dictionary value.
    pub(crate) fn value(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::from_object(Self(Mutex::new(pairs.into_iter().collect())))
    }

    /// A copy of the entries.
    pub(crate) fn entries(&self) -> IndexMap<Value, Value> {
        self.0.lock().clone()
    }

    /// An entry.
    pub(crate) fn get(&self, key: &Value) -> Option<Value> {
        self.0.lock().get(key).cloned()
    }

    /// Changes the entries.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut IndexMap<Value, Value>) -> T) -> T {
        change(&mut self.0.lock())
    }
}

impl Object for Dict {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.lock().keys().cloned().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.0.lock().len())
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        if std::ptr::eq(&raw const self.0, &raw const other.0) {
            return Some(Ordering::Equal);
        }
        let sorted = |dict: &Self| {
            let mut pairs: Vec<_> = dict.entries().into_iter().collect();
            pairs.sort();
            pairs
        };
        Some(sorted(self).cmp(&sorted(other)))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::mapping(&self.entries()))
    }
}
