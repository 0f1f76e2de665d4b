//! SQLite: a file per table, migrations.
