//! Words of the datasets page.
