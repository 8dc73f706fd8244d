//! Who buys.

use chrono::NaiveDate;
use djogi_core::{Model, PgDomain};
use uuid::Uuid;

use super::DateTime;
use super::catalog::Product;

/// Where mail goes.
#[derive(Clone, Debug, PartialEq, Eq, PgDomain)]
#[pg_domain(check(name = "email_has_at", sql = "VALUE LIKE '%_@_%'"), comment = "Where mail goes")]
pub struct Email(pub String);

/// Somebody with an account.
#[derive(Debug, Model)]
#[model(table = "customers", comment = "Accounts of the storefront")]
#[model(index(expr = "lower(email)", unique, name = "customers_email_unique"))]
pub struct Customer {
    #[field(pk, default = identity)]
    pub id: i64,
    pub email: Email,
    pub full_name: String,
    pub born_on: Option<NaiveDate>,
    #[field(type = "char(2)", default = "de")]
    pub language: String,
    #[field(default = false)]
    pub newsletter: bool,
    #[field(type = "inet", comment = "Where the last login came from")]
    pub last_login_from: Option<std::net::IpAddr>,
    #[field(default = current_timestamp)]
    pub created_at: DateTime,
}

/// A place to send parcels to.
#[derive(Debug, Model)]
#[model(table = "addresses")]
#[model(index(columns(customer_id), unique, where = "is_default", name = "addresses_one_default"))]
pub struct Address {
    #[field(pk, identity(by_default, start = 1000))]
    pub id: i64,
    #[field(references = Customer, on_delete = cascade, index)]
    pub customer_id: i64,
    #[field(comment = "Street and number, one line each")]
    pub lines: Vec<String>,
    #[field(type = "varchar(12)")]
    pub postal_code: String,
    pub city: String,
    #[field(type = "char(2)", default = "DE")]
    pub country: String,
    #[field(default = false)]
    pub is_default: bool,
}

/// What a customer thinks of a product.
#[derive(Debug, Model)]
#[model(table = "reviews", unique(columns(product_id, customer_id), name = "reviews_one_per_customer"))]
#[model(index(columns(product_id, written_at desc)))]
pub struct Review {
    #[field(pk, default = identity)]
    pub id: i64,
    #[field(references = Product, on_delete = cascade)]
    pub product_id: Uuid,
    #[field(references = Customer, on_delete = set_null)]
    pub customer_id: Option<i64>,
    #[field(check = "stars BETWEEN 1 AND 5")]
    pub stars: i16,
    pub body: Option<String>,
    #[field(default = now())]
    pub written_at: DateTime,
}
