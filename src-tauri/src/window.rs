//! The window: put together, shown, hidden, and left in order.

mod announcer;
mod display;
mod ending;
mod front;
mod instance;
mod notify;
mod page;
mod tray;

pub use ending::{quit, restart};

use self::announcer::Announcer;
use self::ending::QUIT_WITHIN;
use self::front::{MAIN, is_in_front};
use crate::accounts::{Session, session};
use crate::chat::Chats;
use crate::clock::{local_minute, now_ms, steady_ms, surroundings};
use crate::db::Db;
use crate::downloads::{Downloads, Moment, Outside};
use crate::events::emit;
use crate::files::modes;
use crate::hold::Hold;
use crate::jobs::{Curves, Jobs, Live, Observer};
use crate::machine::resources::free_memory_bytes;
use crate::machine::{self, Watchers};
use crate::paths::Paths;
use crate::process::{Checker, Converter, Inference, Inspector, Measurer};
use crate::secrets::{Secrets, SystemKeyring};
use crate::signals::signalled;
use crate::state::App;
use crate::storage::{place, privacy, wipe};
use crate::system::power::Keeper;
use crate::transfer::Transfers;
use crate::{datasets, error, logging, models};
use amoozgar_store::{Opened, Store, take_restored};
use amoozgar_types::ApiError;
use amoozgar_types::ipc::{EndingChoice, SessionChanged, Standing, WentOnBattery};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tauri::ipc::Invoke;
use tauri::webview::PageLoadEvent;
use tauri::{AppHandle, Manager, RunEvent, Window, WindowEvent, Wry};
use tokio::sync::OnceCell;

/// How long the data folder is waited for: a window that is ending, this program's own before it
/// started itself again among them, ends meanwhile.
const LOCK_WITHIN: Duration = QUIT_WITHIN.saturating_add(Duration::from_secs(5));

/// Opens the window, whose page calls `handler`, and returns when the program ends.
pub fn run(
    paths: Paths,
    handler: impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static,
) -> ExitCode {
    let started = Instant::now();
    if let Err(sentence) = display::find() {
        eprintln!("amoozgar: {sentence}");
        return ExitCode::FAILURE;
    }
    if let Err(failure) = paths.create() {
        return refuse(&failure);
    }
    let _log = logging::init_window(&paths);
    privacy::at_start(&paths);
    let built = tauri::Builder::default()
        .plugin(instance::plugin())
        .plugin(tauri_plugin_dialog::init())
        .plugin(
            tauri_plugin_window_state::Builder::default()
                .with_state_flags(
                    tauri_plugin_window_state::StateFlags::all()
                        - tauri_plugin_window_state::StateFlags::VISIBLE,
                )
                .build(),
        )
        .invoke_handler(handler)
        .on_page_load(|webview, load| {
            if load.event() == PageLoadEvent::Started {
                // Whatever page listened before is gone.
                if let Some(state) = webview.try_state::<App>() {
                    state.jobs.subscriptions.clear();
                    state.machine.clear();
                }
            }
        })
        .on_window_event(on_window_event)
        .setup(move |app| {
            if let Err(failure) = set_up(app.handle(), paths, started) {
                // Tauri would panic on an error from here, which says less.
                refuse(&failure);
                std::process::exit(1);
            }
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(on_run_event);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            instance::begin_again(&failure);
            tracing::error!(%failure, "the window could not be opened");
            notify::start_failed(&error::internal("the window could not be opened", &failure));
            ExitCode::FAILURE
        }
    }
}

/// Says why there will be no window: in a terminal, and to people who started it from none.
pub fn refuse(failure: &ApiError) -> ExitCode {
    let sentence = error::sentence(failure);
    eprintln!("amoozgar: {sentence}");
    notify::start_failed(failure);
    ExitCode::FAILURE
}

fn set_up(app: &AppHandle, paths: Paths, started: Instant) -> Result<(), ApiError> {
    let lock = paths.lock_within(LOCK_WITHIN)?;
    let secrets = Arc::new(Secrets::new(Box::new(SystemKeyring)));
    let paths = wipe::at_start(paths, &secrets)?;
    match take_restored(&paths.database(), now_ms()) {
        Ok(Some(kept)) => {
            tracing::info!(kept = %kept.display(), "a back-up took the database's place");
        }
        Ok(None) => {}
        Err(failure) => return Err(error::of_store(&failure)),
    }
    let Opened { store, set_aside } =
        Store::open(&paths.database(), now_ms()).map_err(|failure| error::of_store(&failure))?;
    let db = Db::new(store);
    place::follow(&paths, &db)?;
    close_in_background(&paths, &db);
    let installed = app.path().resource_dir().ok();
    if let Err(failure) = datasets::register_bundled(&db, installed) {
        tracing::error!(error = %failure, "the bundled datasets could not be listed");
    }
    let program = std::env::current_exe()
        .map_err(|failure| error::internal("the executable's path is unknown", &failure))?;
    let n_remembered = db.now(|store| store.prune_sessions(steady_ms()))?;
    let session = Arc::new(Session::default());
    let live = Arc::new(Live::default());
    let announcer = Arc::new(Announcer {
        handle: app.clone(),
        db: db.clone(),
        session: Arc::clone(&session),
        live: Arc::clone(&live),
        asked: AtomicBool::new(false),
    });
    let observer: Arc<dyn Observer> = Arc::clone(&announcer) as _;
    let hold = Hold::new(&paths);
    let held = hold.clone();
    let outside = Outside {
        db: db.clone(),
        observer: announcer,
        secrets: Arc::clone(&secrets),
        cache: models::cache(&paths),
        surroundings: surroundings(),
        moment: Arc::new(move || Moment {
            now_ms: now_ms(),
            minute: local_minute(),
            held: held.is_held(),
        }),
    };
    let held = hold.clone();
    let inference = Arc::new(Inference::new(&program, free_memory_bytes));
    let chats = Chats::new(
        db.clone(),
        paths.clone(),
        Arc::clone(&inference),
        hold.clone(),
    )?;
    let converter = Converter::new(&program, free_memory_bytes);
    let checker = Checker::new(&program, free_memory_bytes);
    let (inspector, measurer, jobs, downloads) = tauri::async_runtime::block_on(async {
        let (inspector, measurer) = (Inspector::new(&program), Measurer::new(&program));
        let jobs = Jobs::start(db.clone(), observer, program, paths.jobs(), move || {
            held.is_held()
        });
        (inspector, measurer, jobs, Downloads::start(outside))
    });
    app.manage(App {
        started,
        paths,
        db,
        jobs,
        curves: Arc::new(Curves::default()),
        downloads,
        secrets,
        session,
        // Who remembers no session never has the keyring opened.
        restored: OnceCell::new_with((n_remembered == 0).then_some(())),
        machine: Watchers::default(),
        live,
        inspector: Arc::new(inspector),
        measurer: Arc::new(measurer),
        inference,
        chats,
        converter,
        checker,
        transfers: Transfers::default(),
        database_set_aside: set_aside.map(|path| path.display().to_string()),
        quitting: AtomicBool::new(false),
        hold,
        lock,
    });
    tray::create(app);
    look_after(app);
    page::open(app).map_err(|failure| error::internal("the window could not be made", &failure))
}

