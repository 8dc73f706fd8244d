//! From the text of a file to rows that fit the table that is declared for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    DeclaredSeed, Field, QueryRows, Row, SeedError, SeedFormat, SeedRows, Table, csv, digest_of, json,
};
use crate::address::Address;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{self, Column, Constraint, ConstraintDefinition, Deferrable, IdentityMode, Resource};

impl DeclaredSeed {
    /// What the file holds, or what its query has come to.
    fn table(&self, computed: Option<&QueryRows>) -> Result<Table, SeedError> {
        match (&self.format, computed) {
            (SeedFormat::Csv { null }, _) => csv::read(&self.text, null),
            (SeedFormat::Json, _) => json::read(&self.text),
            (SeedFormat::Sql, Some(QueryRows { columns, rows, line })) => {
                let field = |value: &Option<String>| value.clone().map_or(Field::Null, Field::Text);
                let rows = rows.iter().map(|row| (*line, row.iter().map(field).collect()));
                Ok(Table { line: *line, columns: columns.clone(), rows: rows.collect() })
            }
            (SeedFormat::Sql, None) => Err(SeedError::configured("its query was not run")),
        }
    }

    /// Every text that could be a value of a secret column, with the name of the column; none where the file cannot be
    /// read.
    pub fn secret_values(&self) -> Vec<(String, String)> {
        if self.secret.is_empty() {
            return Vec::new();
        }
        let Ok(Table { columns, rows, .. }) = self.table(None) else { return Vec::new() };
        let is_secret = |column: &String| self.secret.iter().any(|secret| secret.as_str() == column);
        let mut values = Vec::new();
        for (_, fields) in rows {
            for (column, field) in columns.iter().zip(fields).filter(|(column, _)| is_secret(column)) {
                for data_type in ["text", "jsonb", "text[]"] {
                    values.extend(value(field.clone(), data_type).map(|value| (column.clone(), value)));
                }
            }
        }
        values
    }

    /// Reads the rows, and looks whether the table can hold them. `computed` are those of a query.
    ///
    /// # Errors
    /// The first mistake of the file; a table, column or key that is not declared.
    pub fn read(
        &self,
        target: &Ident,
        desired: &Desired,
        computed: Option<&QueryRows>,
    ) -> Result<SeedRows, SeedError> {
        let Self { name, table, key, secret, file, .. } = self;
        let found = self.table(computed)?;
        let declared = match desired.get(&Address::table(target, table)).map(|declared| &*declared.resource) {
            Some(Resource::Table(table)) => table,
            _ => return Err(SeedError::configured(format!("table `{table}` is not declared"))),
        };
        let mut key = key.clone();
        key.sort();
        let order = columns(&found, declared, &key)?;
        check_secrets(self, declared)?;
        if let (SeedFormat::Sql, Some((column, _))) =
            (&self.format, order.iter().find(|(column, _)| secret.contains(&column.name)))
        {
            let message = format!(
                "`{}` is sensitive, and what a query computes is not kept secret: write its rows as CSV or JSON",
                column.name
            );
            return Err(SeedError::configured(message));
        }
        check_key(table, &key, desired)?;
        let columns: Vec<Ident> = order.iter().map(|(column, _)| column.name.clone()).collect();
        let enums: Vec<Option<&[String]>> =
            order.iter().map(|(column, _)| labels(target, column, desired)).collect();
        let mut rows = Vec::with_capacity(found.rows.len());
        for (line, mut fields) in found.rows {
            let mut values = Vec::with_capacity(order.len());
            for ((column, at), labels) in order.iter().zip(&enums) {
                let value = value(std::mem::replace(&mut fields[*at], Field::Null), &column.data_type);
                if value.as_ref().is_some_and(|value| value.contains('\0')) {
                    let message = format!("`{}`: PostgreSQL has no text with a zero byte in it", column.name);
                    return Err(SeedError::new(line, message));
                }
                if value.is_none() && key.contains(&column.name) {
                    let message = format!("`{}` belongs to the key, and is NULL", column.name);
                    return Err(SeedError::new(line, message));
                }
                if let (Some(value), Some(labels)) = (&value, labels)
                    && !labels.contains(value)
                {
                    let shown = if secret.contains(&column.name) { "its value" } else { value.as_str() };
                    let message = format!("`{}`: {shown:?} is no label of {}", column.name, column.data_type);
                    return Err(SeedError::new(line, message));
                }
                values.push(value);
            }
            rows.push(Row { line, values });
        }
        let mut read = SeedRows {
            name: name.clone(),
            table: table.clone(),
            key,
            columns,
            secret: secret.clone(),
            file: file.clone(),
            rows,
            source: digest_of(&[], &[], &[]),
        };
        sort(&mut read)?;
        read.source = digest_of(&read.key, &read.columns, &read.rows);
        Ok(read)
    }
}

/// The columns of the file by their names, each with its place in the file.
fn columns<'t>(
    found: &Table,
    table: &'t kind::Table,
    key: &[Ident],
) -> Result<Vec<(&'t Column, usize)>, SeedError> {
    if found.rows.is_empty() && found.columns.is_empty() {
        // No row says which columns there are; the key is enough to know rows by.
        let of_key = key.iter().filter_map(|name| table.column(name));
        return Ok(of_key.map(|column| (column, 0)).collect());
    }
    let mut order = BTreeMap::new();
    let name = table.qualified_name();
    for (at, text) in found.columns.iter().enumerate() {
        let column = Ident::new(text).ok().and_then(|ident| table.column(&ident));
        let Some(column) = column else {
            return Err(SeedError::new(found.line, format!("table `{name}` has no column `{text}`")));
        };
        if column.generated.is_some() {
            return Err(SeedError::new(
                found.line,
                format!("`{text}` is computed by PostgreSQL: leave it out"),
            ));
        }
        let is_always =
            column.identity.as_ref().is_some_and(|identity| identity.mode == IdentityMode::Always);
        if is_always && !key.contains(&column.name) {
            let message =
                format!("`{text}` is GENERATED ALWAYS AS IDENTITY: make it the key, or leave it out");
            return Err(SeedError::new(found.line, message));
        }
        if order.insert(&column.name, (column, at)).is_some() {
            return Err(SeedError::new(found.line, format!("column `{text}` is there twice")));
        }
    }
    for column in key {
        if !order.contains_key(column) {
            let message = format!("column `{column}` of the key is missing");
            return Err(SeedError::new(found.line, message));
        }
    }
    Ok(order.into_values().collect())
}

