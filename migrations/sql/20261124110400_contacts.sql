-- The people to talk to at a customer: who opens the door, who decides, who pays. A contact is no log-in; somebody who may
-- log in as the customer (customer_users) can be one of its contacts.
CREATE TABLE contacts (
    tenant_id    uuid        NOT NULL,
    contact_id   uuid        NOT NULL,
    customer_id  uuid        NOT NULL,
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    title        text        NOT NULL DEFAULT '' CHECK (length(title) <= 80),
    email        text        CHECK (length(email) BETWEEN 3 AND 254),
    phone        text        CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    is_primary   boolean     NOT NULL DEFAULT false,
    office_notes text        NOT NULL DEFAULT '' CHECK (length(office_notes) <= 2000),
    state        text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'archived')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    version      int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, contact_id),
    -- Target of the key that keeps a log-in's contact one of its own customer.
    CONSTRAINT contacts_customer_key UNIQUE (tenant_id, contact_id, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers,
    CONSTRAINT contacts_primary_is_active CHECK (state = 'active' OR NOT is_primary)
);
COMMENT ON COLUMN contacts.title IS 'what they are there, as the office calls it: caretaker, bookkeeping, tenant on the 2nd floor';
COMMENT ON COLUMN contacts.phone IS 'E.164';
COMMENT ON COLUMN contacts.office_notes IS 'for the office only: technicians and customers have no grant on it';
CREATE INDEX contacts_customer_idx ON contacts (tenant_id, customer_id, contact_id);
CREATE UNIQUE INDEX contacts_primary_key ON contacts (tenant_id, customer_id) WHERE is_primary;

ALTER TABLE customer_users ADD COLUMN contact_id uuid;
ALTER TABLE customer_users ADD CONSTRAINT customer_users_contact_fkey
    FOREIGN KEY (tenant_id, contact_id, customer_id) REFERENCES contacts (tenant_id, contact_id, customer_id);

-- Whoever calls is found by the number they call from: a customer's words are also those of its active contacts.
CREATE OR REPLACE FUNCTION app.index_customer() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM public.customer_words w WHERE w.tenant_id = NEW.tenant_id AND w.customer_id = NEW.customer_id;
    INSERT INTO public.customer_words (tenant_id, word, customer_id)
    SELECT DISTINCT NEW.tenant_id, w, NEW.customer_id
      FROM (SELECT c.name, c.email, c.phone FROM public.customers c
             WHERE c.tenant_id = NEW.tenant_id AND c.customer_id = NEW.customer_id
             UNION ALL
            SELECT c.name, c.email, c.phone FROM public.contacts c
             WHERE c.tenant_id = NEW.tenant_id AND c.customer_id = NEW.customer_id AND c.state = 'active') AS who,
           app.words_of(who.name, coalesce(who.email, ''), coalesce(who.phone, '')) w;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_words AFTER INSERT OR UPDATE OF name, email, phone, state ON contacts
    FOR EACH ROW EXECUTE FUNCTION app.index_customer();
