-- +goose Up

-- A transaction that stores deliveries has its own number before the first of them
-- is given its. Without this a row has its number for a moment in which its
-- transaction has none, and whoever asks which transactions are under way does not
-- see it: the mark of a lane (see 00018) could pass over what is still being
-- written. A trigger of the statement runs before any of its rows is made.
-- +goose StatementBegin
CREATE FUNCTION number_transaction() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_current_xact_id();
    RETURN NULL;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION number_transaction() FROM PUBLIC;

CREATE TRIGGER number_transaction BEFORE INSERT ON deliveries
    FOR EACH STATEMENT EXECUTE FUNCTION number_transaction();
