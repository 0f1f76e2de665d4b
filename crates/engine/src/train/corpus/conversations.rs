//! Conversations as tokens: which of them are answers, what is held out, what the context cuts.

use super::{Corpus, Manifest, Progress, TRAIN, VALIDATION};
use super::{answers_file, given_tokenizer, lengths_file, open, tokens_file};
use crate::EngineError;
use crate::files;
use crate::load::Place;
use crate::random::Keyed;
use crate::setup::base_model;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::chat::{Chat, Learnt};
use crate::train::token_cache::TokenWriter;
use crate::train::trained::Trained;
use amoozgar_data::{Conversation, Conversations, HeldOut, no_conversation, shape_of};
use amoozgar_types::TrainSpec;
use amoozgar_types::dataset::{FaultCount, Guess, count_fault};
use amoozgar_types::event::{ConversationsRead, LoadingStage};
use amoozgar_types::spec::Lessons;
use rayon::prelude::*;
use std::path::Path;

/// Raised when the preparation changes what it makes of the same rows.
const VERSION: u32 = 2;
/// Conversations that are tokenized at once, on all threads.
const BATCH: usize = 256;

/// Reads, tokenizes and caches, or finds that done.
pub(super) fn prepare(
    spec: &TrainSpec,
    guess: &Guess,
    cache_dir: &Path,
    progress: &mut Progress<'_>,
) -> Result<Corpus, EngineError> {
    let missing = || EngineError::InvalidSpec {
        field: "base_model",
        detail: "conversations are learnt by a finished model".to_owned(),
    };
    let base = base_model(spec)?.ok_or_else(missing)?;
    let (tokenizer, tokenizer_hash) = given_tokenizer(spec)?.ok_or_else(missing)?;
    let chat = Place::find(base)?.chat(&tokenizer)?;

    let mut hash = blake3::Hasher::new();
    let train = Path::new(&spec.dataset.train);
    let n_train = survey(train, guess, &mut hash, progress)?;
    let validation = match &spec.dataset.validation {
        Some(path) => {
            let path = Path::new(path);
            let guess = shape_of(path, spec.dataset.shape, &spec.dataset.mapping)?;
            survey(path, &guess, &mut hash, progress)?;
            Some((path, guess))
        }
        None => None,
    };
    let settings = (
        VERSION,
        tokenizer_hash,
        chat.template().source(),
        chat.template().special(),
        spec.dataset.lessons(),
        spec.model.context_length,
        validation.is_some(),
        spec.dataset.validation_fraction.to_bits(),
        spec.seed,
    );
    hash.update(format!("conversations {settings:?}").as_bytes());
    let key = hash.finalize().to_hex().to_string();
    let folder = cache_dir.join(key.get(..32).unwrap_or(&key));
    let bos = Some(tokenizer.bos());
    if open(&folder, &key, bos)?.is_none() {
        let held_out = match &validation {
            Some(_) => HeldOut::none(),
            None => hold_out(spec, n_train)?,
        };
        Build {
            spec,
            chat: &chat,
            tokenizer: &tokenizer,
            n_train,
        }
        .run((train, guess), validation, &held_out, &folder, progress)?;
    }
    progress.at(LoadingStage::Encoding, 1.0)?;
    let opened = open(&folder, &key, bos)?;
    let corpus = opened.ok_or(EngineError::FileNotFound { path: folder })?;
    Ok(Corpus {
        chat: Some(chat),
        ..corpus
    })
}

/// Holds conversations of the training file out, as the seed draws them.
fn hold_out(spec: &TrainSpec, n_rows: usize) -> Result<HeldOut, EngineError> {
    let order = Keyed::new(spec.seed, "held out").permutation(n_rows);
    let held_out = HeldOut::of_rows(&order, spec.dataset.validation_fraction);
    held_out.ok_or_else(|| EngineError::InvalidSpec {
        field: "dataset.train",
        detail: "it holds one conversation: nothing can be held out".to_owned(),
    })
}

/// Which conversations of its training file a run holds out, counted without the rows that are none.
///
/// # Errors
/// Where the file cannot be read, or holds too few.
pub(crate) fn held_out(spec: &TrainSpec, guess: &Guess) -> Result<HeldOut, EngineError> {
    let mut n_rows = 0;
    for row in Conversations::open(Path::new(&spec.dataset.train), guess)? {
        n_rows += usize::from(row?.is_ok());
    }
    hold_out(spec, n_rows)
}

