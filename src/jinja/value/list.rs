//! A list that can be changed, as Python's can.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use parking_lot::Mutex;

use super::text;

/// A mutable list; clones of the value share it.
#[derive(Debug, Default)]
pub(crate) struct List(Mutex<Vec<Value>>);

impl List {
    /// Makes a list.
    pub(crate) fn new(items: Vec<Value>) -> Self {
        Self(Mutex::new(items))
    }

    /// Makes a list value.
    pub(crate) fn value(items: Vec<Value>) -> Value {
        Value::from_object(Self::new(items))
    }

    /// A copy of the items.
    pub(crate) fn items(&self) -> Vec<Value> {
        self.0.lock().clone()
    }

    /// Changes the items.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        change(&mut self.0.lock())
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let items = self.0.lock();
        let index = key.as_i64()?;
        let at = match usize::try_from(index) {
            Ok(at) => at,
            Err(_) => items
                .len()
                .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
        };
        items.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.0.lock().len())
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        if std::ptr::eq(&raw const self.0, &raw const other.0) {
            return Some(Ordering::Equal);
        }
        Some(self.items().cmp(&other.items()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::sequence(&self.items(), ('[', ']')))
    }
}
