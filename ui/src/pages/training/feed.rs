//! Following one run: fetched first, then live over a channel until the page is left.

use crate::api;
use crate::hooks::{keep, kept, use_event};
use crate::state::job::{JobAction, JobState};
use amoozgar_types::ApiError;
use amoozgar_types::id::JobId;
use amoozgar_types::ipc::{
    JobChanged, JobDeleted, JobUpdate, SubscriptionId, TrainingGet, TrainingMetrics,
    TrainingSubscribe, TrainingUnsubscribe,
};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// A run as its page sees it.
pub struct Feed {
    /// What is known.
    pub state: UseReducerHandle<JobState>,
    /// Why it could not be fetched.
    pub error: Option<ApiError>,
    /// Fetches everything again.
    pub reload: Callback<()>,
}

/// Follows the run `id` while the component is mounted.
#[hook]
pub fn use_job(id: &JobId) -> Feed {
    // As it was when the page was left; what has happened since is fetched and merged in.
    let state = use_reducer(|| {
        kept::<JobState>(&name_of(id)).map_or_else(JobState::default, |known| (*known).clone())
    });
    {
        let (name, known) = (name_of(id), use_mut_ref(|| state.clone()));
        *known.borrow_mut() = state.clone();
        use_effect_with(id.clone(), move |_| {
            move || {
                let known = known.borrow();
                if known.job.is_some() && !known.deleted {
                    keep(name, Rc::new((**known).clone()));
                }
            }
        });
    }
    let error = use_state(|| None::<ApiError>);
    let reload = {
        let (dispatcher, error) = (state.dispatcher(), error.setter());
        use_callback(id.clone(), move |(): (), id: &JobId| {
            spawn_local(fetch_detail(id.clone(), dispatcher.clone(), error.clone()));
            spawn_local(fetch_metrics(id.clone(), dispatcher.clone(), error.clone()));
        })
    };
    {
        let (dispatcher, reload) = (state.dispatcher(), reload.clone());
        use_effect_with(id.clone(), move |id| {
            let subscription = Subscription::start(id.clone(), dispatcher, reload);
            move || subscription.end()
        });
    }
    {
        let (dispatcher, reload, id) = (state.dispatcher(), reload.clone(), id.clone());
        let status = state.job.as_ref().map(|job| job.status);
        use_event::<JobChanged, _>(move |job| {
            if job.job_id != id {
                return;
            }
            let turned = status != Some(job.status);
            let settled = turned && !job.status.is_live();
            dispatcher.dispatch(JobAction::Changed(job));
            if settled {
                // The last points may have been written without being told.
                reload.emit(());
            }
        });
    }
    {
        let (dispatcher, id) = (state.dispatcher(), id.clone());
        use_event::<JobDeleted, _>(move |deleted| {
            if deleted == id {
                dispatcher.dispatch(JobAction::Deleted);
            }
        });
    }
    Feed {
        error: (*error).clone(),
        state,
        reload,
    }
}

fn name_of(id: &JobId) -> String {
    format!("run {id}")
}

async fn fetch_detail(
    id: JobId,
    dispatcher: UseReducerDispatcher<JobState>,
    error: UseStateSetter<Option<ApiError>>,
) {
    match api::call::<TrainingGet>(id).await {
        Ok(detail) => {
            error.set(None);
            dispatcher.dispatch(JobAction::Detail(Box::new(detail)));
        }
        Err(failure) => error.set(Some(failure)),
    }
}

async fn fetch_metrics(
    id: JobId,
    dispatcher: UseReducerDispatcher<JobState>,
    error: UseStateSetter<Option<ApiError>>,
) {
    match api::call::<TrainingMetrics>(id).await {
        Ok(metrics) => dispatcher.dispatch(JobAction::Metrics(metrics)),
        Err(failure) => error.set(Some(failure)),
    }
}

/// A live subscription, or one that the shell has yet to confirm.
struct Subscription {
    ended: Rc<Cell<bool>>,
    confirmed: Rc<Cell<Option<SubscriptionId>>>,
}

impl Subscription {
    /// Subscribes, then fetches: nothing that happens in between is lost.
    fn start(
        id: JobId,
        dispatcher: UseReducerDispatcher<JobState>,
        fetch_all: Callback<()>,
    ) -> Self {
        let ended = Rc::new(Cell::new(false));
        let confirmed = Rc::new(Cell::new(None));
        let on_update = {
            let ended = ended.clone();
            Callback::from(move |update: JobUpdate| {
                if !ended.get() {
                    dispatcher.dispatch(JobAction::Update(update));
                }
            })
        };
        let this = Self {
            ended: ended.clone(),
            confirmed: confirmed.clone(),
        };
        spawn_local(async move {
            let answer =
                api::call_with_channel::<TrainingSubscribe, JobUpdate>(id, on_update).await;
            match answer {
                Ok(subscription) if ended.get() => unsubscribe(subscription),
                Ok(subscription) => confirmed.set(Some(subscription)),
                Err(error) => api::log(&format!("the run cannot be followed: {error}")),
            }
            if !ended.get() {
                fetch_all.emit(());
            }
        });
        this
    }

    fn end(self) {
        self.ended.set(true);
        if let Some(subscription) = self.confirmed.take() {
            unsubscribe(subscription);
        }
    }
}

fn unsubscribe(subscription: SubscriptionId) {
    spawn_local(async move {
        if let Err(error) = api::call::<TrainingUnsubscribe>(subscription).await {
            api::log(&format!("a subscription could not be ended: {error}"));
        }
    });
}
