-- People and companies. `users` is the log-in directory: it belongs to no tenant, and nobody but the identity
-- path can read a password hash. Everything else carries its tenant in every key.
CREATE TABLE tenants (
    tenant_id  uuid        NOT NULL PRIMARY KEY,
    slug       text        NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{1,38}[a-z0-9])$'),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    time_zone  text        NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    state      text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'closed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    version    int         NOT NULL DEFAULT 1,
    -- A slug is a host name, so it is public and unique across companies.
    CONSTRAINT tenants_slug_key UNIQUE (slug)
);
COMMENT ON COLUMN tenants.time_zone IS 'IANA zone of the office; visits use the zone of their property';

-- What customers see of a company: its name, colour and contact.
CREATE TABLE tenant_branding (
    tenant_id    uuid NOT NULL PRIMARY KEY REFERENCES tenants,
    display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 120),
    accent       text NOT NULL DEFAULT '#1f6feb' CHECK (accent ~ '^#[0-9a-f]{6}$'),
    phone        text CHECK (length(phone) <= 32),
    reply_to     text CHECK (length(reply_to) <= 254),
    version      int  NOT NULL DEFAULT 1
);

CREATE TABLE users (
    user_id         uuid        NOT NULL PRIMARY KEY,
    email           text        NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    password_hash   text,
    totp_sealed     bytea,
    totp_enabled_at timestamptz,
    totp_last_step  bigint      NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_key UNIQUE (email)
);
COMMENT ON COLUMN users.user_id IS 'random, not time-ordered: it must not tell when the person first used Surv';
COMMENT ON COLUMN users.password_hash IS 'argon2id in PHC form; null for people who log in by code or link';
COMMENT ON COLUMN users.totp_sealed IS 'TOTP secret, encrypted by the application';
COMMENT ON COLUMN users.totp_last_step IS 'time step of the last accepted code: a code works once';

CREATE TABLE recovery_codes (
    user_id   uuid  NOT NULL REFERENCES users,
    code_hash bytea NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- One-time secrets sent by e-mail: password reset, log-in code, log-in link, second step of a log-in.
CREATE TABLE email_challenges (
    challenge_id uuid        NOT NULL PRIMARY KEY,
    kind         text        NOT NULL CHECK (kind IN ('password_reset', 'login_code', 'second_step')),
    user_id      uuid        NOT NULL REFERENCES users,
    tenant_id    uuid        REFERENCES tenants,
    secret_hash  bytea       NOT NULL,
    attempts     int         NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
CREATE INDEX email_challenges_user_idx ON email_challenges (user_id, kind, created_at);

-- A company that somebody wants to open, until the e-mail address is proved. No account exists before.
CREATE TABLE sign_ups (
    sign_up_id    uuid        NOT NULL PRIMARY KEY,
    email         text        NOT NULL CHECK (email = lower(email)),
    password_hash text        NOT NULL,
    name          text        NOT NULL,
    company       text        NOT NULL,
    slug          text        NOT NULL,
    time_zone     text        NOT NULL,
    secret_hash   bytea       NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    tenant_id     uuid        REFERENCES tenants
);
COMMENT ON COLUMN sign_ups.tenant_id IS 'the company, once confirmed';

CREATE TABLE members (
    tenant_id  uuid        NOT NULL REFERENCES tenants,
    user_id    uuid        NOT NULL REFERENCES users,
    role       text        NOT NULL CHECK (role IN ('admin', 'manager', 'technician')),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    phone      text        CHECK (length(phone) <= 32),
    denied     text[]      NOT NULL DEFAULT '{}',
    state      text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    version    int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX members_user_idx ON members (user_id);
COMMENT ON COLUMN members.denied IS 'capabilities of the role that this member does not have';

CREATE TABLE invitations (
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    invitation_id uuid        NOT NULL,
    email         text        NOT NULL CHECK (email = lower(email)),
    name          text        NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    role          text        NOT NULL CHECK (role IN ('admin', 'manager', 'technician')),
    secret_hash   bytea       NOT NULL,
    invited_by    uuid        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    accepted_at   timestamptz,
    revoked_at    timestamptz,
    PRIMARY KEY (tenant_id, invitation_id),
    FOREIGN KEY (tenant_id, invited_by) REFERENCES members,
    CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
-- One open invitation for an address; a second one answers "already invited".
CREATE UNIQUE INDEX invitations_open_email_key ON invitations (tenant_id, email)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- A log-in on a device, or a link that was sent out. Ending the row takes away every token under it.
CREATE TABLE sessions (
    tenant_id    uuid        NOT NULL REFERENCES tenants,
    session_id   uuid        NOT NULL,
    user_id      uuid        NOT NULL REFERENCES users,
    kind         text        NOT NULL CHECK (kind IN ('browser', 'api', 'link')),
    role         text        NOT NULL CHECK (role IN ('admin', 'manager', 'technician', 'customer')),
    device       text        NOT NULL DEFAULT '' CHECK (length(device) <= 200),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_reason text        CHECK (ended_reason IN ('log_out', 'ended', 'reuse', 'password', 'revoked')),
    PRIMARY KEY (tenant_id, session_id),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
);
CREATE INDEX sessions_user_idx ON sessions (user_id, ended_at);

-- Refresh tokens, each good for one use. A second use of one ends its session (reuse detection).
CREATE TABLE refresh_tokens (
    tenant_id  uuid        NOT NULL,
    session_id uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, session_id, token_hash),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions ON DELETE CASCADE
);

-- Tokens revoked one by one. A descendant carries its ancestors' ids, so it falls with them.
CREATE TABLE revoked_tokens (
    tenant_id     uuid        NOT NULL REFERENCES tenants,
    revocation_id bytea       NOT NULL CHECK (length(revocation_id) = 64),
    revoked_by    uuid        NOT NULL,
    revoked_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, revocation_id)
);

-- Surv itself is tenant nil: e-mails that belong to no company (sign-up, log-in codes) are its tasks.
INSERT INTO tenants (tenant_id, slug, name, time_zone)
VALUES ('00000000-0000-0000-0000-000000000000', 'surv-platform', 'Surv', 'UTC');
INSERT INTO tenant_branding (tenant_id, display_name) VALUES ('00000000-0000-0000-0000-000000000000', 'Surv');
