//! The tables, and how they came to be: steps that only go forward.
//!
//! `{serial}`, `{ever}` (no number is given twice) and `{bytes}` stand for what the two databases call differently; all else
//! is the same text for both. No column
//! holds anything personal in the clear: ids are rows of `ident`, sealed, and found by their keyed hash.

/// Each step, oldest first. A released one is never changed: a store that took it would not be what the next expects.
pub const STEPS: &[&str] = &["
CREATE TABLE integration (
    n {serial} PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    knows_groups BIGINT NOT NULL DEFAULT 0,
    debts BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE ident (
    n {serial} PRIMARY KEY,
    integration BIGINT NOT NULL REFERENCES integration (n),
    space BIGINT NOT NULL,
    hash {bytes} NOT NULL UNIQUE,
    sealed {bytes} NOT NULL
);
CREATE TABLE remainder (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    sealed {bytes} NOT NULL
);
CREATE TABLE written (
    hash {bytes} NOT NULL,
    n BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (hash, n)
);
CREATE INDEX written_of ON written (n);
CREATE TABLE alias (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    vendor BIGINT NOT NULL UNIQUE REFERENCES ident (n) ON DELETE CASCADE
);
CREATE TABLE absent (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    integration BIGINT NOT NULL,
    space BIGINT NOT NULL,
    state BIGINT NOT NULL,
    sealed {bytes} NOT NULL
);
CREATE INDEX absent_in ON absent (integration, space);
CREATE TABLE parked (
    member BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    team BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (member, team)
);
CREATE INDEX parked_in ON parked (team);
CREATE TABLE told (
    team BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    whole BIGINT NOT NULL
);
CREATE TABLE told_member (
    team BIGINT NOT NULL REFERENCES told (team) ON DELETE CASCADE,
    member BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (team, member)
);
CREATE INDEX told_of ON told_member (member);
CREATE TABLE claimed (n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE);
CREATE TABLE buried (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    integration BIGINT NOT NULL,
    space BIGINT NOT NULL
);
CREATE INDEX buried_in ON buried (integration, space);
CREATE TABLE team (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    integration BIGINT NOT NULL,
    sealed {bytes}
);
CREATE INDEX team_in ON team (integration);
CREATE TABLE member (
    team BIGINT NOT NULL REFERENCES team (n) ON DELETE CASCADE,
    member BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (team, member)
);
CREATE INDEX member_of ON member (member);
CREATE TABLE doubtful (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    integration BIGINT NOT NULL
);
CREATE TABLE owed (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    integration BIGINT NOT NULL,
    loses BIGINT NOT NULL,
    number BIGINT NOT NULL
);
CREATE INDEX owed_in ON owed (integration);
CREATE TABLE owed_for (
    member BIGINT NOT NULL REFERENCES owed (n) ON DELETE CASCADE,
    team BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (member, team)
);
CREATE TABLE nest (
    n BIGINT PRIMARY KEY REFERENCES ident (n) ON DELETE CASCADE,
    integration BIGINT NOT NULL,
    at_vendor BIGINT NOT NULL
);
CREATE INDEX nest_in ON nest (integration);
CREATE TABLE nest_user (
    team BIGINT NOT NULL REFERENCES nest (n) ON DELETE CASCADE,
    member BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (team, member)
);
CREATE INDEX nest_user_of ON nest_user (member);
CREATE TABLE nest_edge (
    team BIGINT NOT NULL REFERENCES nest (n) ON DELETE CASCADE,
    member BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (team, member)
);
CREATE INDEX nest_edge_of ON nest_edge (member);
CREATE TABLE nest_applied (
    team BIGINT NOT NULL REFERENCES nest (n) ON DELETE CASCADE,
    member BIGINT NOT NULL REFERENCES ident (n) ON DELETE CASCADE,
    PRIMARY KEY (team, member)
);
CREATE INDEX nest_applied_of ON nest_applied (member);
CREATE TABLE intent (
    n {serial} PRIMARY KEY{ever},
    integration BIGINT NOT NULL REFERENCES integration (n),
    target {bytes} NOT NULL,
    revokes BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    parked BIGINT NOT NULL DEFAULT 0,
    since BIGINT NOT NULL,
    sealed {bytes} NOT NULL
);
CREATE INDEX intent_in ON intent (integration, revokes, n);
CREATE INDEX intent_for ON intent (target, n);
"];

/// What every store has from the beginning: what it says of itself.
pub const ABOUT: &str = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value {bytes} NOT NULL)";
