package pgstore

import (
	"database/sql"
	"time"
)

// CheckOffset is checkOffset, for a test: no server here has a wrong clock.
func CheckOffset(offset time.Duration) error { return checkOffset(offset) }

// DB is the pool, for a test of what is left behind in it.
func (s *Store) DB() *sql.DB { return s.db }
