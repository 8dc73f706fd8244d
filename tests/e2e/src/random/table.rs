//! Tables with columns, constraints and indexes.
//!
//! A column has a name that says which types it may have: PostgreSQL knows a way from each of them to each other.

use proptest::prelude::*;

use super::State;

pub(super) const TABLES: [&str; 4] = ["public.orders", "app.\"Order Items\"", "public.places", "app.log"];

/// The last one may be unlogged, so that no other refers to it.
const UNLOGGED: usize = 3;

struct Family {
    name: &'static str,
    types: &'static [&'static str],
    defaults: &'static [&'static str],
}

const fn family(
    name: &'static str,
    types: &'static [&'static str],
    defaults: &'static [&'static str],
) -> Family {
    Family { name, types, defaults }
}

const COLUMNS: [Family; 9] = [
    family("id", &["integer", "bigint", "smallint"], &["0", "7"]),
    family(
        "amount",
        &["numeric", "numeric(12,2)", "bigint", "integer", "double precision"],
        &["0", "(1 + 2)"],
    ),
    family("note", &["text", "varchar(20)", "varchar(80)"], &["''", "'it''s'", "upper('x')"]),
    family(
        "\"Made At\"",
        &["timestamp with time zone", "timestamp", "date"],
        &["now()", "CURRENT_TIMESTAMP", "'2024-01-01'"],
    ),
    family("flag", &["boolean"], &["true", "false"]),
    family("data", &["jsonb", "json"], &["'{}'", "'[1]'"]),
    family("tags", &["text[]", "varchar(10)[]"], &["'{}'", "ARRAY['x']"]),
    family("state", &["app.state"], &["'a'"]),
    family("code", &["public.code"], &["'c'"]),
];

const ID: usize = 0;
const AMOUNT: usize = 1;
const NOTE: usize = 2;
const STATE: usize = 7;
const CODE: usize = 8;

/// `json` has no order, and arrays need no thought.
const ORDERED: [usize; 7] = [ID, AMOUNT, NOTE, 3, 4, STATE, CODE];

#[derive(Clone, Debug)]
struct Column {
    data_type: u8,
    not_null: bool,
    default: Option<u8>,
    comment: Option<u8>,
    property: u8,
}

#[derive(Clone, Debug)]
struct Index {
    first: u8,
    second: u8,
    form: u8,
    unique: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: Vec<Option<Column>>,
    identity: u8,
    /// `twice`, computed from `amount`.
    generated: Option<u8>,
    primary_key: bool,
    unique: Option<u8>,
    check: Option<u8>,
    reference: Option<(u8, u8)>,
    indexes: Vec<Index>,
    properties: u8,
    comment: Option<u8>,
}

