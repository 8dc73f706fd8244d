//! The derives need nothing in scope and clash with nothing.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]

#[derive(::djogi_core::PgEnum)]
pub enum Option {
    Some,
    None,
}

#[derive(::djogi_core::PgType)]
pub struct String(::std::string::String);

#[derive(::djogi_core::Model)]
pub struct DESCRIPTOR {
    #[field(pk, default = identity)]
    pub id: i64,
    #[field(default = Option::None, index)]
    pub choice: Option,
    pub choices: ::std::option::Option<::std::vec::Vec<Option>>,
    #[field(references = DESCRIPTOR)]
    pub r#ref: i64,
    pub text: String,
}

mod core {}
mod djogi_core {}

fn main() {}
