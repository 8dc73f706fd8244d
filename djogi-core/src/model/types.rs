//! Which Rust type is which PostgreSQL type. The names are those that `format_type` prints, so a mapped
//! column compares with the catalog as text. A type without an entry is a compile error at its field.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::{Bound, Range, RangeInclusive};
use std::time::SystemTime;

use super::descriptor::{EnumDescriptor, TypeDescriptor};
use super::json::Json;

/// A Rust type with a PostgreSQL type of its own. Nullability is not part of it: a column is nullable
/// exactly when its field is an `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no PostgreSQL type",
    label = "unmapped type",
    note = "write the SQL type at the field: `#[field(type = \"...\")]`",
    note = "or derive it: `#[derive(djogi_core::PgEnum)]` for an enum, `#[derive(djogi_core::PgType)]` for a newtype, \
            `#[derive(djogi_core::PgComposite)]` for a struct",
    note = "or store it as jsonb: `djogi_core::Json<{Self}>`",
    note = "types of other crates need a feature of djogi-core: chrono, heeranjid, jiff, postgres-types, rust_decimal, time, uuid"
)]
pub trait PgType {
    const TYPE: &'static TypeDescriptor;
}

/// A Rust enum that is a PostgreSQL enum type. Derive it.
///
/// A variant can be the default of a field:
///
/// ```
/// # use djogi_core::{Model, PgEnum};
/// #[derive(PgEnum)]
/// enum Mood {
///     Happy,
/// }
///
/// #[derive(Model)]
/// struct Person {
///     #[field(default = Mood::Happy)]
///     mood: Mood,
/// }
/// ```
///
/// The compiler knows which ones there are:
///
/// ```compile_fail
/// # use djogi_core::{Model, PgEnum};
/// #[derive(PgEnum)]
/// enum Mood {
///     Happy,
/// }
///
/// #[derive(Model)]
/// struct Person {
///     #[field(default = Mood::Sad)]
///     mood: Mood,
/// }
/// ```
pub trait PgEnum: PgType {
    const ENUM: &'static EnumDescriptor;
}

// Which of many types the compiler would name to somebody whose own is missing is chance; the notes above say what to do.
macro_rules! builtin {
    ($($rust:ty => $sql:literal),* $(,)?) => {
        $(#[diagnostic::do_not_recommend]
        impl PgType for $rust {
            const TYPE: &'static TypeDescriptor = &TypeDescriptor::Builtin($sql);
        })*
    };
}

builtin! {
    bool => "boolean",
    i8 => "\"char\"",
    i16 => "smallint",
    i32 => "integer",
    i64 => "bigint",
    u32 => "oid",
    f32 => "real",
    f64 => "double precision",
    String => "text",
    &str => "text",
    Box<str> => "text",
    Cow<'_, str> => "text",
    Vec<u8> => "bytea",
    &[u8] => "bytea",
    IpAddr => "inet",
    SystemTime => "timestamp with time zone",
    serde_json::Value => "jsonb",
}

/// A key that heeranjid generates.
#[diagnostic::on_unimplemented(
    message = "heeranjid generates no `{Self}`",
    note = "`default = heeranjid` is for `heeranjid::HeerId`, `HeerIdDesc`, `RanjId` and `RanjIdDesc`, with the feature \
            `heeranjid` of djogi-core",
    note = "for another type declare `djogi_core::extension!(heeranjid)` and write \
            `default = sql(\"heeranjid.heerid_next()\")`"
)]
pub trait HeeranjidKey: PgType {
    /// The call that gives the next one.
    const NEXT: &'static str;
}

#[cfg(feature = "heeranjid")]
macro_rules! heeranjid_keys {
    ($($rust:ty => $sql:literal by $next:literal),* $(,)?) => {
        builtin! { $($rust => $sql),* }
        $(impl HeeranjidKey for $rust {
            const NEXT: &'static str = $next;
        })*
    };
}

#[cfg(feature = "heeranjid")]
heeranjid_keys! {
    heeranjid::HeerId => "bigint" by "heeranjid.heerid_next()",
    heeranjid::HeerIdDesc => "bigint" by "heeranjid.heerid_next_desc()",
    heeranjid::RanjId => "uuid" by "heeranjid.ranjid_next()",
    heeranjid::RanjIdDesc => "uuid" by "heeranjid.ranjid_next_desc()",
}

/// A type whose ranges are a type of PostgreSQL itself (manual section 8.17.1).
#[diagnostic::on_unimplemented(
    message = "PostgreSQL has no range type of `{Self}`",
    note = "declare one: `#[derive(djogi_core::PgRange)] struct Span(std::ops::Range<{Self}>);`",
    note = "or write the type at the field: `#[field(type = \"...\")]`"
)]
pub trait RangeSubtype: PgType {
    const RANGE: &'static TypeDescriptor;
}

/// A range of Rust, with the type of its bounds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no range",
    note = "wrap `std::ops::Range<T>`, `RangeInclusive<T>` or `(Bound<T>, Bound<T>)`, or write the subtype: \
            `#[pg_range(subtype = \"...\")]`"
)]
pub trait PgBounds {
    const BOUND: &'static TypeDescriptor;
}

macro_rules! bounds {
    ($($range:ty),* $(,)?) => {
        $(
            impl<T: PgType> PgBounds for $range {
                const BOUND: &'static TypeDescriptor = T::TYPE;
            }

            impl<T: RangeSubtype> PgType for $range {
                const TYPE: &'static TypeDescriptor = T::RANGE;
            }
        )*
    };
}

bounds!(Range<T>, RangeInclusive<T>, (Bound<T>, Bound<T>));

