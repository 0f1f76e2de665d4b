//! Words of the training pages.
