//! Fetching a command's answer for a page: loading, ready, failed, reload.
//!
//! [`use_kept_query`] shows at once what was last answered to the same request, and fetches anew: who
//! comes back to a list sees it with the page's first frame.
//!
//! What was fetched stays on the page while it, or another part of it, is fetched again (a page that
//! shows another thing altogether is keyed by that thing); an answer to an older request never
//! overwrites that to a newer one.

use crate::api;
use amoozgar_types::ApiError;
use amoozgar_types::ipc::Command;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
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
    Started(Option<Rc<R>>),
    Answered(Result<Rc<R>, ApiError>),
    Update(Change<R>),
}

impl<R> Reducible for State<R> {
    type Action = Action<R>;

    fn reduce(self: Rc<Self>, action: Action<R>) -> Rc<Self> {
        let data = self.data.clone();
        Rc::new(match action {
            Action::Started(known) => Self {
                data: known.or(data),
                error: None,
                loading: true,
            },
            Action::Answered(Ok(answer)) => Self {
                data: Some(answer),
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

/// Whether answers outlive the component that asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Nothing,
    Latest,
}

/// Answers that are kept at a time.
const MOST_KEPT: usize = 24;

thread_local! {
    /// The latest answers with what was asked, latest last.
    static KEPT: RefCell<Vec<(String, Rc<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// Forgets every kept answer: another profile must not see them.
pub fn forget_answers() {
    KEPT.with_borrow_mut(Vec::clear);
}

/// What was last answered to `asked`.
pub fn kept<R: 'static>(asked: &str) -> Option<Rc<R>> {
    let found = KEPT.with_borrow(|kept| {
        let (_, answer) = kept.iter().rfind(|(name, _)| name == asked)?;
        Some(answer.clone())
    })?;
    found.downcast().ok()
}

/// Keeps an answer, and lets go of the oldest.
pub fn keep(asked: String, answer: Rc<dyn Any>) {
    KEPT.with_borrow_mut(|kept| {
        kept.retain(|(name, _)| *name != asked);
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push((asked, answer));
    });
}

/// Sends `request` to `C` when the component mounts and whenever `request` changes.
#[hook]
pub fn use_query<C>(request: C::Request) -> Query<C::Response>
where
    C: Command + 'static,
    C::Request: Clone + PartialEq + Debug + 'static,
    C::Response: 'static,
{
    use_answer::<C>(request, Keeping::Nothing)
}

/// [`use_query`], which begins with what was last answered to the same request.
#[hook]
pub fn use_kept_query<C>(request: C::Request) -> Query<C::Response>
where
    C: Command + 'static,
    C::Request: Clone + PartialEq + Debug + 'static,
    C::Response: 'static,
{
    use_answer::<C>(request, Keeping::Latest)
}

#[hook]
fn use_answer<C>(request: C::Request, keeping: Keeping) -> Query<C::Response>
where
    C: Command + 'static,
    C::Request: Clone + PartialEq + Debug + 'static,
    C::Response: 'static,
{
    let state = use_reducer(|| State {
        data: known::<C>(&request, keeping),
        error: None,
        loading: true,
    });
    let generation = use_memo((), |()| Cell::new(0_u64));
    let reload = {
        let dispatcher = state.dispatcher();
        let generation = generation.clone();
        use_callback(request.clone(), move |known: bool, request: &C::Request| {
            let this = generation.get() + 1;
            generation.set(this);
            let (dispatcher, generation, request) =
                (dispatcher.clone(), generation.clone(), request.clone());
            let known = known.then(|| self::known::<C>(&request, keeping));
            dispatcher.dispatch(Action::Started(known.flatten()));
            wasm_bindgen_futures::spawn_local(async move {
                let asked = name_of::<C>(&request);
                let answer = api::call::<C>(request).await.map(Rc::new);
                if generation.get() != this {
                    return;
                }
                if let (Ok(answer), Keeping::Latest) = (&answer, keeping) {
                    keep(asked, answer.clone());
                }
                dispatcher.dispatch(Action::Answered(answer));
            });
        })
    };
    {
        let reload = reload.clone();
        use_effect_with(request, move |_| {
            reload.emit(true);
            // Whatever is still under way belongs to the request that is gone.
            move || generation.set(generation.get() + 1)
        });
    }
    Query {
        state,
        reload: reload.reform(|()| false),
    }
}

fn known<C>(request: &C::Request, keeping: Keeping) -> Option<Rc<C::Response>>
where
    C: Command,
    C::Request: Debug,
    C::Response: 'static,
{
    match keeping {
        Keeping::Nothing => None,
        Keeping::Latest => kept(&name_of::<C>(request)),
    }
}

fn name_of<C>(request: &C::Request) -> String
where
    C: Command,
    C::Request: Debug,
{
    format!("{} {request:?}", C::NAME)
}
