//! Datasets: the bundled ones, registered at the start, and those that users import. Knows nothing of
//! Tauri.

use crate::clock::{new_id, now_ms};
use crate::db::Db;
use crate::error::{self, io_error};
use crate::files::within;
use crate::hold::Settled;
use crate::machine::resources::free_disk_bytes;
use crate::paths::{self, Paths};
use crate::process::Inspector;
use crate::{files, words};
use amoozgar_data::DatasetSummary;
use amoozgar_types::dataset::{DatasetFormat, DatasetRecord, DatasetSource, Sharing};
use amoozgar_types::id::{DatasetId, UserId};
use amoozgar_types::ipc::{
    DatasetImport, DatasetImported, DatasetPreview, DatasetPreviewRequest, DatasetShare,
};
use amoozgar_types::{ApiError, ErrorCode, ErrorParams};
use std::fs;
use std::path::{Path, PathBuf};

const MAX_NAME_CHARS: usize = 80;
const MAX_PREVIEW_ROWS: u32 = 100;
/// Of a text that comes with the program; the largest has half a million.
const MAX_BUNDLED_BYTES: u64 = 8 << 20;

/// Checks a file, copies it into the data folder and lists it. Blocks.
pub fn import(
    db: &Db,
    paths: &Paths,
    inspector: &Inspector,
    user_id: &UserId,
    request: &DatasetImport,
    settled: &Settled,
) -> Result<DatasetImported, ApiError> {
    let source = files::absolute(&request.path)?;
    let name = import_name(request.name.as_deref(), &source)?;
    // A pipe would be waited for, and a device has no end.
    let about = fs::metadata(&source).map_err(|failure| io_error(&source, &failure))?;
    if !about.is_file() {
        return Err(not_regular(&source));
    }
    let summary = inspector.wait(inspector.dataset(&source))?;
    let dataset_id = DatasetId::new(new_id());
    let file = format!("{dataset_id}.{}", extension(summary.format));
    let copy = paths.datasets().join(file);
    make_room(&paths.datasets(), summary.size_bytes)?;
    let half = settled.claim(&files::temporary_name(&copy));
    files::copy_atomically(&source, &copy, summary.size_bytes)?;
    drop(half);
    let record = DatasetRecord {
        dataset_id,
        name,
        source: DatasetSource::Imported,
        format: summary.format,
        guess: summary.guess.clone(),
        size_bytes: summary.size_bytes,
        n_rows: summary.n_rows,
        n_validation_rows: 0,
        created_ms: now_ms(),
        sharing: Sharing::Private,
    };
    let path = copy.display().to_string();
    let listed = db.now(|store| store.upsert_dataset(Some(user_id), &record, &path, None));
    if let Err(failure) = listed {
        remove_copy(paths, &copy);
        return Err(failure);
    }
    Ok(DatasetImported {
        dataset: record,
        encoding: summary.encoding,
    })
}

/// One dataset with some of its rows. Blocks.
pub fn preview(
    db: &Db,
    inspector: &Inspector,
    user_id: &UserId,
    request: &DatasetPreviewRequest,
) -> Result<DatasetPreview, ApiError> {
    let dataset = db
        .now(|store| store.dataset(user_id, &request.dataset_id))?
        .ok_or_else(error::not_found)?;
    let limit = request.limit.min(MAX_PREVIEW_ROWS);
    let path = Path::new(&dataset.train_path);
    let read = inspector.wait(inspector.rows(path, request.offset, limit))?;
    Ok(DatasetPreview {
        dataset: dataset.record,
        rows: read.rows,
        offset: request.offset,
        encoding: read.encoding,
    })
}

/// Removes an imported dataset and its file. Blocks.
pub fn delete(
    db: &Db,
    paths: &Paths,
    user_id: &UserId,
    dataset_id: &DatasetId,
    _settled: &Settled,
) -> Result<(), ApiError> {
    let dataset = db
        .now(|store| store.dataset(user_id, dataset_id))?
        .ok_or_else(error::not_found)?;
    if dataset.record.source == DatasetSource::Bundled {
        return Err(error::invalid_state("a bundled dataset stays"));
    }
    db.now(|store| store.delete_dataset(user_id, dataset_id))?;
    remove_copy(paths, Path::new(&dataset.train_path));
    Ok(())
}

/// Lets everyone on this computer read and learn a dataset of one's own, or no longer. Blocks.
pub fn share(db: &Db, user_id: &UserId, request: &DatasetShare) -> Result<DatasetRecord, ApiError> {
    let sharing = if request.shared {
        Sharing::SharedByMe
    } else {
        Sharing::Private
    };
    db.now(|store| {
        store.share_dataset(user_id, &request.dataset_id, &sharing)?;
        store.dataset(user_id, &request.dataset_id)
    })?
    .map(|dataset| dataset.record)
    .ok_or_else(error::not_found)
}

/// Lists the bundled datasets that are there: Hafez where set-up fetched it, the stories and the
/// questions with their answers always.
/// Blocks.
pub fn register_bundled(db: &Db, installed: Option<PathBuf>) -> Result<(), ApiError> {
    let Some(resources) = paths::resources(installed) else {
        tracing::warn!("no folder with bundled datasets was found");
        return Ok(());
    };
    let fetched = resources.join("fetched").join("hafez");
    let bundled = [
        (
            "hafez",
            words::DATASET_HAFEZ,
            fetched.join("train.txt"),
            Some(fetched.join("validation.txt")),
        ),
        (
            "stories",
            words::DATASET_STORIES,
            resources.join("stories.txt"),
            None,
        ),
        // What a model from scratch learns comes before it in every list.
        (
            "talks",
            words::DATASET_TALKS,
            resources.join("instructions.jsonl"),
            None,
        ),
    ];
    for (id, name, train, validation) in bundled {
        if !train.is_file() {
            tracing::info!(id, path = %train.display(), "a bundled dataset is not here");
            continue;
        }
        register(
            db,
            id,
            name,
            &train,
            validation.as_deref().filter(|path| path.is_file()),
        )?;
    }
    Ok(())
}

