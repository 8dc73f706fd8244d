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
    chunk_ms       integer     NOT NULL DEFAULT 30 CHECK (chunk_ms > 0),
    workers        integer     NOT NULL DEFAULT 1 CHECK (workers > 0),
    throttle       text,
    throttle_until timestamptz,
    started_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    done_at        timestamptz,
    UNIQUE (target, name)
);
REVOKE ALL ON djogi.live FROM PUBLIC;

-- Anew, with who works on a range until when, and how it went so far: no version before has written a row, and an event
-- trigger of the database may refuse to see a table altered.
DROP TABLE djogi.cursor;
CREATE TABLE djogi.cursor (
    op_id       text             COLLATE "C" NOT NULL,
    range_no    integer          NOT NULL,
    lo          jsonb,
    hi          jsonb,
    position    jsonb,
    rows_done   bigint           NOT NULL DEFAULT 0,
    state       text             NOT NULL CHECK (state IN ('open', 'written', 'done')),
    lease_until timestamptz,
    holder      text,
    backend_pid integer,
    passes      integer          NOT NULL DEFAULT 0,
    chunks      bigint           NOT NULL DEFAULT 0,
    keys_done   bigint           NOT NULL DEFAULT 0,
    busy_ms     bigint           NOT NULL DEFAULT 0,
    longest_ms  bigint           NOT NULL DEFAULT 0,
    rate        double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (op_id, range_no)
);
REVOKE ALL ON djogi.cursor FROM PUBLIC;
