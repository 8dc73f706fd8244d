-- One row a table whose rows are written chunk by chunk: what is written, for workers that know no plan, and what they
-- are asked to do. Its ranges are in djogi.cursor.
CREATE TABLE djogi.live (
    op_id          text        COLLATE "C" PRIMARY KEY,
    target         text        COLLATE "C" NOT NULL,
    name           text        COLLATE "C" NOT NULL,
    digest         text        COLLATE "C" NOT NULL,
    definition     jsonb       NOT NULL,
    state          text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done')),
    rows_estimate  bigint,
    paused         boolean     NOT NULL DEFAULT false,
    pause_reason   text,
    chunk_ms       integer     NOT NULL DEFAULT 50 CHECK (chunk_ms > 0),
    workers        integer     NOT NULL DEFAULT 1 CHECK (workers > 0),
    throttle       text,
    throttle_until timestamptz,
    started_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    done_at        timestamptz,
    UNIQUE (target, name)
);
REVOKE ALL ON djogi.live FROM PUBLIC;

-- Who works on a range until when, and how it went so far.
ALTER TABLE djogi.cursor
    ADD CHECK (state IN ('open', 'written', 'done')),
    ADD holder      text,
    ADD backend_pid integer,
    ADD passes      integer          NOT NULL DEFAULT 0,
    ADD chunks      bigint           NOT NULL DEFAULT 0,
    ADD keys_done   bigint           NOT NULL DEFAULT 0,
    ADD busy_ms     bigint           NOT NULL DEFAULT 0,
    ADD longest_ms  bigint           NOT NULL DEFAULT 0,
    ADD rate        double precision NOT NULL DEFAULT 0;
