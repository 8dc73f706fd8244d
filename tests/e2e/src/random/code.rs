//! Views, routines, triggers, policies, rules, statistics objects: what rests on tables.

use proptest::prelude::*;

use super::State;

#[derive(Clone, Debug)]
pub(super) struct Code {
    function: Option<(u8, u8)>,
    counter: Option<(u8, u8)>,
    procedure: Option<u8>,
    view: Option<View>,
    second_view: Option<(u8, bool)>,
    materialized: Option<(View, bool)>,
    trigger: Option<(u8, u8, u8)>,
    policy: Option<(u8, u8)>,
    rule: Option<(u8, u8)>,
    statistics: Option<(u8, u8)>,
    aggregate: Option<u8>,
}

#[derive(Clone, Debug)]
struct View {
    table: u8,
    columns: u16,
    condition: bool,
    comment: bool,
}

impl View {
    fn any() -> impl Strategy<Value = Self> {
        (any::<u8>(), any::<u16>(), any::<bool>(), any::<bool>())
            .prop_map(|(table, columns, condition, comment)| Self { table, columns, condition, comment })
    }

    fn query(&self, state: &State) -> Option<String> {
        let (name, table) = state.table(self.table)?;
        let names = table.names(state);
        let chosen: Vec<_> =
            names.iter().enumerate().filter(|(at, _)| self.columns >> at & 1 == 1).map(|(_, n)| *n).collect();
        let chosen = if chosen.is_empty() { vec!["1 AS one"] } else { chosen };
        let condition = if self.condition && table.has_id(state) { " WHERE id > 0" } else { "" };
        Some(format!("SELECT {} FROM {name}{condition}", chosen.join(", ")))
    }
}

