//! The contract between interface and shell: one type per command, one per event.
//!
//! The interface calls `invoke(C::NAME, { request })`; the shell registers one handler per name, and
//! a test there holds the handlers against [`COMMANDS`]. Live updates of a job travel over a channel
//! that the interface passes as `channel` beside `request`.

mod access;
mod account;
mod chat;
mod compare;
mod dashboard;
mod datasets;
mod downloads;
mod ending;
mod events;
mod hub;
mod inference;
mod models;
mod services;
mod system;
mod training;
mod upkeep;

pub use access::{Access, access_of};
pub use account::*;
pub use chat::*;
pub use compare::*;
pub use dashboard::*;
pub use datasets::*;
pub use downloads::*;
pub use ending::*;
pub use events::*;
pub use hub::*;
pub use inference::*;
pub use models::*;
pub use services::*;
pub use system::*;
pub use training::*;
pub use upkeep::*;

use crate::chat::{ChatDetail, ChatPage, ChatQuery, ChatRecord, ModelOffer};
use crate::compare::ComparedRun;
use crate::dataset::DatasetRecord;
use crate::download::DownloadRecord;
use crate::elsewhere::FoundModel;
use crate::installed::{BaseModel, InstalledFile, InstalledModel};
use crate::job::{JobPage, JobQuery};
use crate::library::{CheckReport, Recipe};
use crate::machine::{MachineSample, Snapshot};
use crate::model_ref::ModelRef;
use crate::notification::NotificationRecord;
use crate::plan::Estimate;
use crate::secret::SecretName;
use crate::settings::Settings;
use crate::storage::{CleanupItem, CleanupTarget, DiskUse};
use crate::user::{RecoveryStatus, SessionRecord, User, UserOverview};
use serde::{Serialize, de::DeserializeOwned};

/// One command: its name on the bridge, what it takes and what it answers.
pub trait Command {
    /// The handler's name.
    const NAME: &'static str;
    /// What it takes.
    type Request: Serialize + DeserializeOwned;
    /// What it answers.
    type Response: Serialize + DeserializeOwned;
}

/// One event that the shell emits to every window.
pub trait Event {
    /// Its name on the bridge.
    const NAME: &'static str;
    /// What it carries.
    type Payload: Serialize + DeserializeOwned;
}

