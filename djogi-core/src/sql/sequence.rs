//! DDL of sequences, and the sequence options of identity columns.

use super::{Context, Impossible, Step, comment_sql, move_sql};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Sequence, SequenceAlteration, SequenceOptions, SequenceOwner, SequenceType};
use crate::safety::Verb;

pub(super) fn create(sequence: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut sql = format!("CREATE SEQUENCE {}", sequence.qualified_name());
    if sequence.data_type != SequenceType::Bigint {
        sql += &format!(" AS {}", sequence.data_type.as_str());
    }
    for option in created_options(&sequence.options, sequence.data_type) {
        sql += " ";
        sql += &option;
    }
    let mut steps = vec![ctx.step(address, Verb::CreateSequence, sql)];
    if sequence.comment.is_some() {
        let mut step = set_comment(sequence, sequence.comment.as_deref(), ctx, address);
        step.operation.lock = None;
        steps.push(step);
    }
    steps
}

pub(super) fn own(sequence: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let owner = sequence.owned_by.as_ref();
    owner.map(|owner| set_owner(sequence, Some(owner), ctx, address)).into_iter().collect()
}

/// Makes it a free one, before the table goes that owns it.
pub(super) fn disown(sequence: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![set_owner(sequence, None, ctx, address)]
}

pub(super) fn drop(sequence: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = sequence.qualified_name();
    vec![ctx.step_on_one(address, Verb::DropSequence, &name, format!("DROP SEQUENCE {name}"))]
}

pub(super) fn rename(from: &Sequence, to: &Sequence, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut old = from.qualified_name();
    if from.owned_by.is_some() {
        // It has followed its table into the new schema; PostgreSQL refuses to move it alone.
        old.schema.clone_from(&to.schema);
    }
    let statements = move_sql("SEQUENCE", &old, &to.qualified_name());
    let step = |sql| ctx.step_on_one(address, Verb::RenameSequence, &from.qualified_name(), sql);
    statements.into_iter().map(step).collect()
}

pub(super) fn alter(
    live: &Sequence,
    desired: &Sequence,
    alteration: &SequenceAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = desired.qualified_name();
    let change = |mut words: Vec<String>| {
        let (from, to) = (&live.options, &desired.options);
        let within = Within::bounds(from, to, address, ctx)?;
        words.extend(within.restart().map(|start| format!("RESTART WITH {start}")));
        let sql = format!("ALTER SEQUENCE {name} {}", words.join(" "));
        Ok(within.warn(ctx.step_on_one(address, Verb::AlterSequence, &name, sql)))
    };
    Ok(vec![match alteration {
        SequenceAlteration::SetType(data_type) => {
            let mut words = changed_options(&live.options, &desired.options);
            words.retain(|word| !word.starts_with("MINVALUE") && !word.starts_with("MAXVALUE"));
            // Bounds equal to those of the old type would follow the type unless they are said.
            let SequenceOptions { min, max, .. } = desired.options;
            words.insert(0, format!("AS {} MINVALUE {min} MAXVALUE {max}", data_type.as_str()));
            change(words)?
        }
        // They go together, since each may only be possible with the other.
        SequenceAlteration::SetOptions(_) if live.data_type != desired.data_type => return Ok(Vec::new()),
        SequenceAlteration::SetOptions(options) => change(changed_options(&live.options, options))?,
        SequenceAlteration::SetOwner(owner) => set_owner(desired, owner.as_ref(), ctx, address),
        SequenceAlteration::SetComment(comment) => set_comment(desired, comment.as_deref(), ctx, address),
    }])
}

fn set_owner(
    sequence: &Sequence,
    owner: Option<&SequenceOwner>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let name = sequence.qualified_name();
    let owner = owner.map_or_else(|| "NONE".to_owned(), |owner| format!("{}.{}", owner.table, owner.column));
    let sql = format!("ALTER SEQUENCE {name} OWNED BY {owner}");
    if is_live(&name, ctx) {
        ctx.step_on_one(address, Verb::AlterSequence, &name, sql)
    } else {
        ctx.step(address, Verb::AlterSequence, sql)
    }
}