macro_rules! ranges {
    ($($rust:ty => $sql:literal),* $(,)?) => {
        $(impl RangeSubtype for $rust {
            const RANGE: &'static TypeDescriptor = &TypeDescriptor::Builtin($sql);
        })*
    };
}

ranges! {
    i32 => "int4range",
    i64 => "int8range",
    SystemTime => "tstzrange",
}

#[cfg(feature = "rust_decimal")]
ranges! { rust_decimal::Decimal => "numrange" }

#[cfg(feature = "chrono")]
ranges! {
    chrono::NaiveDate => "daterange",
    chrono::NaiveDateTime => "tsrange",
}

#[cfg(feature = "chrono")]
impl<Tz: chrono::TimeZone> RangeSubtype for chrono::DateTime<Tz> {
    const RANGE: &'static TypeDescriptor = &TypeDescriptor::Builtin("tstzrange");
}

#[cfg(feature = "time")]
ranges! {
    time::Date => "daterange",
    time::PrimitiveDateTime => "tsrange",
    time::OffsetDateTime => "tstzrange",
}

#[cfg(feature = "jiff")]
ranges! {
    jiff::civil::Date => "daterange",
    jiff::civil::DateTime => "tsrange",
    jiff::Timestamp => "tstzrange",
}

#[cfg(feature = "uuid")]
builtin! { uuid::Uuid => "uuid" }

#[cfg(feature = "rust_decimal")]
builtin! { rust_decimal::Decimal => "numeric" }

#[cfg(feature = "chrono")]
builtin! {
    chrono::NaiveDate => "date",
    chrono::NaiveTime => "time without time zone",
    chrono::NaiveDateTime => "timestamp without time zone",
}

#[cfg(feature = "chrono")]
#[diagnostic::do_not_recommend]
impl<Tz: chrono::TimeZone> PgType for chrono::DateTime<Tz> {
    const TYPE: &'static TypeDescriptor = &TypeDescriptor::Builtin("timestamp with time zone");
}

#[cfg(feature = "time")]
builtin! {
    time::Date => "date",
    time::Time => "time without time zone",
    time::PrimitiveDateTime => "timestamp without time zone",
    time::OffsetDateTime => "timestamp with time zone",
}

#[cfg(feature = "jiff")]
builtin! {
    jiff::civil::Date => "date",
    jiff::civil::Time => "time without time zone",
    jiff::civil::DateTime => "timestamp without time zone",
    jiff::Timestamp => "timestamp with time zone",
}

#[cfg(feature = "postgres-types")]
#[diagnostic::do_not_recommend]
impl<T> PgType for postgres_types::Json<T> {
    const TYPE: &'static TypeDescriptor = &TypeDescriptor::Builtin("jsonb");
}

#[diagnostic::do_not_recommend]
impl<T> PgType for Json<T> {
    const TYPE: &'static TypeDescriptor = &TypeDescriptor::Builtin("jsonb");
}

impl<T: PgType> PgType for Option<T> {
    const TYPE: &'static TypeDescriptor = T::TYPE;
}

impl<T: PgType> PgType for Box<T> {
    const TYPE: &'static TypeDescriptor = T::TYPE;
}

impl<T: PgType> PgType for Vec<T> {
    const TYPE: &'static TypeDescriptor = &TypeDescriptor::Array(T::TYPE);
}

impl<T: PgType, const N: usize> PgType for [T; N] {
    const TYPE: &'static TypeDescriptor = &TypeDescriptor::Array(T::TYPE);
}

/// Answers whether a field type is an `Option`, also behind an alias and for types that map to
/// nothing: the inherent constant of `Option` wins over the trait's.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nullability<T>(PhantomData<T>);

impl<T> Nullability<Option<T>> {
    pub const NULLABLE: bool = true;
}

#[doc(hidden)]
pub trait NotNull {
    const NULLABLE: bool = false;
}

impl<T> NotNull for Nullability<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql<T: PgType>() -> String {
        fn name(ty: &TypeDescriptor) -> String {
            match ty {
                TypeDescriptor::Builtin(sql) => (*sql).to_owned(),
                TypeDescriptor::Enum(descriptor) => descriptor.name.to_owned(),
                TypeDescriptor::Domain(descriptor) => descriptor.head.name.to_owned(),
                TypeDescriptor::Composite(descriptor) => descriptor.head.name.to_owned(),
                TypeDescriptor::Range(descriptor) => descriptor.head.name.to_owned(),
                TypeDescriptor::Array(element) => format!("{}[]", name(element)),
            }
        }
        name(T::TYPE)
    }

    #[test]
    fn containers_map_to_arrays_and_bytes_to_bytea() {
        assert_eq!(sql::<Vec<u8>>(), "bytea");
        assert_eq!(sql::<Vec<Vec<u8>>>(), "bytea[]");
        assert_eq!(sql::<Option<Vec<Option<String>>>>(), "text[]");
        assert_eq!(sql::<[i32; 3]>(), "integer[]");
        assert_eq!(sql::<Json<Vec<u8>>>(), "jsonb");
    }

    #[test]
    fn ranges_map_to_the_ranges_of_their_bounds() {
        assert_eq!(sql::<Range<i32>>(), "int4range");
        assert_eq!(sql::<Option<(Bound<SystemTime>, Bound<SystemTime>)>>(), "tstzrange");
        assert_eq!(sql::<Vec<RangeInclusive<i64>>>(), "int8range[]");
    }

    #[test]
    fn only_an_option_is_nullable_whatever_it_is_called() {
        type Maybe = Option<Unmapped>;
        struct Unmapped;
        const { assert!(Nullability::<Maybe>::NULLABLE) };
        const { assert!(!Nullability::<Unmapped>::NULLABLE) };
        const { assert!(!Nullability::<Vec<Option<i32>>>::NULLABLE) };
    }
}
