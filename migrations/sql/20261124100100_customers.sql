-- Whom a company works for, and where. Customers may share an address, a phone number and an e-mail:
-- nothing of these is unique. The zone of a property decides what "9 o'clock" means for its visits.
CREATE TABLE customers (
    tenant_id  uuid        NOT NULL REFERENCES tenants,
    customer_id uuid       NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('person', 'company')),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_key   text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    email      text        CHECK (length(email) BETWEEN 3 AND 254),
    phone      text        CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    office_notes text      NOT NULL DEFAULT '' CHECK (length(office_notes) <= 4000),
    state      text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'archived')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, customer_id)
);
COMMENT ON COLUMN customers.phone IS 'E.164';
COMMENT ON COLUMN customers.office_notes IS 'for the office only: technicians and customers have no grant on it';
COMMENT ON COLUMN customers.name_key IS 'sorts lists; a column, because lower() in a query is not leakproof and loses its index under RLS';
CREATE INDEX customers_created_idx ON customers (tenant_id, state, created_at DESC, customer_id DESC);
CREATE INDEX customers_name_idx ON customers (tenant_id, state, name_key, customer_id);

-- Search: each word of a customer's name, e-mail and phone, found by prefix. Plain rows under the ordinary
-- policy, because ILIKE and trigrams are not leakproof and lose their index under RLS (docs/decisions/0007).
CREATE TABLE customer_words (
    tenant_id   uuid NOT NULL,
    word        text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, word, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers ON DELETE CASCADE
);
CREATE INDEX customer_words_customer_idx ON customer_words (tenant_id, customer_id, word);

-- Who may log in as which customer: one person may stand for several, one customer have several.
CREATE TABLE customer_users (
    tenant_id   uuid        NOT NULL,
    user_id     uuid        NOT NULL REFERENCES users,
    customer_id uuid        NOT NULL,
    email       text        NOT NULL CHECK (email = lower(email)),
    name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    state       text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    version     int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, user_id, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers
);
CREATE INDEX customer_users_customer_idx ON customer_users (tenant_id, customer_id);
CREATE INDEX customer_users_user_idx ON customer_users (user_id);

CREATE TABLE properties (
    tenant_id    uuid             NOT NULL,
    property_id  uuid             NOT NULL,
    customer_id  uuid             NOT NULL,
    name         text             NOT NULL DEFAULT '' CHECK (length(name) <= 120),
    street       text             NOT NULL CHECK (length(street) BETWEEN 1 AND 200),
    city         text             NOT NULL CHECK (length(city) BETWEEN 1 AND 120),
    region       text             NOT NULL DEFAULT '' CHECK (length(region) <= 120),
    postal_code  text             NOT NULL DEFAULT '' CHECK (length(postal_code) <= 20),
    country      text             NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    latitude     double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude    double precision CHECK (longitude BETWEEN -180 AND 180),
    time_zone    text             NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    access_notes text             NOT NULL DEFAULT '' CHECK (length(access_notes) <= 2000),
    state        text             NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'archived')),
    created_at   timestamptz      NOT NULL DEFAULT now(),
    updated_at   timestamptz      NOT NULL DEFAULT now(),
    version      int              NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, property_id),
    -- Target of the keys that keep a job's copy of customer_id true.
    CONSTRAINT properties_customer_key UNIQUE (tenant_id, property_id, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX properties_customer_idx ON properties (tenant_id, customer_id, created_at, property_id);

-- Keeps the words of a customer. Runs with the writer's own rights: policies apply to it as well.
CREATE FUNCTION app.words_of(VARIADIC texts text[]) RETURNS SETOF text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT DISTINCT left(w, 64)
      FROM unnest(texts) t, regexp_split_to_table(lower(t), '[^[:alnum:]]+') w
     WHERE w <> ''
    $$;

CREATE FUNCTION app.index_customer() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM public.customer_words w WHERE w.tenant_id = NEW.tenant_id AND w.customer_id = NEW.customer_id;
    END IF;
    INSERT INTO public.customer_words (tenant_id, word, customer_id)
    SELECT NEW.tenant_id, w, NEW.customer_id
      FROM app.words_of(NEW.name, coalesce(NEW.email, ''), coalesce(NEW.phone, '')) w;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_words AFTER INSERT OR UPDATE OF name, email, phone ON customers
    FOR EACH ROW EXECUTE FUNCTION app.index_customer();
