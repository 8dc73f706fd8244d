-- One row a seed: what its rows were like when they were written, and how far, where the writing was interrupted.
-- Columns are known by their numbers, which they keep under another name.
CREATE TABLE djogi.seed (
    target   text       COLLATE "C" NOT NULL,
    seed     text       COLLATE "C" NOT NULL,
    relation regclass   NOT NULL,
    key      smallint[] NOT NULL,
    columns  smallint[] NOT NULL,
    source   text       COLLATE "C" NOT NULL,
    rows     bigint     NOT NULL,
    content  text       COLLATE "C" NOT NULL,
    position bigint,
    PRIMARY KEY (target, seed)
);

-- One row a row of a seed: whether djogi wrote it, or found it there. What it found it never deletes.
CREATE TABLE djogi.seed_row (
    target  text   COLLATE "C" NOT NULL,
    seed    text   COLLATE "C" NOT NULL,
    key     text[] COLLATE "C" NOT NULL,
    written boolean NOT NULL,
    PRIMARY KEY (target, seed, key)
);
REVOKE ALL ON djogi.seed, djogi.seed_row FROM PUBLIC;
