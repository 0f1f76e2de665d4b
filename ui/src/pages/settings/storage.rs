//! Where the data lies, back-ups of the database, and logs for others.

use super::place::PlaceCard;
use super::task::use_task;
use crate::api;
use crate::components::{Button, Card, ConfirmDialog, IconName, Variant};
use crate::hooks::use_session;
use crate::i18n::preferences as words;
use amoozgar_types::ipc::{
    BackupSummary, DatabaseBackup, DatabaseInspect, DatabaseRestore, FilePlace, LogsExport,
};
use amoozgar_types::user::Role;
use yew::prelude::*;

/// Folders, back-up, logs.
#[component]
pub fn StorageSection() -> Html {
    let is_administrator = use_session()
        .user()
        .is_some_and(|user| user.role == Role::Administrator);
    html! {
        <>
            <PlaceCard />
            // The database is everyone's; the shell lets administrators alone at it.
            if is_administrator {
                <BackupCard />
            }
            <LogsCard />
        </>
    }
}

fn kind(name: &str, ending: &str) -> api::FileFilter {
    api::FileFilter {
        name: name.to_owned(),
        extensions: vec![ending.to_owned()],
    }
}

#[component]
fn BackupCard() -> Html {
    let (saving, looking, restoring) = (use_task(), use_task(), use_task());
    let found = use_state_eq(|| None::<BackupSummary>);
    let back_up = {
        let saving = saving.clone();
        move |_| {
            saving.run(async {
                let name = words::backup_name();
                let filter = kind(words::BACKUP_KIND, "db");
                let Some(path) = api::pick_save(words::BACKUP_TITLE, &name, filter).await? else {
                    return Ok(None);
                };
                let file = api::call::<DatabaseBackup>(FilePlace { path }).await?;
                Ok(Some(words::written(&file)))
            });
        }
    };
    let choose = {
        let (looking, found) = (looking.clone(), found.clone());
        move |_| {
            let found = found.clone();
            looking.run(async move {
                let filters = vec![kind(words::BACKUP_KIND, "db")];
                if let Some(path) = api::pick_file(words::RESTORE_PICK, filters).await? {
                    let backup = api::call::<DatabaseInspect>(FilePlace { path }).await?;
                    found.set(Some(backup));
                }
                Ok(None)
            });
        }
    };
    let cancel = {
        let found = found.clone();
        move |()| found.set(None)
    };
    let restore = {
        let (restoring, found) = (restoring.clone(), found.clone());
        move |()| {
            let Some(backup) = (*found).clone() else {
                return;
            };
            let found = found.clone();
            restoring.run(async move {
                let path = backup.path;
                let restored = api::call::<DatabaseRestore>(FilePlace { path }).await;
                found.set(None);
                restored.map(|()| None)
            });
        }
    };
    html! {
        <Card title={words::BACKUP}>
            <p class="muted">{ words::BACKUP_TEXT }</p>
            <div class="about__actions">
                <Button
                    label={words::BACKUP_ACTION}
                    icon={IconName::Download}
                    loading={saving.is_busy()}
                    onclick={back_up}
                    testid="storage-backup"
                />
                <Button
                    label={words::RESTORE_ACTION}
                    icon={IconName::Upload}
                    loading={looking.is_busy()}
                    onclick={choose}
                    testid="storage-restore"
                />
            </div>
            if let Some(backup) = &*found {
                <ConfirmDialog
                    title={words::RESTORE_TITLE}
                    text={words::backup_summary(backup)}
                    confirm={words::RESTORE_CONFIRM}
                    variant={Variant::Danger}
                    busy={restoring.is_busy()}
                    on_confirm={restore}
                    on_cancel={cancel}
                />
            }
        </Card>
    }
}

#[component]
fn LogsCard() -> Html {
    let task = use_task();
    let save = {
        let task = task.clone();
        move |_| {
            task.run(async {
                let name = words::logs_name();
                let filter = kind(words::LOGS_KIND, "zip");
                let Some(path) = api::pick_save(words::LOGS_TITLE, &name, filter).await? else {
                    return Ok(None);
                };
                let file = api::call::<LogsExport>(FilePlace { path }).await?;
                Ok(Some(words::written(&file)))
            });
        }
    };
    html! {
        <Card title={words::LOGS}>
            <p class="muted">{ words::LOGS_TEXT }</p>
            <div class="about__actions">
                <Button
                    label={words::LOGS_ACTION}
                    icon={IconName::Download}
                    loading={task.is_busy()}
                    onclick={save}
                    testid="storage-logs"
                />
            </div>
        </Card>
    }
}