/// Hashes a file's conversations and counts them.
fn survey(
    path: &Path,
    guess: &Guess,
    hash: &mut blake3::Hasher,
    progress: &mut Progress<'_>,
) -> Result<usize, EngineError> {
    let mut conversations = Conversations::open(path, guess)?;
    let (mut n_rows, mut faults) = (0, Vec::new());
    progress.at(LoadingStage::Reading, 0.0)?;
    while let Some(row) = conversations.next().transpose()? {
        match row {
            Ok(row) => {
                n_rows += 1;
                let whole = format!("{:?} {:?}", row.messages, row.tools);
                hash.update(whole.as_bytes());
            }
            Err(row) => count_fault(&mut faults, row.fault, row.value.as_deref(), row.line),
        }
        hash.update(&[1]);
        progress.at(LoadingStage::Reading, conversations.share_read())?;
    }
    hash.update(&[2]);
    if n_rows == 0 {
        return Err(no_conversation(path, &faults).into());
    }
    Ok(n_rows)
}

/// What is to be made.
struct Build<'a> {
    spec: &'a TrainSpec,
    chat: &'a Chat,
    tokenizer: &'a Tokenizer,
    n_train: usize,
}

impl Build<'_> {
    fn run(
        &self,
        train: (&Path, &Guess),
        own_validation: Option<(&Path, Guess)>,
        held_out: &HeldOut,
        folder: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(), EngineError> {
        let temporary = files::temporary_name(folder);
        files::remove_dir(&temporary)?;
        files::create_dir(&temporary)?;
        let text = self.tokenizer.to_json()?;
        files::write_synced(&temporary.join("tokenizer.json"), text.as_bytes())?;

        let mut parts = [
            Writer::create(&temporary, TRAIN, self.tokenizer.vocab_size())?,
            Writer::create(&temporary, VALIDATION, self.tokenizer.vocab_size())?,
        ];
        let mut faults = Vec::new();
        self.encode(train, &mut faults, &mut |index, learnt| {
            let done = index as f64 / self.n_train.max(1) as f64;
            progress.at(LoadingStage::Encoding, done.min(1.0))?;
            let [train, validation] = &mut parts;
            let part = if held_out.contains(index) {
                validation
            } else {
                train
            };
            part.add(learnt)
        })?;
        if let Some((path, guess)) = &own_validation {
            self.encode((path, guess), &mut faults, &mut |_, learnt| {
                let [_, validation] = &mut parts;
                validation.add(learnt)
            })?;
        }
        let [train_part, validation] = parts;
        for part in [&train_part, &validation] {
            if part.lengths.is_empty() {
                return Err(no_conversation(train.0, &faults).into());
            }
        }
        let read = ConversationsRead {
            n_train: train_part.lengths.len() as u64,
            n_validation: validation.lengths.len() as u64,
            n_answers: train_part.n_answers,
            n_answer_tokens: train_part.trained.n_tokens(),
            n_cut: train_part.n_cut + validation.n_cut,
            n_beyond: train_part.n_beyond + validation.n_beyond,
            n_unthought: train_part.n_unthought + validation.n_unthought,
            faults,
        };
        let manifest = Manifest {
            n_val_bytes: validation.n_bytes,
            n_train_tokens: train_part.finish(&temporary, TRAIN)?,
            n_val_tokens: validation.finish(&temporary, VALIDATION)?,
            conversations: Some(read),
            pairs: None,
        };
        let text = serde_json::to_vec(&manifest)
            .map_err(|source| EngineError::io(folder, source.into()))?;
        files::write_synced(&temporary.join("corpus.json"), &text)?;
        files::put_in_place(&temporary, folder)
    }

    /// Tokenizes a file's conversations on all threads of the pool; `take` gets them in order, with their
    /// index among those that can be read.
    fn encode(
        &self,
        (path, guess): (&Path, &Guess),
        faults: &mut Vec<FaultCount>,
        take: &mut dyn FnMut(usize, &Learnt) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut conversations = Conversations::open(path, guess)?;
        let mut index = 0;
        loop {
            let batch = next_batch(&mut conversations, faults)?;
            if batch.is_empty() {
                return Ok(());
            }
            let (lessons, context) = (self.spec.dataset.lessons(), self.spec.model.context_length);
            let encoded: Vec<_> = batch
                .par_iter()
                .map(|conversation| self.chat.learnt(conversation.dialogue(), lessons, context))
                .collect();
            for (conversation, learnt) in batch.iter().zip(encoded) {
                match learnt? {
                    Ok(learnt) => take(index, &learnt)?,
                    Err((fault, value)) => {
                        count_fault(faults, fault, value.as_deref(), conversation.line);
                    }
                }
                index += 1;
            }
        }
    }
}

