//! The functions that dbt projects expect and DataFusion does not have.

mod arg_extreme;
mod components;
mod dates;
mod digest;
mod like_mask;
mod mode;
mod text;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::{FunctionRegistry as _, SessionState};
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// Makes every function known to a session.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    let aggregates = arg_extreme::functions()
        .into_iter()
        .chain([components::function(), mode::function()]);
    for function in aggregates {
        drop::<Option<Arc<AggregateUDF>>>(state.register_udaf(Arc::new(function))?);
    }
    let scalars = dates::functions()
        .into_iter()
        .chain(text::functions())
        .chain([digest::function(), like_mask::function()]);
    for function in scalars {
        drop::<Option<Arc<ScalarUDF>>>(state.register_udf(Arc::new(function))?);
    }
    Ok(())
}
