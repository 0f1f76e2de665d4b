//! An adapter's settings as PEFT writes them, read strictly: a field that may change a number and is not
//! understood is refused by name.

use super::rules::{self, Blocks, Maps, Pattern};
use super::{LARGEST_RANK, LoraConfig, Scaling};
use fancy_regex::Regex;
use serde_json::{Map, Value};

/// What an adapter's folder says.
#[derive(Debug, Clone)]
pub(crate) struct AdapterConfig {
    /// What holds where no pattern says otherwise.
    pub(crate) lora: LoraConfig,
    maps: Maps,
    without: Option<Maps>,
    blocks: Option<Blocks>,
    ranks: Vec<Pattern<usize>>,
    alphas: Vec<Pattern<f64>>,
    /// Modules whose weights it holds as a whole.
    saved: Vec<Regex>,
    biases: Biases,
    /// Whether an embedding that is the head too stays it.
    pub(crate) keeps_tie: bool,
}

/// Which biases it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Biases {
    None,
    OfItsMaps,
    All,
}

/// Rank and factor of an adapter on one map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OnMap {
    pub(crate) rank: usize,
    /// What `B A` is multiplied by.
    pub(crate) scale: f64,
}

/// Fields that change no number of a trained adapter.
const NEUTRAL: [&str; 13] = [
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "eva_config",
    "fan_in_fan_out",
    "inference_mode",
    "lora_ga_config",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "task_type",
];
/// Fields that are read.
const READ: [&str; 15] = [
    "alpha_pattern",
    "bias",
    "ensure_weight_tying",
    "exclude_modules",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "lora_alpha",
    "lora_dropout",
    "modules_to_save",
    "peft_type",
    "r",
    "rank_pattern",
    "target_modules",
    "use_rslora",
];
/// Ways in which matrices begin that leave the base model's weights as they are.
const BEGINNINGS: [&str; 3] = ["gaussian", "orthogonal", "eva"];

impl From<LoraConfig> for AdapterConfig {
    fn from(lora: LoraConfig) -> Self {
        let maps = match lora.targets.as_slice() {
            [] => Maps::All,
            targets => Maps::Named(targets.to_vec()),
        };
        Self {
            lora,
            maps,
            without: None,
            blocks: None,
            ranks: Vec::new(),
            alphas: Vec::new(),
            saved: Vec::new(),
            biases: Biases::None,
            keeps_tie: false,
        }
    }
}

impl AdapterConfig {
    /// What the settings say; the error names the field that is not understood.
    pub(super) fn from_json(raw: &Value) -> Result<Self, String> {
        let fields = Fields(raw.as_object().ok_or("it is no object")?);
        fields.refuse_others()?;
        let maps = fields.maps("target_modules")?;
        let targets = match &maps {
            Some(Maps::Named(names)) => names.iter().map(|name| last_part(name)).collect(),
            _ => Vec::new(),
        };
        let blocks = fields.blocks()?;
        if blocks.is_some() && !matches!(maps, Some(Maps::Named(_))) {
            return Err("`layers_to_transform` needs a list `target_modules`".to_owned());
        }
        Ok(Self {
            lora: LoraConfig {
                rank: fields.rank()?,
                alpha: fields.number("lora_alpha")?.unwrap_or(8.0),
                dropout: fields.number("lora_dropout")?.unwrap_or(0.0),
                targets,
                scaling: if fields.flag("use_rslora")? {
                    Scaling::RankStabilized
                } else {
                    Scaling::Plain
                },
            },
            maps: maps.ok_or("it lacks `target_modules`")?,
            without: fields.maps("exclude_modules")?,
            blocks,
            ranks: fields.patterns("rank_pattern", |value| rank_of(value.as_u64()?))?,
            alphas: fields.patterns("alpha_pattern", Value::as_f64)?,
            saved: fields.saved()?,
            biases: fields.biases()?,
            keeps_tie: fields.flag("ensure_weight_tying")?,
        })
    }

    /// Rank and factor on the map at `path`; `None` where it is not adapted.
    pub(crate) fn on_map(&self, path: &str) -> Result<Option<OnMap>, String> {
        let is_out = match &self.without {
            Some(maps) => maps.contain(path)?,
            None => false,
        };
        if is_out || self.saves_module(path)? || !self.maps.contain(path)? {
            return Ok(None);
        }
        if let Some(blocks) = &self.blocks
            && !blocks.contain(path)?
        {
            return Ok(None);
        }
        let on_map = LoraConfig {
            rank: rules::value_of(&self.ranks, path, self.lora.rank)?,
            alpha: rules::value_of(&self.alphas, path, self.lora.alpha)?,
            ..self.lora.clone()
        };
        Ok(Some(OnMap {
            rank: on_map.rank,
            scale: on_map.scale(),
        }))
    }

