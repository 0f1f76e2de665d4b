//! How single values lie in columns.

use crate::StoreError;
use amoozgar_types::Loss;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Value, ValueRef};
use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

const DIVERGED: &str = "diverged";

/// A count as `SQLite`'s integer. Counts stay below 2^53 by the contract of amoozgar-types.
pub(crate) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A loss as a REAL, or as the text `diverged`.
pub(crate) fn loss_value(loss: Loss) -> Value {
    match loss {
        Loss::Finite(value) => Value::Real(value),
        Loss::Diverged => Value::Text(DIVERGED.to_owned()),
    }
}

/// A loss that may be absent.
pub(crate) fn loss_or_null(loss: Option<Loss>) -> Value {
    loss.map_or(Value::Null, loss_value)
}

/// A column that holds a loss.
pub(crate) struct LossColumn(pub Loss);

impl FromSql for LossColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Real(value) => Ok(Self(value.into())),
            ValueRef::Text(text) if text == DIVERGED.as_bytes() => Ok(Self(Loss::Diverged)),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A column that holds a number, where NULL stands for NaN (`SQLite` has no NaN of its own).
pub(crate) struct NumberColumn(pub f64);

impl FromSql for NumberColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self(f64::NAN)),
            other => f64::column_result(other).map(Self),
        }
    }
}

/// Writes a value as JSON text.
pub(crate) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Encode { what, source })
}

/// Reads a column of JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &'static str,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse_json(row, column, &text)
}

/// Reads a column of JSON text that may be NULL.
pub(crate) fn from_json_or_null<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &'static str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| parse_json(row, column, &text)).transpose()
}

/// Reads a column that holds one of a closed set of names.
pub(crate) fn named<T>(
    row: &Row<'_>,
    column: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let name: String = row.get(column)?;
    parse(&name).ok_or_else(|| {
        conversion_failure(
            row,
            column,
            format!("unknown name `{name}` in `{column}`").into(),
        )
    })
}

fn parse_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &'static str,
    text: &str,
) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|source| conversion_failure(row, column, source.into()))
}

fn conversion_failure(
    row: &Row<'_>,
    column: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, source)
}

/// A column that holds a count, where it is known.
pub(crate) fn count_or_null(row: &Row<'_>, column: &'static str) -> rusqlite::Result<Option<u64>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => count(row, column).map(Some),
    }
}

/// Reads a count.
pub(crate) fn count(row: &Row<'_>, column: &'static str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| {
        conversion_failure(
            row,
            column,
            format!("negative count {value} in `{column}`").into(),
        )
    })
}
