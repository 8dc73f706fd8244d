//! DDL of operators.

use super::{Context, Impossible, Step, comment_sql};
use crate::address::{Address, Kind};
use crate::ident::QualifiedName;
use crate::kind::{Completion, Operator, OperatorAlteration, Resource};
use crate::names::qualified_names;
use crate::safety::{Verb, since};

pub(super) fn create(operator: &Operator, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut options = vec![format!("FUNCTION = {}", operator.function)];
    options.extend(operator.left.as_ref().map(|left| format!("LEFTARG = {left}")));
    options.push(format!("RIGHTARG = {}", operator.right));
    options.extend(operator.commutator.as_ref().map(|other| format!("COMMUTATOR = {}", reference(other))));
    options.extend(operator.negator.as_ref().map(|other| format!("NEGATOR = {}", reference(other))));
    options.extend(operator.restrict.as_ref().map(|function| format!("RESTRICT = {function}")));
    options.extend(operator.join.as_ref().map(|function| format!("JOIN = {function}")));
    options.extend(operator.hashes.then(|| "HASHES".to_owned()));
    options.extend(operator.merges.then(|| "MERGES".to_owned()));
    let name = symbol(&operator.qualified_name());
    let sql = format!("CREATE OPERATOR {name} (\n    {}\n)", options.join(",\n    "));
    let mut steps = vec![ctx.step(address, Verb::CreateOperator, sql)];
    if operator.comment.is_some() {
        steps.push(set_comment(operator, operator.comment.as_deref(), ctx, address));
    }
    steps
}

/// `app.<->`: the name of an operator is never quoted.
fn symbol(name: &QualifiedName) -> String {
    format!("{}.{}", name.schema, name.name.as_str())
}

/// As an operator stands within an expression or an option.
fn reference(name: &QualifiedName) -> String {
    format!("OPERATOR({})", symbol(name))
}

pub(super) fn named(operator: &Operator) -> String {
    format!("OPERATOR {} ({})", symbol(&operator.qualified_name()), operator.operands())
}

pub(super) fn drop(operator: &Operator, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropOperator, format!("DROP {}", named(operator)))]
}

/// PostgreSQL only moves operators.
pub(super) fn rename(
    from: &Operator,
    to: &Operator,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    if from.name != to.name {
        return Err(Impossible::FixedName { address: address.clone() });
    }
    let sql = format!("ALTER {} SET SCHEMA {}", named(from), to.schema);
    Ok(vec![ctx.step(address, Verb::MoveOperator, sql)])
}

pub(super) fn alter(
    desired: &Operator,
    alteration: &OperatorAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let set =
        |verb, option: String| ctx.step(address, verb, format!("ALTER {} SET ({option})", named(desired)));
    let estimator = |function: &Option<String>| function.clone().unwrap_or_else(|| "NONE".to_owned());
    Ok(vec![match alteration {
        OperatorAlteration::SetRestrict(function) => {
            set(Verb::AlterOperator, format!("RESTRICT = {}", estimator(function)))
        }
        OperatorAlteration::SetJoin(function) => {
            set(Verb::AlterOperator, format!("JOIN = {}", estimator(function)))
        }
        OperatorAlteration::Complete(completion) => {
            if ctx.version.major() < since(Verb::CompleteOperator) {
                return complete_by_another(desired, completion, ctx, address);
            }
            let commutator = completion.commutator.as_ref().map(|o| format!("COMMUTATOR = {}", reference(o)));
            let negator = completion.negator.as_ref().map(|o| format!("NEGATOR = {}", reference(o)));
            let flags = [(completion.hashes, "HASHES"), (completion.merges, "MERGES")];
            let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word.to_owned());
            let options: Vec<String> = commutator.into_iter().chain(negator).chain(flags).collect();
            set(Verb::CompleteOperator, options.join(", "))
        }
        OperatorAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }])
}

/// What a server can do that completes no operator. A companion that is yet to come makes itself known; for all else
/// the operator is made anew, if nothing uses it.
fn complete_by_another(
    desired: &Operator,
    completion: &Completion,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let turned = format!("{}, {}", desired.right, desired.left.as_deref().unwrap_or("NONE"));
    let commutator = completion.commutator.iter().map(|name| (name, &turned));
    let operands = desired.operands();
    let companions = commutator.chain(completion.negator.iter().map(|name| (name, &operands)));
    let mut addresses =
        companions.map(|(name, types)| Address::routine(Kind::Operator, ctx.target, name, types));
    let is_there = addresses.any(|companion| ctx.live.contains(&companion));
    if !completion.hashes && !completion.merges && !is_there {
        return Ok(Vec::new());
    }
    let name = desired.qualified_name();
    let uses = |resource: &Resource| {
        let mut texts = resource.texts().into_iter();
        resource.kind() != Kind::Operator && texts.any(|text| qualified_names(text).contains(&name))
    };
    if ctx.live.iter().any(|(_, resource)| uses(resource)) {
        ctx.require(Verb::CompleteOperator, "completing an operator that is in use", address)?;
    }
    Ok([drop(desired, ctx, address), create(desired, ctx, address)].concat())
}

fn set_comment(operator: &Operator, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    ctx.step(address, Verb::Comment, comment_sql(&named(operator), comment))
}
