//! Work that takes a core for a while, beside the task that delivers.

use futures::stream::{Stream, TryStreamExt as _};

use crate::error::{Error, Result};

/// How many pieces of work are under way at once; what they give is in order.
const AHEAD: usize = 4;

/// Does the same to every item on any core; the order stays.
pub(super) fn mapped<T, U>(
    items: impl Stream<Item = Result<T>> + Send,
    work: impl Fn(T) -> U + Clone + Send + Sync + 'static,
) -> impl Stream<Item = Result<U>> + Send
where
    T: Send + 'static,
    U: Send + 'static,
{
    items
        .map_ok(move |item| {
            let work = work.clone();
            async move {
                tokio::spawn(async move { work(item) })
                    .await
                    .map_err(|_| Error::Internal("preparing rows broke off".to_owned()))
            }
        })
        .try_buffered(AHEAD)
}
