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

#[derive(::djogi_core::PgDomain)]
#[pg_domain(check = "VALUE <> ''", default = "")]
pub struct Box(pub ::std::string::String);

#[derive(::djogi_core::PgRange)]
pub struct Vec(pub ::std::ops::Range<f64>);

#[derive(::djogi_core::PgComposite)]
pub struct Ok {
    #[field(comment = "one")]
    pub r#type: Box,
    pub ranges: ::std::vec::Vec<Vec>,
}

#[derive(::djogi_core::PgComposite)]
pub struct Err {
    pub maybe: ::std::option::Option<i64>,
}

#[derive(::djogi_core::Model)]
#[model(view = "SELECT 1 AS id", trigger(name = "t", after(update(r#ref)), for_each = statement, execute = "f()"))]
pub struct Result {
    pub id: i32,
    pub r#ref: ::std::option::Option<i32>,
}

#[derive(::djogi_core::Model)]
#[model(tenant_key = id, policy(name = "p", using = "true"), storage(fillfactor = 90), unlogged)]
pub struct DESCRIPTOR {
    #[field(pk, default = identity)]
    pub id: i64,
    #[field(default = Option::None, index)]
    pub choice: Option,
    pub choices: ::std::option::Option<::std::vec::Vec<Option>>,
    #[field(references = DESCRIPTOR)]
    pub r#ref: i64,
    pub text: String,
    #[field(storage = plain)]
    pub parts: Ok,
}

mod core {}
mod djogi_core {}

fn main() {}
