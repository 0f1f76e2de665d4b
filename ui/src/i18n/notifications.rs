//! Words of the notifications page.
