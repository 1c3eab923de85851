//! A part of a list, and where the next part begins.

/// Up to `limit` items, and the position to go on from if there are more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, P> {
    pub items: Vec<T>,
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// Cuts a list that was read with one row too many, so that a full last page has no empty successor.
    pub fn cut(mut items: Vec<T>, limit: usize, position: impl Fn(&T) -> P) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(position) } else { None };
        Self { items, next }
    }
}

/// The rows to read for a page of `limit`: one more, to know whether there is a next one.
pub fn rows_for(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_last_page_has_no_successor() {
        let page = Page::cut(vec![1, 2, 3], 3, |n| *n);
        assert_eq!((page.items.len(), page.next), (3, None));

        let page = Page::cut(vec![1, 2, 3, 4], 3, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2, 3], Some(3)));
    }
}
