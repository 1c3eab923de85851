-- When each vendor's callbacks were last heard. No company's: the intake path notes it, workers read it.
ALTER TABLE webhook_channels ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_channels FORCE ROW LEVEL SECURITY;
GRANT SELECT ON webhook_channels TO surv_worker;
GRANT SELECT, UPDATE (heard_at) ON webhook_channels TO surv_intake;

CREATE POLICY worker_reads ON webhook_channels FOR SELECT TO surv_worker
    USING (true);

CREATE POLICY intake_path ON webhook_channels TO surv_intake USING (true) WITH CHECK (true);
