//! The one place that knows how the system catalogs differ between majors.

use djogi_core::observation::ServerVersion;

/// An SQL expression for `pg_constraint.conenforced`, which PostgreSQL 18 brought.
pub(super) fn constraint_is_enforced(version: ServerVersion) -> &'static str {
    if version.major() >= 18 { "con.conenforced" } else { "true" }
}

/// An SQL expression for `pg_constraint.conperiod`, which PostgreSQL 18 brought.
pub(super) fn constraint_has_period(version: ServerVersion) -> &'static str {
    if version.major() >= 18 { "con.conperiod" } else { "false" }
}

/// An SQL expression for what PostgreSQL 17 called `pg_collation.colllocale`.
pub(super) fn collation_locale(version: ServerVersion) -> &'static str {
    if version.major() >= 17 { "c.colllocale" } else { "c.colliculocale" }
}

/// An SQL expression for `pg_collation.collicurules`, which PostgreSQL 16 brought.
pub(super) fn collation_rules(version: ServerVersion) -> &'static str {
    if version.major() >= 16 { "c.collicurules" } else { "NULL::pg_catalog.text" }
}
