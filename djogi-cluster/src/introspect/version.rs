//! The one place that knows how the system catalogs differ between majors.

use djogi_core::observation::ServerVersion;

/// An SQL expression for `pg_constraint.conenforced`, which PostgreSQL 18 brought.
pub(super) fn constraint_is_enforced(version: ServerVersion) -> &'static str {
    if version.major() >= 18 { "con.conenforced" } else { "true" }
}