impl Table {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let column = (any::<u8>(), any::<bool>(), any::<Option<u8>>(), any::<Option<u8>>(), any::<u8>())
            .prop_map(|(data_type, not_null, default, comment, property)| Column {
                data_type,
                not_null,
                default,
                comment,
                property,
            });
        let index = (any::<u8>(), any::<u8>(), any::<u8>(), any::<bool>())
            .prop_map(|(first, second, form, unique)| Index { first, second, form, unique });
        (
            prop::collection::vec(prop::option::weighted(0.6, column), COLUMNS.len()),
            any::<u8>(),
            any::<Option<u8>>(),
            any::<bool>(),
            any::<Option<u8>>(),
            any::<Option<u8>>(),
            any::<Option<(u8, u8)>>(),
            prop::collection::vec(index, 0..3),
            any::<u8>(),
            any::<Option<u8>>(),
        )
            .prop_map(
                |(
                    columns,
                    identity,
                    generated,
                    primary_key,
                    unique,
                    check,
                    reference,
                    indexes,
                    properties,
                    comment,
                )| {
                    Self {
                        columns,
                        identity,
                        generated,
                        primary_key,
                        unique,
                        check,
                        reference,
                        indexes,
                        properties,
                        comment,
                    }
                },
            )
    }

    fn has(&self, at: usize, state: &State) -> bool {
        self.columns[at].is_some()
            && (at != STATE || state.types.labels.is_some())
            && (at != CODE || state.types.has_domain())
    }

    fn type_of(&self, at: usize) -> &'static str {
        let types = COLUMNS[at].types;
        self.columns[at]
            .as_ref()
            .map_or(types[0], |column| types[usize::from(column.data_type) % types.len()])
    }

    /// The names of its columns.
    pub(super) fn names(&self, state: &State) -> Vec<&'static str> {
        (0..COLUMNS.len()).filter(|&at| self.has(at, state)).map(|at| COLUMNS[at].name).collect()
    }

    /// The names of those columns whose values have an order.
    pub(super) fn ordered(&self, state: &State) -> Vec<&'static str> {
        ORDERED.into_iter().filter(|&at| self.has(at, state)).map(|at| COLUMNS[at].name).collect()
    }

    pub(super) fn has_id(&self, state: &State) -> bool {
        self.has(ID, state)
    }

    pub(super) fn has_note(&self, state: &State) -> bool {
        self.has(NOTE, state)
    }

    pub(super) fn write(&self, at: usize, state: &State, out: &mut Vec<String>) {
        let name = TABLES[at];
        let bare = ["orders", "items", "places", "log"][at];
        let mut parts: Vec<String> = (0..COLUMNS.len())
            .filter(|&column| self.has(column, state))
            .filter_map(|column| Some(self.column_sql(column, self.columns[column].as_ref()?)))
            .collect();
        let amount_is_there = self.has(AMOUNT, state);
        if let (Some(form), true) = (self.generated, amount_is_there) {
            let expression = ["amount * 2", "amount + 1"][usize::from(form) % 2];
            parts.push(format!("twice numeric GENERATED ALWAYS AS ({expression}) STORED"));
        }
        if self.primary_key && self.has(ID, state) {
            parts.push(format!("CONSTRAINT {bare}_pkey PRIMARY KEY (id)"));
        }
        if let (Some(form), true) = (self.unique, self.has(NOTE, state)) {
            let form = ["", " NULLS NOT DISTINCT"][usize::from(form) % 2];
            parts.push(format!("CONSTRAINT {bare}_note_key UNIQUE{form} (note)"));
        }
        if let (Some(least), true) = (self.check, amount_is_there) {
            parts.push(format!("CONSTRAINT {bare}_amount_check CHECK (amount >= {})", least % 3));
        }
        let unlogged = if at == UNLOGGED && self.properties & 1 == 1 { "UNLOGGED " } else { "" };
        let with = if self.properties & 6 == 6 { " WITH (fillfactor = 80)" } else { "" };
        out.push(format!("CREATE {unlogged}TABLE {name} (\n    {}\n){with}", parts.join(",\n    ")));
        if self.properties & 8 == 8 {
            out.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
        }
        if self.properties & 48 == 48 {
            out.push(format!("ALTER TABLE {name} REPLICA IDENTITY FULL"));
        }
        if let Some(text) = self.comment {
            out.push(format!("COMMENT ON TABLE {name} IS 'the {}th'", text % 3));
        }
        self.write_columns(name, state, out);
        self.write_reference(name, bare, state, out);
        for (number, index) in self.indexes.iter().enumerate() {
            self.write_index(index, &format!("{bare}_i{number}"), name, state, out);
        }
    }

    fn column_sql(&self, at: usize, column: &Column) -> String {
        let Family { name, defaults, .. } = &COLUMNS[at];
        let mut sql = format!("{name} {}", self.type_of(at));
        let identity = at == ID && !self.identity.is_multiple_of(3);
        if identity {
            let mode = ["ALWAYS", "BY DEFAULT"][usize::from(self.identity) % 2];
            let options = if self.identity & 8 == 8 { " (START WITH 5 INCREMENT BY 3)" } else { "" };
            sql += &format!(" GENERATED {mode} AS IDENTITY{options}");
        } else if let Some(default) = column.default {
            sql += &format!(" DEFAULT {}", defaults[usize::from(default) % defaults.len()]);
        }
        if column.not_null || identity {
            sql += " NOT NULL";
        }
        sql
    }

    fn write_columns(&self, name: &str, state: &State, out: &mut Vec<String>) {
        for at in (0..COLUMNS.len()).filter(|&at| self.has(at, state)) {
            let Some(column) = &self.columns[at] else { continue };
            let column_name = COLUMNS[at].name;
            if let Some(text) = column.comment {
                out.push(format!("COMMENT ON COLUMN {name}.{column_name} IS 'number {}'", text % 3));
            }
            let action = match column.property % 8 {
                0 => "SET STATISTICS 50",
                1 => "SET (n_distinct = 10)",
                2 if at == NOTE => "SET STORAGE EXTERNAL",
                3 if at == NOTE => "SET COMPRESSION pglz",
                _ => continue,
            };
            out.push(format!("ALTER TABLE {name} ALTER COLUMN {column_name} {action}"));
        }
    }

    fn write_reference(&self, name: &str, bare: &str, state: &State, out: &mut Vec<String>) {
        let Some((to, form)) = self.reference else { return };
        let to = to % u8::try_from(UNLOGGED).unwrap_or(1);
        let Some((other, there)) = state.table(to) else { return };
        if !there.primary_key || !there.has(ID, state) || !self.has(ID, state) {
            return;
        }
        let action =
            ["", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE"][usize::from(form) % 4];
        let when =
            ["", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED", " NOT VALID"][usize::from(form / 4) % 4];
        out.push(format!(
            "ALTER TABLE {name} ADD CONSTRAINT {bare}_id_fkey FOREIGN KEY (id) REFERENCES {other} (id){action}{when}"
        ));
    }

    fn write_index(&self, index: &Index, name: &str, table: &str, state: &State, out: &mut Vec<String>) {
        let usable: Vec<usize> = ORDERED.into_iter().filter(|&column| self.has(column, state)).collect();
        let Some(&first) = usable.get(usize::from(index.first) % usable.len().max(1)) else { return };
        let second = usable[usize::from(index.second) % usable.len()];
        let (first, second) = (COLUMNS[first].name, COLUMNS[second].name);
        let has_note = self.has(NOTE, state);
        let (method, keys, rest) = match index.form % 8 {
            0 => ("", format!("{first} DESC NULLS LAST"), String::new()),
            1 if first != second => ("", format!("{first}, {second}"), String::new()),
            2 if first != second => ("", first.to_owned(), format!(" INCLUDE ({second})")),
            3 if has_note => ("", "lower(note)".to_owned(), String::new()),
            4 if has_note => ("", "note text_pattern_ops".to_owned(), " WHERE note <> ''".to_owned()),
            5 if self.has(ID, state) => ("", first.to_owned(), " WHERE id > 0".to_owned()),
            6 if !index.unique => (" USING hash", first.to_owned(), String::new()),
            _ => ("", first.to_owned(), " WITH (fillfactor = 70)".to_owned()),
        };
        let unique = if index.unique { "UNIQUE " } else { "" };
        out.push(format!("CREATE {unique}INDEX {name} ON {table}{method} ({keys}){rest}"));
    }
}
