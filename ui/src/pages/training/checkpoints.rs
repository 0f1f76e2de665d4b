//! The kept checkpoints of a run.

use crate::components::{EmptyState, IconName, Ltr};
use crate::i18n::training as words;
use crate::state::job::Shared;
use amoozgar_text::number;
use amoozgar_types::event::CheckpointRecord;
use yew::prelude::*;

/// Props of [`Checkpoints`].
#[derive(Properties, PartialEq)]
pub struct CheckpointsProps {
    /// Latest first.
    pub checkpoints: Shared<Vec<CheckpointRecord>>,
}

/// Step, size and folder of each; the best is marked.
#[component]
pub fn Checkpoints(props: &CheckpointsProps) -> Html {
    if props.checkpoints.is_empty() {
        return html! {
            <EmptyState
                icon={IconName::Checkpoint}
                title={words::NO_CHECKPOINTS}
                text={words::NO_CHECKPOINTS_TEXT}
            />
        };
    }
    html! {
        <table class="table" data-testid="job-checkpoints">
            <thead>
                <tr>
                    <th scope="col">{ words::STEP }</th>
                    <th scope="col">{ words::SIZE }</th>
                    <th scope="col">{ words::FOLDER }</th>
                </tr>
            </thead>
            <tbody>
                { for props.checkpoints.iter().map(|one| html! {
                    <tr key={one.step.to_string()}>
                        <td>
                            { words::at_step(one.step) }
                            if one.best { <span class="badge badge--success table__badge">{ words::BEST }</span> }
                        </td>
                        <td>{ number::bytes(one.size_bytes) }</td>
                        <td class="table__path"><Ltr text={one.path.clone()} /></td>
                    </tr>
                }) }
            </tbody>
        </table>
    }
}
