//! Constraints and indexes as items of attributes: at the field when they are about one column, else at the model.

use super::{Parts, World, automatic_name};
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Constraint, ConstraintDefinition, Deferrable, ForeignKey, Index, IndexElement, IndexKey, MatchType,
    ReferentialAction, Table,
};

pub(super) fn constraint(world: &World<'_>, table: &Table, constraint: &Constraint, parts: &mut Parts) {
    let Constraint { schema, name, definition, deferrable, enforced, period, comment, .. } = constraint;
    let fields = |columns: &[Ident]| world.fields(&table.qualified_name(), columns);
    let named = |columns: &[Ident], label: &str| {
        let columns: Vec<&str> = columns.iter().map(Ident::as_str).collect();
        let automatic = automatic_name(&table.name, &columns, label);
        let is_automatic = world.is_automatic(schema, name, &automatic);
        (!is_automatic).then(|| format!("name = {:?}", name.as_str()))
    };
    let deferral = match deferrable {
        Deferrable::NotDeferrable => None,
        Deferrable::InitiallyImmediate => Some("deferrable".to_owned()),
        Deferrable::InitiallyDeferred => Some("initially_deferred".to_owned()),
    };
    let comment = comment.as_ref().map(|comment| format!("comment = {comment:?}"));
    let comment = (!enforced).then(|| "not_enforced".to_owned()).into_iter().chain(comment);
    let key_rest = |include: &[Ident]| {
        let include = fields(include);
        let include = (!include.is_empty()).then(|| format!("include({})", include.join(", ")));
        include.into_iter().chain(period.then(|| "without_overlaps".to_owned()))
    };
    match definition {
        ConstraintDefinition::PrimaryKey { columns, include } => {
            let rest = named(&[], "pkey").into_iter().chain(key_rest(include)).chain(comment);
            parts.add("pk", columns, &fields(columns), rest.collect());
        }
        ConstraintDefinition::Unique { columns, include, nulls_not_distinct } => {
            let nulls = nulls_not_distinct.then(|| "nulls_not_distinct".to_owned());
            let all: Vec<Ident> = columns.iter().chain(include).cloned().collect();
            let rest = named(&all, "key")
                .into_iter()
                .chain(key_rest(include))
                .chain(nulls)
                .chain(deferral)
                .chain(comment);
            let rest: Vec<String> = rest.collect();
            match columns.as_slice() {
                // A field has one at most.
                [only] if parts.has(only, "unique") => {
                    parts.at_model.push(call(
                        "unique",
                        [format!("columns({})", fields(columns).join(", "))],
                        rest,
                    ));
                }
                _ => parts.add("unique", columns, &fields(columns), rest),
            }
        }
        ConstraintDefinition::Check { expression, no_inherit } => {
            let rest = no_inherit.then(|| "no_inherit".to_owned()).into_iter().chain(comment).collect();
            let items = [format!("name = {:?}, sql = {:?}", name.as_str(), expression.as_str())];
            parts.at_model.push(call("check", items, rest));
        }
        ConstraintDefinition::ForeignKey(key) => {
            let of_period = period.then(|| "period".to_owned());
            let rest =
                named(&key.columns, "fkey").into_iter().chain(of_period).chain(deferral).chain(comment);
            parts.at_model.push(world.foreign_key(table, key, rest.collect()));
        }
        ConstraintDefinition::Exclusion(exclusion) => {
            let element = |one: &crate::kind::ExclusionElement| {
                format!("{} with {:?}", world.key(table, &one.element), one.operator)
            };
            let elements: Vec<String> = exclusion.elements.iter().map(element).collect();
            let mut items = vec![format!("elements({})", elements.join(", "))];
            if exclusion.method.as_str() != "gist" {
                items.push(format!("method = {}", exclusion.method.as_str()));
            }
            items.extend(exclusion.predicate.iter().map(|sql| format!("where = {:?}", sql.as_str())));
            items.push(format!("name = {:?}", name.as_str()));
            items.extend(deferral.into_iter().chain(comment));
            parts.at_model.push(format!("exclude({})", items.join(", ")));
        }
    }
}

