//! Persian text: normalization, digits, numbers, dates.
