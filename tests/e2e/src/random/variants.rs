//! Objects that need none of the others: each there in one of several forms, or not at all.

use proptest::prelude::*;

/// What the forms presume on the server.
pub(super) const ROLES: &[&str] = &["djogi_reader", "djogi_writer"];

/// For each object its forms.
const FORMS: &[&[&str]] = &[
    &[
        "CREATE COLLATION app.plain (provider = libc, locale = 'C')",
        "CREATE COLLATION app.plain (provider = libc, locale = 'POSIX')",
    ],
    &["COMMENT ON SCHEMA app IS 'of the application'", "COMMENT ON SCHEMA app IS 'other'"],
];

#[derive(Clone, Debug)]
pub(super) struct Variants(Vec<Option<u8>>);

impl Variants {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        prop::collection::vec(any::<Option<u8>>(), FORMS.len()).prop_map(Self)
    }

    pub(super) fn write(&self, out: &mut Vec<String>) {
        for (forms, wish) in FORMS.iter().zip(&self.0) {
            if let Some(wish) = wish {
                out.push(forms[usize::from(*wish) % forms.len()].to_owned());
            }
        }
    }
}