pub(super) fn index(world: &World<'_>, table: &Table, index: &Index, parts: &mut Parts) {
    let keys: Vec<String> = index.elements.iter().map(|element| world.key(table, element)).collect();
    let mut items = vec![format!("columns({})", keys.join(", "))];
    let include = world.fields(&table.qualified_name(), &index.include);
    if !include.is_empty() {
        items.push(format!("include({})", include.join(", ")));
    }
    let columns: Option<Vec<&str>> =
        index.elements.iter().map(|element| element.column().map(Ident::as_str)).collect();
    // Where a column occurs twice, PostgreSQL numbers it.
    let columns = columns
        .filter(|columns| columns.iter().collect::<std::collections::BTreeSet<_>>().len() == columns.len());
    let automatic = columns.map(|columns| {
        let all: Vec<&str> = columns.into_iter().chain(index.include.iter().map(Ident::as_str)).collect();
        automatic_name(&table.name, &all, "idx")
    });
    if !automatic.is_some_and(|automatic| world.is_automatic(&index.schema, &index.name, &automatic)) {
        items.push(format!("name = {:?}", index.name.as_str()));
    }
    if index.method.as_str() != "btree" {
        items.push(format!("method = {}", index.method.as_str()));
    }
    items.extend(index.unique.then(|| "unique".to_owned()));
    items.extend(index.nulls_not_distinct.then(|| "nulls_not_distinct".to_owned()));
    items.extend(index.predicate.iter().map(|sql| format!("where = {:?}", sql.as_str())));
    if !index.options.is_empty() {
        let options: Vec<String> =
            index.options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        items.push(format!("with({})", options.join(", ")));
    }
    items.extend(index.comment.iter().map(|comment| format!("comment = {comment:?}")));
    parts.at_model.push(format!("index({})", items.join(", ")));
}

fn call(what: &str, items: impl IntoIterator<Item = String>, rest: Vec<String>) -> String {
    let all: Vec<String> = items.into_iter().chain(rest).collect();
    format!("{what}({})", all.join(", "))
}

impl Parts {
    /// At the field of the only column, else at the model.
    fn add(&mut self, what: &str, columns: &[Ident], fields: &[String], rest: Vec<String>) {
        if let [only] = columns {
            let item = if rest.is_empty() { what.to_owned() } else { call(what, [], rest) };
            self.at_field.entry(only.clone()).or_default().push(item);
        } else {
            self.at_model.push(call(what, [format!("columns({})", fields.join(", "))], rest));
        }
    }

    fn has(&self, column: &Ident, what: &str) -> bool {
        let items = self.at_field.get(column).into_iter().flatten();
        items.into_iter().any(|item| item == what || item.starts_with(&format!("{what}(")))
    }
}

impl World<'_> {
    pub(super) fn fields(&self, table: &QualifiedName, columns: &[Ident]) -> Vec<String> {
        let fields = self.structs.get(table).map(|(_, fields)| fields);
        let field = |column: &Ident| fields.and_then(|fields| fields.get(column)).cloned();
        columns.iter().map(|column| field(column).unwrap_or_else(|| column.as_str().to_owned())).collect()
    }

    fn foreign_key(&self, table: &Table, key: &ForeignKey, rest: Vec<String>) -> String {
        let own = self.fields(&table.qualified_name(), &key.columns);
        let other = self.fields(&key.references, &key.referenced_columns);
        let references = match self.structs.get(&key.references) {
            Some((rust, _)) => rust.clone(),
            None => format!("{:?}", key.references.to_string()),
        };
        let mut items = vec![
            format!("columns({})", own.join(", ")),
            format!("references = {references}, references_columns({})", other.join(", ")),
        ];
        let on_delete_columns = self.fields(&table.qualified_name(), &key.on_delete_columns);
        for (what, action, columns) in
            [("on_delete", key.on_delete, on_delete_columns), ("on_update", key.on_update, Vec::new())]
        {
            let word = match action {
                ReferentialAction::NoAction => continue,
                ReferentialAction::Restrict => "restrict",
                ReferentialAction::Cascade => "cascade",
                ReferentialAction::SetNull => "set_null",
                ReferentialAction::SetDefault => "set_default",
            };
            let columns =
                if columns.is_empty() { String::new() } else { format!("({})", columns.join(", ")) };
            items.push(format!("{what} = {word}{columns}"));
        }
        if key.match_type == MatchType::Full {
            items.push("match = full".to_owned());
        }
        call("foreign_key", items, rest)
    }

    /// A key of an index or an exclusion constraint.
    fn key(&self, table: &Table, element: &IndexElement) -> String {
        let IndexElement { key, collation, operator_class, descending, nulls_first } = element;
        let mut text = match key {
            IndexKey::Column(column) => {
                self.fields(&table.qualified_name(), std::slice::from_ref(column)).concat()
            }
            IndexKey::Expression(sql) => format!("{:?}", sql.as_str()),
        };
        if *descending {
            text += " desc";
        }
        if descending != nulls_first {
            text += if *nulls_first { " nulls first" } else { " nulls last" };
        }
        if let Some(collation) = collation {
            text += &format!(" collate({:?})", collation.to_string());
        }
        if let Some(class) = operator_class {
            text += &format!(" opclass({:?})", class.name.to_string());
        }
        text
    }
}