impl Code {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        (
            any::<Option<(u8, u8)>>(),
            any::<Option<(u8, u8)>>(),
            any::<Option<u8>>(),
            prop::option::of(View::any()),
            any::<Option<(u8, bool)>>(),
            prop::option::of((View::any(), any::<bool>())),
            any::<Option<(u8, u8, u8)>>(),
            any::<Option<(u8, u8)>>(),
            any::<Option<(u8, u8)>>(),
            any::<Option<(u8, u8)>>(),
            any::<Option<u8>>(),
        )
            .prop_map(
                |(
                    function,
                    counter,
                    procedure,
                    view,
                    second_view,
                    materialized,
                    trigger,
                    policy,
                    rule,
                    statistics,
                    aggregate,
                )| Self {
                    function,
                    counter,
                    procedure,
                    view,
                    second_view,
                    materialized,
                    trigger,
                    policy,
                    rule,
                    statistics,
                    aggregate,
                },
            )
    }

    /// What needs no table.
    pub(super) fn write_functions(&self, out: &mut Vec<String>) {
        if let Some((result, body)) = self.function {
            let result = ["integer", "bigint"][usize::from(result) % 2];
            out.push(match body % 4 {
                0 => format!("CREATE FUNCTION public.next(n integer) RETURNS {result} LANGUAGE sql IMMUTABLE AS 'SELECT n + 1'"),
                1 => format!("CREATE FUNCTION public.next(n integer) RETURNS {result} LANGUAGE sql STABLE RETURN n + 2"),
                2 => format!("CREATE FUNCTION public.next(n integer DEFAULT 1) RETURNS {result} LANGUAGE plpgsql STRICT AS $$BEGIN RETURN n; END$$"),
                _ => format!("CREATE FUNCTION public.next(number integer) RETURNS {result} LANGUAGE sql PARALLEL SAFE COST 7 AS 'SELECT 3'"),
            });
        }
        if let Some(body) = self.procedure {
            out.push(format!(
                "CREATE PROCEDURE app.tidy(INOUT n integer) LANGUAGE plpgsql AS $$BEGIN n := {}; END$$",
                body % 3
            ));
            out.push(format!("COMMENT ON PROCEDURE app.tidy(integer) IS 'number {}'", body % 2));
        }
        if let Some(form) = self.aggregate {
            let start = form % 3;
            out.push(format!(
                "CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '{start}')"
            ));
        }
        out.push(
            "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$"
                .to_owned(),
        );
    }

    pub(super) fn write(&self, state: &State, out: &mut Vec<String>) {
        self.write_views(state, out);
        if let Some((table, form)) = self.counter
            && let Some((name, _)) = state.table(table)
        {
            out.push(match form % 2 {
                0 => format!(
                    "CREATE FUNCTION app.count_all() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM {name}; END"
                ),
                _ => format!(
                    "CREATE FUNCTION app.count_all() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM {name}'"
                ),
            });
        }
        if let Some((table, timing, condition)) = self.trigger
            && let Some((name, table)) = state.table(table)
        {
            let of_note = table.has_note(state) && timing & 4 == 4;
            let event = if of_note {
                "UPDATE OF note"
            } else {
                ["INSERT OR UPDATE", "UPDATE"][usize::from(timing) % 2]
            };
            let timing = ["BEFORE", "AFTER"][usize::from(timing / 2) % 2];
            let when = if table.has_id(state) && condition % 2 == 1 { " WHEN (new.id > 0)" } else { "" };
            out.push(format!(
                "CREATE TRIGGER touch {timing} {event} ON {name} FOR EACH ROW{when} EXECUTE FUNCTION app.touch()"
            ));
            if condition % 3 == 1 {
                out.push(format!("ALTER TABLE {name} DISABLE TRIGGER touch"));
            }
        }
        if let Some((table, form)) = self.policy
            && let Some((name, table)) = state.table(table)
        {
            let using = if table.has_id(state) { "id > 0" } else { "true" };
            let command = ["ALL", "SELECT", "UPDATE"][usize::from(form) % 3];
            let kind = if form & 16 == 16 { " AS RESTRICTIVE" } else { "" };
            out.push(format!("CREATE POLICY own ON {name}{kind} FOR {command} USING ({using})"));
        }
        if let Some((table, form)) = self.rule
            && let Some((name, _)) = state.table(table)
        {
            let event = ["INSERT", "DELETE"][usize::from(form) % 2];
            out.push(format!("CREATE RULE quiet AS ON {event} TO {name} DO ALSO NOTHING"));
        }
        if let Some((table, form)) = self.statistics
            && let Some((name, table)) = state.table(table)
            && let [first, second, ..] = table.ordered(state).as_slice()
        {
            let kinds = ["", " (ndistinct)", " (dependencies)"][usize::from(form) % 3];
            out.push(format!("CREATE STATISTICS app.together{kinds} ON {first}, {second} FROM {name}"));
        }
    }

    fn write_views(&self, state: &State, out: &mut Vec<String>) {
        let first = self.view.as_ref().and_then(|view| Some((view, view.query(state)?)));
        if let Some((view, query)) = &first {
            out.push(format!("CREATE VIEW public.shown AS {query}"));
            if view.comment {
                out.push("COMMENT ON VIEW public.shown IS 'what is shown'".to_owned());
            }
            if let Some((form, barrier)) = self.second_view {
                let with = if barrier { " WITH (security_barrier = true)" } else { "" };
                let query = ["SELECT * FROM public.shown", "SELECT count(*) AS n FROM public.shown"];
                out.push(format!("CREATE VIEW app.\"Again\"{with} AS {}", query[usize::from(form) % 2]));
            }
        }
        let materialized = self.materialized.as_ref();
        if let Some((query, has_data)) =
            materialized.and_then(|(view, data)| Some((view.query(state)?, *data)))
        {
            let data = if has_data { "" } else { " WITH NO DATA" };
            out.push(format!(
                "CREATE MATERIALIZED VIEW app.kept AS SELECT 1 AS n, count(*) AS rows FROM ({query}) q{data}"
            ));
            out.push("CREATE UNIQUE INDEX kept_n ON app.kept (n)".to_owned());
        }
    }
}