fn is_live(name: &QualifiedName, ctx: &Context<'_>) -> bool {
    ctx.live.contains(&Address::sequence(ctx.target, name))
}

fn set_comment(sequence: &Sequence, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let name = sequence.qualified_name();
    let sql = comment_sql(&format!("SEQUENCE {name}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, &name, sql)
}

/// The options of a new sequence that differ from what PostgreSQL would choose, which depends on the direction
/// (reference page of CREATE SEQUENCE).
pub(super) fn created_options(options: &SequenceOptions, data_type: SequenceType) -> Vec<String> {
    let SequenceOptions { start, increment, min, max, cache, cycle } = *options;
    let (type_min, type_max) = data_type.range();
    let descending = increment < 0;
    let (default_min, default_max) = if descending { (type_min, -1) } else { (1, type_max) };
    let default_start = if descending { max } else { min };
    let mut words = Vec::new();
    let mut say = |differs: bool, words_of_option: String| {
        if differs {
            words.push(words_of_option);
        }
    };
    say(start != default_start, format!("START WITH {start}"));
    say(increment != 1, format!("INCREMENT BY {increment}"));
    say(min != default_min, format!("MINVALUE {min}"));
    say(max != default_max, format!("MAXVALUE {max}"));
    say(cache != 1, format!("CACHE {cache}"));
    say(cycle, "CYCLE".to_owned());
    words
}

/// The options in which `to` differs from `from`. None of them moves the sequence: a new start only counts for
/// a later `RESTART`, which would give numbers out again.
pub(super) fn changed_options(from: &SequenceOptions, to: &SequenceOptions) -> Vec<String> {
    let SequenceOptions { start, increment, min, max, cache, cycle } = *to;
    let mut words = Vec::new();
    let mut say = |differs: bool, words_of_option: String| {
        if differs {
            words.push(words_of_option);
        }
    };
    say(from.start != start, format!("START WITH {start}"));
    say(from.increment != increment, format!("INCREMENT BY {increment}"));
    say(from.min != min, format!("MINVALUE {min}"));
    say(from.max != max, format!("MAXVALUE {max}"));
    say(from.cache != cache, format!("CACHE {cache}"));
    say(from.cycle != cycle, if cycle { "CYCLE".to_owned() } else { "NO CYCLE".to_owned() });
    words
}

/// Whether a sequence gets along with its new bounds: PostgreSQL refuses those that it stands outside of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Within {
    Is,
    /// Nobody has taken a number from it, so it can begin at its new start.
    Restarted(i64),
    /// It may not be looked at.
    Unknown {
        min: i64,
        max: i64,
    },
}

impl Within {
    /// # Errors
    /// When it has given out numbers beyond the new bounds.
    pub(super) fn bounds(
        from: &SequenceOptions,
        to: &SequenceOptions,
        address: &Address,
        ctx: &Context<'_>,
    ) -> Result<Self, Impossible> {
        let (min, max) = (to.min, to.max);
        if !to.is_narrower_than(from) {
            return Ok(Self::Is);
        }
        let Some(position) = ctx.sequence_positions.get(address) else {
            return Ok(Self::Unknown { min, max });
        };
        match position.last_value {
            value if (min..=max).contains(&value) => Ok(Self::Is),
            value if value == from.start && !position.is_called => Ok(Self::Restarted(to.start)),
            value => Err(Impossible::OutOfBounds { address: address.clone(), value, min, max }),
        }
    }

    pub(super) fn restart(self) -> Option<i64> {
        if let Self::Restarted(start) = self { Some(start) } else { None }
    }

    pub(super) fn warn(self, step: Step) -> Step {
        match self {
            Self::Unknown { min, max } => step
                .with_hazard(format!("fails if the sequence's current value is not between {min} and {max}")),
            Self::Is | Self::Restarted(_) => step,
        }
    }
}
