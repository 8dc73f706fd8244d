//! Letter cases of automatic names.

/// How variants become labels: `rename_all = "..."`.
pub(crate) const CASES: &[&str] = &[
    "snake_case",
    "kebab-case",
    "lowercase",
    "UPPERCASE",
    "camelCase",
    "PascalCase",
    "SCREAMING_SNAKE_CASE",
];

/// A Rust name in one of [`CASES`]; any other name keeps it as it is.
pub(crate) fn rename(name: &str, case: &str) -> String {
    match case {
        "snake_case" => snake_case(name),
        "kebab-case" => snake_case(name).replace('_', "-"),
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        "SCREAMING_SNAKE_CASE" => snake_case(name).to_uppercase(),
        "camelCase" => {
            let mut chars = name.chars();
            chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
        }
        _ => name.to_owned(),
    }
}

/// `OrderLine` to `order_line`, `HTTPRoute` to `http_route`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (i, c) in chars.iter().enumerate() {
        if c.is_uppercase() && i > 0 && chars[i - 1] != '_' {
            let after_lower = !chars[i - 1].is_uppercase();
            let before_lower = chars.get(i + 1).is_some_and(|next| next.is_lowercase());
            if after_lower || before_lower {
                snake.push('_');
            }
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_their_capitals() {
        for (camel, snake) in [
            ("OrderLine", "order_line"),
            ("HTTPRoute", "http_route"),
            ("Sha256Sum", "sha256_sum"),
            ("A", "a"),
        ] {
            assert_eq!(snake_case(camel), snake);
        }
    }

    #[test]
    fn every_case_is_a_different_rule() {
        let renamed: Vec<_> = CASES.iter().map(|case| rename("OnHold", case)).collect();
        assert_eq!(renamed, ["on_hold", "on-hold", "onhold", "ONHOLD", "onHold", "OnHold", "ON_HOLD"]);
    }
}
