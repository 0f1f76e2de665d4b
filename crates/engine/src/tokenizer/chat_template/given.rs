//! A conversation as templates see it: dictionaries with the keys that transformers' users give.

use crate::EngineError;
use amoozgar_types::chat::{Message, Role, ToolCall};
use minijinja::Value;

/// The list of messages. A key that a message has no value for is not there: templates ask whether it is.
///
/// # Errors
/// Where what a tool is given is no JSON.
pub(super) fn messages(messages: &[Message]) -> Result<Value, EngineError> {
    messages.iter().map(message).collect()
}

fn message(message: &Message) -> Result<Value, EngineError> {
    let mut keys = vec![
        ("role", Value::from(message.role.as_str())),
        ("content", Value::from(message.content.as_str())),
    ];
    if let Some(reasoning) = &message.reasoning {
        // gpt-oss calls it `thinking`, all others as here.
        keys.push(("reasoning_content", reasoning.as_str().into()));
        keys.push(("thinking", reasoning.as_str().into()));
    }
    if !message.tool_calls.is_empty() {
        let calls: Result<Value, _> = message.tool_calls.iter().map(call).collect();
        keys.push(("tool_calls", calls?));
    }
    if message.role == Role::Tool {
        let named = [
            ("tool_call_id", &message.tool_call_id),
            ("name", &message.name),
        ];
        keys.extend(named.into_iter().filter_map(|(key, value)| {
            let value = value.as_ref()?;
            Some((key, Value::from(value.as_str())))
        }));
    }
    Ok(Value::from_pairs(keys))
}

fn call(call: &ToolCall) -> Result<Value, EngineError> {
    let function = [
        ("name", Value::from(call.name.as_str())),
        ("arguments", json(&call.arguments)?),
    ];
    let mut keys = vec![
        ("type", Value::from("function")),
        ("function", Value::from_pairs(function)),
    ];
    if let Some(id) = &call.id {
        keys.push(("id", id.as_str().into()));
    }
    Ok(Value::from_pairs(keys))
}

/// The tools of a conversation; none where there are none.
///
/// # Errors
/// Where they are no JSON.
pub(super) fn tools(tools: Option<&str>) -> Result<Value, EngineError> {
    tools.map_or_else(|| Ok(Value::from(())), json)
}

/// A JSON text; objects keep the order of their keys.
fn json(text: &str) -> Result<Value, EngineError> {
    serde_json::from_str(text).map_err(|source| EngineError::ChatTemplate {
        detail: format!("a tool's description or arguments are no JSON: {source}"),
    })
}
