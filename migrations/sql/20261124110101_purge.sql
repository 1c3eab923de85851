-- What is only for a while is found by its age over all companies at once, by a path of its own, in small batches.
DROP INDEX idempotency_keys_age_idx;
CREATE INDEX idempotency_keys_age_idx ON idempotency_keys (created_at);
CREATE INDEX revoked_tokens_expiry_idx ON revoked_tokens (expires_at);
CREATE INDEX webhook_inbox_done_idx ON webhook_inbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX sessions_expiry_idx ON sessions (expires_at);
CREATE INDEX email_challenges_expiry_idx ON email_challenges (expires_at);
CREATE INDEX sign_ups_expiry_idx ON sign_ups (expires_at);