    /// Whether it may hold the whole weight `name`.
    pub(crate) fn holds(&self, name: &str) -> Result<bool, String> {
        let (path, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let is_bias = kind == "bias"
            && match self.biases {
                Biases::None => false,
                Biases::OfItsMaps => self.on_map(path)?.is_some(),
                Biases::All => true,
            };
        Ok(is_bias || self.saves_module(path)?)
    }

    /// Whether matrices added to maps are all that it holds, of one rank and one alpha, on maps that are told
    /// by the last parts of their paths.
    pub(crate) fn is_plain(&self) -> bool {
        let names = match &self.maps {
            Maps::All => true,
            Maps::Named(names) => names.iter().all(|name| !name.contains('.')),
            Maps::Fitting(_) => false,
        };
        names && self.without.is_none() && self.blocks.is_none() && self.patterns_are_none()
    }

    fn patterns_are_none(&self) -> bool {
        self.ranks.is_empty() && self.alphas.is_empty() && !self.holds_more()
    }

    /// Whether it holds whole weights beside the matrices.
    pub(crate) fn holds_more(&self) -> bool {
        !self.saved.is_empty() || self.biases != Biases::None
    }

    fn saves_module(&self, path: &str) -> Result<bool, String> {
        for module in &self.saved {
            let fits = module.is_match(path);
            if fits.map_err(|failure| format!("`modules_to_save` of `{path}`: {failure}"))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    /// The field, where it says something.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !is_nothing(value))
    }

    /// Refuses another kind of adapter, and every field that says something and is not understood.
    fn refuse_others(&self) -> Result<(), String> {
        match self.0.get("peft_type").and_then(Value::as_str) {
            Some("LORA") => {}
            Some(other) => return Err(format!("`peft_type` is `{other}`, LORA alone is read")),
            None => return Err("it lacks `peft_type`".to_owned()),
        }
        let begins = self.0.get("init_lora_weights").and_then(Value::as_str);
        if let Some(begins) = begins.filter(|begins| !BEGINNINGS.contains(begins)) {
            return Err(format!(
                "`init_lora_weights` is `{begins}`, which changes the base model's weights: convert it to a plain LoRA first (PEFT's `path_initial_model_for_weight_conversion`)"
            ));
        }
        let unknown = self.0.iter().find(|(name, value)| {
            let name = name.as_str();
            !NEUTRAL.contains(&name) && !READ.contains(&name) && !is_nothing(value)
        });
        match unknown {
            None => Ok(()),
            Some((name, value)) => {
                let shown: String = value.to_string().chars().take(64).collect();
                Err(format!("`{name}` is {shown}, which is not supported"))
            }
        }
    }

    fn rank(&self) -> Result<usize, String> {
        let rank = self.0.get("r").ok_or("it lacks `r`")?;
        let rank = rank.as_u64().and_then(rank_of);
        rank.ok_or_else(|| format!("`r` is outside 1 to {LARGEST_RANK}"))
    }

    fn number(&self, name: &str) -> Result<Option<f64>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => Err(format!("`{name}` is {value}, which is no number")),
            },
        }
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(value) => Err(format!("`{name}` is {value}, not yes or no")),
        }
    }

    /// A text, or a list of texts.
    fn texts(&self, name: &str) -> Result<Vec<&str>, String> {
        let invalid = || format!("`{name}` is no text and no list of texts");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(values)) => {
                let texts = values
                    .iter()
                    .map(|value| value.as_str().ok_or_else(invalid));
                texts.collect()
            }
            Some(_) => Err(invalid()),
        }
    }

    fn maps(&self, name: &str) -> Result<Option<Maps>, String> {
        Ok(match self.get(name) {
            None => None,
            Some(Value::String(text)) if text == "all-linear" => Some(Maps::All),
            Some(Value::String(pattern)) => {
                let pattern = rules::whole(pattern);
                Some(Maps::Fitting(
                    pattern.map_err(|why| format!("`{name}`: {why}"))?,
                ))
            }
            Some(_) => {
                let names = self.texts(name)?;
                Some(Maps::Named(names.into_iter().map(str::to_owned).collect()))
            }
        })
    }

    fn blocks(&self) -> Result<Option<Blocks>, String> {
        const NAME: &str = "layers_to_transform";
        let numbers: Option<Vec<u64>> = match self.0.get(NAME) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(values)) if values.is_empty() => return Ok(None),
            Some(Value::Array(values)) => values.iter().map(Value::as_u64).collect(),
            Some(value) => value.as_u64().map(|number| vec![number]),
        };
        let numbers = numbers.ok_or_else(|| format!("`{NAME}` is no list of blocks"))?;
        let lists = self.texts("layers_pattern")?;
        let lists: Result<Vec<Regex>, String> = lists.into_iter().map(Blocks::list).collect();
        Ok(Some(Blocks {
            numbers,
            lists: lists.map_err(|why| format!("`layers_pattern`: {why}"))?,
        }))
    }

    fn patterns<T>(
        &self,
        name: &str,
        read: fn(&Value) -> Option<T>,
    ) -> Result<Vec<Pattern<T>>, String> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let entries = value
            .as_object()
            .ok_or_else(|| format!("`{name}` is no list of patterns"))?;
        let one = |(pattern, value): (&String, &Value)| {
            let said = || format!("`{name}` says {value} of `{pattern}`, which it cannot be");
            let value = read(value).ok_or_else(said)?;
            let pattern = rules::ending(pattern).map_err(|why| format!("`{name}`: {why}"))?;
            Ok(Pattern { pattern, value })
        };
        entries.iter().map(one).collect()
    }

    fn saved(&self) -> Result<Vec<Regex>, String> {
        let modules = self.texts("modules_to_save")?;
        let modules: Result<_, String> = modules.into_iter().map(rules::within).collect();
        modules.map_err(|why| format!("`modules_to_save`: {why}"))
    }

    fn biases(&self) -> Result<Biases, String> {
        match self.get("bias").map(Value::as_str) {
            None | Some(Some("none")) => Ok(Biases::None),
            Some(Some("lora_only")) => Ok(Biases::OfItsMaps),
            Some(Some("all")) => Ok(Biases::All),
            Some(other) => Err(format!("`bias` is {other:?}, which is not known")),
        }
    }
}

/// Whether a field says nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(entries) => entries.is_empty(),
    }
}

fn rank_of(number: u64) -> Option<usize> {
    let number = usize::try_from(number).ok()?;
    (1..=LARGEST_RANK).contains(&number).then_some(number)
}

fn last_part(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).to_owned()
}
