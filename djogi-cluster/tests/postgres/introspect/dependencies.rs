//! What views, routines and the like need, by PostgreSQL's own account.

use std::collections::BTreeMap;

use crate::support::on_each_server;

#[tokio::test]
async fn they_lead_to_resources_and_columns() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TYPE public.mood AS ENUM ('x');
                 CREATE DOMAIN public.d AS integer;
                 CREATE FUNCTION public.small(i public.d) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
                 CREATE DOMAIN public.e AS public.d CHECK (public.small(VALUE));
                 CREATE TYPE public.span AS RANGE (subtype = date);
                 CREATE TABLE public.t (a int CONSTRAINT pk PRIMARY KEY, b int, c public.mood);
                 CREATE VIEW public.by_key AS SELECT a, b FROM public.t GROUP BY a;
                 CREATE MATERIALIZED VIEW public.m AS SELECT b AS n, public.span('today', 'today') AS s FROM public.by_key;
                 CREATE TYPE public.pair AS (one public.mood[], other public.t);
                 CREATE FUNCTION public.f(public.pair[], public.span_multirange) RETURNS int LANGUAGE sql
                     RETURN (SELECT max(n) FROM public.m);
                 CREATE AGGREGATE public.all_of(public.pair) (SFUNC = array_append, STYPE = public.pair[]);
                 CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
                 CREATE TRIGGER tr BEFORE UPDATE OF b ON public.t FOR EACH ROW EXECUTE FUNCTION public.tf();
                 CREATE RULE r AS ON DELETE TO public.t WHERE OLD.a > 1 DO ALSO DELETE FROM public.by_key;
                 CREATE POLICY p ON public.t USING (c = 'x');
                 CREATE STATISTICS public.st ON a, b FROM public.t",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let found: BTreeMap<String, Vec<String>> = seen
            .dependencies
            .iter()
            .map(|(address, needs)| (address.to_string(), needs.iter().map(ToString::to_string).collect()))
            .collect();
        let columns = |names: &[&str], others: &[&str]| {
            let mut all = vec!["table.main.public.t".to_owned()];
            all.extend(names.iter().map(|name| format!("column.main.public.t.{name}")));
            all.extend(others.iter().map(|&other| other.to_owned()));
            all
        };
        let plain = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let expected = BTreeMap::from(
            [
                ("function.main.public.small(public.d)", plain(&["domain.main.public.d"])),
                (
                    "domain.main.public.e",
                    plain(&["domain.main.public.d", "function.main.public.small(public.d)"]),
                ),
                ("view.main.public.by_key", columns(&["a", "b"], &["constraint.main.public.t.pk"])),
                (
                    "materialized_view.main.public.m",
                    plain(&["range.main.public.span", "view.main.public.by_key"]),
                ),
                (
                    "composite.main.public.pair",
                    plain(&["enum.main.public.mood", "table.main.public.t"]),
                ),
                (
                    "function.main.public.f(public.pair[], public.span_multirange)",
                    plain(&[
                        "composite.main.public.pair",
                        "range.main.public.span",
                        "materialized_view.main.public.m",
                    ]),
                ),
                ("aggregate.main.public.all_of(public.pair)", plain(&["composite.main.public.pair"])),
                ("trigger.main.public.t.tr", columns(&["b"], &["function.main.public.tf()"])),
                ("rule.main.public.t.r", columns(&["a"], &["view.main.public.by_key"])),
                ("policy.main.public.t.p", {
                    let mut needs = plain(&["enum.main.public.mood"]);
                    needs.extend(columns(&["c"], &[]));
                    needs
                }),
                ("statistics.main.public.st", columns(&["a", "b"], &[])),
            ]
            .map(|(address, needs)| (address.to_owned(), needs)),
        );
        assert_eq!(found, expected);
    })
    .await;
}
