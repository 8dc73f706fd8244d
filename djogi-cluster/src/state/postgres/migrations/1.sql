CREATE TABLE djogi.state_migration (
    version    integer     PRIMARY KEY,
    djogi      text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- Documents are the bytes of what would be files elsewhere: pg_catalog.convert_from(document, 'UTF8').

-- One row a state, moved by compare-and-swap of serial and digest.
CREATE TABLE djogi.state (
    name     text   COLLATE "C" PRIMARY KEY,
    serial   bigint NOT NULL,
    digest   text   COLLATE "C" NOT NULL,
    document bytea  NOT NULL
);

-- The revisions before it.
CREATE TABLE djogi.state_history (
    name     text   COLLATE "C",
    serial   bigint,
    digest   text   COLLATE "C" NOT NULL,
    document bytea  NOT NULL,
    PRIMARY KEY (name, serial)
);

-- Copies that are kept until somebody removes them.
CREATE TABLE djogi.state_backup (
    name     text   COLLATE "C",
    serial   bigint,
    run_id   text   COLLATE "C",
    document bytea  NOT NULL,
    PRIMARY KEY (name, serial, run_id)
);

-- Recorded catalogs by the digest of their bytes.
CREATE TABLE djogi.state_catalog (
    name     text   COLLATE "C",
    digest   text   COLLATE "C",
    document bytea  NOT NULL,
    PRIMARY KEY (name, digest)
);

-- The intent of work in flight.
CREATE TABLE djogi.state_sidecar (
    name     text   COLLATE "C",
    op_id    text   COLLATE "C",
    document bytea  NOT NULL,
    PRIMARY KEY (name, op_id)
);

-- Sidecars that somebody has put aside.
CREATE TABLE djogi.state_quarantine (
    number         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text        COLLATE "C" NOT NULL,
    op_id          text        COLLATE "C" NOT NULL,
    document       bytea       NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE TABLE djogi.state_approval (
    name        text   COLLATE "C",
    approval_id text   COLLATE "C",
    document    bytea  NOT NULL,
    PRIMARY KEY (name, approval_id)
);

-- Default privileges of the role may have granted something.
REVOKE ALL ON djogi.state_migration, djogi.state, djogi.state_history, djogi.state_backup, djogi.state_catalog,
    djogi.state_sidecar, djogi.state_quarantine, djogi.state_approval FROM PUBLIC;