fn next_batch(
    conversations: &mut Conversations,
    faults: &mut Vec<FaultCount>,
) -> Result<Vec<Conversation>, EngineError> {
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some(row) = conversations.next().transpose()?
    {
        match row {
            Ok(row) => batch.push(row),
            Err(row) => count_fault(faults, row.fault, row.value.as_deref(), row.line),
        }
    }
    Ok(batch)
}

/// One of the two parts while it is written.
pub(super) struct Writer {
    tokens: TokenWriter,
    pub(super) lengths: Vec<u32>,
    pub(super) trained: Trained,
    n_answers: u64,
    n_bytes: u64,
    n_cut: u64,
    n_beyond: u64,
    n_unthought: u64,
}

impl Writer {
    pub(super) fn create(
        folder: &Path,
        name: &str,
        vocab_size: usize,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            tokens: TokenWriter::create(&tokens_file(folder, name), vocab_size)?,
            lengths: Vec::new(),
            trained: Trained::default(),
            n_answers: 0,
            n_bytes: 0,
            n_cut: 0,
            n_beyond: 0,
            n_unthought: 0,
        })
    }

    pub(super) fn add(&mut self, learnt: &Learnt) -> Result<(), EngineError> {
        let first = self.tokens.n_tokens as usize;
        for places in &learnt.trained {
            self.trained.push(first + places.start..first + places.end);
        }
        self.n_answers += learnt.trained.len() as u64;
        self.n_bytes += learnt.n_bytes;
        self.n_cut += learnt.n_cut;
        self.n_beyond += learnt.n_beyond;
        self.n_unthought += learnt.n_unthought;
        self.lengths.push(learnt.tokens.len() as u32);
        self.tokens.write(&learnt.tokens)
    }

    pub(super) fn finish(self, folder: &Path, name: &str) -> Result<u64, EngineError> {
        let lengths = self.lengths.into_iter().flat_map(u32::to_le_bytes);
        let lengths: Vec<u8> = lengths.collect();
        files::write_synced(&lengths_file(folder, name), &lengths)?;
        self.trained.write(&answers_file(folder, name))?;
        self.tokens.finish()
    }
}

/// A file's conversations in memory, to be measured.
pub(crate) struct EncodedConversations {
    pub(crate) tokens: Vec<u32>,
    /// Tokens of each.
    pub(crate) lengths: Vec<u32>,
    pub(crate) trained: Trained,
    /// UTF-8 bytes of the answers.
    pub(crate) n_bytes: u64,
}

/// Reads and encodes the conversations of a file.
pub(crate) fn encode_conversations(
    path: &Path,
    guess: &Guess,
    chat: &Chat,
    context: usize,
) -> Result<EncodedConversations, EngineError> {
    let mut all = EncodedConversations {
        tokens: Vec::new(),
        lengths: Vec::new(),
        trained: Trained::default(),
        n_bytes: 0,
    };
    let mut faults = Vec::new();
    let mut conversations = Conversations::open(path, guess)?;
    loop {
        let batch = next_batch(&mut conversations, &mut faults)?;
        if batch.is_empty() {
            break;
        }
        let encoded: Vec<_> = batch
            .par_iter()
            .map(|conversation| chat.learnt(conversation.dialogue(), Lessons::default(), context))
            .collect();
        for (conversation, learnt) in batch.iter().zip(encoded) {
            match learnt? {
                Ok(learnt) => {
                    let first = all.tokens.len();
                    for places in &learnt.trained {
                        all.trained.push(first + places.start..first + places.end);
                    }
                    all.n_bytes += learnt.n_bytes;
                    all.lengths.push(learnt.tokens.len() as u32);
                    all.tokens.extend(learnt.tokens);
                }
                Err((fault, value)) => {
                    count_fault(&mut faults, fault, value.as_deref(), conversation.line);
                }
            }
        }
    }
    if all.lengths.is_empty() {
        return Err(no_conversation(path, &faults).into());
    }
    Ok(all)
}
