//! Work that takes a core for a while, beside the task that delivers.

use futures::stream::{Stream, StreamExt as _};
use tokio_util::task::AbortOnDropHandle;

use crate::error::{Error, Result};

/// How many pieces of work are under way at once.
const AHEAD: usize = 4;

/// Does the same to every item, several at a time; what comes out, errors included, is in the order of the items.
pub(super) fn mapped<T, U>(
    items: impl Stream<Item = Result<T>> + Send,
    work: impl Fn(T) -> U + Clone + Send + Sync + 'static,
) -> impl Stream<Item = Result<U>> + Send
where
    T: Send + 'static,
    U: Send + 'static,
{
    items
        .map(move |item| {
            let work = work.clone();
            async move {
                let item = item?;
                AbortOnDropHandle::new(tokio::spawn(async move { work(item) }))
                    .await
                    .map_err(|_| Error::Internal("preparing rows broke off".to_owned()))
            }
        })
        .buffered(AHEAD)
}
