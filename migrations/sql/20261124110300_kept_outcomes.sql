-- What log-in, refresh and the like answered to a request with an Idempotency-Key. idempotency_keys cannot keep these:
-- nobody is logged in yet, so there is no tenant and no actor, and the answers hold tokens. Each row is encrypted under
-- a key that needs the client's own Idempotency-Key, which is stored nowhere (docs/decisions/0013).
CREATE TABLE kept_outcomes (
    key_hash     bytea       NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    request_hash bytea       NOT NULL CHECK (length(request_hash) = 32),
    sealed       bytea       NOT NULL,
    created_at   timestamptz NOT NULL
);
CREATE INDEX kept_outcomes_age_idx ON kept_outcomes (created_at);
COMMENT ON COLUMN kept_outcomes.key_hash IS 'keyed hash of operation, whom it is about, and Idempotency-Key';
COMMENT ON COLUMN kept_outcomes.request_hash IS 'keyed hash of the request: it may hold a password';
