use crate::support::{Fixture, dara, sara};
use amoozgar_types::model_ref::ModelRef;
use amoozgar_types::repo::RepoKind;

fn repo(kind: RepoKind) -> ModelRef {
    ModelRef::Hub {
        repo: "Qwen/Qwen3-0.6B".to_owned(),
        kind,
    }
}

#[test]
fn the_first_who_brings_a_model_is_remembered_until_it_is_gone() {
    let Fixture { store, .. } = Fixture::with_users();
    let model = repo(RepoKind::Model);
    store.claim_model(&sara(), &model).unwrap();
    store.claim_model(&dara(), &model).unwrap();
    assert!(store.brought_model(&sara(), &model).unwrap(), "the first");
    assert!(!store.brought_model(&dara(), &model).unwrap(), "the second");
    let dataset = repo(RepoKind::Dataset);
    assert!(
        !store.brought_model(&sara(), &dataset).unwrap(),
        "a dataset of the same name is another"
    );
    store.disclaim_model(&model).unwrap();
    assert!(!store.brought_model(&sara(), &model).unwrap(), "it is gone");
    store.claim_model(&dara(), &model).unwrap();
    assert!(
        store.brought_model(&dara(), &model).unwrap(),
        "brought anew"
    );
}

#[test]
fn what_a_deleted_profile_brought_is_nobody_s() {
    let Fixture { store, .. } = Fixture::with_users();
    let model = ModelRef::Imported {
        name: "مدل".to_owned(),
    };
    store.claim_model(&dara(), &model).unwrap();
    store.delete_user(&dara()).unwrap();
    store.claim_model(&sara(), &model).unwrap();
    assert!(store.brought_model(&sara(), &model).unwrap());
}
