-- +goose Up

-- How many processes in a row ended while they decided a delivery. It is counted
-- before the attempt, and an attempt that ends, however badly, sets it back.
ALTER TABLE deliveries ADD COLUMN deaths integer NOT NULL DEFAULT 0 CHECK (deaths >= 0);
GRANT UPDATE (deaths) ON deliveries TO countersign_app;
