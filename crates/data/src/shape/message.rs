//! One message of a conversation, in the several ways in which datasets write it.

use super::guess;
use amoozgar_types::chat::{Message, Role, ToolCall};
use amoozgar_types::dataset::{Field, RowFault};
use serde_json::{Map, Value};

/// What is wrong with a row.
pub(super) type Wrong = (RowFault, Option<String>);

/// Around the thoughts before an answer, where they stand in its text.
const THOUGHTS: [&str; 2] = ["<think>", "</think>"];
/// Keys of a message that thoughts stand under.
const REASONING: [&str; 3] = ["reasoning_content", "reasoning", "thinking"];
/// Keys by which other programs ask not to learn a message. Only what says that it is learnt is taken.
const WEIGHTS: [&str; 2] = ["weight", "train"];

/// A text; numbers and truth values are texts as well.
pub(super) fn scalar(value: &Value, name: &str) -> Result<String, Wrong> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(wrong(name)),
    }
}

fn wrong(name: &str) -> Wrong {
    (RowFault::WrongType, Some(name.to_owned()))
}

fn missing(name: &str) -> Wrong {
    (RowFault::MissingField, Some(name.to_owned()))
}

/// A list of messages, by either of the two ways of naming their parts.
pub(super) fn listed(value: &Value, field: Field) -> Result<Vec<Message>, Wrong> {
    let list = guess::list(value).ok_or_else(|| wrong(field.as_str()))?;
    let messages = list.iter().map(|item| {
        let item = item.as_object().ok_or_else(|| wrong(field.as_str()))?;
        message(item)
    });
    messages.collect()
}

fn message(item: &Map<String, Value>) -> Result<Message, Wrong> {
    let any = |names: &[&str]| {
        let mut found = names.iter().filter_map(|name| item.get(*name));
        found.find(|value| !value.is_null())
    };
    for name in WEIGHTS {
        let is_learnt = |value: &Value| match value {
            Value::Bool(is_learnt) => *is_learnt,
            _ => value.as_f64() == Some(1.0),
        };
        if any(&[name]).is_some_and(|value| !is_learnt(value)) {
            return Err(wrong(name));
        }
    }
    let role = any(&["role", "from"]).ok_or_else(|| missing("role"))?;
    let named = role.as_str().unwrap_or_default();
    let role = role_of(named).ok_or_else(|| {
        let told = named.chars().take(40).collect();
        (RowFault::UnknownRole, Some(told))
    })?;
    let content = any(&["content", "value", "text"]);
    let mut message = Message::new(role, "");
    message.tool_calls = match any(&["tool_calls"]) {
        Some(calls) => guess::list(calls)
            .ok_or_else(|| wrong("tool_calls"))?
            .iter()
            .map(tool_call)
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    if named.trim() == FUNCTION_CALL {
        let content = content.ok_or_else(|| missing("content"))?;
        message.tool_calls.push(tool_call(content)?);
        return Ok(message);
    }
    message.content = match content {
        Some(content) => content_text(content)?,
        None if !message.tool_calls.is_empty() => String::new(),
        None => return Err(missing("content")),
    };
    if role == Role::Assistant {
        message.reasoning = any(&REASONING)
            .map(|text| scalar(text, REASONING[0]))
            .transpose()?;
        take_thoughts(&mut message);
    } else if !message.tool_calls.is_empty() {
        return Err(wrong("tool_calls"));
    }
    let text = |name: &str| any(&[name]).map(|value| scalar(value, name)).transpose();
    message.tool_call_id = text("tool_call_id")?;
    message.name = text("name")?;
    Ok(message)
}

/// Takes the thoughts out of the beginning of an answer, where they have no key of their own.
fn take_thoughts(message: &mut Message) {
    let [begin, end] = THOUGHTS;
    if message.reasoning.is_some() {
        return;
    }
    let text = message.content.trim_start();
    let Some((thoughts, answer)) = text
        .strip_prefix(begin)
        .and_then(|rest| rest.split_once(end))
    else {
        return;
    };
    // Thoughts that no answer follows are all that it says.
    if answer.trim().is_empty() {
        return;
    }
    message.reasoning = Some(thoughts.trim().to_owned());
    message.content = answer.trim().to_owned();
}

/// The role of a message that is the call of a tool, as a JSON text.
const FUNCTION_CALL: &str = "function_call";

/// A call in the form of the chat interfaces, or its inner part alone.
fn tool_call(value: &Value) -> Result<ToolCall, Wrong> {
    let bad = || wrong("tool_calls");
    let parsed;
    let value = match value {
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text).map_err(|_| bad())?;
            &parsed
        }
        _ => value,
    };
    let function = value.get("function").unwrap_or(value);
    let name = function.get("name").and_then(Value::as_str);
    let arguments = function
        .get("arguments")
        .or_else(|| function.get("parameters"));
    let arguments = match arguments {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => {
            let parsed: Value = serde_json::from_str(text).map_err(|_| bad())?;
            parsed.as_object().ok_or_else(bad)?;
            text.clone()
        }
        Some(object @ Value::Object(_)) => object.to_string(),
        Some(_) => return Err(bad()),
    };
    Ok(ToolCall {
        id: value.get("id").and_then(Value::as_str).map(str::to_owned),
        name: name.ok_or_else(bad)?.to_owned(),
        arguments,
    })
}

/// The tools that a row names: a list of descriptions, also as a JSON text.
pub(super) fn tools(row: &Value) -> Result<Option<String>, Wrong> {
    let Some(value) = row.get("tools").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Ok(None);
    }
    let list = guess::list(value).ok_or_else(|| wrong("tools"))?;
    if !list.iter().all(Value::is_object) {
        return Err(wrong("tools"));
    }
    Ok((!list.is_empty()).then(|| Value::Array(list).to_string()))
}

/// A message's text, also in the parts that interfaces for pictures write.
fn content_text(content: &Value) -> Result<String, Wrong> {
    let Some(parts) = content.as_array() else {
        return scalar(content, "content");
    };
    let texts = parts.iter().map(|part| {
        let text = part.get("text").and_then(Value::as_str);
        text.ok_or_else(|| wrong("content"))
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn role_of(name: &str) -> Option<Role> {
    match name.trim().to_lowercase().as_str() {
        "system" => Some(Role::System),
        "user" | "human" | "prompter" | "کاربر" => Some(Role::User),
        "assistant" | "gpt" | "model" | "bot" | "chatgpt" | "دستیار" | FUNCTION_CALL => {
            Some(Role::Assistant)
        }
        "tool" | "function" | "observation" | "tool_response" | "ابزار" => Some(Role::Tool),
        _ => None,
    }
}
