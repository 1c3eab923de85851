-- The work: a job is agreed with a customer, a visit is a dated slot of it, an assignment is one technician's
-- part in a visit. customer_id and property_id are copied down so that policies are index conditions; the
-- composite keys keep the copies true.
CREATE TABLE counters (
    tenant_id  uuid   NOT NULL REFERENCES tenants,
    series     text   NOT NULL CHECK (series IN ('job')),
    last_value bigint NOT NULL DEFAULT 0 CHECK (last_value >= 0),
    PRIMARY KEY (tenant_id, series)
);

CREATE TABLE jobs (
    tenant_id    uuid        NOT NULL,
    job_id       uuid        NOT NULL,
    number       bigint      NOT NULL CHECK (number > 0),
    customer_id  uuid        NOT NULL,
    property_id  uuid        NOT NULL,
    title        text        NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    description  text        NOT NULL DEFAULT '' CHECK (length(description) <= 4000),
    office_notes text        NOT NULL DEFAULT '' CHECK (length(office_notes) <= 4000),
    state        text        NOT NULL DEFAULT 'unscheduled'
                 CHECK (state IN ('unscheduled', 'scheduled', 'in_progress', 'completed', 'cancelled')),
    open_visits  int         NOT NULL DEFAULT 0 CHECK (open_visits >= 0),
    cancel_reason text       CHECK ((cancel_reason IS NOT NULL) = (state = 'cancelled')),
    archived_at  timestamptz CHECK (archived_at IS NULL OR state IN ('completed', 'cancelled')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    version      int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, job_id),
    CONSTRAINT jobs_number_key UNIQUE (tenant_id, number),
    CONSTRAINT jobs_place_key UNIQUE (tenant_id, job_id, customer_id, property_id),
    CONSTRAINT jobs_property_fkey FOREIGN KEY (tenant_id, property_id, customer_id)
        REFERENCES properties (tenant_id, property_id, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers,
    CHECK (state NOT IN ('completed', 'cancelled', 'unscheduled') OR open_visits = 0)
);
COMMENT ON COLUMN jobs.open_visits IS 'visits neither completed nor cancelled: a technician who completes the last one cannot see the others';
CREATE INDEX jobs_created_idx ON jobs (tenant_id, created_at DESC, job_id DESC);
CREATE INDEX jobs_state_idx ON jobs (tenant_id, state, created_at DESC, job_id DESC);
CREATE INDEX jobs_customer_idx ON jobs (tenant_id, customer_id, created_at DESC, job_id DESC);

CREATE TABLE visits (
    tenant_id    uuid        NOT NULL,
    visit_id     uuid        NOT NULL,
    job_id       uuid        NOT NULL,
    customer_id  uuid        NOT NULL,
    property_id  uuid        NOT NULL,
    state        text        NOT NULL DEFAULT 'scheduled'
                 CHECK (state IN ('scheduled', 'on_the_way', 'in_progress', 'completed', 'cancelled')),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    window_start timestamptz NOT NULL,
    window_end   timestamptz NOT NULL,
    time_zone    text        NOT NULL,
    open_assignments int     NOT NULL DEFAULT 0 CHECK (open_assignments >= 0),
    cancel_reason text       CHECK ((cancel_reason IS NOT NULL) = (state = 'cancelled')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    version      int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, visit_id),
    CONSTRAINT visits_times_key UNIQUE (tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at),
    CONSTRAINT visits_job_fkey FOREIGN KEY (tenant_id, job_id, customer_id, property_id)
        REFERENCES jobs (tenant_id, job_id, customer_id, property_id),
    CONSTRAINT visits_times_check CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '24 hours'),
    CONSTRAINT visits_window_check CHECK (window_end > window_start)
);
COMMENT ON COLUMN visits.window_start IS 'what the customer was promised; starts_at is the plan inside it';
COMMENT ON COLUMN visits.time_zone IS 'zone of the property when the visit was booked';
CREATE INDEX visits_schedule_idx ON visits (tenant_id, starts_at, visit_id);
CREATE INDEX visits_job_idx ON visits (tenant_id, job_id, starts_at);
CREATE INDEX visits_customer_idx ON visits (tenant_id, customer_id, starts_at DESC, visit_id DESC);

CREATE TABLE assignments (
    tenant_id       uuid        NOT NULL,
    visit_id        uuid        NOT NULL,
    technician_id   uuid        NOT NULL,
    technician_name text        NOT NULL,
    job_id          uuid        NOT NULL,
    customer_id     uuid        NOT NULL,
    property_id     uuid        NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    state           text        NOT NULL DEFAULT 'assigned'
                    CHECK (state IN ('assigned', 'on_the_way', 'arrived', 'completed', 'released')),
    assigned_at     timestamptz NOT NULL DEFAULT now(),
    on_the_way_at   timestamptz,
    arrived_at      timestamptz,
    completed_at    timestamptz,
    version         int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, visit_id, technician_id),
    -- A visit that moves takes its assignments along; the exclusion below is then checked for the new time.
    CONSTRAINT assignments_visit_fkey
        FOREIGN KEY (tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at)
        REFERENCES visits (tenant_id, visit_id, job_id, customer_id, property_id, starts_at, ends_at) ON UPDATE CASCADE,
    CONSTRAINT assignments_technician_fkey FOREIGN KEY (tenant_id, technician_id) REFERENCES members (tenant_id, user_id),
    -- Nobody is in two places: one technician's committed times can't overlap.
    CONSTRAINT assignments_overlap_excl EXCLUDE USING gist
        (tenant_id WITH =, technician_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (state <> 'released'),
    CHECK (state NOT IN ('on_the_way') OR on_the_way_at IS NOT NULL),
    CHECK (state NOT IN ('arrived', 'completed') OR arrived_at IS NOT NULL),
    CHECK (state <> 'completed' OR completed_at IS NOT NULL)
);
COMMENT ON COLUMN assignments.technician_name IS 'as customers and colleagues see it; they cannot read members';
-- The first serves technicians' lists, the others the EXISTS of policies on what hangs off a visit.
CREATE INDEX assignments_technician_idx ON assignments (tenant_id, technician_id, starts_at, visit_id);
CREATE INDEX assignments_job_idx ON assignments (tenant_id, job_id, technician_id);
CREATE INDEX assignments_customer_idx ON assignments (tenant_id, customer_id, technician_id);
CREATE INDEX assignments_property_idx ON assignments (tenant_id, property_id, technician_id);

CREATE TABLE notes (
    tenant_id   uuid        NOT NULL,
    note_id     uuid        NOT NULL,
    job_id      uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    property_id uuid        NOT NULL,
    visit_id    uuid,
    author_id   uuid        NOT NULL,
    author_name text        NOT NULL,
    body        text        NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
    visibility  text        NOT NULL CHECK (visibility IN ('office', 'field', 'customer')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, note_id),
    FOREIGN KEY (tenant_id, job_id, customer_id, property_id)
        REFERENCES jobs (tenant_id, job_id, customer_id, property_id),
    FOREIGN KEY (tenant_id, visit_id) REFERENCES visits
);
COMMENT ON COLUMN notes.visibility IS 'office: office only; field: technicians too; customer: everybody';
CREATE INDEX notes_job_idx ON notes (tenant_id, job_id, created_at, note_id);