/// Closes what earlier versions left open to others; nothing waits for it.
fn close_in_background(paths: &Paths, db: &Db) {
    let (paths, db) = (paths.clone(), db.clone());
    std::thread::spawn(move || {
        if let Err(failure) = privacy::repair(&paths, &db) {
            tracing::warn!(error = %failure, "what lies in the place may be open to others");
        }
    });
}

/// Starts what goes on for as long as the program lives: the session's hours, the machine's samples,
/// the battery, and the system's wish to end.
fn look_after(app: &AppHandle) {
    let state = app.state::<App>();
    let (handle, session) = (app.clone(), Arc::clone(&state.session));
    tauri::async_runtime::spawn(async move {
        session::watch(&session, |standing| {
            if standing == Standing::Expired {
                handle.state::<App>().left();
            }
            if matches!(standing, Standing::Expired | Standing::Locked) {
                emit::<SessionChanged>(&handle, &standing);
            }
        })
        .await;
    });
    let live = Arc::clone(&state.live);
    let samples = machine::sample(state.db.clone(), move || live.tokens_per_s());
    tauri::async_runtime::spawn(samples);
    let (handle, session) = (app.clone(), Arc::clone(&state.session));
    let keeper = Keeper {
        db: state.db.clone(),
        jobs: state.jobs.clone(),
        live: Arc::clone(&state.live),
        hold: state.hold.clone(),
        ask: Box::new(move |owner, job| {
            if session.is(owner) {
                emit::<WentOnBattery>(&handle, job);
            }
            if !is_in_front(&handle) {
                notify::went_on_battery(&handle, job);
            }
        }),
    };
    tauri::async_runtime::spawn(keeper.watch());
    let handle = app.clone();
    tauri::async_runtime::spawn(async move {
        signalled().await;
        quit(&handle);
        // Whoever asks twice does not wait.
        signalled().await;
        handle.state::<App>().jobs.decide(EndingChoice::GiveUp);
    });
}

fn on_window_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else {
        return;
    };
    let app = window.app_handle();
    let state = app.state::<App>();
    if !state.is_busy() {
        return;
    }
    if state.quitting.load(Ordering::SeqCst) {
        // It says what the program waits for, and offers not to.
        api.prevent_close();
        return;
    }
    // Which of the two it is depends on a setting, and reading it blocks: decide aside.
    api.prevent_close();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let state = app.state::<App>();
        if state.settings().await.keep_in_tray {
            hide(&app).await;
        } else {
            quit(&app);
        }
    });
}

async fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(failure) = window.hide()
    {
        tracing::warn!(%failure, "the window could not be hidden");
        return;
    }
    let state = app.state::<App>();
    let mut settings = state.settings().await;
    let Ok(user_id) = state.user_id() else { return };
    if settings.tray_hint_shown {
        return;
    }
    settings.tray_hint_shown = true;
    let native = settings.native_notifications;
    let saved = state
        .db
        .call(move |store| store.set_settings(&user_id, &settings, now_ms()));
    if let Err(failure) = saved.await {
        tracing::warn!(error = %failure, "the hint will be shown again");
    }
    if native {
        notify::tray_hint(app);
    }
}

fn on_run_event(app: &AppHandle, event: RunEvent) {
    match event {
        RunEvent::ExitRequested { api, code, .. } if code.is_none() => {
            let state = app.state::<App>();
            if state.is_busy() {
                api.prevent_exit();
                quit(app);
            } else {
                instance::let_go(app);
            }
        }
        RunEvent::Exit => {
            let db = &app.state::<App>().db;
            if let Err(failure) = db.now(amoozgar_store::Store::settle) {
                tracing::warn!(error = %failure, "the write-ahead log is left");
            }
            // A restart starts the next process after this.
            modes::give_back();
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => front::show(app),
        _ => {}
    }
}
