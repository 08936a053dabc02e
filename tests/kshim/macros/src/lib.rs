// SPDX-License-Identifier: GPL-2.0

//! Stand-ins for two of the kernel's procedural macros, as far as the driver's pure parts and the
//! kernel's own `bitfield.rs` use them.

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// `#[kunit_tests(suite)] mod tests { ... }` becomes a module of `cargo test`.
#[proc_macro_attribute]
pub fn kunit_tests(_suite: TokenStream, module: TokenStream) -> TokenStream {
    let mut tokens: TokenStream = "#[cfg(test)]".parse().expect("an attribute");
    tokens.extend(module);
    tokens
}

/// Joins what stands between `[<` and `>]` into one identifier. `name:upper` and `name:lower`
/// change the case of one part.
#[proc_macro]
pub fn paste(input: TokenStream) -> TokenStream {
    input.into_iter().map(paste_one).collect()
}

fn paste_one(token: TokenTree) -> TokenTree {
    let TokenTree::Group(group) = token else {
        return token;
    };
    if let Some(ident) = joined(&group) {
        return TokenTree::Ident(ident);
    }
    let mut inner = Group::new(
        group.delimiter(),
        group.stream().into_iter().map(paste_one).collect(),
    );
    inner.set_span(group.span());
    TokenTree::Group(inner)
}

/// The identifier that a group stands for, if it is one of `[< ... >]`.
fn joined(group: &Group) -> Option<Ident> {
    if group.delimiter() != Delimiter::Bracket {
        return None;
    }
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let [first, parts @ .., last] = tokens.as_slice() else {
        return None;
    };
    if !is_punct(first, '<') || !is_punct(last, '>') {
        return None;
    }
    let mut name = String::new();
    let mut span = Span::mixed_site();
    let mut rest = parts;
    while let [part, tail @ ..] = rest {
        let mut text = text_of(part, &mut span);
        rest = tail;
        if let [colon, TokenTree::Ident(case), tail @ ..] = rest {
            if is_punct(colon, ':') {
                text = match case.to_string().as_str() {
                    "upper" => text.to_uppercase(),
                    "lower" => text.to_lowercase(),
                    other => panic!("paste: unknown case `{other}`"),
                };
                rest = tail;
            }
        }
        name.push_str(&text);
    }
    Some(Ident::new(&name, span))
}

/// A part's text. The joined identifier takes the hygiene of its last named part, as in the kernel.
fn text_of(part: &TokenTree, span: &mut Span) -> String {
    match part {
        TokenTree::Ident(ident) => *span = ident.span(),
        // What a macro's variable stood for may come wrapped.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            return group
                .stream()
                .into_iter()
                .map(|token| text_of(&token, span))
                .collect();
        }
        _ => {}
    }
    part.to_string()
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}
