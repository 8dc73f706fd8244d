//! The functions of a source file, as far as failpoints and effects go.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Statements that change nothing, or nothing that stays.
const HARMLESS: [&str; 2] = ["ROLLBACK", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"];

const WRITING_WORDS: [&str; 7] =
    ["INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE ", "DROP ", "ALTER ", "TRUNCATE "];

#[derive(Debug)]
pub(super) struct Function {
    pub(super) file: String,
    pub(super) name: String,
    /// Names of the failpoints in it, each as often as it is there.
    pub(super) failpoints: Vec<String>,
    /// What it calls: functions, methods and macros, by their last name.
    pub(super) calls: BTreeSet<String>,
    /// Every identifier in it.
    pub(super) words: BTreeSet<String>,
    /// Calls with the string literal that they begin with.
    literals: Vec<(String, Option<String>)>,
    /// Constants of its file that hold statements that write.
    writing: BTreeSet<String>,
}

impl Function {
    pub(super) fn writing_constants(&self) -> impl Iterator<Item = &str> {
        self.writing.iter().map(String::as_str)
    }

    /// Whether it makes one of these `calls` with a statement that is not known to change nothing.
    pub(super) fn runs(&self, calls: &[&str]) -> bool {
        self.literals.iter().any(|(call, literal)| {
            calls.contains(&call.as_str()) && !literal.as_deref().is_some_and(|sql| HARMLESS.contains(&sql))
        })
    }
}

/// All functions of a file but those of its tests.
pub(super) fn functions(file: &str, source: &str) -> syn::Result<Vec<Function>> {
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(source)?);
    let Found { bodies, constants } = found;
    let writing: BTreeSet<String> =
        constants.iter().filter(|(_, text)| writes(text)).map(|(name, _)| name.clone()).collect();
    let function = |(name, body): (String, TokenStream)| {
        let mut function = Function {
            file: file.to_owned(),
            name,
            failpoints: Vec::new(),
            calls: BTreeSet::new(),
            words: BTreeSet::new(),
            literals: Vec::new(),
            writing: writing.clone(),
        };
        read(body, &mut function);
        function
    };
    Ok(bodies.into_iter().map(function).collect())
}

fn writes(sql: &str) -> bool {
    let starts =
        |line: &str| WRITING_WORDS.iter().any(|word| line.trim_start_matches(['"', ' ']).starts_with(word));
    sql.replace("\\n", "\n").lines().any(starts)
}

#[derive(Default)]
struct Found {
    bodies: Vec<(String, TokenStream)>,
    constants: BTreeMap<String, String>,
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            let Ok(list) = attribute.meta.require_list() else { return false };
            attribute.path().is_ident("cfg") && list.tokens.to_string() == "test"
        };
        if !module.attrs.iter().any(is_test) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note(&function.sig, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note(&function.sig, &function.block);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.note(&function.sig, block);
        }
    }

    fn visit_item_const(&mut self, constant: &'ast syn::ItemConst) {
        let text = tokens(&*constant.expr).to_string();
        self.constants.insert(constant.ident.to_string(), text);
    }
}

impl Found {
    fn note(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.bodies.push((signature.ident.to_string(), tokens(block)));
    }
}

fn tokens(part: &impl quote::ToTokens) -> TokenStream {
    part.to_token_stream()
}

fn read(body: TokenStream, into: &mut Function) {
    let trees: Vec<TokenTree> = body.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let arguments = call_arguments(&trees[at + 1..]);
                if let Some((arguments, is_macro)) = arguments {
                    let literal = first_literal(arguments.clone());
                    if is_macro && word == "failpoint" {
                        into.failpoints.extend(literal.clone());
                    }
                    into.literals.push((word.clone(), literal));
                    into.calls.insert(word.clone());
                }
                into.words.insert(word);
            }
            TokenTree::Group(group) => read(group.stream(), into),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// What follows a name that is called, and whether it is a macro.
fn call_arguments(rest: &[TokenTree]) -> Option<(TokenStream, bool)> {
    match rest {
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Parenthesis => {
            Some((group.stream(), false))
        }
        [TokenTree::Punct(mark), TokenTree::Group(group), ..] if mark.as_char() == '!' => {
            Some((group.stream(), true))
        }
        _ => None,
    }
}

/// The string that a list of arguments begins with, words before it aside.
fn first_literal(arguments: TokenStream) -> Option<String> {
    let literal = arguments.into_iter().find(|tree| !matches!(tree, TokenTree::Ident(_)))?;
    let TokenTree::Literal(literal) = literal else { return None };
    let text = literal.to_string();
    Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}
