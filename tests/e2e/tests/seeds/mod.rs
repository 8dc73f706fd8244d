//! Seeds: rows that files declare, converged by their key.

mod drift;
mod order;
mod queries;
mod rows;
mod wrong;

use e2e::{Project, Server};

const TABLE: &str = "CREATE TABLE currencies (code char(3) PRIMARY KEY, name text NOT NULL, digits integer);";
const FILE: &str = "seeds/currencies.csv";
const ROWS: &str = "code,name,digits\nEUR,Euro,2\nJPY,Yen,0\nXAU,\"Gold, troy ounce\",\n";
const SEED: &str =
    "[seed.currencies]\ntable = \"public.currencies\"\nkey = [\"code\"]\nfile = \"seeds/currencies.csv\"";

/// A project with one table and the rows for it, applied.
fn applied(server: &'static Server) -> Project {
    let project = declared(server);
    project.apply();
    project.is_converged();
    project
}

/// The same, not applied.
fn declared(server: &'static Server) -> Project {
    let mut project = Project::declaring(server, TABLE);
    project.configure_more(SEED);
    project.write(FILE, ROWS);
    project
}

fn currencies(project: &Project) -> Vec<Vec<String>> {
    project.database().rows("SELECT code, name, coalesce(digits::text, '-') FROM currencies ORDER BY code")
}
