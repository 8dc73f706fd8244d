CREATE TABLE djogi.migration (
    version    integer     PRIMARY KEY,
    djogi      text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- One row a target: whose database this is, and the fencing number of the last lock holder.
CREATE TABLE djogi.lease (
    target  text   PRIMARY KEY,
    lineage uuid   NOT NULL,
    epoch   bigint NOT NULL CHECK (epoch > 0),
    holder  jsonb  NOT NULL
);

-- One row a committed group, written in the group's own transaction.
CREATE TABLE djogi.op (
    op_id         text        COLLATE "C" PRIMARY KEY,
    run_id        text        COLLATE "C" NOT NULL,
    target        text        NOT NULL,
    epoch         bigint      NOT NULL,
    group_no      integer     NOT NULL,
    kind          text        NOT NULL,
    plan_digest   text        COLLATE "C",
    addresses     text[]      NOT NULL,
    before_digest text        COLLATE "C",
    after_digest  text        COLLATE "C",
    xid           xid8        NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
    committed_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX op_order ON djogi.op (target, epoch, group_no);

-- Progress of work in chunks, moved in each chunk's transaction.
CREATE TABLE djogi.cursor (
    op_id       text    COLLATE "C" NOT NULL,
    range_no    integer NOT NULL,
    lo          jsonb,
    hi          jsonb,
    position    jsonb,
    rows_done   bigint  NOT NULL DEFAULT 0,
    state       text    NOT NULL,
    lease_until timestamptz,
    PRIMARY KEY (op_id, range_no)
);

-- An approval is spent by this row, in the transaction of what it approves: exactly once.
CREATE TABLE djogi.approval_use (
    approval_id text        COLLATE "C" PRIMARY KEY,
    op_id       text        COLLATE "C" NOT NULL REFERENCES djogi.op,
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    used_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- Default privileges of the role may have granted something.
REVOKE ALL ON SCHEMA djogi FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA djogi FROM PUBLIC;
