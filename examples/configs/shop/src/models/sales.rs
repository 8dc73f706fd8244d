//! What was bought.

use djogi_core::{Model, PgEnum};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::DateTime;
use super::catalog::Product;
use super::customers::{Address, Customer};

djogi_core::schema!(sales, comment = "Orders and what becomes of them");

// Invoice numbers are drawn when the invoice is written, which may be long after the order.
djogi_core::sequence!(
    schema = "sales",
    name = "invoice_number",
    start = 100_000,
    min = 100_000,
    comment = "The next invoice"
);

/// The way of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PgEnum)]
#[pg_enum(schema = "sales")]
pub enum OrderStatus {
    Pending,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

/// How an order was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PgEnum)]
#[pg_enum(schema = "sales", rename_all = "kebab-case")]
pub enum PaymentMethod {
    Card,
    BankTransfer,
    Invoice,
}

/// An order.
#[derive(Debug, Model)]
#[model(schema = "sales", table = "orders", comment = "Customer orders")]
// Most updates change the status alone, and find room on the page of the row.
#[model(storage(fillfactor = 85))]
#[model(index(columns(customer_id, placed_at desc), include(total)))]
#[model(index(columns(placed_at), where = "status = 'pending'", name = "orders_pending"))]
#[model(check(name = "orders_total_positive", sql = "total >= 0"))]
#[model(check(name = "orders_paid_after_placed", sql = "paid_at >= placed_at"))]
pub struct Order {
    #[field(pk, default = identity)]
    pub id: i64,
    #[field(unique, default = sql("'O-' || to_char(now(), 'YYYYMMDD-HH24MISS-US')"))]
    pub number: String,
    #[field(references = Customer, on_delete = restrict)]
    pub customer_id: i64,
    #[field(references = Address.id, on_delete = restrict, on_update = cascade)]
    pub shipping_address_id: i64,
    #[field(default = OrderStatus::Pending)]
    pub status: OrderStatus,
    #[field(type = "numeric(12,2)", default = 0)]
    pub total: Decimal,
    #[field(type = "char(3)", default = "EUR")]
    pub currency: String,
    #[field(default = now())]
    pub placed_at: DateTime,
    pub paid_at: Option<DateTime>,
    #[field(comment = "What the customer wrote at the till")]
    pub remark: Option<String>,
}

/// One product of an order.
#[derive(Debug, Model)]
#[model(schema = "sales", table = "order_lines", pk(columns(order_id, line)))]
pub struct OrderLine {
    #[field(references = Order, on_delete = cascade)]
    pub order_id: i64,
    pub line: i16,
    #[field(references = Product, on_delete = restrict, index)]
    pub product_id: Uuid,
    #[field(default = 1, check = "quantity > 0")]
    pub quantity: i32,
    #[field(type = "numeric(12,2)")]
    pub unit_price: Decimal,
    #[field(type = "numeric(14,2)", generated = "unit_price * quantity", stored)]
    pub amount: Option<Decimal>,
}

/// The bill for an order.
#[derive(Debug, Model)]
#[model(schema = "sales", table = "invoices", comment = "Bills, numbered without regard to orders")]
#[model(check(
    name = "invoices_due_after_issue",
    sql = "due_on >= issued_on",
    comment = "Nobody owes money before being told"
))]
pub struct Invoice {
    #[field(pk, default = nextval("sales.invoice_number"))]
    pub number: i64,
    #[field(references = Order, on_delete = restrict)]
    #[field(index(with(fillfactor = 90), comment = "All bills of an order"))]
    pub order_id: i64,
    #[field(default = current_date)]
    pub issued_on: chrono::NaiveDate,
    pub due_on: chrono::NaiveDate,
    #[field(type = "numeric(12,2)")]
    pub amount: Decimal,
}

/// A return of a part of an order line.
#[derive(Debug, Model)]
#[model(schema = "sales", table = "returns")]
#[model(foreign_key(
    columns(order_id, line),
    references = OrderLine,
    on_delete = cascade,
    deferrable,
    initially_deferred
))]
#[model(index(columns(order_id, line)))]
pub struct Return {
    #[field(pk, default = gen_random_uuid())]
    pub id: Uuid,
    pub order_id: i64,
    pub line: i16,
    #[field(check = "quantity > 0")]
    pub quantity: i32,
    #[field(default = "unspecified")]
    pub reason: String,
    #[field(default = current_date)]
    pub announced_on: chrono::NaiveDate,
}

/// Money that came in for an order.
#[derive(Debug, Model)]
#[model(schema = "sales", table = "payments", comment = "Money that came in")]
#[model(unique(columns(method, reference), deferrable))]
pub struct Payment {
    #[field(pk, default = identity)]
    pub id: i64,
    #[field(references = Order, on_delete = restrict, index)]
    pub order_id: i64,
    pub method: PaymentMethod,
    #[field(comment = "The number that the payment provider gave")]
    pub reference: Option<String>,
    #[field(type = "numeric(12,2)", check(name = "payments_amount_positive", sql = "amount > 0"))]
    pub amount: Decimal,
    #[field(default = "[]", comment = "Callbacks of the provider, as they came")]
    pub events: djogi_core::Json<Vec<serde_json::Value>>,
    #[field(default = now())]
    pub received_at: DateTime,
}

/// What a day has brought.
#[derive(Debug, Model)]
#[model(
    schema = "sales",
    table = "daily_turnover",
    view = "SELECT placed_at::date AS day, currency, count(*) AS orders, sum(total) AS total \
            FROM orders WHERE status <> 'cancelled' GROUP BY 1, 2",
    comment = "What each day has brought"
)]
pub struct DailyTurnover {
    pub day: chrono::NaiveDate,
    pub currency: String,
    pub orders: i64,
    #[field(comment = "What was ordered, paid or not")]
    pub total: Decimal,
}
