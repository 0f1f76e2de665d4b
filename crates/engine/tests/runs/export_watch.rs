//! An export says how far it is, and one that is stopped leaves nothing.

use crate::gguf::folder;
use amoozgar_engine::{
    Control, EngineError, ExportProgress, ExportWatch, Form, Precision, export_watched,
    remove_unfinished,
};
use amoozgar_types::event::WorkerCommand;
use std::fs;
use std::sync::Mutex;
use tempfile::TempDir;

const FORMS: [(Form, &str); 4] = [
    (Form::Gguf(Precision::F16), "a.gguf"),
    (Form::Gguf(Precision::Q8), "b.gguf"),
    (Form::Gguf(Precision::Q4KM), "d.gguf"),
    (Form::Safetensors, "c"),
];

#[test]
fn what_is_written_and_what_is_read_back_both_count() {
    for (form, name) in FORMS {
        let (model, out) = (folder("llama"), TempDir::new().unwrap());
        let told = Mutex::new(Vec::<ExportProgress>::new());
        let watch = ExportWatch {
            control: &Control::new(),
            told: &|progress| told.lock().unwrap().push(progress),
        };
        export_watched(model.path(), None, form, &out.path().join(name), &watch).unwrap();
        let told = told.into_inner().unwrap();
        let last = told.last().unwrap();
        assert_eq!(last.done_bytes, last.total_bytes, "{form:?}: all of it");
        let half = told
            .iter()
            .any(|told| told.done_bytes == last.total_bytes / 2);
        assert!(half, "{form:?}: it was written before it was read back");
        let grows = told
            .windows(2)
            .all(|pair| pair[0].done_bytes <= pair[1].done_bytes);
        assert!(grows, "{form:?}: {told:?}");
    }
}

#[test]
fn a_stop_leaves_nothing_neither_while_it_writes_nor_while_it_reads_back() {
    for (form, name) in FORMS {
        for quarters in [1, 2] {
            let (model, out) = (folder("llama"), TempDir::new().unwrap());
            let control = Control::new();
            let watch = ExportWatch {
                control: &control,
                told: &|told| {
                    if told.done_bytes * 4 >= told.total_bytes * quarters {
                        control.send(WorkerCommand::Stop);
                    }
                },
            };
            let stopped = export_watched(model.path(), None, form, &out.path().join(name), &watch);
            assert!(
                matches!(stopped, Err(EngineError::Stopped)),
                "{form:?} after {quarters} quarters: {stopped:?}"
            );
            let left: Vec<_> = fs::read_dir(out.path()).unwrap().collect();
            assert!(
                left.is_empty(),
                "{form:?} after {quarters} quarters: {left:?}"
            );
        }
    }
}

#[test]
fn what_a_killed_export_left_can_be_removed() {
    let out = TempDir::new().unwrap();
    for name in [".tmp-a.gguf", ".tmp-.tmp-a.gguf", "mine.gguf"] {
        fs::write(out.path().join(name), "x").unwrap();
    }
    remove_unfinished(&out.path().join("a.gguf")).unwrap();
    let left: Vec<_> = fs::read_dir(out.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "what is not of this export stays: {left:?}");
}
