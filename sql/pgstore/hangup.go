package pgstore

import (
	"database/sql"
	"errors"
)

// Hangup closes pools of connections; a nil one is none. That the server hung up
// first is no error: everything that was to last was committed before, and a
// connection that is gone is what was wanted.
func Hangup(pools ...*sql.DB) error {
	var errs []error
	for _, db := range pools {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && !unavailable(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
