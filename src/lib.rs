//! stub
pub use datafusion;
