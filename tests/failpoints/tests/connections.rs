//! Connections that end at any message of the commit of a group.

use e2e::on_each_server;
use failpoints::{CuttingProxy, check_what_is_left, finish, plot};

use crate::support::played;

#[test]
fn a_connection_that_ends_at_any_message_of_a_commit_leaves_the_group_whole_or_absent() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        let mut cuts = 0;
        loop {
            let mut stage = template.stage();
            let direct = stage.project.database().url();
            let proxy = CuttingProxy::start(server, b"INSERT INTO djogi.op ", cuts);
            stage.project.set_variable("DATABASE_URL", &proxy.url(stage.project.database()));
            let output = stage.run(plot.command);
            stage.project.set_variable("DATABASE_URL", &direct);
            let case = format!("cut at message {cuts} on PostgreSQL {}", server.major());
            assert_eq!(proxy.has_cut(), output.code == Some(1), "{case}: {output}");
            if proxy.has_cut() {
                check_what_is_left(&case, &stage, plot, reference, &output);
            }
            let is_over = proxy.has_cut() && output.all().contains("which is committed");
            finish(&case, &stage, plot, reference, false);
            cuts += 1;
            // The answer to the COMMIT of the first group was the last message of interest.
            if is_over && cuts > 1 && !output.all().contains("was rolled back") {
                break;
            }
            assert!(cuts < 60, "the commit never came");
        }
        assert!(cuts > 5, "a commit has more messages than {cuts}");
    });
}
