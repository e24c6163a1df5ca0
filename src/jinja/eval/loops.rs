//! `{% for %}` and its `loop`.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use parking_lot::Mutex;

use super::{Call, Interpreter};
use crate::error::codes;
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::syntax::tree::For;

/// What `loop` is in one round.
#[derive(Debug)]
pub(super) struct Loop {
    index: usize,
    length: usize,
    previous: Option<Value>,
    next: Option<Value>,
    depth: usize,
    changed: Arc<Mutex<Option<Vec<Value>>>>,
}

impl Loop {
    /// `loop.cycle(…)` and `loop.changed(…)`.
    pub(super) fn method(&self, name: &str, call: &Call) -> Option<Value> {
        match name {
            "cycle" => {
                let index = self.index.checked_rem(call.args.len())?;
                call.args.get(index).cloned()
            }
            "changed" => {
                let mut before = self.changed.lock();
                let changed = before.as_ref() != Some(&call.args);
                *before = Some(call.args.clone());
                Some(Value::from(changed))
            }
            _ => None,
        }
    }
}

impl Object for Loop {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let left = self.length - self.index;
        match key.as_str()? {
            "index" => Some(Value::from(self.index + 1)),
            "index0" => Some(Value::from(self.index)),
            "revindex" => Some(Value::from(left)),
            "revindex0" => Some(Value::from(left - 1)),
            "first" => Some(Value::from(self.index == 0)),
            "last" => Some(Value::from(left == 1)),
            "length" => Some(Value::from(self.length)),
            "depth" => Some(Value::from(self.depth + 1)),
            "depth0" => Some(Value::from(self.depth)),
            "previtem" => self.previous.clone(),
            "nextitem" => self.next.clone(),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<loop {}/{}>", self.index + 1, self.length)
    }
}

impl Interpreter<'_> {
    /// The items of a value that is looped over.
    pub(super) fn items_of(&self, value: &Value) -> Outcome<Vec<Value>> {
        if value.is_undefined() || (value.is_none() && !self.executes()) {
            return Ok(Vec::new());
        }
        if let (ValueKind::String, Some(text)) = (value.kind(), value.as_str()) {
            return Ok(text.chars().map(Value::from).collect());
        }
        match value.try_iter() {
            Ok(items) => Ok(items.collect()),
            Err(_) => Err(Signal::fault(
                codes::TEMPLATE_VALUE,
                format!("{} cannot be looped over", kind_name(value)),
            )),
        }
    }

    /// Evaluates a loop.
    pub(super) fn for_loop(&mut self, each: &For) -> Outcome<()> {
        if each.recursive {
            let fault = Signal::fault(codes::UNSUPPORTED_TEMPLATE, "recursive loops are not supported")
                .placed(|| self.span(each.iter.at));
            return Err(fault);
        }
        let items = self.eval(&each.iter)?;
        let items = self.items_of(&items);
        let items = self.placed(items, each.iter.at)?;
        let outer = self.scope.clone();
        let outcome = self.rounds(each, items);
        self.scope = outer;
        outcome
    }

    fn rounds(&mut self, each: &For, items: Vec<Value>) -> Outcome<()> {
        let outer = self.scope.clone();
        let items = match &each.filter {
            Some(_) => self.filtered(each, items)?,
            None => items,
        };
        if items.is_empty() {
            self.scope = outer;
            return self.body(&each.otherwise);
        }
        let loop_name = Arc::from("loop");
        let depth = outer
            .get("loop")
            .and_then(|outer| outer.get_attr("depth").ok()?.as_usize())
            .unwrap_or_default();
        let changed = Arc::new(Mutex::new(None));
        for (index, item) in items.iter().enumerate() {
            self.scope = outer.inner();
            self.scope.set(
                &loop_name,
                Value::from_object(Loop {
                    index,
                    length: items.len(),
                    previous: index.checked_sub(1).and_then(|at| items.get(at)).cloned(),
                    next: items.get(index + 1).cloned(),
                    depth,
                    changed: Arc::clone(&changed),
                }),
            );
            self.assign(&each.target, item.clone())?;
            match self.body(&each.body) {
                Err(Signal::Break) => break,
                Err(Signal::Continue) | Ok(()) => {}
                Err(signal) => return Err(signal),
            }
        }
        Ok(())
    }

    fn filtered(&mut self, each: &For, items: Vec<Value>) -> Outcome<Vec<Value>> {
        let outer = self.scope.clone();
        let mut kept = Vec::new();
        for item in items {
            self.scope = outer.inner();
            self.assign(&each.target, item.clone())?;
            if let Some(filter) = &each.filter
                && self.eval(filter)?.is_true()
            {
                kept.push(item);
            }
        }
        Ok(kept)
    }
}

/// What a value is, in words for a message.
pub(crate) fn kind_name(value: &Value) -> String {
    match value.kind() {
        ValueKind::None => "`none`".to_owned(),
        ValueKind::Undefined => "an undefined value".to_owned(),
        ValueKind::Seq => "a list".to_owned(),
        ValueKind::Map => "a dictionary".to_owned(),
        ValueKind::Bool => "a boolean".to_owned(),
        ValueKind::Plain => "an object".to_owned(),
        other => format!("a {other}"),
    }
}
