//! What a page says of itself.

/// A page of the console: where it is, and what its viewer's key has to be for. Each
/// module of a page has one, and [`crate::pages`] lists those that the navigation shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its path, such as `/console/orders`.
    pub path: &'static str,
    /// Its name, in the navigation and as its heading.
    pub title: &'static str,
    /// The route of the API that it is made of, by its pattern, such as `/v1/orders`:
    /// whoever may not GET that is not shown the page.
    pub needs: &'static str,
}