fn check_secrets(seed: &DeclaredSeed, table: &kind::Table) -> Result<(), SeedError> {
    for column in &seed.secret {
        if table.column(column).is_none() {
            let message = format!("`secret`: table `{}` has no column `{column}`", seed.table);
            return Err(SeedError::configured(message));
        }
        if seed.key.contains(column) {
            let message =
                format!("`{column}` belongs to the key, by which rows are shown, and cannot be secret");
            return Err(SeedError::configured(message));
        }
    }
    Ok(())
}

/// `ON CONFLICT` needs something unique over exactly these columns.
fn check_key(table: &QualifiedName, key: &[Ident], desired: &Desired) -> Result<(), SeedError> {
    let same =
        |columns: &[Ident]| columns.len() == key.len() && key.iter().all(|name| columns.contains(name));
    let is_key = desired.values().any(|declared| match &*declared.resource {
        Resource::Constraint(constraint) => constraint.table_name() == *table && is_unique(constraint, &same),
        Resource::Index(index) => {
            let plain: Option<Vec<Ident>> =
                index.elements.iter().map(|element| element.column().cloned()).collect();
            index.table_name() == *table
                && index.unique
                && index.predicate.is_none()
                && plain.is_some_and(|columns| same(&columns))
        }
        _ => false,
    });
    if is_key {
        return Ok(());
    }
    let names: Vec<&str> = key.iter().map(Ident::as_str).collect();
    Err(SeedError::configured(format!(
        "key ({}) of `{table}` has no primary key, no unique constraint and no unique index that is not deferrable",
        names.join(", ")
    )))
}

fn is_unique(constraint: &Constraint, same: &impl Fn(&[Ident]) -> bool) -> bool {
    match &constraint.definition {
        ConstraintDefinition::PrimaryKey { columns, .. } | ConstraintDefinition::Unique { columns, .. } => {
            constraint.deferrable == Deferrable::NotDeferrable && !constraint.period && same(columns)
        }
        ConstraintDefinition::Check { .. }
        | ConstraintDefinition::ForeignKey(_)
        | ConstraintDefinition::Exclusion(_) => false,
    }
}

/// What a column can hold, where that is a declared enum.
fn labels<'d>(target: &Ident, column: &Column, desired: &'d Desired) -> Option<&'d [String]> {
    if !column.data_type.contains('.') {
        return None;
    }
    desired.iter().find_map(|(address, declared)| match &*declared.resource {
        Resource::Enum(known)
            if address.target() == target && known.qualified_name().to_string() == column.data_type =>
        {
            Some(known.labels.as_slice())
        }
        _ => None,
    })
}

/// The text that PostgreSQL casts to `data_type`.
fn value(field: Field, data_type: &str) -> Option<String> {
    let is_json = matches!(data_type, "json" | "jsonb");
    match field {
        Field::Null => None,
        Field::Text(text) => Some(text),
        Field::JsonText(text) if is_json => Some(Value::String(text).to_string()),
        Field::JsonText(text) => Some(text),
        Field::Nested(text) if data_type.ends_with("[]") => {
            let array = serde_json::from_str(&text).ok().and_then(|value| array(&value, data_type));
            Some(array.unwrap_or(text))
        }
        Field::Nested(text) => Some(text),
    }
}

/// An array of JSON as PostgreSQL writes arrays; `None` for what is none.
fn array(value: &Value, data_type: &str) -> Option<String> {
    let of_json = data_type.starts_with("json");
    let Value::Array(elements) = value else { return None };
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let element = |element: &Value| match element {
        Value::Null => Some("NULL".to_owned()),
        Value::Array(_) if !of_json => array(element, data_type),
        Value::Object(_) if !of_json => None,
        Value::String(text) if !of_json => Some(quoted(text)),
        other => Some(quoted(&other.to_string())),
    };
    let elements: Option<Vec<String>> = elements.iter().map(element).collect();
    Some(format!("{{{}}}", elements?.join(",")))
}

/// Sorts the rows by their key.
fn sort(seed: &mut SeedRows) -> Result<(), SeedError> {
    let key = seed.key_positions();
    fn of<'r>(row: &'r Row, key: &[usize]) -> Vec<&'r Option<String>> {
        key.iter().map(|at| &row.values[*at]).collect()
    }
    seed.rows.sort_by(|a, b| of(a, &key).cmp(&of(b, &key)).then(a.line.cmp(&b.line)));
    for pair in seed.rows.windows(2) {
        if of(&pair[0], &key) == of(&pair[1], &key) {
            let values: Vec<&str> = of(&pair[1], &key).into_iter().flatten().map(String::as_str).collect();
            let (line, first) = (pair[1].line, pair[0].line);
            let message = format!("key ({}) is there already, in line {first}", values.join(", "));
            return Err(SeedError::new(line, message));
        }
    }
    Ok(())
}
