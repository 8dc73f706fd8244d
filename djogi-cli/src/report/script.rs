//! A catalog as one SQL script, for `psql` and for `[sql] files`.

use djogi_cluster::dump::Dumped;
use djogi_core::observation::Unmodelled;
use djogi_core::write::{LeftOut, Script, text_of};
use serde_json::json;

use super::line::printable;
use crate::diagnostic::Diagnostic;

/// The script, ending with a line end. It holds nothing but SQL: no command of psql.
pub fn render(dumped: &Dumped) -> String {
    let Dumped { target, version, script, not_modelled } = dumped;
    let mut text = format!("-- djogi dump of target {target}, PostgreSQL {version}\n");
    for note in remarks(script, not_modelled) {
        text += &format!("-- {}\n", printable(&note));
    }
    text +=
        "\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET search_path = '';\n\n";
    let statements: Vec<_> = script.statements.iter().collect();
    text + &text_of(&statements)
}

/// The same for programs.
pub fn to_json(dumped: &Dumped) -> String {
    let Dumped { target, version, script, not_modelled } = dumped;
    let statements = script.statements.iter();
    let statements: Vec<_> = statements.map(|one| json!({"address": one.address, "sql": one.sql})).collect();
    let left_out: Vec<_> =
        script.left_out.iter().map(|one| json!({"address": one.address, "why": one.why})).collect();
    let value = json!({
        "target": target, "server_version": version, "statements": statements, "left_out": left_out,
        "presumed": script.presumed, "not_modelled": not_modelled,
    });
    format!("{value:#}\n")
}

/// What a script does not make, one sentence each.
pub fn remarks(script: &Script, not_modelled: &[Unmodelled]) -> Vec<String> {
    let Script { statements: _, left_out, presumed } = script;
    let unwritten = |object: &Unmodelled| {
        format!("not written, since djogi cannot manage it: {} {}", object.kind, object.name)
    };
    let left_out = left_out.iter().map(|LeftOut { address, why }| {
        let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
        format!("not written: {address}{why}")
    });
    let presumed = presumed
        .iter()
        .map(|address| format!("needed, and not written since its schema is not managed: {address}"));
    left_out.chain(presumed).chain(not_modelled.iter().map(unwritten)).collect()
}

/// The same as warnings.
pub fn warnings(script: &Script, not_modelled: &[Unmodelled]) -> Vec<Diagnostic> {
    let warning = |remark: String| Diagnostic::warning("not_written", remark);
    remarks(script, not_modelled).into_iter().map(warning).collect()
}
