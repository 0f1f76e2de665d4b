//! Text from a model: prompt, sampling, a cache of keys and values, whole characters only.

use crate::EngineError;
use crate::model::{KvCache, Model};
use crate::random::Keyed;
use crate::threads;
use crate::tokenizer::Tokenizer;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How tokens are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingParams {
    /// Longest continuation.
    pub max_tokens: usize,
    /// 0 is greedy.
    pub temperature: f64,
    /// Draw among the k likeliest only.
    pub top_k: Option<usize>,
    /// Draw among the likeliest that together have this probability only.
    pub top_p: Option<f64>,
    /// Same seed, same text.
    pub seed: u64,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            max_tokens: 128,
            temperature: 0.8,
            top_k: None,
            top_p: None,
            seed: 0,
        }
    }
}

/// A continuation.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// The text, without the prompt.
    pub text: String,
    /// Its tokens.
    pub token_ids: Vec<u32>,
    /// How many they are.
    pub n_tokens: usize,
    /// Speed of reading the prompt.
    pub prompt_tokens_per_s: f64,
    /// Speed of writing.
    pub tokens_per_s: f64,
    /// Whether the caller ended it.
    pub stopped: bool,
}

/// A model ready to write.
pub struct Generator {
    loaded: Loaded,
    pool: rayon::ThreadPool,
}

impl Generator {
    /// Loads a model's folder.
    ///
    /// # Errors
    /// Where it is incomplete or of another architecture.
    pub fn load(model_dir: &Path) -> Result<Self, EngineError> {
        let pool = threads::pool(threads::count(None))?;
        let loaded = pool.install(|| load_model(model_dir))?;
        loaded.tokenizer()?;
        loaded.must_write()?;
        Ok(Self { loaded, pool })
    }

    /// Continues `prompt`; `on_text` gets the text piece by piece, in whole characters, and may end it.
    ///
    /// # Errors
    /// Where a setting cannot be used.
    pub fn generate(
        &self,
        prompt: &str,
        params: &SamplingParams,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Generation, EngineError> {
        let tokenizer = self.loaded.tokenizer()?;
        // The tensor work goes to the pool; the caller's closure stays on the caller's thread.
        let run =
            |f: &mut (dyn FnMut() -> Result<Vec<f32>, EngineError> + Send)| self.pool.install(f);
        continue_prompt(&self.loaded.model, tokenizer, prompt, params, on_text, &run)
    }
}

/// A model's folder in memory.
pub(crate) struct Loaded {
    pub(crate) model: Model,
    folder: PathBuf,
    tokenizer: Result<Tokenizer, EngineError>,
}

impl Loaded {
    /// Refuses a model that sorts texts instead of continuing them.
    pub(crate) fn must_write(&self) -> Result<(), EngineError> {
        if self.model.config().architecture.is_decoder() {
            return Ok(());
        }
        Err(EngineError::InvalidModel {
            path: self.folder.clone(),
            detail: "it sorts texts into classes and does not continue them".to_owned(),
        })
    }

