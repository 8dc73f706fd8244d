//! The SQL texts of a resource, in which names of others may stand.

use super::{CastMethod, ConstraintDefinition, FamilyMember, IndexKey, Resource, routine};

impl Resource {
    /// All types, expressions and definitions that PostgreSQL looks into, printed with qualified names. The body of a
    /// routine that PostgreSQL keeps as text is not among them.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Resource::Schema(_)
            | Resource::Extension(_)
            | Resource::Collation(_)
            | Resource::Enum(_)
            | Resource::Sequence(_)
            | Resource::EventTrigger(_)
            | Resource::Subscription(_)
            | Resource::Conversion(_)
            | Resource::Language(_)
            | Resource::ForeignDataWrapper(_)
            | Resource::ForeignServer(_)
            | Resource::UserMapping(_)
            | Resource::Grant(_)
            | Resource::DefaultPrivilege(_)
            | Resource::Role(_)
            | Resource::RoleGrant(_) => Vec::new(),
            Resource::Domain(domain) => {
                let checks = domain.constraints.iter().map(|constraint| constraint.expression.as_str());
                let default = domain.default.iter().map(|default| default.as_str());
                std::iter::once(domain.data_type.as_str()).chain(default).chain(checks).collect()
            }
            Resource::Composite(composite) => {
                composite.attributes.iter().map(|attribute| attribute.data_type.as_str()).collect()
            }
            Resource::Range(range) => vec![&range.subtype],
            Resource::Table(table) => {
                let key = table.partition_by.iter().map(|key| key.elements.as_str());
                table.columns.iter().flat_map(|column| column.texts()).chain(key).collect()
            }
            Resource::Constraint(constraint) => match &constraint.definition {
                ConstraintDefinition::Check { expression, .. } => vec![expression.as_str()],
                ConstraintDefinition::Exclusion(exclusion) => {
                    let keys = exclusion.elements.iter().map(|element| &element.element.key);
                    let predicate = exclusion.predicate.iter().map(|predicate| predicate.as_str());
                    keys.filter_map(expression).chain(predicate).collect()
                }
                ConstraintDefinition::PrimaryKey { .. }
                | ConstraintDefinition::Unique { .. }
                | ConstraintDefinition::ForeignKey(_) => Vec::new(),
            },
            Resource::Index(index) => {
                let keys = index.elements.iter().filter_map(|element| expression(&element.key));
                keys.chain(index.predicate.iter().map(|predicate| predicate.as_str())).collect()
            }
            Resource::Statistics(statistics) => vec![&statistics.columns],
            Resource::View(view) => {
                let defaults = view.columns.iter().filter_map(|column| column.default.as_ref());
                defaults.chain(Some(&view.definition)).map(|expression| expression.as_str()).collect()
            }
            Resource::MaterializedView(view) => vec![view.definition.as_str()],
            Resource::Routine(routine) => {
                let definition = routine.definition.as_str();
                let is_text = routine::has_text_body(definition);
                let seen = if is_text { routine::attributes(definition) } else { definition };
                vec![&routine.parameters, seen]
            }
            Resource::Aggregate(aggregate) => {
                let options = aggregate.options.iter().filter_map(|(_, value)| value.as_deref());
                std::iter::once(aggregate.parameters.as_str()).chain(options).collect()
            }
            Resource::Operator(operator) => {
                let types = operator.left.iter().chain([&operator.right, &operator.function]);
                let estimators = operator.restrict.iter().chain(&operator.join);
                types.chain(estimators).map(String::as_str).collect()
            }
            Resource::OperatorFamily(family) => members(&family.members).collect(),
            Resource::OperatorClass(class) => {
                let types = class.storage.iter().chain([&class.data_type]).map(String::as_str);
                types.chain(members(&class.members)).collect()
            }
            Resource::Cast(cast) => {
                let function = match &cast.method {
                    CastMethod::Function(function) => Some(function),
                    CastMethod::InOut | CastMethod::Binary => None,
                };
                [&cast.source, &cast.target].into_iter().chain(function).map(String::as_str).collect()
            }
            Resource::Transform(transform) => {
                let functions = transform.from_sql.iter().chain(&transform.to_sql).map(String::as_str);
                std::iter::once(transform.data_type.as_str()).chain(functions).collect()
            }
            Resource::TextSearchParser(parser) => parser.functions.values().map(String::as_str).collect(),
            Resource::TextSearchTemplate(template) => {
                template.functions.values().map(String::as_str).collect()
            }
            Resource::TextSearchDictionary(_) | Resource::TextSearchConfiguration(_) => Vec::new(),
            Resource::Seed(_) | Resource::Migration(_) | Resource::MigrationStep(_) => Vec::new(),
            Resource::Trigger(trigger) => vec![&trigger.action],
            Resource::Rule(rule) => vec![&rule.definition],
            Resource::Publication(publication) => {
                let filters = publication.tables.iter().filter_map(|published| published.filter.as_ref());
                filters.map(|filter| filter.as_str()).collect()
            }
            Resource::Policy(policy) => {
                policy.using.iter().chain(&policy.check).map(|expression| expression.as_str()).collect()
            }
        }
    }
}

/// Their names have the types of the operands in them.
fn members(members: &[FamilyMember]) -> impl Iterator<Item = &str> {
    members.iter().flat_map(|member| [member.name.as_str(), member.value.as_str()])
}

fn expression(key: &IndexKey) -> Option<&str> {
    match key {
        IndexKey::Column(_) => None,
        IndexKey::Expression(expression) => Some(expression.as_str()),
    }
}
