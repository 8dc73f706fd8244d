//! What the shop sells.

use std::ops::Range;

use djogi_core::{Model, PgComposite, PgEnum};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::DateTime;

/// Whether a product can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PgEnum)]
#[pg_enum(comment = "Whether a product can be bought")]
pub enum Availability {
    Draft,
    InStock,
    #[label = "backorder"]
    OnBackorder,
    Discontinued,
}

/// What a parcel must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PgComposite)]
#[pg_composite(comment = "What a parcel must hold")]
pub struct Measures {
    #[field(comment = "In millimetres, as width, height and depth")]
    pub width: i32,
    pub height: i32,
    pub depth: i32,
    #[field(comment = "In grams")]
    pub weight: i32,
}

/// A node of the category tree.
#[derive(Debug, Model)]
#[model(table = "categories", comment = "The category tree of the storefront")]
#[model(unique(columns(parent_id, slug), nulls_not_distinct))]
#[model(check(name = "categories_not_own_parent", sql = "parent_id <> id"))]
pub struct Category {
    #[field(pk, default = identity)]
    pub id: i64,
    #[field(references = Category, on_delete = restrict, index)]
    pub parent_id: Option<i64>,
    #[field(type = "varchar(80)", check = "slug ~ '^[a-z0-9-]+$'")]
    pub slug: String,
    pub title: String,
    #[field(default = 0, comment = "Smaller numbers come first")]
    pub position: i32,
}

/// A thing to buy.
#[derive(Debug, Model)]
#[model(table = "products", comment = "Everything the shop sells or has sold")]
#[model(index(columns(category_id, availability, price desc), include(title)))]
#[model(index(expr = "lower(title)", opclass = "text_pattern_ops", name = "products_title_prefix"))]
#[model(index(columns(attributes opclass("jsonb_path_ops")), method = gin))]
#[model(index(columns(released_at desc nulls last), where = "availability <> 'discontinued'"))]
// The nightly import writes every product, and most have not changed.
#[model(trigger(
    name = "products_unchanged",
    before(update),
    for_each = row,
    execute = "suppress_redundant_updates_trigger()"
))]
pub struct Product {
    #[field(pk, default = gen_random_uuid())]
    pub id: Uuid,
    #[field(references = Category, on_delete = restrict)]
    pub category_id: i64,
    #[field(type = "char(13)", unique, check(name = "products_ean_digits", sql = "ean ~ '^[0-9]{13}$'"))]
    pub ean: Option<String>,
    #[field(collate = "C")]
    pub sku: String,
    pub title: String,
    #[field(default = "")]
    pub description: String,
    #[field(type = "numeric(12,2)", check = "price >= 0")]
    pub price: Decimal,
    #[field(type = "numeric(4,3)", default = 0.19)]
    pub tax_rate: Decimal,
    #[field(type = "numeric(12,2)", generated = "round(price * (1 + tax_rate), 2)", stored)]
    pub gross_price: Option<Decimal>,
    #[field(default = Availability::Draft)]
    pub availability: Availability,
    #[field(default = "{}", index(method = gin), comment = "Free words for filters")]
    pub tags: Vec<String>,
    #[field(default = "{}", comment = "Colour, size, material and the like")]
    pub attributes: serde_json::Value,
    pub measures: Option<Measures>,
    pub released_at: Option<DateTime>,
    #[field(default = now())]
    pub created_at: DateTime,
}

/// A price cut for everything, one at a time.
#[derive(Debug, Model)]
#[model(table = "promotions", comment = "Price cuts for the whole shop; two never overlap")]
#[model(exclude(elements(period with "&&"), where = "active"))]
pub struct Promotion {
    #[field(pk, identity(always))]
    pub id: i32,
    pub name: String,
    #[field(comment = "From the first to before the last moment")]
    pub period: Range<DateTime>,
    #[field(check(name = "promotions_percent_range", sql = "percent BETWEEN 1 AND 90"))]
    pub percent: i16,
    #[field(default = true)]
    pub active: bool,
}
