//! A program that only declares tables reads none of its fields, and is not warned about it: this file
//! would not compile with a warning.
#![deny(warnings)]

#[derive(djogi_core::PgEnum)]
enum Mood {
    Happy,
    Sad,
}

#[derive(djogi_core::PgType)]
struct Nickname(String);

#[derive(djogi_core::Model)]
#[model(target = "unread")]
struct Person {
    #[field(pk, default = identity)]
    id: i64,
    mood: Mood,
    nickname: Nickname,
}
