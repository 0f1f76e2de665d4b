//! Fetching a command's answer for a page: loading, ready, failed, reload.
//!
//! What was fetched stays on the page while it, or another part of it, is fetched again (a page that
//! shows another thing altogether is keyed by that thing); an answer to an older request never
//! overwrites that to a newer one.

use crate::api;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::Command;
use std::cell::Cell;
use std::rc::Rc;
use yew::prelude::*;

/// Where a fetch stands.
pub struct Query<R: 'static> {
    state: UseReducerHandle<State<R>>,
    reload: Callback<()>,
}

impl<R: 'static> Clone for Query<R> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            reload: self.reload.clone(),
        }
    }
}

impl<R: 'static> Query<R> {
    /// The latest answer, where there ever was one.
    pub fn data(&self) -> Option<Rc<R>> {
        self.state.data.clone()
    }

    /// Why the latest fetch failed.
    pub fn error(&self) -> Option<ApiError> {
        self.state.error.clone()
    }

    /// Whether an answer is being waited for.
    pub fn is_loading(&self) -> bool {
        self.state.loading
    }

    /// Fetches again.
    pub fn reload(&self) {
        self.reload.emit(());
    }

    /// Fetches again, as a callback for buttons.
    pub fn on_retry(&self) -> Callback<()> {
        self.reload.clone()
    }

    /// Changes the answer in place, as an event told; nothing happens before the first answer.
    pub fn update(&self, change: impl FnOnce(&mut R) + 'static)
    where
        R: Clone,
    {
        self.state.dispatch(Action::Update(Box::new(|data: &Rc<R>| {
            let mut next = (**data).clone();
            change(&mut next);
            Rc::new(next)
        })));
    }
}

struct State<R> {
    data: Option<Rc<R>>,
    error: Option<ApiError>,
    loading: bool,
}

type Change<R> = Box<dyn FnOnce(&Rc<R>) -> Rc<R>>;

enum Action<R> {
    Started,
    Answered(Result<R, ApiError>),
    Update(Change<R>),
}

impl<R> Reducible for State<R> {
    type Action = Action<R>;

    fn reduce(self: Rc<Self>, action: Action<R>) -> Rc<Self> {
        let data = self.data.clone();
        Rc::new(match action {
            Action::Started => Self {
                data,
                error: None,
                loading: true,
            },
            Action::Answered(Ok(answer)) => Self {
                data: Some(Rc::new(answer)),
                error: None,
                loading: false,
            },
            Action::Answered(Err(error)) => Self {
                data,
                error: Some(error),
                loading: false,
            },
            Action::Update(change) => Self {
                data: data.as_ref().map(change),
                error: self.error.clone(),
                loading: self.loading,
            },
        })
    }
}

/// Sends `request` to `C` when the component mounts and whenever `request` changes.
#[hook]
pub fn use_query<C>(request: C::Request) -> Query<C::Response>
where
    C: Command + 'static,
    C::Request: Clone + PartialEq + 'static,
    C::Response: 'static,
{
    let state = use_reducer(|| State {
        data: None,
        error: None,
        loading: true,
    });
    let generation = use_memo((), |()| Cell::new(0_u64));
    let reload = {
        let dispatcher = state.dispatcher();
        let generation = generation.clone();
        use_callback(request.clone(), move |(): (), request: &C::Request| {
            let this = generation.get() + 1;
            generation.set(this);
            let (dispatcher, generation, request) =
                (dispatcher.clone(), generation.clone(), request.clone());
            dispatcher.dispatch(Action::Started);
            wasm_bindgen_futures::spawn_local(async move {
                let answer = api::call::<C>(request).await;
                if generation.get() == this {
                    dispatcher.dispatch(Action::Answered(answer));
                }
            });
        })
    };
    {
        let reload = reload.clone();
        use_effect_with(request, move |_| {
            reload.emit(());
            // Whatever is still under way belongs to the request that is gone.
            move || generation.set(generation.get() + 1)
        });
    }
    Query { state, reload }
}
