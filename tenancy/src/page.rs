//! A piece of a list. Cursors and their wire form are the API's; here is only whether there is more.

/// The rows of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether another page follows the last item.
    pub more: bool,
}

impl<T> Page<T> {
    /// From `limit + 1` rows asked for: the extra one only tells that there is more.
    pub fn of(mut rows: Vec<T>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self { items: rows, more }
    }
}
