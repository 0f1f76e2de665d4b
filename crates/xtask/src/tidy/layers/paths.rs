//! The paths that a source file names, without a parser: comments and strings are left out, braces are
//! followed as far as inline modules and groups of imports need it.

use std::collections::BTreeMap;

/// A module or what is in one, from the crate's root.
pub(super) type Module = Vec<String>;

/// A path that a file names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Counted from 1.
    pub(super) line: usize,
    /// From the crate's root.
    pub(super) path: Module,
}

/// What a source consists of, as far as paths are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`.
    Step,
    Sign(char),
}

/// Every path of the file of `module` that begins with `crate::`, `super::` or `self::`.
pub(super) fn imports(module: &[String], text: &str) -> Vec<Import> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    // Inline modules that are open, and other braces.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut index = 0;
    while let Some((line, token)) = tokens.get(index) {
        let steps = matches!(tokens.get(index + 1), Some((_, Token::Step)));
        let first = index == 0 || tokens[index - 1].1 != Token::Step;
        match token {
            Token::Sign('{') => open.push(inline_module(&tokens, index)),
            Token::Sign('}') => drop(open.pop()),
            Token::Word(word) if steps && first => {
                let here = || module.iter().chain(open.iter().flatten()).cloned();
                let base: Option<Module> = match word.as_str() {
                    "crate" => Some(Vec::new()),
                    "self" => Some(here().collect()),
                    "super" => Some(parent(here().collect())),
                    _ => None,
                };
                if let Some(base) = base {
                    let mut paths = Vec::new();
                    index = tree(&tokens, index + 2, base, &mut paths);
                    let line = *line;
                    found.extend(paths.into_iter().map(|(path, _)| Import { line, path }));
                    continue;
                }
            }
            _ => {}
        }
        index += 1;
    }
    found
}

/// The names that a crate's root takes from its modules, each with its path.
pub(super) fn exports(text: &str) -> BTreeMap<String, Module> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (index, (_, token)) in tokens.iter().enumerate() {
        if *token == Token::Word("use".to_owned()) {
            tree(&tokens, index + 1, Vec::new(), &mut found);
        }
    }
    found.into_iter().map(|(path, name)| (name, path)).collect()
}

/// Reads what may follow a `::` from `index` on: a path, or a group of them. Adds each with the name that
/// it is called by, and answers with the place behind.
fn tree(
    tokens: &[(usize, Token)],
    mut index: usize,
    base: Module,
    found: &mut Vec<(Module, String)>,
) -> usize {
    let at = |index: usize| tokens.get(index).map(|(_, token)| token);
    let mut path = base;
    loop {
        match at(index) {
            Some(Token::Word(word)) => {
                match word.as_str() {
                    "super" => path = parent(path),
                    "self" | "crate" => {}
                    name => path.push(name.to_owned()),
                }
                index += 1;
            }
            Some(Token::Sign('{')) => {
                index += 1;
                while at(index).is_some_and(|token| *token != Token::Sign('}')) {
                    if at(index) == Some(&Token::Sign(',')) {
                        index += 1;
                    } else {
                        index = tree(tokens, index, path.clone(), found);
                    }
                }
                return index + 1;
            }
            // A glob, or a turbofish.
            _ => {
                found.push((path, String::new()));
                return index + 1;
            }
        }
        if at(index) == Some(&Token::Step) {
            index += 1;
            continue;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if let (Some(Token::Word(word)), Some(Token::Word(alias))) = (at(index), at(index + 1))
            && word == "as"
        {
            name.clone_from(alias);
            index += 2;
        }
        found.push((path, name));
        return index;
    }
}

fn parent(mut module: Module) -> Module {
    module.pop();
    module
}

/// The name of the module that the brace at `index` opens.
fn inline_module(tokens: &[(usize, Token)], index: usize) -> Option<String> {
    let before = |n: usize| Some(&tokens.get(index.checked_sub(n)?)?.1);
    match (before(2), before(1)) {
        (Some(Token::Word(word)), Some(Token::Word(name))) if word == "mod" => Some(name.clone()),
        _ => None,
    }
}

/// Words and signs with their lines; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < chars.len() {
        let start = index;
        match (at(index), at(index + 1)) {
            ('/', '/') => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            ('/', '*') => index = behind_comment(&chars, index),
            ('"', _) => index = behind_string(&chars, index),
            ('r', '"' | '#') if raw_string(&chars, index).is_some() => {
                index = raw_string(&chars, index).unwrap_or(index + 1);
            }
            // A character, or a lifetime, which is a word.
            ('\'', '\\') => {
                index += 3;
                while index < chars.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
            }
            ('\'', _) => index += if at(index + 2) == '\'' { 3 } else { 1 },
            (':', ':') => {
                tokens.push((line, Token::Step));
                index += 2;
            }
            (sign, _) if sign.is_alphanumeric() || sign == '_' => {
                while at(index).is_alphanumeric() || at(index) == '_' {
                    index += 1;
                }
                tokens.push((line, Token::Word(chars[start..index].iter().collect())));
            }
            (sign, _) => {
                if !sign.is_whitespace() {
                    tokens.push((line, Token::Sign(sign)));
                }
                index += 1;
            }
        }
        let passed = chars.get(start..index).unwrap_or_default();
        line += passed.iter().filter(|&&sign| sign == '\n').count();
    }
    tokens
}

/// The place behind the comment that begins at `start`; comments may stand within comments.
fn behind_comment(chars: &[char], start: usize) -> usize {
    let (mut index, mut depth) = (start, 0);
    while index < chars.len() {
        match chars.get(index..index + 2) {
            Some(['/', '*']) => depth += 1,
            Some(['*', '/']) => depth -= 1,
            _ => {
                index += 1;
                continue;
            }
        }
        index += 2;
        if depth == 0 {
            break;
        }
    }
    index
}

/// The place behind the string that begins at `start`.
fn behind_string(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while index < chars.len() && chars[index] != '"' {
        index += if chars[index] == '\\' { 2 } else { 1 };
    }
    index + 1
}

/// The place behind the raw string that begins at `start`; `None` where none does.
fn raw_string(chars: &[char], start: usize) -> Option<usize> {
    let word = |sign: &char| sign.is_alphanumeric() || *sign == '_';
    if start > 0 && chars.get(start - 1).is_some_and(word) && chars.get(start - 1) != Some(&'b') {
        return None;
    }
    let n_marks = chars
        .get(start + 1..)?
        .iter()
        .take_while(|&&sign| sign == '#')
        .count();
    let mut index = start + 1 + n_marks;
    if chars.get(index) != Some(&'"') {
        return None;
    }
    index += 1;
    while index < chars.len() {
        let marks = chars.get(index + 1..index + 1 + n_marks);
        if chars[index] == '"' && marks.is_some_and(|marks| marks.iter().all(|&sign| sign == '#')) {
            return Some(index + 1 + n_marks);
        }
        index += 1;
    }
    Some(index)
}
