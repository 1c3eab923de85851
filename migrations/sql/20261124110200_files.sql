-- Files that people upload: photos of a job, the company's logo. The row is the truth; the bytes lie in S3 under keys
-- made of its ids (operations/src/files/keys.rs). Nobody but the uploader and the office sees a file before a task has
-- made an image of our own from it (docs/decisions/0015-files-in-s3.md).
CREATE TABLE files (
    tenant_id       uuid        NOT NULL REFERENCES tenants,
    file_id         uuid        NOT NULL,
    purpose         text        NOT NULL CHECK (purpose IN ('logo', 'job_photo')),
    job_id          uuid,
    customer_id     uuid,
    property_id     uuid,
    visit_id        uuid,
    visibility      text        NOT NULL CHECK (visibility IN ('office', 'field', 'customer')),
    uploader_id     uuid        NOT NULL,
    uploader_name   text        NOT NULL,
    name            text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    declared_type   text        NOT NULL CHECK (declared_type IN ('image/jpeg', 'image/png', 'image/webp')),
    declared_bytes  bigint      NOT NULL CHECK (declared_bytes > 0),
    declared_sha256 bytea       NOT NULL CHECK (length(declared_sha256) = 32),
    upload_until    timestamptz NOT NULL,
    state           text        NOT NULL DEFAULT 'awaiting_upload'
                    CHECK (state IN ('awaiting_upload', 'uploaded', 'processing', 'ready', 'rejected')),
    rejection       text        CHECK (rejection IN ('never_uploaded', 'not_as_declared', 'not_an_image', 'ambiguous',
                                                     'broken', 'too_many_pixels', 'malware', 'not_processed')),
    content_type    text        CHECK (content_type IN ('image/jpeg', 'image/png')),
    content_bytes   bigint      CHECK (content_bytes > 0),
    width           int         CHECK (width > 0),
    height          int         CHECK (height > 0),
    deleted_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    version         int         NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, file_id),
    FOREIGN KEY (tenant_id, job_id, customer_id, property_id)
        REFERENCES jobs (tenant_id, job_id, customer_id, property_id),
    FOREIGN KEY (tenant_id, visit_id) REFERENCES visits,
    -- A photo hangs off a job, with all of its place; a logo off nothing.
    CONSTRAINT files_place_check CHECK (
        num_nonnulls(job_id, customer_id, property_id) = CASE purpose WHEN 'job_photo' THEN 3 ELSE 0 END
        AND (purpose = 'job_photo' OR visit_id IS NULL)),
    -- Only the worker may write these columns, so nobody else can make a file ready.
    CONSTRAINT files_ready_check CHECK (
        num_nonnulls(content_type, content_bytes, width, height) = CASE state WHEN 'ready' THEN 4 ELSE 0 END),
    CONSTRAINT files_rejected_check CHECK ((rejection IS NOT NULL) = (state = 'rejected'))
);
COMMENT ON COLUMN files.visibility IS 'office: office only; field: technicians too; customer: everybody; once ready';
COMMENT ON COLUMN files.declared_sha256 IS 'of what is uploaded; storage refuses anything else';
COMMENT ON COLUMN files.upload_until IS 'storage takes the upload until then';
COMMENT ON COLUMN files.content_type IS 'of the image that we made; width and height are its';
CREATE INDEX files_job_idx ON files (tenant_id, job_id, file_id);
CREATE INDEX files_unsettled_idx ON files (tenant_id, file_id)
    WHERE state IN ('awaiting_upload', 'uploaded', 'processing') AND deleted_at IS NULL;

ALTER TABLE tenant_branding ADD COLUMN logo_file_id uuid;
ALTER TABLE tenant_branding ADD CONSTRAINT tenant_branding_logo_fkey FOREIGN KEY (tenant_id, logo_file_id) REFERENCES files;

-- How much a company announced on a day (UTC). Counted by app.count_upload alone.
CREATE TABLE upload_counts (
    tenant_id uuid   NOT NULL REFERENCES tenants,
    counted_on date  NOT NULL,
    uploads   int    NOT NULL CHECK (uploads > 0),
    bytes     bigint NOT NULL CHECK (bytes > 0),
    PRIMARY KEY (tenant_id, counted_on)
);
