-- One stream of what happened: the source of the audit log, of live updates and later of sync and webhooks.
-- Readers page by (txid, event_id) below the oldest transaction still running, so that a row that commits
-- late is never skipped. Nobody may update or delete a row.
CREATE TABLE events (
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    txid          bigint      NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    event_id      uuid        NOT NULL,
    at            timestamptz NOT NULL,
    actor_id      uuid        NOT NULL,
    actor_role    text        NOT NULL,
    session_id    uuid,
    request_id    uuid,
    kind          text        NOT NULL CHECK (kind ~ '^[a-z_]+\.[a-z_]+$'),
    subject_kind  text        NOT NULL,
    subject_id    uuid        NOT NULL,
    job_id        uuid,
    visit_id      uuid,
    customer_id   uuid,
    technician_id uuid,
    visibility    text        NOT NULL CHECK (visibility IN ('office', 'field', 'customer')),
    changes       jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, txid, event_id)
);
COMMENT ON COLUMN events.changes IS '{"field": [before, after]}; granted to the office only';
COMMENT ON COLUMN events.visibility IS 'who may learn of it besides the office';
CREATE INDEX events_subject_idx ON events (tenant_id, subject_id, txid, event_id);
CREATE INDEX events_job_idx ON events (tenant_id, job_id, txid, event_id) WHERE job_id IS NOT NULL;

-- The audit log: each event once, in order, each entry's hash covering the one before. Written by the worker.
CREATE TABLE audit_entries (
    tenant_id     uuid   NOT NULL REFERENCES tenants,
    seq           bigint NOT NULL CHECK (seq > 0),
    txid          bigint NOT NULL,
    event_id      uuid   NOT NULL,
    previous_hash bytea  NOT NULL CHECK (length(previous_hash) = 32),
    hash          bytea  NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (tenant_id, seq),
    CONSTRAINT audit_entries_event_key UNIQUE (tenant_id, txid, event_id),
    FOREIGN KEY (tenant_id, txid, event_id) REFERENCES events
);
CREATE TABLE audit_heads (
    tenant_id uuid   NOT NULL PRIMARY KEY REFERENCES tenants,
    seq       bigint NOT NULL,
    txid      bigint NOT NULL,
    event_id  uuid   NOT NULL,
    hash      bytea  NOT NULL
);
