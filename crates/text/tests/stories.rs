//! The bundled stories are written as we would have others write.
#![allow(missing_docs)]

use amoozgar_text::normalize;

const STORIES: &str = include_str!("../../../data/stories.txt");

#[test]
fn the_bundled_stories_are_already_in_the_default_profile() {
    assert_eq!(
        normalize(STORIES),
        STORIES,
        "normalization has nothing to change"
    );
}

#[test]
fn there_are_a_few_dozen_stories_of_a_readable_length() {
    let lengths: Vec<usize> = STORIES
        .split("\n\n")
        .map(|story| story.split_whitespace().count())
        .collect();
    assert!(lengths.len() >= 36, "{} stories", lengths.len());
    assert!(
        lengths.iter().all(|n_words| (80..=180).contains(n_words)),
        "80 to 180 words each, not {lengths:?}"
    );
}
