//! DDL of foreign servers.

use super::foreign_option::Clause;
use super::{Context, Step, comment_sql};
use crate::address::Address;
use crate::ident::Literal;
use crate::kind::{ForeignServer, ForeignServerAlteration};
use crate::safety::Verb;

pub(super) fn create(server: &ForeignServer, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut sql = format!("CREATE SERVER {}", server.name);
    if let Some(server_type) = &server.server_type {
        sql += &format!(" TYPE {}", Literal(server_type));
    }
    if let Some(version) = &server.version {
        sql += &format!(" VERSION {}", Literal(version));
    }
    sql += &format!(" FOREIGN DATA WRAPPER {}", server.wrapper);
    let created = Clause::of(&server.options).step(ctx, address, Verb::CreateServer, &sql);
    let comment = server.comment.as_deref();
    let comment = comment.map(|comment| set_comment(server, Some(comment), ctx, address));
    std::iter::once(created).chain(comment).collect()
}

pub(super) fn drop(server: &ForeignServer, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    vec![ctx.step(address, Verb::DropServer, format!("DROP SERVER {}", server.name))]
}

pub(super) fn rename(
    from: &ForeignServer,
    to: &ForeignServer,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("ALTER SERVER {} RENAME TO {}", from.name, to.name);
    vec![ctx.step(address, Verb::RenameServer, sql)]
}

pub(super) fn alter(
    desired: &ForeignServer,
    alteration: &ForeignServerAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let alter = format!("ALTER SERVER {}", desired.name);
    vec![match alteration {
        ForeignServerAlteration::SetVersion(version) => {
            let version =
                version.as_ref().map_or_else(|| "NULL".to_owned(), |text| Literal(text).to_string());
            ctx.step(address, Verb::AlterServer, format!("{alter} VERSION {version}"))
        }
        ForeignServerAlteration::SetOptions(changes) => {
            Clause::of_changes(changes).step(ctx, address, Verb::AlterServer, &alter)
        }
        ForeignServerAlteration::SetComment(comment) => {
            set_comment(desired, comment.as_deref(), ctx, address)
        }
    }]
}

fn set_comment(server: &ForeignServer, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let object = format!("SERVER {}", server.name);
    ctx.step(address, Verb::Comment, comment_sql(&object, comment))
}
