//! `connected_components(left, right)`: which names belong together, over all pairs that say so.
//!
//! The result is a list of `{member, component}`, in the order of the members; a component is named after its smallest
//! member, in byte order. A pair with one side null makes the other side a member. Union-find with path halving and
//! union by size: time is linear in the pairs for all purposes, however long the chains.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, ListArray, StringArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::hash_utils::RandomState;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

/// The function.
pub(super) fn function() -> AggregateUDF {
    AggregateUDF::from(ConnectedComponents {
        signature: Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable),
    })
}

fn pair_fields() -> Fields {
    Fields::from(vec![
        Field::new("member", DataType::Utf8, true),
        Field::new("component", DataType::Utf8, true),
    ])
}

fn item() -> FieldRef {
    Arc::new(Field::new("item", DataType::Struct(pair_fields()), true))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ConnectedComponents {
    signature: Signature,
}

impl AggregateUDFImpl for ConnectedComponents {
    fn name(&self) -> &'static str {
        "connected_components"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Forest::default()))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format!("{}[pairs]", args.name),
            DataType::List(item()),
            true,
        ))])
    }
}

/// Members as trees: each points to another of its component, the root to itself.
#[derive(Debug, Default)]
struct Forest {
    numbers: HashMap<Arc<str>, usize, RandomState>,
    members: Vec<Arc<str>>,
    parents: Vec<usize>,
    sizes: Vec<usize>,
    text_bytes: usize,
}

impl Forest {
    fn member(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.members.len();
        let name: Arc<str> = Arc::from(name);
        self.text_bytes += name.len();
        self.numbers.insert(Arc::clone(&name), number);
        self.members.push(name);
        self.parents.push(number);
        self.sizes.push(1);
        number
    }

    fn parent(&self, member: usize) -> usize {
        self.parents.get(member).copied().unwrap_or(member)
    }

    fn root(&mut self, mut member: usize) -> usize {
        loop {
            let parent = self.parent(member);
            if parent == member {
                return member;
            }
            let grandparent = self.parent(parent);
            if let Some(slot) = self.parents.get_mut(member) {
                *slot = grandparent;
            }
            member = grandparent;
        }
    }

    fn unite(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        if left == right {
            return;
        }
        let size = |forest: &Self, root: usize| forest.sizes.get(root).copied().unwrap_or(1);
        let (left_size, right_size) = (size(self, left), size(self, right));
        let (small, large) = if left_size < right_size {
            (left, right)
        } else {
            (right, left)
        };
        if let Some(parent) = self.parents.get_mut(small) {
            *parent = large;
        }
        if let Some(size) = self.sizes.get_mut(large) {
            *size = left_size + right_size;
        }
    }

    fn add_pairs(&mut self, left: &StringArray, right: &StringArray) {
        for pair in left.iter().zip(right) {
            match pair {
                (Some(left), Some(right)) => {
                    let (left, right) = (self.member(left), self.member(right));
                    self.unite(left, right);
                }
                (Some(alone), None) | (None, Some(alone)) => {
                    self.member(alone);
                }
                (None, None) => {}
            }
        }
    }

    /// The members with their components, in the order of the members.
    fn pairs(&mut self) -> ListArray {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_unstable_by(|a, b| self.members.get(*a).cmp(&self.members.get(*b)));
        // In this order the first member of a component is its smallest.
        let mut smallest: Vec<Option<usize>> = vec![None; self.members.len()];
        let mut components = Vec::with_capacity(order.len());
        for member in &order {
            let root = self.root(*member);
            let name = smallest
                .get_mut(root)
                .map_or(*member, |slot| *slot.get_or_insert(*member));
            components.push(name);
        }
        let names = |numbers: &[usize]| -> StringArray {
            numbers.iter().map(|number| self.members.get(*number)).collect()
        };
        let columns: Vec<ArrayRef> = vec![Arc::new(names(&order)), Arc::new(names(&components))];
        let pairs = StructArray::new(pair_fields(), columns, None);
        ListArray::new(
            item(),
            OffsetBuffer::from_lengths([order.len()]),
            Arc::new(pairs),
            None,
        )
    }
}

impl Accumulator for Forest {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [left, right] = values else {
            return exec_err!("connected_components takes 2 arguments");
        };
        self.add_pairs(left.as_string(), right.as_string());
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [lists] = states else {
            return exec_err!("connected_components has one state");
        };
        for pairs in lists.as_list::<i32>().iter().flatten() {
            let pairs = pairs.as_struct();
            if let [member, component] = pairs.columns() {
                self.add_pairs(member.as_string(), component.as_string());
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::List(Arc::new(self.pairs())))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn size(&self) -> usize {
        const OVERHEAD: usize = 16;
        let per_member = 2 * (size_of::<Arc<str>>() + OVERHEAD) + 3 * size_of::<usize>();
        self.text_bytes + self.members.capacity() * per_member
    }
}
