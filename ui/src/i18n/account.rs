//! Words of the account page.
