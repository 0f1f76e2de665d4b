//! Words of the home page.
