//! The tokenizer gives back every text, and learns the same from the same text.

use amoozgar_engine::random::Keyed;
use amoozgar_engine::tokenizer::{BOS, Tokenizer};

fn trained() -> Tokenizer {
    let texts = [
        "می\u{200c}روم و می\u{200c}آیم به خانه\u{200c}ها",
        "کتاب\u{200c}ها را می\u{200c}خوانم؛ خانه\u{200c}ها را می\u{200c}بینم",
        "The cat sat. ۱۲۳ 456",
    ];
    Tokenizer::train((0..20).flat_map(|_| texts).map(str::to_owned), 400).unwrap()
}

#[test]
fn any_text_comes_back_exactly() {
    let tokenizer = trained();
    let mut texts = vec![
        String::new(),
        "می\u{200c}روم  به\tخانه\n\nها ".to_owned(),
        "مُحَمَّد\u{200c} 🙂 e\u{301} \u{200c}\u{200c} 漢字\r\n".to_owned(),
        format!("نام {BOS} در متن"),
    ];
    let stream = Keyed::new(7, "texts");
    for index in 0..300 {
        let text = stream.child(index);
        let length = text.below(0, 40);
        texts.push(
            (1..=length)
                .filter_map(|at| char::from_u32(text.below(at, 0x1_1000) as u32))
                .collect(),
        );
    }
    for text in texts {
        let tokens = tokenizer.encode(&text).unwrap();
        assert!(
            !tokens.contains(&tokenizer.bos()),
            "text never makes a document token: `{text}`"
        );
        assert_eq!(
            tokenizer.decode(&tokens).unwrap(),
            text,
            "through {tokens:?}"
        );
    }
}

#[test]
fn a_word_with_its_joiner_can_become_one_token() {
    let tokenizer = trained();
    let tokens = tokenizer.encode(" می\u{200c}خوانم").unwrap();
    assert!(
        tokens.len() <= 8,
        "the joiner stands within the word: {tokens:?}"
    );
}

#[test]
fn the_same_text_trains_the_same_tokenizer() {
    assert_eq!(
        trained().to_json().unwrap(),
        trained().to_json().unwrap(),
        "byte for byte"
    );
}