fn register(
    db: &Db,
    id: &str,
    name: &str,
    train: &Path,
    validation: Option<&Path>,
) -> Result<(), ApiError> {
    let summary = inspect(train)?;
    let held_out = validation.map(inspect).transpose()?;
    let record = DatasetRecord {
        dataset_id: DatasetId::new(id),
        name: name.to_owned(),
        source: DatasetSource::Bundled,
        format: summary.format,
        guess: summary.guess.clone(),
        size_bytes: summary.size_bytes + held_out.as_ref().map_or(0, |part| part.size_bytes),
        n_rows: summary.n_rows,
        n_validation_rows: held_out.map_or(0, |part| part.n_rows),
        created_ms: now_ms(),
        sharing: Sharing::Everyones,
    };
    let train = train.display().to_string();
    let validation = validation.map(|path| path.display().to_string());
    db.now(|store| store.upsert_dataset(None, &record, &train, validation.as_deref()))
}

/// Looks at a file that comes with the program. The window itself reads it at each start, so what is not
/// small is none of the program's, whoever put it there.
fn inspect(path: &Path) -> Result<DatasetSummary, ApiError> {
    let about = fs::metadata(path).map_err(|failure| io_error(path, &failure))?;
    if about.len() > MAX_BUNDLED_BYTES {
        return Err(ApiError::detail(
            ErrorCode::Io,
            format!("`{}` is larger than any bundled text", path.display()),
        ));
    }
    amoozgar_data::inspect(path).map_err(|failure| error::of_data(&failure))
}

fn import_name(given: Option<&str>, source: &Path) -> Result<String, ApiError> {
    let name = match given.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        None => source
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .ok_or_else(|| {
                ApiError::with(
                    ErrorCode::FileNotFound,
                    ErrorParams {
                        path: Some(source.display().to_string()),
                        ..ErrorParams::default()
                    },
                )
            })?,
    };
    if name.chars().count() > MAX_NAME_CHARS {
        return if given.is_some() {
            Err(ApiError::invalid_field("name"))
        } else {
            Ok(name.chars().take(MAX_NAME_CHARS).collect())
        };
    }
    Ok(name)
}

/// Refuses a copy that the disk has no room for.
fn make_room(dir: &Path, needed: u64) -> Result<(), ApiError> {
    let free = free_disk_bytes(dir)?;
    if needed <= free {
        return Ok(());
    }
    Err(ApiError::with(
        ErrorCode::DiskFull,
        ErrorParams {
            path: Some(dir.display().to_string()),
            needed: Some(needed),
            found: Some(free),
            ..ErrorParams::default()
        },
    ))
}

fn not_regular(path: &Path) -> ApiError {
    ApiError::with(
        ErrorCode::UnsupportedFormat,
        ErrorParams {
            path: Some(path.display().to_string()),
            ..ErrorParams::default()
        },
    )
}

fn extension(format: DatasetFormat) -> &'static str {
    match format {
        DatasetFormat::Txt => "txt",
        DatasetFormat::Jsonl => "jsonl",
        DatasetFormat::Json => "json",
        DatasetFormat::Csv => "csv",
    }
}

/// Removes a copy among the imported datasets, and nothing that a row names elsewhere.
fn remove_copy(paths: &Paths, path: &Path) {
    if let Err(failure) = within::remove_child(&paths.datasets(), path) {
        tracing::warn!(error = %failure, path = %path.display(), "a dataset's copy is left");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::delete;
    use crate::db::Db;
    use crate::hold::tests::settled;
    use crate::paths::Paths;
    use amoozgar_store::Store;
    use amoozgar_types::dataset::{DatasetFormat, DatasetRecord, DatasetSource, Sharing};
    use amoozgar_types::id::DatasetId;
    use std::fs;

    #[test]
    fn a_row_that_leads_elsewhere_has_nothing_of_it_removed() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::resolve(Some(dir.path().to_owned())).unwrap();
        paths.create().unwrap();
        let db = Db::new(Store::open(&paths.database(), 0).unwrap().store);
        let owner = db.now(|store| Ok(crate::test_rows::user(store))).unwrap();
        let theirs = dir.path().join("theirs.txt");
        fs::write(&theirs, "theirs").unwrap();
        let ours = paths.datasets().join("ours.txt");
        fs::write(&ours, "ours").unwrap();
        let record = |id: &str| DatasetRecord {
            dataset_id: DatasetId::new(id),
            name: id.to_owned(),
            source: DatasetSource::Imported,
            format: DatasetFormat::Txt,
            guess: None,
            size_bytes: 4,
            n_rows: 1,
            n_validation_rows: 0,
            created_ms: 0,
            sharing: Sharing::Private,
        };
        for (id, path) in [
            ("elsewhere", theirs.clone()),
            ("up", paths.datasets().join("../theirs.txt")),
            ("ours", ours.clone()),
        ] {
            let record = record(id);
            let path = path.display().to_string();
            db.now(|store| store.upsert_dataset(Some(&owner), &record, &path, None))
                .unwrap();
            delete(&db, &paths, &owner, &record.dataset_id, &settled()).unwrap();
            assert!(theirs.is_file(), "`{id}`");
        }
        assert!(!ours.exists(), "its own copy goes");
    }
}