    pub(crate) fn tokenizer(&self) -> Result<&Tokenizer, EngineError> {
        self.tokenizer
            .as_ref()
            .map_err(|error| EngineError::InvalidModel {
                path: self.folder.clone(),
                detail: error.to_string(),
            })
    }
}

pub(crate) fn load_model(model_dir: &Path) -> Result<Loaded, EngineError> {
    let model = Model::load(model_dir, 0)?;
    let bos = model.config().bos_token_id;
    let tokenizer = Tokenizer::load(&model_dir.join("tokenizer.json"), bos);
    Ok(Loaded {
        model,
        folder: model_dir.to_path_buf(),
        tokenizer,
    })
}

type Run<'a> = &'a dyn Fn(
    &mut (dyn FnMut() -> Result<Vec<f32>, EngineError> + Send),
) -> Result<Vec<f32>, EngineError>;

/// Writes after `prompt` until the document ends, `max_tokens` are there, or the caller ends it. Beyond
/// the model's context the latter half is kept and read anew.
pub(crate) fn continue_prompt(
    model: &Model,
    tokenizer: &Tokenizer,
    prompt: &str,
    params: &SamplingParams,
    on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    run: Run<'_>,
) -> Result<Generation, EngineError> {
    let context = model.config().max_position_embeddings;
    let mut tokens = vec![tokenizer.bos()];
    tokens.extend(tokenizer.encode(&amoozgar_text::normalize(prompt))?);
    if tokens.len() > context {
        tokens.drain(..tokens.len() - context);
    }
    let n_prompt = tokens.len();
    let stream = Keyed::new(params.seed, "sample");
    let mut text = TextBuffer::default();
    let (mut cache, mut token_ids, mut stopped) = (KvCache::default(), Vec::new(), false);

    let start = Instant::now();
    let mut prompt_s = 0.0;
    while token_ids.len() < params.max_tokens && !stopped {
        if cache.len() >= context {
            tokens.drain(..tokens.len() - context / 2);
            cache = KvCache::default();
        }
        let fresh = tokens.get(cache.len()..).unwrap_or_default().to_vec();
        let logits = run(&mut || model.next_logits(&fresh, &mut cache))?;
        if token_ids.is_empty() {
            prompt_s = start.elapsed().as_secs_f64();
        }
        let token = sample(&logits, params, stream.uniform(token_ids.len() as u64));
        if tokenizer.ends_document(token) || model.config().eos_token_ids.contains(&token) {
            break;
        }
        tokens.push(token);
        token_ids.push(token);
        if let Some(piece) = text.push(tokenizer.decode(&token_ids)?) {
            stopped = on_text(&piece).is_break();
        }
    }
    let decoding_s = start.elapsed().as_secs_f64() - prompt_s;
    if let Some(rest) = text.finish()
        && !stopped
    {
        stopped = on_text(&rest).is_break();
    }
    let n_tokens = token_ids.len();
    Ok(Generation {
        text: text.whole,
        n_tokens,
        token_ids,
        prompt_tokens_per_s: n_prompt as f64 / prompt_s.max(1e-9),
        // The first token came with the prompt.
        tokens_per_s: n_tokens.saturating_sub(1) as f64 / decoding_s.max(1e-9),
        stopped,
    })
}

/// Holds back a character whose bytes have not all come.
#[derive(Default)]
struct TextBuffer {
    whole: String,
    n_said: usize,
}

impl TextBuffer {
    /// Takes the whole text so far; answers with what can be said of it.
    fn push(&mut self, whole: String) -> Option<String> {
        self.whole = whole;
        let complete = self.whole.trim_end_matches('\u{fffd}').len();
        self.say_until(complete)
    }

    /// What was held back.
    fn finish(&mut self) -> Option<String> {
        self.say_until(self.whole.len())
    }

    fn say_until(&mut self, end: usize) -> Option<String> {
        let piece = self
            .whole
            .get(self.n_said..end)
            .filter(|piece| !piece.is_empty())?
            .to_owned();
        self.n_said = end;
        Some(piece)
    }
}

/// Draws a token; `draw` is uniform in [0, 1).
fn sample(logits: &[f32], params: &SamplingParams, draw: f64) -> u32 {
    let greedy = || {
        let best =
            logits
                .iter()
                .enumerate()
                .fold((0, f32::NEG_INFINITY), |best, (index, &logit)| {
                    if logit > best.1 { (index, logit) } else { best }
                });
        best.0 as u32
    };
    if params.temperature <= 0.0 {
        return greedy();
    }
    let mut ranked: Vec<(usize, f64)> = logits
        .iter()
        .enumerate()
        .map(|(index, &logit)| (index, f64::from(logit) / params.temperature))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    if let Some(k) = params.top_k.filter(|&k| k > 0) {
        ranked.truncate(k);
    }
    let Some(&(_, highest)) = ranked.first() else {
        return 0;
    };
    for entry in &mut ranked {
        entry.1 = (entry.1 - highest).exp();
    }
    if let Some(p) = params.top_p.filter(|p| *p < 1.0) {
        let target = p.max(0.0) * ranked.iter().map(|entry| entry.1).sum::<f64>();
        let mut sum = 0.0;
        let kept = ranked.iter().position(|entry| {
            sum += entry.1;
            sum >= target
        });
        ranked.truncate(kept.map_or(ranked.len(), |index| index + 1));
    }
    let mut left = draw * ranked.iter().map(|entry| entry.1).sum::<f64>();
    for &(index, weight) in &ranked {
        left -= weight;
        if left < 0.0 {
            return index as u32;
        }
    }
    greedy()
}