macro_rules! commands {
    ($($(#[$doc:meta])* $marker:ident $name:literal ($request:ty) -> $response:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;

            impl Command for $marker {
                const NAME: &'static str = $name;
                type Request = $request;
                type Response = $response;
            }
        )*

        /// The name of every command.
        pub const COMMANDS: &[&str] = &[$($name),*];
    };
}

commands! {
    /// Who is signed in, and which profiles there are. Needs no sign-in.
    AccountStatus "account_status" (()) -> Account;
    /// Makes a profile and signs it in. Needs no sign-in.
    AccountRegister "account_register" (Register) -> SignedIn;
    /// Signs a profile in. Needs no sign-in.
    AccountLogin "account_login" (Login) -> SignedIn;
    /// Replaces a forgotten password by means of a recovery code, and signs in. Needs no sign-in.
    AccountRecover "account_recover" (Recover) -> SignedIn;
    /// Signs out. Works while locked.
    AccountLogout "account_logout" (()) -> ();
    /// Locks the window until the password is given again.
    AccountLock "account_lock" (()) -> ();
    /// Opens a locked window. Works while locked.
    AccountUnlock "account_unlock" (Unlock) -> User;
    /// A sign of life from keyboard or mouse. Works while locked, and does not unlock.
    AccountTouch "account_touch" (()) -> Standing;
    /// Changes what a profile says of itself.
    AccountUpdateProfile "account_update_profile" (UpdateProfile) -> User;
    /// Sets, changes or removes one's own password; other sessions end.
    AccountChangePassword "account_change_password" (ChangePassword) -> PasswordChanged;
    /// How many recovery codes are left.
    AccountRecoveryStatus "account_recovery_status" (()) -> RecoveryStatus;
    /// New recovery codes; the old ones end.
    AccountNewRecoveryCodes "account_new_recovery_codes" (NewRecoveryCodes) -> RecoveryCodes;
    /// One's own sessions, latest first.
    AccountSessions "account_sessions" (()) -> Vec<SessionRecord>;
    /// Ends one of one's own sessions.
    AccountEndSession "account_end_session" (crate::id::SessionId) -> ();
    /// Every profile with its share of this computer. Administrators only.
    AccountListUsers "account_list_users" (()) -> Vec<UserOverview>;
    /// Removes a profile with all that is its. Administrators only.
    AccountDeleteUser "account_delete_user" (crate::id::UserId) -> ();
    /// Gives a profile another password, or none; its sessions end. Administrators only.
    AccountResetPassword "account_reset_password" (ResetPassword) -> User;
    /// Changes what a profile may do. Administrators only.
    AccountSetRole "account_set_role" (SetRole) -> User;

    /// The signed-in user's settings.
    SettingsGet "settings_get" (()) -> Settings;
    /// Replaces them; answers what is now in force.
    SettingsSet "settings_set" (Settings) -> Settings;

    /// Every dataset of the user, the bundled ones first.
    DatasetsList "datasets_list" (()) -> Vec<DatasetRecord>;
    /// Checks a file, copies it into the data folder and lists it.
    DatasetsImport "datasets_import" (DatasetImport) -> DatasetImported;
    /// One dataset with its first rows.
    DatasetsPreview "datasets_preview" (DatasetPreviewRequest) -> DatasetPreview;
    /// Some conversations of a dataset as a model would learn them.
    DatasetsConversations "datasets_conversations" (DatasetConversationsRequest) -> crate::chat::ConversationsPreview;
    /// Removes an imported dataset and its files.
    DatasetsDelete "datasets_delete" (crate::id::DatasetId) -> ();

    /// Lets everyone on this computer read and learn a dataset of one's own, or no longer.
    DatasetsShare "datasets_share" (DatasetShare) -> DatasetRecord;

    /// The models on this machine, with what a run can make of them.
    TrainingBases "training_bases" (()) -> Vec<BaseModel>;
    /// Memory and time of a run, before it is made.
    TrainingEstimate "training_estimate" (NewRun) -> Estimate;
    /// Makes a run and queues it.
    TrainingCreate "training_create" (NewRun) -> crate::job::JobRecord;
    /// A page of the user's runs, latest first, filtered by state and name.
    TrainingPage "training_page" (JobQuery) -> JobPage;
    /// One run.
    TrainingGet "training_get" (crate::id::JobId) -> crate::job::JobDetail;
    /// Asks a running job to save and wait.
    TrainingPause "training_pause" (crate::id::JobId) -> ();
    /// Lets a paused job go on, or queues a stopped, interrupted or failed one again.
    TrainingResume "training_resume" (crate::id::JobId) -> ();
    /// Asks a job to save and end, or takes it off the queue.
    TrainingStop "training_stop" (crate::id::JobId) -> ();
    /// Removes an ended run with its folder.
    TrainingDelete "training_delete" (crate::id::JobId) -> ();
    /// Moves a queued run to another place of the queue.
    TrainingReorder "training_reorder" (Reorder) -> ();
    /// The curves so far.
    TrainingMetrics "training_metrics" (crate::id::JobId) -> crate::job::Metrics;
    /// Writes a run's settings and data for a program on GPU servers.
    TrainingRecipe "training_recipe" (RecipeWish) -> Recipe;
    /// The last lines of the run's log.
    TrainingLog "training_log" (crate::id::JobId) -> Vec<String>;
    /// Live updates of one run over `channel`, about ten a second, until `training_unsubscribe`.
    TrainingSubscribe "training_subscribe" (crate::id::JobId) -> SubscriptionId;
    /// Ends a subscription.
    TrainingUnsubscribe "training_unsubscribe" (SubscriptionId) -> ();
    /// Several runs with what a comparison shows of them.
    TrainingCompare "training_compare" (CompareRequest) -> Vec<ComparedRun>;
    /// Writes a comparison to a file.
    TrainingCompareExport "training_compare_export" (CompareExport) -> ();

    /// Lets a run's final model (or best checkpoint) continue a prompt, streamed over `channel`.
    InferenceGenerate "inference_generate" (Generate) -> Generated;
    /// Ends the generation under way.
    InferenceStop "inference_stop" (()) -> ();

    /// A page of the user's conversations, latest first, searched by title and text.
    ChatsPage "chats_page" (ChatQuery) -> ChatPage;
    /// What a conversation can be with.
    ChatModels "chat_models" (()) -> Vec<ModelOffer>;
    /// Begins a conversation.
    ChatCreate "chat_create" (NewChat) -> ChatRecord;
    /// One conversation with its messages.
    ChatGet "chat_get" (crate::id::ChatId) -> ChatDetail;
    /// Calls it something else.
    ChatRenameTo "chat_rename" (ChatRename) -> ChatRecord;
    /// Changes models and settings for the answers that follow.
    ChatConfigureTo "chat_configure" (ChatConfigure) -> ChatRecord;
    /// Removes it with its messages; an answer under way ends.
    ChatDelete "chat_delete" (crate::id::ChatId) -> ();
    /// Adds a person's message and has it answered; answers once the message is stored.
    ChatSendText "chat_send" (ChatSend) -> ChatDetail;
    /// Has a question answered anew; answers once that has begun.
    ChatRegenerateAnswer "chat_regenerate" (ChatRegenerate) -> ChatDetail;
    /// Tells over `channel` of the answers under way until they have ended ([`ChatUpdate`]).
    ChatFollow "chat_follow" (crate::id::ChatId) -> ();
    /// Ends the answers under way; what has come is kept.
    ChatStop "chat_stop" (crate::id::ChatId) -> ();

    /// The curated models and datasets, with what is here and what this machine can do.
    HubCatalog "hub_catalog" (()) -> Vec<CatalogEntry>;
    /// One page of a search of the Hub.
    HubSearch "hub_search" (HubQuery) -> HubPage;
    /// A repository with its files, its card and what it needs.
    HubRepo "hub_repo" (RepoAt) -> RepoDetail;
    /// Opens a repository's page in the browser.
    HubOpenPage "hub_open_page" (RepoAt) -> ();

    /// Puts a download in line; one that is there already is taken up again instead.
    DownloadsEnqueue "downloads_enqueue" (NewDownload) -> DownloadRecord;
    /// The user's downloads, latest first, as far as they are now.
    DownloadsList "downloads_list" (()) -> Vec<DownloadRecord>;
    /// Stops a download; what has come is kept.
    DownloadsPause "downloads_pause" (crate::id::DownloadId) -> ();
    /// Lets a paused download go on, and has a waiting one tried at once.
    DownloadsResume "downloads_resume" (crate::id::DownloadId) -> ();
    /// Takes a failed or cancelled download up again.
    DownloadsRetry "downloads_retry" (crate::id::DownloadId) -> ();
    /// Gives a download up.
    DownloadsCancel "downloads_cancel" (DownloadCancel) -> ();
    /// Moves a download to another place in line.
    DownloadsReorder "downloads_reorder" (DownloadReorder) -> ();
    /// Forgets the downloads that have ended; what they brought stays.
    DownloadsClearFinished "downloads_clear_finished" (()) -> ();

    /// Everything that is here as a whole: downloaded, imported, trained.
    ModelsList "models_list" (()) -> Vec<InstalledModel>;
    /// What one of them is.
    ModelsDetail "models_detail" (ModelRef) -> ModelDetail;
    /// Reads every weight of one of them and says what is wrong where; `channel` tells how far it is.
    ModelsCheck "models_check" (ModelRef) -> CheckReport;
    /// The files of one of them.
    ModelsFiles "models_files" (ModelRef) -> Vec<InstalledFile>;
    /// Shows the folder of one of them in the system's file manager.
    ModelsOpenFolder "models_open_folder" (ModelRef) -> ();
    /// Removes a downloaded or an imported one. What a run left goes with the run.
    ModelsDelete "models_delete" (ModelRef) -> ();
    /// Asks the Hub whether an imported repository's files are its own.
    ModelsConfirm "models_confirm" (ModelRef) -> ();
    /// Brings a folder, an offline bundle or a cache of the Hub here; `channel` tells how far it is.
    ModelsImport "models_import" (ModelImport) -> ModelImported;
    /// Models in other programs' folders on this computer.
    ModelsFound "models_found" (()) -> Vec<FoundModel>;
    /// Writes a downloaded one as an offline bundle; `channel` tells how far it is.
    ModelsExport "models_export" (ModelExport) -> ModelExported;
    /// Stops an import, an export or a move that one has begun, by its number.
    ModelsTransferStop "models_transfer_stop" (u32) -> ();

    /// Tries the hosts that a download needs.
    ConnectionTest "connection_test" (ConnectionTry) -> ConnectionReport;
    /// Keeps a secret in the system's keyring, or for this session where there is none.
    SecretSet "secret_set" (NewSecret) -> SecretStatus;
    /// What may be known of a secret.
    SecretStatusGet "secret_status" (SecretName) -> SecretStatus;
    /// Forgets a secret.
    SecretDelete "secret_delete" (SecretName) -> SecretStatus;

    /// Notifications, latest first.
    NotificationsList "notifications_list" (()) -> Vec<NotificationRecord>;
    /// How many are unread.
    NotificationsUnreadCount "notifications_unread_count" (()) -> u32;
    /// Marks one as read.
    NotificationsMarkRead "notifications_mark_read" (crate::id::NotificationId) -> ();
    /// Marks all as read.
    NotificationsMarkAllRead "notifications_mark_all_read" (()) -> ();
    /// Removes all.
    NotificationsClear "notifications_clear" (()) -> ();

    /// Version, folders and machine. Needs no sign-in.
    SystemAppInfo "system_app_info" (()) -> AppInfo;
    /// The first page can be used: the shell notes how long the start took. Needs no sign-in.
    SystemInteractive "system_interactive" (()) -> ();
    /// Says whether the program, which is ending, shall wait for the run that it saves.
    SystemEnding "system_ending" (EndingChoice) -> ();
    /// Keeps the key of a custom service in the system's keyring, or removes it.
    ServiceKeySet "service_key_set" (ServiceKey) -> ();
    /// The services of the user that have a key in the keyring.
    ServiceKeys "service_keys" (()) -> Vec<crate::id::ServiceId>;
    /// Asks a custom service for its models.
    ServiceTest "service_test" (ServiceTrial) -> ServiceReport;
    /// What the machine and the system can do.
    SystemAbilitiesGet "system_abilities" (()) -> SystemAbilities;
    /// Lets the program start with the system, or no longer; answers how it stands.
    SystemAutostart "system_autostart" (bool) -> bool;
    /// Writes the whole database to a file.
    DatabaseBackup "database_backup" (FilePlace) -> WrittenFile;
    /// Looks at a back-up; changes nothing.
    DatabaseInspect "database_inspect" (FilePlace) -> BackupSummary;
    /// Puts a back-up in the database's place and starts the program again.
    DatabaseRestore "database_restore" (FilePlace) -> ();
    /// Writes the program's logs to an archive, without secrets.
    LogsExport "logs_export" (FilePlace) -> WrittenFile;
    /// Looks whether the large things may go to a folder, and changes nothing. Administrators only.
    PlaceLook "place_look" (FilePlace) -> PlaceCheck;
    /// Moves them, telling of it over a channel ([`TransferProgress`]), and starts the program again.
    /// Stopped by `models_transfer_stop`. Administrators only.
    PlaceMove "place_move" (FilePlace) -> PlaceMoved;
    /// Removes the copy that the last move left behind. Administrators only.
    PlaceLetGo "place_let_go" (()) -> AppInfo;
    /// Removes every profile with all that is this program's, its secrets too, at a start that
    /// follows at once. Administrators only.
    WipeEverything "wipe_everything" (()) -> ();
    /// Shows one of the program's own folders in the system's file manager.
    SystemOpenFolder "system_open_folder" (Folder) -> ();
    /// The machine as it is now.
    SystemSnapshot "system_snapshot" (()) -> Snapshot;
    /// The machine as it is, over `channel`, every two seconds until `system_unsubscribe`.
    SystemSubscribe "system_subscribe" (()) -> SubscriptionId;
    /// Ends a subscription.
    SystemUnsubscribe "system_unsubscribe" (SubscriptionId) -> ();
    /// The machine over the last hours, a sample a minute.
    SystemHistory "system_history" (History) -> Vec<MachineSample>;

    /// Runs by state, and what happened lately.
    DashboardOverview "dashboard_overview" (()) -> Overview;
    /// What takes room on the disk.
    DashboardDisk "dashboard_disk" (()) -> DiskUse;
    /// What could be removed to make room.
    CleanupList "cleanup_list" (()) -> Vec<CleanupItem>;
    /// Removes what was chosen.
    CleanupRemove "cleanup_remove" (Vec<CleanupTarget>) -> CleanupOutcome;
    /// Puts a run that the database does not know on the list again, as the caller's. Administrators only.
    CleanupAdopt "cleanup_adopt" (UnlistedRun) -> crate::job::JobRecord;
}
