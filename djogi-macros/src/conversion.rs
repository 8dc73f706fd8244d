//! `live(up = "...", down = "...")`: how the values of a column become those of another type.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

use crate::attr::{Keys, text};
use crate::constraint::options;

pub(crate) struct Conversion {
    pub(crate) up: LitStr,
    pub(crate) down: Option<LitStr>,
}

const KEYS: Keys = Keys::new("`live(...)`", &["up", "down"]);

impl Conversion {
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (mut up, mut down) = (None, None);
        options(&KEYS, key, input, |item, key, input| {
            let said = if item == "up" { &mut up } else { &mut down };
            *said = Some(text(key, input)?);
            Ok(())
        })?;
        let missing = "say what becomes of a value: `live(up = \"...\")`";
        Ok(Self { up: up.ok_or_else(|| Error::new(key.span(), missing))?, down })
    }
}
