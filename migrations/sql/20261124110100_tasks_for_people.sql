-- Tasks as people see them, without their payloads: which thing a task is about, and quick answers about those that
-- failed for good.
ALTER TABLE tasks ADD COLUMN about uuid;
COMMENT ON COLUMN tasks.about IS 'the message, visit or other thing that the kind is about; NULL: of no one thing, or of an older release';
CREATE INDEX tasks_dead_idx ON tasks (tenant_id, task_id) WHERE state = 'dead';
