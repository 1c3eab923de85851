-- Background work, and what makes requests and vendors' calls happen once.

-- Enqueued in the caller's transaction: this is the outbox. A finished task is deleted together with its
-- effects; `run_at` is the next attempt or the end of the lease, one column so that one index serves both.
CREATE TABLE tasks (
    tenant_id   uuid        NOT NULL REFERENCES tenants,
    task_id     uuid        NOT NULL,
    kind        text        NOT NULL,
    payload     jsonb       NOT NULL,
    actor_id    uuid        NOT NULL,
    state       text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'dead')),
    run_at      timestamptz NOT NULL DEFAULT now(),
    attempts    int         NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_token uuid,
    last_error  text        CHECK (length(last_error) <= 500),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, task_id)
);
COMMENT ON COLUMN tasks.lease_token IS 'new with each claim: whoever lost the lease cannot finish or reschedule the task';
CREATE INDEX tasks_due_idx ON tasks (tenant_id, run_at) WHERE state = 'queued';

-- The first answer to each Idempotency-Key, written in the transaction that did the work.
CREATE TABLE idempotency_keys (
    tenant_id    uuid        NOT NULL REFERENCES tenants,
    actor_id     uuid        NOT NULL,
    key_hash     bytea       NOT NULL CHECK (length(key_hash) = 32),
    request_hash bytea       NOT NULL CHECK (length(request_hash) = 32),
    status       int         CHECK (status BETWEEN 200 AND 299),
    etag         text,
    body         jsonb,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, actor_id, key_hash)
);
CREATE INDEX idempotency_keys_age_idx ON idempotency_keys (tenant_id, created_at);

-- One e-mail to one recipient, from "queued" to what became of it. What it says is in the task's payload,
-- which goes away when it is sent: it may hold one-time secrets.
CREATE TABLE messages (
    tenant_id    uuid        NOT NULL REFERENCES tenants,
    message_id   uuid        NOT NULL,
    channel      text        NOT NULL CHECK (channel IN ('email')),
    template     text        NOT NULL,
    recipient    text        NOT NULL CHECK (length(recipient) <= 254),
    customer_id  uuid,
    job_id       uuid,
    state        text        NOT NULL DEFAULT 'queued'
                 CHECK (state IN ('queued', 'sending', 'unknown', 'sent', 'delivered', 'bounced', 'dropped', 'failed')),
    provider_id  text,
    failure      text        CHECK (length(failure) <= 500),
    queued_at    timestamptz NOT NULL DEFAULT now(),
    attempts     int         NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempted_at timestamptz,
    unknown_attempts int     NOT NULL DEFAULT 0 CHECK (unknown_attempts BETWEEN 0 AND attempts),
    settled_at   timestamptz,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers,
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs,
    -- Which attempt a call belongs to is known before the call is made (docs/decisions/0005).
    CHECK (state NOT IN ('sending', 'unknown') OR attempted_at IS NOT NULL)
);
COMMENT ON COLUMN messages.state IS 'sending: the call is being made; unknown: no answer came, and no event has told yet';
COMMENT ON COLUMN messages.attempted_at IS 'when the last attempt began, stored before the call';
COMMENT ON COLUMN messages.failure IS 'why it was not sent or not delivered, for the office; quotes nobody';
CREATE INDEX messages_queued_idx ON messages (tenant_id, queued_at DESC, message_id DESC);

-- Vendors' signed callbacks, stored before they are answered; unique by the vendor's own event id.
CREATE TABLE webhook_inbox (
    tenant_id   uuid        NOT NULL REFERENCES tenants,
    provider    text        NOT NULL CHECK (provider IN ('sendgrid')),
    event_ref   text        NOT NULL CHECK (length(event_ref) BETWEEN 1 AND 200),
    payload     jsonb       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    PRIMARY KEY (tenant_id, provider, event_ref)
);
-- Whether any event tells of a mail whose outcome is unknown, processed or not.
CREATE INDEX webhook_inbox_message_idx ON webhook_inbox (tenant_id, (payload ->> 'message'));

-- When a vendor's signed callbacks, about anything of anybody, were last received: silence about one mail
-- means something only if the channel works. Belongs to no company.
CREATE TABLE webhook_channels (
    provider text        NOT NULL PRIMARY KEY CHECK (provider IN ('sendgrid')),
    heard_at timestamptz
);
INSERT INTO webhook_channels (provider) VALUES ('sendgrid');
