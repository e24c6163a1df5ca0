//! Object stores, opened with the credentials of the environment.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::ObjectStore;
use url::{Position, Url};

use super::session::Engine;

/// The variables that hold credentials and endpoints of object stores.
const PREFIXES: [&str; 4] = ["AWS_", "GOOGLE_", "AZURE_", "GCS_"];

impl Engine {
    /// The store that holds a URL, opened on its first use.
    pub(super) fn store(&self, url: &Url) -> Result<(ObjectStoreUrl, Arc<dyn ObjectStore>)> {
        let base = ObjectStoreUrl::parse(&url[..Position::BeforePath])?;
        let runtime = self.state.runtime_env();
        if let Ok(store) = runtime.object_store(&base) {
            return Ok((base, store));
        }
        let options = self
            .environment
            .iter()
            .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            // Who writes `http://` means it.
            .chain((url.scheme() == "http").then(|| ("allow_http".to_owned(), "true".to_owned())));
        let (store, _) = object_store::parse_url_opts(url, options)
            .map_err(|e| DataFusionError::ObjectStore(Box::new(e)))?;
        let store: Arc<dyn ObjectStore> = Arc::from(store);
        runtime.register_object_store(base.as_ref(), Arc::clone(&store));
        Ok((base, store))
    }
}
